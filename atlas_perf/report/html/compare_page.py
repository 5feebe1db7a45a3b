"""Two runs laid over each other: what changed, whether that is shown, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from atlas_perf.model.comparison import RATE, ComparedMetric, Comparison
from atlas_perf.model.summary import EndpointSummary, Summary
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.comparison import (
    VERDICT_WORDS,
    finding_words,
    interval_text,
    value_text,
)
from atlas_perf.report.html.cells import (
    ABSENT,
    Cell,
    count,
    milliseconds_text,
    number,
    part,
    statistic,
)
from atlas_perf.report.html.definitions import DEFINITIONS
from atlas_perf.report.html.forest import Forest, forests
from atlas_perf.report.html.page import render_page
from atlas_perf.report.html.report_data import ReportData
from atlas_perf.report.html.run_page import TONES, facts_of, run_series
from atlas_perf.report.html.run_tables import MOST_ROWS, endpoint_name
from atlas_perf.report.html.tables import Column, Row, Table, limited
from atlas_perf.report.run_files import RunFiles

BASE, CANDIDATE = "base", "candidate"

_TONES = {"red": "bad", "yellow": "open", "green": "good", "dim": ""}
_UNLIKE_ADVICE = (
    "Read the two side by side, but draw no conclusion from their difference: run both under the "
    "same load on the same machine."
)
_ADVICE = {
    Verdict.FAIL: "Look at the primary metrics that are worse, and below at when and where.",
    Verdict.NO_DATA: "Let both runs make enough samples of the primary metrics.",
    Verdict.INCONCLUSIVE: "For a verdict run base and candidate in turns, 3 to 5 times each, and "
    "give all of them to atlas-perf compare.",
    Verdict.PASS: "Nothing has to be done.",
}


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One metric on both sides, ready for a table."""

    tone: str
    word: str
    name: str
    base: Cell
    candidate: Cell
    change: Cell
    interval: str
    forest: Forest | None
    note: str


@dataclass(frozen=True, slots=True)
class Side:
    """A run, named by its part."""

    title: str
    place: str
    verdict: str
    tone: str
    started: str


@dataclass(frozen=True, slots=True)
class FactPair:
    """A fact of both runs."""

    name: str
    base: str
    candidate: str

    @property
    def differs(self) -> bool:
        return self.base != self.candidate


def compare_page(
    base: RunFiles, candidate: RunFiles, comparison: Comparison | None, refusal: str = ""
) -> str:
    """The whole file.

    Args:
        comparison: what it came to; None where the runs cannot be compared.
        refusal: why not, as a sentence.
    """
    data = ReportData(
        runs=(
            run_series(base.summary, base.sketches, BASE),
            run_series(candidate.summary, candidate.sketches, CANDIDATE),
        ),
        definitions=DEFINITIONS,
    )
    sides = (_side(BASE, base), _side(CANDIDATE, candidate))
    metrics = comparison.metrics if comparison else ()
    drawn = forests(metrics)
    advisory = comparison is None or comparison.advisory
    rows = [_row(one, drawn.get((one.selector, one.statistic)), advisory) for one in metrics]
    return render_page(
        "compare.html.jinja",
        f"{base.summary.name} · base and candidate · atlas-perf",
        data,
        name=candidate.summary.name,
        sides=sides,
        verdict=_verdict(comparison),
        comparison=comparison,
        refusal=refusal,
        primary=[row for row, one in zip(rows, metrics, strict=True) if one.primary],
        others=[row for row, one in zip(rows, metrics, strict=True) if not one.primary],
        spectra=all(run.spectra for run in data.runs),
        endpoints=_endpoints(base.summary, candidate.summary),
        facts=_facts(base.summary, candidate.summary),
        version=candidate.summary.facts.tool_version,
    )


@dataclass(frozen=True, slots=True)
class _Verdict:
    tone: str
    word: str
    meaning: str
    advice: str


def _verdict(comparison: Comparison | None) -> _Verdict:
    if comparison is None:
        return _Verdict("open", "NOT ALIKE", "the runs cannot be compared", _UNLIKE_ADVICE)
    verdict = comparison.verdict
    meaning = "advice only: one run per side" if comparison.advisory else VERDICT_WORDS[verdict][2]
    return _Verdict(TONES[verdict], verdict.value, meaning, _ADVICE[verdict])


def _side(title: str, run: RunFiles) -> Side:
    verdict = run.summary.verdict
    started = run.summary.started_at[:19].replace("T", " ")
    return Side(title, str(run.path), verdict.value, TONES[verdict], f"{started} UTC")


def _level(one: ComparedMetric, value: float | None) -> Cell:
    if value is None or not one.is_time or one.statistic == RATE:
        return number(value_text(one, value), value)
    return number(milliseconds_text(value), value)


def _row(one: ComparedMetric, forest: Forest | None, advisory: bool) -> ChangeRow:
    colour, word = finding_words(one, advisory=advisory)
    mark, _, said = word.partition(" ")
    return ChangeRow(
        tone=_TONES[colour],
        word=said if mark else "",
        name=f"{one.selector} {one.statistic}",
        base=_level(one, one.base),
        candidate=_level(one, one.candidate),
        change=number(one.text(one.change), one.change),
        interval=interval_text(one),
        forest=forest,
        note=one.note if one.primary else "",
    )


def _endpoints(base: Summary, candidate: Summary) -> Table | None:
    """Endpoints of both, with their p95 and failures side by side."""
    before = {_key(one): one for one in base.endpoints}
    rows = [_endpoint(before.get(_key(one)), one) for one in candidate.endpoints]
    if not rows:
        return None
    columns = (
        Column("Endpoint", "endpoint", is_text=True),
        Column("base requests", "requests"),
        Column("candidate requests", "requests"),
        Column("base failed", "failed_share"),
        Column("candidate failed", "failed_share"),
        Column("base p95", "service_p(95)"),
        Column("candidate p95", "service_p(95)"),
        Column("p95 change", "change"),
        Column("base p99", "service_p(99)"),
        Column("candidate p99", "service_p(99)"),
    )
    return limited("endpoints-table", "Endpoints", columns, rows, MOST_ROWS, filtered=True)


def _key(one: EndpointSummary) -> tuple[str, str, str]:
    return one.scenario, one.method, one.name


def _endpoint(base: EndpointSummary | None, candidate: EndpointSummary) -> Row:
    sides: Sequence[EndpointSummary | None] = (base, candidate)
    return Row(
        (
            Cell(endpoint_name(candidate)),
            *(Cell(ABSENT) if one is None else count(one.requests) for one in sides),
            *(
                Cell(ABSENT)
                if one is None
                else part(one.failed, one.requests, "bad" if one.failed else "")
                for one in sides
            ),
            *(_latency(one, "p(95)") for one in sides),
            _ratio(base.latency_ms if base else {}, candidate.latency_ms),
            *(_latency(one, "p(99)") for one in sides),
        )
    )


def _latency(one: EndpointSummary | None, key: str) -> Cell:
    return Cell(ABSENT) if one is None else statistic(one.latency_ms, key, one.latency_at_least)


def _ratio(base: Mapping[str, float], candidate: Mapping[str, float]) -> Cell:
    before, after = base.get("p(95)"), candidate.get("p(95)")
    if not before or after is None:
        return Cell(ABSENT)
    change = after / before - 1
    return number(f"{change * 100:+.1f} %", change)


def _facts(base: Summary, candidate: Summary) -> list[FactPair]:
    left = {one.name: one.value for one in facts_of(base)}
    right = {one.name: one.value for one in facts_of(candidate)}
    names = dict.fromkeys([*left, *right])
    pairs = [FactPair(name, left.get(name, ABSENT), right.get(name, ABSENT)) for name in names]
    return sorted(pairs, key=lambda pair: not pair.differs)
