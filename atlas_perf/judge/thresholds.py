"""Thresholds: validated before the first request, judged while the run goes on and at its end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from atlas_perf.choices import did_you_mean
from atlas_perf.errors import PlanError
from atlas_perf.judge.aggregations import ALLOWED, allowed_text, is_estimated, unit
from atlas_perf.judge.bounds import Bounds, bounds
from atlas_perf.judge.grammar import (
    Aggregation,
    AggregationTerm,
    ThresholdExpression,
    parse_aggregation,
    parse_threshold,
)
from atlas_perf.judge.no_data import (
    censored_reason,
    folded_reason,
    no_data_reason,
    no_phase_reason,
    no_stretch_reason,
)
from atlas_perf.judge.response_gates import response_gates
from atlas_perf.judge.scope import Scope
from atlas_perf.judge.stretches import Stretch, WorstStretch
from atlas_perf.model.metric import AcrossWorkers, Metric, MetricKind
from atlas_perf.model.plan import TestPlan, ThresholdPlan
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import Snapshot, Total, TrendTotal
from atlas_perf.model.summary import CriterionState, ThresholdResult
from atlas_perf.schedule.phase_times import PhaseTimes
from atlas_perf.units import format_quantity

DEFAULT_GATES = (
    ThresholdPlan("checks", "rate>0.99"),
    ThresholdPlan("http_req_failed", "rate<0.01"),
    ThresholdPlan("iteration_failed", "rate<0.01"),
    ThresholdPlan("forgotten_awaits", "count<1"),
)
"""Criteria of every run whose plan has none of its own on the same bare metric. Unlike the plan's
own, they are left out, not NO_DATA, where the metric has no sample: a plan without checks is
no mistake."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """A threshold that has passed validation."""

    plan: ThresholdPlan
    selector: Selector
    scope: Scope
    metric: Metric
    expression: ThresholdExpression
    default_gate: bool = False


class Judge:
    """The criteria of one plan.

    Raises:
        PlanError: from the constructor, in one sentence naming the threshold, for an unknown
            metric, an aggregation its kind does not have, a phase that the plan does not have, a
            malformed selector or expression;
            or naming the entry of `summaryTrendStats` that is none.
    """

    def __init__(self, plan: TestPlan, metrics: Mapping[str, Metric]) -> None:
        for stat in plan.summary_trend_stats:
            validate_trend_stat(stat)
        times = PhaseTimes(plan)
        own = tuple(criterion_of(threshold, metrics, times) for threshold in plan.thresholds)
        bare = {one.selector.metric for one in own if not one.selector.tags}
        gates = (
            criterion_of(gate, metrics, times, default_gate=True)
            for gate in DEFAULT_GATES
            if plan.default_gates and gate.selector not in bare and gate.selector in metrics
        )
        responses = (
            criterion_of(gate, metrics, times, default_gate=True)
            for gate in response_gates(plan)
            if plan.default_gates
        )
        self.criteria: tuple[Criterion, ...] = (*own, *responses, *gates)
        self._stretches = {
            criterion: WorstStretch(criterion.scope, criterion.expression, criterion.metric)
            for criterion in self.criteria
            if criterion.expression.stretch_s is not None
        }

    def watch(self, snapshot: Snapshot) -> None:
        """Take note of what only a run under way can show: to be called about once a second."""
        for stretch in self._stretches.values():
            stretch.advance(snapshot)

    def evaluate(self, snapshot: Snapshot) -> tuple[ThresholdResult, ...]:
        """Judge everything merged so far: the plan's thresholds in its order, then those default
        gates that have samples."""
        self.watch(snapshot)
        results = [
            judged(criterion, snapshot, self._stretches.get(criterion))
            for criterion in self.criteria
        ]
        return tuple(
            result for result in results if not (result.default_gate and result.value is None)
        )

    def breach_to_abort(
        self, snapshot: Snapshot, results: Sequence[ThresholdResult]
    ) -> ThresholdResult | None:
        """The first failed threshold that asks to end the run now, if any.

        `results` is what `evaluate` gave for the same snapshot. A threshold without samples never
        aborts: there may be some later.
        """
        for criterion, result in zip(self.criteria, results, strict=False):
            if (
                criterion.plan.abort_on_fail
                and result.state is CriterionState.FAILED
                and snapshot.elapsed_ns >= criterion.plan.delay_abort_eval_ns
            ):
                return result
        return None


def validate_trend_stat(text: str) -> AggregationTerm:
    """Read one entry of `summaryTrendStats`.

    Raises:
        PlanError: if it is no aggregation of a trend.
    """
    try:
        term = parse_aggregation(text)
    except ValueError as error:
        raise PlanError(f"summaryTrendStats: {error}") from None
    if term.aggregation not in (*ALLOWED[MetricKind.TREND], Aggregation.COUNT):
        raise PlanError(
            f"summaryTrendStats: {text!r} is not a statistic of a trend: "
            f"write count, {allowed_text(MetricKind.TREND)}"
        )
    return term


def criterion_of(
    threshold: ThresholdPlan,
    metrics: Mapping[str, Metric],
    times: PhaseTimes,
    *,
    default_gate: bool = False,
) -> Criterion:
    """Validate one threshold.

    Raises:
        PlanError: as `Judge`.
    """
    place = f"{threshold.place}: " if threshold.place else ""
    label = f"{place}threshold '{threshold.selector}: {threshold.expression}'"
    try:
        selector = Selector.parse(threshold.selector)
        expression = parse_threshold(threshold.expression)
    except ValueError as error:
        raise PlanError(f"{label}: {error}") from None
    metric = metrics.get(selector.metric)
    if metric is None:
        raise PlanError(f"{label}: {_unknown_metric(selector.metric, metrics)}")
    if expression.aggregation not in ALLOWED[metric.kind]:
        raise PlanError(
            f"{label}: {metric.name} is a {metric.kind.value}, which has no "
            f"{expression.aggregation.value}: write {allowed_text(metric.kind)}"
        )
    if expression.stretch_s is not None and metric.kind is MetricKind.GAUGE:
        raise PlanError(
            f"{label}: {metric.name} is a gauge, which has no stretches: leave 'in any' out"
        )
    try:
        scope = Scope.of(selector, expression.over, metric, times)
    except ValueError as error:
        raise PlanError(f"{label}: {error}") from None
    return Criterion(threshold, selector, scope, metric, expression, default_gate)


def _unknown_metric(name: str, metrics: Mapping[str, Metric]) -> str:
    hint = did_you_mean(name, metrics)
    if hint:
        return f"there is no metric {name!r}{hint}"
    return (
        f"there is no metric {name!r}: use a built-in one or define it in the scenario file "
        f"(there are {', '.join(sorted(metrics))})"
    )


def judged(
    criterion: Criterion, snapshot: Snapshot, stretch: WorstStretch | None = None
) -> ThresholdResult:
    """Judge one criterion; `stretch` is what watched it if it is of every stretch of a run."""
    expression = criterion.expression
    scope = criterion.scope
    folded = folded_reason(scope.selector, snapshot, scope.times.uncounted)
    worst = None if stretch is None else stretch.worst(snapshot)
    if stretch is None:
        total, known = measured(criterion, snapshot)
    else:
        total, known = (None, None) if worst is None else (worst.total, worst.value)
    if total is None or known is None or folded:
        state = CriterionState.NO_DATA
        known = None
        reason = folded or _absence(criterion, snapshot, stretch)
    else:
        state = known.judge(expression) if stretch is None else stretch.judge(snapshot)
        if state is CriterionState.NO_DATA:
            reason = censored_reason(scope.selector, snapshot)
        else:
            passed = state is CriterionState.PASSED
            when = "" if worst is None or stretch is None else _seconds(worst, stretch)
            when += scope.shortness(snapshot)
            reason = _reason(criterion, total, known, when, passed=passed)
    return ThresholdResult(
        selector=criterion.plan.selector,
        expression=criterion.plan.expression,
        state=state,
        value=None if known is None else known.low,
        at_least=known is not None and not known.exact,
        limit=expression.limit,
        unit=unit(criterion.metric, expression.aggregation),
        default_gate=criterion.default_gate,
        reason=reason,
        **scope.of_result(snapshot),  # type: ignore[arg-type]  # text for text, seconds for seconds
    )


def measured(criterion: Criterion, snapshot: Snapshot) -> tuple[Total | None, Bounds | None]:
    """What the criterion is about, and what it is judged by."""
    scope = criterion.scope
    if scope.phase is not None and criterion.metric.across_workers is not AcrossWorkers.LAST:
        # It is of no iteration: what counts is the time in which it was read.
        total = snapshot.gauge_within(scope.selector, scope.stretches_within(snapshot))
    else:
        total = snapshot.total(scope.selector)
    if total is None:
        return None, None
    known = bounds(
        total,
        criterion.expression.term,
        contains=criterion.metric.contains,
        elapsed_ns=criterion.scope.measured_ns(snapshot),
    )
    return total, known


def _absence(criterion: Criterion, snapshot: Snapshot, stretch: WorstStretch | None) -> str:
    scope = criterion.scope
    if stretch is not None and snapshot.total(scope.selector) is not None:
        return no_stretch_reason(stretch.length_s, scope.measured_ns(snapshot), scope.phase)
    if scope.phase is not None and snapshot.total(scope.whole_run()) is not None:
        return no_phase_reason(scope.selector, scope.phase, scope.measured_ns(snapshot))
    return no_data_reason(scope.selector, snapshot, scope.times.uncounted)


def _reason(
    criterion: Criterion,
    total: Total,
    known: Bounds,
    when: str,
    *,
    passed: bool,
) -> str:
    """Value against limit; empty for a clear pass."""
    value = known.low
    note = _sketch_note(criterion.expression, total, known)
    if passed and not note:
        return ""
    expression = criterion.expression
    measured_in = unit(criterion.metric, expression.aggregation)
    shown = format_quantity(value, measured_in, beside=expression.limit)
    limit = format_quantity(expression.limit, measured_in, beside=value)
    term = criterion.plan.expression.split(expression.operator.value)[0].strip()
    met = "meets" if passed else "breaks"
    amount = "" if known.exact else "at least "
    return (
        f"{criterion.scope.selector}: {term} was {amount}{shown}{when}, which {met} the limit "
        f"{expression.operator.value} {limit}{note}."
    )


def _seconds(worst: Stretch, stretch: WorstStretch) -> str:
    return f" in seconds {worst.first_s} to {worst.first_s + stretch.length_s}"


def _sketch_note(expression: ThresholdExpression, total: Total, known: Bounds) -> str:
    """A clause if the sketch's error leaves open on which side of the limit the value is.

    A sketch of relative accuracy a reports v for a true quantile t with |v - t| <= a t, so t lies
    in [v / (1 + a), v / (1 - a)].
    """
    if not (isinstance(total, TrendTotal) and is_estimated(expression.term)):
        return ""
    accuracy = total.at_least.relative_accuracy
    if accuracy == 0:
        return ""
    low, high = known.low / (1 + accuracy), known.low / (1 - accuracy)
    if known.high < math.inf:
        high = known.high / (1 - accuracy)
    if not low <= expression.limit <= high:
        return ""
    return f", but lies within the sketch's {accuracy * 100:g} % of it: the exact value may not"
