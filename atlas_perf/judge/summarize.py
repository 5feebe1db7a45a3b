"""Snapshot, verdict and facts become one `Summary`, the source of every report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from atlas_perf.errors import ExitCode
from atlas_perf.judge.aggregations import scale
from atlas_perf.judge.bounds import bounds
from atlas_perf.judge.grammar import parse_aggregation, parse_threshold
from atlas_perf.judge.offered import with_planned_arrivals
from atlas_perf.judge.phase_summaries import phase_summaries, with_phases
from atlas_perf.judge.redact import plan_secrets, redacted, redacted_environment
from atlas_perf.judge.request_summaries import request_summary
from atlas_perf.judge.scope import Scope
from atlas_perf.judge.verdict import Decision
from atlas_perf.model.baseline import BaselineReport
from atlas_perf.model.metric import HTTP_RESPONSE_TIME, Contains, Metric
from atlas_perf.model.phase import LoadPhase
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.series import CHECK_KEYS, OTHER, UNKNOWN_OUTCOME, Selector, Tags
from atlas_perf.model.snapshot import (
    CounterTotal,
    GaugeTotal,
    RateTotal,
    Snapshot,
    Total,
    TrendTotal,
)
from atlas_perf.model.summary import (
    Calibration,
    CheckResult,
    EndpointSummary,
    Facts,
    MetricSummary,
    Summary,
    ThresholdResult,
)
from atlas_perf.model.verdict import Verdict
from atlas_perf.schedule.phase_times import PhaseTimes
from atlas_perf.units import NS_PER_S

ENDPOINT_STATS = ("avg", "p(50)", "p(95)", "p(99)", "max")

_FAILED_DURATION = Selector("http_req_duration", (("expected_response", "false"),))
_CENSORED_DURATION = Selector("http_req_duration", (("expected_response", UNKNOWN_OUTCOME),))
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
    calibration: Calibration | None = None,
    baselines: BaselineReport | None = None,
) -> Summary:
    """The finished run as one value, with secrets redacted.

    Args:
        results: what the decision was made from, default gates included.
        started_at: wall time of the run's start, RFC 3339.
        plan_plain: the resolved plan in JSON-able values.
    """
    times = PhaseTimes(plan)
    windows = with_planned_arrivals(snapshot.windows(), plan, offered_ns=snapshot.offered_ns)
    summary = Summary(
        name=plan.name,
        file=plan.file,
        file_sha256=plan.file_sha256,
        started_at=started_at,
        measured_s=times.measured_ns(snapshot.elapsed_ns) / NS_PER_S,
        verdict=decision.verdict,
        exit_code=decision.exit_code,
        reasons=decision.reasons,
        facts=facts,
        plan=_plain_without_secrets(plan_plain),
        thresholds=tuple(results),
        checks=tuple(_checks(snapshot)),
        metrics=_metrics(plan, snapshot, results, times),
        endpoints=tuple(_endpoints(snapshot)),
        exceptions=snapshot.exceptions(),
        requests=tuple(map(request_summary, snapshot.requests())),
        ledger=dict(snapshot.ledger()),
        workers=snapshot.workers(),
        windows=tuple(with_phases(windows, times)),
        phases=tuple(phase_summaries(times, snapshot)),
        calibration=calibration,
        baselines=baselines,
    )
    return redacted(summary, plan_secrets(plan))


def unfinished_summary(
    plan: TestPlan,
    *,
    started_at: str,
    facts: Facts,
    plan_plain: Mapping[str, object],
    exit_code: ExitCode = ExitCode.INVALID,
    reason: str = "The run has not finished: this file is replaced when it does.",
) -> Summary:
    """What lies in the results folder until the run ends: if it stays, the run never did.

    Args:
        exit_code: of a run that ended without a verdict, what its command ends with.
        reason: why it has none, in a sentence.
    """
    summary = Summary(
        name=plan.name,
        file=plan.file,
        file_sha256=plan.file_sha256,
        started_at=started_at,
        measured_s=0.0,
        verdict=Verdict.INVALID,
        exit_code=exit_code,
        reasons=(reason,),
        facts=facts,
        plan=_plain_without_secrets(plan_plain),
    )
    return redacted(summary, plan_secrets(plan))


def _plain_without_secrets(plan_plain: Mapping[str, object]) -> Mapping[str, object]:
    hidden = redacted_environment(plan_plain)
    assert isinstance(hidden, dict), "a mapping stays one"
    return hidden


def _metrics(
    plan: TestPlan, snapshot: Snapshot, results: Iterable[ThresholdResult], times: PhaseTimes
) -> dict[str, MetricSummary]:
    """Metrics with samples, and beside each the sub-metrics that a threshold, a failed or a
    censored request names."""
    metrics = snapshot.metrics()
    written: list[tuple[Selector, LoadPhase | None]] = [(Selector(name), None) for name in metrics]
    written += [(_FAILED_DURATION, None), (_CENSORED_DURATION, None)]
    for result in results:
        selector = Selector.parse(result.selector)
        written += [(selector, None), (selector, parse_threshold(result.expression).over)]
    scopes: dict[Selector, Scope] = {}
    for selector, over in written:
        scope = Scope.of(selector, over, metrics[selector.metric], times)
        scopes.setdefault(scope.selector, scope)
    found: dict[str, MetricSummary] = {}
    for selector in sorted(scopes, key=lambda one: (one.metric, one.tags)):
        total = snapshot.total(selector)
        if total is not None:
            metric = metrics[selector.metric]
            elapsed_ns = scopes[selector].measured_ns(snapshot)
            found[str(selector)] = _metric(selector, total, metric, plan, elapsed_ns)
    return found


def _metric(
    selector: Selector, total: Total, metric: Metric, plan: TestPlan, elapsed_ns: int
) -> MetricSummary:
    name = str(selector)
    if isinstance(total, TrendTotal):
        stats = [stat for stat in plan.summary_trend_stats if stat != "count"]
        values, at_least = _statistics(total, metric.contains, stats)
        counted = {"count": total.samples, **values}
        return MetricSummary(
            name, metric.kind, metric.contains, counted, total.beyond, tuple(at_least)
        )
    values = _values(total, metric, elapsed_ns)
    if isinstance(total, RateTotal) and total.beyond:
        return MetricSummary(
            name, metric.kind, metric.contains, values, total.beyond, at_least=("rate",)
        )
    return MetricSummary(name, metric.kind, metric.contains, values)


def _values(
    total: CounterTotal | GaugeTotal | RateTotal, metric: Metric, elapsed_ns: int
) -> dict[str, float]:
    unit = scale(metric.contains)
    match total:
        case CounterTotal(total=amount):
            per_s = amount * NS_PER_S / elapsed_ns if elapsed_ns > 0 else 0.0
            return {"count": amount, "rate": per_s}
        case GaugeTotal(value=value, min=low, max=high):
            return {"value": value / unit, "min": low / unit, "max": high / unit}
        case RateTotal(passes=passes, samples=samples, beyond=beyond):
            rate = passes / (samples + beyond)
            return {"rate": rate, "passes": passes, "fails": samples - passes}


def _statistics(
    total: TrendTotal, contains: Contains, stats: Iterable[str]
) -> tuple[dict[str, float], list[str]]:
    """Statistics of a trend, and which of them are only lower bounds."""
    values: dict[str, float] = {}
    at_least: list[str] = []
    for stat in stats:
        known = bounds(total, parse_aggregation(stat), contains=contains, elapsed_ns=0)
        assert known is not None, "a trend with samples has every statistic"
        values[stat] = known.low
        if not known.exact:
            at_least.append(stat)
    return values, at_least


def _checks(snapshot: Snapshot) -> Iterator[CheckResult]:
    for tags, total in sorted(_rates(snapshot, "checks", CHECK_KEYS).items()):
        named = dict(tags)
        yield CheckResult(
            name=named.get("check", OTHER),
            group=named.get("group", ""),
            scenario=named.get("scenario", ""),
            passes=total.passes,
            fails=total.samples - total.passes,
        )


def _endpoints(snapshot: Snapshot) -> list[EndpointSummary]:
    """Requests by scenario, method and name, the most requested first within each scenario."""
    requests = _counts(snapshot, _ENDPOINT_KEYS)
    failures = _rates(snapshot, "http_req_failed", _ENDPOINT_KEYS)
    statuses = _counts_by(snapshot, "status")
    errors = _counts_by(snapshot, "error_code")
    durations = snapshot.totals_by(Selector("http_req_duration"), _ENDPOINT_KEYS)
    responses = snapshot.totals_by(Selector(HTTP_RESPONSE_TIME), _ENDPOINT_KEYS)
    censored = _counts(snapshot, _ENDPOINT_KEYS, "http_reqs_censored")
    found = []
    for tags in dict.fromkeys((*requests, *censored)):
        named = dict(tags)
        latency_ms, latency_at_least = _latency_ms(durations.get(tags))
        response_ms, response_at_least = _latency_ms(responses.get(tags))
        found.append(
            EndpointSummary(
                scenario=named.get("scenario", ""),
                method=named.get("method", ""),
                name=named.get("name", ""),
                requests=requests.get(tags, 0),
                failed=failures[tags].passes if tags in failures else 0,
                statuses=statuses.get(tags, {}),
                errors=errors.get(tags, {}),
                latency_ms=latency_ms,
                censored=censored.get(tags, 0),
                latency_at_least=latency_at_least,
                response_ms=response_ms,
                response_at_least=response_at_least,
            )
        )
    return sorted(found, key=lambda one: (one.scenario, -one.requests, one.name, one.method))


def _rates(snapshot: Snapshot, metric: str, keys: Iterable[str]) -> dict[Tags, RateTotal]:
    totals = snapshot.totals_by(Selector(metric), keys)
    return {tags: total for tags, total in totals.items() if isinstance(total, RateTotal)}


def _counts(snapshot: Snapshot, keys: Iterable[str], metric: str = "http_reqs") -> dict[Tags, int]:
    totals = snapshot.totals_by(Selector(metric), keys)
    return {
        tags: round(total.total)
        for tags, total in totals.items()
        if isinstance(total, CounterTotal)
    }


def _counts_by(snapshot: Snapshot, key: str) -> dict[Tags, dict[str, int]]:
    """Requests of each endpoint by the value of one more tag, where they have it."""
    found: dict[Tags, dict[str, int]] = {}
    for tags, count in sorted(_counts(snapshot, (*_ENDPOINT_KEYS, key)).items()):
        value = dict(tags).get(key)
        if value is not None:
            endpoint = tuple(pair for pair in tags if pair[0] != key)
            found.setdefault(endpoint, {})[value] = count
    return found


def _latency_ms(total: Total | None) -> tuple[dict[str, float], tuple[str, ...]]:
    if not isinstance(total, TrendTotal):
        return {}, ()
    values, at_least = _statistics(total, Contains.TIME, ENDPOINT_STATS)
    return values, tuple(at_least)
