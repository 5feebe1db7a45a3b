"""Phases of a scenario's load: the part of it that an iteration belongs to, by when it began."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PHASE_TAG = "phase"
"""Tag of samples in a plan with more than one phase. No tag of a scenario's own replaces it."""


class LoadPhase(StrEnum):
    """In the order in which a scenario usually has them; `setup` and `teardown` are no load."""

    WARM_UP = "warm-up"  # what `warmUp` marks, whatever the load does meanwhile
    RAMP = "ramp"  # the plan changes its target, or holds none at all
    STEADY = "steady"  # the plan holds its target
    RAMP_DOWN = "ramp-down"  # nothing but falling is left


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """Iterations that begin from `begin_ns` to before `end_ns` are of this phase.

    Offsets count from the run's start.
    """

    phase: LoadPhase
    begin_ns: int
    end_ns: int
    is_limit: bool = False  # the end is a maxDuration: the iterations may be done before
