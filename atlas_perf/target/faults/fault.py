"""What every fault has: when it is on, what it strikes, how often it did."""

from __future__ import annotations

import random
from dataclasses import dataclass

from atlas_perf.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class Window:
    """When a fault is on, counted from the moment that it was ordered."""

    after_s: float = 0.0
    for_s: float | None = None  # None: until it is taken away

    def holds(self, elapsed_s: float) -> bool:
        if elapsed_s < self.after_s:
            return False
        return self.for_s is None or elapsed_s < self.after_s + self.for_s


@dataclass(frozen=True, slots=True)
class Aim:
    """What all kinds of faults have in common; `text` is the fault as ordered."""

    text: str
    operations: frozenset[str]
    share: float = 1.0
    window: Window = Window()


class Fault:
    """One ordered fault and its count.

    Every operation draws from a stream of its own: the n-th request of one is struck or not
    whatever the others ask for, and again so with the same seed.
    """

    def __init__(self, aim: Aim) -> None:
        self.aim = aim
        self.chances = 0
        self.struck = 0
        self._began_ns = 0
        self._seed = 0
        self._random: dict[str, random.Random] = {}

    def begin(self, seed: int, now_ns: int) -> None:
        """As if ordered now: counts, streams and window start anew."""
        self.chances = self.struck = 0
        self._seed = seed
        self._began_ns = now_ns
        self._random.clear()

    def elapsed_s(self, now_ns: int) -> float:
        """Since it was ordered."""
        return (now_ns - self._began_ns) / NS_PER_S

    def on(self, now_ns: int) -> bool:
        return self.aim.window.holds(self.elapsed_s(now_ns))

    def strikes(self, operation: str, now_ns: int) -> bool:
        """Whether it strikes this request, message or lifecycle; counted if so."""
        if not self.on(now_ns):
            return False
        self.chances += 1
        if self.aim.share < 1 and self.random_of(operation).random() >= self.aim.share:
            return False
        self.struck += 1
        return True

    def random_of(self, operation: str) -> random.Random:
        """The stream of one operation."""
        source = self._random.get(operation)
        if source is None:
            source = random.Random(f"fault:{self.aim.text}:{operation}:{self._seed}")
            self._random[operation] = source
        return source

    def plain(self, now_ns: int) -> dict[str, object]:
        """How it stands, for the control endpoint."""
        return {
            "fault": self.aim.text,
            "on": self.on(now_ns),
            "chances": self.chances,
            "struck": self.struck,
        }
