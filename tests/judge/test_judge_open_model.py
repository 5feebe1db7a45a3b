"""The open model: which duration is gated, and when a generator has not kept its rate."""

from __future__ import annotations

import pytest
from exact_snapshot import ExactSnapshot, worker
from plans import ALL_METRICS, plan_with

from atlas_perf.judge.thresholds import Judge
from atlas_perf.judge.verdict import decide
from atlas_perf.model.plan import ConstantArrivalRate, ConstantVUs, ScenarioPlan, ThresholdPlan
from atlas_perf.model.summary import CriterionState
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import NS_PER_S

OPEN = (ScenarioPlan("api", ConstantArrivalRate(10, NS_PER_S, 1, 1)),)
GATED = {"scenarios": OPEN, "default_gates": True}
SUCCESS = {"expected_response": "true", "scenario": "api"}


def late() -> ExactSnapshot:
    """A target that is quick, and requests that went out long after they were due."""
    snapshot = ExactSnapshot(worker_list=(worker(),))
    snapshot.add_ms("http_req_duration", *[5.0] * 10, **SUCCESS)
    return snapshot.add_ms("http_req_response_time", *[900.0] * 10, **SUCCESS)


def judged(*thresholds: ThresholdPlan | tuple[str, str], **changes: object):
    results = Judge(plan_with(*thresholds, **changes), ALL_METRICS).evaluate(late())
    return [(one.selector, one.expression, one.state.value, one.default_gate) for one in results]


def test_each_of_the_three_durations_has_criteria_of_its_own():
    snapshot = late().add_ms("iteration_lag", *[3.0] * 10, scenario="api")
    durations = {"http_req_response_time": 900, "http_req_duration": 5, "iteration_lag": 3}
    thresholds = [(name, f"p(95)<={value_ms}") for name, value_ms in durations.items()]
    results = Judge(plan_with(*thresholds, scenarios=OPEN), ALL_METRICS).evaluate(snapshot)
    assert [(one.selector, one.state.value, one.value) for one in results] == [
        (name, "passed", value_ms) for name, value_ms in durations.items()
    ]


def test_a_limit_on_the_duration_holds_for_the_response_time_too():
    assert judged(("http_req_duration", "p(95)<500"), **GATED) == [
        ("http_req_duration", "p(95)<500", "passed", False),
        ("http_req_response_time", "p(95)<500", "failed", True),
    ]


def test_with_the_same_tags():
    assert judged(("http_req_duration{scenario:api}", "max<=500"), **GATED)[1] == (
        "http_req_response_time{scenario:api}",
        "max<=500",
        "failed",
        True,
    )


def test_a_criterion_of_the_plans_own_on_it_says_what_is_wanted():
    own = (("http_req_duration", "p(95)<500"), ("http_req_response_time", "p(95)<1000"))
    assert [one[2:] for one in judged(*own, **GATED)] == [("passed", False), ("passed", False)]


def late_messages() -> ExactSnapshot:
    snapshot = late().add_ms("ws_rtt", *[5.0] * 10, **SUCCESS)
    snapshot.add_ms("ws_response_time", *[7.0] * 10, operation="connect", **SUCCESS)
    return snapshot.add_ms("ws_response_time", *[900.0] * 10, operation="rtt", **SUCCESS)


@pytest.mark.parametrize("tags", ["", "scenario:api"])
def test_a_limit_on_round_trips_holds_for_their_response_time_too(tags):
    selector = f"ws_rtt{{{tags}}}" if tags else "ws_rtt"
    plan = plan_with((selector, "p(95)<500"), **GATED)
    own, gate = Judge(plan, ALL_METRICS).evaluate(late_messages())
    assert (own.state, own.default_gate) == (CriterionState.PASSED, False)
    assert (gate.state, gate.default_gate, gate.value) == (CriterionState.FAILED, True, 900.0)
    assert gate.selector == f"ws_response_time{{{','.join(filter(None, ('operation:rtt', tags)))}}}"


@pytest.mark.parametrize("selector", ["ws_response_time", "ws_response_time{operation:rtt}"])
def test_a_criterion_of_the_plans_own_on_it_takes_its_place_for_messages_too(selector):
    plan = plan_with(("ws_rtt", "p(95)<500"), (selector, "p(95)<1000"), **GATED)
    results = Judge(plan, ALL_METRICS).evaluate(late_messages())
    assert [one.state.value for one in results] == ["passed", "passed"]


@pytest.mark.parametrize(
    ("threshold", "changes"),
    [
        (("ws_rtt", "p(95)>1"), {}),
        (("http_req_duration", "p(95)>1"), {}),  # no upper limit
        (("http_req_waiting", "p(95)<500"), {}),
        (("http_req_duration", "p(95)<500"), {"default_gates": False}),
        (
            ("http_req_duration", "p(95)<500"),
            {"scenarios": (ScenarioPlan("api", ConstantVUs(1, NS_PER_S)),)},
        ),
    ],
)
def test_nothing_else_is_gated_so(threshold, changes):
    results = judged(threshold, **{**GATED, **changes})
    assert [one[0] for one in results] == [threshold[0]]


def test_requests_of_a_closed_scenario_have_no_response_time_and_are_no_missing_data():
    assert judged(("http_req_duration{scenario:closed}", "p(95)<500"), **GATED) == [
        ("http_req_duration{scenario:closed}", "p(95)<500", "no_data", False)
    ]


def test_the_gate_ends_no_run_early():
    plan = plan_with(ThresholdPlan("http_req_duration", "p(95)<500", abort_on_fail=True), **GATED)
    judge = Judge(plan, ALL_METRICS)
    results = judge.evaluate(late())
    assert results[1].state is CriterionState.FAILED
    assert judge.breach_to_abort(late(), results) is None


def with_lag(*lags_ms: float, took_ms: float = 200.0) -> ExactSnapshot:
    snapshot = ExactSnapshot(worker_list=(worker(),)).add("http_reqs", 1.0)
    snapshot.add_ms("http_req_duration", *[took_ms] * 100, **SUCCESS)
    return snapshot.add_ms("iteration_lag", *lags_ms, scenario="api")


def verdict_of(snapshot: ExactSnapshot):
    results = Judge(plan_with(("http_reqs", "count>0")), ALL_METRICS).evaluate(snapshot)
    return decide(results, snapshot, invalid=(), interrupted=False)


@pytest.mark.parametrize(
    ("lags_ms", "took_ms", "verdict"),
    [
        ([0.1] * 990 + [110.0] * 10, 200.0, Verdict.PASS),  # fewer than one in a hundred
        ([0.1] * 980 + [110.0] * 20, 200.0, Verdict.INVALID),
        ([0.1] * 980 + [99.0] * 20, 200.0, Verdict.PASS),
        ([0.1] * 980 + [50.0] * 20, 5.0, Verdict.INVALID),  # the generator's, and not the target's
        ([0.1] * 980 + [50.0] * 20, 60.0, Verdict.PASS),
        ([0.1] * 980 + [19.0] * 20, 5.0, Verdict.PASS),
    ],
)
def test_a_generator_that_begins_late_proves_nothing(lags_ms, took_ms, verdict):
    assert verdict_of(with_lag(*lags_ms, took_ms=took_ms)).verdict is verdict


def test_the_sentence_says_how_late_and_what_to_do():
    (reason,) = verdict_of(with_lag(*[50.0] * 100, took_ms=5.0)).reasons
    assert reason.startswith(
        "Scenario api began one iteration in a hundred 50 ms or more after it was due, longer than "
        "95 % of its requests took: the generator did not keep the planned rate"
    )
    assert "a lower rate" in reason


def test_lag_needs_no_request_to_count():
    snapshot = ExactSnapshot(worker_list=(worker(),)).add("http_reqs", 1.0)
    snapshot.add_ms("iteration_lag", *[150.0] * 10, scenario="api")
    (reason,) = verdict_of(snapshot).reasons
    assert "150 ms or more after it was due: the generator" in reason
