"""The highest sum of arrival rates, beside a search through the instants of a run."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.model.plan import (
    ArrivalRate,
    ConstantArrivalRate,
    ConstantVUs,
    RampingArrivalRate,
    ScenarioPlan,
    Stage,
    executor_duration_ns,
)
from atlas_perf.schedule.peak_rate import PeakRate, peak_rate

S = 1_000_000_000

scenario_plans = st.lists(
    st.tuples(
        st.one_of(
            st.builds(
                lambda rate, seconds, unit_s: ConstantArrivalRate(
                    rate, seconds * S, 1, 1, unit_s * S
                ),
                *(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3])),
            ),
            st.builds(
                lambda stages, start, unit_s: RampingArrivalRate(
                    tuple(Stage(seconds * S, target) for seconds, target in stages),
                    *(1, 1, start, unit_s * S),
                ),
                st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=5),
                *(st.integers(0, 9), st.sampled_from([1, 3])),
            ),
        ),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=4,
).map(
    lambda drawn: [
        ScenarioPlan(f"s{number}", executor, start_time_ns=start_s * S)
        for number, (executor, start_s) in enumerate(drawn)
    ]
)


def rate_near(executor: ArrivalRate, at_ns: int, *, before: bool) -> Fraction:
    """The rate per second just before or just after an instant since the executor's start."""
    shift = Fraction(-1 if before else 1, 10)  # between the nanoseconds
    if not 0 < at_ns + shift < executor_duration_ns(executor):
        return Fraction(0)
    if isinstance(executor, ConstantArrivalRate):
        return Fraction(executor.rate * S, executor.time_unit_ns)
    begin, begin_ns = executor.start_rate, 0
    for stage in executor.stages:
        if at_ns + shift < begin_ns + stage.duration_ns:
            inside = Fraction(at_ns - begin_ns, stage.duration_ns)
            rate = begin + (stage.target - begin) * inside
            return rate * Fraction(S, executor.time_unit_ns)
        begin, begin_ns = stage.target, begin_ns + stage.duration_ns
    raise AssertionError("the instant is within the duration")


@given(scenario_plans)
def test_no_instant_has_more_and_the_one_named_has_it(scenarios: list[ScenarioPlan]) -> None:
    found = peak_rate(scenarios)
    sums = {
        (at_s, before): sum(
            rate_near(one.executor, at_s * S - one.start_time_ns, before=before)
            for one in scenarios
        )
        for at_s in range(60)  # corners are at whole seconds
        for before in (True, False)
    }
    highest = max(sums.values())
    if found is None:
        assert highest == 0
        return
    assert found.per_s == highest
    at_s = found.at_ns // S
    before = sums[at_s, True] == highest
    assert sums[at_s, before] == highest
    assert found.scenarios == tuple(
        one.name
        for one in scenarios
        if rate_near(one.executor, found.at_ns - one.start_time_ns, before=before)
    )


def test_what_follows_is_not_added() -> None:
    rate = ConstantArrivalRate(5, 10 * S, 1, 1)
    following = [ScenarioPlan("a", rate), ScenarioPlan("b", rate, start_time_ns=10 * S)]
    assert peak_rate(following) == PeakRate(Fraction(5), 0, ("a",))


def test_closed_scenarios_have_no_rate() -> None:
    assert peak_rate([ScenarioPlan("a", ConstantVUs(9, S))]) is None


@pytest.mark.parametrize("stages", [(Stage(S, 2), Stage(0, 900), Stage(0, 1), Stage(S, 1))])
def test_a_jump_through_a_rate_takes_no_time_there(stages: tuple[Stage, ...]) -> None:
    found = peak_rate([ScenarioPlan("a", RampingArrivalRate(stages, 1, 1, 1))])
    assert found == PeakRate(Fraction(2), S, ("a",))
