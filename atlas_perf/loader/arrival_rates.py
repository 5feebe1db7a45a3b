"""The keys of the two arrival-rate executors, as in k6, and what of them must go together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atlas_perf.loader.keyed import OptionKey
from atlas_perf.loader.problem import OptionPath, OptionProblem, written
from atlas_perf.loader.readers import duration, member_of, whole_number
from atlas_perf.loader.stages import STAGES
from atlas_perf.model.plan import ArrivalRate, Spacing, WhenBusy, planned_arrivals

SHARED = (
    OptionKey(
        "timeUnit", duration(zero=False), "1s", "The time that rates are counted in", "time_unit_ns"
    ),
    OptionKey(
        "preAllocatedVUs",
        whole_number(0),
        "required",
        "Virtual users made before the load begins",
        "pre_allocated_vus",
        required=True,
    ),
    OptionKey(
        "maxVUs",
        whole_number(1),
        "`preAllocatedVUs`",
        "Virtual users there may be: more are made as arrivals find none free",
        "max_vus",
    ),
    OptionKey(
        "spacing",
        member_of(Spacing),
        "uniform",
        "Arrivals evenly spaced, or at random with `--seed`",
        "spacing",
    ),
    OptionKey(
        "whenBusy",
        member_of(WhenBusy),
        "drop",
        "What an arrival does that finds all `maxVUs` busy: it is dropped, or waits",
        "when_busy",
    ),
)

CONSTANT_ARRIVAL_RATE = (
    OptionKey(
        "rate",
        whole_number(1),
        "required",
        "Iterations due in each `timeUnit`",
        "rate",
        required=True,
    ),
    OptionKey(
        "duration",
        duration(zero=False),
        "required",
        "How long iterations are due for",
        "duration_ns",
        required=True,
    ),
    *SHARED,
)

RAMPING_ARRIVAL_RATE = (
    OptionKey("startRate", whole_number(0), "0", "Rate that the ramp starts from", "start_rate"),
    OptionKey(
        "stages",
        STAGES,
        "required",
        "The ramp; targets are iterations for each `timeUnit`",
        "stages",
        required=True,
    ),
    *SHARED,
)


def with_most_users(given: Mapping[str, Any], path: OptionPath) -> dict[str, Any]:
    """The fields of an arrival-rate executor, `max_vus` among them.

    Raises:
        OptionProblem: if there would be no user, or fewer than there are made.
    """
    made = given["pre_allocated_vus"]
    most = given.get("max_vus", made)
    if most == 0:
        message = f"`{written(path)}` never has a user: `maxVUs` must be 1 or more"
        raise OptionProblem(path, message)
    if most < made:
        inside = (*path, "maxVUs")
        raise OptionProblem(
            inside, f"`{written(inside)}` must be at least `preAllocatedVUs`, {made}, not {most}"
        )
    return {**given, "max_vus": most}


def refuse_no_arrival(executor: ArrivalRate, path: OptionPath, curve: str) -> None:
    """Refuse a ramp whose whole area is less than one iteration; `curve` is the key it is under."""
    if planned_arrivals(executor) == 0:
        higher = "return more" if curve == "shape" else "raise a target"
        message = f"`{written(path)}` is less than one iteration: {higher}, or take longer"
        raise OptionProblem((*path, curve), message)
