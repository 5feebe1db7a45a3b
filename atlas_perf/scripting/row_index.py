"""Where each row of a file begins: one pass that also finds everything that is wrong with it."""

from __future__ import annotations

import csv
import json
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from atlas_perf.errors import UsageError
from atlas_perf.model.feed import RowFormat, RowLayout

MAX_JSON_BYTES = 64 * 1024 * 1024
"""An array is read as a whole to find its rows; JSON lines and CSV have no limit."""

BOM = b"\xef\xbb\xbf"
_FOUR_BYTES = 1 << 32
_JSON_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class RowIndex:
    """Row *i* is somewhere in [starts[i], starts[i + 1]), from its first byte on."""

    starts: Sequence[int]  # one more than rows
    columns: tuple[str, ...]  # of CSV; empty for JSON


def index_rows(file: IO[bytes], size_bytes: int, name: str, layout: RowLayout) -> RowIndex:
    """Read a file of rows once, from its beginning.

    Raises:
        UsageError: `name:line: what is wrong`, for the first thing that is.
    """
    starts: array[int] = array("I" if size_bytes < _FOUR_BYTES else "Q")
    columns = layout.columns
    match layout.format:
        case RowFormat.CSV:
            columns = _index_csv(file, name, layout, starts)
        case RowFormat.JSON_LINES:
            _index_json_lines(file, name, starts)
        case RowFormat.JSON:
            _index_json(file, size_bytes, name, starts)
    if not starts:
        raise UsageError(f"{name}: has no rows")
    starts.append(size_bytes)
    return RowIndex(starts, columns)


class _Lines:
    """A file's lines as text, and how far they have been read."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self.number = 0  # of the line read last, from 1
        self.end = 0  # offset after it

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self.number += 1
            self.end += len(line)
            yield self._text(line.removeprefix(BOM) if self.number == 1 else line)

    def _text(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            raise UsageError(
                f"{self._name}:{self.number}: is not UTF-8 (byte {line[error.start]:#04x} at "
                f"{error.start + 1}): save the file as UTF-8"
            ) from None


def _index_csv(
    file: IO[bytes], name: str, layout: RowLayout, starts: array[int]
) -> tuple[str, ...]:
    lines = _Lines(file, name)
    reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
    columns: tuple[str, ...] = layout.columns
    begin, line = 0, 1
    try:
        for fields in reader:
            if not fields:
                pass  # an empty line
            elif not columns:
                columns = _header(fields, f"{name}:{line}")
            elif len(fields) != len(columns):
                raise UsageError(f"{name}:{line}: {_ragged(fields, columns, layout)}")
            else:
                starts.append(begin)
            begin, line = lines.end, lines.number + 1
    except csv.Error as error:
        raise UsageError(f"{name}:{line}: is not CSV: {error}") from None
    return columns


def _header(fields: list[str], place: str) -> tuple[str, ...]:
    advice = "give the columns' names in the first line, or with columns=(…)"
    for number, field in enumerate(fields, 1):
        if not field.strip():
            raise UsageError(f"{place}: is no header, as column {number} has no name: {advice}")
        if field in fields[: number - 1]:
            raise UsageError(f"{place}: is no header, as {field!r} is there twice: {advice}")
    return tuple(fields)


def _ragged(fields: list[str], columns: tuple[str, ...], layout: RowLayout) -> str:
    named = "columns=(…) names" if layout.columns else "the header names"
    count = f"{len(fields)} field{'' if len(fields) == 1 else 's'}"
    return f"has {count} where {named} {len(columns)}"


def _index_json_lines(file: IO[bytes], name: str, starts: array[int]) -> None:
    lines = _Lines(file, name)
    begin = 0
    for text in lines:
        if text.strip():
            try:
                json.loads(text)
            except ValueError as error:
                reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                raise UsageError(f"{name}:{lines.number}: is not JSON: {reason}") from None
            starts.append(begin)
        begin = lines.end


def _index_json(file: IO[bytes], size_bytes: int, name: str, starts: array[int]) -> None:
    if size_bytes > MAX_JSON_BYTES:
        raise UsageError(
            f"{name}: is larger than {MAX_JSON_BYTES >> 20} MiB, which an array may not be: "
            "write one row a line, as .jsonl"
        )
    raw = file.read()
    skipped = len(BOM) if raw.startswith(BOM) else 0
    try:
        text = raw[skipped:].decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, skipped + error.start) + 1
        raise UsageError(f"{name}:{line}: is not UTF-8: save the file as UTF-8") from None
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{name}:{error.lineno}: is not JSON: {error.msg}") from None
    if not isinstance(rows, list):
        raise UsageError(f"{name}:1: must be an array of rows, not {_json_kind(rows)}")
    for begin, end in _elements(text, len(rows)):
        starts.append(skipped + begin)
        skipped += len(text[begin:end].encode()) - (end - begin)


def _elements(text: str, count: int) -> Iterator[tuple[int, int]]:
    """Where the elements of an array lie that is known to be well-formed; in characters.

    Nothing but an element has characters of more than one byte.
    """
    decoder = json.JSONDecoder()
    end = _skip(text, 0)
    for _ in range(count):
        begin = _skip(text, end + 1)  # past the bracket or the comma
        _, end = decoder.raw_decode(text, begin)
        yield begin, end
        end = _skip(text, end)


def _skip(text: str, position: int) -> int:
    match = _JSON_SPACE.match(text, position)
    return position if match is None else match.end()


def _json_kind(value: object) -> str:
    kinds = {dict: "an object", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
