"""Every judged series of a trend as one picture in SVG: it needs no script, and scales."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from atlas_perf.model.trend import Direction, Trend, TrendSeries
from atlas_perf.report.terminal_text import printable
from atlas_perf.report.trend import change_text, value_text

WIDTH, PANEL = 860, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 24, 52, 34

_COLOURS = {Direction.WORSE: "#c62828", Direction.BETTER: "#2e7d32", Direction.OTHER: "#b26a00"}
_Spot = tuple[float, float]
_POINT, _LEVEL, _AXIS, _TEXT = "#1f5fa8", "#6b7280", "#9aa3ad", "#1f2933"


def trend_svg(trend: Trend) -> str:
    """The text of an SVG file; a sentence where no series is long enough."""
    judged = [one for one in trend.series if one.judged]
    height = PANEL * max(1, len(judged))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="12" '
        f'fill="{_TEXT}">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    if not judged:
        lines.append(f'<text x="{_LEFT}" y="{_TOP}">{_escaped(trend.reasons[0])}</text>')
    for number, series in enumerate(judged):
        lines += [f'<g transform="translate(0 {number * PANEL})">', *_panel(series), "</g>"]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _panel(series: TrendSeries) -> Iterator[str]:
    values = [point.value for point in series.points]
    place = _Place(values)
    foot = PANEL - _BOTTOM
    yield f'<text x="{_LEFT}" y="20" font-weight="600">{_escaped(series.name)}</text>'
    parts = series.scenario, series.environment, f"{len(values)} sessions", series.unlike
    said = " · ".join(part for part in parts if part)
    yield f'<text x="{_LEFT}" y="37" fill="{_LEVEL}">{_escaped(said)}</text>'
    for value in dict.fromkeys((max(values), min(values))):
        y = place.y(value)
        yield _line((_LEFT, y), (WIDTH - _RIGHT, y), _AXIS, "0.5")
        yield (
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{_escaped(value_text(series, value))}</text>"
        )
    for anchor, point, edge in (
        ("start", series.points[0], _LEFT),
        ("end", series.points[-1], WIDTH - _RIGHT),
    ):
        yield (
            f'<text x="{edge}" y="{PANEL - 12}" text-anchor="{anchor}" fill="{_LEVEL}">'
            f"{_escaped(point.started_at[:10])}</text>"
        )
    edges = [0, *(one.index for one in series.change_points), len(values)]
    for begin, end in pairwise(edges):
        y = place.y(sum(values[begin:end]) / (end - begin))
        yield _line((place.x(begin), y), (place.x(end - 1), y), _LEVEL, "1.5")
    for change in series.change_points:
        x, colour = place.x(change.index), _COLOURS[change.direction]
        yield _line((x, _TOP), (x, foot), colour, "1", dashed=True)
        near_end = x > WIDTH - 100
        yield (
            f'<text x="{x + (-4 if near_end else 4):.1f}" y="{_TOP - 3}" fill="{colour}" '
            f'text-anchor="{"end" if near_end else "start"}">'
            f"{_escaped(change_text(series, change))}</text>"
        )
    for number, point in enumerate(series.points):
        told = f"{point.started_at[:16]} {point.build} {value_text(series, point.value)}"
        yield (
            f'<circle cx="{place.x(number):.1f}" cy="{place.y(point.value):.1f}" r="3" '
            f'fill="{_POINT}"><title>{_escaped(told)}</title></circle>'
        )


class _Place:
    """Where the points of a series are; one value alone is in the middle."""

    def __init__(self, values: Sequence[float]) -> None:
        self._number = len(values)
        self._low, self._span = min(values), max(values) - min(values)

    def x(self, number: int) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * number / max(1, self._number - 1)

    def y(self, value: float) -> float:
        height = (value - self._low) / self._span if self._span else 0.5
        return PANEL - _BOTTOM - height * (PANEL - _TOP - _BOTTOM)


def _line(begin: _Spot, end: _Spot, colour: str, width: str, *, dashed: bool = False) -> str:
    (x1, y1), (x2, y2) = begin, end
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke={quoteattr(colour)} stroke-width="{width}"{dashes}/>'
    )


def _escaped(text: str) -> str:
    return escape(printable(text))
