"""A healthy run is not ended for reading one worker's seconds against another's."""

from __future__ import annotations

import pytest

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.coordinator.abort import breach_so_far
from atlas_perf.judge.thresholds import Judge
from atlas_perf.model.batch import Batch, CounterDelta, NewSeries
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan, ThresholdPlan
from atlas_perf.model.series import Series
from atlas_perf.units import NS_PER_S

REQUESTS = NewSeries(0, BUILTIN_METRICS["http_reqs"], Series("http_reqs"))


def second(worker: int, number: int, **more: object) -> Batch:
    """100 requests, so that two workers make 200 a second."""
    new = (REQUESTS,) if number == 0 else ()
    return Batch(worker, number, number, new, (CounterDelta(0, 100, 100.0),), **more)


def merged(*batches: Batch) -> Aggregator:
    aggregator = Aggregator([], 2)
    for batch in batches:
        assert aggregator.merge(batch)
    return aggregator


def aborts(aggregator: Aggregator, limit: int) -> bool:
    threshold = ThresholdPlan("http_reqs", f"rate<{limit}", abort_on_fail=True)
    scenario = ScenarioPlan("api", ConstantVUs(1, NS_PER_S))
    plan = TestPlan("api", "api.py", "00", (scenario,), (threshold,))
    return breach_so_far(Judge(plan, BUILTIN_METRICS), aggregator) is not None


AHEAD = [second(0, number) for number in range(5)]


def test_a_worker_that_is_ahead_does_not_raise_the_rate() -> None:
    assert not aborts(merged(*AHEAD, second(1, 0)), 300)


def test_one_that_has_ended_ahead_of_the_others_does_not_either() -> None:
    ended = second(0, 5, last=True, ended_at_ns=int(5.5 * NS_PER_S))
    assert not aborts(merged(*AHEAD, ended, second(1, 0)), 300)


@pytest.mark.parametrize(("limit", "ends"), [(300, False), (200, True)])
def test_at_the_end_of_a_second_the_true_rate_is_judged(limit: int, ends: bool) -> None:
    whole = merged(*AHEAD, *(second(1, number) for number in range(5)))
    assert aborts(whole, limit) is ends


def test_one_that_ended_earlier_keeps_nothing_from_being_judged() -> None:
    ended = second(1, 1, last=True, ended_at_ns=2 * NS_PER_S)
    assert aborts(merged(*AHEAD, second(1, 0), ended), 140)  # 700 in 5 s
