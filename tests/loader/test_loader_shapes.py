"""Load shapes: functions of time that become the stages of a ramp when the plan is made."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.errors import ExitCode, ScenarioError
from atlas_perf.loader import BuiltPlan, Overrides, ScenarioFile, build_plan
from atlas_perf.loader.problem import OptionProblem
from atlas_perf.loader.shapes import MOST_SAMPLES, ShapedArrivalRate, ShapedVUs, planned_ramp
from atlas_perf.model.plan import (
    RampingArrivalRate,
    RampingVUs,
    ScenarioPlan,
    Spacing,
    Stage,
    WhenBusy,
    planned_arrivals,
)
from atlas_perf.schedule.arrivals import ArrivalSchedule
from atlas_perf.schedule.peak_rate import PeakRate, peak_rate
from atlas_perf.schedule.ramp import VUStep, vu_steps, worker_vu_steps

S = 1_000_000_000
PATH = ("scenarios", "a", "shape")

FILE = """
    options = {
        "scenarios": {
            "wave": {
                "executor": "shaped-vus",
                "shape": "wave",
                "maxDuration": "10s",
            },
        },
    }

    def wave(elapsed_s):
        BODY

    async def default(vu): ...
    """


def users(shape, *, seconds: float, step_s: float = 1.0) -> RampingVUs:  # type: ignore[no-untyped-def]
    ramp = planned_ramp(ShapedVUs(shape, int(seconds * S), int(step_s * S)), PATH)
    assert isinstance(ramp, RampingVUs)
    return ramp


def rate(shape, *, seconds: float, step_s: float = 1.0) -> RampingArrivalRate:  # type: ignore[no-untyped-def]
    shaped = ShapedArrivalRate(shape, int(seconds * S), 5, 10, int(step_s * S))
    ramp = planned_ramp(shaped, PATH)
    assert isinstance(ramp, RampingArrivalRate)
    return ramp


def test_users_hold_their_number_from_step_to_step() -> None:
    ramp = users(lambda t: 5 if t < 2 else 9, seconds=4)
    assert ramp == RampingVUs(5, (Stage(2 * S, 5), Stage(0, 9), Stage(2 * S, 9)), step_ns=S)


def test_none_ends_the_load_at_its_instant_and_not_a_step_later() -> None:
    ramp = users(lambda t: 3 if t < 2.5 else None, seconds=100)
    assert sum(stage.duration_ns for stage in ramp.stages) == 3 * S
    arrivals = rate(lambda t: 10 if t < 3 else None, seconds=100)
    assert arrivals.stages == (Stage(3 * S, 10),)
    assert planned_arrivals(arrivals) == 30


def test_a_shape_that_never_stops_is_stopped_at_its_longest() -> None:
    assert users(lambda t: 1, seconds=2.5).stages == (Stage(2 * S + S // 2, 1),)
    assert rate(lambda t: 4, seconds=2.5).stages == (Stage(2 * S + S // 2, 4),)


def test_a_rate_goes_straight_from_sample_to_sample() -> None:
    ramp = rate(lambda t: 10 * t if t <= 3 else 30, seconds=5)
    assert ramp.start_rate == 0
    assert ramp.stages == (Stage(3 * S, 30), Stage(2 * S, 30))
    assert planned_arrivals(ramp) == 45 + 60


def test_a_rate_is_kept_to_a_thousandth() -> None:
    ramp = rate(lambda t: 0.125, seconds=16)
    assert (ramp.start_rate, ramp.time_unit_ns) == (125, 1000 * S)
    assert planned_arrivals(ramp) == 2
    peak = peak_rate([ScenarioPlan("a", ramp)])
    assert peak is not None
    assert peak.per_s == 0.125


def test_the_function_is_asked_in_order_once_for_each_step() -> None:
    asked: list[float] = []

    def shape(elapsed_s: float) -> int:
        asked.append(elapsed_s)
        return 1

    users(shape, seconds=2, step_s=0.5)
    assert asked == [0.0, 0.5, 1.0, 1.5]
    asked.clear()
    rate(shape, seconds=2, step_s=0.5)
    assert asked == [0.0, 0.5, 1.0, 1.5, 2.0]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.integers(1, 4))
def test_workers_together_have_exactly_the_users_of_the_shape(
    numbers: list[int], workers: int
) -> None:
    ramp = users(lambda t: numbers[int(t)] if t < len(numbers) else None, seconds=1000)
    steps = vu_steps(ramp.start_vus, ramp.stages)
    parts = [worker_vu_steps(steps, worker, workers) for worker in range(workers)]
    for second, wanted in enumerate(numbers):
        for offset_ns in (second * S, (second + 1) * S - 1):
            assert _at(steps, offset_ns) == wanted
            assert sum(_at(part, offset_ns) for part in parts) == wanted
    assert sum(stage.duration_ns for stage in ramp.stages) == len(numbers) * S


def _at(steps: tuple[VUStep, ...], offset_ns: int) -> int:
    return [step.vus for step in steps if step.offset_ns <= offset_ns][-1]


@given(st.lists(st.floats(0, 500), min_size=2, max_size=20), st.integers(1, 4))
def test_workers_together_have_exactly_the_arrivals_of_the_shape(
    rates: list[float], workers: int
) -> None:
    ramp = rate(lambda t: rates[int(t)], seconds=len(rates) - 1)
    area = sum((a + b) / 2 for a, b in pairwise(rates))
    assert math.isclose(planned_arrivals(ramp), area, abs_tol=1 + 0.001 * len(rates))
    schedule = ArrivalSchedule(ramp)
    every = list(schedule.offsets_ns(0, 1, ""))
    parts = [list(schedule.offsets_ns(worker, workers, "")) for worker in range(workers)]
    assert sorted(offset for part in parts for offset in part) == every
    assert len(every) == schedule.count


def test_a_file_may_name_its_function_before_it_is_defined(
    load: Callable[..., ScenarioFile],
) -> None:
    plan = build_plan(load(FILE.replace("BODY", "return 2 if elapsed_s < 4 else 7"))).plan
    executor = plan.scenarios[0].executor
    assert executor == RampingVUs(2, (Stage(4 * S, 2), Stage(0, 7), Stage(6 * S, 7)), step_ns=S)
    assert plan.max_vus == 7


def test_a_rate_has_the_keys_of_arrival_rates(build: Callable[..., BuiltPlan]) -> None:
    plan = build(
        "{'scenarios': {'a': {'executor': 'shaped-arrival-rate', 'shape': lambda t: 60, "
        "'maxDuration': '20s', 'step': '10s', 'timeUnit': '1m', 'preAllocatedVUs': 3, "
        "'spacing': 'poisson', 'whenBusy': 'queue'}}}"
    ).plan
    assert plan.scenarios[0].executor == RampingArrivalRate(
        stages=(Stage(20 * S, 60),),
        pre_allocated_vus=3,
        max_vus=3,
        start_rate=60,
        time_unit_ns=60 * S,
        spacing=Spacing.POISSON,
        when_busy=WhenBusy.QUEUE,
    )
    assert peak_rate(plan.scenarios) == PeakRate(Fraction(1), 0, ("a",))


def test_a_shape_is_scaled_like_a_ramp(load: Callable[..., ScenarioFile]) -> None:
    file = load(FILE.replace("BODY", "return 10"))
    plan = build_plan(file, Overrides(duration_scale=0.5, vus_scale=2.0)).plan
    assert plan.scenarios[0].executor == RampingVUs(20, (Stage(5 * S, 20),), step_ns=S // 2)


BODIES = {
    "raises": (
        "return 1 if elapsed_s < 3 else 1 / 0",
        "`scenarios.wave.shape` raised ZeroDivisionError: division by zero at 3s",
    ),
    "exits": ("raise SystemExit(0)", "`scenarios.wave.shape` raised SystemExit: 0 at 0s"),
    "negative": ("return -1", "returned -1 at 0s: it must return a whole number of users"),
    "fraction": ("return 1.5", "or None to stop: round() makes one"),
    "whole fraction": ("return 2.0", "or None to stop: round() makes one"),
    "truth": ("return True", "returned True at 0s"),
    "text": ("return 'ten'", "returned 'ten' at 0s"),
    "list": ("return [1]", "returned a list at 0s"),
    "nan": ("return float('nan')", "returned nan at 0s"),
    "nothing": ("pass", "`scenarios.wave.shape` stops before it begins: it returned None at 0s"),
}


@pytest.mark.parametrize("what", BODIES)
def test_what_is_wrong_with_a_shape_is_said_with_its_line(
    load: Callable[..., ScenarioFile], what: str
) -> None:
    body, sentence = BODIES[what]
    with pytest.raises(ScenarioError) as refusal:
        build_plan(load(FILE.replace("BODY", body)))
    assert sentence in str(refusal.value)
    line = 12 if what in ("raises", "exits") else 11
    assert f"api.py:{line}: " in str(refusal.value)
    assert refusal.value.exit_code is ExitCode.USAGE


WRITTEN = {
    "no such name": ("'wvae'", "there is no function `wvae`: did you mean 'wave'?"),
    "no name like it": ("'zzz'", "there is no function `zzz`: write `def zzz(elapsed_s)`"),
    "a number": ("7", "must be a function of the elapsed seconds, or its name, not 7"),
    "no argument": ("lambda: 1", "must take one argument, the elapsed seconds: too many"),
    "async": ("default", "write `def`, not `async def`"),
    "no users": ("lambda t: 0", "`scenarios.wave` never has a user: its `shape` must return a"),
}


@pytest.mark.parametrize("what", WRITTEN)
def test_what_is_no_shape_is_refused(load: Callable[..., ScenarioFile], what: str) -> None:
    value, sentence = WRITTEN[what]
    text = FILE.replace("BODY", "return 1")
    text = "    async def default(vu): ...\n" + text.replace('"wave",\n', f"{value},\n", 1)
    with pytest.raises(ScenarioError) as refusal:
        build_plan(load(text))
    assert sentence in str(refusal.value)


def test_a_longest_time_is_required(load: Callable[..., ScenarioFile]) -> None:
    text = FILE.replace("BODY", "return 1").replace('"maxDuration": "10s",', "")
    with pytest.raises(ScenarioError, match=r"`scenarios\.wave` has no `maxDuration`"):
        build_plan(load(text))


@pytest.mark.parametrize("wrong", [-0.5, float("inf"), float("nan"), 2e9, True, "1"])
def test_what_is_no_rate_is_refused(wrong: object) -> None:
    with pytest.raises(OptionProblem, match="it must return a rate from 0"):
        rate(lambda t: wrong, seconds=2)


def test_a_rate_that_never_comes_to_an_arrival_is_refused(build: Callable[..., BuiltPlan]) -> None:
    with pytest.raises(ScenarioError, match="is less than one iteration"):
        build(
            "{'scenarios': {'a': {'executor': 'shaped-arrival-rate', 'shape': lambda t: 0.01, "
            "'maxDuration': '2s', 'preAllocatedVUs': 3}}}"
        )


def test_a_plan_has_a_bound() -> None:
    users(lambda t: 1, seconds=MOST_SAMPLES)
    with pytest.raises(OptionProblem, match="make `step` longer or `maxDuration` shorter"):
        users(lambda t: 1, seconds=MOST_SAMPLES + 2)
