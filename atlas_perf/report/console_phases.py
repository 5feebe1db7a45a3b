"""One line of the end summary: which phases the load went through, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from atlas_perf.model.summary import PhaseSummary, ThresholdResult
from atlas_perf.report.terminal_text import Paint, joined, printable
from atlas_perf.units import NS_PER_S, format_duration, format_planned

_INDENT = "    "


def phase_lines(phases: Sequence[PhaseSummary], paint: Paint, width: int) -> list[str]:
    """A line, or one for each scenario where they differ; none where there is one phase only."""
    if len({one.phase for one in phases}) < 2:
        return []
    texts = {
        scenario: tuple(map(_phase_text, spans))
        for scenario, spans in groupby(phases, key=lambda one: one.scenario)
    }
    if len(set(texts.values())) == 1:
        return _lines("", next(iter(texts.values())), paint, width)
    return [
        line
        for scenario, parts in texts.items()
        for line in _lines(f"{printable(scenario)}: ", parts, paint, width)
    ]


def shortness_text(result: ThresholdResult) -> str:
    """`over 12s of 50s`, for a criterion on a phase that was shorter than ordered."""
    if result.over_s is None or result.ordered_s is None or result.over_s >= result.ordered_s:
        return ""
    return f"over {_duration(result.over_s)} of {_duration(result.ordered_s)} ordered"


def _lines(head: str, parts: Sequence[str], paint: Paint, width: int) -> list[str]:
    first, *rest = joined([head + parts[0], *parts[1:]], width - len(_INDENT), "  ")
    return [_INDENT + paint("dim", line) for line in (first, *rest)]


def _phase_text(span: PhaseSummary) -> str:
    lasted_s = span.end_s - span.begin_s
    text = f"{span.phase} {_duration(lasted_s)}"
    if span.ordered_s is not None and lasted_s < span.ordered_s:
        text += f" of {_duration(span.ordered_s)}"
    return text if span.counted else f"{text} (not counted)"


def _duration(seconds: float) -> str:
    """As a plan would write it, unless that is more digits than one wants to read."""
    duration_ns = round(seconds * NS_PER_S)
    whole = duration_ns % NS_PER_S == 0
    return format_planned(duration_ns) if whole else format_duration(duration_ns)
