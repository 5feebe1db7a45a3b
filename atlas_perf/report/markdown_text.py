"""Text and tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from atlas_perf.report.terminal_text import printable

_SPECIAL = str.maketrans(
    {character: f"\\{character}" for character in "\\`*_{}[]()#+-!|~@"}
    | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
)


def plain_text(text: str) -> str:
    """Text that Markdown and the HTML in it take for nothing but text."""
    return " ".join(printable(text).split()).translate(_SPECIAL)


def table_head(*titles: str) -> Iterator[str]:
    yield table_row(*titles)
    yield table_row(*("---" for _ in titles))


def table_row(*cells: str) -> str:
    """Cells are Markdown already."""
    return f"| {' | '.join(cells)} |"
