"""One-second windows: what happened when, and how they stay few."""

from __future__ import annotations

import pytest
from batches import MS, S, batch, counter, gauge, named, rate, trend
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.aggregate.window_grid import WindowGrid
from atlas_perf.model.batch import WorkerHealth
from atlas_perf.model.series import Selector

REQUESTS = Selector("http_reqs")
DURATION = Selector("http_req_duration")


def test_rates_of_workers_add_up_where_they_overlap_in_time():
    """Two workers at 100/s, the second one starts 30 s late: 200/s while both run."""
    aggregator = Aggregator([], 2)
    for second in range(60):
        new = [named(0, "http_reqs")] if second == 0 else ()
        aggregator.merge(batch(second, counter(0, 100, samples=100), new=new))
    for second in range(30, 90):
        new = [named(0, "http_reqs")] if second == 30 else ()
        delta = counter(0, 100, samples=100)
        aggregator.merge(batch(second - 30, delta, worker=1, interval=second, new=new))
    rates = {window.second: window.requests for window in aggregator.windows()}
    assert {rates[second] for second in range(30)} == {100}
    assert {rates[second] for second in range(30, 60)} == {200}
    assert {rates[second] for second in range(60, 90)} == {100}


def test_a_window_shows_every_number_of_its_second_over_all_workers():
    aggregator = Aggregator([], 2)
    new = [
        named(0, "http_reqs"),
        named(1, "http_req_failed"),
        named(2, "iterations"),
        named(3, "dropped_iterations"),
        named(4, "checks"),
        named(5, "data_received"),
        named(6, "data_sent"),
        named(7, "http_req_duration", expected_response="true"),
        named(8, "http_req_duration", expected_response="false"),
        named(9, "vus"),
        named(10, "iteration_lag", scenario="open"),
    ]
    for worker in (0, 1):
        deltas = [
            counter(0, 10, samples=10),
            rate(1, 2, 10),
            counter(2, 4, samples=4),
            counter(3, 1),
            rate(4, 5, 8),
            counter(5, 1500.5),
            counter(6, 200),
            trend(7, (100 if worker else 50) * MS, times=8),
            trend(8, 9 * S, times=2),
            gauge(9, 3, 5),
            trend(10, (1 + worker) * MS, times=7),
        ]
        health = WorkerHealth(
            loop_lag_max_ns=int((7 + worker) * MS),
            cpu_ns=int(0.25 * S),
            length_ns=S,
            loop_cpu_ns=int((0.25 + 0.5 * worker) * S),
            cpu_wait_ns=int(0.125 * S),
            throttled_ns=int(0.25 * S),
            steal_ns=int(0.5 * S),
            gc_pause_max_ns=(3 - worker) * MS,
            gc_full_collections=1,
            open_files=10,
            time_wait=77,
        )
        aggregator.merge(batch(0, *deltas, worker=worker, new=new, health=health))
    (window,) = aggregator.windows()
    assert (window.second, window.length_s, window.vus) == (0, 1, 6.0)
    assert (window.requests, window.failed_requests) == (20, 4)
    assert (window.iterations, window.dropped_iterations, window.checks_failed) == (8, 2, 6)
    assert window.started_arrivals == 14  # one lag each
    assert (window.bytes_received, window.bytes_sent) == (3001.0, 400.0)
    assert window.p50_ms == pytest.approx(75, rel=0.01)  # half at 50, half at 100
    assert (window.p95_ms, window.p99_ms) == (pytest.approx(100, rel=0.01),) * 2
    assert (window.loop_lag_max_ms, window.cpu_cores) == (8.0, 0.5)
    assert (window.loop_cpu_share_max, window.cpu_wait_share_max) == (0.75, 0.125)
    assert window.throttled_share_max == 0.25
    assert window.steal_cores == 0.5  # the machine's, which both workers told
    assert (window.gc_pause_max_ms, window.gc_full_collections, window.open_files) == (3, 2, 20)
    assert window.time_wait == 77
    for number, worker in enumerate(aggregator.workers()):
        seconds = worker.seconds
        assert (seconds.second, seconds.loop_lag_max_ms) == ((0,), (7.0 + number,))
        assert (seconds.cpu_share, seconds.loop_cpu_share) == ((0.25,), (0.25 + 0.5 * number,))
        assert (seconds.cpu_wait_share, seconds.gc_pause_max_ms) == ((0.125,), (3.0 - number,))
        assert (seconds.gc_full_collections, seconds.open_files) == ((1,), (10,))
        assert seconds.throttled_share == (0.25,)


def test_a_window_shows_what_went_over_websockets_streams_and_tasks():
    aggregator = Aggregator([], 2)
    new = [
        named(0, "ws_msgs_sent", name="a"),
        named(1, "ws_msgs_sent", name="b"),
        named(2, "ws_msgs_received"),
        named(3, "ws_msgs_lost"),
        named(4, "ws_session_failed"),
        named(5, "ws_sessions_open", scenario="talk"),
        named(6, "ws_rtt", expected_response="true"),
        named(7, "ws_rtt", expected_response="false"),
        named(8, "sse_events"),
        named(9, "tasks_ended", outcome="completed"),
        named(10, "tasks_ended", outcome="failed"),
        named(11, "task_completed"),
    ]
    for worker in (0, 1):
        deltas = [
            *(counter(0, 10), counter(1, 5), counter(2, 30), counter(3, 1)),
            *(rate(4, 2, 9), gauge(5, 3 + worker, 5)),
            *(trend(6, (100 if worker else 50) * MS, times=8), trend(7, 9 * S, times=20)),
            *(counter(8, 40), counter(9, 6), counter(10, 2), rate(11, 6, 8)),
        ]
        aggregator.merge(batch(0, *deltas, worker=worker, new=new))
    (window,) = aggregator.windows()
    assert (window.ws_msgs_sent, window.ws_msgs_received, window.ws_msgs_lost) == (30, 60, 2)
    assert (window.ws_sessions_open, window.ws_sessions_failed) == (7.0, 4)
    assert window.ws_rtt_p50_ms == pytest.approx(75, rel=0.01)
    assert (window.ws_rtt_p95_ms, window.ws_rtt_p99_ms) == (pytest.approx(100, rel=0.01),) * 2
    assert (window.sse_events, window.tasks_ended, window.tasks_failed) == (80, 16, 4)
    assert (window.requests, window.p95_ms) == (0, None)


def test_sessions_stay_open_in_seconds_that_do_not_mention_them():
    aggregator = Aggregator([], 1)
    aggregator.merge(batch(0, gauge(0, 4, 0), new=[named(0, "ws_sessions_open", scenario="talk")]))
    aggregator.merge(batch(1))
    assert [window.ws_sessions_open for window in aggregator.windows()] == [4.0, 4.0]


def test_a_second_without_a_sample_is_a_window_without_latencies():
    aggregator = Aggregator([], 1)
    aggregator.merge(batch(0))
    (window,) = aggregator.windows()
    assert (window.requests, window.p50_ms, window.vus) == (0, None, 0.0)


def test_virtual_users_carry_over_to_seconds_that_do_not_mention_them():
    aggregator = Aggregator([], 2)
    aggregator.merge(batch(0, gauge(0, 4, 0), new=[named(0, "vus")]))
    aggregator.merge(batch(1))
    assert [window.vus for window in aggregator.windows()] == [4.0, 4.0]
    # A worker that reports late changes the windows that were read before.
    aggregator.merge(batch(0, gauge(0, 2, 0), worker=1, new=[named(0, "vus")]))
    assert [window.vus for window in aggregator.windows()] == [6.0, 6.0]


def test_windows_are_up_to_date_however_often_they_are_read():
    aggregator = Aggregator([], 1)
    seen = []
    for second in range(5):
        new = [named(0, "http_reqs")] if second == 0 else ()
        aggregator.merge(batch(second, counter(0, second + 1), new=new))
        seen.append([window.requests for window in aggregator.windows()])
    assert seen[-1] == [1, 2, 3, 4, 5]
    assert seen == [seen[-1][: count + 1] for count in range(5)]


def test_a_window_has_the_distribution_of_its_second_only():
    aggregator = Aggregator([], 2)
    new = [named(0, "http_req_duration", expected_response="true")]
    for worker in (0, 1):
        aggregator.merge(batch(0, trend(0, 10 * MS + worker), worker=worker, new=new))
        aggregator.merge(batch(1, trend(0, 50 * MS), worker=worker))
    first = aggregator.window_sketch(DURATION, 0)
    assert first is not None
    assert (first.count, first.min, first.max) == (2, 10 * MS, 10 * MS + 1)
    assert aggregator.window_sketch(DURATION, 2) is None
    with pytest.raises(ValueError, match="no trend"):
        aggregator.window_sketch(REQUESTS, 0)


SECONDS = 200
MAX_WINDOWS = 16


@pytest.fixture(scope="module", name="aggregator")
def aggregator_of_many_seconds() -> Aggregator:
    aggregator = Aggregator([], 1, max_windows=MAX_WINDOWS)
    new = [
        named(0, "http_reqs"),
        named(1, "http_req_duration", expected_response="true"),
        named(2, "vus"),
    ]
    for second in range(SECONDS):
        deltas = (
            counter(0, second, samples=1),
            trend(1, (second + 1) * MS),
            gauge(2, second, second * S),
        )
        health = WorkerHealth(
            cpu_ns=S, loop_lag_max_ns=second, length_ns=S, steal_ns=S // 2, open_files=second
        )
        aggregator.merge(batch(second, *deltas, new=new if second == 0 else (), health=health))
        assert len(aggregator.windows()) <= MAX_WINDOWS
    return aggregator


class TestCoarsening:
    """Beyond `max_windows` seconds, older windows merge and nothing is lost."""

    def test_windows_cover_the_run_without_gap_or_overlap(self, aggregator):
        expected = 0
        for window in aggregator.windows():
            assert window.second == expected
            expected += window.length_s
        assert expected == SECONDS

    def test_the_newest_half_keeps_its_seconds(self, aggregator):
        assert [window.length_s for window in aggregator.windows()][-8:] == [1] * 8

    def test_every_request_is_in_exactly_one_window(self, aggregator):
        for window in aggregator.windows():
            covered = range(window.second, window.second + window.length_s)
            assert window.requests == sum(covered)

    def test_latencies_of_merged_windows_are_those_of_all_their_seconds(self, aggregator):
        for window in aggregator.windows():
            sketch = aggregator.window_sketch(DURATION, window.second + window.length_s - 1)
            assert sketch is not None
            assert sketch.count == window.length_s
            assert sketch.min == (window.second + 1) * MS
            assert sketch.max == (window.second + window.length_s) * MS

    def test_gauges_health_and_rates_keep_their_meaning(self, aggregator):
        for window in aggregator.windows():
            newest = window.second + window.length_s - 1
            assert window.vus == newest
            assert window.cpu_cores == 1.0
            assert window.loop_lag_max_ms == newest / MS
            assert (window.steal_cores, window.open_files) == (0.5, newest)

    def test_each_workers_health_is_told_by_window(self, aggregator):
        (worker,) = aggregator.workers()
        windows = aggregator.windows()
        assert worker.seconds.second == tuple(window.second for window in windows)
        assert worker.seconds.cpu_share == (1.0,) * len(windows)
        assert worker.seconds.open_files == tuple(window.open_files for window in windows)

    def test_totals_know_nothing_of_windows(self, aggregator):
        assert aggregator.total(REQUESTS).total == sum(range(SECONDS))
        assert aggregator.total(DURATION).distribution.count == SECONDS

    def test_a_late_batch_joins_the_window_its_second_is_in_by_now(self):
        aggregator = Aggregator([], 2, max_windows=8)
        aggregator.merge(batch(0, new=[named(0, "http_reqs")], worker=1))
        for second in range(100):
            aggregator.merge(batch(second))
        aggregator.merge(batch(1, counter(0, 7), worker=1, interval=1))
        assert aggregator.windows()[0].requests == 7


@given(st.integers(8, 64), st.lists(st.integers(0, 5000), min_size=1, max_size=30))
def test_the_grid_keeps_its_promises_for_any_sequence_of_seconds(max_windows, seconds):
    grid = WindowGrid(max_windows)
    for second in seconds:
        grid.admit(second)
        newest = max(seconds[: seconds.index(second) + 1])
        windows = {grid.window_of(past) for past in range(newest + 1)}
        assert len(windows) <= max_windows
        assert grid.fine_from % grid.width == 0
        for window in windows:
            assert grid.window_of(window) == window
            covered = {grid.window_of(window + s) for s in range(grid.length_s(window))}
            assert covered == {window}


@given(st.integers(8, 64), st.lists(st.integers(0, 5000), min_size=1, max_size=30))
def test_the_grid_follows_from_the_newest_second_alone(max_windows, seconds):
    stepwise, at_once = WindowGrid(max_windows), WindowGrid(max_windows)
    for second in seconds:
        before = (stepwise.fine_from, stepwise.width)
        changed = stepwise.admit(second)
        assert changed == ((stepwise.fine_from, stepwise.width) != before)
    at_once.admit(max(seconds))
    assert (stepwise.fine_from, stepwise.width) == (at_once.fine_from, at_once.width)


def test_a_day_keeps_half_an_hour_of_seconds_and_windows_of_two_minutes():
    grid = WindowGrid(3600)
    for second in range(86_400):
        grid.admit(second)
    assert grid.width == 128
    assert 86_400 - grid.fine_from >= 1700


def test_fewer_than_eight_windows_cannot_be_kept():
    with pytest.raises(ValueError, match="at least 8"):
        Aggregator([], 1, max_windows=7)


def test_memory_of_windows_is_bounded_by_series_and_windows():
    aggregator = Aggregator([], 1, max_windows=32)
    new = [named(0, "http_req_duration", expected_response="true")]
    sizes = []
    for second in range(2000):
        deltas = trend(0, *((5 + second % 7) * MS * 1.05**i for i in range(20)))
        aggregator.merge(batch(second, deltas, new=new if second == 0 else ()))
        sizes.append(aggregator.history_bytes)
    assert max(sizes[1000:]) <= 2 * max(sizes[:100])
    assert max(sizes) < 32 * 400


def test_any_seconds_can_be_merged_alone():
    aggregator = Aggregator([], 2)
    new = [
        named(0, "http_reqs"),
        named(1, "http_req_failed"),
        named(2, "http_req_duration", expected_response="true"),
    ]
    for worker in (0, 1):
        for second in range(4):
            deltas = [
                counter(0, second, samples=second + 1),
                rate(1, second, 5),
                trend(2, (second + 1) * MS, times=3),
            ]
            aggregator.merge(batch(second, *deltas, worker=worker, new=new if second == 0 else ()))
    requests = aggregator.total_between(REQUESTS, 1, 3)
    assert (requests.samples, requests.total) == (10, 6)
    failed = aggregator.total_between(Selector("http_req_failed"), 2, 4)
    assert (failed.passes, failed.samples) == (10, 20)
    durations = aggregator.total_between(DURATION, 0, 2).distribution
    assert (durations.count, durations.min, durations.max) == (12, MS, 2 * MS)
    assert aggregator.total_between(DURATION, 4, 9) is None
    assert aggregator.total_between(Selector("nothing"), 0, 4) is None


def test_a_gauge_and_a_second_long_merged_have_no_total_of_their_own():
    aggregator = Aggregator([], 1, max_windows=8)
    aggregator.merge(batch(0, gauge(0, 3, 5), new=[named(0, "vus")]))
    with pytest.raises(ValueError, match="vus is a gauge"):
        aggregator.total_between(Selector("vus"), 0, 1)
    for second in range(1, 40):
        aggregator.merge(batch(second, gauge(0, 3, second * S)))
    with pytest.raises(ValueError, match="second 0 is part of a longer window"):
        aggregator.total_between(Selector("vus"), 0, 1)
