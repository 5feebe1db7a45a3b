"""What was cut off in flight lies beside what is known, over workers, seconds and endpoints."""

from __future__ import annotations

from batches import MS, batch, counter, named, rate, trend

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import RateTotal, TrendTotal

KNOWN = {"expected_response": "true", "status": "200", "proto": "HTTP/1.1"}
CUT = {"expected_response": "unknown"}


def aggregator(series_cap: int = 50_000) -> Aggregator:
    """Two workers: 98 quick answers; one was cut off at 70 ms on each, of two endpoints."""
    merged = Aggregator([], 2, series_cap=series_cap)
    for worker, name in enumerate(("/a", "/b")):
        new = [
            named(0, "http_req_duration", name=name, method="GET", **KNOWN),
            named(1, "http_req_duration", name=name, method="GET", **CUT),
            named(2, "http_reqs_censored", name=name, method="GET", **CUT),
        ]
        merged.merge(batch(0, trend(0, 10 * MS, times=49), worker=worker, new=new))
        merged.merge(batch(1, trend(1, 70 * MS), counter(2, 1), worker=worker))
    return merged


def numbers(total: object) -> tuple[int, int, float]:
    """Known values, those cut off, and the largest lower bound."""
    assert isinstance(total, TrendTotal)
    return total.samples, total.beyond, total.at_least.max


def test_both_stand_in_one_total_over_workers() -> None:
    total = aggregator().total(Selector("http_req_duration"))
    assert numbers(total) == (98, 2, 70 * MS)
    assert isinstance(total, TrendTotal)
    assert total.censored is not None
    assert (total.distribution.max, total.censored.ages.min) == (10 * MS, 70 * MS)
    assert total.at_least.count == 100


def test_what_is_known_stays_as_it_was() -> None:
    merged = aggregator()
    first = merged.total(Selector("http_req_duration"))
    assert numbers(merged.total(Selector("http_req_duration"))) == numbers(first)
    failed = Selector.parse("http_req_duration{expected_response:false}")
    assert merged.total(failed) is None
    ages = merged.total(Selector.parse("http_req_duration{expected_response:unknown}"))
    assert numbers(ages) == (2, 0, 70 * MS)


def test_by_endpoint_and_by_seconds() -> None:
    merged = aggregator()
    by_name = merged.totals_by(Selector("http_req_duration"), iter(("name",)))
    assert {tags: numbers(total) for tags, total in by_name.items()} == {
        (("name", name),): (49, 1, 70 * MS) for name in ("/a", "/b")
    }
    duration = Selector("http_req_duration")
    assert numbers(merged.total_between(duration, 0, 1)) == (98, 0, 10 * MS)
    assert numbers(merged.total_between(duration, 1, 2)) == (0, 2, 70 * MS)
    assert numbers(merged.total_between(duration, 0, 2)) == (98, 2, 70 * MS)


def test_a_share_of_some_seconds_has_the_tasks_that_were_cut_off_in_them() -> None:
    merged = Aggregator([], 1)
    merged.merge(batch(0, rate(0, 3, 3), new=[named(0, "task_completed")]))
    merged.merge(batch(1, counter(1, 2), new=[named(1, "tasks_censored")]))
    completed = Selector("task_completed")
    assert merged.total_between(completed, 0, 1) == RateTotal(3, 3)
    assert merged.total_between(completed, 1, 2) == RateTotal(0, 0, beyond=2)
    assert merged.total_between(completed, 0, 2) == RateTotal(3, 3, beyond=2)


def test_an_endpoint_of_which_nothing_is_known_has_a_bound_all_the_same() -> None:
    merged = Aggregator([], 1)
    merged.merge(batch(0, trend(0, 70 * MS), new=[named(0, "http_req_duration", **CUT, name="/c")]))
    assert numbers(merged.total(Selector.parse("http_req_duration{name:/c}"))) == (0, 1, 70 * MS)
    assert merged.total(Selector.parse("http_req_duration{name:/d}")) is None


def test_windows_count_them_and_keep_their_percentiles() -> None:
    first, second = aggregator().windows()
    assert (first.censored_requests, second.censored_requests) == (0, 2)
    assert (round(first.p99_ms or 0), second.p99_ms) == (10, None)


def test_beyond_the_series_cap_they_are_still_known_as_such() -> None:
    merged = aggregator(series_cap=4)
    assert numbers(merged.total(Selector("http_req_duration"))) == (98, 2, 70 * MS)
    folded = Selector.parse("http_req_duration{name:/a}").censored()
    assert folded is not None
    assert any(map(folded.may_hide_in, merged.series("http_req_duration")))


def test_the_open_models_three_durations_are_in_every_window() -> None:
    merged = Aggregator([], 1)
    new = [
        named(0, "http_req_duration", **KNOWN),
        named(1, "http_req_response_time", **KNOWN),
        named(2, "iteration_lag", scenario="s"),
    ]
    deltas = [trend(0, 10 * MS), trend(1, 30 * MS), trend(2, 2 * MS)]
    merged.merge(batch(0, *deltas, new=new))
    (window,) = merged.windows()
    service = (window.p50_ms, window.p95_ms, window.p99_ms)
    response = (window.response_p50_ms, window.response_p95_ms, window.response_p99_ms)
    assert [round(value or 0) for value in (*service, *response)] == [10] * 3 + [30] * 3
    assert round(window.lag_p99_ms or 0) == 2


def test_shares_of_tasks_know_how_many_were_cut_off() -> None:
    merged = Aggregator([], 1)
    new = [
        named(0, "task_completed", name="a", outcome="completed", expected_response="true"),
        named(1, "tasks_censored", name="a"),
        named(2, "tasks_censored", name="b"),
    ]
    merged.merge(batch(0, rate(0, 5, 5), counter(1, 2), counter(2, 1), new=new))
    assert merged.total(Selector("task_completed")) == RateTotal(5, 5, beyond=3)
    assert merged.total(Selector.parse("task_completed{name:b}")) == RateTotal(0, 0, beyond=1)
    assert merged.total(Selector.parse("task_completed{outcome:completed}")) == RateTotal(5, 5)
    assert merged.totals_by(Selector("task_completed"), ("name",)) == {
        (("name", "a"),): RateTotal(5, 5, beyond=2),
        (("name", "b"),): RateTotal(0, 0, beyond=1),
    }
