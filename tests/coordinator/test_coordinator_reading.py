"""What is read off the aggregator once a second, of all that a run exchanges with its target."""

from __future__ import annotations

import pytest

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.coordinator.reading import read_progress
from atlas_perf.coordinator.run_record import RunRecord
from atlas_perf.model.batch import Batch, CounterDelta, GaugeDelta, NewSeries, RateDelta, TrendDelta
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan
from atlas_perf.model.progress import Exchanges, Progress
from atlas_perf.model.series import Series, tags_of
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS, NS_PER_S

PLAN = TestPlan(
    name="talk",
    file="talk.py",
    file_sha256="",
    scenarios=(ScenarioPlan("talk", ConstantVUs(2, 10 * NS_PER_S), "default"),),
    processes=1,
)
ANSWERED = {"expected_response": "true"}
TALK = (
    ("ws_sessions", {}),
    ("ws_session_failed", {}),
    ("ws_sessions_open", {"scenario": "talk"}),
    ("ws_msgs_sent", {}),
    ("ws_msgs_received", {}),
    ("ws_msgs_lost", {}),
    ("ws_rtt", ANSWERED),
)
STREAMS_AND_TASKS = (("sse_events", {}), ("tasks_ended", {}), ("task_completed", {}))


def named(*series: tuple[str, dict[str, str]]) -> tuple[NewSeries, ...]:
    return tuple(
        NewSeries(number, BUILTIN_METRICS[metric], Series(metric, tags_of(tags)))
        for number, (metric, tags) in enumerate(series)
    )


def reading(aggregator: Aggregator) -> Progress:
    elapsed_ns = aggregator.elapsed_ns
    return read_progress(RunRecord(PLAN), aggregator, elapsed_ns=elapsed_ns, message="")


def talked(second: int, *, until_s: int | None = None) -> Batch:
    sketch = Sketch()
    sketch.add(4.0 * NS_PER_MS, 10)
    return Batch(
        0,
        second,
        second if until_s is None else until_s - 1,
        named(*TALK) if second == 0 else (),
        (
            CounterDelta(0, 2, 2.0),
            RateDelta(1, 1, 2),
            GaugeDelta(2, 1, 5.0 + second, second, 5.0, 6.0),
            CounterDelta(3, 30, 30.0),
            CounterDelta(4, 60, 60.0),
            CounterDelta(5, 1, 1.0),
            TrendDelta(6, sketch.to_bytes()),
        ),
        from_ns=second * NS_PER_S,
        until_ns=(second + 1 if until_s is None else until_s) * NS_PER_S,
    )


def test_messages_are_told_by_the_second_and_by_the_run() -> None:
    aggregator = Aggregator([], 1)
    aggregator.merge(talked(0))
    aggregator.merge(talked(1))
    assert reading(aggregator).exchanges == Exchanges(
        ws_sessions=4,
        ws_sessions_open=6,
        ws_sessions_failed=2,
        ws_msgs_sent=60,
        ws_msgs_sent_per_s=30,
        ws_msgs_received=120,
        ws_msgs_received_per_s=60,
        ws_msgs_lost=2,
        ws_rtt_p95_ms=pytest.approx(4.0, rel=0.01),
    )


def test_a_worker_that_tells_of_three_seconds_at_once_makes_no_rate_three_times_as_high() -> None:
    aggregator = Aggregator([], 1)
    aggregator.merge(talked(0))
    aggregator.merge(talked(1, until_s=4))
    assert reading(aggregator).exchanges.ws_msgs_sent_per_s == pytest.approx(10)


def test_events_and_tasks_are_told_too() -> None:
    aggregator = Aggregator([], 1)
    deltas = (CounterDelta(0, 9, 9.0), CounterDelta(1, 4, 4.0), RateDelta(2, 3, 4))
    aggregator.merge(Batch(0, 0, 0, named(*STREAMS_AND_TASKS), deltas))
    assert reading(aggregator).exchanges == Exchanges(
        sse_events=9,
        sse_events_per_s=9,
        tasks_ended=4,
        tasks_ended_per_s=4,
        tasks_failed=1,
    )


def test_before_the_first_second_there_is_nothing() -> None:
    assert reading(Aggregator([], 1)).exchanges == Exchanges()


def test_before_any_worker_has_told_of_its_users_there_may_be_as_many_as_planned() -> None:
    assert reading(Aggregator([], 1)).vus_max == 2
