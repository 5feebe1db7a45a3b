"""What runs of one scenario came to, criterion by criterion: what a page shows of other runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from atlas_perf.model.summary import CriterionState, Summary
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.criterion_text import STATES

CriterionKey = tuple[str, str]
"""What a criterion is about, and what it asks: another limit makes it another one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one criterion came to in one run."""

    value: float | None  # None: no samples
    state: CriterionState


@dataclass(frozen=True, slots=True)
class RunOutcomes:
    """One run, as far as other runs are concerned."""

    place: str  # the name of the folder that it was found in
    started_at: str  # RFC 3339
    verdict: Verdict
    criteria: Mapping[CriterionKey, Outcome]


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """Those before a run that are like it, and why there are not more of them."""

    runs: tuple[RunOutcomes, ...] = ()  # oldest first
    unlike: int = 0  # runs of its scenario, left out as they differ
    difference: str = ""  # in what the newest of these does
    worthless: int = 0  # left out: INVALID, or interrupted
    unreadable: int = 0


NO_EARLIER_RUNS = EarlierRuns()


def outcomes_of(place: str, summary: Summary) -> RunOutcomes:
    """What a run came to."""
    found = {
        (one.selector, one.expression): Outcome(one.value, one.state) for one in summary.thresholds
    }
    for row in summary.baselines.rows if summary.baselines else ():
        key = row.title, f"{row.selector} {row.expression}"
        found[key] = Outcome(row.value, STATES.get(row.verdict, CriterionState.NO_DATA))
    return RunOutcomes(place, summary.started_at, summary.verdict, found)
