"""What both records come to: counts, percentiles, and k6's own beside ours of the same samples."""

from __future__ import annotations

import gzip
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from atlas_perf.judge.comparison.compare import compare
from atlas_perf.judge.comparison.measured import whole
from atlas_perf.model.comparison import Comparison, Quantity, Terms
from atlas_perf.model.run_sketches import RunSketches
from atlas_perf.units import NS_PER_MS
from benchmarks.k6_beside_ours.runs import Pair

DURATION = "http_req_duration"
RESPONSE = "http_req_response_time"
QUANTILES = (("p50", 0.5, "med"), ("p95", 0.95, "p(95)"), ("p99", 0.99, "p(99)"))
_ENDPOINTS = ("list runs", "health")


def tables(pairs: Sequence[Pair]) -> str:
    """All of it, as text."""
    return "\n".join([*_loads(pairs), "", *_sketches(pairs), "", *_reading(pairs)])


def compared(pairs: Sequence[Pair]) -> Comparison:
    """k6's runs as bases, ours as candidates: what the tools themselves differ by. `atlas-perf
    compare` refuses that: it is no statement on a build."""
    primary = (Quantity(DURATION, "p(95)"),)
    return compare(
        [pair.k6.sketches for pair in pairs],
        [pair.ours.sketches for pair in pairs],
        Terms(primary=primary),
    )


def sketch_errors(pair: Pair) -> dict[str, float]:
    """Of each percentile: ours of k6's samples beside k6's own, of all of them, relative.

    k6 counts the request of `setup` too: it is one of many.
    """
    kept = _quantiles(pair.k6.sketches, DURATION)
    says = pair.k6_says[f"{DURATION}{{expected_response:true}}"]
    return {name: kept[name] / says[key] - 1 for name, _, key in QUANTILES}


def _loads(pairs: Sequence[Pair]) -> Iterator[str]:
    yield _row("", "k6", "atlas-perf", "difference")
    for title, metric in (("iterations", "iterations"), ("requests", "http_reqs")):
        counts = [
            (
                pair.k6.summary.metrics[metric].values["count"],
                pair.ours.summary.metrics[metric].values["count"],
            )
            for pair in pairs
        ]
        yield _both(title, counts, lambda one: f"{one:,.0f}")
    selectors = [DURATION, *(f"{DURATION}{{name:{one}}}" for one in _ENDPOINTS)]
    for selector in selectors:
        for name, _, _ in QUANTILES:
            values = [
                (
                    _quantiles(pair.k6.sketches, selector)[name],
                    _quantiles(pair.ours.sketches, selector)[name],
                )
                for pair in pairs
                if _has(pair.ours.sketches, selector)
            ]
            if values:
                yield _both(f"{selector} {name}", values, _milliseconds)
    for name, _, _ in QUANTILES:
        ours = [_quantiles(pair.ours.sketches, RESPONSE)[name] for pair in pairs]
        yield _row(f"{RESPONSE} {name}", "–", _milliseconds(statistics.median(ours)), "")


def _sketches(pairs: Sequence[Pair]) -> Iterator[str]:
    yield "k6's samples in our sketches beside k6's own percentiles, the worst of all rounds"
    for name, _, _ in QUANTILES:
        worst = max((sketch_errors(pair)[name] for pair in pairs), key=abs)
        yield _row(f"  {name}", f"{worst * 100:+.2f} %")


def _reading(pairs: Sequence[Pair]) -> Iterator[str]:
    lines = [_lines_of(pair.k6_file) for pair in pairs]
    speeds = [count / pair.reading_s for count, pair in zip(lines, pairs, strict=True)]
    yield (
        f"reading --out json: {statistics.median(speeds):,.0f} lines a second of CPU "
        f"({sum(lines):,} lines)"
    )


def _lines_of(file: Path) -> int:
    with gzip.open(file) as lines:
        return sum(1 for _ in lines)


def _both(title: str, values: Sequence[tuple[float, float]], shown: Callable[[float], str]) -> str:
    k6, ours = (statistics.median(side) for side in zip(*values, strict=True))
    apart = statistics.median(two / one - 1 for one, two in values)
    return _row(title, shown(k6), shown(ours), f"{apart * 100:+.1f} %")


def _has(kept: RunSketches, selector: str) -> bool:
    return any(one.selector == selector for one in kept.trends)


def _quantiles(kept: RunSketches, selector: str) -> dict[str, float]:
    (trend,) = (one for one in kept.trends if one.selector == selector)
    sketch = whole(trend)
    return {name: sketch.quantile(q) / NS_PER_MS for name, q, _ in QUANTILES}


def _milliseconds(value: float) -> str:
    return f"{value:.2f} ms"


def _row(title: str, *cells: str) -> str:
    return f"{title:<44}" + "".join(f"{cell:>13}" for cell in cells)
