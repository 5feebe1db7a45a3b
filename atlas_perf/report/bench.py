"""The summary of `atlas-perf bench`: one request, one screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from atlas_perf.model.metric import HTTP_RESPONSE_TIME
from atlas_perf.model.summary import Summary
from atlas_perf.report.bench_rate import schedule_sentences
from atlas_perf.report.calibration import calibration_sentences
from atlas_perf.report.console_health import health_parts, stall_lines
from atlas_perf.report.console_verdict import reason_lines, telling_reasons, verdict_line
from atlas_perf.report.error_words import error_name
from atlas_perf.report.latency_histogram import HistogramRow
from atlas_perf.report.terminal_text import Paint, joined, printable, right, shortened, wrapped
from atlas_perf.report.value_text import bound_text, milliseconds_text, share_text
from atlas_perf.units import NS_PER_S, format_bytes, format_duration

LATENCY_STATS = ("avg", "min", "med", "p(75)", "p(90)", "p(95)", "p(99)", "p(99.9)", "max")
"""What `render_bench` needs a plan's `summary_trend_stats` to be."""

TAIL_SAMPLES = 10
"""A percentile that fewer values lie beyond is little more than the luck of this run."""

_LABELS = {"med": "p50", "p(75)": "p75", "p(90)": "p90"}
_LABELS |= {"p(95)": "p95", "p(99)": "p99", "p(99.9)": "p99.9", "max": "max"}
_BAR_WIDTH = 40
_NARROWEST = 72
_INDENT = "    "


def render_bench(
    summary: Summary,
    rows: Sequence[HistogramRow],
    *,
    connections: int,
    rate: int | None = None,
    colour: bool,
    width: int,
) -> str:
    """The whole text, ending in a newline.

    Args:
        rows: latencies of successful requests, in nanoseconds; with a rate, response times.
        connections: how many were asked for.
        rate: requests per second, if they were due whether or not the last ones were answered.
        colour: use ANSI colours.
        width: columns of the terminal; 72 is the least.
    """
    width = max(width, _NARROWEST)
    paint = Paint(colour)
    service = _latency_lines(summary, paint, "http_req_duration")
    if rate is None:
        latencies = [("LATENCY", [*service, *_bars(rows, paint)])]
    else:
        response = _latency_lines(summary, paint, HTTP_RESPONSE_TIME)
        latencies = [
            ("RESPONSE TIME, from when a request was due", [*response, *_bars(rows, paint)]),
            ("SERVICE TIME, from when it was sent", service),
            ("SCHEDULE", _schedule_lines(summary, connections, width)),
        ]
    sections = [
        ("", _rate_lines(summary, paint)),
        *latencies,
        ("ANSWERS", _answer_lines(summary, paint, width)),
        ("GENERATOR", _generator_lines(summary, paint, width)),
    ]
    lines = ["", _title(summary, connections, rate, paint, width)]
    for title, body in sections:
        if body:
            lines += ["", *([f"  {paint('bold', title)}"] if title else []), *body]
    notes = [
        *reason_lines(telling_reasons(summary), paint, width),
        *_doubts(summary, paint, width),
    ]
    lines += ["", *([*notes, ""] if notes else []), verdict_line(summary, paint)]
    return "\n".join(lines) + "\n"


def doubts(summary: Summary) -> list[str]:
    """Sentences on what makes the numbers doubtful without taking their evidence away."""
    found = []
    successes = int(_values(summary, "http_req_duration").get("count", 0))
    thin = [name for name, share in (("p99", 0.01), ("p99.9", 0.001)) if _thin(successes, share)]
    if thin:
        found.append(
            f"{successes} successful request{'' if successes == 1 else 's'} are few for "
            f"{' and '.join(thin)}: fewer than {TAIL_SAMPLES} lie beyond."
        )
    return found


def _thin(successes: int, beyond: float) -> bool:
    return 0 < successes * beyond < TAIL_SAMPLES


def _title(summary: Summary, connections: int, rate: int | None, paint: Paint, width: int) -> str:
    workers = len(summary.workers)
    what = " ".join(
        f"{endpoint.method} {printable(endpoint.name)}" for endpoint in summary.endpoints[:1]
    )
    rest = (
        f"{'' if rate is None else f' · {rate:,}/s'}"
        f" · {connections} connection{'' if connections == 1 else 's'}"
        f" · {workers} worker{'' if workers == 1 else 's'}"
        f" · {format_duration(summary.measured_s * NS_PER_S)}{_warmed_up(summary)}"
    )
    what = shortened(what or printable(summary.facts.target), width - 2 - len(rest))
    return f"  {paint('bold', what)}{rest}"


def _warmed_up(summary: Summary) -> str:
    """How much load came before what is counted."""
    warm_s = sum(phase.end_s - phase.begin_s for phase in summary.phases if not phase.counted)
    return f" after {format_duration(warm_s * NS_PER_S)} of warm-up" if warm_s else ""


def _rate_lines(summary: Summary, paint: Paint) -> list[str]:
    requests = _values(summary, "http_reqs")
    received, sent = (_values(summary, name) for name in ("data_received", "data_sent"))
    rate = f"{requests.get('rate', 0.0):,.1f}"
    count = int(requests.get("count", 0))
    counted = f"{count:,} request{'' if count == 1 else 's'}"
    failed = sum(endpoint.failed for endpoint in summary.endpoints)
    if failed and failed >= count:
        # The rate of failures is none that a target could be praised for.
        head = paint("red", f"no request succeeded: {failed:,} failed, {rate} a second")
    else:
        head = f"{paint('bold', rate)} requests/s   {paint('dim', counted)}"
    return [
        _INDENT + head,
        f"{_INDENT}{format_bytes(received.get('rate', 0.0))}/s received, "
        f"{format_bytes(sent.get('rate', 0.0))}/s sent",
    ]


def _schedule_lines(summary: Summary, connections: int, width: int) -> list[str]:
    return [
        _INDENT + line
        for sentence in schedule_sentences(summary, connections)
        for line in wrapped(sentence, width - len(_INDENT), "  ")
    ]


def _latency_lines(summary: Summary, paint: Paint, metric: str) -> list[str]:
    values = _values(summary, metric)
    if not values:
        return []
    bounds = summary.metrics[metric].at_least
    texts = {
        stat: bound_text(milliseconds_text(value), stat in bounds)
        for stat, value in values.items()
        if stat != "count"
    }
    low, mean = texts["min"], texts["avg"]
    cells = [(label, texts[stat]) for stat, label in _LABELS.items()]
    widths = [max(len(label), len(value)) + 2 for label, value in cells]
    return [
        f"{_INDENT}avg {mean}, min {low}",
        _INDENT
        + paint("dim", "".join(right(cell[0], w) for cell, w in zip(cells, widths, strict=True))),
        _INDENT + "".join(right(cell[1], w) for cell, w in zip(cells, widths, strict=True)),
    ]


def _bars(rows: Sequence[HistogramRow], paint: Paint) -> list[str]:
    total = sum(row.count for row in rows)
    if not total:
        return []
    most = max(row.count for row in rows)
    lines = [""]
    for row in rows:
        bar = "█" * round(row.count / most * _BAR_WIDTH) or ("▏" if row.count else "")
        edge = right(f"≤ {format_duration(row.up_to)}", 9)
        share = share_text(row.count, total) if row.count else ""
        lines.append(f"{_INDENT}{edge}  {paint('cyan', bar)} {paint('dim', share)}".rstrip())
    return lines


def _answer_lines(summary: Summary, paint: Paint, width: int) -> list[str]:
    statuses = _summed(endpoint.statuses.items() for endpoint in summary.endpoints)
    errors = _summed(endpoint.errors.items() for endpoint in summary.endpoints)
    named = [
        f"{'no answer' if status == '0' else status}: {count:,}"
        for status, count in sorted(statuses.items())
    ]
    lines = [_INDENT + line for line in joined(named, width - 4, "  ")] if named else []
    censored = sum(endpoint.censored for endpoint in summary.endpoints)
    if censored:
        lines.append(
            _INDENT + paint("yellow", f"cut off in flight: {censored:,}, with their age in ≥")
        )
    if errors:
        codes = [f"{error_name(code)}: {count:,}" for code, count in errors.most_common()]
        lines += [_INDENT + paint("red", line) for line in joined(codes, width - 4, "  ")]
    for name, what in (("http_req_connecting", "connect"), ("http_req_tls_handshaking", "TLS")):
        values = _values(summary, name)
        if values:
            lines.append(
                f"{_INDENT}{what}: {int(values['count']):,} times, avg "
                f"{milliseconds_text(values['avg'])}, max {milliseconds_text(values['max'])}"
            )
    return lines


def _generator_lines(summary: Summary, paint: Paint, width: int) -> list[str]:
    workers = summary.workers
    if not workers:
        return []
    lost = sum(worker.lost is not None for worker in workers)
    parts = [
        f"{sum(worker.cpu_share for worker in workers):.2f} CPU cores",
        f"loop lag at most {milliseconds_text(max(one.loop_lag_max_ms for one in workers))}",
        f"memory {format_bytes(sum(worker.peak_rss_bytes for worker in workers))}",
        *health_parts(summary),
        paint("red", f"{lost} workers lost") if lost else "",
    ]
    lines = [_INDENT + line for line in joined(parts, width - 4, "  ")]
    lines += stall_lines(workers, paint, width)
    if summary.calibration is not None:
        for sentence in calibration_sentences(summary.calibration):
            lines += [_INDENT + line for line in wrapped(sentence, width - 4, "  ")]
    return lines


def _doubts(summary: Summary, paint: Paint, width: int) -> list[str]:
    lines: list[str] = []
    for doubt in doubts(summary):
        first, *rest = wrapped(doubt, width - 4, "  ")
        lines += [f"  {paint('yellow', '!')} {first}", *(f"  {line}" for line in rest)]
    return lines


def _summed(parts: Iterable[Iterable[tuple[str, int]]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(dict(part))
    return total


def _values(summary: Summary, name: str) -> dict[str, float]:
    metric = summary.metrics.get(name)
    return {} if metric is None else dict(metric.values)
