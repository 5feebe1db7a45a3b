"""What one worker said about itself over all its batches."""

from __future__ import annotations

from collections.abc import Mapping

from atlas_perf.aggregate.pulse import WorkerPulse
from atlas_perf.model.batch import Stall, WorkerHealth
from atlas_perf.model.summary import StallSummary, WorkerSeconds, WorkerSummary
from atlas_perf.units import NS_PER_MS

SATURATED_CPU_SHARE = 0.95
"""A thread this busy over a second has work waiting for it: the rest is the kernel's rounding."""


class WorkerTestimony:
    """Sums and maxima of a worker's health, in any order of its batches."""

    def __init__(self) -> None:
        self.stalls: tuple[Stall, ...] = ()
        self._batches = 0
        self._length_ns = 0
        self._cpu_ns = 0
        self._loop_cpu_ns = 0
        self._saturated_ns = 0
        self._cpu_wait_ns = 0
        self._loop_lag_max_ns = 0
        self._own_lag_ns = 0
        self._own_lags = 0
        self._own_lag_batches = 0
        self._gc_pause_max_ns = 0
        self._gc_pause_ns = 0
        self._gc_full_collections = 0
        self._peak_rss_bytes = 0
        self._peak_open_files = 0
        self._throttled_ns = 0
        self._throttled_batches = 0
        self._refused_samples = 0
        self._overflowed_samples = 0

    def add(self, health: WorkerHealth) -> None:
        """One batch's."""
        self._batches += 1
        self._length_ns += health.length_ns
        self._cpu_ns += health.cpu_ns
        self._loop_cpu_ns += health.loop_cpu_ns
        if 0 < SATURATED_CPU_SHARE * health.length_ns <= health.loop_cpu_ns:
            self._saturated_ns += health.length_ns
        self._cpu_wait_ns += health.cpu_wait_ns
        self._loop_lag_max_ns = max(self._loop_lag_max_ns, health.loop_lag_max_ns)
        self._own_lag_ns += health.own_lag_ns
        self._own_lags += health.own_lags
        self._own_lag_batches += health.own_lags > 0
        self._gc_pause_max_ns = max(self._gc_pause_max_ns, health.gc_pause_max_ns)
        self._gc_pause_ns += health.gc_pause_ns
        self._gc_full_collections += health.gc_full_collections
        self._peak_rss_bytes = max(self._peak_rss_bytes, health.rss_bytes)
        self._peak_open_files = max(self._peak_open_files, health.open_files)
        self._throttled_ns += health.throttled_ns
        self._throttled_batches += health.throttled_ns > 0
        self._refused_samples += health.refused_samples
        self._overflowed_samples += health.overflowed_samples

    def summary(
        self,
        *,
        index: int,
        missing_intervals: tuple[int, ...],
        lost: str | None,
        measured_ns: int,
        pulses: Mapping[int, WorkerPulse],
    ) -> WorkerSummary:
        """Everything in the units people read.

        Args:
            measured_ns: the worker's part of the run.
            pulses: its health by window, in order.
        """
        return WorkerSummary(
            index=index,
            batches=self._batches,
            missing_intervals=missing_intervals,
            lost=lost,
            cpu_share=_share(self._cpu_ns, measured_ns),
            loop_lag_max_ms=self._loop_lag_max_ns / NS_PER_MS,
            peak_rss_bytes=self._peak_rss_bytes,
            refused_samples=self._refused_samples,
            overflowed_samples=self._overflowed_samples,
            loop_cpu_share=_share(self._loop_cpu_ns, self._length_ns),
            saturated_share=_share(self._saturated_ns, self._length_ns),
            cpu_wait_share=_share(self._cpu_wait_ns, self._length_ns),
            own_lag_ms=self._own_lag_ns / NS_PER_MS,
            own_lags=self._own_lags,
            own_lag_share=_share(self._own_lag_ns, self._length_ns),
            own_lag_seconds=self._own_lag_batches,
            gc_pause_max_ms=self._gc_pause_max_ns / NS_PER_MS,
            gc_pause_ms=self._gc_pause_ns / NS_PER_MS,
            gc_full_collections=self._gc_full_collections,
            peak_open_files=self._peak_open_files,
            throttled_ms=self._throttled_ns / NS_PER_MS,
            throttled_share=_share(self._throttled_ns, self._length_ns),
            throttled_seconds=self._throttled_batches,
            stalls=tuple(_stall(stall) for stall in self.stalls),
            seconds=_seconds(pulses),
        )


def _share(part_ns: int, whole_ns: int) -> float:
    return part_ns / whole_ns if whole_ns > 0 else 0.0


def _seconds(pulses: Mapping[int, WorkerPulse]) -> WorkerSeconds:
    told = pulses.values()
    return WorkerSeconds(
        second=tuple(pulses),
        loop_lag_max_ms=tuple(round(one.loop_lag_max_ns / NS_PER_MS, 3) for one in told),
        cpu_share=tuple(round(one.share(one.cpu_ns), 4) for one in told),
        loop_cpu_share=tuple(round(one.share(one.loop_cpu_ns), 4) for one in told),
        cpu_wait_share=tuple(round(one.share(one.cpu_wait_ns), 4) for one in told),
        gc_pause_max_ms=tuple(round(one.gc_pause_max_ns / NS_PER_MS, 3) for one in told),
        gc_full_collections=tuple(one.gc_full_collections for one in told),
        open_files=tuple(one.open_files for one in told),
        throttled_share=tuple(round(one.share(one.throttled_ns), 4) for one in told),
    )


def _stall(stall: Stall) -> StallSummary:
    return StallSummary(
        cause=stall.cause,
        file=stall.file,
        line=stall.line,
        code=stall.code,
        count=stall.count,
        total_ms=stall.total_ns / NS_PER_MS,
        longest_ms=stall.longest_ns / NS_PER_MS,
        stack=stall.stack,
    )
