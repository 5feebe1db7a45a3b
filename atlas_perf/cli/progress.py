"""What is seen while a run goes on: calm lines on a terminal, plain ones elsewhere, or JSON.

Everything goes to stderr, so that stdout holds the summary and nothing else.
"""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

from atlas_perf.cli.json_log import progress_fields
from atlas_perf.cli.streams import is_terminal, log_event, logs_json, say
from atlas_perf.model.progress import Progress, RunPhase
from atlas_perf.report.progress_text import plain_line

LINE_INTERVAL_S = 5.0

_PHASES_WITH_LOAD = frozenset({RunPhase.RUNNING, RunPhase.STOPPING})


class ProgressDisplay(AbstractContextManager["ProgressDisplay"], Protocol):
    """Told where the run stands, about once a second."""

    def update(self, progress: Progress) -> None: ...


def choose_display(name: str, *, quiet: bool) -> ProgressDisplay:
    """The display that suits stderr; `CI` counts as a place where no cursor moves."""
    if quiet:
        return NoDisplay(name)
    if logs_json():
        return JsonDisplay(name)
    if is_terminal(sys.stderr) and not os.environ.get("CI"):
        from atlas_perf.cli.live_display import LiveDisplay  # noqa: PLC0415 - rich takes its time

        return LiveDisplay(name)
    return LineDisplay(name)


class NoDisplay:
    """`--quiet`: only what the user must know."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def update(self, progress: Progress) -> None:
        if progress.message:
            say(f"{self._name}: {progress.message}")


class LineDisplay(NoDisplay):
    """The name of each phase as it begins, and one plain line every five seconds of load."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._phase: RunPhase | None = None
        self._next_s = LINE_INTERVAL_S

    def update(self, progress: Progress) -> None:
        super().update(progress)
        if progress.phase is not self._phase:
            self._phase = progress.phase
            self._tell_phase(progress.phase)
        if progress.elapsed_s >= self._next_s and progress.phase in _PHASES_WITH_LOAD:
            self._next_s = (progress.elapsed_s // LINE_INTERVAL_S + 1) * LINE_INTERVAL_S
            self._tell(progress)

    def _tell_phase(self, phase: RunPhase) -> None:
        say(f"{self._name}: {phase.value}")

    def _tell(self, progress: Progress) -> None:
        say(f"{self._name}: {plain_line(progress)}")


class JsonDisplay(LineDisplay):
    """The same as objects."""

    def _tell_phase(self, phase: RunPhase) -> None:
        log_event("phase", run=self._name, phase=phase.value)

    def _tell(self, progress: Progress) -> None:
        log_event("progress", run=self._name, **progress_fields(progress))
