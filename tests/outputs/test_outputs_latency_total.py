"""The latencies of a run in one sketch."""

from __future__ import annotations

from atlas_perf.clock import WallAnchor
from atlas_perf.model.batch import Batch, CounterDelta, NewSeries, TrendDelta
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan
from atlas_perf.model.series import Series, tags_of
from atlas_perf.outputs.latency_total import LatencyTotal
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_S

SERIES = {
    0: ("http_req_duration", {"expected_response": "true", "status": "200"}),
    1: ("http_req_duration", {"expected_response": "false", "status": "500"}),
    2: ("http_req_waiting", {"expected_response": "true"}),
    3: ("http_reqs", {"expected_response": "true"}),
}


def resolve(number: int) -> NewSeries:
    name, tags = SERIES[number]
    return NewSeries(number, BUILTIN_METRICS[name], Series(name, tags_of(tags)))


def encoded(*values: float) -> bytes:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch.to_bytes()


def test_successes_of_all_batches_add_up_and_nothing_else() -> None:
    total = LatencyTotal()
    for value in (5.0, 7.0):
        deltas = (
            TrendDelta(0, encoded(value)),
            TrendDelta(1, encoded(100.0)),
            TrendDelta(2, encoded(3.0)),
            CounterDelta(3, 1, 1.0),
        )
        total.on_batch(Batch(worker=0, sequence=0, interval=0, deltas=deltas), resolve)
    assert (total.sketch.count, total.sketch.min, total.sketch.max) == (2, 5.0, 7.0)
    assert total.close() is None


def test_a_warm_up_that_does_not_count_is_left_out() -> None:
    warm_up = tags_of({"expected_response": "true", "phase": "warm-up"})
    named = NewSeries(0, BUILTIN_METRICS["http_req_duration"], Series("http_req_duration", warm_up))
    for counts in (False, True):
        scenario = ScenarioPlan("a", ConstantVUs(1, 60 * NS_PER_S), warm_up_ns=NS_PER_S)
        total = LatencyTotal()
        plan = TestPlan("a", "a.py", "00", (scenario,), exclude_warm_up=not counts)
        total.start(plan, WallAnchor.now(), 0)
        batch = Batch(worker=0, sequence=0, interval=0, deltas=(TrendDelta(0, encoded(5.0)),))
        total.on_batch(batch, lambda _number: named)
        assert total.sketch.count == counts
