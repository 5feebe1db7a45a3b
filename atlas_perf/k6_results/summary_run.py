"""A summary of k6 as a run: baselines judged by it, its thresholds, and what can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from atlas_perf.judge.aggregations import unit
from atlas_perf.judge.baselines.bands import NO_BAND, share_band
from atlas_perf.judge.baselines.judging import margin, without_sample
from atlas_perf.judge.grammar import ThresholdExpression, parse_threshold
from atlas_perf.k6_results.opening import K6FileError, K6Kind
from atlas_perf.k6_results.run import (
    K6Run,
    dropped_reason,
    facts_of,
    without_steady,
)
from atlas_perf.k6_results.steady import Steady
from atlas_perf.k6_results.summary_shapes import (
    K6Metric,
    K6Summary,
    contains_of,
    read_k6_summary,
)
from atlas_perf.k6_results.summary_values import count_unknown, found, samples_of, told, told_by
from atlas_perf.model.baseline import Baseline, BaselineReport, BaselineResult, BaselineSet
from atlas_perf.model.metric import Contains, Metric, MetricKind
from atlas_perf.model.run_sketches import KeptQuantiles, KeptRate, RunSketches
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import RateTotal
from atlas_perf.model.summary import CriterionState, Summary, ThresholdResult
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import format_quantity


def read_summary_run(
    path: Path,
    kind: K6Kind,
    *,
    name: str,
    baselines: BaselineSet | None,
    steady: Steady | None,
) -> K6Run:
    """Read a summary, and judge the rows of the scenario `name` by it.

    Raises:
        K6FileError: it cannot be read.
    """
    k6 = read_k6_summary(path, kind)
    report = None
    if baselines is not None:
        rows = (_judged(row, name, k6, steady) for row in baselines.of_scenario(name))
        report = BaselineReport(baselines.file, baselines.version, tuple(rows))
    try:
        thresholds = tuple(_thresholds(k6))
    except ValueError as error:
        raise K6FileError(f"{path} is damaged, or not k6's: {error}") from None
    verdict, reasons = _own_verdict(k6, thresholds)
    summary = Summary(
        name=name,
        file=str(path),
        file_sha256=hashlib.sha256(k6.script.encode()).hexdigest() if k6.script else "",
        started_at=_begun(path, k6),
        measured_s=k6.duration_s or 0.0,
        verdict=verdict,
        exit_code=verdict.exit_code,
        reasons=reasons,
        facts=facts_of(kind, k6.version),
        plan={},
        thresholds=thresholds,
        baselines=report,
    )
    vus = k6.metrics.get(Selector("vus_max"))
    return K6Run(
        path, kind, summary, _kept(k6), most_vus=None if vus is None else vus.values["value"]
    )


def _own_verdict(
    k6: K6Summary, thresholds: Sequence[ThresholdResult]
) -> tuple[Verdict, tuple[str, ...]]:
    counts = [
        k6.metrics[Selector(name)].values.get("count", 0.0) if Selector(name) in k6.metrics else 0.0
        for name in ("dropped_iterations", "iterations")
    ]
    dropped = dropped_reason(*counts)
    if dropped:
        return Verdict.INVALID, (dropped,)
    if not thresholds:
        return Verdict.NO_DATA, ("k6's file holds no threshold of its own.",)
    states = {one.state for one in thresholds}
    reasons = tuple(one.reason for one in thresholds if one.reason)
    if CriterionState.FAILED in states:
        return Verdict.FAIL, reasons
    if CriterionState.NO_DATA in states:
        return Verdict.NO_DATA, reasons
    return Verdict.PASS, (f"All {len(thresholds)} thresholds of k6 were met.",)


def _thresholds(k6: K6Summary) -> Iterator[ThresholdResult]:
    """k6's own, with k6's word on them, except where there was nothing that they could be about.

    Raises:
        ValueError: for a threshold that k6 would not have run with.
    """
    for selector, metric in k6.metrics.items():
        for expression, failed in metric.failed.items():
            yield _threshold(k6, selector, metric, expression, failed=failed)


def _threshold(
    k6: K6Summary, selector: Selector, metric: K6Metric, text: str, *, failed: bool
) -> ThresholdResult:
    expression = parse_threshold(text)
    known = told_by(k6, selector, metric, expression.term)
    own = _as_own(selector, metric)
    one = unit(own, expression.aggregation)
    empty = known.samples == 0
    state = CriterionState.FAILED if failed else CriterionState.PASSED
    reason = ""
    if empty and not failed:
        state = CriterionState.NO_DATA
        reason = f"{selector}: k6 lets {text} pass without a sample."
    elif failed:
        value = known.value
        shown = "" if value is None else f" with {format_quantity(value, one)}"
        reason = f"k6's threshold {selector} {text} was crossed{shown}."
    return ThresholdResult(
        str(selector),
        text,
        state,
        None if empty else known.value,
        expression.limit,
        one,
        reason=reason,
    )


def _judged(row: Baseline, scenario: str, k6: K6Summary, steady: Steady | None) -> BaselineResult:
    asked, selector = parse_threshold(row.expression), Selector.parse(row.selector)
    reason = _not_of_a_summary(asked, steady)
    known = told(k6, selector, asked.term)
    if not reason and known.value is None:
        reason = known.reason
    elif not reason and row.minimum_samples and known.samples is None:
        reason = count_unknown(k6, selector)
    elif not reason and (known.samples or 0) < row.minimum_samples:
        reason = f"{known.samples} samples are too few: the row asks for {row.minimum_samples}."
    there = found(k6, selector)
    if not reason and not isinstance(there, str):
        reason = _other_unit(row, asked, selector, there[1])
    if reason or known.value is None:
        return without_sample(row, scenario, reason)
    holds, band = asked.holds(known.value), NO_BAND
    if not isinstance(there, str) and there[1].kind is MetricKind.RATE:
        passes = int(there[1].values["passes"])
        band = share_band(RateTotal(passes, known.samples or 0), [])
    if not holds:
        reason = (
            f"{row.selector} was {format_quantity(known.value, row.unit, beside=asked.limit)}, "
            f"which breaks the limit {asked.operator.value} "
            f"{format_quantity(asked.limit, row.unit, beside=known.value)}."
        )
    return BaselineResult(
        component=row.component,
        name=row.name,
        scenario=scenario,
        selector=row.selector,
        expression=row.expression,
        limit=asked.limit,
        unit=row.unit,
        verdict=Verdict.PASS if holds else Verdict.FAIL,
        value=known.value,
        at_least=False,
        low=band.low,
        high=band.high,
        margin=margin(asked, known.value),
        samples=known.samples or 0,
        minimum_samples=row.minimum_samples,
        reason=reason,
    )


def _not_of_a_summary(asked: ThresholdExpression, steady: Steady | None) -> str:
    """A sentence for what a summary of a whole run cannot say."""
    if asked.stretch_s is not None:
        return "k6's summary has no seconds: give atlas-perf the file of k6's --out json."
    if asked.over is None or (steady is not None and steady.is_whole):
        return ""
    return without_steady(asked.over, summary=True, steady=steady)


def _other_unit(
    row: Baseline, asked: ThresholdExpression, selector: Selector, metric: K6Metric
) -> str:
    if contains_of(selector, metric) is None and row.unit in ("ms", "bytes", ""):
        return ""  # the file does not say what its numbers are, and the row does
    own = unit(_as_own(selector, metric), asked.aggregation)
    if own == row.unit:
        return ""
    return (
        f"{row.selector} is in {own or 'no unit'} in k6's file, and the row says "
        f"{row.unit or 'none'}: a time is new Trend('{selector.metric}', true)."
    )


def _as_own(selector: Selector, metric: K6Metric) -> Metric:
    contains = contains_of(selector, metric) or Contains.DEFAULT
    return Metric(selector.metric, metric.kind, contains)


def _kept(k6: K6Summary) -> RunSketches:
    """Percentiles and shares, of the whole run."""
    trends, rates = [], []
    for selector, metric in k6.metrics.items():
        if metric.kind is MetricKind.RATE:
            passes, fails = int(metric.values["passes"]), int(metric.values["fails"])
            rates.append(KeptRate(str(selector), ((passes, passes + fails),)))
        elif metric.kind is MetricKind.TREND:
            there = found(k6, selector)
            if isinstance(there, str):
                continue
            name, meant = there
            trends.append(
                KeptQuantiles(
                    str(selector),
                    contains_of(name, meant) or Contains.DEFAULT,
                    samples_of(k6, name, meant),
                    dict(meant.values),
                )
            )
    length_s = max(1, round(k6.duration_s or 1))
    return RunSketches("", (length_s,), rates=tuple(rates), quantiles=tuple(trends))


def _begun(path: Path, k6: K6Summary) -> str:
    """When the run began: when its summary was written, less its length."""
    try:
        written = datetime.fromisoformat(k6.generated_at)
    except ValueError:
        try:
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError:
            written = datetime.fromtimestamp(0, UTC)
    if written.tzinfo is None:
        written = written.replace(tzinfo=UTC)
    try:
        begun = written.astimezone(UTC) - timedelta(seconds=k6.duration_s or 0)
    except OverflowError:
        begun = datetime.fromtimestamp(0, UTC)
    return begun.strftime("%Y-%m-%dT%H:%M:%SZ")
