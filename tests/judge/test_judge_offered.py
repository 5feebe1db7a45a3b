"""The planned arrivals of each window: from the plan, on the run's clock, and none is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from plans import plan_with

from atlas_perf.judge.offered import with_planned_arrivals
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    RampingArrivalRate,
    ScenarioPlan,
    Spacing,
    Stage,
    TestPlan,
    planned_arrivals,
)
from atlas_perf.model.snapshot import NOT_STOPPED_NS
from atlas_perf.model.summary import Window
from atlas_perf.units import NS_PER_MS, NS_PER_S

STEADY = ScenarioPlan("steady", ConstantArrivalRate(10, 3 * NS_PER_S, 1, 1))
CLOSED = ScenarioPlan("closed", ConstantVUs(3, 5 * NS_PER_S))

rates = st.one_of(
    st.builds(
        lambda rate, seconds, spacing: ConstantArrivalRate(
            rate, seconds * NS_PER_S // 4, 1, 1, spacing=spacing
        ),
        st.integers(1, 90),
        st.integers(1, 20),
        st.sampled_from(Spacing),
    ),
    st.builds(
        lambda targets, start, spacing: RampingArrivalRate(
            tuple(Stage(NS_PER_S * 2 // 3, target) for target in targets),
            *(1, 1, start),
            spacing=spacing,
        ),
        st.lists(st.integers(0, 90), min_size=1, max_size=6),
        st.integers(0, 90),
        st.sampled_from(Spacing),
    ),
)


def plan_of(*scenarios: ScenarioPlan) -> TestPlan:
    return plan_with(scenarios=scenarios, seed=7)


def window(second: int, length_s: int = 1) -> Window:
    return Window(*(second, 1, 0, 0, 0, 0, 0, 0, 0, None, None, None, 0.0, 0.0), length_s=length_s)


def planned(
    plan: TestPlan, *windows: Window, offered_ns: int = NOT_STOPPED_NS
) -> list[tuple[int, int]]:
    found = with_planned_arrivals(windows, plan, offered_ns=offered_ns)
    return [(one.second, one.planned_arrivals) for one in found]


def test_each_second_of_a_constant_rate_has_its_rate() -> None:
    seconds = [window(second) for second in range(5)]
    assert planned(plan_of(STEADY), *seconds) == [(0, 10), (1, 10), (2, 10), (3, 0), (4, 0)]


def test_scenarios_add_up_from_their_own_starts_and_closed_ones_plan_none() -> None:
    later = ScenarioPlan(
        "later", ConstantArrivalRate(4, 2 * NS_PER_S, 1, 1), start_time_ns=1500 * NS_PER_MS
    )
    seconds = [window(second) for second in range(4)]
    plan = plan_of(STEADY, CLOSED, later)
    assert planned(plan, *seconds) == [(0, 10), (1, 12), (2, 14), (3, 2)]


def test_a_second_that_nobody_told_of_is_part_of_the_next() -> None:
    assert planned(plan_of(STEADY), window(0), window(2), window(3)) == [(0, 10), (2, 20), (3, 0)]


def test_longer_windows_have_the_arrivals_of_all_their_seconds() -> None:
    assert planned(plan_of(STEADY), window(0, length_s=2), window(2)) == [(0, 20), (2, 10)]


def test_what_was_due_after_a_stop_is_withdrawn() -> None:
    stopped_ns = 1250 * NS_PER_MS  # before the one that is due at 1.3 s
    seconds = [window(second) for second in range(3)]
    found = planned(plan_of(STEADY), *seconds, offered_ns=stopped_ns)
    assert found == [(0, 10), (1, 3), (2, 0)]


@given(st.lists(rates, min_size=1, max_size=3), st.integers(0, 2 * NS_PER_S), st.data())
def test_the_windows_together_have_the_plans_arrivals(
    executors: list[ConstantArrivalRate | RampingArrivalRate], start_ns: int, data: st.DataObject
) -> None:
    scenarios = [
        ScenarioPlan(f"s{number}", executor, start_time_ns=start_ns * number)
        for number, executor in enumerate(executors)
    ]
    plan = plan_of(*scenarios)
    last = plan.end_ns // NS_PER_S
    told = data.draw(st.sets(st.integers(0, last))) | {last}
    counts = [count for _, count in planned(plan, *map(window, sorted(told)))]
    assert sum(counts) == sum(planned_arrivals(executor) for executor in executors)
