"""Where a change and its interval lie beside nothing and the margin: a small line for a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from atlas_perf.model.comparison import RATE, ComparedMetric

WIDEST = 1.0
"""Changes beyond +100 % end at the edge: they would flatten all others."""

_ROOM = 1.1
_LEAST_MARGINS = 2.0


@dataclass(frozen=True, slots=True)
class Forest:
    """Places from 0 to 100 on a line whose middle is no change."""

    change: float
    low: float | None  # None: no interval can be given
    width: float
    margin: float


def forests(rows: Iterable[ComparedMetric]) -> dict[tuple[str, str], Forest]:
    """By selector and statistic; times share one scale, and shares another."""
    every = list(rows)
    found: dict[tuple[str, str], Forest] = {}
    for kind in (True, False):
        alike = [row for row in every if (row.statistic == RATE) is kind]
        half = _half(alike)
        for row in alike:
            if row.change is not None:
                found[row.selector, row.statistic] = _forest(row, half)
    return found


def _half(rows: list[ComparedMetric]) -> float:
    """Half of the line: the farthest end, and room for the margin."""
    ends = [
        abs(end)
        for row in rows
        for end in (row.change, row.lower, row.upper, row.margin * _LEAST_MARGINS)
        if end is not None
    ]
    return min(max(ends, default=WIDEST), WIDEST) * _ROOM


def _forest(row: ComparedMetric, half: float) -> Forest:
    def at(change: float) -> float:
        return round(50 + 50 * max(-1.0, min(1.0, change / half)), 2)

    low = width = None
    if row.lower is not None and row.upper is not None:
        low, width = at(row.lower), at(row.upper) - at(row.lower)
    return Forest(at(row.change or 0.0), low, round(max(width or 0.0, 0.6), 2), at(row.margin))
