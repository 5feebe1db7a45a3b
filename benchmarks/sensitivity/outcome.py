"""What a run said, as far as the matrix asks: its verdict, its criteria, what the faults struck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STATES = {"PASS": "passed", "FAIL": "failed", "NO_DATA": "no_data", "INVALID": "invalid"}
"""Of a baseline's verdict, in the words of thresholds."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One criterion after a run: what it asks, and what that came to.

    `state` is `passed`, `failed` or `no_data`; of a baseline in an INVALID run `invalid`.
    """

    asks: str
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
    """What `summary.json` holds.

    A threshold is called by its selector and expression, a baseline by its component and name.
    """
    criteria = {}
    for one in summary["thresholds"]:
        asks = f"{one['selector']} {one['expression']}"
        criteria[asks] = Judged(
            asks, one["state"], one["value"], one["unit"], default_gate=one["default_gate"]
        )
    for one in (summary.get("baselines") or {"rows": ()})["rows"]:
        criteria[f"{one['component']} {one['name']}"] = Judged(
            f"{one['selector']} {one['expression']}",
            STATES[one["verdict"]],
            one["value"],
            one["unit"],
            default_gate=False,
        )
    return Outcome(summary["verdict"], tuple(summary["reasons"]), criteria, struck)
