"""The terminal's view of a run: a few calm lines that are redrawn in place, and gone at its end."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.columns import Columns
from rich.console import Console, ConsoleDimensions, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from atlas_perf.cli.printed_above import PrintedAbove, can_catch
from atlas_perf.cli.streams import silence
from atlas_perf.model.progress import Progress
from atlas_perf.report.progress_text import Cell, Mood, cells, phase_text, times
from atlas_perf.report.terminal_text import columns, printable

if TYPE_CHECKING:
    from rich.console import RenderableType

_LONGEST_BAR = 40
_SHORTEST_BAR = 8
_INDENT = "  "
_BETWEEN_CELLS = "   "
_MOST_ROWS = 4
_HISTORY = 24
_LEAST_WIDTH_FOR_HISTORY = 100
_LEVELS = "▁▂▃▄▅▆▇█"
_STYLES = {Mood.FINE: "", Mood.STRAINED: "yellow", Mood.BAD: "bold red"}


class LiveDisplay:
    """Redrawn at each reading; messages stay above it."""

    def __init__(self, name: str) -> None:
        self._name = printable(name)
        self._printed = PrintedAbove(self._above) if can_catch() else None
        self._terminal = self._printed.terminal if self._printed is not None else sys.stderr
        self._console = Console(file=self._terminal, highlight=False)
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._widths: dict[str, int] = {}  # of cells: they never become narrower
        self._p95_ms: deque[float] = deque(maxlen=_HISTORY)
        self._read_at_s = 0

    def __enter__(self) -> Self:
        self._live.start()
        if self._printed is not None:
            self._printed.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._printed is not None:
            self._printed.__exit__(kind, error, traceback)
        try:
            self._live.stop()
        except OSError:
            silence(self._terminal)
        if self._printed is not None:
            self._terminal.close()

    def update(self, progress: Progress) -> None:
        """Draw a reading, and what the user should know above it."""
        self._remember(progress)
        self._measure()
        try:
            if progress.message:
                message = printable(f"{self._name}: {progress.message}")
                self._console.print(message, style="yellow", markup=False)
            self._live.update(self._render(progress), refresh=True)
        except OSError:  # the terminal is gone, and the run goes on to its end
            silence(self._terminal)

    def _above(self, lines: str) -> None:
        """What a scenario printed, as it was, and the drawing again below it."""
        try:
            self._console.out(lines, highlight=False)
        except OSError:
            silence(self._terminal)

    def _measure(self) -> None:
        """How large the terminal is now: rich asks the standard streams, which lead elsewhere."""
        if os.environ.get("COLUMNS"):
            return
        with suppress(OSError, ValueError):
            width, height = os.get_terminal_size(self._terminal.fileno())
            if width and height:
                self._console.size = ConsoleDimensions(width, height)

    def _remember(self, progress: Progress) -> None:
        """Once a second: a reading may also come for its message."""
        watched_ms = progress.response_p95_ms or progress.p95_ms
        if watched_ms is not None and int(progress.elapsed_s) > self._read_at_s:
            self._read_at_s = int(progress.elapsed_s)
            self._p95_ms.append(watched_ms)

    def _render(self, progress: Progress) -> RenderableType:
        rows = self._rows(list(cells(progress)))
        return Group(self._head(progress), *rows)

    def _head(self, progress: Progress) -> RenderableType:
        head = Text.assemble(
            (self._name, "bold"),
            f"  {phase_text(progress)}  ",
            ", ".join(times(progress)),
            no_wrap=True,
            overflow="ellipsis",
        )
        room = self._console.width - head.cell_len - 2
        if room < _SHORTEST_BAR:
            return head
        bar = ProgressBar(
            total=max(progress.planned_s, 1e-9),
            completed=min(progress.elapsed_s, progress.planned_s),
            width=min(_LONGEST_BAR, room),
            complete_style="cyan",
            finished_style="cyan",
        )
        return Columns([head, bar])

    def _rows(self, shown: Sequence[Cell]) -> list[Text]:
        """The cells in as few lines as they need, each at a place of its own."""
        # That of the response times, where there are some: its seconds before are remembered.
        kept = max((cell.label for cell in shown if cell.label.endswith("p95")), default="")
        row = Text(_INDENT, no_wrap=True, overflow="ellipsis")
        rows = [row]
        for cell in shown:
            drawn = self._drawn(cell, with_history=cell.label == kept)
            begins = row.cell_len <= len(_INDENT)
            if not begins and row.cell_len + len(_BETWEEN_CELLS) + drawn.cell_len > self._width:
                row = Text(_INDENT, no_wrap=True, overflow="ellipsis")
                rows.append(row)
                begins = True
            row.append("" if begins else _BETWEEN_CELLS)
            row.append_text(drawn)
        return rows[:_MOST_ROWS]

    def _drawn(self, cell: Cell, *, with_history: bool) -> Text:
        value = printable(cell.value)
        drawn = Text.assemble((f"{cell.label} ", "dim"), (value, _STYLES[cell.mood]))
        width = max(columns(drawn.plain), self._widths.get(cell.label, 0))
        self._widths[cell.label] = width
        drawn.pad_right(width - drawn.cell_len)
        if with_history and self._has_room_for_history:
            drawn.append(f" {sparkline(self._p95_ms):<{_HISTORY}}", style="cyan")
        return drawn

    @property
    def _has_room_for_history(self) -> bool:
        return self._width >= _LEAST_WIDTH_FOR_HISTORY and not self._console.options.ascii_only

    @property
    def _width(self) -> int:
        return self._console.width


def sparkline(values: Iterable[float]) -> str:
    """A block a value, as high as its part of the greatest."""
    return "".join(_blocks(list(values)))


def _blocks(values: Sequence[float]) -> Iterator[str]:
    highest = max(values, default=0.0)
    for value in values:
        part = value / highest if highest else 0.0
        yield _LEVELS[min(len(_LEVELS) - 1, int(part * len(_LEVELS)))]
