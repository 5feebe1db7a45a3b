"""What the preflight found out about one thing: a line with its number and, if need be, the fix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is; the value is its sign."""

    GOOD = "✓"
    DOUBTFUL = "!"  # the run works, and its figures may not be worth much
    HOPELESS = "✗"  # the run cannot do what its plan says


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `atlas-perf doctor`."""

    level: Level
    subject: str  # open files
    text: str  # with the number
    fix: str = ""  # what to do about it, unless it is good

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}{f': {self.fix}' if self.fix else ''}"
