"""Single requests on a page: some that failed, with what was answered, and the slowest."""

from __future__ import annotations

from collections.abc import Sequence

from atlas_perf.model.request_sample import SampleReason
from atlas_perf.model.summary import RequestSummary, Summary
from atlas_perf.report.error_words import ERROR_WORDS
from atlas_perf.report.html.cells import ABSENT, Cell, milliseconds, number
from atlas_perf.report.html.tables import Column, Row, Table, limited
from atlas_perf.units import format_quantity

_MOST_FAILED = 60
_MOST_SLOW = 10

_WHEN = Column("At", "request_at")
_ENDPOINT = Column("Request", "request_sample", is_text=True)
_DURATION = Column("Duration", "request_duration")
_TRACE = Column("Trace", "trace_id", is_text=True)


def failed_request_table(summary: Summary) -> Table | None:
    """Failures by themselves; None if none was kept."""
    told = [one for one in summary.requests if one.reason is SampleReason.FAILED]
    if not told:
        return None
    columns = (
        _ENDPOINT,
        _WHEN,
        Column("What went wrong", "error", is_text=True),
        _DURATION,
        *([_TRACE] if _traced(told) else []),
    )
    rows = [_failed(one, traced=_traced(told)) for one in told]
    return limited("failed-requests-table", "Some failed requests", columns, rows, _MOST_FAILED)


def slow_request_table(summary: Summary) -> Table | None:
    """The slowest by themselves, with where their time went; None if none was kept."""
    told = [one for one in summary.requests if one.reason is SampleReason.SLOW]
    if not told:
        return None
    columns = (
        _ENDPOINT,
        _WHEN,
        _DURATION,
        Column("Waiting", "request_waiting"),
        Column("Receiving", "request_receiving"),
        Column("Before it", "request_before"),
        *([_TRACE] if _traced(told) else []),
    )
    rows = [_slow(one, traced=_traced(told)) for one in told]
    return limited("slow-requests-table", "The slowest requests", columns, rows, _MOST_SLOW)


def _traced(told: Sequence[RequestSummary]) -> bool:
    return any(one.trace_id for one in told)


def _failed(one: RequestSummary, *, traced: bool) -> Row:
    cells = [*_begin(one), Cell(_what(one)), milliseconds(one.duration_ms)]
    if traced:
        cells.append(Cell(one.trace_id or ABSENT))
    return Row(tuple(cells), " · ".join(filter(None, (_url(one), one.body))))


def _slow(one: RequestSummary, *, traced: bool) -> Row:
    before_ms = sum(
        phase or 0.0 for phase in (one.blocked_ms, one.connecting_ms, one.tls_handshaking_ms)
    )
    cells = [
        *_begin(one),
        milliseconds(one.duration_ms),
        milliseconds(one.waiting_ms),
        milliseconds(one.receiving_ms),
        milliseconds(before_ms + max(one.late_ms or 0.0, 0.0)),
    ]
    if traced:
        cells.append(Cell(one.trace_id or ABSENT))
    return Row(tuple(cells), _url(one))


def _begin(one: RequestSummary) -> list[Cell]:
    at = number(f"{format_quantity(round(one.at_s, 2))} s", one.at_s)
    return [Cell(f"{one.method} {one.name}".strip()), at]


def _url(one: RequestSummary) -> str:
    """Where it says more than the name."""
    return "" if one.url == one.name else one.url


def _what(one: RequestSummary) -> str:
    if one.error:
        return one.error
    if one.status:
        return f"status {one.status}"
    return ERROR_WORDS.get(str(one.error_code), f"error {one.error_code}")
