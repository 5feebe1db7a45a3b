"""Batches as workers send them, and a plan and clocks to go with them."""

from __future__ import annotations

from collections.abc import Iterable

from atlas_perf.clock import WallAnchor
from atlas_perf.model.batch import (
    Batch,
    CounterDelta,
    Delta,
    GaugeDelta,
    NewSeries,
    RateDelta,
    TrendDelta,
    WorkerHealth,
)
from atlas_perf.model.metric import BUILTIN_METRICS, Metric, MetricKind
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan
from atlas_perf.model.series import Series, tags_of
from atlas_perf.outputs.base import Output
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS, NS_PER_S

T0_NS = 5 * NS_PER_S
START_UNIX_S = 1_795_442_712  # 2026-11-23 14:05:12 UTC
ANCHOR = WallAnchor(monotonic_ns=T0_NS, unix_ns=START_UNIX_S * NS_PER_S)

GET = {"expected_response": "true", "method": "GET", "name": "list", "scenario": "api"}
REFUSED = {**GET, "expected_response": "false"}
QUEUE = Metric("queue_depth", MetricKind.GAUGE)

SERIES = {
    number: NewSeries(number, metric, Series(metric.name, tags_of(tags)))
    for number, (metric, tags) in enumerate(
        (
            (BUILTIN_METRICS["http_reqs"], GET),
            (BUILTIN_METRICS["http_req_duration"], GET),
            (BUILTIN_METRICS["http_req_duration"], REFUSED),
            (BUILTIN_METRICS["http_req_failed"], GET),
            (QUEUE, {}),
            (BUILTIN_METRICS["vus"], {}),
            (BUILTIN_METRICS["data_sent"], {}),
        )
    )
}
REQS, DURATION, DURATION_OF_FAILED, FAILED, DEPTH, VUS, SENT = SERIES


def test_plan(processes: int = 1) -> TestPlan:
    return TestPlan(
        name="api",
        file="api.py",
        file_sha256="00",
        scenarios=(ScenarioPlan("api", ConstantVUs(1, NS_PER_S)),),
        processes=processes,
    )


test_plan.__test__ = False  # it only begins like one


def counted(number: int, total: float) -> CounterDelta:
    return CounterDelta(number, 1, total)


def tallied(number: int, passes: int, samples: int) -> RateDelta:
    return RateDelta(number, passes, samples)


def levelled(number: int, value: float, at_s: float) -> GaugeDelta:
    return GaugeDelta(number, 1, value, round(at_s * NS_PER_S), value, value)


def spread_ms(number: int, *values_ms: float) -> TrendDelta:
    sketch = Sketch()
    for value in values_ms:
        sketch.add(value * NS_PER_MS)
    return TrendDelta(number, sketch.to_bytes())


def batch(
    interval: int,
    *deltas: Delta,
    worker: int = 0,
    last: bool = False,
    until_s: float = 0.0,
    health: WorkerHealth | None = None,
) -> Batch:
    return Batch(
        worker,
        interval,
        interval,
        deltas=deltas,
        last=last,
        until_ns=round(until_s * NS_PER_S),
        health=health or WorkerHealth(),
    )


def feed(output: Output, batches: Iterable[Batch], processes: int = 1) -> str | None:
    """A whole run into an output; what it says in the end."""
    output.start(test_plan(processes), ANCHOR, T0_NS)
    for one in batches:
        output.on_batch(one, SERIES.__getitem__)
    return output.close()
