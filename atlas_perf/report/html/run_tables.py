"""The tables of one run's page: endpoints, failures, checks, ledger."""

from __future__ import annotations

from collections.abc import Mapping

from atlas_perf.model.summary import EndpointSummary, Summary
from atlas_perf.report.error_words import ERROR_WORDS, FIRST_STATUS_CODE
from atlas_perf.report.html.cells import ABSENT, Cell, count, number, part, statistic
from atlas_perf.report.html.tables import Column, Row, Table, limited
from atlas_perf.units import format_quantity

MOST_ROWS = 500

_SERVICE = ("avg", "p(50)", "p(95)", "p(99)", "max")
_RESPONSE = ("p(50)", "p(95)", "p(99)")


def endpoint_table(summary: Summary) -> Table | None:
    """Requests, failures and latencies of each endpoint; response times where there are any."""
    if not summary.endpoints:
        return None
    scenarios = len({one.scenario for one in summary.endpoints}) > 1
    open_model = any(one.response_ms for one in summary.endpoints)
    columns = [Column("Endpoint", "endpoint", is_text=True)]
    columns += [Column("Scenario", "scenario", is_text=True)] if scenarios else []
    columns += [
        Column("Requests", "requests"),
        Column("per s", "requests_per_s"),
        Column("Failed", "failed_share"),
    ]
    service = _SERVICE[1:] if open_model else _SERVICE  # the mean makes room
    columns += [Column(f"{_bare(key)}", f"service_{key}") for key in service]
    if open_model:
        columns += [Column(f"response {_bare(key)}", f"response_{key}") for key in _RESPONSE]
    rows = [
        _endpoint(one, summary.measured_s, scenarios=scenarios, open_model=open_model)
        for one in summary.endpoints
    ]
    return limited("endpoints-table", "Endpoints", tuple(columns), rows, MOST_ROWS, filtered=True)


def endpoint_name(one: EndpointSummary) -> str:
    return f"{one.method} {one.name}".strip()


def error_table(summary: Summary) -> Table | None:
    """Why requests failed, by endpoint; None if none did."""
    rows = [row for one in summary.endpoints for row in _errors(one)]
    if not rows:
        return None
    rows.sort(key=lambda row: -float(row.cells[2].value))
    columns = (
        Column("Endpoint", "endpoint", is_text=True),
        Column("What went wrong", "error", is_text=True),
        Column("Requests", "failed"),
        Column("of its requests", "failed_share"),
    )
    return limited("errors-table", "Failed requests", columns, rows, MOST_ROWS)


def check_table(summary: Summary) -> Table | None:
    """Every check, those that failed first; None if there was none."""
    if not summary.checks:
        return None
    ranked = sorted(summary.checks, key=lambda one: -one.fails)
    rows = [
        Row(
            (
                Cell(one.name),
                Cell(_place(one.group, one.scenario)),
                count(one.passes),
                count(one.fails, "bad" if one.fails else ""),
                part(one.passes, one.passes + one.fails, "bad" if one.fails else ""),
            )
        )
        for one in ranked
    ]
    columns = (
        Column("Check", "check", is_text=True),
        Column("Where", "scenario", is_text=True),
        Column("Held", "check_passes"),
        Column("Failed", "check_fails"),
        Column("Share", "check_share"),
    )
    return limited("checks-table", "Checks", columns, rows, MOST_ROWS, filtered=len(rows) > 10)


def ledger_table(summary: Summary) -> Table | None:
    """Where every iteration went, by scenario."""
    if not summary.ledger:
        return None
    columns = (
        Column("Scenario", "scenario", is_text=True),
        Column("Scheduled", "scheduled"),
        Column("Started", "started"),
        Column("Dropped", "dropped"),
        Column("Completed", "completed"),
        Column("Failed", "iteration_failed"),
        Column("Cut off", "interrupted"),
    )
    rows = [
        Row(
            (
                Cell(scenario),
                count(one.scheduled),
                count(one.started),
                count(one.dropped, "bad" if one.dropped else ""),
                count(one.completed),
                count(one.failed, "bad" if one.failed else ""),
                count(one.interrupted, "open" if one.interrupted else ""),
            )
        )
        for scenario, one in summary.ledger.items()
    ]
    return limited("ledger-table", "Iterations", columns, rows, MOST_ROWS)


def _bare(key: str) -> str:
    return key.replace("(", "").replace(")", "")


def _place(group: str, scenario: str) -> str:
    return " · ".join(filter(None, (scenario, group.removeprefix("::").replace("::", " › "))))


def _endpoint(one: EndpointSummary, measured_s: float, *, scenarios: bool, open_model: bool) -> Row:
    rate = one.requests / measured_s if measured_s else None
    cells = [Cell(endpoint_name(one))]
    cells += [Cell(one.scenario)] if scenarios else []
    cells += [
        count(one.requests),
        Cell(ABSENT) if rate is None else number(format_quantity(rate), rate),
        part(one.failed, one.requests, "bad" if one.failed else ""),
    ]
    service = _SERVICE[1:] if open_model else _SERVICE
    cells += [statistic(one.latency_ms, key, one.latency_at_least) for key in service]
    if open_model:
        cells += [statistic(one.response_ms, key, one.response_at_least) for key in _RESPONSE]
    return Row(tuple(cells), f"{one.censored:,} cut off in flight" if one.censored else "")


def _errors(one: EndpointSummary) -> list[Row]:
    counts: dict[str, int] = {}
    for status, requests in one.statuses.items():
        if status[:1] in ("1", "4", "5"):
            counts[f"status {status}"] = requests
    for code, requests in one.errors.items():
        if not (code.isdigit() and int(code) >= FIRST_STATUS_CODE):
            counts[_error_text(code, ERROR_WORDS)] = requests
    if one.failed and not counts:
        counts["without a status or an error code"] = one.failed
    return [
        Row(
            (
                Cell(endpoint_name(one)),
                Cell(what),
                count(requests, "bad"),
                part(requests, one.requests) if requests <= one.requests else Cell(ABSENT),
            )
        )
        for what, requests in counts.items()
        if one.failed
    ]


def _error_text(code: str, words: Mapping[str, str]) -> str:
    told = words.get(code)
    return f"{told} (error {code})" if told else f"error {code}"
