"""Which line of a TOML file says what, for sentences about it: `tomllib` keeps no lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_TABLE = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")


class TomlLines:
    """Tables and keys of a file with their lines, as far as they begin a line."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, ...], int] = {}
        for path, line in _written(text):
            self._lines.setdefault(path, line)

    def of(self, path: Path) -> int:
        """The line of a key, or of the nearest thing around it that begins a line."""
        names = tuple(step for step in path if isinstance(step, str))
        for length in range(len(names), 0, -1):
            if names[:length] in self._lines:
                return self._lines[names[:length]]
        return 1


def _written(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        heading = _TABLE.fullmatch(line)
        key = _KEY.match(line)
        if heading:
            table = _parts(heading[1])
            yield table, number
        elif key:
            yield (*table, *_parts(key[1])), number


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
