"""Criteria of a scenario file that are about another load than the one it is run with."""

from __future__ import annotations

from dataclasses import replace

from atlas_perf.judge.grammar import parse_threshold
from atlas_perf.model.plan import TestPlan, ThresholdPlan
from atlas_perf.model.series import Selector
from atlas_perf.schedule.phase_times import PhaseTimes


def without_absent_phases(plan: TestPlan) -> tuple[TestPlan, tuple[str, ...]]:
    """A plan whose load was replaced, without the file's criteria over a phase that only the file's
    own load has; and a sentence for each. Those of `--threshold` are about this load, and stay.
    """
    times = PhaseTimes(plan)
    kept: list[ThresholdPlan] = []
    absent: list[ThresholdPlan] = []
    for threshold in plan.thresholds:
        is_absent = threshold.place and _is_absent(threshold, times)
        (absent if is_absent else kept).append(threshold)
    sentences = (
        f"{one.place}: threshold '{one.selector}: {one.expression}' is left out: "
        "the load that replaces the file's has no such phase"
        for one in absent
    )
    return replace(plan, thresholds=tuple(kept)), tuple(sentences)


def _is_absent(threshold: ThresholdPlan, times: PhaseTimes) -> bool:
    try:
        over = parse_threshold(threshold.expression).over
        scenario = dict(Selector.parse(threshold.selector).tags).get("scenario")
    except ValueError:  # refused elsewhere, in better words
        return False
    phases = times.phases(scenario)
    return over is not None and bool(phases) and over not in phases
