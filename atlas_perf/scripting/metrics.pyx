"""Custom metrics of a scenario file: k6's Counter, Gauge, Rate and Trend.

They are made while the file is imported, at module level, so that the whole run knows them before
the first request. Values are added inside iterations and find their virtual user by context.
Compiled, because an iteration may add several values for each request it makes.
"""

from cpython.contextvars cimport get_value

from atlas_perf.scripting.sample_taker cimport SampleTaker

from contextlib import contextmanager
from contextvars import ContextVar

from atlas_perf.errors import UsageError
from atlas_perf.model.metric import BUILTIN_METRICS, AcrossWorkers, Contains, Metric, MetricKind
from atlas_perf.model.series import METRIC_NAME
from atlas_perf.scripting.context import current_user
from atlas_perf.units import NS_PER_MS

cdef object collection_now = ContextVar("metric_collection", default=None)
cdef object user_now = current_user
cdef double INNER_UNITS_PER_MS = NS_PER_MS


@contextmanager
def collecting_metrics():
    """Gather every custom metric made inside the block, by name, in order of appearance."""
    collection = {}
    token = collection_now.set(collection)
    try:
        yield collection
    finally:
        collection_now.reset(token)


cdef class CustomMetric:
    """A metric of the scenario's own; what the four kinds have in common.

    Raises:
        UsageError: if the name is malformed, is a built-in metric's, or is already defined
            differently in the same file.
    """

    cdef readonly object metric
    cdef str _name
    cdef dict __dict__  # a scenario may note something of its own on a metric
    cdef object __weakref__

    cdef int _define(self, name, metric) except -1:
        self.metric = metric
        _refuse_bad_name(self, name)
        self._name = str(name)
        collection = get_value(collection_now)
        if collection is None:
            return 0
        known = collection.setdefault(self._name, metric)
        if known != metric:
            raise UsageError(
                f"metric {self._name!r} is already defined as {_describe(known)}: "
                f"give this {_describe(metric)} another name"
            )
        return 0

    cdef int _record(self, double value, tags) except -1:
        user = get_value(user_now)
        if isinstance(user, SampleTaker):
            return (<SampleTaker>user).take(self.metric, self._name, value, tags)
        if user is None:
            raise UsageError(
                f"{self!r}.add() was called outside of a virtual user: "
                "add values inside setup, an iteration or teardown"
            )
        user.record_sample(self.metric, value, tags)
        return 0

    def __repr__(self):
        return f"{type(self).__name__}({self.metric.name!r})"


cdef class Counter(CustomMetric):
    """A sum of non-negative amounts."""

    def __init__(self, name):
        self._define(name, Metric(name, MetricKind.COUNTER))

    def add(self, value, tags=None):
        """Add an amount; a negative one is refused and counted as a refused sample."""
        self._record(value, tags)


cdef class Gauge(CustomMetric):
    """The value set last, with its smallest and largest.

    `across_workers="sum"` is for gauges of which every worker process holds a part, such as open
    connections: the run's value is then the sum of the workers' last values.
    """

    def __init__(self, name, across_workers="last"):
        if across_workers not in (AcrossWorkers.LAST, AcrossWorkers.SUM):
            raise UsageError(
                f"Gauge({name!r}) is either 'last' or 'sum' across workers, not {across_workers!r}"
            )
        shared = AcrossWorkers(across_workers)
        self._define(name, Metric(name, MetricKind.GAUGE, across_workers=shared))

    def add(self, value, tags=None):
        """Set the gauge; k6's name for it."""
        self._record(value, tags)


cdef class Rate(CustomMetric):
    """The share of samples that were true."""

    def __init__(self, name):
        self._define(name, Metric(name, MetricKind.RATE))

    def add(self, value, tags=None):
        """Count one sample: true, or any number but zero, is a pass."""
        self._record(float(value), tags)


cdef class Trend(CustomMetric):
    """A distribution of non-negative values; with `is_time`, of durations."""

    cdef double _scale

    def __init__(self, name, is_time=False):
        contains = Contains.TIME if is_time else Contains.DEFAULT
        self._scale = INNER_UNITS_PER_MS if is_time else 1
        self._define(name, Metric(name, MetricKind.TREND, contains))

    def add(self, value, tags=None):
        """Record one value; of a trend that `is_time`, in milliseconds as in k6."""
        self._record(self._scale * <double>value, tags)


cdef int _refuse_bad_name(CustomMetric custom, name) except -1:
    if not isinstance(name, str) or METRIC_NAME.fullmatch(name) is None:
        raise UsageError(
            f"{custom!r} is not a metric name: use up to 128 letters, digits and underscores, "
            "and no digit first"
        )
    if name in BUILTIN_METRICS:
        raise UsageError(f"metric {name!r} is built in: give this {custom!r} another name")
    return 0


cdef str _describe(metric):
    details = {
        Contains.TIME: " of time",
        Contains.DATA: " of data",
        Contains.DEFAULT: "",
    }[metric.contains]
    shared = " summed across workers" if metric.across_workers is AcrossWorkers.SUM else ""
    return f"{metric.kind.value}{details}{shared}"
