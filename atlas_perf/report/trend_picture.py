"""A series as a picture of text: a dot for each point, a line for each level, an arrow for each
change. Its columns are as many as there is room for, and it says the same without colours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from atlas_perf.model.trend import ChangePoint, Direction, TrendSeries
from atlas_perf.report.terminal_text import Paint, right

HEIGHT = 7
_AXIS_LABEL = 9
_WIDEST_STEP = 3
_LEAST_COLUMNS = 20

_DOT, _LEVEL, _SEAM = "•", "─", "┊"
_ARROWS = {Direction.WORSE: "▲", Direction.BETTER: "▼"}
_LOOKS = {Direction.WORSE: "red", Direction.BETTER: "green", Direction.OTHER: "yellow"}


def trend_picture(
    series: TrendSeries, low_text: str, high_text: str, paint: Paint, width: int
) -> list[str]:
    """Lines of at most `width` columns.

    Args:
        low_text: the lowest value, as it is to be written at the axis; `high_text` the highest.
    """
    values = [point.value for point in series.points]
    room = max(_LEAST_COLUMNS, width - _AXIS_LABEL - 2)
    step = min(_WIDEST_STEP, max(1, room // len(values)))
    number = min(room, step * len(values))
    at = [min(number - 1, index * number // len(values)) for index in range(len(values))]
    rows = [[" "] * number for _ in range(HEIGHT)]
    edges = [0, *(one.index for one in series.change_points), len(values)]
    scale = _Scale(values)
    for begin, end in pairwise(edges):
        middle = sum(values[begin:end]) / (end - begin)
        for column in range(at[begin], at[end] if end < len(at) else number):
            rows[scale.row(middle)][column] = paint("dim", _LEVEL)
    for change in series.change_points:
        for row in rows:
            row[at[change.index]] = paint("dim", _SEAM)
    for column, value in zip(at, values, strict=True):
        rows[scale.row(value)][column] = _DOT
    labels = [""] * HEIGHT
    labels[scale.row(max(values))], labels[scale.row(min(values))] = high_text, low_text
    lines = [
        f"{right(label, _AXIS_LABEL)} {'┤' if label else '│'}{''.join(row)}".rstrip()
        for label, row in zip(labels, rows, strict=True)
    ]
    return [*lines, _foot(series.change_points, at, number, paint)]


class _Scale:
    """Which row a value is in; one value alone is in the middle."""

    def __init__(self, values: Sequence[float]) -> None:
        self._high = max(values)
        self._span = self._high - min(values)

    def row(self, value: float) -> int:
        if not self._span:
            return HEIGHT // 2
        return round((self._high - value) / self._span * (HEIGHT - 1))


def _foot(changes: Sequence[ChangePoint], at: Sequence[int], number: int, paint: Paint) -> str:
    """The axis below, with an arrow for each change: up is worse, down is better."""
    cells = [_LEVEL] * number
    for change in changes:
        arrow = _ARROWS.get(change.direction, _SEAM)
        cells[at[change.index]] = paint(_LOOKS[change.direction], arrow)
    return f"{' ' * _AXIS_LABEL} └{''.join(cells)}"
