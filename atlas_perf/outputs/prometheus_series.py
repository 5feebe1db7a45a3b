"""Totals as Prometheus' series, under the names that k6's remote write gives them.

    counter  k6_http_reqs_total
    gauge    k6_vus, k6_generator_memory_bytes
    rate     k6_checks_rate, the share so far; k6_checks_passes_total, k6_checks_samples_total
    trend    k6_http_req_duration_p95, …: of the run so far, in seconds
             k6_http_req_duration_seconds: a native histogram

Times are seconds. Totals are those since the run's start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from atlas_perf.errors import UsageError
from atlas_perf.model.metric import Contains, Metric
from atlas_perf.model.series import Tags
from atlas_perf.outputs.distinct import DUPLICATE, Distinct
from atlas_perf.outputs.period import OutputSeries
from atlas_perf.outputs.totals import Totals
from atlas_perf.outputs.trend_values import in_seconds
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_S

STATS_VARIABLE = "K6_PROMETHEUS_RW_TREND_STATS"
USUAL_STATS = "med,p(95),p(99),max"

Read = Callable[[Sketch], float]

_UNITS = {Contains.TIME: "_seconds", Contains.DATA: "_bytes", Contains.DEFAULT: ""}
_FOREIGN = re.compile(r"[^A-Za-z0-9_]")
_PERCENTILE = re.compile(r"p\((?P<percent>\d{1,2}(?:\.\d+)?|100)\)")
_PLAIN_STATS: Mapping[str, Read] = {
    "avg": lambda sketch: sketch.sum / sketch.count,
    "count": lambda sketch: sketch.count,
    "max": lambda sketch: sketch.max,
    "med": lambda sketch: sketch.quantile(0.5),
    "min": lambda sketch: sketch.min,
    "sum": lambda sketch: sketch.sum,
}


@dataclass(frozen=True, slots=True)
class Stat:
    """One statistic of trends that is sent as a gauge."""

    suffix: str  # p95
    read: Read
    is_value: bool  # in the trend's unit; a count is not


@dataclass(frozen=True, slots=True)
class Number:
    """One value to send, of one series."""

    name: str
    kind: str  # counter or gauge
    series: OutputSeries
    value: float


def stats_of(variables: Mapping[str, str]) -> tuple[Stat, ...]:
    """Those that k6's variable names, or the usual ones.

    Raises:
        UsageError: it names one that does not exist.
    """
    text = variables.get(STATS_VARIABLE) or USUAL_STATS
    return tuple(_stat(word.strip()) for word in text.split(",") if word.strip())


def numbers(totals: Totals, stats: Sequence[Stat]) -> Iterator[Number]:
    """All but the histograms."""
    for series, total in totals.counters.items():
        metric = series.metric
        unit = "_seconds" if metric.contains is Contains.TIME else ""  # k6 has none for bytes
        name = f"k6_{metric.name}{unit}_total"
        yield Number(name, "counter", series, in_seconds(metric, total))
    for series, level in totals.gauges.items():
        metric = series.metric
        name = f"k6_{metric.name}{_UNITS[metric.contains]}"
        yield Number(name, "gauge", series, in_seconds(metric, level))
    for series, (passes, samples) in totals.rates.items():
        name = f"k6_{series.metric.name}"
        yield Number(f"{name}_passes_total", "counter", series, passes)
        yield Number(f"{name}_samples_total", "counter", series, samples)
        if samples:
            yield Number(f"{name}_rate", "gauge", series, passes / samples)
    for series, sketch in totals.trends.items():
        if sketch.count:
            yield from _statistics(series, sketch, stats)


def histograms(totals: Totals) -> Iterator[tuple[str, OutputSeries, Sketch, float]]:
    """Name, series, distribution and what its values are divided by."""
    for series, sketch in totals.trends.items():
        if sketch.count:
            yield histogram_name(series.metric), series, sketch, unit_of(series.metric)


def histogram_name(metric: Metric) -> str:
    return f"k6_{metric.name}{_UNITS[metric.contains]}"


def unit_of(metric: Metric) -> float:
    return float(NS_PER_S) if metric.contains is Contains.TIME else 1.0


def labels_of(tags: Tags) -> list[tuple[str, str]]:
    """Tags as labels, by name. What no label's name can have becomes `_`; names that are equal
    then are one label, with the values of both. A tag without a value is none."""
    labels: dict[str, str] = {}
    for key, value in tags:
        name = _FOREIGN.sub("_", key)
        if name[:1].isdigit() or name.startswith("__"):  # which are Prometheus' own
            name = f"tag_{name.lstrip('_')}"
        if value:
            labels[name] = f"{labels[name]};{value}" if name in labels else value
    return sorted(labels.items())


class SeriesLabels:
    """Labels of a receiver's series, so that no two have the same name and labels."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, OutputSeries], list[tuple[str, str]]] = {}
        self._distinct = Distinct()

    def of(self, name: str, series: OutputSeries) -> list[tuple[str, str]]:
        """By name, without `__name__`."""
        known = self._known.get((name, series))
        if known is None:
            known = labels_of(series.tags)
            number = self._distinct.number((name, *known))
            if number > 1:
                known = labels_of((*series.tags, (DUPLICATE, str(number))))
            self._known[name, series] = known
        return known


def _statistics(series: OutputSeries, sketch: Sketch, stats: Sequence[Stat]) -> Iterator[Number]:
    for stat in stats:
        value = stat.read(sketch)
        scaled = in_seconds(series.metric, value) if stat.is_value else value
        yield Number(f"k6_{series.metric.name}_{stat.suffix}", "gauge", series, scaled)


def _stat(word: str) -> Stat:
    plain = _PLAIN_STATS.get(word)
    if plain is not None:
        return Stat(word, plain, is_value=word != "count")
    match = _PERCENTILE.fullmatch(word)
    if match is None:
        raise UsageError(
            f"{STATS_VARIABLE}: there is no statistic {word!r}: write {', '.join(_PLAIN_STATS)} or "
            "p(95)"
        )
    share = float(match["percent"]) / 100
    suffix = "p" + match["percent"].replace(".", "")  # as k6 names it
    return Stat(suffix, lambda sketch: sketch.quantile(share), is_value=True)
