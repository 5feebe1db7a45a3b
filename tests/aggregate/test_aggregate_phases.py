"""A phase that does not count: where its samples are found, and where not."""

from __future__ import annotations

import pytest
from batches import MS, S, batch, counter, named, rate, trend

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import NOT_STOPPED_NS, CounterTotal, RateTotal

OK = {"expected_response": "true"}


@pytest.fixture
def aggregator() -> Aggregator:
    """A second of warm-up, one in which its last request ends beside others, and a steady one."""
    aggregator = Aggregator([], 1, uncounted_phase="warm-up")
    new = [
        named(0, "http_req_duration", phase="warm-up", **OK),
        named(1, "http_req_duration", phase="steady", **OK),
        named(2, "http_reqs", phase="warm-up"),
        named(3, "http_reqs", phase="steady"),
        named(4, "http_req_failed", phase="warm-up"),
        named(5, "http_req_failed", phase="steady"),
    ]
    aggregator.merge(batch(0, trend(0, 900 * MS), counter(2, 10), rate(4, 9, 10), new=new))
    aggregator.merge(
        batch(1, trend(0, 800 * MS), trend(1, 5 * MS), counter(2, 1), counter(3, 20), rate(4, 1, 1))
    )
    aggregator.merge(batch(2, trend(1, 6 * MS), counter(3, 30), rate(5, 0, 30)))
    return aggregator


def test_totals_leave_it_out(aggregator):
    assert aggregator.total(Selector("http_reqs")).total == 50
    assert aggregator.total(Selector("http_req_duration")).distribution.max == 6 * MS
    assert aggregator.total(Selector("http_req_failed")) == RateTotal(0, 30)
    assert list(aggregator.totals_by(Selector("http_reqs"), ["phase"])) == [(("phase", "steady"),)]


def test_also_of_series_that_come_after_a_selector_was_asked_for():
    aggregator = Aggregator([], 1, uncounted_phase="warm-up")
    assert aggregator.total(Selector("http_reqs")) is None
    aggregator.merge(batch(0, counter(0, 7), new=[named(0, "http_reqs", phase="warm-up")]))
    assert aggregator.total(Selector("http_reqs")) is None
    aggregator.merge(batch(1, counter(1, 5), new=[named(1, "http_reqs", phase="steady")]))
    assert aggregator.total(Selector("http_reqs")) == CounterTotal(1, 5)


def test_it_can_be_asked_for_by_name(aggregator):
    assert aggregator.total(Selector.parse("http_reqs{phase:warm-up}")).total == 11
    assert aggregator.total(Selector("http_reqs"), uncounted_too=True).total == 61


def test_windows_hold_everything(aggregator):
    assert [window.requests for window in aggregator.windows()] == [10, 21, 30]
    assert aggregator.windows()[0].p50_ms == pytest.approx(900, rel=0.01)
    assert aggregator.windows()[0].failed_requests == 9


def test_of_some_seconds_a_counter_is_all_that_happened_in_them(aggregator):
    assert aggregator.total_between(Selector("http_reqs"), 1, 3).total == 51
    assert aggregator.total_between(Selector("http_req_failed"), 1, 3) == RateTotal(0, 30)
    slowest = aggregator.total_between(Selector("http_req_duration"), 1, 3).distribution.max
    assert slowest == 6 * MS


def test_a_phase_counts_unless_it_is_said_not_to():
    aggregator = Aggregator([], 1)
    aggregator.merge(batch(0, counter(0, 7), new=[named(0, "http_reqs", phase="warm-up")]))
    assert aggregator.total(Selector("http_reqs")) == CounterTotal(1, 7)


def test_what_is_folded_keeps_its_phase():
    aggregator = Aggregator([], 1, series_cap=1, uncounted_phase="warm-up")
    new = [
        named(0, "http_reqs", name="/a", phase="steady"),
        named(1, "http_reqs", name="/b", phase="warm-up"),
        named(2, "http_reqs", name="/c", phase="steady"),
    ]
    aggregator.merge(batch(0, counter(0, 1), counter(1, 10), counter(2, 100), new=new))
    assert aggregator.total(Selector("http_reqs")).total == 101
    assert aggregator.total(Selector.parse("http_reqs{phase:warm-up}")).total == 10


def test_until_when_load_was_offered(aggregator):
    assert aggregator.offered_ns == 3 * S
    aggregator.mark_stopped(2 * S)
    assert aggregator.offered_ns == 2 * S
    aggregator.mark_stopped(1 * S)
    aggregator.merge(batch(3, last=True, ended_at_ns=3 * S))
    assert aggregator.offered_ns == 2 * S  # not when the last iteration had ended


def test_a_load_that_came_to_its_end_was_offered_whole():
    aggregator = Aggregator([], 1)
    aggregator.merge(batch(0, last=True, ended_at_ns=S // 2))
    assert aggregator.offered_ns == NOT_STOPPED_NS
