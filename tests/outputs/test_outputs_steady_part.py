"""What is left of a run without its first seconds."""

from __future__ import annotations

from atlas_perf.clock import WallAnchor
from atlas_perf.model.batch import Batch, CounterDelta, Delta, GaugeDelta, NewSeries, RateDelta
from atlas_perf.model.batch import TrendDelta as Trend
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan
from atlas_perf.model.series import Selector, Series, tags_of
from atlas_perf.model.snapshot import CounterTotal, RateTotal, TrendTotal
from atlas_perf.outputs.steady_part import SteadyPart
from atlas_perf.sketch.ddsketch import Sketch

OK = {"expected_response": "true", "name": "a"}
SERIES = [
    Series("http_req_duration", tags_of(OK)),
    Series("http_req_duration", tags_of({**OK, "expected_response": "false"})),
    Series("http_reqs", tags_of({"name": "a"})),
    Series("http_reqs", tags_of({"name": "b"})),
    Series("http_req_failed", tags_of({"name": "a"})),
    Series("vus"),
    Series("http_req_duration", tags_of({**OK, "phase": "warm-up"})),
    Series("http_reqs", tags_of({"name": "a", "phase": "warm-up"})),
    Series("http_req_duration", tags_of({"expected_response": "unknown", "name": "a"})),
]
DURATION, REQUESTS, FAILED = map(Selector, ("http_req_duration", "http_reqs", "http_req_failed"))
ONE_NAME = Selector("http_reqs", (("name", "b"),))
WARM = Selector("http_reqs", (("phase", "warm-up"),))


def sketch(*values: float) -> bytes:
    made = Sketch()
    for value in values:
        made.add(value)
    return made.to_bytes()


def resolve(number: int) -> NewSeries:
    series = SERIES[number]
    return NewSeries(number, BUILTIN_METRICS[series.metric], series)


def batch(interval: int, *deltas: Delta, worker: int = 0) -> Batch:
    return Batch(worker, interval, interval, deltas=deltas)


def fed(warm_up_ns: int) -> SteadyPart:
    """Two workers, four seconds each."""
    part = SteadyPart([DURATION, REQUESTS, ONE_NAME, FAILED, WARM, Selector("vus")])
    scenario = ScenarioPlan("a", ConstantVUs(1, 10), warm_up_ns=warm_up_ns)
    part.start(TestPlan("a", "a.py", "", (scenario,)), WallAnchor.now(), 0)
    for second in range(4):
        for worker in range(2):
            trends = (Trend(0, sketch(10.0**second)), Trend(1, sketch(5.0)), Trend(6, sketch(7e9)))
            counts = (CounterDelta(2, 3, 3.0), CounterDelta(3, 1, 1.0), CounterDelta(7, 2, 2.0))
            rest = (RateDelta(4, 1, 4), GaugeDelta(5, 1, 2.0, 0, 2.0, 2.0))
            part.on_batch(batch(second, *trends, *counts, *rest, worker=worker), resolve)
    part.on_gauge(BUILTIN_METRICS["vus"], (), 0, 4.0)
    assert part.close() is None
    return part


def test_seconds_and_workers_are_added_up_without_the_warm_up() -> None:
    part = fed(warm_up_ns=5)
    assert part.total(REQUESTS) == CounterTotal(32, 32.0)
    assert part.total(ONE_NAME) == CounterTotal(8, 8.0)
    assert part.total(FAILED) == RateTotal(8, 32)
    durations = part.total(DURATION)
    assert isinstance(durations, TrendTotal)
    assert (durations.samples, durations.distribution.max) == (8, 1000.0)


def test_who_asks_for_the_warm_up_gets_it() -> None:
    assert fed(warm_up_ns=5).total(WARM) == CounterTotal(16, 16.0)


def test_a_plan_without_a_warm_up_leaves_nothing_out() -> None:
    assert fed(warm_up_ns=0).total(REQUESTS) == CounterTotal(48, 48.0)


def test_a_gauge_has_no_total() -> None:
    assert fed(warm_up_ns=0).total(Selector("vus")) is None


def test_what_was_cut_off_in_flight_lies_beside_what_is_known() -> None:
    part = SteadyPart([DURATION])
    for second in range(2):
        part.on_batch(batch(second, Trend(0, sketch(10.0)), Trend(8, sketch(70.0))), resolve)
    for _ in range(2):  # asking changes nothing
        total = part.total(DURATION)
        assert isinstance(total, TrendTotal)
        assert (total.samples, total.beyond, total.at_least.max) == (2, 2, 70.0)
