"""What a worker can say of itself: how late its loop runs, what CPU and memory it uses."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from atlas_perf.clock import now_ns
from atlas_perf.model.batch import Stall, WorkerHealth
from atlas_perf.units import NS_PER_S
from atlas_perf.worker.cpu_limit import CpuLimit
from atlas_perf.worker.deadlines import Clock
from atlas_perf.worker.gc_pauses import GcPauses
from atlas_perf.worker.loop_lag import Lag, LoopLagProbe
from atlas_perf.worker.loop_thread import LoopThread
from atlas_perf.worker.loop_watcher import LoopWatcher
from atlas_perf.worker.stall_log import Sighting, StallLog

_STATM = Path("/proc/self/statm")
_STAT = Path("/proc/stat")
_OPEN_FILES = Path("/proc/self/fd")
_SOCKETS = Path("/proc/net/sockstat")
_STEAL_FIELD = 8  # of the first line: cpu user nice system idle iowait irq softirq steal


@dataclass(frozen=True, slots=True)
class SampleLosses:
    """What the recorder gave up in an interval; see `WorkerHealth`."""

    dropped: int = 0
    refused: int = 0
    overflowed: int = 0


class HealthMeter:
    """Everything a worker measures about itself, from the start of the load to its last batch.

    Made and used on the thread of the event loop.
    """

    def __init__(
        self,
        scenario_file: str,
        *,
        clock: Clock = now_ns,
        under_way: Callable[[], int] = lambda: 0,
        on_standstill: Callable[[Sighting], None] = lambda _: None,
    ) -> None:
        """
        Args:
            scenario_file: stalls are told by its lines.
            under_way: how many requests are.
            on_standstill: told, on another thread, where the loop stands if it does not go on.
        """
        self._clock = clock
        self._thread = LoopThread()
        self._gc = GcPauses()
        self._stalls = StallLog()
        self._lag = LoopLagProbe(
            clock,
            thread=self._thread,
            gc_total_ns=lambda: self._gc.total_ns,
            under_way=under_way,
            on_stall=self._on_stall,
        )
        self._watcher = LoopWatcher(scenario_file, lambda: self._lag.due_ns, on_standstill)
        self._steal = Rise(stolen_ns)
        self._cpu = Rise(time.process_time_ns)
        self._loop_cpu = Rise(self._thread.cpu_ns)
        self._loop_wait = Rise(self._thread.waited_ns)
        self._elapsed = Rise(clock)
        self._cpu_limit = CpuLimit()
        self._rises = (self._steal, self._cpu, self._loop_cpu, self._loop_wait, self._elapsed)

    def start(self, t0_ns: int) -> None:
        """Measure from the run's start on, inside the running loop."""
        for rise in self._rises:
            rise.begin()
        self._cpu_limit.begin()
        self._gc.start()
        self._lag.start(t0_ns)
        self._watcher.start()

    def stop(self) -> None:
        """The load is over: what `take` gives afterwards ends here. Returns when nothing of it is
        running any more."""
        self._gc.stop()
        self._lag.stop()
        self._watcher.stop()
        self._thread.close()

    def take(self, losses: SampleLosses) -> WorkerHealth:
        """The testimony since this was last asked."""
        gc_max_ns, gc_ns, gc_full = self._gc.take()
        own_lag_ns, own_lags = self._lag.take_own()
        steal_ns = self._steal.take()
        if own_lag_ns <= steal_ns:  # it looks like the worker's own, and may be the hypervisor's
            own_lag_ns = own_lags = 0
        return WorkerHealth(
            loop_lag_max_ns=self._lag.take_worst_ns(),
            cpu_ns=self._cpu.take(),
            rss_bytes=resident_bytes(),
            dropped_samples=losses.dropped,
            refused_samples=losses.refused,
            overflowed_samples=losses.overflowed,
            length_ns=self._elapsed.take(),
            loop_cpu_ns=self._loop_cpu.take(),
            cpu_wait_ns=self._loop_wait.take(),
            steal_ns=steal_ns,
            own_lag_ns=own_lag_ns,
            own_lags=own_lags,
            gc_pause_max_ns=gc_max_ns,
            gc_pause_ns=gc_ns,
            gc_full_collections=gc_full,
            open_files=open_files(),
            time_wait=connections_in_time_wait(),
            throttled_ns=self._cpu_limit.take_ns(),
        )

    def stalls(self) -> tuple[Stall, ...]:
        """Every standstill so far by place."""
        return self._stalls.snapshot()

    def _on_stall(self, lag: Lag) -> None:
        self._stalls.record(lag, self._watcher.sighting_at(lag.due_ns))


class Rise:
    """What a reading that only rises has risen by between two looks at it."""

    def __init__(self, read: Callable[[], int]) -> None:
        self._read = read
        self._before: int | None = None

    def begin(self) -> None:
        """Count from now on."""
        self._before = self._read()

    def take(self) -> int:
        """Since this was last asked, or begun; never negative, and 0 before the beginning."""
        if self._before is None:
            return 0
        before, self._before = self._before, self._read()
        return max(0, self._before - before)


def stolen_ns(stat: Path = _STAT) -> int:
    """What the hypervisor has given to others of the time of all CPUs of this machine since it
    booted; 0 where the system does not tell."""
    try:
        with stat.open("rb") as lines:
            fields = lines.readline().split()
    except OSError:
        return 0
    if len(fields) <= _STEAL_FIELD:
        return 0
    return int(fields[_STEAL_FIELD]) * NS_PER_S // os.sysconf("SC_CLK_TCK")


def open_files(folder: Path = _OPEN_FILES) -> int:
    """Descriptors of this process: sockets, pipes and files; 0 where the system does not tell."""
    try:
        # Linux 6.2 and later tell the number itself; before that the folder must be read.
        return folder.stat().st_size or sum(1 for _ in folder.iterdir()) - 1
    except OSError:
        return 0


def connections_in_time_wait(sockets: Path = _SOCKETS) -> int:
    """TCP connections of this machine, or network namespace, that were closed here and keep their
    local port for a minute; 0 where the system does not tell."""
    try:
        with sockets.open("rb") as lines:
            words = next((line.split() for line in lines if line.startswith(b"TCP:")), [])
    except OSError:
        return 0
    return int(words[words.index(b"tw") + 1]) if b"tw" in words else 0


def resident_bytes() -> int:
    """Memory of this process in RAM now; where the system does not tell, the most it ever had."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")
