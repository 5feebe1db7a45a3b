"""Baselines: the limits that a release is held to, and what each came to in a run."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Baseline:
    """One row of a baseline file."""

    component: str  # API, AI, A2A, WebSocket
    name: str  # p95 latency
    scenarios: tuple[str, ...]  # the ones whose runs it is judged by
    selector: str  # as written: http_req_duration{type:ai}
    expression: str  # of thresholds: p(95) < 500 over steady
    unit: str  # "ms", "bytes", "per_s", "bytes_per_s" or ""
    minimum_samples: int  # 0: a run that had no occasion to record one passes
    place: str = ""  # baselines.toml, row 3

    @property
    def title(self) -> str:
        return f"{self.component} {self.name}"


@dataclass(frozen=True, slots=True)
class BaselineSet:
    """A baseline file, read and validated."""

    file: str  # as given by the user, or "shipped"
    version: int
    rows: tuple[Baseline, ...]

    def of_scenario(self, scenario: str) -> tuple[Baseline, ...]:
        return tuple(row for row in self.rows if scenario in row.scenarios)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Every scenario that owns a row, in the file's order."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.scenarios))


@dataclass(frozen=True, slots=True)
class BaselineResult:
    """One row, judged by one run.

    `low` and `high` are the 95 % band of the value within this run; None where it has no end, or
    the run shows none. They say nothing of what another run would measure.
    """

    component: str
    name: str
    scenario: str  # of the run
    selector: str
    expression: str
    limit: float
    unit: str
    verdict: Verdict  # PASS, FAIL, NO_DATA or INVALID
    value: float | None  # None: no sample
    at_least: bool  # `value` is a lower bound: something was cut off in flight
    low: float | None
    high: float | None
    margin: float | None  # of the limit that is left, as a share; negative: broken by that much
    samples: int
    minimum_samples: int
    reason: str  # a sentence unless it passed by a clear margin

    @property
    def title(self) -> str:
        return f"{self.component} {self.name}"


@dataclass(frozen=True, slots=True)
class BaselineReport:
    """The rows that belong to one run."""

    file: str
    version: int
    rows: tuple[BaselineResult, ...]
    counted: bool = True  # False: shown only, since the load is not what they are stated for
    note: str = ""  # why not
