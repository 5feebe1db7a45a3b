"""Totals and one-second windows of every series of a run, in C memory.

A row is one series. Rows are numbered from 0; which series a row stands for is the caller's
affair, and so is everything about workers but their number.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t, uint8_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from atlas_perf.aggregate.ccolumn cimport (
    COLUMN_LEVEL,
    COLUMN_SKETCH,
    COLUMN_TALLY,
    column,
    column_add_sketch,
    column_add_tally,
    column_bytes,
    column_cell,
    column_coarsen,
    column_find,
    column_find_until,
    column_free,
    column_grid,
    column_init,
    column_read_sketch,
    column_set_level,
)
from atlas_perf.sketch.cexact_sum cimport (
    exact_sum,
    exact_sum_add,
    exact_sum_merge,
    exact_sum_settled,
)
from atlas_perf.sketch.csketch cimport (
    SKETCH_MALFORMED,
    SKETCH_MAX_VALUE,
    SKETCH_OK,
    sketch,
    sketch_free,
    sketch_init,
    sketch_merge,
)
from atlas_perf.sketch.csketch_codec cimport sketch_decode
from atlas_perf.sketch.ddsketch cimport Sketch, check

from atlas_perf.model.batch import CounterDelta, GaugeDelta, RateDelta, TrendDelta
from atlas_perf.model.metric import AcrossWorkers, MetricKind
from atlas_perf.model.snapshot import CounterTotal, GaugeTotal, RateTotal, TrendTotal


cdef enum row_kind:
    COUNTER
    RATE
    GAUGE
    TREND


cdef dict ROW_KINDS = {
    MetricKind.COUNTER: COUNTER,
    MetricKind.RATE: RATE,
    MetricKind.GAUGE: GAUGE,
    MetricKind.TREND: TREND,
}

cdef tuple DELTAS = (CounterDelta, RateDelta, GaugeDelta, TrendDelta)

cdef uint64_t MAX_DELTA_SAMPLES = <uint64_t>1 << 38
"""More than a worker can take in a second."""
cdef uint64_t MAX_SAMPLES = <uint64_t>1 << 52
"""Of one series in a run. Leaves room below a sketch's limit for one more batch."""


cdef struct row:
    row_kind kind
    bint summed  # a gauge of which each worker holds a part
    bint kept  # and whose part stays when the worker has ended
    uint64_t samples
    uint64_t passes
    exact_sum total
    double low
    double high
    double last
    int64_t last_at_ns
    sketch distribution
    column history
    column *levels  # of a summed gauge, one per worker


cdef bint _set_later(const row *gauge, int64_t at_ns, double value) noexcept:
    """True if the gauge was set after `at_ns`. At one instant the larger value counts as the later
    one, so that the order of batches does not matter."""
    return gauge.last_at_ns > at_ns or (gauge.last_at_ns == at_ns and gauge.last > value)


cdef class SeriesTable:
    """Rows of series: `merge` adds to them, the `*_total` methods merge any number of them.

    Merging is commutative and associative, and a batch is checked whole before any of it counts.
    """

    cdef row *_rows
    cdef size_t _in_use
    cdef size_t _allocated
    cdef uint32_t _workers
    cdef double _relative_accuracy
    cdef sketch _incoming
    cdef sketch _scratch

    def __cinit__(self, uint32_t workers, double relative_accuracy=0.01):
        self._workers = workers
        self._relative_accuracy = relative_accuracy
        Sketch(relative_accuracy)  # raises for an accuracy out of range
        sketch_init(&self._incoming, relative_accuracy)
        sketch_init(&self._scratch, relative_accuracy)

    def __dealloc__(self):
        cdef size_t number
        for number in range(self._in_use):
            self._free_row(&self._rows[number])
        free(self._rows)
        sketch_free(&self._incoming)
        sketch_free(&self._scratch)

    cdef void _free_row(self, row *old) noexcept:
        cdef uint32_t worker
        sketch_free(&old.distribution)
        column_free(&old.history)
        if old.levels != NULL:
            for worker in range(self._workers):
                column_free(&old.levels[worker])
            free(old.levels)

    def __len__(self):
        return self._in_use

    @property
    def history_bytes(self):
        """Bytes of memory that the windows of all series hold."""
        cdef size_t number, total = 0
        cdef uint32_t worker
        for number in range(self._in_use):
            total += column_bytes(&self._rows[number].history)
            if self._rows[number].summed:
                for worker in range(self._workers):
                    total += column_bytes(&self._rows[number].levels[worker])
        return total

    def add_row(self, metric):
        """Make a row for a series of this metric and return its number."""
        cdef row *rows
        cdef size_t size
        if self._in_use == self._allocated:
            size = max(<size_t>64, 2 * self._allocated)
            rows = <row *>realloc(self._rows, size * sizeof(row))
            if rows == NULL:
                raise MemoryError("no memory left for another series")
            self._rows = rows
            self._allocated = size
        self._init_row(&self._rows[self._in_use], metric)
        self._in_use += 1
        return self._in_use - 1

    cdef int _init_row(self, row *fresh, metric) except -1:
        cdef uint32_t worker
        memset(fresh, 0, sizeof(row))
        fresh.kind = ROW_KINDS[metric.kind]
        fresh.summed = (
            fresh.kind == GAUGE and metric.across_workers is not AcrossWorkers.LAST
        )
        fresh.kept = metric.across_workers is AcrossWorkers.SUM_KEPT
        sketch_init(&fresh.distribution, self._relative_accuracy)
        column_init(&fresh.history, COLUMN_SKETCH if fresh.kind == TREND else COLUMN_TALLY)
        if fresh.summed:
            fresh.levels = <column *>calloc(self._workers, sizeof(column))
            if fresh.levels == NULL:
                raise MemoryError("no memory left for another series")
            for worker in range(self._workers):
                column_init(&fresh.levels[worker], COLUMN_LEVEL)
        return 0

    def check(self, metric, delta):
        """Make sure that `merge` will take a delta of this metric.

        Raises:
            ValueError: if it is of another kind, counts more than any second can hold, or carries
                bytes that are no sketch of this table's accuracy.
        """
        cdef row_kind kind = ROW_KINDS[metric.kind]
        cdef uint64_t samples
        if type(delta) is not DELTAS[kind]:
            raise ValueError(f"{metric.name} is a {metric.kind}, and its samples are not")
        if kind == TREND:
            self._decode(delta.sketch)
            if self._incoming.relative_accuracy != self._relative_accuracy:
                raise ValueError(
                    f"a sketch of {metric.name} has the relative accuracy "
                    f"{self._incoming.relative_accuracy:g}, not {self._relative_accuracy:g}"
                )
            samples = self._incoming.count
        else:
            samples = delta.samples
        if kind == COUNTER and not delta.total <= SKETCH_MAX_VALUE:
            raise ValueError(f"{metric.name} grew by {delta.total:g} in one second")
        if samples > MAX_DELTA_SAMPLES:
            raise ValueError(f"{metric.name} has {samples} samples in one second")

    cdef int _decode(self, const uint8_t[::1] encoded) except -1:
        cdef Py_ssize_t length = encoded.shape[0]
        if length == 0:
            check(SKETCH_MALFORMED)
        check(sketch_decode(&self._incoming, &encoded[0], length))
        return 0

    def merge(self, size_t number, uint32_t worker, uint32_t window, delta):
        """Add a checked delta to a row's total and to one of its windows.

        Raises:
            IndexError: for an unknown row or worker.
            ValueError: if the row would hold more samples than can be counted.
        """
        cdef row *into = self._row(number)
        if worker >= self._workers:
            raise IndexError(f"there is no worker {worker}")
        if into.samples > MAX_SAMPLES:
            raise ValueError(f"more than {MAX_SAMPLES} samples in one series")
        if into.kind == TREND:
            self._merge_trend(into, window, delta)
        elif into.kind == COUNTER:
            into.samples += delta.samples
            exact_sum_add(&into.total, delta.total)
            check(column_add_tally(&into.history, window, delta.samples, delta.total))
        elif into.kind == RATE:
            into.samples += delta.samples
            into.passes += delta.passes
            check(column_add_tally(&into.history, window, delta.samples, delta.passes))
        else:
            self._merge_gauge(into, worker, window, delta)

    cdef int _merge_trend(self, row *into, uint32_t window, delta) except -1:
        self._decode(delta.sketch)
        into.samples += self._incoming.count
        check(sketch_merge(&into.distribution, &self._incoming))
        check(column_add_sketch(&into.history, window, &self._incoming, &self._scratch))
        return 0

    cdef int _merge_gauge(self, row *into, uint32_t worker, uint32_t window, delta) except -1:
        cdef int64_t at_ns = delta.last_at_ns
        cdef double last = delta.last
        cdef bint first = into.samples == 0
        if first or not _set_later(into, at_ns, last):
            into.last = last
            into.last_at_ns = at_ns
        into.low = delta.min if first or delta.min < into.low else into.low
        into.high = delta.max if first or delta.max > into.high else into.high
        into.samples += delta.samples
        if into.summed:
            check(column_set_level(&into.levels[worker], window, at_ns, last))
        return 0

    cdef row *_row(self, size_t number) except NULL:
        if number >= self._in_use:
            raise IndexError(f"there is no series {number}")
        return &self._rows[number]

    def samples(self, size_t number):
        """Samples that a row holds."""
        return self._row(number).samples

    def collapsed(self, size_t number):
        """True if bins of the row's sketch were collapsed; see `Sketch.collapsed`."""
        return bool(self._row(number).distribution.collapsed)

    def counter_total(self, rows):
        """`CounterTotal` over rows of counters."""
        cdef uint64_t samples = 0
        cdef exact_sum total = exact_sum(0, 0)
        cdef row *source
        for number in rows:
            source = self._row(number)
            samples += source.samples
            exact_sum_merge(&total, source.total)
        return CounterTotal(samples, exact_sum_settled(total).high)

    def rate_total(self, rows):
        """`RateTotal` over rows of rates."""
        cdef uint64_t samples = 0
        cdef uint64_t passes = 0
        cdef row *source
        for number in rows:
            source = self._row(number)
            samples += source.samples
            passes += source.passes
        return RateTotal(passes, samples)

    def trend_total(self, rows):
        """`TrendTotal` over rows of trends; a sketch of its own."""
        cdef Sketch merged = Sketch(self._relative_accuracy)
        for number in rows:
            check(sketch_merge(&merged._sketch, &self._row(number).distribution))
        return TrendTotal(merged)

    def gauge_total(self, rows, windows, uint32_t newest, last_windows):
        """`GaugeTotal` over rows of gauges of one metric, of which at least one has a sample.

        A summed gauge is its `level` in the `newest` window, and its extremes are those of the
        level over `windows`, which must not be empty. Any other gauge is its newest value, and
        its extremes are exact.
        """
        cdef uint64_t samples = 0
        cdef row *source
        cdef row *latest = NULL
        cdef double low = 0, high = 0
        for number in rows:
            source = self._row(number)
            if source.samples == 0:
                continue
            samples += source.samples
            low = source.low if latest == NULL or source.low < low else low
            high = source.high if latest == NULL or source.high > high else high
            if latest == NULL or _set_later(source, latest.last_at_ns, latest.last):
                latest = source
        if latest == NULL:
            raise ValueError("none of these gauges was ever set")
        if not latest.summed:
            return GaugeTotal(samples, latest.last, low, high)
        levels = [self.level(rows, window, last_windows) for window in windows]
        level = self.level(rows, newest, last_windows)
        return GaugeTotal(samples, level, min(levels), max(levels))

    def level(self, rows, uint32_t window, last_windows):
        """Sum over rows of a summed gauge and over workers of the newest values in or before a
        window; 0.0 if there is none.

        `last_windows` has each worker's last window: after it, the worker holds nothing, unless
        the gauge is one whose parts are kept.
        """
        cdef double total = 0
        cdef row *source
        cdef uint32_t worker
        cdef const column_cell *cell
        for number in rows:
            source = self._row(number)
            if source.levels == NULL:
                continue
            for worker in range(self._workers):
                if not source.kept and window > <uint32_t>last_windows[worker]:
                    continue
                cell = column_find_until(&source.levels[worker], window)
                if cell != NULL:
                    total += cell.of.level.value
        return total

    def window_tally(self, rows, uint32_t window):
        """(samples, total) of counters, or (samples, passes) of rates, in one window."""
        cdef uint64_t samples = 0
        cdef double total = 0
        cdef const column_cell *cell
        for number in rows:
            cell = column_find(&self._row(number).history, window)
            if cell != NULL:
                samples += cell.of.tally.samples
                total += cell.of.tally.total
        return samples, total

    def window_sketch(self, rows, uint32_t window):
        """The merged `Sketch` of trends in one window, or None if they have no sample there."""
        return self.sketch_between(rows, window, window + 1)

    def sketch_between(self, rows, uint32_t first, uint32_t end):
        """The merged `Sketch` of trends in the windows named `first` to before `end`, or None."""
        cdef Sketch merged = Sketch(self._relative_accuracy)
        cdef uint32_t window
        cdef row *source
        cdef const column_cell *cell
        for number in rows:
            source = self._row(number)
            for window in range(first, end):
                cell = column_find(&source.history, window)
                if cell != NULL:
                    check(column_read_sketch(&source.history, cell, &self._scratch))
                    check(sketch_merge(&merged._sketch, &self._scratch))
        return merged if merged._sketch.count else None

    def coarsen(self, uint32_t fine_from, uint32_t width):
        """Merge the windows before `fine_from` into windows of `width` seconds.

        Raises:
            ValueError: if `fine_from` is not a multiple of `width`.
        """
        if width == 0 or fine_from % width:
            raise ValueError(f"windows of {width} s do not end at second {fine_from}")
        cdef column_grid grid = column_grid(fine_from, width)
        cdef size_t number
        cdef uint32_t worker
        for number in range(self._in_use):
            self._coarsen(&self._rows[number].history, grid)
            if self._rows[number].summed:
                for worker in range(self._workers):
                    self._coarsen(&self._rows[number].levels[worker], grid)

    cdef int _coarsen(self, column *history, column_grid grid) except -1:
        check(column_coarsen(history, grid, &self._incoming, &self._scratch))
        return 0
