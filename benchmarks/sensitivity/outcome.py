"""What a run said, as far as the matrix asks: its verdict, its criteria, what the faults struck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Judged:
    """One criterion after a run. `state` is `passed`, `failed` or `no_data`."""

    state: str
    value: float | None
    unit: str
    default_gate: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run. `struck` says how often each fault did, as the target counted."""

    verdict: str
    reasons: tuple[str, ...]
    criteria: Mapping[str, Judged]
    struck: Mapping[str, int]

    @property
    def failed(self) -> set[str]:
        return {name for name, judged in self.criteria.items() if judged.state == "failed"}

    @property
    def without_data(self) -> set[str]:
        return {name for name, judged in self.criteria.items() if judged.state == "no_data"}


def outcome_of(summary: Mapping[str, Any], struck: Mapping[str, int]) -> Outcome:
    """What `summary.json` holds. A criterion is called by its selector and expression."""
    criteria = {
        f"{judged['selector']} {judged['expression']}": Judged(
            judged["state"], judged["value"], judged["unit"], judged["default_gate"]
        )
        for judged in summary["thresholds"]
    }
    return Outcome(summary["verdict"], tuple(summary["reasons"]), criteria, struck)
