"""The results of finished runs, judged once more by a baseline file, all scenarios together.

A summary keeps what each row was judged from, so that a file with other limits can be asked of the
same runs; with another metric, aggregation or phase it cannot.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from atlas_perf.judge.baselines.judging import all_held, baseline_findings, margin, without_sample
from atlas_perf.judge.grammar import ThresholdExpression, parse_threshold
from atlas_perf.model.analysis import AnalysedRun, Analysis, Unreadable
from atlas_perf.model.baseline import Baseline, BaselineResult, BaselineSet
from atlas_perf.model.summary import CriterionState, Summary, ThresholdResult
from atlas_perf.model.verdict import Verdict, worst
from atlas_perf.units import format_quantity


def analyse(
    baselines: BaselineSet,
    runs: Mapping[str, Summary],
    *,
    unreadable: Sequence[Unreadable] = (),
    only: Sequence[str] = (),
    with_thresholds: Collection[str] = (),
) -> Analysis:
    """One verdict over all rows.

    Args:
        runs: by folder.
        unreadable: whatever else was given, which cannot be looked at.
        only: scenarios whose rows are asked for; empty: all of the file's.
        with_thresholds: folders whose own thresholds count too.
    """
    asked = [name for name in baselines.scenarios if not only or name in only]
    rows: list[BaselineResult] = []
    for row in baselines.rows:
        for scenario in row.scenarios:
            if scenario in asked:
                rows.extend(_of_scenario(row, scenario, runs))
    findings = [(one.verdict, one.reason) for one in unreadable]
    for folder in with_thresholds:
        findings += _of_thresholds(runs[folder].thresholds)
    findings += _findings(rows, runs)
    strange = [name for name in _names(runs) if name not in baselines.scenarios]
    if strange and not any(summary.name in asked for summary in runs.values()):
        # That no row has a run is what this says, and would come before it.
        rows, findings = [], [one for one in findings if one[0] is not Verdict.NO_DATA]
        findings.append((Verdict.NO_BASELINE, _no_baseline(baselines, strange)))
    verdict = worst([Verdict.PASS, *(found for found, _ in findings)])
    order = list(Verdict)
    reasons = [text for _, text in sorted(findings, key=lambda one: order.index(one[0]))]
    if verdict is Verdict.PASS:
        reasons.append(all_held(rows))
        reasons.extend(f"{row.title}: {row.reason}" for row in rows if row.reason)
    return Analysis(
        file=baselines.file,
        version=baselines.version,
        verdict=verdict,
        exit_code=verdict.exit_code,
        reasons=tuple(dict.fromkeys(reasons)),
        runs=tuple(
            _analysed(folder, summary, with_thresholds=folder in with_thresholds)
            for folder, summary in runs.items()
        ),
        rows=tuple(rows),
        unreadable=tuple(unreadable),
    )


def _analysed(folder: str, summary: Summary, *, with_thresholds: bool) -> AnalysedRun:
    return AnalysedRun(
        folder,
        summary.name,
        summary.started_at,
        summary.verdict,
        summary.reasons,
        summary.thresholds if with_thresholds else (),
    )


def _no_baseline(baselines: BaselineSet, scenarios: Sequence[str]) -> str:
    return (
        f"{baselines.file} has no baseline for {' and '.join(map(repr, scenarios))}: there are "
        f"some for {', '.join(baselines.scenarios)}."
    )


def _of_thresholds(thresholds: Sequence[ThresholdResult]) -> Iterator[tuple[Verdict, str]]:
    verdicts = {CriterionState.FAILED: Verdict.FAIL, CriterionState.NO_DATA: Verdict.NO_DATA}
    for one in thresholds:
        if one.state in verdicts:
            yield verdicts[one.state], one.reason


def _names(runs: Mapping[str, Summary]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(summary.name for summary in runs.values()))


def _findings(
    rows: Sequence[BaselineResult], runs: Mapping[str, Summary]
) -> Iterator[tuple[Verdict, str]]:
    for folder, summary in runs.items():
        if summary.verdict is Verdict.INVALID:
            why = summary.reasons[0] if summary.reasons else "It does not say why."
            yield Verdict.INVALID, f"The run in {folder} proves nothing: {why}"
    unowned: dict[str, list[str]] = {}
    for row in rows:
        if row.verdict is Verdict.NO_DATA and row.reason == _no_run(row.scenario):
            unowned.setdefault(row.scenario, []).append(row.title)
    for scenario, titles in unowned.items():
        yield (
            Verdict.NO_DATA,
            f"No run of scenario {scenario} was given, which leaves {_listed(titles)} without data:"
            f" run it, or leave its rows out by naming the others with --scenario.",
        )
    yield from baseline_findings([row for row in rows if row.reason != _no_run(row.scenario)])


def _of_scenario(
    row: Baseline, scenario: str, runs: Mapping[str, Summary]
) -> Iterator[BaselineResult]:
    """The row, judged by each run of the scenario."""
    owners = [summary for summary in runs.values() if summary.name == scenario]
    if not owners:
        yield without_sample(row, scenario, _no_run(scenario))
    for summary in owners:
        result = _by_run(row, summary)
        invalid = summary.verdict is Verdict.INVALID
        yield replace(result, verdict=Verdict.INVALID) if invalid else result


def _by_run(row: Baseline, summary: Summary) -> BaselineResult:
    kept = () if summary.baselines is None else summary.baselines.rows
    asked = parse_threshold(row.expression)
    for one in kept:
        had = parse_threshold(one.expression)
        if one.selector == row.selector and (had.term, had.over) == (asked.term, asked.over):
            return _judged_again(row, asked, one)
    if not kept:
        reason = (
            "its run kept no baselines: it was made with --no-baselines, from a file of the "
            "user's own without --baselines, or by an older atlas-perf."
        )
    else:
        reason = (
            f"its run kept no {row.expression.partition(' ')[0]} of {row.selector}"
            f"{_over(asked)}: run it again with --baselines and this file."
        )
    return without_sample(row, summary.name, reason)


def _judged_again(row: Baseline, asked: ThresholdExpression, had: BaselineResult) -> BaselineResult:
    """What the run measured, by the limit and the minimum of this row."""
    result = replace(
        had,
        component=row.component,
        name=row.name,
        expression=row.expression,
        limit=asked.limit,
        minimum_samples=row.minimum_samples,
        margin=margin(asked, had.value),
    )
    before = parse_threshold(had.expression)
    same = (before.limit, before.operator) == (asked.limit, asked.operator)
    if same and had.minimum_samples == row.minimum_samples:
        return result
    if had.value is None:
        verdict, reason = had.verdict, had.reason
        if verdict is Verdict.PASS and row.minimum_samples:
            verdict, reason = Verdict.NO_DATA, "the run had no sample of it."
    else:
        verdict, reason = _by_limit(row, asked, had, had.value)
    return replace(result, verdict=verdict, reason=reason)


def _by_limit(
    row: Baseline, asked: ThresholdExpression, had: BaselineResult, value: float
) -> tuple[Verdict, str]:
    if had.samples < row.minimum_samples:
        few = f"{had.samples} samples are too few: the row asks for {row.minimum_samples}."
        return Verdict.NO_DATA, few
    holds = asked.holds(value)
    if had.at_least and holds == asked.operator.value.startswith("<"):
        return Verdict.NO_DATA, "some of it was cut off in flight, and what became of it decides."
    if holds:
        return Verdict.PASS, ""
    shown = format_quantity(value, row.unit, beside=asked.limit)
    limit = format_quantity(asked.limit, row.unit, beside=value)
    return Verdict.FAIL, (
        f"{row.selector} was {shown}{_over(asked)}, which breaks the limit "
        f"{asked.operator.value} {limit}."
    )


def _no_run(scenario: str) -> str:
    return f"no run of scenario {scenario} was given."


def _over(expression: ThresholdExpression) -> str:
    return f" over {expression.over}" if expression.over else ""


def _listed(titles: Sequence[str]) -> str:
    shown = ", ".join(titles[:-1])
    return f"{shown} and {titles[-1]}" if shown else titles[0]
