"""Snapshot, verdict and facts become one `Summary`, the source of every report."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

from atlas_perf.errors import ExitCode
from atlas_perf.judge.aggregations import aggregate, quantile, scale
from atlas_perf.judge.breakdown import distinct
from atlas_perf.judge.redact import redacted, redacted_environment, secret_values
from atlas_perf.judge.thresholds import validate_trend_stat
from atlas_perf.judge.verdict import Decision, same_criterion
from atlas_perf.model.metric import Contains, Metric
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.series import Selector, Tags, tags_of
from atlas_perf.model.snapshot import (
    CounterTotal,
    GaugeTotal,
    RateTotal,
    Snapshot,
    Total,
    TrendTotal,
)
from atlas_perf.model.summary import (
    CheckResult,
    EndpointSummary,
    Facts,
    MetricSummary,
    Summary,
    ThresholdResult,
)
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import NS_PER_S

ENDPOINT_PERCENTILES = (50.0, 95.0, 99.0)

_FAILED_DURATION = Selector("http_req_duration", (("expected_response", "false"),))
_CHECK_KEYS = ("check", "group", "scenario")
_ENDPOINT_KEYS = ("method", "name", "scenario")


def summarize(
    plan: TestPlan,
    snapshot: Snapshot,
    decision: Decision,
    results: Sequence[ThresholdResult],
    *,
    started_at: str,
    facts: Facts,
    plan_plain: Mapping[str, object],
) -> Summary:
    """The finished run as one value, with secrets redacted.

    Args:
        results: what `Judge.evaluate` gave for this snapshot, defaults included.
        started_at: wall time of the run's start, RFC 3339.
        plan_plain: the resolved plan in JSON-able values.
    """
    summary = Summary(
        name=plan.name,
        file=plan.file,
        file_sha256=plan.file_sha256,
        started_at=started_at,
        measured_s=snapshot.elapsed_ns / NS_PER_S,
        verdict=decision.verdict,
        exit_code=decision.exit_code,
        reasons=decision.reasons,
        facts=facts,
        plan=_plain_without_secrets(plan_plain),
        thresholds=tuple(
            dataclasses.replace(result, aborted_run=same_criterion(result, decision.aborted))
            for result in results
        ),
        checks=tuple(_checks(snapshot)),
        metrics=_metrics(plan, snapshot, results),
        endpoints=tuple(_endpoints(snapshot)),
        exceptions=snapshot.exceptions(),
        ledger=dict(snapshot.ledger()),
        workers=snapshot.workers(),
        windows=snapshot.windows(),
    )
    return redacted(summary, _secrets(plan))


def unfinished_summary(
    plan: TestPlan, *, started_at: str, facts: Facts, plan_plain: Mapping[str, object]
) -> Summary:
    """What lies in the results folder until the run ends: if it stays, the run never did."""
    summary = Summary(
        name=plan.name,
        file=plan.file,
        file_sha256=plan.file_sha256,
        started_at=started_at,
        measured_s=0.0,
        verdict=Verdict.INVALID,
        exit_code=ExitCode.INVALID,
        reasons=("The run has not finished: this file is replaced when it does.",),
        facts=facts,
        plan=_plain_without_secrets(plan_plain),
    )
    return redacted(summary, _secrets(plan))


def _plain_without_secrets(plan_plain: Mapping[str, object]) -> Mapping[str, object]:
    hidden = redacted_environment(plan_plain)
    assert isinstance(hidden, dict), "a mapping stays one"
    return hidden


def _secrets(plan: TestPlan) -> tuple[str, ...]:
    return secret_values([plan.env, *(scenario.env for scenario in plan.scenarios)])


def _metrics(
    plan: TestPlan, snapshot: Snapshot, results: Iterable[ThresholdResult]
) -> dict[str, MetricSummary]:
    """Metrics with samples, and beside each the sub-metrics that a threshold or a failure names."""
    metrics = snapshot.metrics()
    selectors = {Selector(name) for name in metrics}
    selectors.update(Selector.parse(result.selector) for result in results)
    selectors.add(_FAILED_DURATION)
    found: dict[str, MetricSummary] = {}
    for selector in sorted(selectors, key=lambda one: (one.metric, one.tags)):
        total = snapshot.total(selector)
        if total is not None and total.samples:
            values = _values(total, metrics[selector.metric], plan, snapshot.elapsed_ns)
            metric = metrics[selector.metric]
            name = str(selector)
            found[name] = MetricSummary(name, metric.kind, metric.contains, values)
    return found


def _values(total: Total, metric: Metric, plan: TestPlan, elapsed_ns: int) -> dict[str, float]:
    unit = scale(metric.contains)
    match total:
        case CounterTotal(total=amount):
            per_s = amount * NS_PER_S / elapsed_ns if elapsed_ns > 0 else 0.0
            return {"count": amount, "rate": per_s}
        case GaugeTotal(value=value, min=low, max=high):
            return {"value": value / unit, "min": low / unit, "max": high / unit}
        case RateTotal(passes=passes, samples=samples):
            return {"rate": passes / samples, "passes": passes, "fails": samples - passes}
        case TrendTotal():
            return dict(_trend_values(total, metric, plan.summary_trend_stats))


def _trend_values(
    total: TrendTotal, metric: Metric, stats: Iterable[str]
) -> Iterator[tuple[str, float]]:
    yield "count", total.samples
    for stat in stats:
        if stat != "count":
            term = validate_trend_stat(stat)
            value = aggregate(total, term, contains=metric.contains, elapsed_ns=0)
            assert value is not None, "a trend with samples has every statistic"
            yield stat, value


def _checks(snapshot: Snapshot) -> Iterator[CheckResult]:
    for tags in distinct(snapshot, Selector("checks"), _CHECK_KEYS):
        named = dict(tags)
        passes, samples = _rate_of_exactly(snapshot, "checks", tags, absent="group")
        if samples:
            yield CheckResult(
                name=named.get("check", ""),
                group=named.get("group", ""),
                scenario=named.get("scenario", ""),
                passes=passes,
                fails=samples - passes,
            )


def _rate_of_exactly(
    snapshot: Snapshot, metric: str, tags: Tags, *, absent: str
) -> tuple[int, int]:
    """Passes and samples of series with these tags, without those that carry `absent` besides.

    A selector cannot ask for the lack of a tag, so what carries it is taken away again.
    """
    selector = Selector(metric, tags)
    passes, samples = _rate(snapshot, selector)
    if any(key == absent for key, _ in tags):
        return passes, samples
    for extra in distinct(snapshot, selector, (absent,)):
        if extra:
            more_passes, more_samples = _rate(
                snapshot, Selector(metric, tags_of(dict(tags + extra)))
            )
            passes, samples = passes - more_passes, samples - more_samples
    return passes, samples


def _rate(snapshot: Snapshot, selector: Selector) -> tuple[int, int]:
    total = snapshot.total(selector)
    return (total.passes, total.samples) if isinstance(total, RateTotal) else (0, 0)


def _count(snapshot: Snapshot, selector: Selector) -> int:
    total = snapshot.total(selector)
    return round(total.total) if isinstance(total, CounterTotal) else 0


def _endpoints(snapshot: Snapshot) -> Iterator[EndpointSummary]:
    """Requests by scenario, method and name, the most requested first within each scenario."""
    found = [
        _endpoint(snapshot, tags)
        for tags in distinct(snapshot, Selector("http_reqs"), _ENDPOINT_KEYS)
    ]
    yield from sorted(found, key=lambda one: (one.scenario, -one.requests, one.name, one.method))


def _endpoint(snapshot: Snapshot, tags: Tags) -> EndpointSummary:
    named = dict(tags)
    failed, _ = _rate(snapshot, Selector("http_req_failed", tags))
    return EndpointSummary(
        scenario=named.get("scenario", ""),
        method=named.get("method", ""),
        name=named.get("name", ""),
        requests=_count(snapshot, Selector("http_reqs", tags)),
        failed=failed,
        statuses=_counts_by(snapshot, tags, "status"),
        errors=_counts_by(snapshot, tags, "error_code"),
        latency_ms=_latency_ms(snapshot, tags),
    )


def _counts_by(snapshot: Snapshot, tags: Tags, key: str) -> dict[str, int]:
    selector = Selector("http_reqs", tags)
    return {
        dict(pair)[key]: _count(snapshot, Selector("http_reqs", tags_of(dict(tags + pair))))
        for pair in distinct(snapshot, selector, (key,))
        if pair
    }


def _latency_ms(snapshot: Snapshot, tags: Tags) -> dict[str, float]:
    total = snapshot.total(Selector("http_req_duration", tags))
    if not isinstance(total, TrendTotal) or not total.samples:
        return {}
    distribution = total.distribution
    unit = scale(Contains.TIME)
    values = {"avg": distribution.sum / distribution.count / unit}
    for percentile in ENDPOINT_PERCENTILES:
        values[f"p({percentile:g})"] = quantile(distribution, percentile) / unit
    values["max"] = distribution.max / unit
    return values
