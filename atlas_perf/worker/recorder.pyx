"""The recorder: folds samples into one slot per series until the interval is closed.

A sample that arrives costs no Python object beyond the numbers passed; series are looked up
beforehand and named by number. Slots keep their memory from one interval to the next.
"""

from libc.math cimport isfinite
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc

from atlas_perf.protocols.http.sinks cimport RoundTripSink, SampleSink, phase_times
from atlas_perf.sketch.cexact_sum cimport exact_sum, exact_sum_add, exact_sum_settled
from atlas_perf.sketch.csketch cimport (
    SKETCH_BAD_VALUE,
    SKETCH_MAX_VALUE,
    SKETCH_OK,
    sketch,
    sketch_add,
    sketch_clear,
    sketch_free,
    sketch_init,
    sketch_status,
)
from atlas_perf.sketch.ddsketch cimport encoded
from atlas_perf.wire.cbyte_order cimport store_f64_le, store_u32_le, store_u64_le

from atlas_perf.model.batch import CounterDelta, GaugeDelta, NewSeries, RateDelta, TrendDelta
from atlas_perf.model.metric import BUILTIN_METRICS, HTTP_PHASES, AcrossWorkers, MetricKind
from atlas_perf.model.series import CHECKS_CAP, OTHER_TAGS, Series, check_of, other_tags


cdef enum slot_kind:
    COUNTER
    RATE
    GAUGE
    TREND


cdef dict SLOT_KINDS = {
    MetricKind.COUNTER: COUNTER,
    MetricKind.RATE: RATE,
    MetricKind.GAUGE: GAUGE,
    MetricKind.TREND: TREND,
}

cdef enum:
    SAMPLE_BYTES = 20
    PHASES = 6


# What one series has gathered since the interval began.
cdef struct slot:
    slot_kind kind
    bint announced
    bint kept  # sample by sample, if samples are
    bint beyond_cap
    uint64_t samples
    uint64_t passes
    exact_sum total
    double last
    double low
    double high
    int64_t last_at_ns
    sketch distribution


cdef class ClosedInterval:
    """What a recorder gathered in one interval; the makings of a batch."""

    cdef readonly tuple new_series
    cdef readonly tuple deltas
    cdef readonly bytes samples
    cdef readonly uint64_t refused_samples
    cdef readonly uint64_t overflowed_samples
    cdef readonly uint64_t dropped_samples


cdef class Recorder(SampleSink):
    """Keeps one counter, rate, gauge or sketch per series between two `close_interval` calls.

    `metrics` are the plan's own; the built-in ones are always there. At most `series_cap` distinct
    series are kept apart; samples of further ones go to `(other)` series of the same metric and
    are counted in `overflowed_samples`, and so are those of more than `checks_cap` checks. With `keep_samples` each sample is also kept by itself,
    but for those of gauges of which this worker holds only a part. At most `samples_cap` are kept
    between two `close_interval` calls: 40 MB by default, so that a batch that had to wait still
    fits into one frame. Further ones are counted in `dropped_samples`, and missing nowhere else.

    With `enabled` set to False everything that arrives is dropped: for setup and teardown.

    Raises:
        ValueError: if two metrics of one name differ.
    """

    cdef slot *_slots
    cdef uint32_t *_touched
    cdef size_t _slots_in_use
    cdef size_t _slots_allocated
    cdef size_t _touched_in_use
    cdef uint8_t *_samples
    cdef size_t _samples_bytes
    cdef size_t _samples_allocated
    cdef int64_t _start_ns
    cdef uint64_t _refused
    cdef uint64_t _overflowed
    cdef uint64_t _dropped
    cdef size_t _samples_cap
    cdef Py_ssize_t _series_cap
    cdef Py_ssize_t _checks_cap
    cdef set _checks
    cdef dict _metrics
    cdef dict _numbers
    cdef dict _other_numbers
    cdef dict _http_series
    cdef list _known
    cdef readonly bint keep_samples
    cdef public bint enabled

    def __cinit__(
        self,
        metrics,
        *,
        Py_ssize_t series_cap=10_000,
        Py_ssize_t checks_cap=CHECKS_CAP,
        bint keep_samples=False,
        size_t samples_cap=2_000_000,
    ):
        self._metrics = dict(BUILTIN_METRICS)
        self._numbers = {}
        self._other_numbers = {}
        self._http_series = {}
        self._known = []
        self._series_cap = series_cap
        self._checks_cap = checks_cap
        self._checks = set()
        self.keep_samples = keep_samples
        self._samples_cap = samples_cap
        self.enabled = True
        for metric in metrics:
            self._define(metric)

    def __dealloc__(self):
        cdef size_t number
        for number in range(self._slots_in_use):
            sketch_free(&self._slots[number].distribution)
        free(self._slots)
        free(self._touched)
        free(self._samples)

    def start_at(self, int64_t t0_ns):
        """Set the run's start on the monotonic clock; instants in deltas and samples count from it."""
        self._start_ns = t0_ns

    def series(self, metric, tuple tags not None):
        """The number of a metric's series with these tags, the same for the recorder's life.

        Beyond the series cap it is the number of an `(other)` series.

        Raises:
            ValueError: if the tags are not text sorted by name (`model.series.tags_of`), or the
                metric differs from another of its name.
        """
        number = self._numbers.get((metric.name, tags))
        if number is not None:
            return number
        self._define(metric)
        _check_tags(tags)
        if len(self._numbers) >= self._series_cap or self._is_check_too_many(metric, tags):
            return self._other_series(metric, tags)
        number = self._new_slot(metric, tags, False)
        self._numbers[(metric.name, tags)] = number
        return number

    def http_series(self, tuple tags not None, bint failed):
        """A handle that records whole round trips under these tags.

        Raises:
            ValueError: as `series`.
        """
        handle = self._http_series.get((tags, failed))
        if handle is not None:
            return handle
        handle = HttpSeries(self, tags, failed)
        # Handles of the `(other)` series are as many as the tag sets seen: not worth keeping.
        if len(self._numbers) < self._series_cap:
            self._http_series[(tags, failed)] = handle
        return handle

    def add(self, uint32_t number, double value, int64_t at_ns):
        """Record one sample of a series, taken at `at_ns` on the monotonic clock.

        A counter grows by it, a rate counts it as true unless it is 0, a gauge becomes it, a trend
        counts it. NaN, infinity, more than 1e290 and, except for gauges, negative values are
        refused and counted.

        Raises:
            IndexError: if no series has this number.
        """
        self.take_sample(number, value, at_ns)

    cdef int take_sample(self, uint32_t number, double value, int64_t at_ns) except -1:
        if number >= self._slots_in_use:
            raise IndexError(f"no series has the number {number}")
        return self._take(number, value, at_ns)

    def close_interval(self):
        """Everything gathered since the last call, as a `ClosedInterval`; the next one is empty."""
        cdef ClosedInterval closed = ClosedInterval.__new__(ClosedInterval)
        cdef list new_series = []
        cdef list deltas = []
        cdef size_t position
        cdef uint32_t number
        for position in range(self._touched_in_use):
            number = self._touched[position]
            if not self._slots[number].announced:
                self._slots[number].announced = True
                new_series.append(self._known[number])
            deltas.append(self._delta(number))
            _clear(&self._slots[number])
        closed.new_series = tuple(new_series)
        closed.deltas = tuple(deltas)
        closed.samples = self._samples[: self._samples_bytes] if self._samples_bytes else b""
        closed.refused_samples = self._refused
        closed.overflowed_samples = self._overflowed
        closed.dropped_samples = self._dropped
        self._touched_in_use = 0
        self._samples_bytes = 0
        self._refused = 0
        self._overflowed = 0
        self._dropped = 0
        return closed

    cdef object _delta(self, uint32_t number):
        cdef slot *source = &self._slots[number]
        if source.kind == COUNTER:
            return CounterDelta(number, source.samples, exact_sum_settled(source.total).high)
        if source.kind == RATE:
            return RateDelta(number, source.passes, source.samples)
        if source.kind == GAUGE:
            return GaugeDelta(
                number, source.samples, source.last, source.last_at_ns, source.low, source.high
            )
        return TrendDelta(number, encoded(&source.distribution))

    cdef int _take(self, uint32_t number, double value, int64_t at_ns) except -1:
        if not self.enabled:
            return 0
        cdef slot *into = &self._slots[number]
        cdef sketch_status status
        if into.kind == TREND:
            status = sketch_add(&into.distribution, value, 1)
            if status == SKETCH_BAD_VALUE:
                self._refused += 1
                return 0
            if status != SKETCH_OK:
                raise MemoryError("no memory left for a sketch's bins")
        elif not _accept(into, value, at_ns - self._start_ns):
            self._refused += 1
            return 0
        if into.samples == 0:
            self._touched[self._touched_in_use] = number
            self._touched_in_use += 1
        into.samples += 1
        self._overflowed += into.beyond_cap
        if self.keep_samples and into.kept:
            self._keep(number, value, at_ns - self._start_ns)
        return 0

    cdef int _keep(self, uint32_t number, double value, int64_t at_ns) except -1:
        cdef uint8_t *grown
        cdef size_t size
        if self._samples_bytes >= self._samples_cap * SAMPLE_BYTES:
            self._dropped += 1
            return 0
        if self._samples_allocated - self._samples_bytes < SAMPLE_BYTES:
            size = max(<size_t>(1024 * SAMPLE_BYTES), 2 * self._samples_allocated)
            grown = <uint8_t *>realloc(self._samples, size)
            if grown == NULL:
                raise MemoryError("no memory left to keep single samples")
            self._samples = grown
            self._samples_allocated = size
        cdef uint8_t *at = self._samples + self._samples_bytes
        store_u32_le(at, number)
        store_u64_le(at + 4, <uint64_t>at_ns)
        store_f64_le(at + 12, value)
        self._samples_bytes += SAMPLE_BYTES
        return 0

    cdef int _define(self, metric) except -1:
        if self._metrics.setdefault(metric.name, metric) != metric:
            raise ValueError(f"the metric {metric.name!r} is already defined differently")
        return 0

    cdef bint _is_check_too_many(self, metric, tuple tags) except -1:
        if metric.name != "checks":
            return False
        check = check_of(tags)
        if check in self._checks:
            return False
        if len(self._checks) >= self._checks_cap:
            return True
        self._checks.add(check)
        return False

    cdef object _other_series(self, metric, tuple tags):
        reduced = other_tags(tags)
        number = self._other_numbers.get((metric.name, reduced))
        if number is None and len(self._other_numbers) >= self._series_cap:
            # The kept tags are unbounded too if a scenario sets them itself.
            reduced = OTHER_TAGS
            number = self._other_numbers.get((metric.name, reduced))
        if number is None:
            number = self._new_slot(metric, reduced, True)
            self._other_numbers[(metric.name, reduced)] = number
        return number

    cdef uint32_t _new_slot(self, metric, tuple tags, bint beyond_cap) except? 0xFFFFFFFF:
        cdef uint32_t number = self._slots_in_use
        self._make_room()
        cdef slot *fresh = &self._slots[number]
        sketch_init(&fresh.distribution, 0.01)
        fresh.kind = SLOT_KINDS[metric.kind]
        fresh.announced = False
        # A part of a whole says nothing by itself: the coordinator writes the sum.
        fresh.kept = metric.across_workers is AcrossWorkers.LAST
        fresh.beyond_cap = beyond_cap
        _clear(fresh)
        self._known.append(NewSeries(number, metric, Series(metric.name, tags)))
        self._slots_in_use += 1
        return number

    cdef int _make_room(self) except -1:
        if self._slots_in_use < self._slots_allocated:
            return 0
        cdef size_t size = max(<size_t>64, 2 * self._slots_allocated)
        cdef slot *slots = <slot *>realloc(self._slots, size * sizeof(slot))
        if slots == NULL:
            raise MemoryError("no memory left for another series")
        self._slots = slots
        cdef uint32_t *touched = <uint32_t *>realloc(self._touched, size * sizeof(uint32_t))
        if touched == NULL:
            raise MemoryError("no memory left for another series")
        self._touched = touched
        self._slots_allocated = size
        return 0


cdef class HttpSeries(RoundTripSink):
    """The nine series of one kind of HTTP round trip, looked up once."""

    cdef Recorder _recorder
    cdef bint _failed
    cdef uint32_t _reqs
    cdef uint32_t _req_failed
    cdef uint32_t _duration
    cdef uint32_t _phases[PHASES]

    def __init__(self, Recorder recorder not None, tuple tags not None, bint failed):
        self._recorder = recorder
        self._failed = failed
        self._reqs = recorder.series(BUILTIN_METRICS["http_reqs"], tags)
        self._req_failed = recorder.series(BUILTIN_METRICS["http_req_failed"], tags)
        self._duration = recorder.series(BUILTIN_METRICS["http_req_duration"], tags)
        for position, name in enumerate(HTTP_PHASES):
            self._phases[position] = recorder.series(BUILTIN_METRICS[name], tags)

    def record(
        self,
        int64_t at_ns,
        int64_t duration_ns,
        int64_t blocked_ns,
        int64_t connecting_ns,
        int64_t tls_handshaking_ns,
        int64_t sending_ns,
        int64_t waiting_ns,
        int64_t receiving_ns,
    ):
        """Record one round trip that ended at `at_ns` on the monotonic clock.

        A phase of -1 did not happen and gets no sample. Other negative durations are refused and
        counted; the request itself counts in `http_reqs` and `http_req_failed` in any case.
        """
        cdef phase_times times
        times.duration_ns = duration_ns
        times.blocked_ns = blocked_ns
        times.connecting_ns = connecting_ns
        times.tls_handshaking_ns = tls_handshaking_ns
        times.sending_ns = sending_ns
        times.waiting_ns = waiting_ns
        times.receiving_ns = receiving_ns
        self.take_round_trip(at_ns, &times)

    cdef int take_round_trip(self, int64_t at_ns, const phase_times *times) except -1:
        cdef Recorder recorder = self._recorder
        cdef int64_t *phases = [
            times.blocked_ns,
            times.connecting_ns,
            times.tls_handshaking_ns,
            times.sending_ns,
            times.waiting_ns,
            times.receiving_ns,
        ]
        cdef int position
        recorder._take(self._reqs, 1, at_ns)
        recorder._take(self._req_failed, self._failed, at_ns)
        recorder._take(self._duration, times.duration_ns, at_ns)
        for position in range(PHASES):
            if phases[position] != -1:
                recorder._take(self._phases[position], phases[position], at_ns)
        return 0


cdef bint _accept(slot *into, double value, int64_t since_start_ns) noexcept:
    """Fold a value into a counter, rate or gauge; False if it is none that they take."""
    if into.kind == GAUGE:
        if not isfinite(value):
            return False
        into.last = value
        into.last_at_ns = since_start_ns
        into.low = value if into.samples == 0 or value < into.low else into.low
        into.high = value if into.samples == 0 or value > into.high else into.high
        return True
    if not 0 <= value <= SKETCH_MAX_VALUE:
        return False
    if into.kind == COUNTER:
        exact_sum_add(&into.total, value)
    else:
        into.passes += value != 0
    return True


cdef void _clear(slot *used) noexcept:
    used.samples = 0
    used.passes = 0
    used.total = exact_sum(0, 0)
    sketch_clear(&used.distribution)


cdef int _check_tags(tuple tags) except -1:
    names = [name for name, _ in tags]
    if any(left >= right for left, right in zip(names, names[1:])):
        raise ValueError(f"tags must be sorted by name, each once: {names}")
    for name, value in tags:
        if type(name) is not str or type(value) is not str:
            raise ValueError(f"the tag {name!r} must be text, not {value!r}")
    return 0
