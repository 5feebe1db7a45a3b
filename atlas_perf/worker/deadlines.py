"""Waiting for an instant of the run's clock, never for a span of time.

A loop's timers have a grain of a millisecond and can fire early, and a span that is slept again
and again drifts. A deadline does neither: what is left is measured anew after every waking.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from atlas_perf.clock import now_ns
from atlas_perf.units import NS_PER_MS

Clock = Callable[[], int]
"""Reads the run's clock: nanoseconds, monotonic."""


def delay_s(deadline_ns: int, clock: Clock = now_ns) -> float:
    """Seconds to ask a loop's timer for: what is left, rounded up to the timer's grain so that
    the last fraction of a millisecond is not spent waking again and again; 0 if it has passed."""
    left_ns = deadline_ns - clock()
    return -(-left_ns // NS_PER_MS) / 1000 if left_ns > 0 else 0.0


async def sleep_until(deadline_ns: int, clock: Clock = now_ns) -> None:
    """Return at the deadline or a moment after it, never before; other tasks run in any case."""
    while True:
        await asyncio.sleep(delay_s(deadline_ns, clock))
        if deadline_ns <= clock():
            return
