"""Batches become periods: nothing is counted twice or left out, and memory is bounded."""

from __future__ import annotations

from itertools import permutations

import pytest
from made_batches import (
    DEPTH,
    DURATION,
    FAILED,
    REQS,
    SERIES,
    VUS,
    batch,
    counted,
    levelled,
    spread_ms,
    tallied,
)

from atlas_perf.model.batch import NewSeries, WorkerHealth
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.series import Series, tags_of
from atlas_perf.outputs.backlog import Backlog
from atlas_perf.outputs.period import Period
from atlas_perf.outputs.periods import PATIENCE_S, Periods
from atlas_perf.units import NS_PER_MS, NS_PER_S


def counts(period: Period) -> dict[str, float]:
    return {
        series.metric.name: amount
        for series, amount in period.counters.items()
        if not series.metric.name.startswith("generator_")
    }


def test_a_second_is_complete_once_every_worker_has_told_of_it():
    periods = Periods(2, 1)
    periods.add(batch(0, counted(REQS, 3), worker=0), SERIES.__getitem__)
    assert list(periods.complete()) == []
    periods.add(batch(0, counted(REQS, 4), worker=1), SERIES.__getitem__)
    (period,) = periods.complete()
    assert (period.end_ns, period.seconds, counts(period)) == (NS_PER_S, 1, {"http_reqs": 7.0})
    assert list(periods.complete()) == []


def test_a_worker_that_has_ended_is_not_waited_for():
    periods = Periods(2, 1)
    periods.add(batch(0, worker=1, last=True), SERIES.__getitem__)
    periods.add(batch(0, worker=0), SERIES.__getitem__)
    periods.add(batch(1, worker=0), SERIES.__getitem__)
    assert [period.end_ns // NS_PER_S for period in periods.complete()] == [1, 2]


def test_what_comes_too_late_is_part_of_a_later_period():
    periods = Periods(2, 1)
    for second in range(PATIENCE_S + 1):
        periods.add(batch(second, counted(REQS, 1), worker=0), SERIES.__getitem__)
    assert [period.end_ns // NS_PER_S for period in periods.complete()] == [1]
    periods.add(batch(0, counted(REQS, 100), worker=1), SERIES.__getitem__)
    rest = list(periods.rest())
    assert [counts(period)["http_reqs"] for period in rest] == [101.0, 1, 1, 1, 1]


@pytest.mark.parametrize("length_s", [1, 5, 60])
def test_the_last_period_ends_when_the_last_worker_closed_it(length_s):
    periods = Periods(2, length_s)
    for second in range(6):
        periods.add(batch(second, worker=0), SERIES.__getitem__)
        periods.add(batch(second, worker=1), SERIES.__getitem__)
    periods.add(batch(6, worker=0, last=True, until_s=6.25), SERIES.__getitem__)
    periods.add(batch(6, worker=1, last=True, until_s=6.5), SERIES.__getitem__)
    given = list(periods.rest())
    assert given[-1].end_ns == 6.5 * NS_PER_S
    assert sum(period.seconds for period in given) == 7


def test_no_two_periods_have_the_same_date():
    """A worker may close its last second just after its beginning, or tell of it far too late."""
    periods = Periods(2, 1)
    for second in range(PATIENCE_S + 2):
        periods.add(batch(second, worker=0), SERIES.__getitem__)
    given = list(periods.complete())
    periods.add(batch(0, worker=1, last=True, until_s=0.5), SERIES.__getitem__)
    beyond = PATIENCE_S + 2
    last = batch(beyond, worker=0, last=True, until_s=beyond + 1e-6)
    periods.add(last, SERIES.__getitem__)
    given += periods.rest()
    dates_ms = [period.end_ns // NS_PER_MS for period in given]
    assert dates_ms == [1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 7_001]


def test_a_worker_that_closed_a_second_late_moves_no_date():
    periods = Periods(1, 1)
    periods.add(batch(0, until_s=1.3), SERIES.__getitem__)
    (period,) = periods.complete()
    assert period.end_ns == NS_PER_S


def test_seconds_of_a_longer_period_are_one():
    periods = Periods(1, 5)
    for second in range(7):
        deltas = (counted(REQS, 1), levelled(DEPTH, second, second), tallied(FAILED, 1, 2))
        periods.add(batch(second, *deltas, spread_ms(DURATION, 1 + second)), SERIES.__getitem__)
    first, second = [*periods.complete(), *periods.rest()]
    assert (first.end_ns, first.seconds, counts(first)["http_reqs"]) == (5 * NS_PER_S, 5, 5.0)
    assert (second.end_ns, second.seconds) == (7 * NS_PER_S, 2)
    assert counts(second)["http_reqs"] == 2.0
    assert list(first.rates.values()) == [(5, 10)]
    assert [level for series, (_, level) in first.gauges.items() if not series.tags] == [4.0]
    (sketch,) = first.trends.values()
    assert (sketch.count, sketch.min, sketch.max) == (5, 1 * NS_PER_MS, 5 * NS_PER_MS)


def test_a_workers_part_of_a_summed_gauge_is_left_to_the_sum():
    periods = Periods(1, 1)
    periods.add(batch(0, levelled(VUS, 3, 0.9)), SERIES.__getitem__)
    periods.add_gauge(BUILTIN_METRICS["vus"], (), NS_PER_S // 2, 20.0)
    (period,) = periods.rest()
    assert [level for series, (_, level) in period.gauges.items() if not series.tags] == [20.0]


def test_the_generator_tells_of_itself_by_worker():
    periods = Periods(2, 1)
    for worker, lag_ms in enumerate((3, 40)):
        health = WorkerHealth(loop_lag_max_ns=lag_ms * NS_PER_MS, cpu_ns=7, length_ns=NS_PER_S)
        periods.add(batch(0, worker=worker, health=health), SERIES.__getitem__)
    (period,) = periods.complete()
    lags = {
        dict(series.tags)["worker"]: level
        for series, (_, level) in period.gauges.items()
        if series.metric.name == "generator_loop_lag_max"
    }
    assert lags == {"0": 3 * NS_PER_MS, "1": 40 * NS_PER_MS}
    assert list(period.counters.values()) == [7.0, 7.0]


def test_series_beyond_the_cap_share_one():
    periods = Periods(1, 1, series_cap=12)
    for number in range(100):
        tags = tags_of({"name": f"/user/{number}", "scenario": "api"})
        one = NewSeries(number, BUILTIN_METRICS["http_reqs"], Series("http_reqs", tags))
        periods.add(batch(0, counted(number, 1)), {number: one}.__getitem__)
    (period,) = periods.rest()
    assert periods.folded
    assert sum(counts(period).values()) <= sum(period.counters.values())
    reqs = {one.tags: v for one, v in period.counters.items() if one.metric.name == "http_reqs"}
    assert sum(reqs.values()) == 100
    assert len(reqs) <= 13
    assert reqs[("name", "(other)"), ("scenario", "api")] > 80


@pytest.mark.parametrize("room", [2, 3, 5])
def test_a_full_backlog_grows_coarser_and_loses_nothing(room):
    backlog = Backlog(room)
    periods = Periods(1, 1)
    for second in range(20):
        periods.add(batch(second, counted(REQS, 2), spread_ms(DURATION, 1)), SERIES.__getitem__)
    for period in periods.rest():
        backlog.put(period)
    backlog.end()
    taken = []
    while (period := backlog.take()) is not None:
        taken.append(period)
    assert len(taken) == room
    assert [period.end_ns // NS_PER_S for period in taken[1:]] == list(range(20 - room + 2, 21))
    assert sum(period.seconds for period in taken) == backlog.put_seconds == 20
    assert backlog.merged_seconds == taken[0].seconds == 20 - room + 1
    assert sum(counts(period)["http_reqs"] for period in taken) == 40
    assert sum(sketch.count for one in taken for sketch in one.trends.values()) == 20


def test_the_order_of_workers_changes_no_total():
    batches = [batch(s, counted(REQS, 1 + s + w), worker=w) for w in (0, 1) for s in (0, 1, 2)]
    totals = set()
    for order in permutations(range(6)):
        in_order = [batches[place] for place in order]
        if any(
            [one.interval for one in in_order if one.worker == worker] != [0, 1, 2]
            for worker in (0, 1)
        ):
            continue
        periods = Periods(2, 1)
        given = []
        for one in in_order:
            given += periods.complete()
            periods.add(one, SERIES.__getitem__)
        given += [*periods.complete(), *periods.rest()]
        assert [period.end_ns // NS_PER_S for period in given] == [1, 2, 3]
        totals.add(tuple(counts(period)["http_reqs"] for period in given))
    assert totals == {(3.0, 5.0, 7.0)}


def test_every_series_says_which_test_it_is_of_unless_it_does_so_itself():
    periods = Periods(1, 1, lent_tags={"test": "api"})
    for number, tags in enumerate(({"name": "list"}, {"test": "mine"})):
        one = NewSeries(number, BUILTIN_METRICS["http_reqs"], Series("http_reqs", tags_of(tags)))
        periods.add(batch(0, counted(number, 1)), {number: one}.__getitem__)
    (period,) = periods.rest()
    told = [one.tags for one in period.counters if one.metric.name == "http_reqs"]
    assert told == [(("name", "list"), ("test", "api")), (("test", "mine"),)]


def test_a_name_that_no_receiver_could_read_is_made_one():
    one = NewSeries(
        0, BUILTIN_METRICS["http_reqs"], Series("http_reqs", (("na\ud800me", "\udcff"),))
    )
    periods = Periods(1, 1)
    periods.add(batch(0, counted(0, 1)), {0: one}.__getitem__)
    (period,) = periods.rest()
    (told,) = (s.tags for s in period.counters if s.metric.name == "http_reqs")
    assert told == (("na?me", "?"),)
