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


def overall_line(
    summaries: Sequence[Summary], skipped: Sequence[str], *, broken: str | None = None
) -> str:
    """`overall: FAIL (smoke PASS, api FAIL; not run: a2a)`.

    `broken` is the scenario that an error kept from having a verdict: then there is none overall.
    """
    each = [f"{summary.name} {summary.verdict.value}" for summary in summaries]
    if broken is not None:
        each.append(f"{broken} broke down")
    rest = f"; not run: {', '.join(skipped)}" if skipped else ""
    verdicts = [summary.verdict for summary in summaries]
    word = "no verdict" if broken is not None else worst(verdicts).value
    return f"overall: {word} ({', '.join(each)}{rest})"
