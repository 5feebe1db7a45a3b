"""A comparison for CI systems: JUnit, Markdown, OpenMetrics, code quality."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from atlas_perf.errors import ExitCode
from atlas_perf.model.comparison import RATE, ComparedMetric, Comparison, Finding
from atlas_perf.model.summary import CriterionState
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.code_quality import quality_issues
from atlas_perf.report.comparison import extent, opposed, value_text
from atlas_perf.report.criterion_text import HEADLINES, CriterionText
from atlas_perf.report.junit_cases import Case, Outcome, junit_text
from atlas_perf.report.markdown import MARKS, verdict_mark
from atlas_perf.report.markdown_text import plain_text, table_head, table_row
from atlas_perf.report.open_metrics import CRITERION_MET, families_text, sample_line

_STATES = {
    Finding.REGRESSED: CriterionState.FAILED,
    Finding.NON_INFERIOR: CriterionState.PASSED,
    Finding.UNDECIDED: CriterionState.NO_DATA,
    Finding.NO_DATA: CriterionState.NO_DATA,
}
_GROUP = "comparison"


def comparison_junit(comparison: Comparison, file: str) -> str:
    """A case for each primary metric. What nothing depends on, as advice, is skipped.

    Args:
        file: of the scenario.
    """
    cases = [_case(row, comparison, file) for row in comparison.metrics if row.primary]
    return junit_text("atlas-perf compare", cases)


def refusal_junit(sentence: str) -> str:
    """The same where nothing was compared: one case that says why."""
    name = "the runs can be compared"
    return junit_text(
        "atlas-perf compare", [Case(_GROUP, name, "", Outcome.ERROR, sentence, sentence)]
    )


def comparison_markdown(
    comparison: Comparison, bases: Sequence[str], candidates: Sequence[str]
) -> str:
    """For a merge request's note, and for GitHub's step summary."""
    verdict, terms = comparison.verdict, comparison.terms
    meaning = "advice only" if comparison.advisory else _meaning(verdict)
    primary = [row for row in comparison.metrics if row.primary]
    striking = [row for row in comparison.metrics if row.stands_out]
    sections = [
        [f"## {verdict_mark(verdict)} {verdict}: {extent(comparison)}, {meaning}"],
        [
            plain_text(
                f"margins {terms.margin * 100:g} % of times, {terms.error_margin * 100:g} pp of "
                f"failures · false alarms at most {terms.alpha_text()}"
            )
            + f" · exit code {int(comparison.exit_code)}"
        ],
        [f"- {plain_text(reason)}" for reason in comparison.reasons],
        list(_table(primary, comparison)),
        ["These stand out and do not gate:"] if striking else [],
        list(_table(striking, comparison)),
        [
            f"- {plain_text(base)} → {plain_text(candidate)}"
            for base, candidate in opposed(comparison, bases, candidates)
        ],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def refusal_markdown(sentence: str, exit_code: ExitCode) -> str:
    return f"## ❌ nothing was compared, exit code {int(exit_code)}\n\n{plain_text(sentence)}\n"


def comparison_metrics(comparison: Comparison) -> str:
    """As OpenMetrics: the change of each metric, and whether each primary one is no worse."""
    changes, met = [], []
    for row in comparison.metrics:
        labels = {"selector": row.selector, "statistic": row.statistic}
        if row.change is not None:
            changes.append(sample_line("atlas_perf_change_ratio", labels, row.change))
        if row.primary:
            passed = row.finding is Finding.NON_INFERIOR and not comparison.advisory
            labels = {**labels, "criterion": _limit(row)}
            met.append(sample_line(CRITERION_MET, labels, float(passed)))
    return families_text({"atlas_perf_change_ratio": changes, CRITERION_MET: met})


def comparison_quality(comparison: Comparison, file: str) -> list[dict[str, Any]]:
    """Primary metrics that are worse or could not be compared; nothing of an advice."""
    told = [
        _criterion(row)
        for row in comparison.metrics
        if row.primary and not comparison.advisory and row.finding is not Finding.UNDECIDED
    ]
    return quality_issues("compare", told, file)


def _case(row: ComparedMetric, comparison: Comparison, file: str) -> Case:
    told = _criterion(row)
    text = _account(row, comparison)
    outcome, said = Outcome.PASSED, ""
    if comparison.advisory:
        looks = "looks worse" if row.finding is Finding.REGRESSED else "is not decided"
        outcome, said = Outcome.SKIPPED, f"advice only, one run per side: it {looks}"
    elif row.finding is Finding.REGRESSED:
        outcome, said = Outcome.FAILED, f"worse by {told.value}, the margin is {told.limit}"
    elif row.finding is Finding.NO_DATA:
        outcome, said = Outcome.ERROR, "it could not be compared"
    elif row.finding is Finding.UNDECIDED:
        required = comparison.terms.require_non_inferiority
        outcome = Outcome.ERROR if required else Outcome.SKIPPED
        said = "neither a regression nor its absence is shown"
    return Case(_GROUP, f"{row.selector} {row.statistic} is no worse", file, outcome, said, text)


def _criterion(row: ComparedMetric) -> CriterionText:
    return CriterionText(
        group=_GROUP,
        name=f"{row.selector} {row.statistic} {_limit(row)}",
        state=_STATES[row.finding],
        value=row.text(row.change),
        limit=row.text(row.margin),
        margin=_interval(row),
        reason=f"{row.note}." if row.note else "",
    )


def _account(row: ComparedMetric, comparison: Comparison) -> str:
    confidence = (1 - 2 * comparison.terms.alpha) * 100
    lines = [
        f"value: {row.text(row.change)}",
        f"limit: {row.text(row.margin)}",
        f"margin: {confidence:g} % interval {_interval(row)}",
        f"base: {value_text(row, row.base)}, candidate: {value_text(row, row.candidate)}",
        row.note,
        f"about {row.pairs_to_decide} pairs would decide" if row.pairs_to_decide else "",
        *(one for one in comparison.reasons if one.startswith(f"{row.selector} {row.statistic} ")),
    ]
    return "\n".join(line for line in lines if line)


def _table(rows: Sequence[ComparedMetric], comparison: Comparison) -> Iterator[str]:
    if not rows:
        return
    confidence = f"{(1 - 2 * comparison.terms.alpha) * 100:g} % interval"
    yield from table_head("", "metric", "base", "candidate", "change", confidence)
    for row in rows:
        mark = "–" if comparison.advisory or not row.primary else MARKS[_STATES[row.finding]]
        yield table_row(
            mark,
            plain_text(f"{row.selector} {row.statistic}"),
            plain_text(value_text(row, row.base)),
            plain_text(value_text(row, row.candidate)),
            plain_text(row.text(row.change)),
            plain_text(_interval(row)),
        )


def _meaning(verdict: Verdict) -> str:
    words = {Verdict.PASS: "the candidate is no worse", Verdict.FAIL: "the candidate is worse"}
    return words.get(verdict, HEADLINES[verdict])


def _limit(row: ComparedMetric) -> str:
    unit = "pp" if row.statistic == RATE else "%"
    return f"< +{row.margin * 100:g} {unit}"


def _interval(row: ComparedMetric) -> str:
    return f"{row.text(row.lower)} … {row.text(row.upper)}"
