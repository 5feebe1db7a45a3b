"""The search for a capacity: a pure function of the trials, against targets of known capacity."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.judge.capacity_search import SearchPlan, bounds, next_level, unoffered, word
from atlas_perf.model.capacity import Bounds, CapacityWord, StepOutcome, Trial

MET, BROKEN, UNPROVEN = StepOutcome.MET, StepOutcome.BROKEN, StepOutcome.UNPROVEN


def searched(plan: SearchPlan, outcome: Callable[[int], StepOutcome]) -> list[Trial]:
    trials: list[Trial] = []
    while (level := next_level(plan, trials)) is not None:
        trials.append(Trial(level, outcome(level)))
    return trials


def test_a_search_climbs_bisects_and_repeats() -> None:
    trials = searched(SearchPlan(10, 10_000), lambda level: MET if level <= 200 else BROKEN)
    levels = [trial.level for trial in trials]
    assert levels == [10, 20, 40, 80, 160, 320, 226, 190, 207, 198, 198, 207]
    assert bounds(trials) == Bounds(198, 207)


PLANS = st.builds(
    lambda first, factor, precision, repeats: SearchPlan(first, first * factor, precision, repeats),
    st.integers(1, 500),
    st.integers(1, 2000),
    st.sampled_from([0.01, 0.05, 0.1, 0.3]),
    st.integers(1, 4),
)


@given(PLANS, st.integers(1, 2_000_000))
def test_the_bounds_enclose_a_capacity_and_come_near_it(plan: SearchPlan, capacity: int) -> None:
    trials = searched(plan, lambda level: MET if level <= capacity else BROKEN)
    found = bounds(trials)
    assert len(trials) <= plan.most_steps
    assert all(plan.first <= trial.level <= plan.last for trial in trials)
    if capacity < plan.first:
        assert (found.met, found.broken) == (None, plan.first)
        assert word(plan, trials) is CapacityWord.BROKEN_AT_ONCE
    elif capacity >= plan.last:
        assert (found.met, found.broken) == (plan.last, None)
        assert word(plan, trials) is CapacityWord.HELD
    else:
        assert found.met is not None
        assert found.broken is not None
        assert found.met <= capacity < found.broken
        assert found.broken - found.met <= max(1, found.met * plan.precision + 1)
        assert word(plan, trials) is CapacityWord.FOUND
    for bound in (found.met, found.broken):
        assert bound is None or sum(t.level == bound for t in trials) >= plan.repeats


@given(PLANS, st.integers(1, 2_000_000), st.integers(1, 2_000_000))
def test_what_cannot_be_offered_is_never_the_targets_failure(
    plan: SearchPlan, limit: int, capacity: int
) -> None:
    def outcome(level: int) -> StepOutcome:
        return UNPROVEN if level > limit else MET if level <= capacity else BROKEN

    trials = searched(plan, outcome)
    found = bounds(trials)
    if limit < plan.first:
        assert found == Bounds(None, None)
        assert word(plan, trials) is CapacityWord.UNPROVEN
    elif limit <= capacity:
        assert found.broken is None
        assert found.met is not None
        held = found.met == plan.last
        assert word(plan, trials) is (CapacityWord.HELD if held else CapacityWord.GENERATOR_LIMIT)
    assert len(trials) <= plan.most_steps


@given(
    st.lists(st.tuples(st.integers(1, 30), st.sampled_from([MET, BROKEN, UNPROVEN])), max_size=25)
)
def test_bounds_are_what_all_trials_agree_on(tried: list[tuple[int, StepOutcome]]) -> None:
    trials = [Trial(*one) for one in tried]
    found = bounds(trials)
    proven = [trial for trial in trials if trial.outcome is not UNPROVEN]
    assert bounds(proven) == found
    if found.met is not None:
        assert all(t.outcome is MET for t in proven if t.level <= found.met)
    if found.broken is not None:
        assert all(t.outcome is BROKEN for t in proven if t.level >= found.broken)
    if found.met is not None and found.broken is not None:
        assert found.met < found.broken


@given(st.integers(0, 2**32), st.integers(20, 5000), st.floats(1.0, 2.0))
def test_repeats_that_disagree_widen_the_interval(seed: int, low: int, width: float) -> None:
    """Between two levels the outcome is chance: the interval never says more than is known."""
    chance = random.Random(seed)
    high = max(low + 1, int(low * width))

    def outcome(level: int) -> StepOutcome:
        if low < level < high:
            return chance.choice([MET, BROKEN])
        return MET if level <= low else BROKEN

    plan = SearchPlan(10, 10_000, repeats=3)
    trials = searched(plan, outcome)
    found = bounds(trials)
    assert found.met is None or found.met < high
    assert found.broken is None or found.broken > low
    levels: dict[int, set[StepOutcome]] = {}
    for trial in trials:
        levels.setdefault(trial.level, set()).add(trial.outcome)
    for level, outcomes in levels.items():
        if len(outcomes) > 1:
            assert found.met is None or found.met < level
            assert found.broken is None or found.broken > level


def test_a_disagreeing_repeat_moves_its_bound_outwards() -> None:
    trials = [Trial(10, MET), Trial(20, MET), Trial(40, BROKEN)]
    assert bounds(trials) == Bounds(20, 40)
    assert bounds([*trials, Trial(20, BROKEN)]) == Bounds(10, 40)
    assert bounds([*trials, Trial(40, MET)]) == Bounds(20, None)
    assert next_level(SearchPlan(10, 1000), [*trials, Trial(40, MET)]) == 80


def test_a_step_that_proves_nothing_is_tried_once_more() -> None:
    plan = SearchPlan(10, 1000)
    trials = [Trial(10, MET), Trial(20, UNPROVEN)]
    assert next_level(plan, trials) == 20
    assert next_level(plan, [*trials, Trial(20, MET)]) == 40
    again = [*trials, Trial(20, UNPROVEN)]
    assert unoffered(again) == 20
    assert next_level(plan, again) == 14
    assert next_level(plan, [Trial(10, UNPROVEN), Trial(10, UNPROVEN)]) is None


@pytest.mark.parametrize("repeats", [1, 5])
def test_the_first_step_is_repeated_before_it_is_said_to_be_broken(repeats: int) -> None:
    trials = searched(SearchPlan(10, 1000, repeats=repeats), lambda level: BROKEN)
    assert trials == [Trial(10, BROKEN)] * repeats
