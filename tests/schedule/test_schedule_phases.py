"""Which phases a plan has, and how long each of them is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.model.phase import LoadPhase, PhaseSpan
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    Executor,
    PerVUIterations,
    RampingArrivalRate,
    RampingVUs,
    ScenarioPlan,
    SharedIterations,
    Stage,
    TestPlan,
    executor_duration_ns,
)
from atlas_perf.schedule.intervals import covers, length, united, without
from atlas_perf.schedule.phase_times import FOR_EVER_NS, PhaseTimes
from atlas_perf.schedule.phases import phase_spans, plan_phases, tells_phases
from atlas_perf.units import NS_PER_S

S = NS_PER_S
SHORT = {"w": "warm-up", "r": "ramp", "s": "steady", "d": "ramp-down"}


def ramp(begin: int, *corners: tuple[int, int]) -> RampingVUs:
    """Stages of (seconds, target)."""
    return RampingVUs(begin, tuple(Stage(seconds * S, target) for seconds, target in corners))


def shaped(*users: int) -> RampingVUs:
    """What the plan makes of a shape that answers this, second by second."""
    stages: list[Stage] = []
    for held, seconds in itertools.groupby(users):
        stages += [Stage(0, held), Stage(len(list(seconds)) * S, held)]
    return RampingVUs(users[0], tuple(stages[1:]), step_ns=S)


def shape(scenario: ScenarioPlan) -> str:
    """`r10 s60 d5`: phases by their first letters, with seconds."""
    letters = {name: letter for letter, name in SHORT.items()}
    return " ".join(
        f"{letters[span.phase]}{(span.end_ns - span.begin_ns) // S}"
        for span in phase_spans(scenario)
    )


def plan_of(*scenarios: ScenarioPlan, exclude_warm_up: bool = True) -> TestPlan:
    return TestPlan("p", "p.py", "00", scenarios, exclude_warm_up=exclude_warm_up)


@pytest.mark.parametrize(
    ("executor", "phases"),
    [
        (ramp(0, (10, 50), (60, 50), (5, 0)), "r10 s60 d5"),
        (ramp(50, (60, 50)), "s60"),
        (ramp(0, (10, 50)), "r10"),
        (ramp(50, (10, 0)), "d10"),
        (ramp(0, (10, 50), (10, 100), (60, 100), (5, 50), (5, 0)), "r20 s60 d10"),
        # A stair: each step is held.
        (ramp(0, (5, 10), (20, 10), (5, 20), (20, 20)), "r5 s20 r5 s20"),
        # A spike out of steady load and back to it; only the last fall is a ramp-down.
        (ramp(10, (30, 10), (5, 99), (10, 99), (5, 10), (30, 10), (5, 0)), "s30 r5 s10 r5 s30 d5"),
        # A peak that is not held.
        (ramp(0, (10, 50), (10, 0)), "r10 d10"),
        # Jumps are no phase: steady goes on at another height.
        (ramp(10, (30, 10), (0, 20), (30, 20), (0, 0)), "s60"),
        (ramp(0, (0, 50), (60, 50)), "s60"),
        # No load at all is not steady: a pause is ramp, and a rest at the end is ramp-down.
        (ramp(0, (5, 10), (20, 10), (5, 0), (9, 0), (5, 10), (20, 10)), "r5 s20 r19 s20"),
        (ramp(0, (5, 10), (20, 10), (5, 0), (9, 0)), "r5 s20 d14"),
        (ramp(0, (9, 0), (5, 10)), "r14"),
        (RampingArrivalRate((Stage(5 * S, 9), Stage(9 * S, 9)), 1, 1), "r5 s9"),
        # The users of a shape jump from step to step, also where it is a ramp.
        (shaped(1, 2, 3, 4, 4, 4, 4, 3, 2, 1), "r3 s4 d3"),
        (shaped(5, 5, 5, 9, 5, 5, 9, 0, 0), "s3 r1 s2 r1 d2"),
        (shaped(1, 2, 3), "r3"),
        (shaped(3, 2, 1), "d3"),
        (shaped(4), "s1"),
        (ConstantVUs(5, 60 * S), "s60"),
        (ConstantArrivalRate(5, 60 * S, 1, 1), "s60"),
        (SharedIterations(5, 50, 60 * S), "s60"),
        (PerVUIterations(5, 50, 60 * S), "s60"),
    ],
)
def test_phases_are_read_off_the_executor(executor: Executor, phases: str) -> None:
    assert shape(ScenarioPlan("s", executor)) == phases


@pytest.mark.parametrize(
    ("warm_s", "phases"),
    [
        (0, "r10 s60 d5"),
        (4, "w4 r6 s60 d5"),
        (10, "w10 s60 d5"),
        (30, "w30 s40 d5"),
        (72, "w72 d3"),
    ],
)
def test_a_warm_up_takes_the_place_of_whatever_begins_the_load(warm_s: int, phases: str) -> None:
    executor = ramp(0, (10, 50), (60, 50), (5, 0))
    assert shape(ScenarioPlan("s", executor, warm_up_ns=warm_s * S)) == phases


def test_offsets_count_from_the_runs_start() -> None:
    late = ScenarioPlan("s", ConstantVUs(1, 60 * S), start_time_ns=20 * S, warm_up_ns=5 * S)
    assert phase_spans(late) == (
        PhaseSpan(LoadPhase.WARM_UP, 20 * S, 25 * S),
        PhaseSpan(LoadPhase.STEADY, 25 * S, 80 * S),
    )


def test_iterations_may_be_done_before_a_limit() -> None:
    assert phase_spans(ScenarioPlan("s", SharedIterations(1, 1)))[0].is_limit
    assert not phase_spans(ScenarioPlan("s", ConstantVUs(1, S)))[0].is_limit


stages = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=8)


@given(st.integers(0, 3), stages, st.integers(0, 3), st.integers(0, 9))
def test_phases_follow_each_other_without_a_gap_and_last_as_long_as_the_load(
    begin: int, corners: list[tuple[int, int]], start_s: int, warm_s: int
) -> None:
    executor = ramp(begin, *corners)
    lasts_ns = executor_duration_ns(executor)
    warm_ns = min(warm_s * S, max(0, lasts_ns - 1))
    scenario = ScenarioPlan("s", executor, start_time_ns=start_s * S, warm_up_ns=warm_ns)
    spans = phase_spans(scenario)
    assert spans[0].begin_ns == scenario.start_time_ns
    assert spans[-1].end_ns == scenario.end_ns
    for span, following in itertools.pairwise(spans):
        assert span.end_ns == following.begin_ns
        assert span.phase is not following.phase
    falling = [span.phase for span in spans].count(LoadPhase.RAMP_DOWN)
    assert falling == (spans[-1].phase is LoadPhase.RAMP_DOWN)


def test_samples_tell_phases_only_where_there_are_several() -> None:
    constant = ScenarioPlan("a", ConstantVUs(1, 60 * S))
    ramping = ScenarioPlan("b", ramp(0, (10, 50), (60, 50)))
    assert not tells_phases(plan_of(constant))
    assert not tells_phases(plan_of(ScenarioPlan("c", ramp(0, (10, 50)))))
    assert tells_phases(plan_of(constant, ramping))
    assert plan_phases(plan_of(constant, ramping)) == {LoadPhase.RAMP, LoadPhase.STEADY}


class TestTimes:
    """Two scenarios: one ramps for 10 s and holds for 20, the other is steady from 5 to 25 s."""

    plan = plan_of(
        ScenarioPlan("a", ramp(0, (10, 5), (20, 5))),
        ScenarioPlan("b", ConstantVUs(1, 20 * S), start_time_ns=5 * S),
    )
    times = PhaseTimes(plan)

    def lasted_s(self, phase: str, scenario: str | None = None, *, offered_s: int = 99) -> float:
        length_ns = self.times.length_ns(
            LoadPhase(phase), scenario, offered_ns=offered_s * S, elapsed_ns=99 * S
        )
        return length_ns / S

    def test_shared_time_counts_once(self) -> None:
        assert self.lasted_s("steady") == 25
        assert self.lasted_s("steady", "a") == 20
        assert self.lasted_s("steady", "b") == 20
        assert self.lasted_s("ramp") == 10
        assert self.times.ordered_ns(LoadPhase.STEADY) == 25 * S

    def test_a_load_that_was_stopped_shortens_what_was_under_way(self) -> None:
        assert self.lasted_s("steady", offered_s=12) == 7
        assert self.lasted_s("ramp", offered_s=12) == 10
        assert self.lasted_s("steady", "a", offered_s=8) == 0

    def test_the_phases_of_a_moment(self) -> None:
        assert self.times.at(0, S) == (LoadPhase.RAMP,)
        assert self.times.at(6 * S, 7 * S) == (LoadPhase.RAMP, LoadPhase.STEADY)
        assert self.times.at(40 * S, 41 * S) == ()

    def test_the_next_change_is_that_of_any_scenario(self) -> None:
        changes = [self.times.next_change_ns(at * S) for at in (0, 9, 10, 24, 25, 40)]
        assert changes == [10 * S, 10 * S, 25 * S, 25 * S, 30 * S, None]

    def test_everything_counts_without_a_warm_up(self) -> None:
        assert self.times.measured_ns(31 * S) == 31 * S
        assert self.times.counted() == ((0, FOR_EVER_NS),)


class TestIterationsDecide:
    times = PhaseTimes(plan_of(ScenarioPlan("a", SharedIterations(1, 9, 60 * S))))

    def test_nobody_knows_when_they_are_done(self) -> None:
        assert self.times.next_change_ns(0) is None

    def test_such_a_phase_is_as_long_as_they_took(self) -> None:
        lasted = self.times.length_ns(
            LoadPhase.STEADY, None, offered_ns=FOR_EVER_NS, elapsed_ns=4 * S
        )
        assert lasted == 4 * S

    def test_it_is_never_shorter_than_ordered(self) -> None:
        assert self.times.ordered_ns(LoadPhase.STEADY) is None


class TestWarmUp:
    warm = ScenarioPlan("a", ConstantVUs(1, 60 * S), warm_up_ns=10 * S)
    also = ScenarioPlan("b", ConstantVUs(1, 60 * S), start_time_ns=4 * S, warm_up_ns=10 * S)

    def test_it_is_not_measured(self) -> None:
        times = PhaseTimes(plan_of(self.warm))
        assert times.measured_ns(61 * S) == 51 * S
        assert times.measured_ns(4 * S) == 0
        assert times.counted() == ((10 * S, FOR_EVER_NS),)

    def test_unless_it_shall_count(self) -> None:
        times = PhaseTimes(plan_of(self.warm, exclude_warm_up=False))
        assert times.measured_ns(61 * S) == 61 * S

    def test_time_in_which_another_scenario_counts_is_measured(self) -> None:
        times = PhaseTimes(plan_of(self.warm, self.also))
        assert times.measured_ns(65 * S) == 55 * S
        assert times.measured_ns(65 * S, "b") == 55 * S
        assert times.counted("b") == ((0, 4 * S), (14 * S, FOR_EVER_NS))


edges = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=5)


@given(edges, edges)
def test_intervals_are_sets_of_instants(ones: list[tuple[int, int]], others: list[tuple[int, int]]):
    def instants(intervals) -> set[int]:
        return {instant for begin, end in intervals for instant in range(begin, end)}

    one, other = united(ones), united(others)
    assert instants(one) == instants(ones)
    assert length(one) == len(instants(ones))
    assert instants(without(one, other)) == instants(ones) - instants(others)
    assert all(left[1] < right[0] for left, right in itertools.pairwise(one))
    assert covers(one, 3, 6) == ({3, 4, 5} <= instants(ones))
