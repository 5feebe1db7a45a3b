"""Rows in a file, read one by one where they lie: only where each begins is kept in memory.

The pages of a file are shared by all processes that read it, so a large one is in memory once,
whatever the number of workers; the index takes four bytes a row and process.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import stat
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

from atlas_perf.choices import alternatives
from atlas_perf.errors import UsageError
from atlas_perf.model.feed import RowFormat, RowLayout
from atlas_perf.scripting.row_index import BOM, index_rows

FORMATS = {
    ".csv": RowLayout(RowFormat.CSV),
    ".tsv": RowLayout(RowFormat.CSV, "\t"),
    ".jsonl": RowLayout(RowFormat.JSON_LINES),
    ".ndjson": RowLayout(RowFormat.JSON_LINES),
    ".json": RowLayout(RowFormat.JSON),
}
"""By the end of the file's name."""

_DECODER = json.JSONDecoder()


def layout_of(path: Path, delimiter: str | None, columns: Sequence[str]) -> RowLayout:
    """How a file's rows lie, by its name and what is said of it.

    Raises:
        UsageError: the name says nothing that is known, or something is said that does not fit.
    """
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise UsageError(f"{path.name}: rows are read from {alternatives(FORMATS)} files")
    if found.format is not RowFormat.CSV:
        if delimiter is not None or columns:
            raise UsageError(f"{path.name}: delimiter and columns are for CSV files only")
        return found
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise UsageError(f"{path.name}: delimiter must be one character, not {delimiter!r}")
    names = tuple(columns)
    if isinstance(columns, str) or not all(isinstance(one, str) and one for one in names):
        raise UsageError(f"{path.name}: columns must be a sequence of names, not {columns!r}")
    if len(set(names)) < len(names):
        raise UsageError(f"{path.name}: columns names one twice: {', '.join(names)}")
    return RowLayout(RowFormat.CSV, delimiter or found.delimiter, names)


class RowFile(Sequence[Any]):
    """A file's rows: of CSV dicts of text, of JSON whatever is there; a new object each time."""

    def __init__(self, path: Path, layout: RowLayout, name: str) -> None:
        """Open the file and check every row; `name` is what errors call it.

        Raises:
            UsageError: it cannot be read, or is not what it should be, with file and line.
        """
        self.name = name
        self.path = _as_reported(path)
        self._layout = layout
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._fd)
            status = os.fstat(self._fd)
            if not stat.S_ISREG(status.st_mode):
                raise UsageError(f"{name}: is not a regular file")
            with open(self._fd, "rb", closefd=False) as file:
                self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                file.seek(0)
                index = index_rows(file, status.st_size, name, layout)
        except OSError as error:
            raise UsageError(f"{name}: cannot be read: {error.strerror}") from None
        self._starts, self.columns = index.starts, index.columns

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, number: int) -> Any: ...
    @overload
    def __getitem__(self, number: slice) -> list[Any]: ...
    def __getitem__(self, number: int | slice) -> Any:
        """Row `number` from 0.

        Raises:
            UsageError: the file was changed or cut after it was checked.
        """
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        position = range(len(self))[number]
        begin = self._starts[position]
        raw = os.pread(self._fd, self._starts[position + 1] - begin, begin)
        try:
            text = (raw.removeprefix(BOM) if begin == 0 else raw).decode()
            return self._parse(text)
        except (ValueError, StopIteration, csv.Error):
            message = f"{self.name}: row {position + 1} was changed while the run went on"
            raise UsageError(message) from None

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(len(self)))

    def _parse(self, text: str) -> Any:
        if self._layout.format is RowFormat.CSV:
            reader = csv.reader((text,), delimiter=self._layout.delimiter, strict=True)
            return dict(zip(self.columns, next(reader), strict=True))
        return _DECODER.raw_decode(text.lstrip())[0]


def _as_reported(path: Path) -> str:
    """From the current folder if the file is somewhere in it: reports need not know more."""
    found = path.resolve()
    folder = Path.cwd()
    return str(found.relative_to(folder) if found.is_relative_to(folder) else found)
