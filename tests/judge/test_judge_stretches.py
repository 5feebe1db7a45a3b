"""`in any 30s`: a criterion asked of every stretch of the run."""

from __future__ import annotations

import pytest

from atlas_perf.errors import PlanError
from atlas_perf.judge.grammar import parse_threshold
from atlas_perf.judge.thresholds import Judge
from atlas_perf.model.plan import ConstantVUs, RampingVUs, ScenarioPlan, SharedIterations, Stage
from atlas_perf.model.summary import CriterionState, ThresholdResult
from atlas_perf.units import NS_PER_S
from tests.judge.exact_snapshot import ExactSnapshot
from tests.judge.plans import ALL_METRICS, plan_with


def _judged(snapshot: ExactSnapshot, selector: str, expression: str) -> ThresholdResult:
    (result,) = Judge(plan_with((selector, expression)), ALL_METRICS).evaluate(snapshot)
    return result


def _run(*failed_per_second: int, of: int = 10) -> ExactSnapshot:
    """A run of so many seconds, each with 10 requests of which so many failed."""
    snapshot = ExactSnapshot(elapsed_ns=len(failed_per_second) * NS_PER_S)
    for number, failed in enumerate(failed_per_second):
        outcomes = [1.0] * failed + [0.0] * (of - failed)
        snapshot.second(number).add("http_req_failed", *outcomes)
        snapshot.add("http_req_failed", *outcomes)
    return snapshot


def test_a_scope_is_read():
    assert parse_threshold("rate<0.01 in any 1m30s").stretch_s == 90
    assert parse_threshold("p(95) < 500   in  any  30s").limit == 500
    assert parse_threshold("rate<0.01").stretch_s is None


@pytest.mark.parametrize("length", ["", "30", "500ms", "0s", "1.5s", "steady", "-3s"])
def test_a_stretch_that_is_no_whole_seconds_is_refused(length):
    with pytest.raises(ValueError, match="not a stretch of whole seconds: write 'in any 30s'"):
        parse_threshold(f"rate<0.01 in any {length}")


def test_two_bad_seconds_cannot_hide_in_a_good_run():
    snapshot = _run(0, 0, 0, 4, 6, 0, 0, 0, 0, 0)
    assert _judged(snapshot, "http_req_failed", "rate<0.2").state is CriterionState.PASSED
    result = _judged(snapshot, "http_req_failed", "rate<0.2 in any 2s")
    assert result.state is CriterionState.FAILED
    assert result.value == 0.5
    assert "in seconds 3 to 5, which breaks the limit < 0.2" in result.reason


def test_stretches_overlap():
    assert _judged(_run(0, 5, 5, 0), "http_req_failed", "rate<0.5 in any 2s").value == 0.5


def test_the_value_is_the_worst_stretchs_also_of_a_pass():
    result = _judged(_run(1, 3, 2), "http_req_failed", "rate<=0.25 in any 2s")
    assert (result.state, result.value) == (CriterionState.PASSED, 0.25)


def test_for_a_lower_limit_the_lowest_is_worst():
    snapshot = ExactSnapshot(elapsed_ns=3 * NS_PER_S)
    for number, requests in enumerate((50, 10, 50)):
        snapshot.second(number).add("http_reqs", *[1.0] * requests)
    result = _judged(snapshot, "http_reqs", "rate>35 in any 2s")
    assert (result.state, result.value) == (CriterionState.FAILED, 30.0)


def test_equality_is_broken_by_any_other_stretch():
    snapshot = ExactSnapshot(elapsed_ns=3 * NS_PER_S)
    for number in range(3):
        snapshot.second(number).add("http_reqs", *[1.0] * (5 if number == 1 else 4))
    assert _judged(snapshot, "http_reqs", "count==4 in any 1s").value == 5.0


def test_percentiles_are_of_each_stretch():
    snapshot = ExactSnapshot(elapsed_ns=4 * NS_PER_S)
    for number, latency_ms in enumerate((10, 10, 900, 10)):
        snapshot.second(number).add_ms(
            "http_req_duration", *[latency_ms] * 20, expected_response="true"
        )
    result = _judged(snapshot, "http_req_duration", "p(95)<500 in any 1s")
    assert (result.state, result.value) == (CriterionState.FAILED, 900.0)


def test_a_stretch_without_samples_says_nothing_of_a_share_or_a_time():
    snapshot = ExactSnapshot(elapsed_ns=3 * NS_PER_S)
    snapshot.second(1).add("http_req_failed", 0.0)
    assert _judged(snapshot, "http_req_failed", "rate<1 in any 1s").state is CriterionState.PASSED


def _requests(*per_second: int) -> ExactSnapshot:
    snapshot = ExactSnapshot(elapsed_ns=len(per_second) * NS_PER_S)
    for number, requests in enumerate(per_second):
        for one in (snapshot, snapshot.second(number)):
            one.add("http_reqs", *[1.0] * requests)
    return snapshot


@pytest.mark.parametrize("expression", ["count>=1", "rate>35", "count!=0", "count==40"])
def test_a_counter_that_stood_still_under_load_counted_nothing(expression):
    """A server that hangs takes its requests out of the rate: the worst stretch has none."""
    result = _judged(_requests(40, 40, 0, 40), "http_reqs", f"{expression} in any 1s")
    assert (result.state, result.value) == (CriterionState.FAILED, 0.0)
    assert "was 0" in result.reason
    assert "in seconds 2 to 3" in result.reason


def test_nothing_is_no_worst_of_an_upper_limit():
    result = _judged(_requests(0, 40, 10), "http_reqs", "rate<50 in any 1s")
    assert (result.state, result.value) == (CriterionState.PASSED, 40.0)


@pytest.mark.parametrize(
    ("executor", "offered_s"),
    [
        (ConstantVUs(5, 2 * NS_PER_S), 99),  # its last iterations take two seconds more
        (ConstantVUs(5, 10 * NS_PER_S), 2),  # it was stopped
        (SharedIterations(5, 80, 10 * NS_PER_S), 99),  # all of them are under way
        (RampingVUs(0, (Stage(2 * NS_PER_S, 5), Stage(9 * NS_PER_S, 0))), 99),
    ],
)
def test_where_no_load_is_held_nothing_need_be_counted(executor, offered_s):
    plan = plan_with(("http_reqs", "rate>35 in any 1s"), scenarios=(ScenarioPlan("api", executor),))
    snapshot = _requests(40, 40, 0, 0)
    snapshot.offered_ns = offered_s * NS_PER_S
    (result,) = Judge(plan, ALL_METRICS).evaluate(snapshot)
    assert (result.state, result.value) == (CriterionState.PASSED, 40.0)


def test_a_counter_without_any_sample_is_no_data_in_stretches_too():
    snapshot = ExactSnapshot(elapsed_ns=3 * NS_PER_S)
    result = _judged(snapshot, "http_reqs", "count>=1 in any 1s")
    assert (result.state, result.value) == (CriterionState.NO_DATA, None)
    snapshot.add("http_reqs", 1.0)  # in the last fraction of a second
    assert _judged(snapshot, "http_reqs", "count>=1 in any 1s").state is CriterionState.FAILED
    assert _judged(snapshot, "http_reqs", "count<1 in any 1s").state is CriterionState.NO_DATA


def test_a_run_shorter_than_the_stretch_is_no_data():
    result = _judged(_run(0, 0), "http_req_failed", "rate<0.5 in any 30s")
    assert result.state is CriterionState.NO_DATA
    assert "measured 2 whole seconds, fewer than the 30 it asks of" in result.reason


def test_what_was_seen_under_way_is_remembered():
    judge = Judge(plan_with(("http_req_failed", "rate<0.5 in any 1s")), ALL_METRICS)
    judge.watch(_run(0, 9))
    (result,) = judge.evaluate(_run(0, 0, 0))  # as if its first seconds were one long window now
    assert (result.state, result.value) == (CriterionState.FAILED, 0.9)


def test_a_gauge_has_no_stretches():
    with pytest.raises(PlanError, match="vus is a gauge, which has no stretches"):
        Judge(plan_with(("vus", "value<5 in any 30s")), ALL_METRICS)


def _load(seconds: int, *cut_off: int, known: int = 20) -> ExactSnapshot:
    """So many seconds of fast requests and a fraction; 9 requests were cut off in each of these."""
    snapshot = ExactSnapshot(elapsed_ns=seconds * NS_PER_S + NS_PER_S // 2)
    for number in range(seconds):
        for one in (snapshot, snapshot.second(number)):
            one.add_ms("http_req_duration", *[10.0] * known, expected_response="true")
    for number in cut_off:
        for one in (snapshot, snapshot.second(number)):
            one.add_ms("http_req_duration", *[900.0] * 9, expected_response="unknown")
    return snapshot


@pytest.mark.parametrize(
    ("cut_off", "state"),
    [
        ((), CriterionState.PASSED),
        ((20,), CriterionState.NO_DATA),  # the run's last fraction of a second
        ((3,), CriterionState.FAILED),  # their ages of 900 ms are lower bounds in second 3
    ],
)
def test_what_was_cut_off_counts_where_it_was(cut_off, state):
    result = _judged(_load(20, *cut_off), "http_req_duration", "p(85)<500 in any 2s")
    assert result.state is state


def test_what_was_cut_off_long_ago_does_not_count_again_in_the_newest_stretch():
    """A scenario of 40 requests in a second ended early; one of 2 in a second went on."""
    snapshot = _load(20, 3, known=40)
    for number in range(10, 20):
        snapshot.second(number).data.clear()
        snapshot.second(number).add_ms("http_req_duration", 10.0, 10.0, expected_response="true")
    result = _judged(snapshot, "http_req_duration", "p(85)<500 in any 2s")
    assert result.state is CriterionState.PASSED, result.reason


def test_what_was_cut_off_long_ago_is_no_lower_bound_of_an_empty_newest_stretch():
    snapshot = _load(20, 3, known=40)
    for number in range(15, 20):
        snapshot.second(number).data.clear()
    result = _judged(snapshot, "http_req_duration", "p(85)<500 in any 2s")
    assert result.state is CriterionState.PASSED, result.reason


def _two_plateaus(cut_off_s: int) -> ThresholdResult:
    """`steady` from 0 to 5 s and from 8 to 13 s; 9 of its requests were cut off in this second."""
    load = RampingVUs(5, tuple(Stage(length * NS_PER_S, vus) for length, vus in PLATEAUS))
    plan = plan_with(
        ("http_req_duration", "p(80)<500 in any 2s over steady"),
        scenarios=(ScenarioPlan("api", load),),
    )
    snapshot = ExactSnapshot(elapsed_ns=15 * NS_PER_S)
    judge = Judge(plan, ALL_METRICS)
    steady = [number for number in range(15) if number < 5 or 8 <= number < 13]
    for number in steady:
        for one in (snapshot, snapshot.second(number)):
            one.add_ms("http_req_duration", *[10.0] * 20, **OF_STEADY, expected_response="true")
    for one in (snapshot, snapshot.second(cut_off_s)):
        one.add_ms("http_req_duration", *[99.0] * 19, **OF_STEADY, expected_response="unknown")
    (result,) = judge.evaluate(snapshot)
    return result


OF_STEADY = {"phase": "steady"}
PLATEAUS = ((5, 5), (3, 9), (5, 9), (2, 0))


@pytest.mark.parametrize(
    ("cut_off_s", "state"),
    [
        (6, CriterionState.NO_DATA),
        (14, CriterionState.NO_DATA),
        (15, CriterionState.NO_DATA),
        (40, CriterionState.PASSED),  # after all that was measured
    ],
)
def test_what_was_cut_off_after_steady_counts_in_its_newest_stretch(cut_off_s, state):
    assert _two_plateaus(cut_off_s).state is state


def test_a_stretch_judges_a_share_with_the_tasks_that_were_cut_off_in_it():
    snapshot = ExactSnapshot(elapsed_ns=20 * NS_PER_S)
    for number in range(20):
        for one in (snapshot, snapshot.second(number)):
            one.add("task_completed", *[1.0] * (2 if number > 9 else 60))
    for one in (snapshot, snapshot.second(3)):
        one.add("tasks_censored", *[1.0] * 5)
    result = _judged(snapshot, "task_completed", "rate>0.9 in any 2s")
    assert result.state is CriterionState.PASSED
    result = _judged(snapshot, "task_completed", "rate>0.97 in any 2s")
    assert result.state is CriterionState.NO_DATA
