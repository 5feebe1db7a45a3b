"""Numbers of a distribution under k6's names: `avg`, `med`, `p(95)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from atlas_perf.model.metric import Contains, Metric
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS, NS_PER_S

PERIOD_STATS: Mapping[str, Callable[[Sketch], float]] = {
    "avg": lambda sketch: sketch.sum / sketch.count,
    "min": lambda sketch: sketch.min,
    "med": lambda sketch: sketch.quantile(0.5),
    "max": lambda sketch: sketch.max,
    "p90": lambda sketch: sketch.quantile(0.9),
    "p95": lambda sketch: sketch.quantile(0.95),
    "p99": lambda sketch: sketch.quantile(0.99),
}
"""Statistics of one period that outputs without histograms send; never of an empty one."""


def in_milliseconds(metric: Metric, value: float) -> float:
    """A value in the unit of k6's samples: milliseconds of time, else as it is."""
    return value / NS_PER_MS if metric.contains is Contains.TIME else value


def in_seconds(metric: Metric, value: float) -> float:
    """A value in Prometheus' base units: seconds of time, else as it is."""
    return value / NS_PER_S if metric.contains is Contains.TIME else value
