"""A summary made small enough to be kept in a repository.

What grows with the length of a run goes: the seconds of the run become a few windows, and each
worker's seconds, stacks, tracebacks and single requests are left out, and so is where the scenario
lay. Everything that was judged, counted or stated stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from atlas_perf.model.run_sketches import MOST_WINDOWS
from atlas_perf.model.summary import Summary, Window, WorkerSeconds, WorkerSummary

_OF_ALL_SAMPLES = frozenset(
    {
        *("p50_ms", "p95_ms", "p99_ms"),
        *("response_p50_ms", "response_p95_ms", "response_p99_ms", "lag_p99_ms"),
        *("ws_rtt_p50_ms", "ws_rtt_p95_ms", "ws_rtt_p99_ms"),
    }
)
"""Quantiles of seconds do not add up to one of a minute: they are unknown then."""

_MEANS = frozenset({"vus", "requests_per_s", "ws_sessions_open", "cpu_cores", "steal_cores"})
_LARGEST = frozenset(
    {
        *("loop_lag_max_ms", "loop_cpu_share_max", "cpu_wait_share_max", "throttled_share_max"),
        *("gc_pause_max_ms", "open_files", "time_wait"),
    }
)


def compact_summary(summary: Summary) -> Summary:
    """The same run, in a few tens of kB at the most."""
    folder = Path(summary.file).parent.as_posix() + "/" if Path(summary.file).is_absolute() else ""
    return replace(
        summary,
        file=Path(summary.file).name,
        plan=_beside(folder, summary.plan),
        requests=(),
        windows=_fewer(summary.windows),
        workers=tuple(_without_seconds(worker, folder) for worker in summary.workers),
        exceptions=tuple(
            replace(one, traceback="", file=_beside(folder, one.file)) for one in summary.exceptions
        ),
    )


def _beside(folder: str, plain: Any) -> Any:
    """Names as they are seen from the scenario's folder: where that was is nobody's business."""
    if isinstance(plain, str):
        return plain.removeprefix(folder)
    if isinstance(plain, Mapping):
        return {key: _beside(folder, value) for key, value in plain.items()}
    return [_beside(folder, one) for one in plain] if isinstance(plain, list | tuple) else plain


def _without_seconds(worker: WorkerSummary, folder: str) -> WorkerSummary:
    stalls = tuple(
        replace(stall, stack="", file=_beside(folder, stall.file)) for stall in worker.stalls
    )
    return replace(worker, seconds=WorkerSeconds(), stalls=stalls)


def _fewer(windows: Sequence[Window]) -> tuple[Window, ...]:
    number = min(MOST_WINDOWS, len(windows))
    edges = [round(len(windows) * one / number) for one in range(number + 1)] if number else []
    return tuple(merged_window(windows[low:high]) for low, high in pairwise(edges))


def merged_window(windows: Sequence[Window]) -> Window:
    """One window for several that follow one another; one alone stays what it is."""
    if len(windows) == 1:
        return windows[0]
    return Window(**{field.name: _merged(field.name, windows) for field in fields(Window)})


def _merged(name: str, windows: Sequence[Window]) -> Any:
    values = [getattr(window, name) for window in windows]
    if name in _OF_ALL_SAMPLES:
        return None
    if name == "second":
        return values[0]
    if name == "phases":
        return tuple(dict.fromkeys(phase for phases in values for phase in phases))
    if name in _LARGEST:
        return max(values)
    if name in _MEANS:
        lengths = [window.length_s for window in windows]
        total = sum(value * length for value, length in zip(values, lengths, strict=True))
        return total / sum(lengths)
    return sum(values)
