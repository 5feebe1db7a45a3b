"""Thresholds and baselines as rows: limit, value, margin, and how the value went along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from atlas_perf.model.baseline import BaselineResult
from atlas_perf.model.run_sketches import RunSketches
from atlas_perf.model.summary import CriterionState, Summary, ThresholdResult
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.criterion_text import CriterionText, baseline_text, criterion_text
from atlas_perf.report.html.cells import ABSENT, Cell, number
from atlas_perf.report.html.histories import history_of
from atlas_perf.report.html.report_data import History
from atlas_perf.report.html.run_histories import WORDS, history_over
from atlas_perf.report.run_outcomes import EarlierRuns, RunOutcomes, outcomes_of
from atlas_perf.units import format_quantity

_TONES = {
    CriterionState.PASSED: "good",
    CriterionState.FAILED: "bad",
    CriterionState.NO_DATA: "open",
}
_PROVES_NOTHING = ("open", "proves nothing")
_ROOM = 1.15


@dataclass(frozen=True, slots=True)
class Bar:
    """Where value and limit lie on one line, in percent of its length."""

    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """One criterion, ready for a table."""

    tone: str  # good, bad or open
    word: str
    group: str  # what it is about
    name: str  # what it asks
    mark: str  # "default gate", or which part of the baselines
    value: Cell
    limit: Cell
    margin: Cell
    bar: Bar | None  # None: not to be drawn
    reason: str
    band: str = ""
    samples: Cell | None = None
    history: str = ""  # key of what is drawn beside it of the run; empty: nothing
    runs: str = ""  # and of this and earlier runs


@dataclass(frozen=True, slots=True)
class Criteria:
    """All rows of a page, and what is drawn in them."""

    thresholds: list[CriterionRow]
    baselines: list[CriterionRow]
    histories: tuple[History, ...]


def criteria(summary: Summary, kept: RunSketches, earlier: EarlierRuns) -> Criteria:
    """Everything that the run was asked, with how it went along in the run and over runs."""
    runs = (*earlier.runs, outcomes_of("this run", summary))
    run = summary, kept
    thresholds = [
        _with_histories(threshold_row(one, summary), f"threshold-{index}", one, run, runs)
        for index, one in enumerate(summary.thresholds)
    ]
    baselines = [
        _with_histories(baseline_row(one, summary), f"baseline-{index}", one, run, runs)
        for index, one in enumerate(summary.baselines.rows if summary.baselines else ())
    ]
    return Criteria(
        [row for row, _ in thresholds],
        [row for row, _ in baselines],
        tuple(history for _, drawn in (*thresholds, *baselines) for history in drawn),
    )


def _with_histories(
    row: CriterionRow,
    key: str,
    one: ThresholdResult | BaselineResult,
    run: tuple[Summary, RunSketches],
    runs: Sequence[RunOutcomes],
) -> tuple[CriterionRow, list[History]]:
    within = history_of(key, one, run)
    over = history_over(f"{key}-runs", (row.group, row.name), runs, one.unit, one.limit)
    row = replace(row, history=within.key if within else "", runs=over.key if over else "")
    return row, [history for history in (within, over) if history]


def threshold_row(one: ThresholdResult, summary: Summary) -> CriterionRow:
    """A threshold of the run."""
    text = criterion_text(one)
    tone, word = _state(text, summary)
    return CriterionRow(
        tone=tone,
        word=word,
        group=text.group,
        name=text.name,
        mark=_mark(one),
        value=number(text.value, one.value),
        limit=number(text.limit, one.limit),
        margin=number(text.margin or ABSENT, _margin(one)),
        bar=_bar(one.value, one.limit, text),
        reason=text.reason.removeprefix(f"{text.group}: "),
    )


def baseline_row(one: BaselineResult, summary: Summary) -> CriterionRow:
    """A row of the baselines of the run's scenario."""
    text = baseline_text(one)
    tone, word = _state(text, summary)
    return CriterionRow(
        tone=tone,
        word=word,
        group=one.title,
        name=text.name,
        mark="",
        value=number(text.value, one.value),
        limit=number(text.limit, one.limit),
        margin=number(text.margin or ABSENT, one.margin),
        bar=_bar(one.value, one.limit, text),
        reason=text.reason,
        band=_band(one),
        samples=_samples(one),
    )


def _state(text: CriterionText, summary: Summary) -> tuple[str, str]:
    if summary.verdict is Verdict.INVALID and text.state is CriterionState.PASSED:
        return _PROVES_NOTHING
    return _TONES[text.state], WORDS[text.state]


def _mark(one: ThresholdResult) -> str:
    return ", ".join(_marks(one))


def _marks(one: ThresholdResult) -> Iterator[str]:
    if one.default_gate:
        yield "default gate"
    if one.aborted_run:
        yield "ended the run"


def _margin(one: ThresholdResult) -> float | None:
    """As `_margin` of criterion texts: positive inside, negative outside."""
    if one.value is None or one.limit == 0 or one.state is CriterionState.NO_DATA:
        return None
    share = abs(one.value - one.limit) / abs(one.limit)
    return share if one.state is CriterionState.PASSED else -share


def _bar(value: float | None, limit: float, text: CriterionText) -> Bar | None:
    if value is None or limit <= 0 or value < 0 or text.state is CriterionState.NO_DATA:
        return None
    whole = max(value, limit) * _ROOM
    return Bar(round(value / whole * 100, 1), round(limit / whole * 100, 1))


def _band(row: BaselineResult) -> str:
    if row.low is None and row.high is None:
        return ""
    low = "" if row.low is None else format_quantity(row.low)
    high = "" if row.high is None else format_quantity(row.high, row.unit)
    return f"{low} … {high}".strip()


def _samples(row: BaselineResult) -> Cell:
    wanted = f" of at least {row.minimum_samples:,}" if row.minimum_samples else ""
    return number(f"{row.samples:,}{wanted}", row.samples)
