"""The end of a help text: examples and exit codes that fit any terminal.

Paragraphs are parted by blank lines. One whose first line ends in a colon is a list: a line each,
what is written and, after two spaces or more, what it means. Any other is prose.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

import click

from atlas_perf.report.terminal_text import columns, wrapped

_INDENT = "  "
_DEEPER = "    "
_GAP = re.compile(r" {2,}")
_VERBATIM = "\b"

Row = tuple[str, str]  # what is written, and what it means


def write_epilog(formatter: click.HelpFormatter, epilog: str) -> None:
    """Add the paragraphs of an epilog to a help text."""
    for paragraph in epilog.split("\n\n"):
        lines = [line for line in paragraph.splitlines() if line.strip(f"{_VERBATIM} ")]
        if not lines:
            continue
        formatter.write_paragraph()
        title = lines[0].strip()
        if title.endswith(":"):
            body = [_INDENT + title, *list_lines(list(_rows(lines[1:])), formatter.width)]
        else:
            prose = " ".join(line.strip() for line in lines)
            body = [_INDENT + line for line in wrapped(prose, formatter.width - 2, _INDENT)]
        formatter.write("".join(f"{line}\n" for line in body))


def list_lines(rows: Sequence[Row], width: int) -> list[str]:
    """Two columns where they fit; else every meaning stands below what it is of."""
    room = width - len(_DEEPER)
    told = [row for row in rows if row[1]]
    column = max((columns(written) for written, _ in told), default=0)
    if all(column + 2 + columns(meaning) <= room for _, meaning in told):
        return [
            _DEEPER + line
            for written, meaning in rows
            for line in _command_lines(f"{written:<{column}}  {meaning}".rstrip(), written, room)
        ]
    lines: list[str] = []
    for written, meaning in rows:
        lines += [_DEEPER + line for line in _command_lines(written, written, room)]
        if meaning:
            lines += [_DEEPER * 2 + line for line in wrapped(meaning, room - 4, "")]
    return lines


def _rows(lines: Sequence[str]) -> Iterator[Row]:
    """A line that only says what the one above means stands far to the right."""
    pending: Row | None = None
    for line in lines:
        if pending is not None and line.startswith(" " * 8):
            yield pending[0], line.strip()
            pending = None
            continue
        if pending is not None:
            yield pending
        written, *meaning = _GAP.split(line.strip(), maxsplit=1)
        pending = written, "".join(meaning)
    if pending is not None:
        yield pending


def _command_lines(line: str, written: str, room: int) -> list[str]:
    """A command that is too long goes on in the next line, as a shell reads it."""
    if columns(line) <= room:
        return [line]
    first, *rest = _with_values(written)
    lines = [first]
    for part in rest:
        if columns(lines[-1]) + 1 + columns(part) + 2 <= room:
            lines[-1] += f" {part}"
        else:
            lines.append(_INDENT + part)
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]


def _with_values(written: str) -> list[str]:
    """The words of a command, each option together with its value."""
    parts: list[str] = []
    for word in _words(written):
        if (
            parts
            and not word.startswith("-")
            and parts[-1].startswith("-")
            and " " not in parts[-1]
        ):
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts


def _words(written: str) -> list[str]:
    """As they are written, with their quotes."""
    lexer = shlex.shlex(written, posix=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)
