"""Which aggregation means something for which kind of metric, and how it is computed.

Numbers leave in the units of thresholds and reports: milliseconds for times, bytes for data,
per second of the measured window for counter rates, shares from 0 to 1 for rates.
"""

from __future__ import annotations

from collections.abc import Mapping

from atlas_perf.choices import alternatives
from atlas_perf.judge.grammar import Aggregation, AggregationTerm
from atlas_perf.model.metric import Contains, Metric, MetricKind
from atlas_perf.model.snapshot import (
    CounterTotal,
    Distribution,
    GaugeTotal,
    RateTotal,
    Total,
    TrendTotal,
)
from atlas_perf.units import NS_PER_MS, NS_PER_S

ALLOWED: Mapping[MetricKind, tuple[Aggregation, ...]] = {
    MetricKind.COUNTER: (Aggregation.COUNT, Aggregation.RATE),
    MetricKind.GAUGE: (Aggregation.VALUE, Aggregation.MIN, Aggregation.MAX),
    MetricKind.RATE: (Aggregation.RATE,),
    MetricKind.TREND: (
        Aggregation.AVG,
        Aggregation.MIN,
        Aggregation.MED,
        Aggregation.MAX,
        Aggregation.PERCENTILE,
    ),
}
"""k6's table, and the extremes of a gauge, which k6 shows and does not judge. A trend has no
`count` there either: count what the matching counter counts."""

_MEDIAN = AggregationTerm(Aggregation.PERCENTILE, 50.0)


def aggregate(
    total: Total, term: AggregationTerm, *, contains: Contains, elapsed_ns: int
) -> float | None:
    """One number from a total; None where the samples do not define it.

    Where something was censored it is a lower bound: see `judge.bounds`.

    Args:
        total: what the selector matched, in the metric's inner unit.
        term: an aggregation that `ALLOWED` lists for the metric's kind.
        contains: what the metric's numbers are; decides the scale of the result.
        elapsed_ns: length of the measured window, for counter rates.

    Raises:
        ValueError: if the aggregation does not apply to this kind of total.
    """
    if total.samples == 0 and not (isinstance(total, RateTotal | TrendTotal) and total.beyond):
        return None
    match total:
        case CounterTotal(total=amount):
            if term.aggregation is Aggregation.COUNT:
                return amount
            if term.aggregation is Aggregation.RATE:
                return amount * NS_PER_S / elapsed_ns if elapsed_ns > 0 else None
        case RateTotal(passes=passes, samples=samples, beyond=beyond):
            if term.aggregation is Aggregation.RATE:
                return passes / (samples + beyond)
        case GaugeTotal(value=value, min=low, max=high):
            extremes = {Aggregation.MIN: low, Aggregation.MAX: high}
            if term.aggregation in (*extremes, Aggregation.VALUE):
                return extremes.get(term.aggregation, value) / scale(contains)
        case TrendTotal(at_least=distribution):
            return _of_distribution(distribution, term) / scale(contains)
    raise ValueError(f"{term.aggregation} does not apply to a {type(total).__name__}")


def quantile(distribution: Distribution, percentile: float) -> float:
    """The value at a percentile (0 to 100), in the metric's inner unit.

    The ends are the exact minimum and maximum: a bin's middle would miss them by up to the
    sketch's accuracy. Between them: position q(n-1), interpolated linearly as in k6.
    """
    if percentile <= 0:
        return distribution.min
    if percentile >= 100:
        return distribution.max
    return distribution.quantile(percentile / 100)


def is_estimated(term: AggregationTerm) -> bool:
    """True for aggregations read from sketch bins; the others are exact."""
    if term.aggregation is Aggregation.PERCENTILE:
        return term.percentile not in (0.0, 100.0)
    return term.aggregation is Aggregation.MED


def scale(contains: Contains) -> float:
    """Inner units in one unit of a report: nanoseconds in a millisecond for times, else 1."""
    return NS_PER_MS if contains is Contains.TIME else 1.0


def unit(metric: Metric, aggregation: Aggregation) -> str:
    """The unit of an aggregation's result: `ms`, `bytes`, `per_s`, `bytes_per_s` or none."""
    if metric.kind is MetricKind.COUNTER and aggregation is Aggregation.RATE:
        return "bytes_per_s" if metric.contains is Contains.DATA else "per_s"
    if metric.kind is MetricKind.RATE:
        return ""
    return {Contains.TIME: "ms", Contains.DATA: "bytes", Contains.DEFAULT: ""}[metric.contains]


def allowed_text(kind: MetricKind) -> str:
    """What a threshold may ask of this kind: `count or rate`."""
    return alternatives(ALLOWED[kind])


def _of_distribution(distribution: Distribution, term: AggregationTerm) -> float:
    match term.aggregation:
        case Aggregation.AVG:
            return distribution.sum / distribution.count
        case Aggregation.MIN:
            return distribution.min
        case Aggregation.MAX:
            return distribution.max
        case Aggregation.MED:
            return _of_distribution(distribution, _MEDIAN)
        case Aggregation.PERCENTILE:
            assert term.percentile is not None, "the grammar gives every p(N) its N"
            return quantile(distribution, term.percentile)
    raise ValueError(f"{term.aggregation} does not apply to a trend")
