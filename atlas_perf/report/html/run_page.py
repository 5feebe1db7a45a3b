"""The report of one run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from atlas_perf.model.run_sketches import RunSketches
from atlas_perf.model.summary import CriterionState, PhaseSummary, Summary
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.console_arrivals import arrival_sentences
from atlas_perf.report.console_verdict import telling_reasons
from atlas_perf.report.criterion_text import HEADLINES, criteria_texts, headline
from atlas_perf.report.html.advice import advice
from atlas_perf.report.html.cells import duration_text
from atlas_perf.report.html.columns import columns_of
from atlas_perf.report.html.criteria_rows import criteria
from atlas_perf.report.html.definitions import DEFINITIONS
from atlas_perf.report.html.generator_tables import floor_table, stall_table, worker_table
from atlas_perf.report.html.key_figures import key_figures
from atlas_perf.report.html.metric_tables import total_table, trend_table
from atlas_perf.report.html.page import render_page
from atlas_perf.report.html.report_data import PhaseSpan, ReportData, RunSeries
from atlas_perf.report.html.request_tables import failed_request_table, slow_request_table
from atlas_perf.report.html.run_histories import note_on
from atlas_perf.report.html.run_tables import (
    check_table,
    endpoint_table,
    error_table,
    ledger_table,
)
from atlas_perf.report.html.spans import spans_of
from atlas_perf.report.html.spectra import spectra_of
from atlas_perf.report.run_outcomes import NO_EARLIER_RUNS, EarlierRuns
from atlas_perf.report.terminal_text import printable
from atlas_perf.units import NS_PER_S

MOST_EXCEPTIONS = 50

TONES = {
    Verdict.PASS: "good",
    Verdict.FAIL: "bad",
    Verdict.INVALID: "bad",
    Verdict.NO_DATA: "open",
    Verdict.NO_BASELINE: "open",
    Verdict.INCONCLUSIVE: "open",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A line about the run."""

    name: str
    value: str


def run_page(summary: Summary, kept: RunSketches, earlier: EarlierRuns = NO_EARLIER_RUNS) -> str:
    """The text of `report.html`.

    Args:
        kept: what the run kept of its distributions, without secrets.
        earlier: runs that are shown beside it.
    """
    asked = criteria(summary, kept, earlier)
    data = ReportData(
        runs=(run_series(summary, kept),),
        histories=asked.histories,
        definitions=DEFINITIONS,
    )
    counts = criteria_counts(summary)
    meaning = headline(summary)
    if meaning == HEADLINES[Verdict.PASS] and counts:
        meaning, counts = counts, ""  # both say the same
    return render_page(
        "run.html.jinja",
        f"{summary.verdict.value} · {summary.name} · atlas-perf",
        data,
        summary=summary,
        tone=TONES[summary.verdict],
        headline=meaning,
        counts=counts,
        reasons=telling_reasons(summary),
        advice=advice(summary),
        figures=key_figures(summary),
        thresholds=asked.thresholds,
        baselines=asked.baselines,
        note_on_runs=note_on(earlier),
        arrivals=list(arrival_sentences(summary.windows)),
        spectra=data.runs[0].spectra,
        endpoints=endpoint_table(summary),
        errors=error_table(summary),
        failed_requests=failed_request_table(summary),
        slow_requests=slow_request_table(summary),
        exceptions=summary.exceptions[:MOST_EXCEPTIONS],
        more_exceptions=max(0, len(summary.exceptions) - MOST_EXCEPTIONS),
        checks=check_table(summary),
        workers=worker_table(summary),
        stalls=stall_table(summary),
        floors=floor_table(summary),
        ledger=ledger_table(summary),
        trends=trend_table(summary),
        totals=total_table(summary),
        facts=facts_of(summary),
        plan=json.dumps(summary.plan, indent=2, ensure_ascii=False),
    )


def run_series(summary: Summary, kept: RunSketches, label: str = "") -> RunSeries:
    """What charts draw of one run."""
    return RunSeries(
        label or printable(summary.name),
        columns_of(summary.windows),
        _spans(summary.phases),
        spectra_of(kept),
    )


def criteria_counts(summary: Summary) -> str:
    """`7 of 9 criteria met`; empty where nothing was asked."""
    states = [one.state for one in criteria_texts(summary)]
    if not states or summary.verdict is Verdict.INVALID:
        return ""  # what an invalid run met would only comfort its reader
    met = sum(state is CriterionState.PASSED for state in states)
    return f"{met} of {len(states)} criteri{'on' if len(states) == 1 else 'a'} met"


def facts_of(summary: Summary) -> list[Fact]:
    """What the run was made with and on."""
    facts = summary.facts
    told = (
        ("Scenario file", summary.file),
        ("Its SHA-256", summary.file_sha256),
        ("Target", facts.target),
        ("Environment", facts.environment),
        ("Started", summary.started_at),
        ("Measured", duration_text(summary.measured_s * NS_PER_S)),
        ("atlas-perf", facts.tool_version),
        ("Python", facts.python),
        ("uvloop", facts.uvloop),
        ("Platform", facts.platform),
        ("Processor", facts.cpu_model),
        ("Cores", str(facts.cpu_count)),
    )
    return [Fact(name, value) for name, value in told if value]


def _spans(phases: Sequence[PhaseSummary]) -> tuple[PhaseSpan, ...]:
    return spans_of(
        (
            one.scenario,
            PhaseSpan(one.phase, round(one.begin_s, 3), round(one.end_s, 3), one.counted),
        )
        for one in phases
    )
