"""What workers say of themselves, as metrics of live outputs, tagged with the worker's number.

The report has the same facts in `workers` and `windows`: docs/results.md says what each is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from atlas_perf.model.batch import WorkerHealth
from atlas_perf.model.metric import Contains, Metric, MetricKind
from atlas_perf.model.series import Tags


def _level(name: str, contains: Contains = Contains.DEFAULT) -> Metric:
    return Metric(f"generator_{name}", MetricKind.GAUGE, contains)


CPU = Metric("generator_cpu", MetricKind.COUNTER, Contains.TIME)
"""CPU time of a worker."""

GENERATOR_LEVELS: Mapping[Metric, Callable[[WorkerHealth], float]] = {
    _level("loop_lag_max", Contains.TIME): lambda health: health.loop_lag_max_ns,
    _level("loop_cpu_share"): lambda health: _share(health.loop_cpu_ns, health),
    _level("cpu_wait_share"): lambda health: _share(health.cpu_wait_ns, health),
    _level("throttled_share"): lambda health: _share(health.throttled_ns, health),
    _level("gc_pause_max", Contains.TIME): lambda health: health.gc_pause_max_ns,
    _level("memory", Contains.DATA): lambda health: health.rss_bytes,
    _level("open_files"): lambda health: health.open_files,
}
"""Of the newest second."""


def worker_tags(worker: int) -> Tags:
    return (("worker", str(worker)),)


def _share(part_ns: int, health: WorkerHealth) -> float:
    return part_ns / health.length_ns if health.length_ns > 0 else 0.0
