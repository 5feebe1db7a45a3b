"""A judged criterion in the words that every report for machines and people shares."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.errors import ExitCode
from atlas_perf.model.baseline import BaselineResult
from atlas_perf.model.summary import CriterionState, Summary, ThresholdResult
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.console_phases import shortness_text
from atlas_perf.report.value_text import bound_text
from atlas_perf.units import format_quantity

HEADLINES = {
    Verdict.INVALID: "the run proves nothing",
    Verdict.FAIL: "a criterion was not met",
    Verdict.NO_DATA: "something could not be judged",
    Verdict.NO_BASELINE: "there is nothing to compare with",
    Verdict.INCONCLUSIVE: "neither a regression nor its absence is shown",
    Verdict.PASS: "every criterion was met",
}

STATES = {
    Verdict.PASS: CriterionState.PASSED,
    Verdict.FAIL: CriterionState.FAILED,
    Verdict.NO_DATA: CriterionState.NO_DATA,
    Verdict.INVALID: CriterionState.NO_DATA,
}
"""What a baseline's verdict is as that of a criterion."""


@dataclass(frozen=True, slots=True)
class CriterionText:
    """One criterion, ready to be read."""

    group: str  # what it is about: http_req_duration{type:ai}
    name: str  # what it asks: p(95)<500 over steady
    state: CriterionState
    value: str  # with its unit; "no data" without one
    limit: str
    margin: str  # how far inside or outside the limit, in parts of it: "+18.8 % inside"
    reason: str  # one sentence, unless it was met by a clear margin


def criterion_text(result: ThresholdResult) -> CriterionText:
    """A threshold in words."""
    return CriterionText(
        group=result.selector,
        name=result.expression,
        state=result.state,
        value=_value(result),
        limit=format_quantity(result.limit, result.unit),
        margin=_margin(result),
        reason=" ".join(filter(None, (result.reason, _shortness(result)))),
    )


def criteria_texts(summary: Summary) -> tuple[CriterionText, ...]:
    """Everything that had a part in the verdict: thresholds, and the baselines that count."""
    report = summary.baselines
    rows = report.rows if report is not None and report.counted else ()
    return (*map(criterion_text, summary.thresholds), *map(baseline_text, rows))


def baseline_text(row: BaselineResult) -> CriterionText:
    """A row of a baseline file in words."""
    value, margin = "no data", ""
    if row.value is not None:
        shown = format_quantity(row.value, row.unit, beside=row.limit)
        value = bound_text(shown, row.at_least)
    if row.margin is not None and row.verdict is not Verdict.NO_DATA:
        side = "outside" if row.verdict is Verdict.FAIL else "inside"
        margin = f"{_percent(abs(row.margin))} {side}"
    return CriterionText(
        group=f"baseline {row.title}",
        name=f"{row.selector} {row.expression}",
        state=STATES[row.verdict],
        value=value,
        limit=format_quantity(row.limit, row.unit),
        margin=margin,
        reason=row.reason,
    )


def headline(summary: Summary) -> str:
    """What the verdict means, in a few words."""
    if summary.exit_code is ExitCode.INTERRUPTED:
        return "interrupted"
    return HEADLINES[summary.verdict]


def _value(result: ThresholdResult) -> str:
    if result.value is None:
        return "no data"
    text = format_quantity(result.value, result.unit, beside=result.limit)
    return bound_text(text, result.at_least)


def _percent(share: float) -> str:
    percent = share * 100
    return f"{percent:.3g} %" if percent < 999.5 else f"{percent:,.0f} %"


def _margin(result: ThresholdResult) -> str:
    """The distance to the limit as a part of it; empty where there is no value or no such part."""
    if result.value is None or result.limit == 0 or result.state is CriterionState.NO_DATA:
        return ""
    share = abs(result.value - result.limit) / abs(result.limit)
    side = "inside" if result.state is CriterionState.PASSED else "outside"
    return f"{_percent(share)} {side}"


def _shortness(result: ThresholdResult) -> str:
    short = shortness_text(result)
    return f"It was judged {short}." if short else ""
