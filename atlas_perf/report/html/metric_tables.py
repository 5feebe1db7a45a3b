"""All metrics of a run: distributions with their statistics, and sums, shares and levels."""

from __future__ import annotations

from atlas_perf.model.metric import Contains, MetricKind
from atlas_perf.model.summary import MetricSummary, Summary
from atlas_perf.report.html.cells import ABSENT, Cell, count, number, statistic_text
from atlas_perf.report.html.tables import Column, Row, Table, limited
from atlas_perf.report.value_text import bound_text, per_second_text, share_text
from atlas_perf.units import format_quantity

MOST_ROWS = 500


def trend_table(summary: Summary) -> Table | None:
    """Distributions, with the statistics that the plan asks for."""
    trends = [one for one in summary.metrics.values() if one.kind is MetricKind.TREND]
    if not trends:
        return None
    keys = tuple(dict.fromkeys(key for one in trends for key in one.values if key != "count"))
    columns = (
        Column("Distribution", "metric", is_text=True),
        Column("Samples", "metric_samples"),
        *(Column(key.replace("(", "").replace(")", ""), "metric_statistic") for key in keys),
    )
    rows = [
        Row(
            (Cell(one.name), count(one.values["count"]), *(_statistic(one, key) for key in keys)),
            _cut_off(one),
        )
        for one in trends
    ]
    return limited("trends-table", "Distributions", columns, rows, MOST_ROWS, filtered=True)


def total_table(summary: Summary) -> Table | None:
    """Counters, rates and gauges, each with its one number and what stands behind it."""
    others = [one for one in summary.metrics.values() if one.kind is not MetricKind.TREND]
    if not others:
        return None
    columns = (
        Column("Metric", "metric", is_text=True),
        Column("Kind", "metric_kind", is_text=True),
        Column("Value", "metric_value"),
        Column("of which", "metric_value", is_text=True),
    )
    rows = [
        Row((Cell(one.name), Cell(one.kind.value), *_total(one)), _cut_off(one)) for one in others
    ]
    return limited("totals-table", "Sums, shares and levels", columns, rows, MOST_ROWS)


def _statistic(one: MetricSummary, key: str) -> Cell:
    value = one.values.get(key)
    if value is None:
        return Cell(ABSENT)
    return number(bound_text(statistic_text(value, one.contains), key in one.at_least), value)


def _total(one: MetricSummary) -> tuple[Cell, Cell]:
    values = one.values
    match one.kind:
        case MetricKind.COUNTER:
            amount = values["count"]
            is_data = one.contains is Contains.DATA
            text = statistic_text(amount, one.contains) if is_data else count(amount).text
            return number(text, amount), Cell(per_second_text(values["rate"], one.contains))
        case MetricKind.RATE:
            passes, fails = int(values["passes"]), int(values["fails"])
            behind = Cell(f"{passes:,} of {passes + fails:,}")
            return number(share_text(passes, passes + fails), values["rate"]), behind
        case _:
            low, high = (format_quantity(values[key]) for key in ("min", "max"))
            last = number(format_quantity(values["value"]), values["value"])
            return last, Cell(f"between {low} and {high}")


def _cut_off(one: MetricSummary) -> str:
    return f"{one.censored:,} cut off in flight" if one.censored else ""
