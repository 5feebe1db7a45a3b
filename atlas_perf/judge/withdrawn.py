"""A verdict taken back: what is found out after a run was judged."""

from __future__ import annotations

from dataclasses import replace

from atlas_perf.errors import ExitCode
from atlas_perf.judge.baselines.judging import invalidated
from atlas_perf.model.summary import Summary
from atlas_perf.model.verdict import Verdict, is_comfort


def withdrawn(summary: Summary, reason: str) -> Summary:
    """The summary as INVALID for this reason, which comes first; an interrupted run stays one."""
    interrupted = summary.exit_code is ExitCode.INTERRUPTED
    kept = (sentence for sentence in summary.reasons if not is_comfort(sentence))
    return replace(
        summary,
        verdict=Verdict.INVALID,
        exit_code=summary.exit_code if interrupted else Verdict.INVALID.exit_code,
        reasons=(reason, *kept),
        baselines=None if summary.baselines is None else invalidated(summary.baselines),
    )
