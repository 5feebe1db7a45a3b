"""Faults in the lives of runs and tasks: they fail, last longer, or never end."""

from __future__ import annotations

from atlas_perf.target.faults.amounts import Delay
from atlas_perf.target.faults.fault import Aim, Fault
from atlas_perf.target.lifecycle import Lifecycle, Status
from atlas_perf.units import NS_PER_S

NEVER_NS = 2**62
"""A century after any start of the clock."""


class LifeFault(Fault):
    """Changes a lifecycle that was just drawn."""

    def strike(self, life: Lifecycle, operation: str, /) -> None:
        raise NotImplementedError


class Fail(LifeFault):
    """It ends `failed`, when it would have ended anyway."""

    def strike(self, life: Lifecycle, _operation: str, /) -> None:
        life.outcome = Status.FAILED


class Longer(LifeFault):
    """It runs for so much longer."""

    def __init__(self, aim: Aim, delay: Delay) -> None:
        super().__init__(aim)
        self._delay = delay

    def strike(self, life: Lifecycle, operation: str, /) -> None:
        life.ended_ns += int(self._delay(self.random_of(operation)) * NS_PER_S)


class NeverEnd(LifeFault):
    """It runs and does not end by itself; a client may still end or cancel it."""

    def strike(self, life: Lifecycle, _operation: str, /) -> None:
        life.ended_ns = NEVER_NS
