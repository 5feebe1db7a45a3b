"""Summaries of runs that never were."""

from __future__ import annotations

from atlas_perf.errors import ExitCode
from atlas_perf.model.summary import Facts, Summary
from atlas_perf.model.verdict import Verdict


def made_summary(
    name: str, verdict: Verdict = Verdict.PASS, exit_code: ExitCode | None = None
) -> Summary:
    return Summary(
        name=name,
        file=f"{name}.py",
        file_sha256="0" * 64,
        started_at="2026-11-23T14:00:00Z",
        measured_s=1.0,
        verdict=verdict,
        exit_code=verdict.exit_code if exit_code is None else exit_code,
        reasons=("The one criterion was met.",),
        facts=Facts("0.1.0", "3.11.7", "0.23.0", "Linux", "a CPU", 2, "", ""),
        plan={},
    )
