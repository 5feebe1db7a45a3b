"""How a report ends: the sentences behind the verdict, and the verdict on the last line."""

from __future__ import annotations

from collections.abc import Sequence

from atlas_perf.errors import ExitCode
from atlas_perf.model.summary import CriterionState, Summary
from atlas_perf.model.verdict import Verdict, is_comfort
from atlas_perf.report.criterion_text import STATES
from atlas_perf.report.terminal_text import Paint, printable, wrapped

_BANNERS = {
    Verdict.INVALID: ("on red", "✗", "the run proves nothing"),
    Verdict.FAIL: ("on red", "✗", ""),
    Verdict.NO_DATA: ("on yellow", "?", "something could not be judged"),
    Verdict.NO_BASELINE: ("on yellow", "?", "there is nothing to compare with"),
    Verdict.INCONCLUSIVE: ("on yellow", "?", "neither a regression nor its absence is shown"),
    Verdict.PASS: ("on green", "✓", ""),
}


def telling_reasons(summary: Summary) -> list[str]:
    """The reasons without those that only say what the verdict's line says by its counts."""
    return [reason for reason in summary.reasons if not is_comfort(reason)]


def reason_lines(reasons: Sequence[str], paint: Paint, width: int) -> list[str]:
    """Each sentence behind the verdict, wrapped."""
    lines: list[str] = []
    for reason in reasons:
        first, *rest = wrapped(printable(reason), width - 4, "  ")
        lines.append(f"  {paint('bold', '›')} {first}")
        lines += [f"  {line}" for line in rest]
    return lines


def verdict_line(summary: Summary, paint: Paint) -> str:
    """The last line: the word, what it means, how many criteria, the exit code."""
    # Met criteria of a run that proves nothing would only comfort its reader.
    invalid = summary.verdict is Verdict.INVALID
    counts = [] if invalid else _criteria_counts(summary)
    return banner(summary.verdict, summary.exit_code, counts, paint)


def banner(verdict: Verdict, exit_code: ExitCode, counts: Sequence[str], paint: Paint) -> str:
    """The word, what it means, how much was judged, and the exit code."""
    how, mark, meaning = _BANNERS[verdict]
    code = int(exit_code)
    parts = [
        "interrupted" if exit_code is ExitCode.INTERRUPTED else "",
        meaning,
        *counts,
        f"exit code {code}" if code else "",
    ]
    word = f"{mark} {verdict.value}"
    banner = paint(how, f" {word} ") if paint.colour else word
    return f"  {banner}  {' · '.join(filter(None, parts))}".rstrip()


def _criteria_counts(summary: Summary) -> list[str]:
    """`1 of 6 criteria failed`, `1 without data`: what is there, or that all were met.

    Criteria are all that had a part in the verdict: thresholds, and the baselines that count.
    """
    report = summary.baselines
    rows = report.rows if report is not None and report.counted else ()
    judged = [(one.state, one.value) for one in summary.thresholds]
    judged += [(STATES[one.verdict], one.value) for one in rows]
    if not judged:
        return []
    whole = f"of {len(judged)} criteri{'on' if len(judged) == 1 else 'a'}"
    failed = sum(state is CriterionState.FAILED for state, _ in judged)
    open_values = [value for state, value in judged if state is CriterionState.NO_DATA]
    empty = open_values.count(None)
    counts = {"failed": failed, "without data": empty, "undecided": len(open_values) - empty}
    told = [(count, word) for word, count in counts.items() if count]
    if not told:
        return [f"{len(judged)} {whole} met"]
    (count, word), *rest = told
    return [f"{count} {whole} {word}", *(f"{count} {word}" for count, word in rest)]
