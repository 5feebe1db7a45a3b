"""The windows of a run as columns of one length, named as in `Window` and rid of empty ones.

Counts become rates per second, named `…_per_s`, so that windows of unequal length can be drawn on
one axis. Values keep six digits: more than a chart can show, less than a page can afford.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from atlas_perf.model.summary import Window

DIGITS = 6

_LEVELS = (
    "vus",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "response_p50_ms",
    "response_p95_ms",
    "response_p99_ms",
    "lag_p99_ms",
    "loop_lag_max_ms",
    "gc_pause_max_ms",
    "loop_cpu_share_max",
    "cpu_wait_share_max",
    "throttled_share_max",
    "steal_cores",
    "cpu_cores",
    "open_files",
    "time_wait",
    "ws_sessions_open",
    "ws_rtt_p50_ms",
    "ws_rtt_p95_ms",
    "ws_rtt_p99_ms",
)
_COUNTS = {
    "requests_per_s": "requests",
    "failed_requests_per_s": "failed_requests",
    "iterations_per_s": "iterations",
    "dropped_iterations_per_s": "dropped_iterations",
    "checks_failed_per_s": "checks_failed",
    "censored_requests_per_s": "censored_requests",
    "planned_arrivals_per_s": "planned_arrivals",
    "started_arrivals_per_s": "started_arrivals",
    "bytes_received_per_s": "bytes_received",
    "bytes_sent_per_s": "bytes_sent",
    "ws_sessions_failed_per_s": "ws_sessions_failed",
    "ws_msgs_sent_per_s": "ws_msgs_sent",
    "ws_msgs_received_per_s": "ws_msgs_received",
    "ws_msgs_lost_per_s": "ws_msgs_lost",
    "sse_events_per_s": "sse_events",
    "tasks_ended_per_s": "tasks_ended",
    "tasks_failed_per_s": "tasks_failed",
}
KEPT_EMPTY = frozenset({"second", "failed_requests_per_s", "loop_lag_max_ms"})
"""Columns that are there though all of it is zero: that is what one wants to see."""

_REQUESTS = "requests_per_s"
_INSTEAD_OF_REQUESTS = frozenset(
    {"ws_sessions_open", "ws_msgs_sent_per_s", "ws_msgs_received_per_s"}
)

Column = tuple[float | None, ...]


def columns_of(windows: Sequence[Window]) -> Mapping[str, Column]:
    """Every column with something in it; `second` is the begin of each window."""
    columns = every_column(windows)
    shown = names_shown(name for name, column in columns.items() if any(column))
    return {name: column for name, column in columns.items() if name in shown}


def names_shown(filled: Iterable[str]) -> frozenset[str]:
    """Which columns are worth showing, of a run in which these are not empty.

    That there were no requests is news, unless the run talked over WebSockets instead.
    """
    shown = KEPT_EMPTY.union(filled)
    return shown if shown & _INSTEAD_OF_REQUESTS else shown | {_REQUESTS}


def every_column(windows: Sequence[Window]) -> Mapping[str, Column]:
    """Every column, empty ones too: for a run that goes on, and may fill them yet."""
    columns: dict[str, Column] = {"second": tuple(window.second for window in windows)}
    for name in _LEVELS:
        columns[name] = tuple(rounded(getattr(window, name)) for window in windows)
    for name, counted in _COUNTS.items():
        columns[name] = tuple(
            rounded(getattr(window, counted) / window.length_s) for window in windows
        )
    return columns


def rounded(value: float | None) -> float | None:
    """Six digits; whole numbers without a point."""
    if value is None:
        return None
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 10**DIGITS else short
