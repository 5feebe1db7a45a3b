"""Text for a terminal: colours, widths in columns, and names that cannot steer the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
    "on red": "1;97;41",
    "on green": "1;97;42",
    "on yellow": "1;30;43",
}
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Paint:
    """Wraps text in ANSI colours, or leaves it alone. Pad first: codes have no width."""

    colour: bool

    def __call__(self, how: str, text: str) -> str:
        if not self.colour or not text:
            return text
        return f"\x1b[{_CODES[how]}m{text}\x1b[0m"


def printable(text: str) -> str:
    """The text with control, bidirectional and other invisible characters escaped: a name that
    came from outside must not move the cursor, recolour or reorder the report."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def columns(text: str) -> int:
    """Terminal columns the text takes: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(char) for char in text)


def left(text: str, width: int) -> str:
    """Padded on the right, up to `width` columns."""
    return text + " " * (width - columns(text))


def right(text: str, width: int) -> str:
    """Padded on the left, up to `width` columns."""
    return " " * (width - columns(text)) + text


def shortened(text: str, width: int) -> str:
    """At most `width` columns: the middle goes first, since names differ at their ends."""
    if columns(text) <= width:
        return text
    keep = max(0, width - 1)
    head = _prefix(text, keep - keep // 2)
    tail = _prefix(text[::-1], keep // 2)[::-1]
    return head + _ELLIPSIS + tail


def wrapped(text: str, width: int, indent: str) -> list[str]:
    """Lines of at most `width` columns broken at spaces; all but the first begin with `indent`.

    A word longer than a line stands alone on one, uncut, so that paths and URLs can be copied.
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line.strip() and columns(line) + 1 + columns(word) > width:
            lines.append(line)
            line = indent + word
        else:
            line = f"{line} {word}" if line.strip() else line + word
    return [*lines, line]


def joined(parts: Iterable[str], width: int, indent: str) -> list[str]:
    """The non-empty parts between middle dots, broken between parts where a line is full."""
    lines = [""]
    for part in filter(None, parts):
        line = lines[-1]
        if line.strip() and columns(line) + 3 + columns(part) > width:
            lines.append(indent + part)
        else:
            lines[-1] = f"{line} · {part}" if line.strip() else line + part
    return lines


def _prefix(text: str, width: int) -> str:
    taken = 0
    for position, char in enumerate(text):
        taken += _columns_of(char)
        if taken > width:
            return text[:position]
    return text


def _columns_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
