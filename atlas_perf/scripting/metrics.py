"""Custom metrics of a scenario file: k6's Counter, Gauge, Rate and Trend.

They are made while the file is imported, at module level, so that the whole run knows them before
the first request. Values are added inside iterations and find their virtual user by context.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from atlas_perf.errors import UsageError
from atlas_perf.model.metric import BUILTIN_METRICS, AcrossWorkers, Contains, Metric, MetricKind
from atlas_perf.model.series import METRIC_NAME
from atlas_perf.scripting.context import current_user
from atlas_perf.units import NS_PER_MS

_collection: ContextVar[dict[str, Metric] | None] = ContextVar("metric_collection", default=None)


@contextmanager
def collecting_metrics() -> Iterator[Mapping[str, Metric]]:
    """Gather every custom metric made inside the block, by name, in order of appearance."""
    collection: dict[str, Metric] = {}
    token = _collection.set(collection)
    try:
        yield collection
    finally:
        _collection.reset(token)


class _CustomMetric:
    """A metric of the scenario's own.

    Raises:
        UsageError: if the name is malformed, is a built-in metric's, or is already defined
            differently in the same file.
    """

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        _refuse_bad_name(self)
        collection = _collection.get()
        if collection is None:
            return
        known = collection.setdefault(metric.name, metric)
        if known != metric:
            raise UsageError(
                f"metric {metric.name!r} is already defined as {_describe(known)}: "
                f"give this {_describe(metric)} another name"
            )

    def _record(self, value: float, tags: Mapping[str, str] | None) -> None:
        user = current_user.get(None)
        if user is None:
            raise UsageError(
                f"{self!r}.add() was called outside of a virtual user: "
                "add values inside setup, an iteration or teardown"
            )
        user.record_sample(self.metric, value, tags)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.metric.name!r})"


class Counter(_CustomMetric):
    """A sum of non-negative amounts."""

    def __init__(self, name: str) -> None:
        super().__init__(Metric(name, MetricKind.COUNTER))

    def add(self, value: float, tags: Mapping[str, str] | None = None) -> None:
        """Add an amount; a negative one is refused and counted as a refused sample."""
        self._record(value, tags)


class Gauge(_CustomMetric):
    """The value set last, with its smallest and largest.

    `across_workers="sum"` is for gauges of which every worker process holds a part, such as open
    connections: the run's value is then the sum of the workers' last values.
    """

    def __init__(self, name: str, across_workers: Literal["last", "sum"] = "last") -> None:
        if across_workers not in (AcrossWorkers.LAST, AcrossWorkers.SUM):
            raise UsageError(
                f"Gauge({name!r}) is either 'last' or 'sum' across workers, not {across_workers!r}"
            )
        super().__init__(
            Metric(name, MetricKind.GAUGE, across_workers=AcrossWorkers(across_workers))
        )

    def add(self, value: float, tags: Mapping[str, str] | None = None) -> None:
        """Set the gauge; k6's name for it."""
        self._record(value, tags)


class Rate(_CustomMetric):
    """The share of samples that were true."""

    def __init__(self, name: str) -> None:
        super().__init__(Metric(name, MetricKind.RATE))

    def add(self, value: bool | float, tags: Mapping[str, str] | None = None) -> None:
        """Count one sample: true, or any number but zero, is a pass."""
        self._record(float(value), tags)


class Trend(_CustomMetric):
    """A distribution of non-negative values; with `is_time`, of durations."""

    def __init__(self, name: str, is_time: bool = False) -> None:
        super().__init__(
            Metric(name, MetricKind.TREND, Contains.TIME if is_time else Contains.DEFAULT)
        )

    def add(self, value: float, tags: Mapping[str, str] | None = None) -> None:
        """Record one value; of a trend that `is_time`, in milliseconds as in k6."""
        self._record(value * NS_PER_MS if self.metric.contains is Contains.TIME else value, tags)


def _refuse_bad_name(custom: _CustomMetric) -> None:
    name = custom.metric.name
    if not isinstance(name, str) or METRIC_NAME.fullmatch(name) is None:
        raise UsageError(
            f"{custom!r} is not a metric name: use up to 128 letters, digits and underscores, "
            "and no digit first"
        )
    if name in BUILTIN_METRICS:
        raise UsageError(f"metric {name!r} is built in: give this {custom!r} another name")


def _describe(metric: Metric) -> str:
    details = {
        Contains.TIME: " of time",
        Contains.DATA: " of data",
        Contains.DEFAULT: "",
    }[metric.contains]
    shared = " summed across workers" if metric.across_workers is AcrossWorkers.SUM else ""
    return f"{metric.kind.value}{details}{shared}"
