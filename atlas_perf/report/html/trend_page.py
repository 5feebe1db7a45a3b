"""Many runs, from one to the next: verdicts, latencies, failures, rates, and each criterion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from atlas_perf.model.baseline import BaselineResult
from atlas_perf.model.metric import HTTP_RESPONSE_TIME
from atlas_perf.model.summary import Summary, ThresholdResult
from atlas_perf.report.html.cells import ABSENT, Cell, count, milliseconds, number, part
from atlas_perf.report.html.columns import rounded
from atlas_perf.report.html.criteria_rows import CriterionRow, baseline_row, threshold_row
from atlas_perf.report.html.definitions import DEFINITIONS
from atlas_perf.report.html.page import render_page
from atlas_perf.report.html.report_data import History, ReportData, Trend, TrendChart, TrendLine
from atlas_perf.report.html.run_histories import date_text, history_over
from atlas_perf.report.html.run_page import TONES
from atlas_perf.report.html.run_tables import MOST_ROWS
from atlas_perf.report.html.tables import Column, Row, Table, limited
from atlas_perf.report.run_outcomes import outcomes_of
from atlas_perf.units import format_quantity

NamedRun = tuple[str, Summary]

_PERCENTILES = (("p50", "med"), ("p95", "p(95)"), ("p99", "p(99)"))
_COLUMNS = (
    Column("Run", "run", is_text=True),
    Column("Verdict", "verdict", is_text=True),
    Column("Requests", "requests"),
    Column("per s", "requests_per_s"),
    Column("Failed", "failed_share"),
    Column("p95", "latency_p95"),
    Column("p99", "latency_p99"),
    Column("Version", "version", is_text=True),
)


@dataclass(frozen=True, slots=True)
class ScenarioTrend:
    """The runs of one scenario, ready for the template."""

    key: str
    name: str
    newest: Summary
    tone: str
    sentence: str
    runs: Table
    criteria: list[CriterionRow]


def trend_page(runs: Sequence[NamedRun]) -> str:
    """The whole file.

    Args:
        runs: where each was found, and what it came to; of any number of scenarios.
    """
    scenarios, trends, histories = [], [], []
    for index, name in enumerate(dict.fromkeys(summary.name for _, summary in runs)):
        group = sorted(
            (run for run in runs if run[1].name == name), key=lambda run: run[1].started_at
        )
        key = f"trend-{index}"
        criteria, more = _criteria(key, group)
        histories += more
        trends.append(_trend(key, group))
        scenarios.append(_scenario(key, group, criteria))
    return render_page(
        "trend.html.jinja",
        f"{len(runs)} runs · atlas-perf",
        ReportData(histories=tuple(histories), trends=tuple(trends), definitions=DEFINITIONS),
        scenarios=scenarios,
        number=len(runs),
    )


def _scenario(key: str, group: Sequence[NamedRun], criteria: list[CriterionRow]) -> ScenarioTrend:
    newest = group[-1][1]
    passed = sum(summary.exit_code == 0 for _, summary in group)
    return ScenarioTrend(
        key=key,
        name=newest.name,
        newest=newest,
        tone=TONES[newest.verdict],
        sentence=f"{passed} of {len(group)} runs passed; the newest is {newest.verdict.value}.",
        runs=limited(f"{key}-runs", "Runs", _COLUMNS, [_run(one) for one in group], MOST_ROWS),
        criteria=criteria,
    )


def _run(run: NamedRun) -> Row:
    place, summary = run
    requests = summary.metrics.get("http_reqs")
    failed = summary.metrics.get("http_req_failed")
    share = Cell(ABSENT)
    if failed is not None:
        passes, fails = int(failed.values["passes"]), int(failed.values["fails"])
        share = part(passes, passes + fails, "bad" if passes else "")
    rate = None if requests is None else requests.values["rate"]
    return Row(
        (
            Cell(date_text(summary.started_at)),
            Cell(summary.verdict.value, tone=TONES[summary.verdict]),
            Cell(ABSENT) if requests is None else count(requests.values["count"]),
            Cell(ABSENT) if rate is None else number(format_quantity(rate), rate),
            share,
            milliseconds(_latency(summary, "p(95)")),
            milliseconds(_latency(summary, "p(99)")),
            Cell(summary.facts.tool_version),
        ),
        place,
    )


def _latency(summary: Summary, key: str) -> float | None:
    metrics = summary.metrics
    found = metrics.get(HTTP_RESPONSE_TIME) or metrics.get("http_req_duration")
    return None if found is None else found.values.get(key)


def _latencies(statistic: str) -> Callable[[Summary], float | None]:
    return lambda summary: _latency(summary, statistic)


def _value(metric: str, key: str) -> Callable[[Summary], float | None]:
    def value(summary: Summary) -> float | None:
        found = summary.metrics.get(metric)
        return None if found is None else found.values.get(key)

    return value


def _trend(key: str, group: Sequence[NamedRun]) -> Trend:
    summaries = [summary for _, summary in group]

    def line(name: str, value: Callable[[Summary], float | None]) -> TrendLine:
        return TrendLine(name, tuple(rounded(value(summary)) for summary in summaries))

    percentiles = tuple(line(name, _latencies(statistic)) for name, statistic in _PERCENTILES)
    return Trend(
        key,
        tuple(date_text(summary.started_at) for summary in summaries),
        (
            TrendChart("Latency", "response of open models, else service", "ms", percentiles),
            TrendChart(
                "Failed requests",
                "as a part of all",
                "share",
                (line("failed", _value("http_req_failed", "rate")),),
            ),
            TrendChart(
                "Requests", "per second", "per_s", (line("requests", _value("http_reqs", "rate")),)
            ),
        ),
    )


def _criteria(key: str, group: Sequence[NamedRun]) -> tuple[list[CriterionRow], list[History]]:
    """Those of the newest run, each with its values in all runs."""
    newest = group[-1][1]
    runs = [outcomes_of(Path(place).name, summary) for place, summary in group]
    baselines = newest.baselines.rows if newest.baselines else ()
    asked: list[tuple[CriterionRow, ThresholdResult | BaselineResult]] = [
        *((threshold_row(one, newest), one) for one in newest.thresholds),
        *((baseline_row(one, newest), one) for one in baselines),
    ]
    rows, histories = [], []
    for index, (row, one) in enumerate(asked):
        place = f"{key}-criterion-{index}"
        over = history_over(place, (row.group, row.name), runs, one.unit, one.limit)
        histories += [over] if over else []
        rows.append(replace(row, runs=over.key if over else ""))
    return rows, histories
