"""What is measured, and when a thing is due, is read off one clock that nobody can set back.

A function bound at import, as `clock.now_ns` is, cannot be changed under a running test; so the
law is held where the clocks are read: in the source.
"""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path

import pytest

from atlas_perf import clock

MEASURING = (
    *("schedule", "worker", "scripting", "protocols", "sketch", "wire"),
    *("coordinator", "aggregate", "judge", "model", "loader", "clock.py", "loop.py"),
)
WALL_CLOCKS = frozenset(
    {"time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.clock_gettime_ns"}
    | {f"{kind}.{read}" for kind in ("datetime", "date") for read in ("now", "today", "utcnow")}
)
MAY_READ_DATES = {
    "atlas_perf/clock.py": {"time.time_ns"},  # once, beside the monotonic clock: to print dates
    "atlas_perf/protocols/http/cookies.py": {"time.time"},  # a cookie's Expires is a date
}
WALL_CLOCKS_OF_C = re.compile(
    r"CLOCK_REALTIME|CLOCK_TAI|gettimeofday|timespec_get|\btime\s*\(\s*(NULL|0|&)"
)


def wall_clocks_read_in(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            found.add(".".join(ast.unparse(node).split(".")[-2:]))
        elif isinstance(node, ast.ImportFrom) and node.module in {"time", "datetime"}:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found & WALL_CLOCKS


@pytest.mark.parametrize(
    "source",
    [
        *("import time\nnow_ns = time.time_ns", "from time import time_ns", "time.time()"),
        *("datetime.now(UTC)", "datetime.datetime.utcnow()", "datetime.date.today()"),
    ],
)
def test_a_wall_clock_is_seen(source: str) -> None:
    assert wall_clocks_read_in(source)


def test_the_clock_of_a_run_is_monotonic() -> None:
    assert clock.now_ns is time.monotonic_ns


def test_nothing_that_measures_reads_a_wall_clock(checkout: Path) -> None:
    for part in MEASURING:
        place = checkout / "atlas_perf" / part
        for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
            name = str(file.relative_to(checkout))
            assert wall_clocks_read_in(file.read_text()) <= MAY_READ_DATES.get(name, set()), name


def test_compiled_parts_read_monotonic_clocks(checkout: Path) -> None:
    sources = [
        *(checkout / "csrc").glob("*.[ch]"),
        *(checkout / "atlas_perf").rglob("*.px[di]"),
        *(checkout / "atlas_perf").rglob("*.pyx"),
    ]
    texts = {file.name: file.read_text() for file in sources}
    assert {name for name, text in texts.items() if "CLOCK_MONOTONIC" in text} == {
        "alarm.h",
        "csockets.pxd",
    }
    assert [name for name, text in texts.items() if WALL_CLOCKS_OF_C.search(text)] == []
