"""What only the coordinator can say against a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.coordinator.events import CeilingBroken, FeedRanOut
from atlas_perf.coordinator.run_state import RunState
from atlas_perf.coordinator.verdict import conclude
from atlas_perf.errors import ExitCode
from atlas_perf.judge.thresholds import Judge
from atlas_perf.model.batch import Batch, CounterDelta, Ledger, NewSeries
from atlas_perf.model.feed import FeedPlan, OnExhausted
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import (
    ConstantVUs,
    RateCeiling,
    ScenarioPlan,
    SharedIterations,
    TestPlan,
    ThresholdPlan,
)
from atlas_perf.model.series import Series
from atlas_perf.model.summary import Facts, OutputSummary, Summary
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import NS_PER_S

FACTS = Facts("", "", "", "", "", 1, "", "")
ITERATIONS = NewSeries(0, BUILTIN_METRICS["iterations"], Series("iterations"))
PLAN = TestPlan(
    "api",
    "api.py",
    "00",
    (ScenarioPlan("api", SharedIterations(2, 10)),),
    (ThresholdPlan("iterations", "count>0"),),
)


def concluded(
    done: int,
    plan: TestPlan = PLAN,
    stopped_ns: int | None = None,
    missing: tuple[str, ...] = (),
    outputs: tuple[OutputSummary, ...] = (),
    **happened: object,
) -> Summary:
    """A run of one worker that ended well, after so many iterations of the ten planned."""
    aggregator = Aggregator([], 1)
    if stopped_ns is not None:
        aggregator.mark_stopped(stopped_ns)
    ledger = {"api": Ledger(scheduled=done, started=done, completed=done)}
    deltas = (CounterDelta(0, done, float(done)),)
    last = Batch(0, 0, 0, (ITERATIONS,), deltas, ledger, last=True, ended_at_ns=NS_PER_S)
    aggregator.merge(last)
    state = RunState(plan)
    state.load_begun = True
    for name, value in happened.items():
        setattr(state, name, value)
    return conclude(
        state,
        aggregator,
        Judge(plan, BUILTIN_METRICS),
        facts=FACTS,
        started_at="2026-11-23T14:00:00Z",
        breach=None,
        warnings=(),
        missing=missing,
        outputs=outputs,
    )


def test_a_run_whose_output_lacks_samples_does_not_pass() -> None:
    lost = "--out json: a.json cannot be written: No space left on device."
    summary = concluded(10, missing=(lost,))
    assert (summary.verdict, summary.exit_code) == (Verdict.INVALID, ExitCode.INVALID)
    assert summary.reasons[0] == lost


def test_what_a_receiver_did_not_get_is_a_warning_and_no_more() -> None:
    lost = "--out statsd=h:1: 1 of 2 seconds were delivered, 1 were lost: Connection refused."
    told = (
        OutputSummary("statsd=h:1", complete=False, note=lost, seconds=2, lost_seconds=1),
        OutputSummary("json=a.json", complete=True, note=""),
    )
    summary = concluded(10, outputs=told)
    assert (summary.verdict, summary.exit_code) == (Verdict.PASS, ExitCode.PASS)
    assert summary.outputs == told
    assert summary.reasons[-1] == f"Warning: {lost}"


def test_a_file_that_is_missing_is_said_once() -> None:
    lost = "--out json: a.json cannot be written: No space left on device."
    told = (OutputSummary("json=a.json", complete=False, note=lost),)
    summary = concluded(10, missing=(lost,), outputs=told)
    assert [reason for reason in summary.reasons if "a.json" in reason] == [lost]


@pytest.mark.parametrize(("done", "verdict"), [(10, Verdict.PASS), (9, Verdict.INVALID)])
def test_a_run_that_did_not_share_out_its_iterations_proves_nothing(
    done: int, verdict: Verdict
) -> None:
    assert concluded(done).verdict is verdict


@pytest.mark.parametrize(
    "happened",
    [{"aborted": True}, {"interrupted": True, "cut_short": True}, {"lost": {1: "killed"}}],
)
def test_a_run_that_was_cut_short_is_not_held_to_its_iterations(
    happened: dict[str, object],
) -> None:
    assert not any("iterations" in reason for reason in concluded(4, **happened).reasons)


@pytest.mark.parametrize(
    ("happened", "verdict", "says"),
    [
        ({}, Verdict.PASS, "after all of its load"),
        ({"cut_short": True}, Verdict.INVALID, "did not offer the load that was planned"),
        (
            {"cut_short": True, "all_offered": True},
            Verdict.INVALID,
            "while its last iterations were ending",
        ),
    ],
)
def test_an_interrupt_is_told_for_what_it_took(
    happened: dict[str, object], verdict: Verdict, says: str
) -> None:
    summary = concluded(10, interrupted=True, **happened)
    assert (summary.verdict, summary.exit_code) == (verdict, ExitCode.INTERRUPTED)
    assert any(says in reason for reason in summary.reasons)
    assert sum("interrupted" in reason for reason in summary.reasons) == 1


def test_a_run_that_was_ended_for_its_rate_proves_nothing() -> None:
    under = replace(PLAN, rate_ceiling=RateCeiling(100.0, "atlas-perf.toml"))
    summary = concluded(10, under, too_fast=CeilingBroken(1234, 7))
    assert summary.verdict is Verdict.INVALID
    assert summary.reasons[0].startswith(
        "The run was ended for its 1,234 requests in second 7, more than max_rate_per_s = 100 of"
    )
    assert concluded(10, under).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("then", "verdict"), [(OnExhausted.FAIL, Verdict.INVALID), (OnExhausted.STOP, Verdict.PASS)]
)
def test_a_feed_that_ran_out_proves_nothing_unless_it_may(
    then: OnExhausted, verdict: Verdict
) -> None:
    ran_out = FeedRanOut(FeedPlan("users.csv", 3, on_exhausted=then), NS_PER_S)
    summary = concluded(10, ran_out=ran_out)
    assert summary.verdict is verdict
    assert ("The feed users.csv ran out of its 3 rows" in summary.reasons[0]) is (
        then is OnExhausted.FAIL
    )


@pytest.mark.parametrize(
    ("happened", "says"),
    [
        ({"setup_interrupted": True}, "Warning: setup was interrupted before it returned"),
        ({"teardown_skipped": "it took too long"}, "did not finish, because it took too long"),
    ],
)
def test_what_may_be_left_behind_is_told_and_weighs_nothing(
    happened: dict[str, object], says: str
) -> None:
    made = replace(PLAN, has_setup=True, has_teardown=True)
    summary = concluded(10, made, **happened)
    assert summary.verdict is Verdict.PASS
    assert [says in reason for reason in summary.reasons].count(True) == 1
    assert not any(says in reason for reason in concluded(10, **happened).reasons)
    assert not any("left behind" in reason for reason in concluded(10, made).reasons)


STEADY = TestPlan(
    "api",
    "api.py",
    "00",
    (ScenarioPlan("api", ConstantVUs(1, 10 * NS_PER_S)),),
    (ThresholdPlan("iterations", "count>0 over steady"),),
)


def test_a_criterion_that_holds_over_a_part_of_its_phase_proves_nothing() -> None:
    assert concluded(5, STEADY).verdict is Verdict.PASS
    assert concluded(5, STEADY, 10 * NS_PER_S).verdict is Verdict.PASS
    short = concluded(5, STEADY, 4 * NS_PER_S)
    assert (short.verdict, short.exit_code) == (Verdict.INVALID, ExitCode.INVALID)
    assert any("steady had lasted 4.00s of the 10s" in reason for reason in short.reasons)


def test_a_threshold_that_ends_the_run_fails_it_all_the_same() -> None:
    assert concluded(5, STEADY, 4 * NS_PER_S, aborted=True).verdict is Verdict.PASS  # of this one


@pytest.mark.parametrize("there_is_one", [True, False])
def test_a_teardown_that_did_not_finish_is_told_where_there_is_one(there_is_one: bool) -> None:
    plan = replace(PLAN, has_teardown=there_is_one)
    summary = concluded(10, plan, teardown_skipped="the run was interrupted a second time")
    told = [reason for reason in summary.reasons if "teardown" in reason]
    assert len(told) == there_is_one
