"""What a run comes to when some of its requests were cut off in flight."""

from __future__ import annotations

import pytest
from exact_snapshot import ExactSnapshot, worker
from plans import ALL_METRICS, plan_with

from atlas_perf.errors import ExitCode
from atlas_perf.judge.no_data import folded_reason
from atlas_perf.judge.summarize import summarize
from atlas_perf.judge.thresholds import Judge
from atlas_perf.judge.verdict import Decision, decide
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    RampingVUs,
    ScenarioPlan,
    Stage,
    TestPlan,
    ThresholdPlan,
)
from atlas_perf.model.series import Selector
from atlas_perf.model.summary import Facts, Summary
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import NS_PER_S

GOOD = ("http_reqs", "count>0")
OWN = ("http_reqs_censored", "count<1000")
OPEN = (ScenarioPlan("api", ConstantArrivalRate(10, NS_PER_S, 1, 1)),)


def run(ended: int, censored: int) -> ExactSnapshot:
    snapshot = ExactSnapshot(worker_list=(worker(),)).add("http_reqs", *[1.0] * ended)
    if censored:
        snapshot.add("http_reqs_censored", *[1.0] * censored, expected_response="unknown")
    return snapshot


def decided(snapshot: ExactSnapshot, *thresholds, interrupted: bool = False) -> Decision:
    results = Judge(plan_with(*thresholds), ALL_METRICS).evaluate(snapshot)
    return decide(results, snapshot, invalid=[], interrupted=interrupted)


@pytest.mark.parametrize(
    ("censored", "thresholds", "verdict"),
    [
        (0, [GOOD], Verdict.PASS),
        (1, [GOOD], Verdict.PASS),  # one of a hundred
        (2, [GOOD], Verdict.NO_DATA),
        (2, [GOOD, OWN], Verdict.PASS),
        (2, [GOOD, ("http_reqs_censored", "count<2")], Verdict.FAIL),
        (2, [GOOD, ("http_reqs", "count>1000")], Verdict.FAIL),
    ],
)
def test_many_of_unknown_outcome_do_not_pass_unless_the_plan_says_how_many_may(
    censored, thresholds, verdict
):
    decision = decided(run(99, censored), *thresholds)
    assert decision.verdict is verdict
    told = any("cut off in flight" in sentence for sentence in decision.reasons)
    own = any(selector == "http_reqs_censored" for selector, _ in thresholds)
    assert told == (censored == 2 and not own)


@pytest.mark.parametrize(
    ("censored", "own", "verdict"),
    [(1, (), Verdict.PASS), (2, (), Verdict.NO_DATA), (2, ("ws_msgs_censored",), Verdict.PASS)],
)
def test_it_is_the_same_with_messages(censored, own, verdict):
    snapshot = run(100, 0).add("ws_rtt_failed", *[0.0] * 90, *[1.0] * 9)
    snapshot.add("ws_msgs_censored", *[1.0] * censored, expected_response="unknown")
    decision = decided(snapshot, GOOD, *((name, "count<1000") for name in own))
    assert decision.verdict is verdict
    told = any(f"{censored} of {99 + censored} messages" in one for one in decision.reasons)
    assert told == (verdict is Verdict.NO_DATA)


def test_the_sentence_says_how_many_and_what_to_do():
    (sentence, *_) = decided(run(90, 10), GOOD).reasons
    assert sentence.startswith("10 of 100 requests (10.0 %) were cut off in flight")
    assert "gracefulStop" in sentence
    assert "http_reqs_censored" in sentence


def test_a_run_that_was_stopped_is_not_told_what_the_stop_did():
    decision = decided(run(90, 10), GOOD, interrupted=True)
    assert (decision.verdict, decision.exit_code) == (Verdict.INVALID, ExitCode.INTERRUPTED)
    assert not any("cut off in flight" in one for one in decision.reasons)


def test_the_gate_of_the_open_model_does_not_vanish_where_it_is_undecided():
    """Its metric has a sample: the age of a request. A gate without any is left out."""
    snapshot = run(100, 0)
    snapshot.add_ms("http_req_duration", *[10.0] * 100, expected_response="true")
    snapshot.add_ms("http_req_response_time", *[10.0] * 90, expected_response="true")
    snapshot.add_ms("http_req_response_time", *[400.0] * 10, expected_response="unknown")
    plan = plan_with(("http_req_duration", "p(95)<500"), scenarios=OPEN, default_gates=True)
    results = Judge(plan, ALL_METRICS).evaluate(snapshot)
    states = {(one.selector, one.default_gate): one for one in results}
    gate = states["http_req_response_time", True]
    assert (gate.state, gate.value, gate.at_least) == ("no_data", 400.0, True)
    assert decide(results, snapshot, invalid=[], interrupted=False).verdict is Verdict.NO_DATA


def test_a_bound_that_breaks_a_limit_ends_a_run_that_asks_for_it():
    snapshot = ExactSnapshot().add_ms("http_req_duration", 900.0, expected_response="unknown")
    threshold = ThresholdPlan("http_req_duration", "p(95)<500", abort_on_fail=True)
    judge = Judge(plan_with(threshold), ALL_METRICS)
    assert judge.breach_to_abort(snapshot, judge.evaluate(snapshot)) is not None


def test_an_age_that_was_folded_away_leaves_a_criterion_without_data():
    snapshot = ExactSnapshot()
    snapshot.add_ms("http_req_duration", 1.0, expected_response="true", name="login")
    login = Selector.parse("http_req_duration{name:login}")
    assert folded_reason(login, snapshot) == ""
    snapshot.add_ms("http_req_duration", 9.0, expected_response="unknown", name="(other)")
    assert "(other)" in folded_reason(login, snapshot)
    assert folded_reason(Selector("http_req_duration"), snapshot) == ""


def summarized(snapshot: ExactSnapshot) -> Summary:
    plan = plan_with(GOOD, summary_trend_stats=("avg", "min", "p(50)", "p(99)", "max"))
    results = Judge(plan, ALL_METRICS).evaluate(snapshot)
    decision = decide(results, snapshot, invalid=[], interrupted=False)
    facts = Facts("1", "3", "0", "x", "x", 1, "", "")
    return summarize(plan, snapshot, decision, results, started_at="", facts=facts, plan_plain={})


def test_a_summary_says_which_numbers_are_bounds():
    endpoint = {"method": "GET", "name": "/a", "scenario": "api"}
    hung = {**endpoint, "name": "/hung"}
    snapshot = run(0, 0)
    snapshot.add("http_reqs", *[1.0] * 95, **endpoint, status="200")
    snapshot.add("http_reqs_censored", *[1.0] * 4, **endpoint, expected_response="unknown")
    snapshot.add("http_reqs_censored", 1.0, **hung, expected_response="unknown")
    for metric, known_ms in (("http_req_duration", 10.0), ("http_req_response_time", 15.0)):
        snapshot.add_ms(metric, *[known_ms] * 95, **endpoint, expected_response="true")
        snapshot.add_ms(metric, *[200.0] * 4, **endpoint, expected_response="unknown")
        snapshot.add_ms(metric, 300.0, **hung, expected_response="unknown")
    summary = summarized(snapshot)

    duration = summary.metrics["http_req_duration"]
    assert (duration.values["count"], duration.censored) == (95, 5)
    assert duration.at_least == ("avg", "p(99)", "max")
    assert (duration.values["p(50)"], duration.values["max"]) == (10.0, 300.0)
    ages = summary.metrics["http_req_duration{expected_response:unknown}"]
    assert (ages.values["count"], ages.values["max"], ages.at_least) == (5, 300.0, ())
    assert summary.metrics["http_reqs"].values["count"] == 95

    endpoints = {one.name: one for one in summary.endpoints}
    known, unknown = endpoints["/a"], endpoints["/hung"]
    assert (known.requests, known.failed, known.censored) == (95, 0, 4)
    assert known.latency_at_least == ("avg", "p(99)", "max")
    assert (known.latency_ms["p(50)"], known.response_ms["p(50)"]) == (10.0, 15.0)
    assert known.response_at_least == known.latency_at_least
    assert (unknown.requests, unknown.censored) == (0, 1)
    assert unknown.latency_at_least == ("avg", "p(50)", "p(95)", "p(99)", "max")


def test_a_closed_model_has_no_response_times():
    snapshot = run(0, 0)
    snapshot.add("http_reqs", 1.0, method="GET", name="/a")
    snapshot.add_ms("http_req_duration", 9.0, method="GET", name="/a", expected_response="true")
    (endpoint,) = summarized(snapshot).endpoints
    assert (endpoint.response_ms, endpoint.censored, endpoint.latency_at_least) == ({}, 0, ())


def phased(thresholds: list[tuple[str, str]]) -> TestPlan:
    ramp = RampingVUs(0, (Stage(10 * NS_PER_S, 5), Stage(10 * NS_PER_S, 5)))
    return plan_with(*thresholds, scenarios=(ScenarioPlan("api", ramp),))


def test_they_count_in_the_phase_that_their_iteration_began_in():
    snapshot = ExactSnapshot(elapsed_ns=20 * NS_PER_S)
    for phase in ("ramp", "steady"):
        snapshot.add_ms("http_req_duration", *[10.0] * 20, expected_response="true", phase=phase)
        for second in range(10) if phase == "ramp" else range(10, 20):
            snapshot.second(second).add_ms(
                "http_req_duration", *[10.0] * 2, expected_response="true", phase=phase
            )
    for cut in (snapshot, snapshot.second(20)):
        cut.add_ms("http_req_duration", *[99.0] * 9, expected_response="unknown", phase="steady")
    expressions = [
        "p(90)<500 over ramp",
        "p(90)<500 over steady",
        "p(90)<500 in any 5s over steady",
    ]
    thresholds = [("http_req_duration", expression) for expression in expressions]
    results = Judge(phased(thresholds), ALL_METRICS).evaluate(snapshot)
    assert [one.state.value for one in results] == ["passed", "no_data", "no_data"]
    assert all(one.reason.startswith("9 of 29 were cut off") for one in results[1:])


def test_those_of_a_warm_up_that_does_not_count_do_not_either():
    snapshot = ExactSnapshot(uncounted_phase="warm-up")
    snapshot.add_ms("http_req_duration", *[10.0] * 20, expected_response="true", phase="steady")
    snapshot.add_ms("http_req_duration", *[99.0] * 9, expected_response="unknown", phase="warm-up")
    (result,) = Judge(plan_with(("http_req_duration", "max<50")), ALL_METRICS).evaluate(snapshot)
    assert (result.state.value, result.at_least) == ("passed", False)
