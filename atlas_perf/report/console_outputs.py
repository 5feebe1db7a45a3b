"""What became of each `--out`, for the end summary."""

from __future__ import annotations

from collections.abc import Sequence

from atlas_perf.model.summary import OutputSummary
from atlas_perf.report.terminal_text import Paint, printable, shortened

_INDENT = "    "


def output_lines(outputs: Sequence[OutputSummary], paint: Paint, width: int) -> list[str]:
    """A line for each; what is missing is among the reasons, in a sentence."""
    return [_INDENT + _line(output, paint, width - len(_INDENT)) for output in outputs]


def _line(output: OutputSummary, paint: Paint, width: int) -> str:
    how, mark = ("green", "✓") if output.complete else ("red", "✗")
    if output.seconds:
        arrived = output.seconds - output.lost_seconds
        state = f"{arrived} of {output.seconds} seconds delivered"
    else:
        state = "" if output.complete else "incomplete"
    name = shortened(printable(output.name), max(20, width - len(state) - 4))
    text = f"{paint(how, mark)} {name}"
    return f"{text}  {paint('dim' if output.complete else how, state)}" if state else text
