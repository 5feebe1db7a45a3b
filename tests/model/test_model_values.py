"""The laws of the small value types."""

from __future__ import annotations

from itertools import permutations

import pytest

from atlas_perf.clock import WallAnchor
from atlas_perf.errors import ExitCode, ScenarioError
from atlas_perf.model.batch import Ledger
from atlas_perf.model.metric import BUILTIN_METRICS, Metric, MetricKind
from atlas_perf.model.plan import (
    ConstantVUs,
    PerVUIterations,
    RampingVUs,
    ScenarioPlan,
    SharedIterations,
    Stage,
    TestPlan,
    executor_duration_ns,
    executor_max_vus,
)
from atlas_perf.model.verdict import Verdict, worst


def test_the_worst_verdict_wins_in_any_order() -> None:
    order = [
        Verdict.INVALID,
        Verdict.FAIL,
        Verdict.NO_DATA,
        Verdict.NO_BASELINE,
        Verdict.INCONCLUSIVE,
        Verdict.PASS,
    ]
    for first, second in permutations(order, 2):
        assert worst([first, second]) == order[min(order.index(first), order.index(second))]


def test_nothing_judged_is_not_a_pass() -> None:
    with pytest.raises(ValueError, match="empty"):
        worst([])


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.PASS, 0),
        (Verdict.INCONCLUSIVE, 0),
        (Verdict.FAIL, 1),
        (Verdict.INVALID, 3),
        (Verdict.NO_DATA, 4),
        (Verdict.NO_BASELINE, 4),
    ],
)
def test_each_verdict_has_its_exit_code(verdict: Verdict, code: int) -> None:
    assert verdict.exit_code is ExitCode(code)


def test_a_ledger_balances_when_every_iteration_is_accounted_for() -> None:
    ledger = Ledger(scheduled=10, started=8, dropped=2, completed=5, failed=1, interrupted=2)
    assert ledger.balanced
    assert not Ledger(scheduled=10, started=8, dropped=1, completed=8).balanced
    running = Ledger(scheduled=3, started=3, completed=1)
    assert (running.in_flight, running.balanced) == (2, False)
    assert ledger + running == Ledger(13, 11, 2, 6, 1, 2)


RAMP = RampingVUs(5, (Stage(10, 20), Stage(30, 0)))


@pytest.mark.parametrize(
    ("executor", "duration_ns", "max_vus"),
    [
        (ConstantVUs(vus=7, duration_ns=9), 9, 7),
        (RAMP, 40, 20),
        (RampingVUs(50, (Stage(10, 20),)), 10, 50),
        (SharedIterations(vus=3, iterations=9, max_duration_ns=60), 60, 3),
        (PerVUIterations(vus=3, iterations=9, max_duration_ns=60), 60, 3),
    ],
)
def test_an_executor_knows_its_length_and_its_users(
    executor: ConstantVUs | RampingVUs, duration_ns: int, max_vus: int
) -> None:
    assert executor_duration_ns(executor) == duration_ns
    assert executor_max_vus(executor) == max_vus


def test_a_plan_ends_with_its_last_scenario() -> None:
    scenarios = (
        ScenarioPlan("a", ConstantVUs(2, 100)),
        ScenarioPlan("b", ConstantVUs(3, 50), start_time_ns=80),
    )
    plan = TestPlan("both", "both.py", "", scenarios)
    assert (plan.end_ns, plan.max_vus) == (130, 5)


def test_a_plan_knows_the_built_in_metrics_and_its_own() -> None:
    depth = Metric("depth", MetricKind.TREND)
    metrics = TestPlan("one", "one.py", "", (), metrics=(depth,)).all_metrics
    assert metrics == {**BUILTIN_METRICS, "depth": depth}


def test_a_scenario_error_names_its_place() -> None:
    assert str(ScenarioError("no", file="a.py", line=3)) == "a.py:3: no"
    assert str(ScenarioError("no", file="a.py")) == "a.py: no"
    assert str(ScenarioError("no")) == "no"
    assert ScenarioError("no").exit_code == 2


def test_dates_come_from_the_monotonic_clock() -> None:
    anchor = WallAnchor(monotonic_ns=5_000_000_000, unix_ns=1_700_000_000_000_000_000)
    assert anchor.rfc3339_at(5_000_000_001) == "2023-11-14T22:13:20.000000001Z"
    assert anchor.rfc3339_at(4_999_999_999) == "2023-11-14T22:13:19.999999999Z"
