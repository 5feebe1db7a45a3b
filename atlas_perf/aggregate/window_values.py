"""One window of the run in the numbers that reports show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from atlas_perf.aggregate.series_index import SeriesIndex
from atlas_perf.aggregate.series_table import SeriesTable
from atlas_perf.model.batch import WorkerHealth
from atlas_perf.model.series import Selector
from atlas_perf.model.summary import Window
from atlas_perf.units import NS_PER_MS, NS_PER_S

_VUS = Selector("vus")
_REQUESTS = Selector("http_reqs")
_REQUESTS_FAILED = Selector("http_req_failed")
_ITERATIONS = Selector("iterations")
_ITERATIONS_DROPPED = Selector("dropped_iterations")
_CHECKS = Selector("checks")
_BYTES_RECEIVED = Selector("data_received")
_BYTES_SENT = Selector("data_sent")
_DURATION = Selector("http_req_duration")  # of successes; see `Selector.effective_tags`


@dataclass(slots=True)
class Pulse:
    """Health of all workers together in one window, whatever number of seconds it has."""

    loop_lag_max_ns: int = 0
    cpu_ns: int = 0
    loop_cpu_share_max: float = 0.0
    cpu_wait_share_max: float = 0.0
    told_ns: int = 0  # time that the workers' testimonies cover
    steal_ns: int = 0  # in that time: each worker tells the machine's
    gc_pause_max_ns: int = 0
    gc_full_collections: int = 0
    open_files: dict[int, int] = field(default_factory=dict)  # by worker, at most

    def add(self, worker: int, health: WorkerHealth) -> None:
        """One worker's testimony of a second."""
        length_ns = health.length_ns or NS_PER_S
        self.merge(
            Pulse(
                loop_lag_max_ns=health.loop_lag_max_ns,
                cpu_ns=health.cpu_ns,
                loop_cpu_share_max=health.loop_cpu_ns / length_ns,
                cpu_wait_share_max=health.cpu_wait_ns / length_ns,
                told_ns=length_ns,
                steal_ns=health.steal_ns,
                gc_pause_max_ns=health.gc_pause_max_ns,
                gc_full_collections=health.gc_full_collections,
                open_files={worker: health.open_files},
            )
        )

    def merge(self, other: Pulse) -> None:
        self.loop_lag_max_ns = max(self.loop_lag_max_ns, other.loop_lag_max_ns)
        self.cpu_ns += other.cpu_ns
        self.loop_cpu_share_max = max(self.loop_cpu_share_max, other.loop_cpu_share_max)
        self.cpu_wait_share_max = max(self.cpu_wait_share_max, other.cpu_wait_share_max)
        self.told_ns += other.told_ns
        self.steal_ns += other.steal_ns
        self.gc_pause_max_ns = max(self.gc_pause_max_ns, other.gc_pause_max_ns)
        self.gc_full_collections += other.gc_full_collections
        for worker, files in other.open_files.items():
            self.open_files[worker] = max(self.open_files.get(worker, 0), files)


class WindowValues:
    """Reads windows out of the series table."""

    def __init__(self, table: SeriesTable, index: SeriesIndex) -> None:
        self._table = table
        self._index = index

    def window(
        self, second: int, length_s: int, pulse: Pulse, last_windows: Sequence[int]
    ) -> Window:
        """The window that begins with `second`; see `SeriesTable.level` for `last_windows`."""
        _, failed = self._tally(_REQUESTS_FAILED, second)
        checks, checks_passed = self._tally(_CHECKS, second)
        p50_ms, p95_ms, p99_ms = self._latencies_ms(second)
        return Window(
            second=second,
            length_s=length_s,
            vus=self._table.level(self._index.rows(_VUS), second, last_windows),
            requests=self._counted(_REQUESTS, second),
            failed_requests=round(failed),
            iterations=self._counted(_ITERATIONS, second),
            dropped_iterations=self._counted(_ITERATIONS_DROPPED, second),
            checks_failed=checks - round(checks_passed),
            bytes_received=self._tally(_BYTES_RECEIVED, second)[1],
            bytes_sent=self._tally(_BYTES_SENT, second)[1],
            p50_ms=p50_ms,
            p95_ms=p95_ms,
            p99_ms=p99_ms,
            loop_lag_max_ms=pulse.loop_lag_max_ns / NS_PER_MS,
            cpu_cores=pulse.cpu_ns / (length_s * NS_PER_S),
            loop_cpu_share_max=pulse.loop_cpu_share_max,
            cpu_wait_share_max=pulse.cpu_wait_share_max,
            steal_cores=pulse.steal_ns / pulse.told_ns,
            gc_pause_max_ms=pulse.gc_pause_max_ns / NS_PER_MS,
            gc_full_collections=pulse.gc_full_collections,
            open_files=sum(pulse.open_files.values()),
        )

    def _tally(self, selector: Selector, second: int) -> tuple[int, float]:
        return self._table.window_tally(self._index.rows(selector), second)

    def _counted(self, selector: Selector, second: int) -> int:
        return round(self._tally(selector, second)[1])

    def _latencies_ms(self, second: int) -> tuple[float | None, float | None, float | None]:
        sketch = self._table.window_sketch(self._index.rows(_DURATION), second)
        if sketch is None:
            return None, None, None
        return (
            sketch.quantile(0.50) / NS_PER_MS,
            sketch.quantile(0.95) / NS_PER_MS,
            sketch.quantile(0.99) / NS_PER_MS,
        )
