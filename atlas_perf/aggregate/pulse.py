"""The workers' health in one window, whatever number of seconds it has."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.model.batch import WorkerHealth
from atlas_perf.units import NS_PER_S


@dataclass(slots=True)
class WorkerPulse:
    """One worker's health in one window: sums, and maxima where a sum would say nothing."""

    told_ns: int = 0  # time that its testimonies cover
    loop_lag_max_ns: int = 0
    cpu_ns: int = 0
    loop_cpu_ns: int = 0
    cpu_wait_ns: int = 0
    steal_ns: int = 0  # the machine's, which every worker tells
    gc_pause_max_ns: int = 0
    gc_full_collections: int = 0
    open_files: int = 0
    time_wait: int = 0  # the machine's as well
    throttled_ns: int = 0  # the control group's

    @classmethod
    def of(cls, health: WorkerHealth) -> WorkerPulse:
        return cls(
            told_ns=health.length_ns or NS_PER_S,
            loop_lag_max_ns=health.loop_lag_max_ns,
            cpu_ns=health.cpu_ns,
            loop_cpu_ns=health.loop_cpu_ns,
            cpu_wait_ns=health.cpu_wait_ns,
            steal_ns=health.steal_ns,
            gc_pause_max_ns=health.gc_pause_max_ns,
            gc_full_collections=health.gc_full_collections,
            open_files=health.open_files,
            time_wait=health.time_wait,
            throttled_ns=health.throttled_ns,
        )

    def merge(self, other: WorkerPulse) -> None:
        self.told_ns += other.told_ns
        self.loop_lag_max_ns = max(self.loop_lag_max_ns, other.loop_lag_max_ns)
        self.cpu_ns += other.cpu_ns
        self.loop_cpu_ns += other.loop_cpu_ns
        self.cpu_wait_ns += other.cpu_wait_ns
        self.steal_ns += other.steal_ns
        self.gc_pause_max_ns = max(self.gc_pause_max_ns, other.gc_pause_max_ns)
        self.gc_full_collections += other.gc_full_collections
        self.open_files = max(self.open_files, other.open_files)
        self.time_wait = max(self.time_wait, other.time_wait)
        self.throttled_ns += other.throttled_ns

    def share(self, part_ns: int) -> float:
        """A part of the time that was told of."""
        return part_ns / self.told_ns


class Pulse:
    """The health of every worker that told of a window."""

    __slots__ = ("by_worker",)

    def __init__(self) -> None:
        self.by_worker: dict[int, WorkerPulse] = {}

    def add(self, worker: int, health: WorkerHealth) -> None:
        """One worker's testimony of a second."""
        self._add(worker, WorkerPulse.of(health))

    def merge(self, other: Pulse) -> None:
        """Another window's, which becomes part of this one."""
        for worker, pulse in other.by_worker.items():
            self._add(worker, pulse)

    def _add(self, worker: int, pulse: WorkerPulse) -> None:
        known = self.by_worker.get(worker)
        if known is None:
            self.by_worker[worker] = pulse
        else:
            known.merge(pulse)
