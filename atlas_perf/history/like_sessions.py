"""Which kept sessions a candidate can be held against: passed, earlier, and alike in everything.

Sessions are cut by time alone here. Two builds that ran within an hour of each other have the
state of the machine in common, and are not two observations of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from atlas_perf.history.sessions import DatedRun, Session, sessions_of
from atlas_perf.judge.comparison.likeness import unlikeness
from atlas_perf.model.verdict import Verdict

MOST_SESSIONS = 20
"""Older ones say less of today."""


@dataclass(frozen=True, slots=True)
class LikeSessions:
    sessions: tuple[Session, ...]  # oldest first
    passed_over: str  # in what the newest that is unlike differs; "" if none is


def like_sessions(kept: Sequence[DatedRun], candidates: Sequence[DatedRun]) -> LikeSessions:
    """The newest sessions before the candidate's.

    Args:
        candidates: runs of one session, alike.
    """
    first = min(candidates, key=lambda run: run.began)
    same = {run.digest for run in candidates}
    summary = first.files.summary
    found, passed_over = [], ""
    for run in sorted(kept, key=lambda run: (run.began, run.digest)):
        its = run.files.summary
        if its.name != summary.name or its.verdict is not Verdict.PASS or run.digest in same:
            continue
        if its.facts.environment != summary.facts.environment:
            passed_over = f"environment {its.facts.environment} and {summary.facts.environment}"
            continue
        sides = [(one.files.summary, one.files.sketches) for one in (run, first)]
        differs = unlikeness(sides[0], sides[1])
        if differs is not None:
            passed_over = differs
        elif run.ended <= first.began:
            found.append(replace(run, build=""))
    return LikeSessions(tuple(sessions_of(found)[-MOST_SESSIONS:]), passed_over)
