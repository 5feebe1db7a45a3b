"""What the page of a live run is told: the run's state, and the seconds since it was told last."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from atlas_perf.model.plan import TestPlan
from atlas_perf.model.progress import Progress
from atlas_perf.model.summary import Summary
from atlas_perf.report.criterion_text import headline
from atlas_perf.report.html.key_figures import Figure, key_figures
from atlas_perf.report.live.load import Load
from atlas_perf.report.live.seconds import MOST_SECONDS, Seconds
from atlas_perf.report.terminal_text import printable

MOST_NOTES = 20


class Feed:
    """Takes in one run after another on one thread, and is read on others.

    What is made of numbers is made outside of the lock, and of each second once: a reader that
    comes to a long run must not keep the one who tells of it waiting.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        """`names` are those of the runs to come, in their order."""
        self._changed = threading.Condition()
        self._names = [printable(name) for name in names]
        self._run = 0
        self._version = 0
        self._state: dict[str, Any] = {"phase": "waiting", "names": self._names}
        self._ended: list[dict[str, Any]] = []
        self._notes: list[dict[str, Any]] = []
        self._seconds = Seconds()
        self._load: Load | None = None
        self._is_stopping = False
        self._closed = False

    def begin(self, name: str, target: str, plan: TestPlan | None = None) -> None:
        """A run begins: what was told of the one before is over but for its verdict.

        Args:
            plan: whose phases and planned arrivals are shown beside what became of them.
        """
        with self._changed:
            self._run += 1
            self._seconds, self._notes = Seconds(), []
            self._load = None if plan is None else Load(plan)
            known: dict[str, Any] = {
                "name": printable(name),
                "target": printable(target),
                "names": self._names,
            }
            if self._load is not None:
                spans = [asdict(span) for span in self._load.spans]
                known |= {"open": self._load.is_open, "spans": spans}
            self._tell({**known, "phase": "starting"})

    def update(self, progress: Progress) -> None:
        """Where the run stands, about once a second."""
        with self._changed:
            fresh = [one for one in progress.newest if one.second > self._seconds.newest]
            keeps = self._load if progress.planned_per_s is not None else None
            self._seconds.add(
                fresh, [None if keeps is None else keeps.planned_per_s(one) for one in fresh]
            )
            if progress.message:
                note = {"at_s": round(progress.elapsed_s, 1), "text": printable(progress.message)}
                self._notes = [*self._notes, note][-MOST_NOTES:]
            self._tell({**self._state, **_reading(progress)})

    def stop_asked(self) -> None:
        """Somebody pressed stop: every page is to know."""
        with self._changed:
            self._is_stopping = True
            self._tell(self._state)

    def end(self, summary: Summary, results: str) -> None:
        """The run has its verdict, and its results are in this folder."""
        ended = {
            "name": printable(summary.name),
            "verdict": summary.verdict.value,
            "headline": printable(headline(summary)),
            "results": printable(results),
        }
        whole = {
            "phase": "finished",
            "reasons": [printable(reason) for reason in summary.reasons],
            "figures": [_figure(one) for one in key_figures(summary)],
        }
        with self._changed:
            self._ended.append(ended)
            self._tell({**self._state, **ended, **whole})

    def break_off(self, reason: str) -> None:
        """The command ends by an error, before all of its runs have a verdict."""
        with self._changed:
            self._tell({**self._state, "broken": printable(reason)})

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
            shown = self._seconds.shown
            anew = told.run != self._run or told.shown != shown
            columns = self._seconds.since(0 if anew else told.seconds)
            known = Told(self._run, self._version, self._seconds.count, shown)
            message = {
                "run": self._run,
                "anew": anew,
                "most_seconds": MOST_SECONDS,
                "state": self._state,
            }
        return "".join(_written(message, columns)), known

    def _tell(self, state: dict[str, Any]) -> None:
        common = {"notes": self._notes, "ended": list(self._ended), "stopping": self._is_stopping}
        self._state = {**state, **common}
        self._version += 1
        self._changed.notify_all()


class Told:
    """How much one reader knows."""

    __slots__ = ("run", "seconds", "shown", "version")

    def __init__(
        self, run: int = 0, version: int = 0, seconds: int = 0, shown: frozenset[str] = frozenset()
    ) -> None:
        self.run = run
        self.version = version
        self.seconds = seconds
        self.shown = shown


def _written(
    message: Mapping[str, Any], columns: Mapping[str, Sequence[float | None]]
) -> Iterator[str]:
    """The message as JSON, a column at a time: no other thread waits for all of an hour."""
    yield json.dumps(message, ensure_ascii=False, allow_nan=False)[:-1]
    yield ', "columns": {'
    for number, (name, column) in enumerate(columns.items()):
        yield f"{', ' if number else ''}{json.dumps(name)}: {json.dumps(column, allow_nan=False)}"
    yield "}}"


def _figure(figure: Figure) -> dict[str, str]:
    cell = figure.number
    told = {"label": figure.label, "text": cell.text, "beneath": figure.beneath}
    return {**told, "tone": cell.tone, "about": cell.about}


def _reading(progress: Progress) -> dict[str, Any]:
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
    }
