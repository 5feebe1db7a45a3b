"""A sketch of latencies as a few rows that a terminal can show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

ROWS = 10


class Binned(Protocol):
    """The part of a sketch that a histogram is made of; values in any unit."""

    @property
    def count(self) -> int: ...
    @property
    def min(self) -> float: ...
    @property
    def max(self) -> float: ...
    @property
    def zero_count(self) -> int: ...
    @property
    def relative_accuracy(self) -> float: ...
    def bins(self) -> Mapping[int, int]: ...


@dataclass(frozen=True, slots=True)
class HistogramRow:
    """How many values lie above the row before and up to `up_to`."""

    up_to: float
    count: int


def histogram(sketch: Binned, rows: int = ROWS) -> tuple[HistogramRow, ...]:
    """Rows that grow by a constant factor from the least value to the greatest.

    Latencies spread over orders of magnitude: rows of equal width would show one full row and a
    tail of empty ones. A value counts where the middle of its bin lies, so a row's edge is as
    exact as the sketch. Empty without a value.
    """
    if not sketch.count:
        return ()
    gamma = (1 + sketch.relative_accuracy) / (1 - sketch.relative_accuracy)
    # A narrow distribution has fewer rows: none may be finer than the bins it is made of.
    low = max(sketch.min, sketch.max / 1e9)
    finest = math.log(gamma) * 2
    rows = max(1, min(rows, math.floor(math.log(sketch.max / low) / finest))) if low > 0 else 1
    factor = (sketch.max / low) ** (1 / rows) if low > 0 else 1.0
    counts = [0] * rows
    counts[0] = sketch.zero_count
    for key, count in sketch.bins().items():
        middle = 2 * gamma**key / (1 + gamma)
        position = math.log(middle / low) / math.log(factor) if factor > 1 else 0.0
        counts[min(rows - 1, max(0, math.floor(position)))] += count
    return tuple(
        HistogramRow(sketch.max if row == rows - 1 else low * factor ** (row + 1), counts[row])
        for row in range(rows)
    )
