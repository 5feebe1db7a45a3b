"""What the load generator said about itself, as tables."""

from __future__ import annotations

from atlas_perf.model.summary import StallSummary, Summary, WorkerSummary
from atlas_perf.report.html.cells import ABSENT, Cell, count, milliseconds, number, percent
from atlas_perf.report.html.tables import Column, Row, Table, limited
from atlas_perf.units import format_bytes, format_quantity

MOST_ROWS = 100

_WORKERS = (
    Column("Worker", "worker", is_text=True),
    Column("Loop lag, max", "loop_lag"),
    Column("Late by itself", "own_lag"),
    Column("Loop CPU", "loop_cpu"),
    Column("CPU", "worker_cpu"),
    Column("Waited for CPU", "cpu_wait"),
    Column("Held by limit", "throttled"),
    Column("GC pause, max", "gc_pause"),
    Column("Memory", "memory"),
    Column("Open files", "open_files"),
    Column("Missing seconds", "missing"),
)
_STALLS = (
    Column("Worker", "worker"),
    Column("Where", "stall_longest", is_text=True),
    Column("Cause", "stall_longest", is_text=True),
    Column("Times", "stall_count"),
    Column("Longest", "stall_longest"),
)
_FLOORS = (
    Column("Rate", "floor"),
    Column("Service p50", "floor"),
    Column("Service p95", "floor"),
    Column("Service p99", "floor"),
    Column("Response p99", "floor"),
    Column("Lag p99", "floor"),
)


def worker_table(summary: Summary) -> Table | None:
    """One row for each worker."""
    rows = [_worker(one) for one in summary.workers]
    return limited("workers-table", "Workers", _WORKERS, rows, MOST_ROWS) if rows else None


def stall_table(summary: Summary) -> Table | None:
    """Where event loops stood still, the longest first; None if they did not."""
    found = [(worker.index, stall) for worker in summary.workers for stall in worker.stalls]
    if not found:
        return None
    found.sort(key=lambda one: -one[1].longest_ms)
    rows = [_stall(index, stall) for index, stall in found]
    return limited("stalls-table", "Standstills of 100 ms or more", _STALLS, rows, MOST_ROWS)


def floor_table(summary: Summary) -> Table | None:
    """What the generator can do by itself; None without a calibration."""
    if summary.calibration is None:
        return None
    rows = [
        Row(
            (
                number(format_quantity(one.rate_per_s, "per_s"), one.rate_per_s),
                milliseconds(one.service_p50_ms),
                milliseconds(one.service_p95_ms),
                milliseconds(one.service_p99_ms),
                milliseconds(one.response_p99_ms),
                milliseconds(one.lag_p99_ms),
            )
        )
        for one in summary.calibration.floors
    ]
    highest = format_quantity(summary.calibration.max_per_s, "per_s")
    caption = f"Calibration: against a server that takes no time; at most {highest}"
    return limited("floors-table", caption, _FLOORS, rows, MOST_ROWS)


def _worker(one: WorkerSummary) -> Row:
    missing = len(one.missing_intervals)
    return Row(
        (
            Cell(str(one.index), str(one.index), "bad" if one.lost else ""),
            milliseconds(one.loop_lag_max_ms),
            percent(one.own_lag_share),
            percent(one.loop_cpu_share),
            percent(one.cpu_share),
            percent(one.cpu_wait_share),
            percent(one.throttled_share),
            milliseconds(one.gc_pause_max_ms),
            number(format_bytes(one.peak_rss_bytes), one.peak_rss_bytes),
            count(one.peak_open_files),
            count(missing, "bad" if missing else ""),
        ),
        f"lost: {one.lost}" if one.lost else "",
    )


def _stall(worker: int, one: StallSummary) -> Row:
    place = f"{one.file}:{one.line}" if one.file else ABSENT
    return Row(
        (
            Cell(str(worker), str(worker)),
            Cell(place),
            Cell(one.cause.value.replace("_", " ")),
            count(one.count),
            milliseconds(one.longest_ms),
        ),
        one.code,
    )
