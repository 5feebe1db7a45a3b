"""Criteria on a gauge of which each worker holds a part: its extremes, and over a phase."""

from __future__ import annotations

import pytest

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.judge.thresholds import Judge
from atlas_perf.model.batch import Batch, GaugeDelta, Ledger, NewSeries, WorkerHealth
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import RampingVUs, ScenarioPlan, Stage
from atlas_perf.model.series import Series
from atlas_perf.model.summary import CriterionState
from atlas_perf.units import NS_PER_S
from tests.judge.plans import ALL_METRICS, plan_with

OPEN = BUILTIN_METRICS["ws_sessions_open"]
SERIES = NewSeries(0, OPEN, Series(OPEN.name, (("scenario", "api"),)))
STAGES = RampingVUs(0, (Stage(3 * NS_PER_S, 5), Stage(4 * NS_PER_S, 5), Stage(3 * NS_PER_S, 0)))

# At the end of each second; of the second worker, which sets its part only when that changes.
FIRST = (1, 9, 3, 3, 4, 4, 3, 2, 1, 0)
SECOND = (1, 2, 2, None, 2, 3, 2, None, 1, 0)


def run_of(levels: tuple[tuple[int | None, ...], ...]) -> Aggregator:
    aggregator = Aggregator(BUILTIN_METRICS.values(), workers=len(levels))
    for second in range(10):
        for worker, of_worker in enumerate(levels):
            level = of_worker[second]
            deltas = []
            if level is not None:
                at_ns = second * NS_PER_S + NS_PER_S // 2
                deltas.append(GaugeDelta(0, 1, float(level), at_ns, float(level), float(level)))
            aggregator.merge(
                Batch(
                    worker=worker,
                    sequence=second,
                    interval=second,
                    new_series=(SERIES,) if second == 0 else (),
                    deltas=tuple(deltas),
                    ledger={"api": Ledger(1, 1, 0, 1, 0, 0)},
                    health=WorkerHealth(),
                    last=second == 9,
                    ended_at_ns=10 * NS_PER_S if second == 9 else None,
                )
            )
    aggregator.finish()
    return aggregator


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("value<1", 0),
        ("max>10", 11),
        ("max>5 over steady", 7),
        ("min>4 over steady", 5),
        ("value>4 over steady", 5),
        ("max>5 over ramp", 11),
        ("max<9 over ramp-down", 4),
    ],
)
def test_the_sum_over_workers_is_judged_in_the_time_that_is_asked_of(
    expression: str, value: int
) -> None:
    plan = plan_with((OPEN.name, expression), scenarios=(ScenarioPlan("api", STAGES),))
    (result, *_) = Judge(plan, ALL_METRICS).evaluate(run_of((FIRST, SECOND)))
    assert result.value == value
    assert result.state is CriterionState.PASSED


def test_a_phase_that_no_whole_second_was_of_is_no_data() -> None:
    short = RampingVUs(0, (Stage(3 * NS_PER_S, 5), Stage(NS_PER_S // 2, 5), Stage(NS_PER_S, 0)))
    plan = plan_with((OPEN.name, "max>5 over steady"), scenarios=(ScenarioPlan("api", short),))
    (result, *_) = Judge(plan, ALL_METRICS).evaluate(run_of((FIRST, SECOND)))
    assert result.state is CriterionState.NO_DATA
