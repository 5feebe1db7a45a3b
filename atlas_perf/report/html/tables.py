"""Tables of a page: columns with their definitions, and rows of cells."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.report.html.cells import Cell


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table that sorts."""

    title: str
    about: str  # key of its definition
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line; `detail` is told beneath its name."""

    cells: tuple[Cell, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What the template draws."""

    key: str  # its id in the page
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    more: int = 0  # rows that are in summary.json only
    filtered: bool = False  # whether it has a field to filter by


def limited(
    key: str,
    caption: str,
    columns: tuple[Column, ...],
    rows: list[Row],
    most: int,
    *,
    filtered: bool = False,
) -> Table:
    """A table of the first `most` rows."""
    return Table(key, caption, columns, tuple(rows[:most]), max(0, len(rows) - most), filtered)
