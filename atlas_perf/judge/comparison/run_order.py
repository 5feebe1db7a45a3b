"""In which order the runs of base and candidate follow each other.

Within each pair a coin decides who is first (Abedi and Brecht, "Conducting Repeatable Experiments
in Highly Variable Cloud Computing Environments", 2017): what drifts over the session, and what the
first run of two leaves behind, then falls on both sides alike. The second of two pairs has the
other order, so that few pairs are no more uneven than they must be.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from random import Random


class Side(StrEnum):
    """Whose run it is."""

    BASE = "base"
    CANDIDATE = "candidate"


def run_order(seed: int) -> Iterator[tuple[Side, Side]]:
    """The two sides of each pair in the order in which they run, without end.

    More pairs with the same seed begin with the same ones.
    """
    coin = Random(f"run order/{seed}")
    while True:
        first, second = Side.BASE, Side.CANDIDATE
        if coin.random() < 0.5:
            first, second = second, first
        yield first, second
        yield second, first
