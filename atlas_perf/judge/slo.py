"""Service level objectives of one step: which criteria they are, and what a step comes to.

A step is judged by what it measured after its warm-up. It says something against the target only
if the generator did its part. In the open model arrivals that find no user wait for one, and their
response time shows it: where users ran out, a response time that is too long counts only if the
requests themselves, from when they were sent, were too slow as well.

A scenario that forgets to await does not offer the load of its step, however slow or fast what it
did send was: no step of it says anything, so the search ends.

Requests that were still in flight at the end of the step's graceful stop are the target's: a
criterion that they leave open is broken, and so is the step if they are more than may fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from atlas_perf.errors import ExitCode, PlanError, ScenarioError
from atlas_perf.judge.aggregations import scale, unit
from atlas_perf.judge.bounds import Bounds, bounds
from atlas_perf.judge.each_scenario import CENSORED_SHARE_LIMIT
from atlas_perf.judge.response_gates import response_gates, service_twin
from atlas_perf.judge.thresholds import DEFAULT_GATES, Criterion, Judge
from atlas_perf.model.capacity import StepOutcome
from atlas_perf.model.metric import FORGOTTEN_AWAITS, Contains, MetricKind
from atlas_perf.model.plan import TestPlan, ThresholdPlan
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import CounterTotal, RateTotal, Total
from atlas_perf.model.summary import CriterionState, Summary, ThresholdResult
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import format_planned, format_quantity

CENSORED = Selector("http_reqs_censored")
REQUESTS = Selector("http_reqs")
MESSAGES_CENSORED = Selector("ws_msgs_censored")
MESSAGES = Selector("ws_rtt_failed")
ITERATION_WAIT = Selector("iteration_wait")
_NEVER_AWAITED = "NeverAwaited"  # the kind under which a summary tells where

Totals = Callable[[Selector], Total | None]


@dataclass(frozen=True, slots=True)
class Judged:
    """One step, judged."""

    outcome: StepOutcome
    criteria: tuple[ThresholdResult, ...]
    reasons: tuple[str, ...]
    no_data: bool = False  # what was asked for had no sample, for no fault of the generator's


def with_slo(plan: TestPlan, slo: Sequence[ThresholdPlan]) -> TestPlan:
    """The plan with these criteria, and atlas-perf's own on failures, as its only ones.

    The latter end a run early if the first of these does: of a target that never answers there is
    no latency, only failures.
    """
    ending = replace(slo[0], selector="", expression="", place="")
    named = {Selector.parse(one.selector) for one in slo}
    gates = [
        replace(ending, selector=gate.selector, expression=gate.expression)
        for gate in DEFAULT_GATES
        if Selector(gate.selector) not in named
    ]
    own = replace(plan, thresholds=tuple(slo), default_gates=False)
    return replace(own, thresholds=(*slo, *response_gates(own), *gates))


class SloJudge:
    """The criteria of a plan made by `with_slo`.

    Raises:
        PlanError: from the constructor, for a criterion that cannot be judged of a step.
    """

    def __init__(self, plan: TestPlan, asked: int, hold_ns: int) -> None:
        """The first `asked` criteria of the plan are the SLO; a step is measured for `hold_ns`."""
        self._criteria = Judge(plan, plan.all_metrics).criteria
        self._asked = asked
        self._hold_ns = hold_ns
        for criterion in self._criteria:
            _refuse_unfit(criterion, hold_ns)

    @property
    def selectors(self) -> frozenset[Selector]:
        """What a step must have totals of."""
        named = {criterion.selector for criterion in self._criteria}
        of_requests = (CENSORED, REQUESTS, MESSAGES_CENSORED, MESSAGES)
        return frozenset({*named, *map(service_twin, named), ITERATION_WAIT, *of_requests})

    def judge(self, summary: Summary, totals: Totals) -> Judged:
        """What a step's run says about the target; `totals` are of the part after the warm-up.

        Raises:
            ScenarioError: awaits are missing in the scenario, and no SLO is about them.
        """
        self._refuse_forgotten_awaits(summary)
        results = tuple(
            self._result(criterion, totals, default_gate=index >= self._asked)
            for index, criterion in enumerate(self._criteria)
        )
        if summary.verdict is Verdict.INVALID or summary.exit_code is ExitCode.INTERRUPTED:
            return Judged(StepOutcome.UNPROVEN, results, summary.reasons[:1])
        waited = totals(ITERATION_WAIT)
        broken = {
            result: waited is None or self._sent_too_slow(criterion, totals)
            for criterion, result in zip(self._criteria, results, strict=True)
            if _is_broken(result)
        }
        proven = (
            *(_sentence(result) for result, by_target in broken.items() if by_target),
            *_cut_off(totals),
        )
        if proven:
            return Judged(StepOutcome.BROKEN, results, proven)
        if waited is not None and broken:
            return Judged(StepOutcome.UNPROVEN, results, (_too_few_users(waited),))
        lacking = next((one for one in results if _is_lacking(one)), None)
        if lacking is not None:
            reason = f"{lacking.selector}: {lacking.expression} had nothing to judge"
            return Judged(StepOutcome.UNPROVEN, results, (reason,), no_data=True)
        return Judged(StepOutcome.MET, results, ())

    def _result(
        self, criterion: Criterion, totals: Totals, *, default_gate: bool
    ) -> ThresholdResult:
        known = _known(criterion, criterion.selector, totals, self._hold_ns)
        state = CriterionState.NO_DATA if known is None else known.judge(criterion.expression)
        return ThresholdResult(
            selector=criterion.plan.selector,
            expression=criterion.plan.expression,
            state=state,
            value=None if known is None else known.low,
            at_least=known is not None and not known.exact,
            limit=criterion.expression.limit,
            unit=unit(criterion.metric, criterion.expression.aggregation),
            default_gate=default_gate,
        )

    def _refuse_forgotten_awaits(self, summary: Summary) -> None:
        asked = {criterion.selector.metric for criterion in self._criteria[: self._asked]}
        metric = summary.metrics.get(FORGOTTEN_AWAITS)
        count = 0 if metric is None else round(metric.values["count"])
        if FORGOTTEN_AWAITS in asked or not count:
            return
        seen = next((one for one in summary.exceptions if one.kind == _NEVER_AWAITED), None)
        raise ScenarioError(
            f"the scenario forgot to await {count} {'call' if count == 1 else 'calls'} in one "
            "step, so its load is not what it says, and no step can tell the target's capacity: "
            "put 'await' before the call and search again",
            file=summary.file if seen is None else seen.file,
            line=None if seen is None else seen.line,
        )

    def _sent_too_slow(self, criterion: Criterion, totals: Totals) -> bool:
        twin = service_twin(criterion.selector)
        known = _known(criterion, twin, totals, self._hold_ns)
        return known is not None and known.judge(criterion.expression) is not CriterionState.PASSED


def _is_lacking(result: ThresholdResult) -> bool:
    """True for what was asked for and had no sample; atlas-perf's own may be without."""
    return result.value is None and not result.default_gate


def _is_broken(result: ThresholdResult) -> bool:
    """True for a criterion that does not hold, or may not, of requests that were cut off."""
    return result.value is not None and result.state is not CriterionState.PASSED


def _cut_off(totals: Totals) -> Iterator[str]:
    for what, cut_off, known in (
        ("requests", CENSORED, REQUESTS),
        ("messages", MESSAGES_CENSORED, MESSAGES),
    ):
        censored, ended = (_counted(totals(one)) for one in (cut_off, known))
        whole = censored + ended
        if censored > CENSORED_SHARE_LIMIT * whole:
            yield f"{censored} of {whole} {what} were still in flight when their time was up"


def _counted(total: Total | None) -> int:
    if isinstance(total, RateTotal):
        return total.samples
    return round(total.total) if isinstance(total, CounterTotal) else 0


def _known(
    criterion: Criterion, selector: Selector, totals: Totals, measured_ns: int
) -> Bounds | None:
    total = totals(selector)
    if total is None:
        return None
    return bounds(
        total,
        criterion.expression.term,
        contains=criterion.metric.contains,
        elapsed_ns=measured_ns,
    )


def _refuse_unfit(criterion: Criterion, hold_ns: int) -> None:
    label = f"--slo '{criterion.plan.selector}: {criterion.plan.expression}'"
    if criterion.expression.stretch_s is not None or criterion.expression.over is not None:
        raise PlanError(f"{label}: a step is judged as a whole: leave 'in any' and 'over' out")
    limit_ns = criterion.expression.limit * scale(criterion.metric.contains)
    if criterion.metric.contains is Contains.TIME and limit_ns >= hold_ns:
        raise PlanError(
            f"{label}: a step that is measured for {format_planned(hold_ns)} cannot show it: "
            "give a longer --hold"
        )
    if criterion.metric.kind is MetricKind.GAUGE:
        raise PlanError(f"{label}: a gauge has no total, and a step is judged by totals")


def _sentence(result: ThresholdResult) -> str:
    assert result.value is not None, "only a value can break a criterion"
    value = format_quantity(result.value, result.unit, beside=result.limit)
    amount = "at least " if result.at_least else ""
    return f"{result.selector}: {result.expression} was {amount}{value}"


def _too_few_users(waited: Total) -> str:
    return (
        f"{waited.samples} iterations waited for a free user, while the requests themselves were "
        "fast enough: give more with --max-vus"
    )
