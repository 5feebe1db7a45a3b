"""What a step comes to: met, broken, or nothing said about the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from atlas_perf.errors import ExitCode, PlanError, ScenarioError
from atlas_perf.judge.slo import Judged, SloJudge, with_slo
from atlas_perf.model.capacity import StepOutcome
from atlas_perf.model.metric import FORGOTTEN_AWAITS, Contains, MetricKind
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    Executor,
    ScenarioPlan,
    TestPlan,
    ThresholdPlan,
)
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import Censored, CounterTotal, RateTotal, Total, TrendTotal
from atlas_perf.model.summary import (
    CriterionState,
    ExceptionSummary,
    Facts,
    MetricSummary,
    Summary,
)
from atlas_perf.model.verdict import Verdict
from atlas_perf.sketch.ddsketch import Sketch

S = 1_000_000_000
MS = 1_000_000
OPEN = ConstantArrivalRate(10, 20 * S, 5, 5)
RESPONSE = ThresholdPlan("http_req_response_time", "p(95)<300")
FACTS = Facts("", "", "", "", "", 1, "", "")


def times(value_ms: float) -> TrendTotal:
    sketch = Sketch()
    for _ in range(20):
        sketch.add(value_ms * MS)
    return TrendTotal(sketch)


def judged(
    totals: Mapping[str, Total],
    *slo: ThresholdPlan,
    executor: Executor = OPEN,
    verdict: Verdict = Verdict.PASS,
    exit_code: ExitCode = ExitCode.PASS,
    forgotten: int = 0,
) -> Judged:
    slo = slo or (RESPONSE,)
    plan = TestPlan("a", "a.py", "", (ScenarioPlan("a", executor),))
    judge = SloJudge(with_slo(plan, slo), len(slo), 10 * S)
    summary = Summary("a", "a.py", "", "", 1.0, verdict, exit_code, ("It stood still.",), FACTS, {})
    if forgotten:
        count = MetricSummary(
            FORGOTTEN_AWAITS,
            MetricKind.COUNTER,
            Contains.DEFAULT,
            {"count": forgotten, "rate": 1.0},
        )
        never = ExceptionSummary("a", "NeverAwaited", "vu.http.get …", "a.py", 7, forgotten, "")
        summary = replace(summary, metrics={FORGOTTEN_AWAITS: count}, exceptions=(never,))
    by_selector = {Selector.parse(name): total for name, total in totals.items()}
    assert by_selector.keys() <= judge.selectors
    return judge.judge(summary, by_selector.get)


def test_a_step_is_met_if_every_criterion_holds() -> None:
    step = judged({"http_req_response_time": times(200), "http_req_failed": RateTotal(0, 100)})
    assert (step.outcome, step.reasons, step.no_data) == (StepOutcome.MET, (), False)
    states = {result.selector: result.state for result in step.criteria}
    assert states["http_req_response_time"] is CriterionState.PASSED


def test_a_broken_criterion_is_said_with_its_value() -> None:
    step = judged({"http_req_response_time": times(400)})
    assert step.outcome is StepOutcome.BROKEN
    (reason,) = step.reasons
    assert reason.startswith("http_req_response_time: p(95)<300 was 4")


def test_failed_requests_break_a_step_unless_an_slo_is_about_them() -> None:
    totals = {"http_req_response_time": times(1), "http_req_failed": RateTotal(2, 100)}
    assert judged(totals).outcome is StepOutcome.BROKEN
    generous = ThresholdPlan("http_req_failed", "rate<0.5")
    assert judged(totals, RESPONSE, generous).outcome is StepOutcome.MET


def test_an_invalid_run_proves_nothing_however_slow_it_was() -> None:
    step = judged({"http_req_response_time": times(9000)}, verdict=Verdict.INVALID)
    assert (step.outcome, step.reasons) == (StepOutcome.UNPROVEN, ("It stood still.",))
    step = judged({"http_req_response_time": times(1)}, exit_code=ExitCode.INTERRUPTED)
    assert step.outcome is StepOutcome.UNPROVEN


def test_a_wait_for_users_is_not_the_targets_if_its_requests_were_fast() -> None:
    waits = {"http_req_response_time": times(400), "iteration_wait": times(390)}
    step = judged({**waits, "http_req_duration": times(10)})
    assert step.outcome is StepOutcome.UNPROVEN
    assert step.reasons[0].startswith("20 iterations waited for a free user")
    assert judged({**waits, "http_req_duration": times(350)}).outcome is StepOutcome.BROKEN


def test_an_slo_on_the_duration_of_requests_is_gated_on_the_response_time_as_well() -> None:
    service = ThresholdPlan("http_req_duration", "p(95)<300")
    totals = {"http_req_duration": times(10), "http_req_response_time": times(400)}
    assert judged(totals, service).outcome is StepOutcome.BROKEN
    closed = judged({"http_req_duration": times(10)}, service, executor=ConstantVUs(1, S))
    assert closed.outcome is StepOutcome.MET


def test_no_sample_is_no_success() -> None:
    step = judged({})
    assert (step.outcome, step.no_data) == (StepOutcome.UNPROVEN, True)
    assert step.reasons == ("http_req_response_time: p(95)<300 had nothing to judge",)


def test_a_target_that_fails_every_request_has_broken_the_slo() -> None:
    step = judged({"http_req_failed": RateTotal(100, 100)})
    assert (step.outcome, step.no_data) == (StepOutcome.BROKEN, False)


def test_a_rate_is_of_the_measured_part() -> None:
    totals = {"http_reqs": CounterTotal(100, 100.0)}
    assert judged(totals, ThresholdPlan("http_reqs", "rate>=10")).outcome is StepOutcome.MET
    assert judged(totals, ThresholdPlan("http_reqs", "rate>10")).outcome is StepOutcome.BROKEN


@pytest.mark.parametrize(
    ("slo", "sentence"),
    [
        (ThresholdPlan("vus", "value<3"), "a gauge has no total"),
        (ThresholdPlan("http_req_failed", "rate<0.1 in any 5s"), "leave 'in any' and 'over' out"),
        (ThresholdPlan("http_req_failed", "rate<0.1 over steady"), "leave 'in any' and 'over' out"),
        (ThresholdPlan("http_req_duration", "rate<0.1"), "which has no rate"),
        (ThresholdPlan("http_req_duration", "p(95)<10000"), "give a longer --hold"),
        (ThresholdPlan("nothing", "rate<0.1"), "there is no metric 'nothing'"),
    ],
)
def test_what_cannot_be_judged_of_a_step_is_refused(slo: ThresholdPlan, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        judged({}, slo)


def cut_off(known: int, ages_ms: float, count: int) -> TrendTotal:
    """Requests of 10 ms, and others that were still in flight at an age."""
    values, ages = Sketch(), Sketch()
    values.add(10 * MS, known)
    ages.add(ages_ms * MS, count)
    both = values.copy()
    both.merge(ages)
    return TrendTotal(values, Censored(ages, both))


@pytest.mark.parametrize("ages_ms", [100, 9000])
def test_a_criterion_that_requests_in_flight_leave_open_is_broken(ages_ms: float) -> None:
    """They are the target's, whether or not they were that old when they were cut off."""
    step = judged({"http_req_response_time": cut_off(90, ages_ms, 10)})
    assert (step.outcome, step.no_data) == (StepOutcome.BROKEN, False)
    assert "p(95)<300 was at least" in step.reasons[0]
    assert step.criteria[0].at_least


def test_so_many_requests_in_flight_as_may_not_fail_break_a_step() -> None:
    totals: dict[str, Total] = {"http_req_response_time": cut_off(98, 9000, 2)}
    for censored, outcome in ((1, StepOutcome.MET), (2, StepOutcome.BROKEN)):
        totals["http_reqs_censored"] = CounterTotal(censored, censored)
        totals["http_reqs"] = CounterTotal(100 - censored, 100 - censored)
        step = judged(totals)
        assert step.outcome is outcome
    assert step.reasons == ("2 of 100 requests were still in flight when their time was up",)


def test_messages_are_held_to_both_as_requests_are() -> None:
    service = ThresholdPlan("ws_rtt", "p(95)<300")
    late = {"ws_rtt": times(10), "ws_response_time{operation:rtt}": times(400)}
    assert judged(late, service).outcome is StepOutcome.BROKEN
    # Unless it was for want of a user that they went out late.
    assert judged({**late, "iteration_wait": times(390)}, service).outcome is StepOutcome.UNPROVEN

    totals: dict[str, Total] = {"ws_rtt": times(10), "ws_rtt_failed": RateTotal(0, 98)}
    assert judged(totals, service).outcome is StepOutcome.MET
    step = judged({**totals, "ws_msgs_censored": CounterTotal(2, 2)}, service)
    assert step.outcome is StepOutcome.BROKEN
    assert step.reasons == ("2 of 100 messages were still in flight when their time was up",)


def test_a_forgotten_await_is_the_scenarios_and_says_nothing_of_the_target() -> None:
    totals: dict[str, Total] = {
        "http_req_response_time": times(10),
        "forgotten_awaits": CounterTotal(3, 3),
    }
    with pytest.raises(ScenarioError, match=r"^a\.py:7: the scenario forgot to await 3 calls"):
        judged(totals, forgotten=3)
    with pytest.raises(ScenarioError, match="forgot to await 1 call in one step"):
        judged(totals, forgotten=1, verdict=Verdict.INVALID)
    wanted = ThresholdPlan("forgotten_awaits", "count<9")
    del totals["http_req_response_time"]
    assert judged(totals, wanted, forgotten=3).outcome is StepOutcome.MET
