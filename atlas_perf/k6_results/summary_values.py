"""What a summary of k6 says of a statistic, or in a sentence why it says nothing.

A percentile that is not in the file is not made up from its neighbours, and what k6 writes where it
had no sample, zeros, is no value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from atlas_perf.judge.grammar import Aggregation, AggregationTerm, parse_aggregation
from atlas_perf.k6_results.opening import K6Kind
from atlas_perf.k6_results.summary_shapes import K6Metric, K6Summary
from atlas_perf.model.metric import HTTP_TIMES, MetricKind
from atlas_perf.model.series import Selector

_COUNTED_BY = {
    Selector("iteration_duration"): Selector("iterations"),
    Selector("http_req_duration"): Selector("http_reqs"),
}
"""A trend, and what has one sample for each of its."""

_EXPECTED = Selector("http_req_duration", (("expected_response", "true"),))
_FAILED = Selector("http_req_failed")

ASK_OUT_JSON = "give atlas-perf the file of k6's --out json"


@dataclass(frozen=True, slots=True)
class Told:
    """A statistic: its value and of how many samples; or what keeps it from being known."""

    value: float | None = None
    samples: int | None = None  # None: the file does not say
    reason: str = ""  # a sentence, if there is no value


def found(summary: K6Summary, selector: Selector) -> tuple[Selector, K6Metric] | str:
    """The metric that atlas-perf means by a selector, with k6's name for it; or a sentence.

    k6 counts failed requests in their times, with 0 ms where a connection was refused.
    """
    meant = replace(selector, tags=selector.effective_tags())
    if selector.metric not in HTTP_TIMES:
        meant = selector
    if meant in summary.metrics:
        return meant, summary.metrics[meant]
    there = summary.metrics.get(selector)
    if there is not None and _none_failed(summary):
        return selector, there
    if there is not None:
        return (
            f"k6's {selector} counts failed requests too, some of which took no time: add a "
            f"threshold on '{meant}' to the script, or {ASK_OUT_JSON}."
        )
    if selector.tags:
        return (
            f"k6's summary has no {selector}: it has sub-metrics only that a threshold of the "
            f"script names: add one, or {ASK_OUT_JSON}."
        )
    return f"k6's summary has no {selector.metric}, since nothing in the script recorded one."


def told(summary: K6Summary, selector: Selector, term: AggregationTerm) -> Told:
    """One statistic of what a selector means."""
    there = found(summary, selector)
    if isinstance(there, str):
        return Told(reason=there)
    return told_by(summary, *there, term)


def told_by(summary: K6Summary, name: Selector, metric: K6Metric, term: AggregationTerm) -> Told:
    """One statistic of what k6 calls so."""
    samples = samples_of(summary, name, metric)
    if samples == 0 or (samples is None and _all_zero(metric)):
        return Told(samples=0, reason=f"{name} has no sample: k6 writes zeros where it is so.")
    value = _value(summary, metric, term)
    if value is None:
        return Told(samples=samples, reason=_missing(summary, name, metric, term))
    return Told(value, samples)


def samples_of(summary: K6Summary, name: Selector, metric: K6Metric) -> int | None:
    """How many samples a metric is made of; None where the file does not tell."""
    match metric.kind:
        case MetricKind.RATE:
            return int(metric.values["passes"] + metric.values["fails"])
        case MetricKind.COUNTER:
            return int(metric.values["count"])
        case MetricKind.GAUGE:
            return 1
        case MetricKind.TREND if "count" in metric.values:
            return int(metric.values["count"])
    failed = summary.metrics.get(_FAILED)
    if name == _EXPECTED and failed is not None:
        return int(failed.values["fails"])  # of what failed: the others
    counter = summary.metrics.get(_COUNTED_BY.get(name, name))
    return int(counter.values["count"]) if counter is not None and counter is not metric else None


def count_unknown(summary: K6Summary, selector: Selector) -> str:
    """A sentence for a statistic whose number of samples has to be known."""
    return f"k6's summary does not say of how many samples {selector} is: {_advice(summary, '')}."


def _value(summary: K6Summary, metric: K6Metric, term: AggregationTerm) -> float | None:
    if metric.kind is MetricKind.COUNTER and term.aggregation is Aggregation.RATE:
        if "rate" in metric.values or summary.duration_s is None:
            return metric.values.get("rate")
        return metric.values["count"] / summary.duration_s
    for key, value in metric.values.items():
        if _is(key, term):
            return value
    return None


def _is(key: str, term: AggregationTerm) -> bool:
    try:
        known = parse_aggregation(key)
    except ValueError:
        return False
    return _as_percentile(known) == _as_percentile(term)


def _as_percentile(term: AggregationTerm) -> AggregationTerm:
    """The median and the ends have names of their own."""
    named = {Aggregation.MED: 50.0, Aggregation.MIN: 0.0, Aggregation.MAX: 100.0}
    if term.aggregation in named:
        return AggregationTerm(Aggregation.PERCENTILE, named[term.aggregation])
    return term


def _missing(
    summary: K6Summary, selector: Selector, metric: K6Metric, term: AggregationTerm
) -> str:
    wanted = str(term.aggregation)
    if term.percentile is not None:
        wanted = f"p({term.percentile:g})"
    if metric.kind is not MetricKind.TREND:
        return f"k6's summary has no {wanted} of {selector}, which is a {metric.kind.value}."
    return f"k6's summary has no {wanted} of {selector}: {_advice(summary, wanted)}."


def _advice(summary: K6Summary, wanted: str) -> str:
    if summary.kind is K6Kind.MACHINE_READABLE:
        return f"this kind of summary drops what is not p(90) or p(95): {ASK_OUT_JSON}"
    stats = ["avg", "min", "med", "max", "p(90)", "p(95)"]
    stats += [one for one in (wanted, "count") if one and one not in stats]
    return f"give k6 --summary-trend-stats '{','.join(stats)}'"


def _all_zero(metric: K6Metric) -> bool:
    return metric.kind is MetricKind.TREND and not any(metric.values.values())


def _none_failed(summary: K6Summary) -> bool:
    failed = summary.metrics.get(_FAILED)
    return failed is not None and failed.values["passes"] == 0
