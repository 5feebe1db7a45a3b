"""One measured figure, and how a duration is measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Measurement:
    """A figure with its unit; `note` says what it is of, or what it is compared with."""

    name: str
    value: float
    unit: str
    note: str = ""


def best_ns(work: Callable[[], object], operations: int) -> float:
    """Nanoseconds per operation of `work`, which does `operations` of them at a call.

    The best of several rounds: whatever else the machine does can only add to it.
    """
    work()
    return min(_elapsed_ns(work) for _ in range(ROUNDS)) / operations


def _elapsed_ns(work: Callable[[], object]) -> int:
    began_ns = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - began_ns
