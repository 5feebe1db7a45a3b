"""How the value of a criterion went along from run to run, and which runs that are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas_perf.model.summary import CriterionState
from atlas_perf.report.html.columns import rounded
from atlas_perf.report.html.report_data import History
from atlas_perf.report.run_outcomes import CriterionKey, EarlierRuns, RunOutcomes
from atlas_perf.report.terminal_text import printable

WORDS = {
    CriterionState.PASSED: "met",
    CriterionState.FAILED: "not met",
    CriterionState.NO_DATA: "no data",
}


def history_over(
    key: str, criterion: CriterionKey, runs: Sequence[RunOutcomes], unit: str, limit: float
) -> History | None:
    """None where there are not two values to draw a line between.

    Args:
        key: of the element of the page that it is drawn in.
        runs: the oldest first.
    """
    told = [(run, run.criteria[criterion]) for run in runs if criterion in run.criteria]
    if sum(outcome.value is not None for _, outcome in told) < 2:
        return None
    return History(
        key,
        unit,
        limit,
        tuple(rounded(outcome.value) for _, outcome in told),
        tuple(_point(run) for run, _ in told),
        tuple(WORDS[outcome.state] for _, outcome in told),
    )


def date_text(started_at: str) -> str:
    """`2026-11-23 14:05` of RFC 3339."""
    return started_at[:16].replace("T", " ")


def note_on(earlier: EarlierRuns) -> str:
    """Which runs a page shows beside its own, and which not; empty where there is none."""
    number = len(earlier.runs)
    left_out = "; ".join(_left_out(earlier))
    if not number and not left_out:
        return ""
    shown = f"{number or 'no'} earlier run{'' if number == 1 else 's'} like this one"
    beside = f"{shown[0].upper()}{shown[1:]} {'is' if number == 1 else 'are'} beside it"
    return f"{beside}. Left out: {left_out}." if left_out else f"{beside}."


def _point(run: RunOutcomes) -> str:
    return printable(f"{date_text(run.started_at)} · {run.place}")


def _left_out(earlier: EarlierRuns) -> Iterator[str]:
    if earlier.unlike:
        yield f"{earlier.unlike} unlike it (the newest in {earlier.difference})"
    if earlier.worthless:
        yield f"{earlier.worthless} INVALID or interrupted"
    if earlier.unreadable:
        yield f"{earlier.unreadable} that cannot be read"
