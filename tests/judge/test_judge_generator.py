"""When latencies are the generator's own doing, and when its machine is only busy."""

from __future__ import annotations

from dataclasses import replace

import pytest
from exact_snapshot import ExactSnapshot, worker

from atlas_perf.judge.generator import generator_notes, standstill_reasons, throttling_reasons
from atlas_perf.model.batch import StallCause
from atlas_perf.model.summary import StallSummary, WorkerSummary

SLEEP = StallSummary(
    StallCause.BLOCKING, "site/shop.py", 14, "time.sleep(2)", 3, 2900.0, 2003.0, "the stack"
)

LATE = {"own_lag_ms": 500.0, "own_lags": 10, "own_lag_share": 0.05, "own_lag_seconds": 10}
"""A scenario that burns 50 ms of CPU once a second for ten seconds."""


def measured(*workers: WorkerSummary, latency_ms: float = 5.0) -> ExactSnapshot:
    snapshot = ExactSnapshot(worker_list=workers)
    return snapshot.add_ms("http_req_duration", *[latency_ms] * 100, expected_response="true")


def test_work_that_keeps_requests_waiting_again_and_again_proves_nothing():
    (reason,) = standstill_reasons(measured(worker(0), worker(1, **LATE)))
    assert reason.startswith(
        "Worker 1 kept its requests waiting in 5.0% of the run, 50.0ms at a time, where half of "
        "the responses took 5.00ms or less: its latencies measure the generator. Look for"
    )


def test_a_place_is_named_if_most_of_the_lag_came_from_it():
    habit = replace(SLEEP, count=10, total_ms=490.0, longest_ms=120.0)
    (reason,) = standstill_reasons(measured(worker(0, stalls=(habit,), **LATE)))
    assert "50.0ms at a time in shop.py:14 (time.sleep(2)), where half" in reason
    once = replace(SLEEP, count=1, total_ms=110.0, longest_ms=110.0)
    starved = replace(habit, cause=StallCause.CPU_WAIT)
    (reason,) = standstill_reasons(measured(worker(0, stalls=(once, starved), **LATE)))
    assert "50.0ms at a time, where half" in reason
    assert "Look for a blocking call" in reason


@pytest.mark.parametrize(
    ("changes", "latency_ms"),
    [
        ({"own_lag_share": 0.01}, 5.0),  # too little of the run for its 99th percentile
        ({"own_lag_seconds": 2}, 5.0),  # a beginning
        ({}, 101.0),  # short beside what was measured
        ({"own_lags": 0}, 5.0),
    ],
)
def test_what_latencies_hardly_show_is_no_reason(changes, latency_ms):
    snapshot = measured(worker(0, **{**LATE, **changes}), latency_ms=latency_ms)
    assert list(standstill_reasons(snapshot)) == []


def test_a_lag_half_as_long_as_the_median_response_is_one():
    assert len(list(standstill_reasons(measured(worker(0, **LATE), latency_ms=100.0)))) == 1


def test_without_a_response_there_is_no_latency_to_doubt():
    assert list(standstill_reasons(ExactSnapshot(worker_list=(worker(0, **LATE),)))) == []


def test_a_machine_that_had_no_cpu_for_it_makes_a_run_doubtful_and_not_void():
    starved = worker(0, cpu_wait_share=0.34, loop_lag_max_ms=400.0)
    snapshot = measured(starved, latency_ms=600.0)
    assert list(standstill_reasons(snapshot)) == []
    (note,) = generator_notes(snapshot)
    assert "worker 0 was ready to run and waited for a CPU in 34% of the time" in note
    assert list(generator_notes(measured(worker(0, cpu_wait_share=0.19)))) == []


HELD = {"batches": 11, "throttled_share": 0.12, "throttled_seconds": 9}


def test_a_cpu_limit_that_held_the_generator_back_again_and_again_proves_nothing():
    (reason,) = throttling_reasons(measured(worker(0), worker(1, **HELD), worker(2, **HELD)))
    assert reason.startswith(
        "The generator used up its CPU limit and was held back in 12.0% of the run, in 9 of its 11 "
        "seconds: its latencies contain that"
    )
    assert "Raise the CPU limit of its container" in reason
    assert "fewer processes" in reason


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"throttled_share": 0.01}, 0),
        ({"throttled_share": 0.011}, 1),
        ({"throttled_seconds": 2}, 0),  # a beginning
        ({"throttled_seconds": 3}, 1),
        ({"throttled_seconds": 2, "batches": 3}, 1),  # all of a run of two seconds
        ({"throttled_seconds": 1, "batches": 3}, 0),
        ({"throttled_seconds": 0, "throttled_share": 0.0, "batches": 1}, 0),
    ],
)
def test_what_a_cpu_limit_may_take(changes, reasons):
    assert len(list(throttling_reasons(measured(worker(0, **{**HELD, **changes}))))) == reasons


def test_the_reason_names_the_line_and_says_what_to_do():
    still = worker(0, loop_lag_max_ms=2003.0, stalls=(replace(SLEEP, longest_ms=200.0), SLEEP))
    (reason,) = standstill_reasons(measured(still))
    assert reason.startswith("Worker 0 stood still for 2.0 s in shop.py:14 (time.sleep(2)): its")
    assert reason.endswith("asyncio.to_thread for calls that only block.")


@pytest.mark.parametrize(
    ("cause", "to_do"),
    [
        (StallCause.BLOCKING, "Await instead"),
        (StallCause.BUSY, "more processes"),
        (StallCause.GC, "keep fewer objects"),
        (StallCause.CPU_WAIT, "fewer processes than cores"),
        (StallCause.STOPPED, "was stopped"),
        (StallCause.HELD, "compiled code"),
        (StallCause.OTHER, "Look for a blocking call"),
    ],
)
def test_each_cause_has_its_advice(cause, to_do):
    stall = StallSummary(cause, "", 0, "", 1, 1500.0, 1500.0, "")
    (reason,) = standstill_reasons(measured(worker(0, loop_lag_max_ms=1500.0, stalls=(stall,))))
    assert "stood still for 1.5 s: its latencies" in reason
    assert to_do in reason


@pytest.mark.parametrize(
    ("changes", "doubted"),
    [
        ({"loop_cpu_share": 0.97}, True),
        ({"loop_cpu_share": 0.89}, False),
        ({"saturated_share": 0.5}, True),
        ({"saturated_share": 0.49}, False),
        ({"loop_cpu_share": 0.97, "batches": 1}, False),  # all start and end
    ],
)
def test_a_busy_generator_is_doubted(changes, doubted):
    notes = list(generator_notes(measured(worker(0), worker(1, **changes))))
    assert len(notes) == doubted
    if doubted:
        assert notes[0].startswith("1 of 2 workers used up to ")
        assert "more processes where cores are free" in notes[0]


def test_what_is_a_reason_is_not_a_note_as_well():
    late = worker(0, loop_lag_max_ms=60.0, **LATE)
    assert len(list(standstill_reasons(measured(late)))) == 1
    assert list(generator_notes(measured(late))) == []


def test_a_short_standstill_is_told_with_its_place():
    stall = replace(SLEEP, longest_ms=120.0)
    (note,) = generator_notes(measured(worker(0, loop_lag_max_ms=120.0, stalls=(stall,))))
    assert "stood still for up to 120 ms in shop.py:14 (time.sleep(2)), longer than 95 %" in note
