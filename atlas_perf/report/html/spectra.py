"""Latency distributions of a run for the percentile spectrum, from its kept sketches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from atlas_perf.model.run_sketches import KeptTrend, RunSketches
from atlas_perf.model.series import Selector
from atlas_perf.report.html.columns import rounded
from atlas_perf.report.html.report_data import Spectra, Spectrum
from atlas_perf.report.terminal_text import printable
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS

MOST_CURVES = 30
WHOLE = {
    "http_req_response_time": "all requests, response",
    "http_req_duration": "all requests",
    "ws_rtt": "WebSocket round trips",
    "task_duration": "tasks",
}
"""Metrics whose whole distribution is drawn, by the name of its curve."""

_ENDPOINTS_OF = "http_req_duration"
_PER_DECADE = 12
_DECADES = 6
_TAILS = tuple(10 ** (step / _PER_DECADE) for step in range(_PER_DECADE * _DECADES + 1))


def spectra_of(kept: RunSketches) -> Spectra | None:
    """All requests, and the endpoints with the most of them; None where nothing was kept."""
    ambiguous = _ambiguous(kept)
    curves = [curve for one in kept.trends if (curve := _curve(one, ambiguous)) is not None]
    whole = [one for one in curves if one.whole]
    endpoints = sorted((one for one in curves if not one.whole), key=lambda one: -one.count)
    chosen = [*whole, *endpoints[:MOST_CURVES]]
    if not chosen:
        return None
    length = max(_reach(one) for one in chosen)
    tails = tuple(float(f"{tail:.6g}") for tail in _TAILS[:length])
    return Spectra(
        kept.phase,
        tails,
        tuple(Spectrum(one.name, one.count, one.values_ms[:length], one.whole) for one in chosen),
    )


def merged(windows: Iterable[bytes]) -> Sketch:
    """One distribution of several windows."""
    whole = Sketch()
    for packed in windows:
        whole.merge(Sketch.from_bytes(packed))
    return whole


def _ambiguous(kept: RunSketches) -> frozenset[str]:
    """Names of endpoints that more than one scenario has."""
    names = [_endpoint(dict(_parsed(one).tags)) for one in kept.trends if _is_endpoint(one)]
    return frozenset(name for name, times in Counter(names).items() if times > 1)


def _parsed(trend: KeptTrend) -> Selector:
    """An unreadable one, with a secret taken out of the middle of it, is of no endpoint."""
    try:
        return Selector.parse(trend.selector)
    except ValueError:
        return Selector("")


def _is_endpoint(trend: KeptTrend) -> bool:
    selector = _parsed(trend)
    return selector.metric == _ENDPOINTS_OF and {"method", "name", "scenario"} == {
        key for key, _ in selector.tags
    }


def _endpoint(tags: Mapping[str, str]) -> str:
    return f"{tags['method']} {tags['name']}".strip()


def _curve(trend: KeptTrend, ambiguous: frozenset[str]) -> Spectrum | None:
    selector = _parsed(trend)
    tags = dict(selector.tags)
    if not tags and selector.metric in WHOLE:
        name = WHOLE[selector.metric]
    elif _is_endpoint(trend):
        name = _endpoint(tags)
        name += f" in {tags['scenario']}" if name in ambiguous else ""
    else:
        return None
    sketch = merged(trend.windows)
    if not sketch.count:
        return None
    return Spectrum(printable(name), sketch.count, tuple(_quantiles(sketch)), whole=not tags)


def _quantiles(sketch: Sketch) -> Iterable[float | None]:
    """Up to the tail that the largest sample stands for, which is exact."""
    for tail in _TAILS:
        if tail > sketch.count:
            yield None
        else:
            yield rounded(sketch.quantile(1 - 1 / tail) / NS_PER_MS)


def _reach(curve: Spectrum) -> int:
    return sum(value is not None for value in curve.values_ms)
