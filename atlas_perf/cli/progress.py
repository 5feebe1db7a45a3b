"""What is seen while a run goes on: two calm lines on a terminal, plain lines elsewhere.

Everything goes to stderr, so that stdout holds the summary and nothing else.
"""

from __future__ import annotations

import math
import os
import sys
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from atlas_perf.cli.streams import is_terminal, say, silence
from atlas_perf.model.progress import Progress, RunPhase
from atlas_perf.report.terminal_text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

LINE_INTERVAL_S = 5.0
LAG_OF_NOTE_MS = 20.0
"""An event loop that is asked every 20 ms and later than this does too much, or has no CPU."""

_BAR_WIDTH = 40
_SHORTEST_BAR = 8
_PHASES_WITH_LOAD = frozenset({RunPhase.RUNNING, RunPhase.STOPPING})


class ProgressDisplay(AbstractContextManager["ProgressDisplay"], Protocol):
    """Told where the run stands, about once a second."""

    def update(self, progress: Progress) -> None: ...


def choose_display(name: str, *, quiet: bool) -> ProgressDisplay:
    """The display that suits stderr; `CI` counts as a place where no cursor moves."""
    if quiet:
        return NoDisplay(name)
    if is_terminal(sys.stderr) and not os.environ.get("CI"):
        return LiveDisplay(name)
    return LineDisplay(name)


class _Display:
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


class NoDisplay(_Display):
    """`--quiet`: only what the user must know."""

    def update(self, progress: Progress) -> None:
        if progress.message:
            say(f"{self._name}: {progress.message}")


class LineDisplay(_Display):
    """The name of each phase as it begins, and one plain line every five seconds of load."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._phase: RunPhase | None = None
        self._next_s = LINE_INTERVAL_S

    def update(self, progress: Progress) -> None:
        if progress.message:
            say(f"{self._name}: {progress.message}")
        if progress.phase is not self._phase:
            self._phase = progress.phase
            say(f"{self._name}: {progress.phase.value}")
        if progress.elapsed_s >= self._next_s and progress.phase in _PHASES_WITH_LOAD:
            self._next_s = (progress.elapsed_s // LINE_INTERVAL_S + 1) * LINE_INTERVAL_S
            say(f"{self._name}: {plain_line(progress)}")


class LiveDisplay(_Display):
    """Two lines that are redrawn in place, and gone once the summary is printed."""

    def __init__(self, name: str) -> None:
        from rich.console import Console  # noqa: PLC0415 - only a terminal pays for rich
        from rich.live import Live  # noqa: PLC0415

        super().__init__(printable(name))
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._live.stop()
        except OSError:
            silence(sys.stderr)

    def update(self, progress: Progress) -> None:
        try:
            if progress.message:
                message = printable(f"{self._name}: {progress.message}")
                self._console.print(message, style="yellow", markup=False)
            self._live.update(self._render(progress), refresh=True)
        except OSError:  # the terminal is gone, and the run goes on to its end
            silence(sys.stderr)

    def _render(self, progress: Progress) -> RenderableType:
        from rich.columns import Columns  # noqa: PLC0415
        from rich.console import Group  # noqa: PLC0415
        from rich.progress_bar import ProgressBar  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        head = Text.assemble(
            (self._name, "bold"), f"  {phase_text(progress)}  ", _times(progress), no_wrap=True
        )
        numbers = Text(f"  {readings(progress)}", no_wrap=True, overflow="ellipsis")
        room = self._console.width - head.cell_len - len("  ")
        if room < _SHORTEST_BAR:
            head.overflow = "ellipsis"
            return Group(head, numbers)
        bar = ProgressBar(
            total=max(progress.planned_s, 1e-9),
            completed=min(progress.elapsed_s, progress.planned_s),
            width=min(_BAR_WIDTH, room),
            complete_style="cyan",
            finished_style="cyan",
        )
        return Group(Columns([head, bar]), numbers)


def plain_line(progress: Progress) -> str:
    """`running 12s of 1m00s, 38/150 VUs, …`: one reading as a sentence for a log."""
    separator = " " if progress.phase_left_s is None else ", "
    return f"{phase_text(progress)}{separator}{_times(progress)}, {readings(progress)}"


def phase_text(progress: Progress) -> str:
    """`steady, 42s left`: the phase of the load where the run is under way; else of the run."""
    if not progress.load_phases:
        return progress.phase.value
    phases = " + ".join(progress.load_phases)
    left = progress.phase_left_s
    return phases if left is None else f"{phases}, {_clock(math.ceil(left))} left"


def readings(progress: Progress) -> str:
    """The numbers worth watching; latency only once there is one."""
    parts = [
        f"{progress.vus}/{progress.vus_max} VUs",
        f"{progress.iterations} iterations",
        f"{progress.requests_per_s:.1f} req/s",
        *([] if progress.p95_ms is None else [f"p95 {_milliseconds(progress.p95_ms)}"]),
        *(
            []
            if progress.response_p95_ms is None
            else [f"response p95 {_milliseconds(progress.response_p95_ms)}"]
        ),
        f"{progress.failed_requests} failed",
        *([f"{progress.checks_failed} checks failed"] if progress.checks_failed else []),
        *([f"{progress.dropped} dropped"] if progress.dropped else []),
        *([f"{progress.interrupted} interrupted"] if progress.interrupted else []),
        f"{progress.workers_alive}/{progress.workers} workers",
        *(
            [f"generator {progress.loop_lag_ms:.0f} ms late"]
            if progress.loop_lag_ms >= LAG_OF_NOTE_MS
            else []
        ),
    ]
    return ", ".join(parts)


def _times(progress: Progress) -> str:
    elapsed, planned = _clock(progress.elapsed_s), _clock(progress.planned_s)
    if progress.elapsed_s > progress.planned_s:
        return f"{elapsed} (planned {planned})"
    return f"{elapsed} of {planned}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m{rest:02d}s"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


def _milliseconds(value_ms: float) -> str:
    return f"{value_ms:.0f} ms" if value_ms >= 100 else f"{value_ms:.1f} ms"
