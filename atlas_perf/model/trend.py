"""What the kept runs of a scenario tell together: where a level changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from atlas_perf.errors import ExitCode

TREND_SCHEMA_VERSION = "1.0"


class Direction(StrEnum):
    """Which way a level went."""

    WORSE = "worse"
    BETTER = "better"
    OTHER = "other"  # higher or lower, and nobody can say which is worse


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One session: runs of one build that were made one after another."""

    started_at: str  # of its first run
    build: str  # label or commit; "" if unknown
    runs: int
    value: float  # the median of its runs; milliseconds, or a share from 0 to 1


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """From this session on the level is another."""

    index: int  # of the first point of the new level
    before: float  # mean of the points since the change point before
    after: float  # mean of the points until the next one
    change: float  # after/before - 1 of times; after - before of shares
    p_value: float  # of the split that was chosen: no rate of false alarms
    direction: Direction
    recent: bool  # among the last sessions that were asked for


@dataclass(frozen=True, slots=True)
class TrendSeries:
    """One metric of runs that are alike, oldest first."""

    scenario: str
    environment: str
    fingerprint: str
    unlike: str  # what makes it another series than the scenario's newest; "" for that one
    selector: str
    statistic: str
    is_time: bool
    points: tuple[TrendPoint, ...]
    change_points: tuple[ChangePoint, ...]
    judged: bool  # False: too few points
    note: str = ""

    @property
    def name(self) -> str:
        return f"{self.selector} {self.statistic}"


@dataclass(frozen=True, slots=True)
class Trend:
    """All series, and what is said of them."""

    exit_code: ExitCode
    reasons: tuple[str, ...]  # a sentence for each recent change for the worse, or why none
    regressions: int  # recent changes for the worse
    margin: float
    error_margin: float
    least_points: int
    recent_points: int
    series: tuple[TrendSeries, ...]
    left_out: tuple[str, ...] = ()  # runs that do not count, a sentence each
    schema_version: str = TREND_SCHEMA_VERSION
