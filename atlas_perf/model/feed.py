"""A feed of a scenario file as the plan knows it: its rules and how many rows it has, no row."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class FeedMode(StrEnum):
    """Which row is the next one."""

    UNIQUE = "unique"  # the next that nobody in the whole run has had
    CIRCULAR = "circular"  # in order, and from the first again after the last
    RANDOM = "random"  # any, drawn from the user's own random numbers


class FeedPer(StrEnum):
    """For how long a virtual user keeps a row."""

    ITERATION = "iteration"
    VU = "vu"
    CALL = "call"


class OnExhausted(StrEnum):
    """What the request for a row does when all rows of a unique feed have been given."""

    STOP = "stop"  # ends the load; what was offered is judged
    FAIL = "fail"  # ends the load, and the run is INVALID
    RECYCLE = "recycle"  # begins with the first row again


class RowFormat(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"
    JSON = "json"  # one array


@dataclass(frozen=True, slots=True)
class RowLayout:
    """How rows lie in a file."""

    format: RowFormat
    delimiter: str = ","  # of CSV
    columns: tuple[str, ...] = ()  # of CSV without a header line


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """One feed, equal in every process of a run."""

    name: str  # as the scenario file says it: users.csv
    rows: int
    mode: FeedMode = FeedMode.UNIQUE
    per: FeedPer = FeedPer.ITERATION
    on_exhausted: OnExhausted = OnExhausted.FAIL
    file: str = ""  # empty: the rows are in the scenario file's own memory
    sha256: str = ""  # of the file
    layout: RowLayout = field(default_factory=lambda: RowLayout(RowFormat.CSV))

    @property
    def is_leased(self) -> bool:
        """True if workers must ask which rows are theirs."""
        return self.mode is FeedMode.UNIQUE
