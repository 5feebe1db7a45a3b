"""A run that is held against what the generator itself can do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from exact_snapshot import ExactSnapshot, worker
from plans import ALL_METRICS, plan_with

from atlas_perf.judge.calibrated import (
    calibration_notes,
    calibration_reasons,
    doubt_of_rate,
    floor_p50_ms,
)
from atlas_perf.judge.thresholds import Judge
from atlas_perf.judge.verdict import decide
from atlas_perf.model.summary import Calibration, Floor, Window
from atlas_perf.model.verdict import Verdict

SUCCESS = {"expected_response": "true", "scenario": "api"}
FAILURE = {"expected_response": "false", "scenario": "api"}


def calibration(*floors: tuple[float, float], max_per_s: float = 10_000.0) -> Calibration:
    """Floors are a rate and the median service time at it, in milliseconds."""
    return Calibration(
        processes=1,
        connections=8,
        cores=4,
        payload_bytes=1_000,
        max_per_s=max_per_s,
        worker_cores=1.0,
        server_cores=0.5,
        floors=tuple(
            Floor(rate, p50_ms, p50_ms, p50_ms, p50_ms, p50_ms, p50_ms, 0.0)
            for rate, p50_ms in floors or ((100.0, 0.1),)
        ),
    )


def second(number: int, requests: int, length_s: int = 1) -> Window:
    fields = (number, 8, requests, 0, requests, 0, 0, 0, 0, None, None, None, 0, 0.1, length_s)
    return Window(*fields, requests_per_s=requests / length_s)


def run_of(*took_ms: float, per_s: tuple[int, ...] = (100, 100)) -> ExactSnapshot:
    windows = tuple(second(number, requests) for number, requests in enumerate(per_s))
    snapshot = ExactSnapshot(worker_list=(worker(),), window_list=windows).add("http_reqs", 1.0)
    return snapshot.add_ms("http_req_duration", *took_ms, **SUCCESS)


def reasons(snapshot: ExactSnapshot, one: Calibration | None) -> list[str]:
    return list(calibration_reasons(one, snapshot))


def test_a_target_as_fast_as_the_null_server_is_not_judged():
    (reason,) = reasons(run_of(*[0.1] * 10), calibration())
    assert reason.startswith(
        "Half of the requests took less than 100µs, within 2 times of the 100µs that this "
        "generator measures of a server that takes no time (at 100/s)"
    )


@pytest.mark.parametrize(("took_ms", "refused"), [(0.199, True), (0.2, False), (50.0, False)])
def test_twice_the_floor_is_enough(took_ms, refused):
    assert bool(reasons(run_of(*[took_ms] * 10), calibration())) is refused


def test_the_median_decides_and_not_a_few_quick_ones():
    assert reasons(run_of(*[0.1] * 4, *[5.0] * 6), calibration()) == []


def test_failures_have_no_say_in_it():
    snapshot = run_of(*[5.0] * 3).add_ms("http_req_duration", *[0.01] * 50, **FAILURE)
    assert reasons(snapshot, calibration()) == []


def test_without_a_calibration_nothing_is_held_against_a_run():
    assert reasons(run_of(*[0.001] * 10, per_s=(10**6,)), None) == []
    assert list(calibration_notes(None, run_of(1.0))) == []


def test_a_run_without_a_success_has_no_latency_to_refuse():
    assert reasons(ExactSnapshot(worker_list=(worker(),)), calibration()) == []


@pytest.mark.parametrize(
    ("per_s", "floor_ms"), [(0, 0.1), (1_000, 0.1), (3_000, 0.2), (5_000, 0.3), (9_000, 0.3)]
)
def test_between_two_rates_the_floor_is_between(per_s, floor_ms):
    two = calibration((1_000.0, 0.1), (5_000.0, 0.3))
    assert floor_p50_ms(two, per_s) == pytest.approx(floor_ms)


def test_the_floor_is_that_of_the_rate_the_run_came_to():
    two = calibration((1_000.0, 0.1), (5_000.0, 0.3))
    assert reasons(run_of(*[0.5] * 10, per_s=(1_000,) * 9), two) == []
    # Most of its requests are made in the busy seconds, whatever the pauses between them.
    assert len(reasons(run_of(*[0.5] * 10, per_s=(5_000, 0, 0, 0, 5_000)), two)) == 1


@pytest.mark.parametrize(
    ("per_s", "refused"),
    [
        ((8_000,) * 5, False),
        ((8_001,) * 5, True),
        ((1_000, 1_000, 9_000), True),  # on average it is far below
        ((8_000,) * 99 + (9_000,), False),  # one second in a hundred moves no p(95)
        ((8_000,) * 9 + (9_000,), True),
    ],
)
def test_eighty_percent_of_the_highest_rate_is_enough(per_s, refused):
    assert bool(reasons(run_of(*[5.0] * 10, per_s=per_s), calibration())) is refused


def test_the_rate_is_told_with_its_limit_and_what_to_do():
    (reason,) = reasons(run_of(*[5.0] * 10, per_s=(1_000, 9_000)), calibration())
    assert reason.startswith(
        "90 % of the requests were made at over 80 % of the 10,000/s that this generator can do at "
        "most (9,000/s in the busiest second)"
    )
    assert "a lower rate" in reason


def test_long_windows_count_by_the_second():
    snapshot = ExactSnapshot(worker_list=(worker(),), window_list=(second(0, 16_000, 2),))
    assert reasons(snapshot, calibration()) == []


def test_a_reason_makes_the_run_invalid_although_its_criteria_were_met():
    snapshot = run_of(*[0.1] * 10)
    results = Judge(plan_with(("http_req_duration", "p(95)<500")), ALL_METRICS).evaluate(snapshot)
    decision = decide(
        results, snapshot, invalid=reasons(snapshot, calibration()), interrupted=False
    )
    assert decision.verdict is Verdict.INVALID
    assert decision.exit_code == 3


def test_answers_much_larger_than_the_null_servers_are_noted():
    snapshot = run_of(*[5.0] * 10).add("data_received", 50_000.0)
    (note,) = calibration_notes(calibration(), snapshot)
    assert "answers of 1.00 kB and the target's were 50.0 kB" in note
    assert "--payload 50000" in note
    assert list(calibration_notes(calibration(), run_of(5.0).add("data_received", 3_000.0))) == []


@pytest.mark.parametrize(("planned", "told"), [(None, False), (8_000.0, False), (8_001.0, True)])
def test_a_planned_rate_that_is_too_high_is_doubted_before_the_run(planned, told):
    doubt = doubt_of_rate(calibration(), planned)
    assert (doubt is not None) is told
    assert doubt is None or "over 80 % of the 10,000/s" in doubt


def test_seconds_that_a_worker_sent_at_one_go_are_none_of_a_high_rate():
    """Its pipe was full: the window of the third second has the requests of all three."""
    late = replace(second(2, 12_000), requests_per_s=4_000.0)
    snapshot = replace(run_of(*[50.0] * 10), window_list=(late,))
    assert reasons(snapshot, calibration(max_per_s=10_000.0)) == []
    at_once = replace(late, requests_per_s=12_000.0)
    snapshot = replace(run_of(*[50.0] * 10), window_list=(at_once,))
    assert len(reasons(snapshot, calibration(max_per_s=10_000.0))) == 1
