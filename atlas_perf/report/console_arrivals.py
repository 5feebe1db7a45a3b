"""The offered rate beside the achieved one, second by second, in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas_perf.model.summary import Window

SHORTFALL_WORTH_A_WORD = 0.01
"""Of a second's planned arrivals. One arrival is none: it may have been due at the second's end."""


def arrival_sentences(windows: Sequence[Window]) -> Iterator[str]:
    """How much of the planned arrivals was begun, and in which second the least; nothing for a
    run without an arrival rate."""
    planned = sum(window.planned_arrivals for window in windows)
    if not planned:
        return
    started = sum(window.started_arrivals for window in windows)
    whole = f"arrivals: {started:,} of {planned:,} planned were started"
    short = _short(windows)
    if not short:
        yield f"{whole}, and each second had its own, within {SHORTFALL_WORTH_A_WORD:.0%}"
        return
    worst = max(short, key=lambda window: short[window] / window.length_s)
    least = f"{worst.started_arrivals:,} of {worst.planned_arrivals:,} in {_name(worst)}"
    seconds = sum(window.length_s for window in short)
    if seconds == 1:
        yield f"{whole}, and only {least}"
    else:
        yield f"{whole}; {seconds:,} seconds fell short, the worst with {least}"


def _short(windows: Sequence[Window]) -> dict[Window, int]:
    """The windows that missed arrivals, and how many each.

    A worker that closes its second a moment late counts in it what the next one was due: that is
    not missing there.
    """
    short: dict[Window, int] = {}
    behind = 0
    for window in windows:
        missing = window.planned_arrivals - window.started_arrivals
        behind += missing
        missing = min(missing, behind)
        if missing > max(1, SHORTFALL_WORTH_A_WORD * window.planned_arrivals):
            short[window] = missing
    return short


def _name(window: Window) -> str:
    if window.length_s == 1:
        return f"second {window.second}"
    return f"seconds {window.second}-{window.second + window.length_s - 1}"
