"""docs/http-parser.md names every refusal, limit and difference, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from llhttp_differences import DIFFERENCES

from atlas_perf.protocols.http._response_reader import DEFAULT_LIMITS, REFUSALS

PAGE = Path(__file__).parents[2] / "docs" / "http-parser.md"


def first_cells(heading: str) -> list[str]:
    """The names, in backquotes, that the rows of a section's table start with."""
    section = PAGE.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]


def test_every_refusal_is_described() -> None:
    assert sorted(first_cells("What is refused")) == sorted(REFUSALS)


def test_every_difference_is_described() -> None:
    described = first_cells("Where it differs from llhttp")
    assert sorted(described) == sorted(each.name for each in DIFFERENCES)


def test_every_limit_is_described_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", PAGE.read_text(), re.MULTILINE)
    assert {name: int(value.replace(",", "")) for name, value in rows} == DEFAULT_LIMITS
