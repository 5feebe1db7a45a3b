"""Folders that may hold a run, the newest first, and their summaries read with care.

What lies in a folder of results was written by anybody: a file is read only if it is one, of a
bounded size, and what it says is checked before it is believed.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from atlas_perf.errors import RunInvalidError
from atlas_perf.history.kept_files import stamp
from atlas_perf.model.summary import Summary
from atlas_perf.report.errors import SummaryFormatError
from atlas_perf.report.results_folder import SUMMARY_FILE, safe_name
from atlas_perf.report.summary_json import summary_from_plain

MOST_FOLDERS = 10_000
MOST_BYTES = 16_000_000
"""Of one summary: a day-long run of a hundred endpoints stays below."""

_STAMPED = re.compile(r"\d{8}T\d{6}Z(?=-|$)")
_SURE = 40
"""Characters of a scenario's name that the name of a folder has, among kept runs too."""

_NOT_NEEDED = (
    *("windows", "workers", "requests", "exceptions", "endpoints", "checks", "metrics"),
    *("ledger", "phases", "calibration", "outputs"),
)
"""Most of a summary, and nothing of it was judged."""


@dataclass(frozen=True, slots=True)
class ReadSummary:
    """A summary with what was judged and what the run was made with, and without the rest."""

    summary: Summary
    arrivals: int  # begun by arrival rates
    bytes_read: int


UNBELIEVABLE = (
    *(OSError, ValueError, TypeError, AttributeError, ArithmeticError),
    *(RecursionError, MemoryError, SummaryFormatError, RunInvalidError),
)
"""What reading and comparing a summary may raise that anybody has written."""


def places_before(parents: Iterable[Path], name: str, began: datetime) -> list[Path]:
    """Folders in `parents` that may hold an earlier run, the newest first.

    A folder's name tells when its run began, and of which scenario it may be; where it does not,
    the date of its summary has to do.
    """
    scenario = safe_name(name)[:_SURE].strip("-.")
    dated = [
        (when, folder.name, folder)
        for parent in parents
        for folder in _folders(parent)
        if (when := _stamp_of(folder, scenario)) and when <= stamp(began)
    ]
    return [folder for _, _, folder in sorted(dated, reverse=True)]


def read_judged(folder: Path) -> ReadSummary | None:
    """What was judged in a folder's run; None where it holds none.

    Raises:
        Exception: one of `UNBELIEVABLE`: it cannot be read, is too large, or is no summary.
    """
    content = _content(folder / SUMMARY_FILE)
    if content is None:
        return None
    plain = json.loads(content)
    arrivals = sum(int(one.get("started_arrivals", 0)) for one in plain.get("windows", []))
    for name in _NOT_NEEDED:
        plain.pop(name, None)
    return ReadSummary(summary_from_plain(plain), arrivals, len(content))


def _folders(parent: Path) -> Iterator[Path]:
    try:
        with os.scandir(parent) as entries:
            for entry in islice(entries, MOST_FOLDERS):
                if _is_folder(entry):
                    yield Path(entry.path)
    except OSError:
        return


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _stamp_of(folder: Path, scenario: str) -> str:
    """Empty where there is no summary, or one of another scenario."""
    named = _STAMPED.match(folder.name)
    if named:
        rest = folder.name[named.end() + 1 :]
        return named[0] if rest.startswith(scenario) else ""
    try:
        return stamp(datetime.fromtimestamp((folder / SUMMARY_FILE).stat().st_mtime, UTC))
    except (OSError, ValueError, OverflowError):
        return ""


def _content(file: Path) -> bytes | None:
    """None where there is no such file. A pipe would be waited on for ever: it is not opened to
    the end, but refused.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no file, or too large.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with os.fdopen(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
            raise ValueError("no file, or too large")
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError("too large")
    return content
