"""The run as Markdown: for a merge request's note, and for GitHub's step summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas_perf.model.summary import CriterionState, EndpointSummary, Summary
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.criterion_text import criteria_texts, headline
from atlas_perf.report.generator_text import generator_sentences
from atlas_perf.report.markdown_text import plain_text, table_head, table_row
from atlas_perf.report.value_text import bound_text, milliseconds_text, share_text
from atlas_perf.units import NS_PER_S, format_duration

MOST_ENDPOINTS = 20
_PERCENTILES = ("p(50)", "p(95)", "p(99)")
MARKS = {
    CriterionState.PASSED: "✅",
    CriterionState.FAILED: "❌",
    CriterionState.NO_DATA: "❔",
}


def markdown(summary: Summary) -> str:
    """The text of `summary.md`."""
    sections = [
        [_heading(summary)],
        [_about(summary)],
        [f"- {plain_text(reason)}" for reason in summary.reasons],
        list(_criteria(summary)),
        list(_generator(summary)),
        list(_endpoints(summary.endpoints)),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _heading(summary: Summary) -> str:
    mark = verdict_mark(summary.verdict)
    return f"## {mark} {summary.verdict}: {plain_text(summary.name)}, {headline(summary)}"


def verdict_mark(verdict: Verdict) -> str:
    """A sign that is seen from afar."""
    if verdict is Verdict.PASS:
        return "✅"
    open_ones = (Verdict.NO_DATA, Verdict.NO_BASELINE, Verdict.INCONCLUSIVE)
    return "❔" if verdict in open_ones else "❌"


def _about(summary: Summary) -> str:
    parts = [
        summary.facts.environment,
        f"measured {format_duration(summary.measured_s * NS_PER_S)}",
        f"started {summary.started_at[:19]}Z",
        f"exit code {int(summary.exit_code)}",
        f"atlas-perf {summary.facts.tool_version}",
    ]
    return " · ".join(plain_text(part) for part in parts if part)


def _criteria(summary: Summary) -> Iterator[str]:
    criteria = criteria_texts(summary)
    if not criteria:
        return
    yield from table_head("", "criterion", "value", "margin")
    proves_nothing = summary.verdict is Verdict.INVALID
    for told in criteria:
        met = told.state is CriterionState.PASSED
        mark = "–" if proves_nothing and met else MARKS[told.state]
        yield table_row(
            mark,
            f"{plain_text(told.group)} {plain_text(told.name)}",
            plain_text(told.value),
            told.margin,
        )


def _generator(summary: Summary) -> Iterator[str]:
    sentences = list(generator_sentences(summary))
    if sentences:
        yield "**Generator**\n"
        yield from (f"- {plain_text(sentence)}" for sentence in sentences)


def _endpoints(endpoints: Sequence[EndpointSummary]) -> Iterator[str]:
    if not endpoints:
        return
    yield "<details><summary>Endpoints</summary>\n"
    yield from table_head("endpoint", "requests", "failed", "p50", "p95", "p99")
    for endpoint in endpoints[:MOST_ENDPOINTS]:
        latencies = (_latency(endpoint, key) for key in _PERCENTILES)
        name = plain_text(f"{endpoint.method} {endpoint.name}")
        failed = share_text(endpoint.failed, endpoint.requests) if endpoint.requests else "–"
        yield table_row(name, str(endpoint.requests), failed, *latencies)
        if endpoint.response_ms:
            responses = (_response(endpoint, key) for key in _PERCENTILES)
            yield table_row("↳ response, from when due", "", "", *responses)
    if len(endpoints) > MOST_ENDPOINTS:
        yield f"\n{len(endpoints) - MOST_ENDPOINTS} more are in summary.json."
    yield "\n</details>"


def _latency(endpoint: EndpointSummary, key: str) -> str:
    return _bound(endpoint.latency_ms.get(key), at_least=key in endpoint.latency_at_least)


def _response(endpoint: EndpointSummary, key: str) -> str:
    return _bound(endpoint.response_ms.get(key), at_least=key in endpoint.response_at_least)


def _bound(value_ms: float | None, *, at_least: bool) -> str:
    return "–" if value_ms is None else bound_text(milliseconds_text(value_ms), at_least)
