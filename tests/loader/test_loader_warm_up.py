"""`warmUp`: where it may stand, what it is measured against, and what replaces it."""

from __future__ import annotations

import pytest

from atlas_perf.errors import PlanError, ScenarioError
from atlas_perf.loader import Overrides
from atlas_perf.model.phase import LoadPhase
from atlas_perf.model.plan import Stage

S = 1_000_000_000
SCENARIOS = (
    "{'scenarios': {'a': {'executor': 'constant-vus', 'duration': '20s', 'warmUp': '5s'},"
    " 'b': {'executor': 'constant-vus', 'duration': '20s'}}}"
)


def warm_s(built) -> list[float]:
    return [scenario.warm_up_ns / S for scenario in built.plan.scenarios]


def test_of_a_shortcut_and_of_scenarios(build) -> None:
    assert warm_s(build("{'duration': '1m', 'warmUp': '10s'}")) == [10]
    assert warm_s(build("{'stages': [{'duration': '1m', 'target': 5}], 'warm_up': '10s'}")) == [10]
    assert warm_s(build(SCENARIOS)) == [5, 0]


def test_it_does_not_count_unless_that_is_asked_for(build) -> None:
    assert build(SCENARIOS).plan.uncounted_phase is LoadPhase.WARM_UP
    assert build("{'duration': '1m'}").plan.uncounted_phase is None
    counted = build("{'duration': '1m', 'warmUp': '10s', 'excludeWarmUp': False}")
    assert counted.plan.uncounted_phase is None
    assert counted.plan.scenarios[0].warm_up_ns == 10 * S


def test_the_command_line_sets_it_for_every_scenario(build) -> None:
    assert warm_s(build(SCENARIOS, Overrides(warm_up_ns=7 * S))) == [7, 7]
    assert warm_s(build(SCENARIOS, Overrides(warm_up_ns=0))) == [0, 0]
    assert warm_s(build("{'duration': '1m'}", Overrides(warm_up_ns=7 * S))) == [7]


def test_it_stays_where_the_load_is_replaced_and_goes_with_its_scenarios(build) -> None:
    stages = Overrides(stages=(Stage(30 * S, 5),))
    assert warm_s(build("{'duration': '1m', 'warmUp': '10s'}", stages)) == [10]
    assert warm_s(build(SCENARIOS, stages)) == [0]


def test_it_is_scaled_with_the_load(build) -> None:
    scaled = build("{'duration': '1m', 'warmUp': '10s'}", Overrides(duration_scale=0.1))
    assert warm_s(scaled) == [1]


def test_beside_scenarios_it_does_nothing(build) -> None:
    with pytest.raises(ScenarioError, match="`warmUp` does nothing beside `scenarios`: set it in"):
        build("{'warmUp': '1s', " + SCENARIOS.removeprefix("{"))


def test_something_must_be_left_of_a_scenario(build) -> None:
    sentence = "warm-up of scenario 'a', 20s, leaves nothing of the 20s that it lasts"
    with pytest.raises(ScenarioError, match=sentence) as refused:
        build(SCENARIOS.replace("'warmUp': '5s'", "'warmUp': '20s'"))
    assert refused.value.line == 1
    with pytest.raises(PlanError, match="leaves nothing of the 5s that it lasts"):
        build("{'duration': '1m', 'warmUp': '10s'}", Overrides(duration_ns=5 * S))
    with pytest.raises(PlanError, match="leaves nothing of the 20s"):
        build(SCENARIOS, Overrides(warm_up_ns=30 * S))
