"""The metric lines of the end summary: k6's dotted names, with values in aligned columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from atlas_perf.model.metric import (
    BUILTIN_METRICS,
    HTTP_PHASES,
    HTTP_RESPONSE_TIME,
    HTTP_WAITS,
    WS_PHASES,
    MetricKind,
)
from atlas_perf.model.series import Selector
from atlas_perf.model.summary import MetricSummary
from atlas_perf.report.terminal_text import Paint, columns, printable, shortened
from atlas_perf.report.value_text import (
    bound_text,
    per_second_text,
    share_text,
    value_text,
)

RESPONSE_SERVICE_LAG = (HTTP_RESPONSE_TIME, "http_req_duration", "iteration_lag", "iteration_wait")
"""The times of the open model, which are read side by side; its gate is the first."""

OPEN_MODEL = "OPEN MODEL"
OPEN_MODEL_LEGEND = (
    "Response counts from when a request was due, and is what is gated; service from its first "
    "byte sent. Lag is how late the generator began, and in the response."
)

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "HTTP": (
        "http_reqs",
        "http_req_failed",
        "http_reqs_censored",
        "http_req_duration",
        "http_req_blocked",
        *HTTP_WAITS,
        *(phase for phase in HTTP_PHASES if phase != "http_req_blocked"),
    ),
    "WEBSOCKET": (
        "ws_sessions",
        "ws_session_failed",
        "ws_sessions_open",
        "ws_connecting",
        *WS_PHASES,
        "ws_session_duration",
        "ws_reconnects",
        "ws_reconnecting",
        "ws_rtt",
        "ws_rtt_failed",
        "ws_response_time",
        "ws_ping",
        "ws_msgs_sent",
        "ws_msgs_received",
        "ws_msgs_lost",
        "ws_msgs_late",
        "ws_msgs_duplicate",
        "ws_msgs_out_of_order",
        "ws_msgs_unread",
        "ws_msgs_censored",
    ),
    "STREAMS": (
        "sse_time_to_first_event",
        "sse_event_gap",
        "sse_duration",
        "sse_events",
        "sse_bytes",
        "sse_stalls",
        "sse_malformed",
    ),
    "AI ANSWERS": (
        "llm_time_to_first_token",
        "llm_inter_token_latency",
        "llm_time_per_output_token",
        "llm_output_tokens_per_second",
        "llm_output_tokens",
    ),
    "TASKS": (
        "task_completed",
        "tasks_ended",
        "tasks_censored",
        "task_accept_time",
        "task_queue_time",
        "task_duration",
        "task_polling_error",
        "task_polls",
    ),
    "EXECUTION": (
        "iterations",
        "iteration_failed",
        "forgotten_awaits",
        "iteration_duration",
        "dropped_iterations",
        "group_duration",
        "vus",
        "vus_max",
    ),
    "NETWORK": ("data_received", "data_sent"),
}
"""Built-in metrics in reading order; `checks` and the open model have sections of their own."""

_INDENT = "    "
_SHORTEST_LABEL = 25  # columns a name may take at least: `http_req_tls_handshaking` and a dot
_GAPS = ("  ", " ")  # the first that fits


def metric_sections(metrics: Mapping[str, MetricSummary]) -> dict[str, tuple[str, ...]]:
    """Titles of the sections of a run's built-in metrics, with the metrics in reading order."""
    if "iteration_lag" not in metrics:
        return dict(SECTIONS)
    return {
        OPEN_MODEL: RESPONSE_SERVICE_LAG,
        **{
            title: tuple(name for name in names if name not in RESPONSE_SERVICE_LAG)
            for title, names in SECTIONS.items()
        },
    }


def custom_metrics(metrics: Mapping[str, MetricSummary]) -> tuple[str, ...]:
    """Names of the scenario file's own metrics."""
    names = {Selector.parse(name).metric for name in metrics}
    return tuple(sorted(names - set(BUILTIN_METRICS)))


def metric_lines(
    metrics: Mapping[str, MetricSummary], names: Sequence[str], paint: Paint, width: int
) -> list[str]:
    """Lines for these metrics and their sub-metrics, where they have samples."""
    rows = [
        (label, _cells(metric), metric.kind is MetricKind.TREND)
        for name in names
        for label, metric in _with_submetrics(name, metrics)
    ]
    if not rows:
        return []
    most = max(_SHORTEST_LABEL, int(width * 0.3))
    short = [columns(label) for label, _, _ in rows if columns(label) < most]
    label_width = max(short, default=most - 1) + 1
    value_width = width - len(_INDENT) - label_width - 2
    trends = _layout([cells for _, cells, trend in rows if trend], value_width)
    others = _layout([cells for _, cells, trend in rows if not trend], value_width)
    hang = " " * (len(_INDENT) + label_width + 2)
    lines: list[str] = []
    for label, cells, trend in rows:
        first, *rest = _value_lines(cells, trends if trend else others, paint)
        if columns(label) < label_width:
            dots = paint("dim", "." * (label_width - columns(label)) + ":")
            lines.append(f"{_INDENT}{label}{dots} {first}")
        else:  # a long name stands alone, so that the others' values stay near theirs
            name = shortened(label, width - len(_INDENT) - 1)
            lines += [f"{_INDENT}{name}{paint('dim', ':')}", hang + first]
        lines += [hang + line for line in rest]
    return lines


def _with_submetrics(
    name: str, metrics: Mapping[str, MetricSummary]
) -> Iterable[tuple[str, MetricSummary]]:
    if name in metrics:
        yield printable(name), metrics[name]
    for key, metric in metrics.items():
        selector = Selector.parse(key)
        if selector.metric == name and selector.tags:
            inside = printable(key[len(name) + 1 : -1])
            yield (f"  {{ {inside} }}" if name in metrics else printable(key)), metric


def _cells(metric: MetricSummary) -> list[tuple[str, str]]:
    """Pairs of a key (or "") and a value, all as text."""
    values = metric.values
    match metric.kind:
        case MetricKind.COUNTER:
            return [
                ("", value_text(values["count"], metric.contains)),
                ("", per_second_text(values["rate"], metric.contains)),
            ]
        case MetricKind.RATE:
            known = int(values["passes"] + values["fails"])
            passes, whole = int(values["passes"]), known + metric.censored
            share = bound_text(share_text(passes, whole), "rate" in metric.at_least)
            cut = f", {metric.censored} cut off" if metric.censored else ""
            return [("", share), ("", f"{passes} of {whole}{cut}")]
        case MetricKind.GAUGE:
            last, low, high = (
                value_text(values[key], metric.contains) for key in ("value", "min", "max")
            )
            return [("", last), ("", f"min={low}"), ("", f"max={high}")]
        case MetricKind.TREND:
            stats = {
                stat: bound_text(value_text(value, metric.contains), stat in metric.at_least)
                for stat, value in values.items()
                if stat != "count"
            }
            distinct = {values[stat] for stat in stats}
            if len(stats) > 1 and len(distinct) == 1 and not metric.at_least:
                return [("all", next(iter(stats.values())))]
            return list(stats.items())


@dataclass(frozen=True, slots=True)
class _Layout:
    widths: tuple[int, ...]
    gap: str


def _layout(rows: Sequence[Sequence[tuple[str, str]]], width: int) -> _Layout:
    """As many columns as fit, evened out over the lines that a row then takes."""
    most = max((len(cells) for cells in rows), default=1)
    for lines in range(1, most + 1):
        count = -(-most // lines)
        widths = tuple(
            max(
                (columns(_plain(cell)) for cells in rows for cell in cells[column::count]),
                default=0,
            )
            for column in range(count)
        )
        for gap in _GAPS:
            if sum(widths) + len(gap) * (count - 1) <= width:
                return _Layout(widths, gap)
    return _Layout(widths, _GAPS[0])


def _value_lines(cells: Sequence[tuple[str, str]], layout: _Layout, paint: Paint) -> list[str]:
    lines = []
    count = len(layout.widths)
    for start in range(0, len(cells), count):
        row = cells[start : start + count]
        padding = [
            " " * (width - columns(_plain(cell)))
            for cell, width in zip(row, layout.widths, strict=False)
        ]
        padding[-1] = ""
        texts = [_painted(cell, paint) + pad for cell, pad in zip(row, padding, strict=True)]
        lines.append(layout.gap.join(texts))
    return lines


def _plain(cell: tuple[str, str]) -> str:
    key, value = cell
    return f"{key}={value}" if key else value


def _painted(cell: tuple[str, str], paint: Paint) -> str:
    key, value = cell
    return f"{paint('dim', f'{key}=')}{paint('cyan', value)}" if key else paint("cyan", value)
