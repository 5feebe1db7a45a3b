"""The baselines of a report as a table: limit, value with its band, margin, verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from atlas_perf.model.baseline import BaselineReport, BaselineResult
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.terminal_text import (
    Paint,
    columns,
    left,
    printable,
    right,
    shortened,
    wrapped,
)
from atlas_perf.report.value_text import bound_text
from atlas_perf.units import format_quantity

_INDENT = "    "
_GAP = "  "
_HEAD = ("baseline", "limit", "value", "95 % band", "margin", "verdict")
_TO_THE_RIGHT = frozenset({1, 2, 4})
_LOOKS = {
    Verdict.INVALID: ("red", "✗"),
    Verdict.FAIL: ("red", "✗"),
    Verdict.NO_DATA: ("yellow", "?"),
    Verdict.PASS: ("green", "✓"),
}
_SPARE = (_HEAD.index("95 % band"), _HEAD.index("margin"))
"""What a narrow terminal goes without, in this order; then names are shortened."""


def baseline_lines(report: BaselineReport | None, paint: Paint, width: int) -> list[str]:
    """A head and a line for each row."""
    if report is None or not report.rows:
        return []
    lines = baseline_table(report.rows, paint, width)
    if report.note:
        lines += [paint("dim", _INDENT + line) for line in _note(report, width)]
    return lines


def baseline_table(rows: Sequence[BaselineResult], paint: Paint, width: int) -> list[str]:
    """The rows of one run, or of several: one that is there more than once with its scenario."""
    often = Counter(row.title for row in rows)
    cells = [_HEAD, *(_cells(row, shared=often[row.title] > 1) for row in rows)]
    kept = list(range(len(_HEAD)))
    for spare in _SPARE:
        if _width(cells, kept) > width:
            kept.remove(spare)
    too_wide = _width(cells, kept) - width
    if too_wide > 0:
        title = max(1, max(columns(line[0]) for line in cells) - too_wide)
        cells = [(shortened(line[0], title), *line[1:]) for line in cells]
    widths = {index: max(columns(line[index]) for line in cells) for index in kept}
    head, *body = (_line(line, widths) for line in cells)
    lines = [paint("dim", f"{_INDENT}{_GAP}{head}".rstrip())]
    for row, text in zip(rows, body, strict=True):
        how, mark = _LOOKS[row.verdict]
        start = columns(text) - widths[len(_HEAD) - 1]
        verdict = paint(how, text[start:].rstrip())
        lines.append(f"{_INDENT}{paint(how, mark)} {text[:start]}{verdict}")
    return lines


def _note(report: BaselineReport, width: int) -> Iterator[str]:
    said = f"shown, not counted: {report.note}" if not report.counted else report.note
    yield from wrapped(printable(said), width - len(_INDENT), "")


def _cells(row: BaselineResult, *, shared: bool) -> tuple[str, ...]:
    title = f"{row.title} ({row.scenario})" if shared else row.title
    limit = format_quantity(row.limit, row.unit)
    value, band, margin = "none", "", ""
    if row.value is not None:
        amount = format_quantity(row.value, row.unit, beside=row.limit)
        value, band = bound_text(amount, row.at_least), _band(row)
    if row.margin is not None:
        margin = f"{row.margin * 100:+.1f} %"
    operator = row.expression.partition(" over ")[0].split()[1]
    word = row.verdict.value.replace("_", " ").lower()
    if row.verdict is Verdict.PASS and row.reason:
        word += ", nothing to time" if row.value is None else ", too close to call"
    if row.verdict is Verdict.NO_DATA and row.value is not None:
        word += f", {row.samples}/{row.minimum_samples}"
    return (printable(title), f"{operator} {limit}", value, band, margin, word)


def _band(row: BaselineResult) -> str:
    if row.low is None and row.high is None:
        return ""
    low = "" if row.low is None else format_quantity(row.low)
    high = "" if row.high is None else format_quantity(row.high)
    return f"{low} … {high}".strip()


def _width(cells: Sequence[Sequence[str]], kept: Sequence[int]) -> int:
    widest = sum(max(columns(line[index]) for line in cells) for index in kept)
    return len(_INDENT) + len(_GAP) * len(kept) + widest


def _line(cells: Sequence[str], widths: dict[int, int]) -> str:
    return _GAP.join(
        (right if index in _TO_THE_RIGHT else left)(cells[index], width)
        for index, width in widths.items()
    )
