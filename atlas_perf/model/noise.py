"""How much runs of one build differ from each other: what an A/A calibration finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from atlas_perf.model.comparison import RATE

NOISE_SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class ShownShift:
    """The smallest true change that so many pairs show to be beyond the margin, 4 times in 5."""

    pairs: int
    beyond_nothing: float  # with a margin of 0
    beyond_margin: float


@dataclass(frozen=True, slots=True)
class MetricNoise:
    """One metric over runs of one build. Of times, deviations are those of logarithms."""

    selector: str
    statistic: str
    primary: bool
    is_time: bool
    level: float | None  # mean over the runs: milliseconds, or a share
    run_sd: float | None  # between runs
    pair_sd: float | None  # of the difference between neighbours, what drifts being left out
    shifts: tuple[ShownShift, ...] = ()
    note: str = ""  # what it lacks, as a clause


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How often runs of one build were said to differ."""

    comparisons: int  # that have no run in common, of `pairs` pairs each
    pairs: int
    alarms: int  # of these
    low: float  # the interval of their rate, at 95 % confidence
    high: float
    labellings: int  # ways to call one of each two neighbours the candidate
    labelled_alarms: float  # share of these; they have all their runs in common
    naive_alarms: float  # share of single runs whose time is above 1.1 times that of another


@dataclass(frozen=True, slots=True)
class Noise:
    """Of one scenario's load on one machine."""

    scenario: str
    runs: int
    phase: str
    margin: float
    error_margin: float
    alpha: float
    metrics: tuple[MetricNoise, ...]
    deviations_up_to: float  # times what was found, since few runs show little (95 % confidence)
    false_alarms: FalseAlarms
    facts: Mapping[str, str]  # of what it holds for: scenario, tool, Python, machine
    schema_version: str = NOISE_SCHEMA_VERSION

    def of(self, selector: str, statistic: str) -> MetricNoise | None:
        """One metric's, if it was measured."""
        for one in self.metrics:
            if (one.selector, one.statistic) == (selector, statistic):
                return one
        return None


def change_text(statistic: str, change: float) -> str:
    """`4.2 %` of a time, `0.31 pp` of a share."""
    return f"{change * 100:.2f} pp" if statistic == RATE else f"{change * 100:.1f} %"
