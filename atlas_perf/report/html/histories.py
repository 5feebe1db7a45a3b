"""How the value of a criterion went along in the run, as far as the run tells.

Second by second where windows hold it, else in the few windows of the kept sketches. Over runs:
`run_histories.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise

from atlas_perf.model.baseline import BaselineResult
from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import KeptTrend, RunSketches
from atlas_perf.model.series import Selector
from atlas_perf.model.summary import Summary, ThresholdResult, Window
from atlas_perf.report.html.columns import rounded
from atlas_perf.report.html.report_data import History
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS

MOST_POINTS = 120

Value = float | None

_STATISTIC = re.compile(r"\s*(p\((?P<percent>[\d.]+)\)|[a-z]+)\s*(?P<operator>[<>]=?|[=!]=+)")
_BY_WINDOW: Mapping[tuple[str, str], Callable[[Window], Value]] = {
    ("http_req_duration", "p(50)"): lambda one: one.p50_ms,
    ("http_req_duration", "med"): lambda one: one.p50_ms,
    ("http_req_duration", "p(95)"): lambda one: one.p95_ms,
    ("http_req_duration", "p(99)"): lambda one: one.p99_ms,
    ("http_req_response_time", "p(50)"): lambda one: one.response_p50_ms,
    ("http_req_response_time", "med"): lambda one: one.response_p50_ms,
    ("http_req_response_time", "p(95)"): lambda one: one.response_p95_ms,
    ("http_req_response_time", "p(99)"): lambda one: one.response_p99_ms,
    ("http_req_failed", "rate"): lambda one: _share(one.failed_requests, one.requests),
    ("http_reqs", "rate"): lambda one: one.requests / one.length_s,
    ("http_reqs", "count"): lambda one: one.requests,
    ("iterations", "rate"): lambda one: one.iterations / one.length_s,
    ("iterations", "count"): lambda one: one.iterations,
    ("dropped_iterations", "count"): lambda one: one.dropped_iterations,
    ("http_reqs_censored", "count"): lambda one: one.censored_requests,
    ("vus", "max"): lambda one: one.vus,
    ("vus", "value"): lambda one: one.vus,
}

_OF_SKETCH: Mapping[str, Callable[[Sketch], float]] = {
    "avg": lambda one: one.sum / one.count,
    "min": lambda one: one.min,
    "med": lambda one: one.quantile(0.5),
    "max": lambda one: one.max,
}


def history_of(
    key: str, criterion: ThresholdResult | BaselineResult, run: tuple[Summary, RunSketches]
) -> History | None:
    """None where the run kept too little of it to draw a line.

    Args:
        key: of the element of the page that it is drawn in.
    """
    summary, kept = run
    match = _STATISTIC.match(criterion.expression)
    if match is None:
        return None
    statistic = match[1]
    values = _from_windows(criterion.selector, statistic, summary.windows)
    if values is not None:
        worst = min if match["operator"].startswith(">") else max
        parts = parts_of(len(values))
        values = [_worst(values[low:high], worst) for low, high in parts]
        points = [_seconds(summary.windows[low:high]) for low, high in parts]
    else:
        values = _from_sketches(criterion.selector, statistic, kept) or []
        phase = f" of the {kept.phase} phase" if kept.phase else ""
        points = [f"part {part} of {len(values)}{phase}" for part in range(1, len(values) + 1)]
    if sum(value is not None for value in values) < 2:
        return None
    return History(key, criterion.unit, criterion.limit, tuple(map(rounded, values)), tuple(points))


def parts_of(length: int) -> list[tuple[int, int]]:
    """Where to cut `length` values so that at most `MOST_POINTS` parts of them are left."""
    number = min(length, MOST_POINTS)
    return list(pairwise(round(length * one / number) for one in range(number + 1)))


def _worst(values: Sequence[Value], worst: Callable[[list[float]], float]) -> Value:
    """A part is drawn as the worst of it: an excess must not be averaged away."""
    there = [value for value in values if value is not None]
    return worst(there) if there else None


def _seconds(windows: Sequence[Window]) -> str:
    first, last = windows[0].second, windows[-1].second + windows[-1].length_s - 1
    return f"second {first}" if first == last else f"worst of seconds {first} to {last}"


def _from_windows(selector: str, statistic: str, windows: Sequence[Window]) -> list[Value] | None:
    value = _BY_WINDOW.get((selector, statistic))
    if value is None or not windows:
        return None
    values = [value(window) for window in windows]
    if statistic == "count":  # a limit on a sum: how it grew
        return list(accumulate(one or 0.0 for one in values))
    return values


def _from_sketches(selector: str, statistic: str, kept: RunSketches) -> list[Value] | None:
    wanted = _without_phase(selector)
    for rate in kept.rates:
        if rate.selector == wanted and statistic == "rate":
            return [_share(passes, samples) for passes, samples in rate.windows]
    for trend in kept.trends:
        if trend.selector == wanted:
            return [_statistic(trend, packed, statistic) for packed in trend.windows]
    return None


def _without_phase(selector: str) -> str:
    parsed = Selector.parse(selector)
    return str(Selector(parsed.metric, tuple(tag for tag in parsed.tags if tag[0] != "phase")))


def _statistic(trend: KeptTrend, packed: bytes, statistic: str) -> Value:
    sketch = Sketch.from_bytes(packed)
    if not sketch.count:
        return None
    value: Value = None
    if statistic.startswith("p("):
        value = sketch.quantile(float(statistic[2:-1]) / 100)
    elif statistic in _OF_SKETCH:
        value = _OF_SKETCH[statistic](sketch)
    is_time = trend.contains is Contains.TIME
    return value if value is None or not is_time else value / NS_PER_MS


def _share(part: int, whole: int) -> Value:
    return part / whole if whole else None
