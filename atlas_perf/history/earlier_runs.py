"""Which runs before this one its page may show beside it: of the same scenario, and alike.

They are found where the results lie, and among kept runs. Only summaries are read, the newest
first, and no more than are wanted; whatever is wrong with one of them costs that one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from atlas_perf.errors import RunInvalidError
from atlas_perf.history.kept_files import started
from atlas_perf.history.run_places import (
    UNBELIEVABLE,
    ReadSummary,
    places_before,
    read_judged,
)
from atlas_perf.judge.comparison.likeness import (
    arrivals,
    differences_as_made,
    offered_difference,
    unusable,
)
from atlas_perf.model.summary import Summary
from atlas_perf.report.run_outcomes import (
    NO_EARLIER_RUNS,
    EarlierRuns,
    RunOutcomes,
    outcomes_of,
)

MOST_RUNS = 20
"""Older ones say less of today."""

MOST_READ = 100
MOST_BYTES_READ = 64_000_000
MOST_DIFFERENCE = 200
"""Characters of a text that comes from other files."""


def earlier_runs(folder: Path, summary: Summary, also: Sequence[Path] = ()) -> EarlierRuns:
    """The newest runs before this one that are like it. Never raises for what lies about.

    Args:
        folder: the results of the run; its neighbours are looked at.
        also: stores of kept runs.
    """
    try:
        began = started(summary)
    except RunInvalidError:
        return NO_EARLIER_RUNS
    this = replace(summary, plan=_as_read(summary.plan))
    own = _real(folder)
    choice = _Choice(this)
    bytes_read = 0
    places = places_before((folder.absolute().parent, *also), this.name, began)
    for number, place in enumerate(place for place in places if _real(place) != own):
        if number == MOST_READ or bytes_read > MOST_BYTES_READ or choice.is_full:
            break
        try:
            found = read_judged(place)
            if found is not None:
                bytes_read += found.bytes_read
                choice.look_at(place.name, found)
        except UNBELIEVABLE:
            choice.unreadable += 1
    return choice.made()


class _Choice:
    """Runs come newest first."""

    def __init__(self, this: Summary) -> None:
        self._this = this
        self._began = started(this)
        self._arrivals = arrivals(this)
        self._found: list[RunOutcomes] = []
        self._seen: set[str] = set()  # a run that was kept too is one
        self._unlike = 0
        self._difference = ""
        self._worthless = 0
        self.unreadable = 0

    @property
    def is_full(self) -> bool:
        return len(self._found) >= MOST_RUNS

    def look_at(self, place: str, read: ReadSummary) -> None:
        """
        Raises:
            ValueError: one of its values is no number.
            RunInvalidError: it does not say when it began.
        """
        its = read.summary
        if its.name != self._this.name or its.started_at in self._seen:
            return
        if started(its) + timedelta(seconds=its.measured_s) > self._began:
            return
        outcomes = outcomes_of(place, its)
        values = [one.value for one in outcomes.criteria.values() if one.value is not None]
        if not all(map(math.isfinite, values)):
            raise ValueError("a value is no number")
        difference = self._difference_to(its, read.arrivals)
        self._seen.add(its.started_at)
        if unusable(its) is not None:
            self._worthless += 1
        elif difference:
            self._unlike += 1
            self._difference = self._difference or difference
        else:
            self._found.append(outcomes)

    def made(self) -> EarlierRuns:
        runs = sorted(self._found, key=lambda run: run.started_at)
        return EarlierRuns(
            tuple(runs), self._unlike, self._difference, self._worthless, self.unreadable
        )

    def _difference_to(self, its: Summary, its_arrivals: int) -> str:
        differences = [
            *_differences_of_place(its, self._this),
            *differences_as_made(its, self._this),
            *offered_difference(its_arrivals, self._arrivals),
        ]
        more = f" and {len(differences) - 1} more" if len(differences) > 1 else ""
        return differences[0][:MOST_DIFFERENCE] + more if differences else ""


def _differences_of_place(its: Summary, this: Summary) -> list[str]:
    """Where the load went. An environment has one meaning, whatever its address is today."""
    left, right = its.facts, this.facts
    if left.environment != right.environment:
        return [f"environment {left.environment or '–'} and {right.environment or '–'}"]
    if not right.environment and left.target != right.target:
        return [f"target {left.target} and {right.target}"]
    return []


def _as_read(plan: Any) -> Any:
    """A plan as its own file would say it."""
    return json.loads(json.dumps(plan))


def _real(folder: Path) -> Path:
    try:
        return folder.resolve()
    except (OSError, RuntimeError):  # a loop of links
        return folder
