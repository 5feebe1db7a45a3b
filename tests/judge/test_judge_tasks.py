"""Tasks that were cut off make the completion rate a range, and are not left out of it."""

from __future__ import annotations

import pytest
from exact_snapshot import ExactSnapshot, worker
from plans import ALL_METRICS, plan_with

from atlas_perf.judge.stretches import WorstStretch
from atlas_perf.judge.summarize import summarize
from atlas_perf.judge.thresholds import Judge
from atlas_perf.judge.verdict import decide
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import RateTotal
from atlas_perf.model.summary import CriterionState, Facts
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import NS_PER_MS

PASSED, FAILED, NO_DATA = CriterionState.PASSED, CriterionState.FAILED, CriterionState.NO_DATA


def run(completed: int, failed: int, cut: int, *, name: str = "scan") -> ExactSnapshot:
    snapshot = ExactSnapshot(worker_list=(worker(),))
    for outcome, expected, count in (
        ("completed", "true", completed),
        ("failed", "false", failed),
    ):
        tags = {"name": name, "outcome": outcome, "expected_response": expected}
        value = float(outcome == "completed")
        if count:
            snapshot.add("task_completed", *[value] * count, **tags)
            snapshot.add("tasks_ended", *[1.0] * count, **tags)
            snapshot.add("task_duration", *[100.0 * NS_PER_MS] * count, **tags)
    if cut:
        snapshot.add("tasks_censored", *[1.0] * cut, name=name)
        unknown = {"name": name, "expected_response": "unknown"}
        snapshot.add("task_duration", *[900.0 * NS_PER_MS] * cut, **unknown)
    return snapshot


def judged(snapshot: ExactSnapshot, selector: str, expression: str):
    judge = Judge(plan_with((selector, expression)), ALL_METRICS)
    return judge.evaluate(snapshot)[0]


@pytest.mark.parametrize(
    ("counts", "expression", "state"),
    [
        ((96, 4, 0), "rate>0.95", PASSED),
        ((96, 0, 4), "rate>0.95", PASSED),  # 96 % at least
        ((95, 0, 5), "rate>0.95", NO_DATA),  # all that ended completed: the earlier suite's 100 %
        ((10, 0, 90), "rate>0.95", NO_DATA),
        ((90, 6, 4), "rate>0.95", FAILED),  # 94 % at most
        ((0, 0, 3), "rate>0.95", NO_DATA),
        ((0, 0, 3), "rate>=0", PASSED),
        ((50, 1, 1), "rate<0.5", FAILED),
    ],
)
def test_a_completion_rate_is_judged_at_both_its_bounds(counts, expression, state) -> None:
    result = judged(run(*counts), "task_completed", expression)
    assert result.state is state
    assert result.value == counts[0] / sum(counts)
    assert result.at_least == (counts[2] > 0)
    if state is NO_DATA:
        assert f"{counts[2]} of {sum(counts)} were cut off" in result.reason


def test_of_tags_that_a_task_has_before_its_end_too() -> None:
    snapshot = run(95, 0, 5)
    assert judged(snapshot, "task_completed{name:scan}", "rate>0.95").state is NO_DATA
    snapshot.add("task_completed", 1.0, name="other", outcome="completed")
    assert judged(snapshot, "task_completed{name:other}", "rate>0.95").state is PASSED
    with_outcome = judged(snapshot, "task_completed{name:scan,outcome:completed}", "rate>0.95")
    assert (with_outcome.state, with_outcome.at_least) == (PASSED, False)


def test_durations_are_those_of_completed_tasks_with_ages_beside_them() -> None:
    snapshot = run(50, 40, 10)
    snapshot.add("task_duration", 1.0, name="scan", outcome="failed", expected_response="false")
    assert judged(snapshot, "task_duration", "min>99").state is PASSED
    assert judged(snapshot, "task_duration", "p(50)<101").state is PASSED
    assert judged(snapshot, "task_duration", "p(95)<1000").state is NO_DATA
    assert judged(snapshot, "task_duration", "p(95)<800").state is FAILED
    assert judged(snapshot, "task_duration{outcome:failed}", "max<101").state is PASSED
    assert judged(snapshot, "task_duration{outcome:completed}", "p(95)<1000").state is NO_DATA


def test_a_task_that_completed_for_none_is_told_so() -> None:
    result = judged(run(0, 3, 0), "task_duration", "p(95)<1000")
    assert "no task completed" in result.reason


@pytest.mark.parametrize(
    ("cut", "threshold", "verdict"),
    [
        (1, ("tasks_ended", "count>0"), Verdict.PASS),
        (2, ("tasks_ended", "count>0"), Verdict.NO_DATA),
        (2, ("tasks_censored", "count<3"), Verdict.PASS),
        (2, ("task_completed", "rate>0.9"), Verdict.PASS),
        (2, ("task_completed{name:scan}", "rate>0.9"), Verdict.NO_DATA),
    ],
)
def test_many_of_unknown_outcome_do_not_pass_in_silence(cut, threshold, verdict) -> None:
    snapshot = run(99, 0, cut)
    results = Judge(plan_with(threshold), ALL_METRICS).evaluate(snapshot)
    decision = decide(results, snapshot, invalid=[], interrupted=False)
    assert decision.verdict is verdict
    assert any("of 101 tasks" in reason for reason in decision.reasons) == (
        verdict is Verdict.NO_DATA
    )


def test_the_summary_has_the_lower_bound_and_says_so() -> None:
    plan = plan_with(("task_completed", "rate>0.5"))
    snapshot = run(90, 4, 6)
    results = Judge(plan, ALL_METRICS).evaluate(snapshot)
    decision = decide(results, snapshot, invalid=[], interrupted=False)
    facts = Facts("1", "3", "0", "x", "x", 1, "", "")
    summary = summarize(
        plan, snapshot, decision, results, started_at="", facts=facts, plan_plain={}
    )
    metric = summary.metrics["task_completed"]
    assert metric.values == {"rate": 0.9, "passes": 90, "fails": 4}
    assert (metric.censored, metric.at_least) == (6, ("rate",))


def test_the_newest_stretch_counts_what_was_cut_off() -> None:
    judge = Judge(plan_with(("task_completed", "rate>0.95 in any 10s")), ALL_METRICS)
    (stretch,) = judge._stretches.values()
    assert isinstance(stretch, WorstStretch)
    stretch._newest, stretch._newest_s = RateTotal(95, 95), 7
    snapshot = run(95, 0, 5)
    snapshot.second(10).add("tasks_censored", *[1.0] * 5)
    assert stretch.judge(snapshot) is NO_DATA
    worst = stretch.worst(snapshot)
    assert worst is not None
    assert worst.total == RateTotal(95, 95, beyond=5)
    assert snapshot.total(Selector("task_completed")) == worst.total
