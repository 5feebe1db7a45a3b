"""A run from its plan to its summary."""

from __future__ import annotations

from atlas_perf.coordinator.interrupts import Interrupts
from atlas_perf.coordinator.run import run_plan

__all__ = ["Interrupts", "run_plan"]
