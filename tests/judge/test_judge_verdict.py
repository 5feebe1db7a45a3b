"""The verdict, its precedence, its reasons and its exit code."""

from __future__ import annotations

import errno
import itertools
import os

import pytest
from exact_snapshot import DONE, ExactSnapshot, worker
from plans import ALL_METRICS, DEPTH, plan_with

from atlas_perf.errors import ExitCode
from atlas_perf.judge.generator import generator_notes
from atlas_perf.judge.nothing_measured import NOTHING_MEASURED
from atlas_perf.judge.thresholds import Judge
from atlas_perf.judge.validity import miscounted_iterations
from atlas_perf.judge.verdict import decide, with_breach
from atlas_perf.model.batch import Ledger
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    PerVUIterations,
    RampingArrivalRate,
    RampingVUs,
    ScenarioPlan,
    SharedIterations,
    Stage,
    ThresholdPlan,
)
from atlas_perf.model.summary import ExceptionSummary
from atlas_perf.model.verdict import Verdict, worst


def decided(snapshot, *thresholds, invalid=(), interrupted=False, aborted=None, **changes):
    results = Judge(plan_with(*thresholds, **changes), ALL_METRICS).evaluate(snapshot)
    results = with_breach(results, aborted)
    return decide(results, snapshot, invalid=invalid, interrupted=interrupted)


GOOD = ("http_reqs", "count>0")
BAD = ("http_reqs", "count>1000")
EMPTY = ("checks", "rate>0.9")


def healthy() -> ExactSnapshot:
    return ExactSnapshot(worker_list=(worker(),)).add("http_reqs", 1.0)


@pytest.mark.parametrize(
    ("invalid", "bad", "empty", "verdict"),
    [
        (False, False, False, Verdict.PASS),
        (False, False, True, Verdict.NO_DATA),
        (False, True, False, Verdict.FAIL),
        (False, True, True, Verdict.FAIL),
        (True, False, False, Verdict.INVALID),
        (True, False, True, Verdict.INVALID),
        (True, True, False, Verdict.INVALID),
        (True, True, True, Verdict.INVALID),
    ],
)
@pytest.mark.parametrize("interrupted", [False, True])
def test_precedence(invalid, bad, empty, verdict, interrupted):
    thresholds = [GOOD, *([EMPTY] if empty else []), *([BAD] if bad else [])]
    decision = decided(
        healthy(),
        *thresholds,
        invalid=["The clock ran backwards."] if invalid else [],
        interrupted=interrupted,
    )
    if interrupted and verdict is Verdict.PASS:
        verdict = Verdict.INVALID  # part of a run cannot pass
    assert decision.verdict is verdict
    assert decision.exit_code == (ExitCode.INTERRUPTED if interrupted else verdict.exit_code)
    decisive = {
        Verdict.INVALID: "The clock ran backwards." if invalid else "The run was interrupted",
        Verdict.FAIL: "http_reqs: count was 1, which breaks the limit > 1000.",
        Verdict.NO_DATA: "checks: rate>0.9 could not be judged: checks has no sample",
        Verdict.PASS: "The one criterion was met.",
    }[verdict]
    assert decision.reasons[0].startswith(decisive)


def test_of_any_two_verdicts_the_earlier_one_wins():
    for first, second in itertools.product(Verdict, repeat=2):
        order = list(Verdict)
        expected = first if order.index(first) <= order.index(second) else second
        assert worst([first, second]) is worst([second, first]) is expected


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        ("INVALID", 3),
        ("FAIL", 1),
        ("NO_DATA", 4),
        ("NO_BASELINE", 4),
        ("INCONCLUSIVE", 0),
        ("PASS", 0),
    ],
)
def test_the_exit_code_of_each_verdict(verdict, code):
    assert Verdict(verdict).exit_code == code


def test_every_finding_is_a_reason_and_the_decisive_ones_come_first():
    decision = decided(healthy(), EMPTY, BAD, invalid=["The clock ran backwards."])
    assert [reason.split(":")[0] for reason in decision.reasons] == [
        "The clock ran backwards.",
        "http_reqs",
        "checks",
    ]


def test_several_met_criteria_are_counted():
    assert decided(healthy(), GOOD, GOOD).reasons == ("All 2 criteria were met.",)


def test_a_pass_too_close_to_call_passes_and_says_so():
    snapshot = healthy().add_ms("iteration_duration", 499.0)
    snapshot.relative_accuracy = 0.01
    decision = decided(snapshot, ("iteration_duration", "med<500"))
    assert decision.verdict is Verdict.PASS
    assert "within the sketch's 1 %" in decision.reasons[1]


def test_nothing_judged_is_no_pass():
    decision = decided(healthy())
    assert decision.verdict is Verdict.NO_DATA
    assert decision.reasons[0].startswith("Nothing was judged")


@pytest.mark.parametrize("ledgers", [{}, {"api": Ledger(4, 4, 0, 0, 0, 4)}])
def test_a_run_in_which_no_iteration_completed_is_no_pass(ledgers):
    snapshot = healthy()
    snapshot.ledgers = ledgers
    decision = decided(snapshot, GOOD)
    assert (decision.verdict, decision.reasons) == (Verdict.NO_DATA, ("No iteration completed.",))


def test_the_threshold_that_ended_the_run_fails_it_even_if_it_recovered():
    threshold = ThresholdPlan("checks", "rate>0.5", True)
    judge = Judge(plan_with(threshold), ALL_METRICS)
    snapshot = healthy().add("checks", 0.0)
    breach = judge.breach_to_abort(snapshot, judge.evaluate(snapshot))
    snapshot.add("checks", 1.0, 1.0)
    decision = decided(snapshot, threshold, aborted=breach)
    assert decision.verdict is Verdict.FAIL
    assert decision.exit_code == ExitCode.FAIL
    assert decision.reasons[0].startswith("Aborted after 10 s: checks: rate was 0,")
    assert not any("too close" in reason for reason in decision.reasons)


def test_the_threshold_that_ended_the_run_is_one_reason_and_not_two():
    threshold = ThresholdPlan("checks", "rate>0.5", True)
    judge = Judge(plan_with(threshold), ALL_METRICS)
    snapshot = healthy().add("checks", 0.0)
    breach = judge.breach_to_abort(snapshot, judge.evaluate(snapshot))
    assert len(decided(snapshot, threshold, aborted=breach).reasons) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"lost": "killed by signal 9"}, "Worker 0 was lost (killed by signal 9)"),
        ({"missing_intervals": (3, 5, 6, 7)}, "measurements of second 3, 5-7."),
        ({"loop_lag_max_ms": 2000.0}, "Worker 0 stood still for 2.0 s"),
    ],
)
def test_a_generator_that_failed_invalidates_the_run(changes, says):
    snapshot = healthy()
    snapshot.worker_list = (worker(0, **changes), worker(1))
    decision = decided(snapshot, GOOD)
    assert decision.verdict is Verdict.INVALID
    assert says in decision.reasons[0]
    if "stood still" in says:
        assert "Look for a blocking call" in decision.reasons[0]


def test_a_little_lag_is_no_reason():
    snapshot = healthy()
    snapshot.worker_list = (worker(0, loop_lag_max_ms=999.0),)
    assert decided(snapshot, GOOD).verdict is Verdict.PASS


def test_an_unbalanced_ledger_invalidates_the_run():
    snapshot = healthy()
    snapshot.ledgers = {"api": Ledger(10, 10, 0, 9, 0, 0)}
    decision = decided(snapshot, GOOD)
    assert decision.verdict is Verdict.INVALID
    assert "Scenario api lost count of its iterations: 10 scheduled" in decision.reasons[0]


def test_a_lost_worker_is_the_one_reason_for_iterations_without_an_end():
    snapshot = healthy()
    snapshot.worker_list = (worker(0, lost="killed by signal 9"), worker(1))
    snapshot.ledgers = {"api": Ledger(10, 10, 0, 9, 0, 0)}
    (reason,) = decided(snapshot, GOOD).reasons
    assert reason.startswith("Worker 0 was lost")
    assert "iterations it had under way" in reason


@pytest.mark.parametrize(
    ("lag_ms", "p95_ms", "said"),
    [(120.0, 100.0, True), (90.0, 100.0, False), (49.0, 5.0, False), (1500.0, 5.0, False)],
)
def test_lag_as_long_as_the_latencies_is_told_and_changes_no_verdict(lag_ms, p95_ms, said):
    snapshot = healthy().add_ms("http_req_duration", p95_ms, expected_response="true")
    snapshot.worker_list = (worker(0), worker(1, loop_lag_max_ms=lag_ms))
    note = next(generator_notes(snapshot), None)
    assert (note is not None) is said
    if note is not None:
        assert "stood still for up to 120 ms" in note
        assert decided(snapshot, GOOD).verdict is Verdict.PASS


def test_a_run_without_a_response_has_no_latency_to_doubt():
    snapshot = healthy()
    snapshot.worker_list = (worker(0, loop_lag_max_ms=500.0),)
    assert list(generator_notes(snapshot)) == []


@pytest.mark.parametrize(
    ("dropped", "stopped", "verdict"),
    [(800, False, Verdict.INVALID), (10, False, Verdict.PASS), (11, False, Verdict.INVALID)],
)
def test_a_load_that_was_not_offered_invalidates_the_run(dropped, stopped, verdict):
    snapshot = healthy()
    snapshot.ledgers = {"api": Ledger(1000, 1000 - dropped, dropped, 1000 - dropped, 0, 0)}
    assert decided(snapshot, GOOD).verdict is verdict


def test_iterations_left_over_by_an_abort_are_not_held_against_the_generator():
    snapshot = healthy()
    snapshot.ledgers = {"api": Ledger(1000, 100, 900, 100, 0, 0)}
    (breach,) = Judge(plan_with(BAD), ALL_METRICS).evaluate(snapshot)
    decision = decided(snapshot, BAD, aborted=breach)
    assert decision.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("executor", "planned"),
    [
        (SharedIterations(3, 10), 10),
        (PerVUIterations(3, 10), 30),
        (ConstantArrivalRate(3, 10 * 10**9, 1, 1), 30),
        (RampingArrivalRate((Stage(10 * 10**9, 6),), 1, 1), 30),
        (ConstantVUs(3, 10), None),
        (RampingVUs(3, (Stage(10, 3),)), None),
    ],
)
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_workers_that_share_out_other_iterations_than_the_plans_are_found(executor, planned, more):
    scheduled = (planned or 7) + more
    snapshot = healthy()
    snapshot.ledgers = {"api": Ledger(scheduled, scheduled - 1, 1, scheduled - 1, 0, 0)}
    plan = plan_with(scenarios=(ScenarioPlan("api", executor),))
    found = miscounted_iterations(plan, snapshot)
    assert [f"planned with {planned} iterations" in sentence for sentence in found] == (
        [] if planned is None or more == 0 else [True]
    )
    assert all(f"scheduled {scheduled} in all" in sentence for sentence in found)


def test_a_scenario_that_no_worker_knows_is_found():
    plan = plan_with(scenarios=(ScenarioPlan("forgotten", SharedIterations(1, 5)),))
    (sentence,) = miscounted_iterations(plan, healthy())
    assert sentence.startswith("Scenario forgotten is planned with 5 iterations")


def test_a_sentence_said_twice_is_said_once():
    decision = decided(healthy(), GOOD, invalid=["The clock ran backwards."] * 2)
    assert decision.reasons == ("The clock ran backwards.",)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL])
def test_what_the_generator_ran_out_of_is_not_the_targets_failure(number):
    error = f"dial: {os.strerror(number).lower()}"
    snapshot = healthy().add("http_req_failed", 0.0, 0.0, status="200")
    snapshot.add("http_req_failed", 1.0, 1.0, 1.0, status="0", error=error, error_code="1213")
    decision = decided(snapshot, GOOD, default_gates=True)
    assert decision.verdict is Verdict.INVALID
    assert decision.reasons[0].startswith("3 of 5 requests failed in the generator")
    assert os.strerror(number).lower() in decision.reasons[0]


def test_a_refused_connection_is_the_targets_failure():
    error = "dial: connection refused"
    snapshot = healthy().add("http_req_failed", 1.0, status="0", error=error, error_code="1212")
    assert decided(snapshot, GOOD, default_gates=True).verdict is Verdict.FAIL


# What k6 2.2 ends with exit code 0, as far as totals show it.


def test_checks_without_a_check_do_not_pass():
    assert decided(healthy(), ("checks", "rate>0.9"), GOOD).exit_code == ExitCode.NO_DATA


def test_a_dead_server_does_not_pass_on_latency_alone():
    snapshot = healthy().add_ms("http_req_duration", 0.2, 0.3, expected_response="false")
    snapshot.add("http_req_failed", 1.0, 1.0)
    latency = ("http_req_duration", "p(95)<500")
    assert decided(snapshot, latency).verdict is Verdict.NO_DATA
    assert decided(snapshot, latency, default_gates=True).verdict is Verdict.FAIL


def test_a_hung_server_does_not_pass():
    snapshot = ExactSnapshot(ledgers={"api": Ledger(8, 8, 0, 0, 0, 8)})
    decision = decided(
        snapshot, ("http_req_duration", "p(95)<500"), ("http_req_failed", "rate<0.01")
    )
    assert decision.exit_code == ExitCode.NO_DATA
    assert len(decision.reasons) == 3


def test_iterations_that_all_raise_do_not_pass():
    snapshot = healthy().add("iteration_failed", *[1.0] * 5)
    snapshot.ledgers = {"api": Ledger(5, 5, 0, 0, 5, 0)}
    snapshot.exception_list = (
        ExceptionSummary("api", "ZeroDivisionError", "division by zero", "api.py", 12, 5, ""),
    )
    decision = decided(snapshot, GOOD, default_gates=True)
    assert decision.exit_code == ExitCode.FAIL
    assert decision.reasons[0] == (
        "iteration_failed: rate was 1, which breaks the limit < 0.01. Look at api.py:12, "
        "ZeroDivisionError: division by zero (5 times)."
    )


def test_an_exception_that_came_once_is_said_to():
    snapshot = healthy().add("iteration_failed", 1.0)
    snapshot.exception_list = (ExceptionSummary("api", "KeyError", "'x'", "api.py", 3, 1, ""),)
    (reason, *_) = decided(snapshot, GOOD, default_gates=True).reasons
    assert reason.endswith("KeyError: 'x' (once).")


def test_a_misspelt_tag_does_not_pass():
    snapshot = healthy().add_ms("http_req_duration", 5, name="runs", expected_response="true")
    decision = decided(snapshot, ("http_req_duration{name:rusn}", "p(95)<500"))
    assert decision.exit_code == ExitCode.NO_DATA
    assert "the nearest is name:runs" in decision.reasons[0]


def test_a_generator_stopped_for_two_seconds_does_not_pass():
    snapshot = healthy()
    snapshot.worker_list = (worker(0, loop_lag_max_ms=2003.0),)
    assert decided(snapshot, GOOD).exit_code == ExitCode.INVALID


# Where a failed criterion sends its reader.


def test_failed_checks_point_at_the_weakest_check():
    snapshot = (
        healthy()
        .add("checks", *[1.0] * 9, 0.0, check="is ok", scenario="api")
        .add("checks", *[1.0] * 7, *[0.0] * 3, check="has id", scenario="api")
    )
    assert (
        decided(snapshot, ("checks", "rate>0.99"))
        .reasons[0]
        .endswith("Look at the check 'has id': 3 of 10 failed.")
    )


def test_failed_requests_point_at_the_endpoint_and_its_commonest_failure():
    snapshot = healthy()
    for method, status, error, values in (
        ("GET", "200", "", [0.0] * 9),
        ("GET", "0", "connection refused", [1.0]),
        ("POST", "503", "", [1.0] * 4),
        ("POST", "0", "timed out", [1.0]),
    ):
        tags = {"method": method, "name": "/runs", "status": status}
        snapshot.add("http_req_failed", *values, **tags, **({"error": error} if error else {}))
    (reason, *_) = decided(snapshot, ("http_req_failed", "rate<0.01")).reasons
    assert reason.endswith("Look at POST /runs: 5 of 5 failed, mostly with status 503.")


def test_slow_requests_point_at_the_slowest_endpoint():
    snapshot = healthy()
    for name, value_ms in (("/fast", 5), ("/slow", 900), ("/middling", 500)):
        snapshot.add_ms(
            "http_req_duration", value_ms, name=name, method="GET", expected_response="true"
        )
    (reason, *_) = decided(snapshot, ("http_req_duration", "p(95)<100")).reasons
    assert reason.endswith("Look at GET /slow: the slowest, at 900 ms.")


def test_a_finished_ledger_is_balanced():
    assert DONE["api"].balanced


@pytest.mark.parametrize("metric", ["http_reqs", "ws_msgs_sent", "group_duration", "queue_depth"])
def test_a_run_that_measured_nothing_says_so_and_one_that_measured_anything_does_not(metric):
    def told(snapshot, *thresholds):
        return NOTHING_MEASURED in decided(snapshot, *thresholds, default_gates=True).reasons

    idle = (
        ExactSnapshot(worker_list=(worker(),), extra=(DEPTH,))
        .add("iteration_failed", 0.0)
        .add("iterations", 1)
    )
    assert decided(idle, default_gates=True).verdict is Verdict.PASS
    assert told(idle)
    assert not told(idle, ("iterations", "count>0"))  # which is asked of on purpose
    assert not told(idle.add(metric, 1.0))
