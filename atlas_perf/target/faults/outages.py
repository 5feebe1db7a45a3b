"""Faults of the whole target at once: it stands still, refuses connections, is gone for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from atlas_perf.target.faults.doors import Doors
from atlas_perf.target.faults.fault import Aim, Fault

MOST_STALL_S = 60.0


class Outage(Fault):
    """Happens by the clock: once, or `every` so often, for a time."""

    def __init__(self, aim: Aim, time_s: float, every_s: float | None) -> None:
        super().__init__(aim)
        self._time_s = time_s
        self._every_s = every_s

    async def run(self, now_ns: Callable[[], int], doors: Doors | None) -> None:
        """Until the last one is over, or the fault is taken away."""
        at_s = self.aim.window.after_s
        while True:
            await asyncio.sleep(max(0.0, at_s - self.elapsed_s(now_ns())))
            if not self.aim.window.holds(at_s):
                return
            self.chances += 1
            await self.happen(self._time_s, doors)
            if self._every_s is None:
                return
            at_s += self._every_s

    async def happen(self, time_s: float, doors: Doors | None, /) -> None:
        raise NotImplementedError


class Stall(Outage):
    """The process stands still, as in a long collection of garbage: nothing at all is served."""

    async def happen(self, time_s: float, _doors: Doors | None, /) -> None:
        self.struck += 1
        time.sleep(time_s)  # noqa: ASYNC251 - blocking the loop is what was ordered


class Refuse(Outage):
    """New connections are refused; those that are open go on, or are reset first."""

    def __init__(self, aim: Aim, time_s: float, every_s: float | None, *, drop: bool) -> None:
        super().__init__(aim, time_s, every_s)
        self._drop = drop

    async def happen(self, time_s: float, doors: Doors | None, /) -> None:
        if doors is None or doors.shut:  # another such fault has shut them, and will open them
            return
        self.struck += 1
        await doors.refuse(drop=self._drop)
        try:
            await asyncio.sleep(time_s)
        finally:
            await doors.accept()
