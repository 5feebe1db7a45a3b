"""The baselines of one scenario, judged by its finished run.

A row is a threshold with more to it, and is evaluated as one: the same grammar, phases and bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from atlas_perf.errors import PlanError
from atlas_perf.judge.aggregations import is_estimated, scale, unit
from atlas_perf.judge.baselines.bands import (
    GROUPS,
    NO_BAND,
    Band,
    quantile_band,
    share_band,
    throughput_band,
)
from atlas_perf.judge.grammar import ThresholdExpression, parse_threshold
from atlas_perf.judge.thresholds import Criterion, criterion_of, judged, measured
from atlas_perf.model.baseline import Baseline, BaselineReport, BaselineResult, BaselineSet
from atlas_perf.model.metric import Metric
from atlas_perf.model.plan import TestPlan, ThresholdPlan
from atlas_perf.model.series import Selector, tags_of
from atlas_perf.model.snapshot import CounterTotal, RateTotal, Snapshot, Total, TrendTotal
from atlas_perf.model.summary import CriterionState, ThresholdResult
from atlas_perf.model.verdict import Verdict
from atlas_perf.schedule.phase_times import PhaseTimes
from atlas_perf.units import NS_PER_S, format_quantity

_VERDICTS = {
    CriterionState.PASSED: Verdict.PASS,
    CriterionState.FAILED: Verdict.FAIL,
    CriterionState.NO_DATA: Verdict.NO_DATA,
}


@dataclass(frozen=True, slots=True)
class JudgedBaselines:
    """The rows, and those thresholds that they were judged as."""

    report: BaselineReport
    as_thresholds: tuple[ThresholdResult, ...]


class BaselineJudge:
    """The rows of a file that belong to one plan, by the plan's name.

    Raises:
        PlanError: from the constructor, naming file and row, for a row that no run of this plan
            can be judged by: an unknown metric, an aggregation or a unit that it has not.
    """

    def __init__(
        self, baselines: BaselineSet, plan: TestPlan, *, counted: bool = True, note: str = ""
    ) -> None:
        times = PhaseTimes(plan)
        metrics = plan.all_metrics
        self._file, self._version = baselines.file, baselines.version
        self._scenario = plan.name
        self.counted, self.note = counted, note
        self._rows = tuple(
            (row, _criterion(row, metrics, times)) for row in baselines.of_scenario(plan.name)
        )

    @property
    def described(self) -> str:
        """What will be judged, before there is a run."""
        rows = f"{len(self._rows)} baseline{'' if len(self._rows) == 1 else 's'} ({self._file})"
        return f"{rows}, which count" if self.counted else f"{rows}, shown only: {self.note}"

    def judge(self, snapshot: Snapshot) -> JudgedBaselines:
        """Judge the finished run; whether it is valid is decided elsewhere: see `invalidated`."""
        rows, results = [], []
        for row, criterion in self._rows:
            if isinstance(criterion, str):
                rows.append(without_sample(row, self._scenario, criterion))
                continue
            result = judged(criterion, snapshot)
            results.append(result)
            rows.append(_judge_row(row, self._scenario, criterion, result, snapshot))
        report = BaselineReport(self._file, self._version, tuple(rows), self.counted, self.note)
        return JudgedBaselines(report, tuple(results) if self.counted else ())


def invalidated(report: BaselineReport) -> BaselineReport:
    """The rows of a run that proves nothing: their values stay, their verdicts do not."""
    rows = (replace(row, verdict=Verdict.INVALID) for row in report.rows)
    return replace(report, rows=tuple(rows))


def baseline_findings(rows: Sequence[BaselineResult]) -> Iterator[tuple[Verdict, str]]:
    """Each row that did not pass, with its sentence."""
    for row in rows:
        if row.verdict is Verdict.FAIL:
            yield Verdict.FAIL, f"Baseline {row.title}: {row.reason}"
        elif row.verdict is Verdict.NO_DATA:
            yield Verdict.NO_DATA, f"Baseline {row.title} could not be judged: {row.reason}"


def all_held(rows: Sequence[BaselineResult]) -> str:
    """What is said of rows that all passed."""
    return "The one baseline was held." if len(rows) == 1 else f"All {len(rows)} baselines held."


def without_sample(row: Baseline, scenario: str, reason: str) -> BaselineResult:
    """A row that nothing is known about, and why."""
    return BaselineResult(
        component=row.component,
        name=row.name,
        scenario=scenario,
        selector=row.selector,
        expression=row.expression,
        limit=parse_threshold(row.expression).limit,
        unit=row.unit,
        verdict=Verdict.NO_DATA,
        value=None,
        at_least=False,
        low=None,
        high=None,
        margin=None,
        samples=0,
        minimum_samples=row.minimum_samples,
        reason=reason,
    )


def margin(expression: ThresholdExpression, value: float | None) -> float | None:
    """What a value leaves of its limit, as a share of it; negative where it breaks it."""
    if value is None or expression.limit == 0:
        return None
    room = (expression.limit - value) / abs(expression.limit)
    return room if expression.operator.value.startswith("<") else -room


def _criterion(row: Baseline, metrics: Mapping[str, Metric], times: PhaseTimes) -> Criterion | str:
    """The row as a criterion, or why this plan's load leaves nothing to judge."""
    whole, _, phase = row.expression.partition(" over ")
    place = f"{row.place}: baseline"
    if phase and phase not in times.phases(dict(Selector.parse(row.selector).tags).get("scenario")):
        criterion_of(ThresholdPlan(row.selector, whole, place=place), metrics, times)
        return f"the load has no {phase} phase."
    plan = ThresholdPlan(row.selector, row.expression, place=place)
    criterion = criterion_of(plan, metrics, times)
    own = unit(criterion.metric, criterion.expression.aggregation)
    if own != row.unit:
        raise PlanError(
            f"{row.place}: {criterion.expression.aggregation} of {row.selector} is in "
            f'{own or "no unit"}, and the row says {row.unit or "none"}: write unit = "{own}"'
        )
    return criterion


def _judge_row(
    row: Baseline,
    scenario: str,
    criterion: Criterion,
    result: ThresholdResult,
    snapshot: Snapshot,
) -> BaselineResult:
    total, _ = measured(criterion, snapshot)
    samples = 0 if total is None else total.samples
    verdict, reason = _VERDICTS[result.state], result.reason
    if result.value is None and _nothing_happened(row, criterion, snapshot):
        verdict, reason = Verdict.PASS, "nothing of it happened, so that there was nothing to time."
    elif result.value is not None and samples < row.minimum_samples:
        verdict = Verdict.NO_DATA
        reason = (
            f"{samples} samples of {row.selector} are too few for {_term(row)}: the row asks for "
            f"{row.minimum_samples}."
        )
    band = NO_BAND
    if total is not None and result.value is not None:
        band = _band(criterion, total, result.value, snapshot)
    if verdict is Verdict.PASS and not reason and _within(result.limit, band):
        reason = (
            f"{_term(row)} of {row.selector} held the limit of "
            f"{format_quantity(result.limit, result.unit)}, which lies within the band of what "
            "this run can show: too close to call."
        )
    return BaselineResult(
        component=row.component,
        name=row.name,
        scenario=scenario,
        selector=row.selector,
        expression=row.expression,
        limit=result.limit,
        unit=result.unit,
        verdict=verdict,
        value=result.value,
        at_least=result.at_least,
        low=band.low,
        high=band.high,
        margin=margin(criterion.expression, result.value),
        samples=samples,
        minimum_samples=row.minimum_samples,
        reason=reason,
    )


def _nothing_happened(row: Baseline, criterion: Criterion, snapshot: Snapshot) -> bool:
    """True where a row lets that pass and no attempt was made, failed or cut off either."""
    if row.minimum_samples or not snapshot.elapsed_ns:
        return False
    selector = criterion.scope.selector
    others = (
        Selector(selector.metric, tags_of({**dict(selector.tags), "expected_response": outcome}))
        for outcome in ("true", "false", "unknown")
    )
    return all(snapshot.total(one) is None for one in (selector, *others))


def _band(criterion: Criterion, total: Total, value: float, snapshot: Snapshot) -> Band:
    term = criterion.expression.term
    if isinstance(total, TrendTotal):
        if not is_estimated(term):
            return NO_BAND
        percentile = 50.0 if term.percentile is None else term.percentile
        inner, one = quantile_band(total, percentile), scale(criterion.metric.contains)
        return Band(*(None if end is None else end / one for end in (inner.low, inner.high)))
    parts, length_s = _parts(criterion, snapshot)
    if isinstance(total, RateTotal):
        return share_band(total, [part for part in parts if isinstance(part, RateTotal)])
    if isinstance(total, CounterTotal):
        if unit(criterion.metric, term.aggregation) not in ("per_s", "bytes_per_s"):
            return NO_BAND
        amounts = [part.total if isinstance(part, CounterTotal) else 0.0 for part in parts]
        return throughput_band(value, [amount / length_s for amount in amounts])
    return NO_BAND


def _parts(criterion: Criterion, snapshot: Snapshot) -> tuple[list[Total | None], int]:
    """`GROUPS` parts of one length, whole seconds each, of the longest stretch that is judged;
    none where it is too short, or so long ago that its seconds have been merged."""
    scope = criterion.scope
    stretches = (
        (-(-begin // NS_PER_S), min(end, snapshot.elapsed_ns) // NS_PER_S)
        for begin, end in scope.stretches_within(snapshot)
    )
    begin_s, end_s = max(stretches, key=lambda one: one[1] - one[0], default=(0, 0))
    length_s = (end_s - begin_s) // GROUPS
    if length_s < 1:
        return [], 1
    selector = scope.of_seconds(counter=True)
    try:
        return [
            snapshot.total_between(selector, first, first + length_s)
            for first in range(begin_s, begin_s + GROUPS * length_s, length_s)
        ], length_s
    except ValueError:
        return [], 1


def _within(limit: float, band: Band) -> bool:
    return band != NO_BAND and (
        (band.low is None or band.low <= limit) and (band.high is None or limit <= band.high)
    )


def _term(row: Baseline) -> str:
    return row.expression.partition(" ")[0]
