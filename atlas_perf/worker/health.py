"""What a worker can say of itself: how late its loop runs, what CPU and memory it uses."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from pathlib import Path

from atlas_perf.clock import now_ns
from atlas_perf.units import NS_PER_MS
from atlas_perf.worker.deadlines import Clock, delay_s

PROBE_PERIOD_NS = 20 * NS_PER_MS
_STATM = Path("/proc/self/statm")


class LoopLagProbe:
    """A timer that is due every 20 ms and remembers how late the loop called it at worst.

    Its deadlines are absolute, so a loop that stands still for two seconds shows two seconds,
    once, however many deadlines went by.
    """

    def __init__(self, clock: Clock = now_ns) -> None:
        self._clock = clock
        self._worst_ns = 0
        self._due_ns = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self, t0_ns: int) -> None:
        """Probe from `t0_ns` on; if that has passed already, the delay counts as lag."""
        self._due_ns = t0_ns
        self._arm()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def take_worst_ns(self) -> int:
        """The longest lag since this was last asked, the one that is going on included."""
        worst_ns = max(self._worst_ns, self._clock() - self._due_ns)
        self._worst_ns = 0
        return max(worst_ns, 0)

    def _probe(self) -> None:
        late_ns = self._clock() - self._due_ns
        if late_ns >= 0:  # a loop's timer may fire early; then it is simply not due yet
            self._worst_ns = max(self._worst_ns, late_ns)
            self._due_ns += (late_ns // PROBE_PERIOD_NS + 1) * PROBE_PERIOD_NS
        self._arm()

    def _arm(self) -> None:
        wait_s = delay_s(self._due_ns, self._clock)
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._probe)


class CpuMeter:
    """User and system time of this process between two readings."""

    def __init__(self) -> None:
        self._read_ns = time.process_time_ns()

    def take_ns(self) -> int:
        """CPU nanoseconds since this was last asked."""
        before_ns, self._read_ns = self._read_ns, time.process_time_ns()
        return self._read_ns - before_ns


def resident_bytes() -> int:
    """Memory of this process in RAM now; where the system does not tell, the most it ever had."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")
