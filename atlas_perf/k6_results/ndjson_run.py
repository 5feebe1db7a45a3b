"""A file of k6's `--out json` as a run: baselines judged by its samples, and sketches of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from atlas_perf.clock import WallAnchor
from atlas_perf.errors import PlanError, UsageError
from atlas_perf.judge.baselines.judging import BaselineJudge, without_sample
from atlas_perf.judge.grammar import parse_threshold
from atlas_perf.judge.summarize import summarize
from atlas_perf.judge.verdict import Decision
from atlas_perf.k6_results.opening import K6Kind, opened
from atlas_perf.k6_results.points import Lines
from atlas_perf.k6_results.replay import Replay
from atlas_perf.k6_results.run import OPTION, K6Run, dropped_reason, facts_of, without_steady
from atlas_perf.k6_results.series_of_k6 import origin_of
from atlas_perf.k6_results.steady import Steady
from atlas_perf.model.baseline import Baseline, BaselineReport, BaselineResult, BaselineSet
from atlas_perf.model.phase import LoadPhase
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.run_sketches import RunSketches
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import CounterTotal, GaugeTotal
from atlas_perf.model.summary import Facts
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import NS_PER_S, format_duration

_NO_WORD = "k6's --out json says nothing of what its thresholds came to."


def read_ndjson_run(
    path: Path,
    *,
    name: str,
    baselines: BaselineSet | None,
    steady: Steady | None,
    asked: Sequence[str] = (),
) -> K6Run:
    """Read all samples, in memory that does not grow with their number.

    Args:
        asked: selectors to keep for a comparison.

    Raises:
        K6FileError: it cannot be read, or is not whole.
        UsageError: the steady phase is not in it.
    """
    replay = _replayed(path, steady, asked)
    plan = replay.plan(name, str(path))
    report = None
    if baselines is not None:
        rows = (_judged(row, plan, replay, steady) for row in baselines.of_scenario(name))
        report = BaselineReport(baselines.file, baselines.version, tuple(rows))
    dropped, iterations = (_count(replay, one) for one in ("dropped_iterations", "iterations"))
    reason = dropped_reason(dropped, iterations)
    verdict = Verdict.INVALID if reason else Verdict.NO_DATA
    summary = summarize(
        plan,
        replay.totals,
        Decision(verdict, (reason or _NO_WORD,), verdict.exit_code),
        (),
        started_at=WallAnchor(0, replay.begin_ns).rfc3339_at(0),
        facts=_facts(replay),
        plan_plain={},
        baselines=report,
    )
    vus = replay.totals.total(Selector("vus_max"))
    return K6Run(
        path,
        K6Kind.NDJSON,
        summary,
        _without(replay.kept.kept(), replay.refused),
        most_vus=vus.max if isinstance(vus, GaugeTotal) else None,
        scenarios=_scenarios(replay),
        notes=tuple(replay.refused.values()),
    )


def _replayed(path: Path, steady: Steady | None, asked: Sequence[str]) -> Replay:
    lines = Lines(path)
    replay = Replay(lines, steady=steady, asked=asked)
    with opened(path) as file:
        for source, at_ns, value in lines.points(file):
            replay.add(source, at_ns, value)
    replay.finish()
    if steady is not None and (steady.end_s or 0) * NS_PER_S > replay.length_ns + NS_PER_S:
        length = format_duration(replay.length_ns)
        raise UsageError(f"{OPTION} {steady} ends behind the run: {path} is {length} long")
    return replay


def _facts(replay: Replay) -> Facts:
    """What the file tells of the run: where its load went, if that was one place."""
    facts = facts_of(K6Kind.NDJSON)
    origins = {origin_of(series.tags) for series in replay.totals.series("http_reqs")} - {""}
    return replace(facts, target=origins.pop()) if len(origins) == 1 else facts


def _scenarios(replay: Replay) -> tuple[str, ...]:
    ran = replay.totals.series("iteration_duration")
    return tuple(sorted({dict(series.tags).get("scenario", "") for series in ran} - {""}))


def _judged(row: Baseline, plan: TestPlan, replay: Replay, steady: Steady | None) -> BaselineResult:
    """One row, so that what another asks cannot keep it from being judged."""
    over = parse_threshold(row.expression).over
    metric = Selector.parse(row.selector).metric
    reason = ""
    if metric in replay.refused:
        reason = f"{replay.refused[metric]}."
    elif over is not None and (steady is None or over is not LoadPhase.STEADY):
        reason = without_steady(over, summary=False, steady=steady)
    elif metric not in plan.all_metrics:
        reason = f"k6 recorded no metric {metric}."
    if reason:
        return without_sample(row, plan.name, reason)
    try:
        judge = BaselineJudge(BaselineSet("k6", 1, (row,)), plan)
    except PlanError as error:
        return without_sample(row, plan.name, f"{error}.")
    (result,) = judge.judge(replay.totals).report.rows
    return result


def _count(replay: Replay, metric: str) -> float:
    total = replay.totals.total(Selector(metric))
    return total.total if isinstance(total, CounterTotal) else 0.0


def _without(kept: RunSketches, refused: dict[str, str]) -> RunSketches:
    """Without metrics of which something could not be counted."""
    return replace(
        kept,
        trends=tuple(one for one in kept.trends if one.selector.partition("{")[0] not in refused),
        rates=tuple(one for one in kept.rates if one.selector.partition("{")[0] not in refused),
    )
