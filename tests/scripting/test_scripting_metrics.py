"""Custom metrics: what they define, and where their samples go."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from atlas_perf.errors import UsageError
from atlas_perf.model.metric import AcrossWorkers, Contains, Metric, MetricKind
from atlas_perf.scripting.context import current_user
from atlas_perf.scripting.metrics import Counter, Gauge, Rate, Trend, collecting_metrics


class RecordingUser:
    def __init__(self) -> None:
        self.samples: list[tuple[str, float, Mapping[str, str] | None]] = []

    def record_sample(self, metric: Metric, value: float, tags: Mapping[str, str] | None) -> None:
        self.samples.append((metric.name, value, tags))


@pytest.fixture
def user():
    recording = RecordingUser()
    token = current_user.set(recording)
    yield recording
    current_user.reset(token)


def test_what_each_kind_defines() -> None:
    assert Counter("a").metric == Metric("a", MetricKind.COUNTER)
    assert Gauge("a").metric == Metric("a", MetricKind.GAUGE)
    assert Gauge("a", across_workers="sum").metric == Metric(
        "a", MetricKind.GAUGE, across_workers=AcrossWorkers.SUM
    )
    assert Rate("a").metric == Metric("a", MetricKind.RATE)
    assert Trend("a").metric == Metric("a", MetricKind.TREND)
    assert Trend("a", is_time=True).metric == Metric("a", MetricKind.TREND, Contains.TIME)


def test_samples_go_to_the_current_user(user: RecordingUser) -> None:
    Counter("tasks").add(2, {"kind": "lint"})
    Gauge("open").add(-3)
    Rate("done").add(True)
    Rate("done").add(0)
    Trend("size").add(12.5)
    assert user.samples == [
        ("tasks", 2, {"kind": "lint"}),
        ("open", -3, None),
        ("done", 1.0, None),
        ("done", 0.0, None),
        ("size", 12.5, None),
    ]


def test_a_trend_of_time_takes_milliseconds_and_records_nanoseconds(user: RecordingUser) -> None:
    Trend("latency", is_time=True).add(12.5)
    assert user.samples == [("latency", 12_500_000, None)]


def test_outside_of_a_virtual_user_there_is_nobody_to_record_for() -> None:
    with pytest.raises(UsageError) as refused:
        Trend("latency").add(1)
    assert str(refused.value) == (
        "Trend('latency').add() was called outside of a virtual user: "
        "add values inside setup, an iteration or teardown"
    )


def test_metrics_made_in_a_collection_are_in_it_once() -> None:
    with collecting_metrics() as collected:
        first, second = Counter("b"), Trend("a")
        Counter("b")
    Counter("c")
    assert list(collected.items()) == [("b", first.metric), ("a", second.metric)]


def test_collections_do_not_see_each_other() -> None:
    with collecting_metrics() as outer:
        with collecting_metrics() as inner:
            Counter("a")
        Trend("a")
    assert inner["a"].kind is MetricKind.COUNTER
    assert outer["a"].kind is MetricKind.TREND


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (
            lambda: Trend("a"),
            lambda: Trend("a", is_time=True),
            "metric 'a' is already defined as trend: give this trend of time another name",
        ),
        (
            lambda: Gauge("a", across_workers="sum"),
            lambda: Gauge("a"),
            "metric 'a' is already defined as gauge summed across workers: "
            "give this gauge another name",
        ),
    ],
)
def test_two_different_definitions_of_one_name(first, second, sentence) -> None:
    with collecting_metrics():
        first()
        with pytest.raises(UsageError) as refused:
            second()
    assert str(refused.value) == sentence


@pytest.mark.parametrize("name", ["", "1a", "a b", "a{b}", "ü", "a" * 129, 7])
def test_names_that_no_metric_can_have(name) -> None:
    with pytest.raises(UsageError, match="is not a metric name"):
        Rate(name)


def test_a_gauge_knows_two_ways_across_workers() -> None:
    with pytest.raises(UsageError) as refused:
        Gauge("open", across_workers="average")  # type: ignore[arg-type]
    assert str(refused.value) == (
        "Gauge('open') is either 'last' or 'sum' across workers, not 'average'"
    )
