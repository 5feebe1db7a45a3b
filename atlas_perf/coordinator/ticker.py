"""Once a second, aligned to an instant: time to look at the run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from atlas_perf.clock import now_ns
from atlas_perf.units import NS_PER_MS, NS_PER_S
from atlas_perf.worker.deadlines import sleep_until

BATCHES_ARE_IN_NS = 250 * NS_PER_MS
"""A look this long after a second's end finds the batches of that second merged."""


class Ticker:
    """Calls back every second until it is stopped; can be aligned anew at any time."""

    def __init__(self, on_tick: Callable[[], None]) -> None:
        self._on_tick = on_tick
        self._task: asyncio.Task[None] | None = None

    def align(self, to_ns: int) -> None:
        """Tick a moment after each whole second since `to_ns`."""
        self.stop()
        self._task = asyncio.create_task(self._tick_from(to_ns + BATCHES_ARE_IN_NS))

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _tick_from(self, origin_ns: int) -> None:
        while True:
            passed = max(0, now_ns() - origin_ns) // NS_PER_S
            await sleep_until(origin_ns + (passed + 1) * NS_PER_S)
            self._on_tick()
