"""`scenarios`: each one an executor with the keys that this executor knows, as in k6."""

from __future__ import annotations

import re
from collections.abc import Mapping

from atlas_perf.choices import alternatives, did_you_mean
from atlas_perf.loader.arrival_rates import (
    CONSTANT_ARRIVAL_RATE,
    RAMPING_ARRIVAL_RATE,
    SHARED,
    refuse_no_arrival,
    with_most_users,
)
from atlas_perf.loader.keyed import KeyTable, OptionKey
from atlas_perf.loader.problem import OptionPath, OptionProblem, expected, written
from atlas_perf.loader.readers import (
    TEXT,
    TEXT_TABLE,
    Reader,
    duration,
    read_dict,
    whole_number,
)
from atlas_perf.loader.shapes import SHAPE, Shaped, ShapedArrivalRate, ShapedVUs, planned_ramp
from atlas_perf.loader.stages import STAGES
from atlas_perf.model.plan import (
    EXECUTOR_NAMES,
    ArrivalRate,
    Executor,
    RampingVUs,
    ScenarioPlan,
    SharedIterations,
    executor_duration_ns,
    executor_max_vus,
)
from atlas_perf.units import format_planned

SCENARIO_NAME = re.compile(r"[0-9A-Za-z_-]+")
ONE_ABOVE_ZERO = "one target, or the start, must be above 0"
ONE_FROM_THE_SHAPE = "its `shape` must return a number above 0 at some time"
_TYPES: Mapping[str, type[Executor]] = {name: kind for kind, name in EXECUTOR_NAMES.items()}
SHAPED: Mapping[str, type[Shaped]] = {
    "shaped-vus": ShapedVUs,
    "shaped-arrival-rate": ShapedArrivalRate,
}
"""Executors that become a ramp when the plan is made."""

COMMON = (
    OptionKey("executor", TEXT, "required", "One of the executors below", required=True),
    OptionKey("exec", TEXT, "default", "The function that is one iteration", "exec"),
    OptionKey(
        "startTime",
        duration(zero=True),
        "0s",
        "When the scenario begins, from the run's start",
        "start_time_ns",
    ),
    OptionKey(
        "gracefulStop",
        duration(zero=True),
        "30s",
        "How long iterations may still take when the time is up",
        "graceful_stop_ns",
    ),
    OptionKey(
        "warmUp",
        duration(zero=True),
        "0s",
        "How much of its beginning is a warm-up, which does not count",
        "warm_up_ns",
    ),
    OptionKey("env", TEXT_TABLE, "{}", "Variables in `vu.env` of this scenario's users", "env"),
    OptionKey("tags", TEXT_TABLE, "{}", "Tags of this scenario's samples", "tags"),
)
_VUS = OptionKey("vus", whole_number(1), "1", "Virtual users", "vus")
_MAX_DURATION = OptionKey(
    "maxDuration",
    duration(zero=False),
    "10m",
    "When to stop, whatever is left of the iterations",
    "max_duration_ns",
)
_GRACEFUL_RAMP_DOWN = OptionKey(
    "gracefulRampDown",
    duration(zero=True),
    "30s",
    "How long an iteration may still take when its user is ramped down",
    "graceful_ramp_down_ns",
)
_SHAPE = (
    OptionKey("shape", SHAPE, "required", "How much load, by time", "shape", required=True),
    OptionKey(
        "maxDuration",
        duration(zero=False),
        "required",
        "When to stop, if the function does not",
        "max_duration_ns",
        required=True,
    ),
    OptionKey("step", duration(zero=False), "1s", "How often the function is asked", "step_ns"),
)
OWN: Mapping[str, tuple[OptionKey, ...]] = {
    "constant-vus": (
        _VUS,
        OptionKey(
            "duration",
            duration(zero=False),
            "required",
            "How long the users iterate",
            "duration_ns",
            required=True,
        ),
    ),
    "ramping-vus": (
        OptionKey(
            "startVUs", whole_number(0), "1", "Virtual users the ramp starts from", "start_vus"
        ),
        OptionKey("stages", STAGES, "required", "The ramp", "stages", required=True),
        _GRACEFUL_RAMP_DOWN,
    ),
    "shared-iterations": (
        _VUS,
        OptionKey(
            "iterations",
            whole_number(1),
            "1",
            "Over all users, at least one for each",
            "iterations",
        ),
        _MAX_DURATION,
    ),
    "per-vu-iterations": (
        _VUS,
        OptionKey("iterations", whole_number(1), "1", "For each user", "iterations"),
        _MAX_DURATION,
    ),
    "constant-arrival-rate": CONSTANT_ARRIVAL_RATE,
    "ramping-arrival-rate": RAMPING_ARRIVAL_RATE,
    "shaped-vus": (*_SHAPE, _GRACEFUL_RAMP_DOWN),
    "shaped-arrival-rate": (*_SHAPE, *SHARED),
}
TABLES: Mapping[str, KeyTable] = {name: KeyTable((*COMMON, *keys)) for name, keys in OWN.items()}
_COMMON_TABLE = KeyTable(COMMON)
_OWN_TABLES: Mapping[str, KeyTable] = {name: KeyTable(keys) for name, keys in OWN.items()}
_IMPLIED = {"vus": 1, "iterations": 1, "start_vus": 1}
"""k6's defaults of fields that the plan's executors require."""


def make_executor(kind: type[Executor], given: Mapping[str, object]) -> Executor:
    """An executor from its given fields, with k6's defaults for the rest."""
    implied = {name: value for name, value in _IMPLIED.items() if name in kind.__slots__}
    return kind(**{**implied, **given})  # type: ignore[arg-type]


def refuse_idle_users(iterations: int, vus: int, path: OptionPath) -> None:
    """Refuse to share fewer iterations than there are users, as k6 does."""
    if iterations < vus:
        message = (
            f"`{written(path)}` must be one at least for each of the {vus} virtual users, "
            f"not {iterations}"
        )
        raise OptionProblem(path, message)


def _read_scenarios(value: object, path: OptionPath) -> tuple[ScenarioPlan, ...]:
    scenarios = read_dict(value, path, SCENARIOS.expects)
    if not scenarios:
        raise expected(path, "a dict with at least one scenario", value)
    return tuple(
        _read_scenario(name, scenario, (*path, name)) for name, scenario in scenarios.items()
    )


def _read_scenario(name: str, value: object, path: OptionPath) -> ScenarioPlan:
    if SCENARIO_NAME.fullmatch(name) is None:
        message = f"{name!r} is not a scenario name: use letters, digits, `_` and `-`"
        raise OptionProblem(path, message)
    given = read_dict(value, path, "a dict with an `executor`")
    executor = _executor_name(given, path)
    _refuse_keys_of_others(given, executor, path)
    values = TABLES[executor].read(given, path)
    common = {key: item for key, item in values.items() if key in _COMMON_TABLE.keys}
    own = {key: item for key, item in values.items() if key not in common}
    fields = _OWN_TABLES[executor].fields(own)
    if "pre_allocated_vus" in fields:
        fields = with_most_users(fields, path)
    planned = (
        planned_ramp(SHAPED[executor](**fields), (*path, "shape"))
        if executor in SHAPED
        else make_executor(_TYPES[executor], fields)
    )
    _refuse_idle(planned, path, shaped=executor in SHAPED)
    scenario = ScenarioPlan(
        name=name,
        executor=planned,
        **_COMMON_TABLE.fields(common),
    )
    endless = endless_warm_up(scenario)
    if endless:
        raise OptionProblem((*path, "warmUp"), endless)
    return scenario


def endless_warm_up(scenario: ScenarioPlan) -> str:
    """Why nothing would be left of a scenario after its warm-up; empty if something is."""
    lasts_ns = executor_duration_ns(scenario.executor)
    if not 0 < scenario.warm_up_ns >= lasts_ns:
        return ""
    return (
        f"the warm-up of scenario {scenario.name!r}, {format_planned(scenario.warm_up_ns)}, leaves "
        f"nothing of the {format_planned(lasts_ns)} that it lasts: make it shorter"
    )


def _refuse_idle(planned: Executor, path: OptionPath, *, shaped: bool) -> None:
    if isinstance(planned, ArrivalRate):
        refuse_no_arrival(planned, path, "shape" if shaped else "stages")
    if isinstance(planned, RampingVUs) and executor_max_vus(planned) == 0:
        what = ONE_FROM_THE_SHAPE if shaped else ONE_ABOVE_ZERO
        raise OptionProblem(path, f"`{written(path)}` never has a user: {what}")
    if isinstance(planned, SharedIterations):
        refuse_idle_users(planned.iterations, planned.vus, (*path, "iterations"))


def _executor_name(given: Mapping[str, object], path: OptionPath) -> str:
    choices = f"use {alternatives(OWN)}"
    if "executor" not in given:
        raise OptionProblem(path, f"`{written(path)}` has no `executor`: {choices}")
    inside = (*path, "executor")
    name = TEXT.read(given["executor"], inside)
    if name not in OWN:
        hint = did_you_mean(name, OWN) or f": {choices}"
        raise OptionProblem(inside, f"there is no executor {name!r}{hint}")
    return name


def _refuse_keys_of_others(given: Mapping[str, object], executor: str, path: OptionPath) -> None:
    table = TABLES[executor]
    for spelling in given:
        owners = [name for name, own in _OWN_TABLES.items() if own.canonical(spelling)]
        if owners and table.canonical(spelling) is None:
            message = (
                f"`{written((*path, spelling))}` is an option of {alternatives(owners)}; "
                f"{executor} has {', '.join(_OWN_TABLES[executor].keys)}"
            )
            raise OptionProblem((*path, spelling), message)


SCENARIOS = Reader("a dict of name to scenario", _read_scenarios)
