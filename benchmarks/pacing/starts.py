"""`python -m benchmarks.pacing.starts RATE SECONDS alarm|loop`: start errors within one process.

The arrival-rate executor as a worker runs it, over iterations that await nothing: what is left is
the schedule, the timer, the event loop and a task for each iteration. `loop` paces it by the event
loop's own timers instead of the alarm. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from atlas_perf import loop
from atlas_perf.clock import now_ns
from atlas_perf.model.plan import ConstantArrivalRate, ScenarioPlan
from atlas_perf.units import NS_PER_MS, NS_PER_S
from atlas_perf.worker.alarm import Alarm
from atlas_perf.worker.deadlines import delay_s
from atlas_perf.worker.executors.choose import executor_for

USERS = 1000
CLUMP_NS = 5_000
"""Starts closer to each other than this came in one go."""


@dataclass(frozen=True, slots=True)
class Starts:
    """Microseconds; `clumped` is the share of starts that came on the heels of another."""

    count: int
    planned: int
    dropped: int
    early: int
    p50_us: float
    p99_us: float
    max_us: float
    clumped: float
    cpu_us: float


class LoopTimer:
    """The alarm's place taken by `loop.call_later`."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def set(self, deadline_ns: int) -> None:
        self.close()
        delay = delay_s(deadline_ns)
        self._timer = asyncio.get_running_loop().call_later(delay, self._ring)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class KeptStarts:
    """Stands in for the iteration runner, and keeps how late each start was."""

    def __init__(self) -> None:
        self.lags_ns: list[int] = []
        self.at_ns: list[int] = []
        self.dropped = 0

    def arrived(self, _user: Any, lag_ns: int, _waited_ns: int, at_ns: int) -> None:
        self.lags_ns.append(lag_ns)
        self.at_ns.append(at_ns)

    async def run(self, _user: Any) -> bool:
        return True

    async def rest(self, _began_ns: int) -> None:
        return None

    def schedule(self, iterations: int) -> None:
        self.planned = iterations

    def withdraw(self, _iterations: int) -> None:
        return None

    def drop(self, iterations: int, _due_ns: int | None = None) -> None:
        self.dropped += iterations

    def never_begun(self, _ages_ns: Sequence[int], _at_ns: int) -> None:
        return None

    def repeat_until(self, _end_ns: int) -> None:
        return None


class NoUser:
    """Stands in for a virtual user, of whom nothing is asked but to end."""

    def cut_off(self, _at_ns: int) -> None:
        return None


def measure(rate: int, seconds: int, *, by_loop: bool) -> Starts:
    """Offer a constant rate for so long."""
    kept = KeptStarts()
    plan = ScenarioPlan("starts", ConstantArrivalRate(rate, seconds * NS_PER_S, USERS, USERS))

    async def offer() -> float:
        executor = executor_for(
            plan,
            [NoUser()] * USERS,  # type: ignore[list-item]
            kept,
            worker=0,
            workers=1,
            alarm=LoopTimer if by_loop else Alarm,
        )
        t0_ns = now_ns() + 50 * NS_PER_MS
        began_s = time.process_time()
        await executor.run(t0_ns)
        return time.process_time() - began_s

    cpu_s = loop.run(offer())
    lags = sorted(kept.lags_ns)
    at = sorted(kept.at_ns)
    close = sum(after - before < CLUMP_NS for before, after in pairwise(at))
    return Starts(
        count=len(lags),
        planned=kept.planned,
        dropped=kept.dropped,
        early=sum(lag < 0 for lag in lags),
        p50_us=lags[len(lags) // 2] / 1000,
        p99_us=lags[len(lags) * 99 // 100] / 1000,
        max_us=lags[-1] / 1000,
        clumped=close / len(lags),
        cpu_us=cpu_s * 1e6 / len(lags),
    )


if __name__ == "__main__":
    rate_text, seconds_text, timer = sys.argv[1:]
    found = measure(int(rate_text), int(seconds_text), by_loop=timer == "loop")
    json.dump(asdict(found), sys.stdout)
