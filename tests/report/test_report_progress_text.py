"""Where a run stands, in the words of a log line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atlas_perf.model.progress import Exchanges, GeneratorHealth, Progress, RunPhase
from atlas_perf.report.progress_text import Cell, Mood, cells, health_word, plain_line

READING = Progress(
    phase=RunPhase.RUNNING,
    elapsed_s=12.0,
    planned_s=60.0,
    vus=38,
    vus_max=150,
    iterations=412,
    interrupted=0,
    requests=1022,
    requests_per_s=96.24,
    failed_requests=0,
    p95_ms=41.23,
    checks_failed=0,
    workers_alive=2,
    workers=2,
)


def cell(label: str, progress: Progress) -> Cell:
    (found,) = (one for one in cells(progress) if one.label == label)
    return found


def labels(progress: Progress) -> list[str]:
    return [one.label for one in cells(progress)]


def test_a_plain_line_has_every_number_worth_watching() -> None:
    assert plain_line(READING) == (
        "running, 12s of 1m00s, 48s left, 38/150 VUs, 412 iterations, 96.2 req/s, p95 41.2 ms, "
        "0 failed, 2/2 workers, generator ok"
    )


def test_what_is_not_there_is_not_printed_and_trouble_is() -> None:
    early = replace(READING, p95_ms=None, checks_failed=3, interrupted=2, planned_s=7384.0)
    assert plain_line(early) == (
        "running, 12s of 2h03m04s, 2h02m52s left, 38/150 VUs, 412 iterations, 96.2 req/s, "
        "0 failed, 3 checks failed, 2 interrupted, 2/2 workers, generator ok"
    )


def test_an_arrival_rate_has_what_was_planned_beside_what_was_begun() -> None:
    kept = replace(READING, planned_per_s=50.0, started_per_s=49.0)
    assert "38/150 VUs, 49.0 of 50.0 iterations/s, 96.2 req/s" in plain_line(kept)
    assert cell("rate", kept).mood is Mood.FINE
    missed = replace(kept, started_per_s=31.0, planned_per_s=12_345.6)
    assert cell("rate", missed) == Cell(
        "rate", "31.0 of 12,346/s", "31.0 of 12,346 iterations/s", Mood.STRAINED
    )
    assert "iterations" not in labels(kept)  # of a rate the rate is what is watched


def test_the_open_model_has_the_response_time_beside_the_service_time() -> None:
    assert "p95 41.2 ms, response p95 310 ms, 0 failed" in plain_line(
        replace(READING, response_p95_ms=310.4)
    )


def test_the_phase_of_the_load_is_named_with_its_end() -> None:
    ramp = replace(READING, load_phases=("ramp",), phase_left_s=17.7)
    assert plain_line(ramp).startswith("ramp until 30s, 12s of 1m00s, 48s left, 38/150 VUs")
    two = replace(READING, load_phases=("warm-up", "steady"), phase_left_s=3.0)
    assert plain_line(two).startswith("warm-up + steady until 15s, 12s of 1m00s")
    last = replace(READING, load_phases=("ramp-down",), phase_left_s=48.0)
    assert plain_line(last).startswith("ramp-down, 12s of 1m00s, 48s left")
    until_done = replace(READING, load_phases=("steady",), phase_left_s=None)
    assert plain_line(until_done).startswith("steady, 12s of 1m00s")


def test_failures_have_their_share_of_all_requests() -> None:
    failing = replace(READING, failed_requests=12)
    assert "p95 41.2 ms, 12 failed (1.2 %), 2/2" in plain_line(failing)
    assert cell("errors", failing).mood is Mood.BAD
    assert cell("errors", replace(READING, failed_requests=2, requests=0)).value == "2 (100 %)"


TALK = Exchanges(
    ws_sessions=60,
    ws_sessions_open=50,
    ws_msgs_sent=4_000,
    ws_msgs_sent_per_s=120.04,
    ws_msgs_received=8_000,
    ws_msgs_received_per_s=1_240.0,
    ws_rtt_p95_ms=7.25,
)
TALKING = replace(READING, requests=0, requests_per_s=0.0, p95_ms=None, exchanges=TALK)


def test_a_run_of_websockets_has_messages_instead_of_requests() -> None:
    assert plain_line(TALKING).endswith(
        "412 iterations, 50 sessions, 120.0 messages/s sent, 1,240 received, "
        "round trip p95 7.2 ms, 0 failed, 2/2 workers, generator ok"
    )
    assert cell("sent", TALKING).value == "120.0/s"
    assert cell("received", TALKING).value == "1,240/s"
    both = replace(READING, exchanges=TALK)
    assert "96.2 req/s, 50 sessions, 120.0 messages/s sent" in plain_line(both)


def test_no_request_at_all_is_told_as_long_as_there_is_nothing_else() -> None:
    idle = replace(READING, requests=0, requests_per_s=0.0)
    assert "0.0 req/s" in plain_line(idle)
    closed = replace(idle, exchanges=Exchanges(ws_sessions=60, ws_msgs_sent=9))
    assert "req/s" not in plain_line(closed)
    assert "0 sessions, 0.0 messages/s sent, 0.0 received" in plain_line(closed)


def test_streams_and_tasks_have_their_rates() -> None:
    streaming = replace(
        READING,
        exchanges=Exchanges(sse_events=9, sse_events_per_s=4.5, tasks_ended=3, tasks_ended_per_s=1),
    )
    assert "96.2 req/s, 4.5 events/s, 1.0 tasks/s, p95" in plain_line(streaming)


def test_sessions_messages_and_tasks_that_failed_are_told_as_such() -> None:
    lost = replace(TALK, ws_sessions_failed=3, ws_msgs_lost=40)
    line = plain_line(replace(TALKING, exchanges=lost))
    assert "3 sessions failed (5 %), 40 messages lost (1 %), 2/2" in line
    assert "0 failed" not in line
    tasks = Exchanges(tasks_ended=10, tasks_failed=4)
    failing = replace(READING, failed_requests=12, exchanges=tasks)
    assert "12 failed (1.2 %), 4 tasks failed (40 %)" in plain_line(failing)
    assert cell("tasks failed", failing).mood is Mood.BAD


def test_what_was_dropped_and_a_generator_that_is_late_are_told() -> None:
    line = plain_line(replace(READING, dropped=7, health=GeneratorHealth(loop_lag_ms=83.4)))
    assert ", 7 dropped, " in line
    assert line.endswith("2/2 workers, generator 83 ms late")
    assert "late" not in plain_line(replace(READING, health=GeneratorHealth(loop_lag_ms=19.0)))


@pytest.mark.parametrize(
    ("health", "word", "mood"),
    [
        (GeneratorHealth(), "ok", Mood.FINE),
        (GeneratorHealth(19.0, 0.89, 0.19, 0.009, 19.0), "ok", Mood.FINE),
        (GeneratorHealth(loop_cpu_share=0.97), "at 97% of a core", Mood.STRAINED),
        (GeneratorHealth(0, 0.97, cpu_wait_share=0.3), "waits for a CPU 30%", Mood.STRAINED),
        (GeneratorHealth(0, 0, 0.3, start_lag_p99_ms=25.0), "begins 25 ms late", Mood.BAD),
        (GeneratorHealth(40.0, 0, 0.3, start_lag_p99_ms=25.0), "40 ms late", Mood.BAD),
        (GeneratorHealth(40.0, 0, 0, 0.4), "held back by its CPU limit 40%", Mood.BAD),
    ],
)
def test_the_gravest_is_said_of_the_generator(
    health: GeneratorHealth, word: str, mood: Mood
) -> None:
    assert health_word(health) == (word, mood)


def test_a_worker_that_is_missing_is_seen() -> None:
    assert cell("generator", replace(READING, workers_alive=1)) == Cell(
        "generator", "ok, 1/2 workers", "1/2 workers, generator ok", Mood.STRAINED
    )


def test_a_run_that_outlasts_its_plan_says_so() -> None:
    late = replace(READING, elapsed_s=63.0, phase=RunPhase.STOPPING)
    assert plain_line(late).startswith("stopping, 1m03s (planned 1m00s), 38/150 VUs")


@pytest.mark.parametrize("phase", [RunPhase.STOPPING, RunPhase.TEARDOWN, RunPhase.FINISHED])
def test_nothing_is_left_of_a_load_that_was_ended(phase: RunPhase) -> None:
    ended = replace(READING, phase=phase, load_phases=())
    assert plain_line(ended).startswith(f"{phase.value}, 12s of 1m00s, 38/150 VUs")
