"""What the page of a live run is told: the run's state, and the seconds since it was told last."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from atlas_perf.model.progress import Progress
from atlas_perf.model.summary import Summary, Window
from atlas_perf.report.criterion_text import headline
from atlas_perf.report.html.columns import every_column, names_shown
from atlas_perf.report.terminal_text import printable

MOST_SECONDS = 3600
"""Older seconds are let go of: the report has them all."""


class Feed:
    """Takes in one run after another on one thread, and is read on others."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._run = 0
        self._version = 0
        self._state: dict[str, Any] = {"phase": "waiting"}
        self._windows: list[Window] = []
        self._planned: dict[int, float] = {}
        self._filled: set[str] = set()  # columns that had something in any second of this run
        self._first = 0  # number of the first window that is kept
        self._closed = False

    def begin(self, name: str, target: str) -> None:
        """A run begins: what was told of the one before is over."""
        with self._changed:
            self._run += 1
            self._windows, self._planned, self._filled, self._first = [], {}, set(), 0
            self._tell({"phase": "starting", "name": printable(name), "target": printable(target)})

    def update(self, progress: Progress) -> None:
        """Where the run stands, about once a second."""
        with self._changed:
            last = self._windows[-1].second if self._windows else -1
            fresh = [window for window in progress.newest if window.second > last]
            self._windows += fresh
            if fresh and progress.planned_per_s is not None:
                self._planned[fresh[-1].second] = progress.planned_per_s
            columns = _columns(fresh, self._planned)
            self._filled.update(name for name, column in columns.items() if any(column))
            surplus = len(self._windows) - MOST_SECONDS
            if surplus > 0:
                for window in self._windows[:surplus]:
                    self._planned.pop(window.second, None)
                del self._windows[:surplus]
                self._first += surplus
            told: dict[str, Any] = {
                key: self._state[key] for key in ("name", "target") if key in self._state
            }
            self._tell({**told, **_state(progress)})

    def end(self, summary: Summary, results: str) -> None:
        """The run has its verdict, and its results are in this folder."""
        with self._changed:
            self._tell(
                {
                    **self._state,
                    "phase": "finished",
                    "verdict": summary.verdict.value,
                    "headline": printable(headline(summary)),
                    "reasons": [printable(reason) for reason in summary.reasons],
                    "results": printable(results),
                }
            )

    def close(self) -> None:
        """Nothing more will be told: readers end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def after(self, told: Told, timeout_s: float) -> tuple[str, Told] | None:
        """The next message after those told, and how far that is; None once there is no more.

        An empty message where nothing happened in the meantime.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._version > told.version, timeout=timeout_s
            )
            if self._version == told.version:
                return None if self._closed else ("", told)
            first = self._first if told.run != self._run else max(told.seconds, self._first)
            fresh = self._windows[first - self._first :]
            known = Told(self._run, self._version, self._first + len(self._windows))
            message = {
                "run": self._run,
                "state": self._state,
                "columns": _columns(fresh, self._planned),
                "shown": sorted(names_shown(self._filled)),
                "most_seconds": MOST_SECONDS,
            }
        return json.dumps(message, ensure_ascii=False, allow_nan=False), known

    def _tell(self, state: dict[str, Any]) -> None:
        self._state = state
        self._version += 1
        self._changed.notify_all()


class Told:
    """How much one reader knows."""

    __slots__ = ("run", "seconds", "version")

    def __init__(self, run: int = 0, version: int = 0, seconds: int = 0) -> None:
        self.run = run
        self.version = version
        self.seconds = seconds


def _state(progress: Progress) -> dict[str, Any]:
    return {
        "phase": progress.phase.value,
        "load_phases": [str(phase) for phase in progress.load_phases],
        "elapsed_s": round(progress.elapsed_s, 1),
        "planned_s": round(progress.planned_s, 1),
        "vus": progress.vus,
        "vus_max": progress.vus_max,
        "iterations": progress.iterations,
        "interrupted": progress.interrupted,
        "requests": progress.requests,
        "requests_per_s": progress.requests_per_s,
        "started_per_s": progress.started_per_s,
        "planned_per_s": progress.planned_per_s,
        "failed_requests": progress.failed_requests,
        "checks_failed": progress.checks_failed,
        "dropped": progress.dropped,
        "p95_ms": progress.p95_ms,
        "response_p95_ms": progress.response_p95_ms,
        "workers": progress.workers,
        "workers_alive": progress.workers_alive,
        "health": asdict(progress.health),
        "exchanges": asdict(progress.exchanges),
        "message": printable(progress.message),
    }


def _columns(
    windows: list[Window], planned: Mapping[int, float]
) -> Mapping[str, tuple[float | None, ...]]:
    columns = dict(every_column(windows))
    columns["planned_arrivals_per_s"] = tuple(planned.get(one.second) for one in windows)
    return columns
