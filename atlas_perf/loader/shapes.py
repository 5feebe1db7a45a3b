"""Load shapes: a function of time says how much load there is, and becomes the stages of a ramp.

The function is called while the plan is made, once for each instant of a fixed grid, in the one
process that makes it. What it answered is the plan. So workers need not agree about its values, a
shape may keep state or draw at random, and whatever is wrong with it is said before any load.

Users hold their number from one instant to the next, as Locust's do from tick to tick. A rate goes
in a straight line from one to the next, and is kept to a thousandth of an arrival.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from numbers import Integral, Real
from typing import Any

from atlas_perf.choices import did_you_mean
from atlas_perf.loader.problem import OptionPath, OptionProblem, expected, written
from atlas_perf.loader.readers import Reader
from atlas_perf.model.plan import (
    DEFAULT_GRACEFUL_STOP_NS,
    RampingArrivalRate,
    RampingVUs,
    Spacing,
    Stage,
    WhenBusy,
)
from atlas_perf.units import NS_PER_S, format_planned

Shape = Callable[[float], object]

MOST_SAMPLES = 36_000
"""Every sample may be a stage of the plan, which goes to each worker and into each report."""

MOST_PER_UNIT = 1_000_000_000
"""No machine offers such a rate, and the wire's integers hold areas under it."""

_RATE_PARTS = 1000
_WHOLE = "a whole number of users, 0 or more, or None to stop"
_RATE = f"a rate from 0 to {MOST_PER_UNIT:,}, or None to stop"


@dataclass(frozen=True, slots=True)
class ShapedVUs:
    """`shaped-vus`: as many virtual users as the function says."""

    shape: Shape
    max_duration_ns: int
    step_ns: int = NS_PER_S
    graceful_ramp_down_ns: int = DEFAULT_GRACEFUL_STOP_NS


@dataclass(frozen=True, slots=True)
class ShapedArrivalRate:
    """`shaped-arrival-rate`: as many iterations due in each time unit as the function says."""

    shape: Shape
    max_duration_ns: int
    pre_allocated_vus: int
    max_vus: int
    step_ns: int = NS_PER_S
    time_unit_ns: int = NS_PER_S
    spacing: Spacing = Spacing.UNIFORM
    when_busy: WhenBusy = WhenBusy.DROP


Shaped = ShapedVUs | ShapedArrivalRate


def planned_ramp(shaped: Shaped, path: OptionPath) -> RampingVUs | RampingArrivalRate:
    """The ramp that a shape is.

    Args:
        path: of the shape among the options.

    Raises:
        OptionProblem: for what the function raised or returned, naming the second.
    """
    if isinstance(shaped, ShapedVUs):
        return _ramp_of_users(shaped, path)
    return _ramp_of_rate(shaped, path)


def _ramp_of_users(shaped: ShapedVUs, path: OptionPath) -> RampingVUs:
    numbers, end_ns = _samples(shaped, range(0, shaped.max_duration_ns, shaped.step_ns), path)
    users = [_whole(number, index, shaped, path) for index, number in enumerate(numbers)]
    stages: list[Stage] = []
    for held, run in groupby(enumerate(users), key=lambda sample: sample[1]):
        indexes = [index for index, _ in run]
        until_ns = min((indexes[-1] + 1) * shaped.step_ns, end_ns)
        if stages:
            stages.append(Stage(0, held))
        stages.append(Stage(until_ns - indexes[0] * shaped.step_ns, held))
    return RampingVUs(users[0], tuple(stages), shaped.graceful_ramp_down_ns, step_ns=shaped.step_ns)


def _ramp_of_rate(shaped: ShapedArrivalRate, path: OptionPath) -> RampingArrivalRate:
    instants = [*range(0, shaped.max_duration_ns, shaped.step_ns), shaped.max_duration_ns]
    numbers, end_ns = _samples(shaped, instants, path)
    rates = [
        _rate(number, instant, shaped.shape, path)
        for number, instant in zip(numbers, instants, strict=False)
    ]
    parts = 1 if all(rate == int(rate) for rate in rates) else _RATE_PARTS
    targets = [round(rate * parts) for rate in rates]
    offsets = [*instants[: len(targets)]]
    if offsets[-1] < end_ns:  # it stopped: until then the last rate holds
        offsets.append(end_ns)
        targets.append(targets[-1])
    return RampingArrivalRate(
        stages=_straightened(offsets, targets),
        pre_allocated_vus=shaped.pre_allocated_vus,
        max_vus=shaped.max_vus,
        start_rate=targets[0],
        time_unit_ns=shaped.time_unit_ns * parts,
        spacing=shaped.spacing,
        when_busy=shaped.when_busy,
    )


def _straightened(offsets: Sequence[int], targets: Sequence[int]) -> tuple[Stage, ...]:
    """Stages through these points, with those that lie on one line as one."""
    stages: list[Stage] = []
    begin = targets[0]  # where the newest stage begins
    for at, target in enumerate(targets[1:], 1):
        duration_ns = offsets[at] - offsets[at - 1]
        if stages:
            last = stages[-1]
            if (last.target - begin) * duration_ns == (target - last.target) * last.duration_ns:
                stages[-1] = Stage(last.duration_ns + duration_ns, target)
                continue
            begin = last.target
        stages.append(Stage(duration_ns, target))
    return tuple(stages)


def _samples(shaped: Shaped, instants: Sequence[int], path: OptionPath) -> tuple[list[object], int]:
    """What the shape answers at each instant before it stops, and when that is."""
    if len(instants) > MOST_SAMPLES + 1:
        raise OptionProblem(
            path,
            f"`{written(path)}` would be asked {len(instants):,} times, and at most "
            f"{MOST_SAMPLES:,} can be planned: make `step` longer or `maxDuration` shorter",
        )
    numbers: list[object] = []
    for instant_ns in instants:
        number = _answer(shaped.shape, instant_ns, path)
        if number is None:
            if not numbers:
                raise _about(shaped.shape, path, "stops before it begins: it returned None at 0s")
            return numbers, instant_ns
        numbers.append(number)
    return numbers, shaped.max_duration_ns


def _answer(shape: Shape, instant_ns: int, path: OptionPath) -> object:
    try:
        return shape(instant_ns / NS_PER_S)
    except (Exception, SystemExit) as error:
        told = " ".join(str(error).split())
        what = f"{type(error).__name__}: {told}" if told else type(error).__name__
        problem = _about(shape, path, f"raised {what} at {format_planned(instant_ns)}")
        problem.places = (*problem.places, *_frames(error))
        raise problem from None


def _whole(number: object, index: int, shaped: ShapedVUs, path: OptionPath) -> int:
    if isinstance(number, Integral) and not isinstance(number, bool) and int(number) >= 0:
        return int(number)
    fraction = isinstance(number, Real) and not isinstance(number, bool) and float(number) >= 0
    hint = ": round() makes one" if fraction else ""
    raise _wrong(shaped.shape, path, number, index * shaped.step_ns, f"{_WHOLE}{hint}")


def _rate(number: object, instant_ns: int, shape: Shape, path: OptionPath) -> float | int:
    if isinstance(number, Real) and not isinstance(number, bool):
        rate = int(number) if isinstance(number, Integral) else float(number)
        if 0 <= rate <= MOST_PER_UNIT:
            return rate
    raise _wrong(shape, path, number, instant_ns, _RATE)


def _wrong(
    shape: Shape, path: OptionPath, number: object, instant_ns: int, what: str
) -> OptionProblem:
    shown = repr(number) if isinstance(number, str | Real) else f"a {type(number).__name__}"
    return _about(
        shape, path, f"returned {shown[:60]} at {format_planned(instant_ns)}: it must return {what}"
    )


def _about(shape: Shape, path: OptionPath, what: str) -> OptionProblem:
    problem = OptionProblem(path, f"`{written(path)}` {what}")
    code = getattr(shape, "__code__", None)
    if code is not None:
        problem.places = ((code.co_filename, code.co_firstlineno),)
    return problem


def _frames(error: BaseException) -> Sequence[tuple[str, int]]:
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return frames


def _read_shape(value: object, path: OptionPath) -> Shape:
    if not callable(value):
        raise expected(path, SHAPE.expects, value)
    if inspect.iscoroutinefunction(value):
        message = f"`{written(path)}` is asked before any loop runs: write `def`, not `async def`"
        raise OptionProblem(path, message)
    try:
        inspect.signature(value).bind(0.0)
    except TypeError as error:
        message = f"`{written(path)}` must take one argument, the elapsed seconds: {error}"
        raise OptionProblem(path, message) from None
    except ValueError:  # a function of C that does not say what it takes
        pass
    return value


SHAPE = Reader("a function of the elapsed seconds, or its name", _read_shape)


def with_named_shapes(
    options: Mapping[str, object], names: Mapping[str, object]
) -> Mapping[str, object]:
    """The options with each shape that is given by name replaced by that function.

    Args:
        names: what the scenario file defines.

    Raises:
        OptionProblem: if it defines no such function.
    """
    scenarios = options.get("scenarios")
    if not isinstance(scenarios, Mapping):
        return options
    found = {
        name: _with_named_shape(scenario, names, ("scenarios", name))
        for name, scenario in scenarios.items()
    }
    return {**options, "scenarios": found}


def _with_named_shape(scenario: Any, names: Mapping[str, object], path: OptionPath) -> object:
    name = scenario.get("shape") if isinstance(scenario, Mapping) else None
    if not isinstance(name, str):
        return scenario
    functions = [key for key, value in names.items() if callable(value)]
    if name not in functions:
        hint = did_you_mean(name, functions) or ": write `def " + name + "(elapsed_s)`"
        raise OptionProblem((*path, "shape"), f"there is no function `{name}`{hint}")
    return {**scenario, "shape": names[name]}
