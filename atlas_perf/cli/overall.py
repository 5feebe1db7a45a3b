"""One answer for a command that ran several scenarios."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from atlas_perf.errors import ExitCode
from atlas_perf.model.summary import Summary
from atlas_perf.model.verdict import worst

PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.INTERNAL,
    ExitCode.INVALID,
    ExitCode.FAIL,
    ExitCode.NO_DATA,
    ExitCode.INCONCLUSIVE,
    ExitCode.PASS,
)
"""Whoever presses Ctrl-C learns that first; then the gravest finding wins."""


def overall_exit_code(exit_codes: Iterable[ExitCode]) -> ExitCode:
    """The first in `PRECEDENCE` that occurs.

    Raises:
        ValueError: if there is none, since nothing run is not a pass.
    """
    return min(exit_codes, key=PRECEDENCE.index)


def overall_line(summaries: Sequence[Summary], skipped: Sequence[str]) -> str:
    """`overall: FAIL (smoke PASS, api FAIL; not run: a2a)`."""
    verdict = worst(summary.verdict for summary in summaries)
    each = ", ".join(f"{summary.name} {summary.verdict.value}" for summary in summaries)
    rest = f"; not run: {', '.join(skipped)}" if skipped else ""
    return f"overall: {verdict.value} ({each}{rest})"
