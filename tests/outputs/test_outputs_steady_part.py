"""What is left of a run without its first seconds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

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
    Series("http_req_duration", tags_of({"expected_response": "unknown", "name": "a"})),
]
DURATION, REQUESTS, FAILED = map(Selector, ("http_req_duration", "http_reqs", "http_req_failed"))
ONE_NAME = Selector("http_reqs", (("name", "b"),))


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


@pytest.fixture
def fed() -> Callable[..., SteadyPart]:
    def feed(first_s: int, end_s: int | None) -> SteadyPart:
        part = SteadyPart([DURATION, REQUESTS, ONE_NAME, FAILED, Selector("vus")], first_s, end_s)
        plan = TestPlan("a", "a.py", "", (ScenarioPlan("a", ConstantVUs(1, 1)),))
        part.start(plan, WallAnchor.now(), 0)
        for second in range(4):
            for worker in range(2):
                trends = (Trend(0, sketch(10.0**second)), Trend(1, sketch(5.0)))
                counts = (CounterDelta(2, 3, 3.0), CounterDelta(3, 1, 1.0), RateDelta(4, 1, 4))
                gauge = GaugeDelta(5, 1, 2.0, 0, 2.0, 2.0)
                part.on_batch(batch(second, *trends, *counts, gauge, worker=worker), resolve)
        part.on_gauge(BUILTIN_METRICS["vus"], (), 0, 4.0)
        assert part.close() is None
        return part

    return feed


def test_the_first_seconds_are_left_out_and_workers_added(fed: Callable[..., SteadyPart]) -> None:
    part = fed(2, None)
    assert part.total(REQUESTS) == CounterTotal(16, 16.0)
    assert part.total(ONE_NAME) == CounterTotal(4, 4.0)
    assert part.total(FAILED) == RateTotal(4, 16)
    durations = part.total(DURATION)
    assert isinstance(durations, TrendTotal)
    assert (durations.samples, durations.distribution.min, durations.distribution.max) == (
        4,
        100.0,
        1000.0,
    )


def test_a_part_may_end_before_the_run(fed: Callable[..., SteadyPart]) -> None:
    assert fed(1, 3).total(REQUESTS) == CounterTotal(16, 16.0)
    assert fed(4, None).total(REQUESTS) is None


def test_a_gauge_has_no_total(fed: Callable[..., SteadyPart]) -> None:
    assert fed(0, None).total(Selector("vus")) is None


def test_what_was_cut_off_in_flight_lies_beside_what_is_known() -> None:
    part = SteadyPart([DURATION], 1, None)
    for second in range(3):
        part.on_batch(batch(second, Trend(0, sketch(10.0)), Trend(6, sketch(70.0))), resolve)
    for _ in range(2):  # asking changes nothing
        total = part.total(DURATION)
        assert isinstance(total, TrendTotal)
        assert (total.samples, total.beyond, total.at_least.max) == (2, 2, 70.0)
