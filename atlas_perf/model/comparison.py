"""What a comparison of runs is asked, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from atlas_perf.errors import ExitCode
from atlas_perf.model.verdict import Verdict

RATE = "rate"

_LARGE_POINTS, _LARGE_PERCENT = 10, 1000
"""From here on a change is told with one digit less."""


class Finding(StrEnum):
    """What one metric came to."""

    REGRESSED = "regressed"
    NON_INFERIOR = "non-inferior"
    UNDECIDED = "undecided"
    NO_DATA = "no data"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A selector and a statistic of it, `p(95)` or `rate`."""

    selector: str
    statistic: str

    def __str__(self) -> str:
        return f"{self.selector} {self.statistic}"

    @property
    def metric(self) -> str:
        return self.selector.partition("{")[0]

    @property
    def is_rate(self) -> bool:
        return self.statistic == RATE

    @property
    def quantile(self) -> float:
        """Of a `p(…)`, from 0 to 1."""
        return float(self.statistic.removeprefix("p(").removesuffix(")")) / 100


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed before anybody looks."""

    margin: float = 0.05  # a time may be so much longer
    error_margin: float = 0.005  # a share of failures may be so much higher
    alpha: float = 0.05  # at each look
    looks: int = 1  # at the runs, agreed beforehand
    run_sd: float = 0.03  # of log-quantiles between runs, assumed where there is one run per side
    primary: tuple[Quantity, ...] = ()  # none: chosen by what the runs measured
    require_non_inferiority: bool = False

    @property
    def alpha_of_all(self) -> float:
        """Of all looks together, at most."""
        return self.alpha * self.looks

    def alpha_text(self) -> str:
        """`5 %`, `5 % (2.5 % at each of 2 looks)`."""
        each = f" ({self.alpha * 100:g} % at each of {self.looks} looks)" if self.looks > 1 else ""
        return f"{self.alpha_of_all * 100:g} %{each}"


@dataclass(frozen=True, slots=True)
class ComparedMetric:
    """One metric on both sides.

    Times are in milliseconds and `change` is candidate/base - 1; shares are 0 to 1, of what went
    wrong where that is known, and `change` is their difference. That the true change is above
    `lower` is said with confidence 1 - alpha, and so is that it is below `upper`.
    """

    selector: str
    statistic: str
    primary: bool
    is_time: bool
    base: float | None
    candidate: float | None
    change: float | None
    lower: float | None
    upper: float | None
    margin: float
    finding: Finding
    pairs_to_decide: int | None = None
    stands_out: bool = False  # of those that do not gate (Benjamini-Hochberg)
    note: str = ""

    def text(self, change: float | None) -> str:
        """`+4.2 %` of a time, `+0.31 pp` of a share."""
        if change is None:
            return "–"
        points = change * 100
        large, unit = (_LARGE_POINTS, "pp") if self.statistic == RATE else (_LARGE_PERCENT, "%")
        digits = (2 if self.statistic == RATE else 1) - (abs(points) >= large)
        return f"{points:+z.{digits}f} {unit}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison came to."""

    verdict: Verdict
    exit_code: ExitCode
    reasons: tuple[str, ...]
    advisory: bool  # one run per side
    pairs: int  # 0: against the sessions of a history
    phase: str  # of the load; empty: all that counts
    terms: Terms
    metrics: tuple[ComparedMetric, ...]  # the primary ones first
    sessions: int = 0  # of kept runs that stand for the base; 0: runs of a base, as many as pairs
