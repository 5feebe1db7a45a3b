"""Requests a second where a worker sends what it measured in several seconds at one go."""

from __future__ import annotations

import pytest
from batches import MS, S, batch, counter, named

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.wire.errors import WireError

NEW = (named(0, "http_reqs"), named(1, "ws_msgs_sent"), named(2, "iterations"))


def sent(aggregator: Aggregator, sequence: int, count: float, from_ms: int, until_ms: int, **rest):
    """The batch of a worker that closed its interval at `until_ms`."""
    aggregator.merge(
        batch(
            sequence,
            counter(0, count),
            counter(2, 1_000_000),
            new=NEW if sequence == 0 else (),
            from_ns=int(from_ms * MS),
            until_ns=int(until_ms * MS),
            **{"interval": until_ms // 1000 - 1, **rest},
        )
    )


def rates(aggregator: Aggregator) -> list[float]:
    return [pytest.approx(one.requests_per_s) for one in aggregator.windows()]


def test_a_batch_of_one_second_is_that_seconds():
    aggregator = Aggregator([], 1)
    sent(aggregator, 0, 100, 0, 1000)
    sent(aggregator, 1, 30, 1000, 2000)
    assert rates(aggregator) == [100, 30]


def test_what_came_at_one_go_is_spread_over_the_seconds_that_it_covers():
    aggregator = Aggregator([], 2)
    sent(aggregator, 0, 100, 0, 1000)
    for second in range(4):
        sent(aggregator, second, 50, 1000 * second, 1000 * second + 1000, worker=1)
    sent(aggregator, 1, 300, 1000, 4000)
    assert [one.requests for one in aggregator.windows()] == [150, 50, 50, 350]
    assert rates(aggregator) == [150] * 4
    assert [aggregator.requests_in(second) for second in range(4)] == [pytest.approx(150)] * 4


def test_windows_that_were_read_before_are_read_again():
    aggregator = Aggregator([], 2)
    sent(aggregator, 0, 50, 0, 1000)
    sent(aggregator, 1, 50, 1000, 2000)
    assert rates(aggregator) == [50, 50]
    sent(aggregator, 0, 200, 0, 2000, worker=1)
    assert rates(aggregator) == [150, 150]


def test_an_interval_that_was_closed_late_has_the_more_time():
    aggregator = Aggregator([], 1)
    sent(aggregator, 0, 160, 0, 1600)
    sent(aggregator, 1, 40, 1600, 2000)
    assert [one.requests for one in aggregator.windows()] == [160, 40]
    assert rates(aggregator) == [100, 100]


def test_the_end_of_the_load_is_no_whole_second():
    aggregator = Aggregator([], 1)
    sent(aggregator, 0, 100, 0, 1000)
    sent(aggregator, 1, 25, 1000, 1250, interval=1, last=True)
    assert rates(aggregator) == [100, 25]


def test_messages_of_websockets_count_beside_and_in_no_rate_of_http():
    aggregator = Aggregator([], 1)
    aggregator.merge(batch(0, counter(0, 5), counter(1, 7), counter(2, 9), new=NEW))
    assert aggregator.requests_in(0) == pytest.approx(12)
    assert rates(aggregator) == [5]


@pytest.mark.parametrize("metric", ["ws_msgs_sent", "ws_msgs_received", "sse_events"])
def test_messages_and_events_are_spread_as_requests_are(metric: str) -> None:
    aggregator = Aggregator([], 1)
    aggregator.merge(batch(0, counter(0, 30), new=[named(0, metric)], from_ns=0, until_ns=S))
    aggregator.merge(batch(1, counter(0, 90), interval=3, from_ns=S, until_ns=4 * S))
    windows = aggregator.windows()
    assert [aggregator.counted_per_s(metric, window) for window in windows] == [
        pytest.approx(30),
        pytest.approx(30),
    ]
    assert [getattr(window, metric) for window in windows] == [30, 90]


def test_older_windows_have_the_average_of_their_seconds():
    aggregator = Aggregator([], 1, max_windows=8)
    for second in range(40):
        sent(aggregator, second, second, 1000 * second, 1000 * second + 1000)
    for window in aggregator.windows():
        assert window.requests_per_s == pytest.approx(window.requests / window.length_s)
    assert aggregator.windows()[0].length_s > 1


@pytest.mark.parametrize(("from_ns", "until_ns"), [(5, 5), (7, 5), (0, 2 * S + 1)])
def test_a_batch_that_covers_no_time_or_another_is_damaged(from_ns: int, until_ns: int):
    aggregator = Aggregator([], 1)
    with pytest.raises(WireError, match="it covers the time from"):
        aggregator.merge(batch(0, from_ns=from_ns, until_ns=until_ns))
