"""A trend as text: what changed as a table, each series as a picture; and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from atlas_perf.errors import ExitCode
from atlas_perf.model.comparison import RATE
from atlas_perf.model.trend import ChangePoint, Direction, Trend, TrendSeries
from atlas_perf.report.plain_values import to_plain
from atlas_perf.report.terminal_text import (
    Paint,
    joined,
    left,
    printable,
    right,
    shortened,
    wrapped,
)
from atlas_perf.report.trend_picture import trend_picture
from atlas_perf.report.value_text import milliseconds_text
from atlas_perf.units import format_quantity

_HEAD = ("since", "build", "before", "after", "change", "")
_WIDTHS = 16, 12, 10, 10, 11, 0
_TO_THE_RIGHT = frozenset({"before", "after", "change"})
_WORDS = {
    Direction.WORSE: ("red", "✗ worse"),
    Direction.BETTER: ("green", "✓ better"),
    Direction.OTHER: ("yellow", "› other"),
}


def trend_to_json(trend: Trend) -> str:
    """The text of `atlas-perf trend --json`."""
    plain = to_plain(trend)
    plain["exit_code"] = int(trend.exit_code)
    ordered = {"schema_version": plain.pop("schema_version"), **plain}
    return json.dumps(ordered, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def render_trend(trend: Trend, *, colour: bool, width: int) -> str:
    """The whole text."""
    paint = Paint(colour)
    lines = [""]
    for series in trend.series:
        lines += [*_series(series, paint, width), ""]
    for sentence in trend.left_out:
        first, *rest = wrapped(printable(f"left out: {sentence}"), width - 2, "  ")
        lines += [paint("dim", f"  {line}") for line in (first, *rest)]
    for reason in trend.reasons:
        first, *rest = wrapped(printable(reason), width - 4, "  ")
        lines += [f"  {paint('bold', '›')} {first}", *(f"  {line}" for line in rest)]
    return "\n".join([*lines, "", _last_line(trend, paint)]) + "\n"


def value_text(series: TrendSeries, value: float) -> str:
    """A point of a series as people read it."""
    if series.statistic == RATE:
        return f"{value * 100:.2f} %"
    return milliseconds_text(value) if series.is_time else format_quantity(value)


def change_text(series: TrendSeries, change: ChangePoint) -> str:
    percent = change.change * 100
    return f"{percent:+.2f} pp" if series.statistic == RATE else f"{percent:+.1f} %"


def _series(series: TrendSeries, paint: Paint, width: int) -> Iterator[str]:
    number = len(series.points)
    first, last = series.points[0], series.points[-1]
    parts = (
        printable(series.scenario),
        printable(series.environment),
        f"{number} session{'' if number == 1 else 's'}",
        f"{first.started_at[:10]} … {last.started_at[:10]}"
        if number > 1
        else first.started_at[:10],
        f"fingerprint {series.fingerprint}",
    )
    yield f"  {paint('bold', shortened(printable(series.name), width - 2))}"
    yield from (f"  {line}" for line in joined(parts, width - 2, ""))
    if series.unlike:
        unlike = f"unlike the newest in: {printable(series.unlike)}"
        yield from (paint("dim", f"  {line}") for line in wrapped(unlike, width - 2, "  "))
    if not series.judged:
        yield f"  {paint('yellow', '?')} {series.note}"
        return
    values = [point.value for point in series.points]
    texts = value_text(series, min(values)), value_text(series, max(values))
    yield from trend_picture(series, *texts, paint, width)
    if not series.change_points:
        yield f"  {paint('green', '✓')} no change of level"
        return
    yield paint("dim", f"  {_cells(_HEAD)}".rstrip())
    for change in series.change_points:
        how, word = _WORDS[change.direction]
        begin = series.points[change.index]
        cells = (
            begin.started_at[:16].replace("T", " "),
            shortened(printable(begin.build) or "–", _WIDTHS[1]),
            value_text(series, change.before),
            value_text(series, change.after),
            change_text(series, change),
        )
        age = "" if change.recent else paint("dim", ", known")
        yield f"  {_cells((*cells, ''))}{paint(how, word)}{age}"


def _cells(cells: tuple[str, ...]) -> str:
    texts = []
    for head, cell, size in zip(_HEAD, cells, _WIDTHS, strict=True):
        if head == "":
            texts.append("  ")
        else:
            texts.append(right(cell, size) if head in _TO_THE_RIGHT else left(cell, size + 1))
    return "".join(texts)


def _last_line(trend: Trend, paint: Paint) -> str:
    if trend.regressions:
        count = f"{trend.regressions} recent change{'' if trend.regressions == 1 else 's'}"
        how, word, meaning = "on red", "! WORSE", f"{count} for the worse"
    elif trend.exit_code is ExitCode.NO_DATA:
        how, word, meaning = "on yellow", "? NO_DATA", "not enough history"
    else:
        how, word, meaning = "on green", "✓ STEADY", "no recent change for the worse"
    code = int(trend.exit_code)
    parts = [meaning, "advice only" if trend.regressions and not code else ""]
    parts.append(f"exit code {code}" if code else "")
    text = paint(how, f" {word} ") if paint.colour else word
    return f"  {text}  " + " · ".join(part for part in parts if part)
