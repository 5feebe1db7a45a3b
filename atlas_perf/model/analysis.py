"""Several runs judged together by one baseline file: one verdict over all of its rows."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.errors import ExitCode
from atlas_perf.model.baseline import BaselineResult
from atlas_perf.model.summary import ThresholdResult
from atlas_perf.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class AnalysedRun:
    """One run that was looked at."""

    folder: str  # as given, or found below what was given
    scenario: str
    started_at: str  # RFC 3339
    verdict: Verdict  # of the run itself, its thresholds included
    reasons: tuple[str, ...] = ()  # sentences behind that
    thresholds: tuple[ThresholdResult, ...] = ()  # of k6, which count: no other report has them


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What was given and is no run that could be looked at."""

    verdict: Verdict
    reason: str  # a sentence


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the rows came to; a row with several owners is there once for each."""

    file: str  # of the baselines
    version: int
    verdict: Verdict
    exit_code: ExitCode
    reasons: tuple[str, ...]  # sentences behind the verdict, the decisive one first
    runs: tuple[AnalysedRun, ...]
    rows: tuple[BaselineResult, ...]
    unreadable: tuple[Unreadable, ...] = ()
