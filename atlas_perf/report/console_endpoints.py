"""The endpoints table of the end summary: requests, failures and latencies by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from atlas_perf.model.summary import EndpointSummary
from atlas_perf.report.error_words import ERROR_WORDS, FIRST_STATUS_CODE
from atlas_perf.report.terminal_text import Paint, columns, left, printable, right, shortened
from atlas_perf.report.value_text import bound_text, milliseconds_text

MOST_BUSY = 30
MOST_FAILING = 10
"""Rows per scenario: so many of the most requested, and of the others that failed most;
`summary.json` has them all."""

_BASE = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]+")
_INDENT = "    "
_HEADINGS = ("requests", "failed", "p(50)", "p(95)", "p(99)", "max")
_RESPONSE = "  response, from when due"
_LATENCIES = ("p(50)", "p(95)", "p(99)", "max")


def endpoint_lines(endpoints: Sequence[EndpointSummary], paint: Paint, width: int) -> list[str]:
    """The table, one part per scenario."""
    shown: list[tuple[str, list[EndpointSummary], int]] = []
    for scenario, group in groupby(endpoints, key=lambda endpoint: endpoint.scenario):
        everything = list(group)
        rows = _worth_showing(everything)
        shown.append((scenario, rows, len(everything) - len(rows)))
    shown_rows = [one for _, rows, _ in shown for one in rows]
    if not shown_rows:
        return []
    cells = [*map(_numbers, shown_rows), *map(_response_numbers, shown_rows)]
    widths = [max(map(columns, column)) for column in zip(_HEADINGS, *cells, strict=True)]
    room = width - len(_INDENT) - sum(widths) - 2 * len(widths)
    base = _common_base(shown_rows)
    if all(columns(_name(one)) <= room for one in shown_rows):
        base = ""  # with room for all, names stand as they are in summary.json
    names = [_name(one, base) for one in shown_rows]
    names += [_RESPONSE for one in shown_rows if one.response_ms]
    name_width = min(max(map(columns, names)), room)
    head = "".join(
        f"  {right(heading, wide)}" for heading, wide in zip(_HEADINGS, widths, strict=True)
    )
    lines = [_INDENT + paint("dim", " " * name_width + head)]
    for scenario, rows, hidden in shown:
        if len(shown) > 1:
            lines.append(_INDENT + paint("bold", printable(scenario)))
        for one in rows:
            lines += _rows(one, _name(one, base), name_width, widths, paint)
        if hidden:
            lines.append(_INDENT + paint("dim", f"and {hidden} more in summary.json"))
    return lines


def _worth_showing(endpoints: list[EndpointSummary]) -> list[EndpointSummary]:
    others = [one for one in endpoints[MOST_BUSY:] if one.failed or one.censored]
    others.sort(key=lambda one: -(one.failed + one.censored))
    return endpoints[:MOST_BUSY] + others[:MOST_FAILING]


def _rows(
    endpoint: EndpointSummary, name: str, name_width: int, widths: Sequence[int], paint: Paint
) -> Iterable[str]:
    cells = [right(cell, wide) for cell, wide in zip(_numbers(endpoint), widths, strict=True)]
    if endpoint.failed:
        cells[1] = paint("red", cells[1])
    name = left(shortened(name, name_width), name_width)
    yield f"{_INDENT}{name}  {'  '.join(cells)}".rstrip()
    if endpoint.response_ms:
        cells = [
            right(cell, wide)
            for cell, wide in zip(_response_numbers(endpoint), widths, strict=True)
        ]
        label = left(shortened(_RESPONSE, name_width), name_width)
        yield f"{_INDENT}{paint('dim', label)}  {'  '.join(cells)}".rstrip()
    if endpoint.failed:
        yield f"{_INDENT}  {paint('red', '↳ ' + _why(endpoint))}"
    if endpoint.censored:
        yield f"{_INDENT}  {paint('yellow', f'↳ {endpoint.censored} cut off in flight')}"


def _name(endpoint: EndpointSummary, base: str = "") -> str:
    name = endpoint.name.removeprefix(base) or "/"
    return printable(f"{endpoint.method} {name}".strip())


def _common_base(endpoints: Sequence[EndpointSummary]) -> str:
    """Scheme and host of the URLs among the names, if all have the same; else nothing."""
    bases = {found[0] for one in endpoints if (found := _BASE.match(one.name)) is not None}
    return bases.pop() if len(bases) == 1 else ""


def _numbers(endpoint: EndpointSummary) -> list[str]:
    latencies = _times(endpoint.latency_ms, endpoint.latency_at_least, absent="-")
    return [str(endpoint.requests), str(endpoint.failed), *latencies]


def _response_numbers(endpoint: EndpointSummary) -> list[str]:
    return ["", "", *_times(endpoint.response_ms, endpoint.response_at_least, absent="")]


def _times(values_ms: Mapping[str, float], at_least: Sequence[str], *, absent: str) -> list[str]:
    return [
        bound_text(milliseconds_text(values_ms[key]), key in at_least)
        if key in values_ms
        else absent
        for key in _LATENCIES
    ]


def _why(endpoint: EndpointSummary) -> str:
    """Statuses and error codes, the most frequent first. Of an endpoint with successes it is not
    known which of its other statuses, such as 200, were not expected."""
    errors = {code: count for code, count in endpoint.errors.items() if not _is_status(code)}
    telling = "12345" if endpoint.failed == endpoint.requests else "145"
    statuses = {code: count for code, count in endpoint.statuses.items() if code[:1] in telling}
    parts = [*_counted("status", statuses), *_counted("error", errors, ERROR_WORDS)]
    if not parts:
        parts = [f"a status that was not expected × {endpoint.failed}"]
    return printable(", ".join(parts))


def _is_status(error_code: str) -> bool:
    """k6's code for a status of 400 and above is 1000 more: the status says it."""
    return error_code.isdigit() and int(error_code) >= FIRST_STATUS_CODE


def _counted(
    word: str, counts: Mapping[str, int], words: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = {code: " ".join(filter(None, (word, code, words.get(code)))) for code in counts}
    return [f"{named[code]} × {count}" for code, count in ranked]
