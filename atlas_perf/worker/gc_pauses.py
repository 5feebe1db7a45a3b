"""Garbage collections stop every user of a worker at once: each one is timed."""

from __future__ import annotations

import gc
from collections.abc import Mapping

from atlas_perf.clock import now_ns
from atlas_perf.worker.deadlines import Clock

OLDEST_GENERATION = 2


class GcPauses:
    """Times every collection of this process between `start` and `stop`."""

    def __init__(self, clock: Clock = now_ns) -> None:
        self._clock = clock
        self._began_ns = 0
        self._longest_ns = 0
        self._sum_ns = 0
        self._full = 0
        self.total_ns = 0
        """All pauses since the start, whatever was taken meanwhile."""

    def start(self) -> None:
        gc.callbacks.append(self._on_collection)

    def stop(self) -> None:
        if self._on_collection in gc.callbacks:
            gc.callbacks.remove(self._on_collection)

    def take(self) -> tuple[int, int, int]:
        """Since this was last asked: the longest pause and the sum of all in nanoseconds, and the
        number of collections of the oldest generation."""
        taken = self._longest_ns, self._sum_ns, self._full
        self._longest_ns = self._sum_ns = self._full = 0
        return taken

    def _on_collection(self, phase: str, info: Mapping[str, int]) -> None:
        if phase == "start":
            self._began_ns = self._clock()
            return
        pause_ns = self._clock() - self._began_ns
        self._longest_ns = max(self._longest_ns, pause_ns)
        self._sum_ns += pause_ns
        self.total_ns += pause_ns
        self._full += info["generation"] == OLDEST_GENERATION
