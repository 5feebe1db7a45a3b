"""Which of k6's files a file is, told by what is in it and not by its name.

Nothing in a file is trusted: whatever does not fit ends in one sentence that names file and place.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from atlas_perf.errors import ExitCode, RunInvalidError

MAX_LINE_BYTES = 1 << 20
MAX_SUMMARY_BYTES = 64 << 20

_GZIP = b"\x1f\x8b"
_READS = (
    "atlas-perf reads its own results, what k6 writes for --summary-export, what handleSummary is "
    "given, and --out json"
)


class K6Kind(StrEnum):
    """Of k6's files those that can be judged."""

    NDJSON = "k6 --out json"
    SUMMARY_EXPORT = "k6 --summary-export"
    HANDLE_SUMMARY = "k6 handleSummary"
    MACHINE_READABLE = "k6 --new-machine-readable-summary"


class K6FileError(RunInvalidError):
    """A file that proves nothing: half, damaged, or of another make."""


class NoSampleError(K6FileError):
    """A file that is whole and in which nothing was measured."""

    exit_code = ExitCode.NO_DATA


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedIOBase]:
    """The bytes of a file, unpacked if they are gzip's.

    Raises:
        K6FileError: it cannot be read, here or later on.
    """
    try:
        with path.open("rb") as file:
            if file.peek(2)[:2] != _GZIP:
                yield file
                return
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        what = "ends before its end" if isinstance(error, EOFError) else "is damaged"
        raise K6FileError(f"{path}: the gzip in it {what}: the file is not whole") from None
    except OSError as error:
        raise K6FileError(f"{path} cannot be read: {error.strerror or error}") from None


def kind_of(path: Path) -> K6Kind | None:
    """What a file is; None for a record of atlas-perf itself.

    Raises:
        K6FileError: none of these.
    """
    with opened(path) as file:
        first = file.readline(MAX_LINE_BYTES + 1)
    if is_line_of_ndjson(first):
        return K6Kind.NDJSON
    return _kind_of_document(path, read_document(path))


def is_line_of_ndjson(line: bytes) -> bool:
    """True for a line as `--out json` begins with."""
    try:
        plain = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(plain, dict) and plain.get("type") in ("Metric", "Point")


def read_document(path: Path) -> dict[str, Any]:
    """A file that is one JSON object.

    Raises:
        K6FileError: it is not.
    """
    with opened(path) as file:
        data = file.read(MAX_SUMMARY_BYTES + 1)
    if len(data) > MAX_SUMMARY_BYTES:
        raise K6FileError(f"{path}: more than {MAX_SUMMARY_BYTES >> 20} MiB, and no summary is")
    if not data.strip():
        raise K6FileError(f"{path} is empty: whoever wrote it did not come to its end")
    try:
        plain = json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise K6FileError(f"{path} is no JSON, or only the begin of some: {why}") from None
    if not isinstance(plain, dict):
        raise K6FileError(f"{path} is not the record of a run: {_READS}")
    return plain


def _kind_of_document(path: Path, plain: dict[str, Any]) -> K6Kind | None:
    if "schema_version" in plain:
        return None
    if isinstance(plain.get("results"), dict) and "metrics" in plain["results"]:
        return K6Kind.MACHINE_READABLE
    metrics = plain.get("metrics")
    if isinstance(metrics, dict) and all(isinstance(one, dict) for one in metrics.values()):
        nested = any("values" in one for one in metrics.values()) or "state" in plain
        return K6Kind.HANDLE_SUMMARY if nested else K6Kind.SUMMARY_EXPORT
    raise K6FileError(f"{path} is not the record of a run: {_READS}")


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
