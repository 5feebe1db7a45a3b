"""`in any 30s`: a criterion asked of every stretch of the run."""

from __future__ import annotations

import pytest

from atlas_perf.errors import PlanError
from atlas_perf.judge.grammar import parse_threshold
from atlas_perf.judge.thresholds import Judge
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


def test_a_second_without_samples_says_nothing():
    snapshot = ExactSnapshot(elapsed_ns=3 * NS_PER_S)
    snapshot.second(1).add("http_reqs", 1.0)
    assert _judged(snapshot, "http_reqs", "count>=1 in any 1s").state is CriterionState.PASSED


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
