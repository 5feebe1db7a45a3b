"""Several runs judged together by one baseline file: one verdict over all of its rows."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.errors import ExitCode
from atlas_perf.model.baseline import BaselineResult
from atlas_perf.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class AnalysedRun:
    """One run that was looked at."""

    folder: str  # as given, or found below what was given
    scenario: str
    started_at: str  # RFC 3339
    verdict: Verdict  # of the run itself, its thresholds included


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
