"""Totals by selector: which series count, and what their merge is."""

from __future__ import annotations

import pytest
from batches import MS, S, batch, counter, gauge, named, rate, trend

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.model.metric import BUILTIN_METRICS, AcrossWorkers, Metric, MetricKind
from atlas_perf.model.series import CHECK_KEYS, CHECKS_CAP, Selector
from atlas_perf.model.snapshot import CounterTotal, GaugeTotal, RateTotal

TEMPERATURE = Metric("temperature", MetricKind.GAUGE)
SESSIONS = Metric("sessions", MetricKind.GAUGE, across_workers=AcrossWorkers.SUM)


def test_percentiles_over_two_workers_are_those_of_all_their_samples():
    """9000 × 1 ms on worker 0, 1000 × 1 s on worker 1: p95 is 1 s, p50 is 1 ms."""
    aggregator = Aggregator([], 2)
    series = [named(0, "http_req_duration", expected_response="true")]
    aggregator.merge(batch(0, trend(0, 1 * MS, times=9000), new=series))
    aggregator.merge(batch(0, trend(0, 1 * S, times=1000), worker=1, new=series))
    distribution = aggregator.total(Selector("http_req_duration")).distribution
    assert distribution.quantile(0.95) == pytest.approx(1 * S, rel=0.01)
    assert distribution.quantile(0.50) == pytest.approx(1 * MS, rel=0.01)
    assert (distribution.count, distribution.min, distribution.max) == (10_000, 1 * MS, 1 * S)
    assert distribution.sum == 9000 * MS + 1000 * S


class TestSelectors:
    def aggregator(self) -> Aggregator:
        aggregator = Aggregator([], 1)
        aggregator.merge(
            batch(
                0,
                trend(0, 10 * MS),
                trend(1, 30 * MS),
                trend(2, 900 * MS),
                counter(3, 2, samples=2),
                counter(4, 5, samples=5),
                rate(5, 1, 4),
                new=[
                    named(0, "http_req_duration", name="/a", expected_response="true"),
                    named(1, "http_req_duration", name="/b", expected_response="true"),
                    named(2, "http_req_duration", name="/a", expected_response="false"),
                    named(3, "http_reqs", name="/a"),
                    named(4, "http_reqs", name="/b"),
                    named(5, "http_req_failed", name="/a"),
                ],
            )
        )
        return aggregator

    def longest(self, selector: str) -> float:
        return self.aggregator().total(Selector.parse(selector)).distribution.max

    def test_bare_http_times_mean_successes_only(self):
        assert self.longest("http_req_duration") == 30 * MS
        assert self.longest("http_req_duration{name:/a}") == 10 * MS

    def test_an_outcome_tag_selects_failures(self):
        assert self.longest("http_req_duration{expected_response:false}") == 900 * MS

    def test_counters_and_rates_merge_over_their_series(self):
        aggregator = self.aggregator()
        assert aggregator.total(Selector("http_reqs")) == CounterTotal(7, 7.0)
        assert aggregator.total(Selector.parse("http_reqs{name:/b}")) == CounterTotal(5, 5.0)
        assert aggregator.total(Selector("http_req_failed")) == RateTotal(1, 4)

    @pytest.mark.parametrize(
        "selector", ["http_reqs{name:/c}", "checks", "no_such_metric", "http_reqs{nome:/a}"]
    )
    def test_what_has_no_sample_has_no_total(self, selector):
        assert self.aggregator().total(Selector.parse(selector)) is None

    def test_a_series_that_comes_later_joins_the_selectors_asked_before(self):
        aggregator = self.aggregator()
        requests = Selector("http_reqs")
        aggregator.total(requests)
        aggregator.merge(batch(1, counter(6, 100), new=[named(6, "http_reqs", name="/new")]))
        assert aggregator.total(requests) == CounterTotal(8, 107.0)
        assert aggregator.total(Selector.parse("http_reqs{name:/new}")) == CounterTotal(1, 100.0)

    def test_series_of_a_metric_are_those_with_samples(self):
        aggregator = self.aggregator()
        aggregator.merge(batch(1, new=[named(7, "http_reqs", name="/announced-only")]))
        tags = [series.tags for series in aggregator.series("http_reqs")]
        assert tags == [(("name", "/a"),), (("name", "/b"),)]

    def test_totals_split_by_tags_are_those_of_each_combination(self):
        aggregator = self.aggregator()
        by_name = aggregator.totals_by(Selector("http_reqs"), ["name"])
        assert by_name == {
            (("name", "/a"),): CounterTotal(2, 2.0),
            (("name", "/b"),): CounterTotal(5, 5.0),
        }
        successes = aggregator.totals_by(Selector("http_req_duration"), ["name", "absent"])
        assert {tags: total.distribution.max for tags, total in successes.items()} == {
            (("name", "/a"),): 10 * MS,
            (("name", "/b"),): 30 * MS,
        }
        assert aggregator.totals_by(Selector("http_reqs"), []) == {(): CounterTotal(7, 7.0)}
        assert aggregator.totals_by(Selector("checks"), ["name"]) == {}

    def test_a_number_resolves_to_what_the_worker_named(self):
        assert self.aggregator().resolve(0, 3) == named(3, "http_reqs", name="/a")

    def test_a_total_does_not_change_with_later_batches(self):
        aggregator = self.aggregator()
        before = aggregator.total(Selector("http_req_duration")).distribution
        aggregator.merge(batch(1, trend(0, 5 * S)))
        assert (before.count, before.max) == (2, 30 * MS)


class TestGauges:
    def test_a_summed_gauge_adds_each_workers_last_known_value(self):
        aggregator = Aggregator([SESSIONS], 2)
        series = [named(0, SESSIONS)]
        aggregator.merge(batch(0, gauge(0, 3, 0), new=series))
        aggregator.merge(batch(0, gauge(0, 5, 0), worker=1, new=series))
        assert aggregator.total(Selector("sessions")) == GaugeTotal(2, 8.0, 8.0, 8.0)
        aggregator.merge(batch(1, gauge(0, 1, S)))
        aggregator.merge(batch(1, worker=1))  # worker 1 still holds its five
        assert aggregator.total(Selector("sessions")) == GaugeTotal(3, 6.0, 6.0, 8.0)

    def test_a_worker_that_ended_or_was_lost_holds_nothing_any_more(self):
        aggregator = Aggregator([], 3)
        for worker in range(3):
            new = [named(0, "vus")]
            aggregator.merge(batch(0, gauge(0, 4, 0), worker=worker, new=new))
        aggregator.merge(batch(1, worker=0))
        assert [window.vus for window in aggregator.windows()] == [12.0, 12.0]
        aggregator.mark_lost(1, "killed")
        aggregator.merge(batch(1, worker=2))
        aggregator.merge(batch(2, gauge(0, 3, 2 * S), worker=0))
        aggregator.merge(batch(2, worker=2, last=True, ended_at_ns=2 * S))
        aggregator.merge(batch(3, gauge(0, 1, 3 * S), worker=0, last=True, ended_at_ns=3 * S))
        assert [window.vus for window in aggregator.windows()] == [12.0, 8.0, 7.0, 1.0]
        assert aggregator.total(Selector("vus")) == GaugeTotal(5, 1.0, 1.0, 12.0)

    def test_users_that_were_ever_there_stay_counted_when_their_worker_has_ended(self):
        aggregator = Aggregator([], 2)
        new = [named(0, "vus_max")]
        aggregator.merge(batch(0, gauge(0, 4, 0), worker=0, new=new))
        aggregator.merge(batch(0, gauge(0, 4, 0), worker=1, new=new, last=True, ended_at_ns=S))
        aggregator.merge(batch(1, gauge(0, 4, S), worker=0, last=True, ended_at_ns=2 * S))
        assert aggregator.total(Selector("vus_max")) == GaugeTotal(3, 8.0, 8.0, 8.0)

    def test_any_other_gauge_is_the_last_value_set_anywhere(self):
        aggregator = Aggregator([TEMPERATURE], 2)
        series = [named(0, TEMPERATURE)]
        aggregator.merge(batch(0, gauge(0, 20, 900), new=series))
        aggregator.merge(batch(0, gauge(0, -5, 400), worker=1, new=series))
        assert aggregator.total(Selector("temperature")) == GaugeTotal(2, 20.0, -5.0, 20.0)

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_of_two_values_set_at_one_instant_the_larger_stays(self, order):
        aggregator = Aggregator([TEMPERATURE], 2)
        for worker in order:
            set_at_once = gauge(0, 10 + worker, 900)
            new = [named(0, TEMPERATURE)]
            aggregator.merge(batch(0, set_at_once, worker=worker, new=new))
        assert aggregator.total(Selector("temperature")).value == 11.0

    def test_virtual_users_are_summed_and_seconds_not_complete_do_not_lower_them(self):
        aggregator = Aggregator([], 2)
        for worker in (0, 1):
            new = [named(0, "vus")]
            aggregator.merge(batch(0, gauge(0, 4, 0), worker=worker, new=new))
        aggregator.merge(batch(1, gauge(0, 1, S)))  # worker 1 has not reported second 1 yet
        assert aggregator.total(Selector("vus")) == GaugeTotal(3, 5.0, 8.0, 8.0)
        aggregator.merge(batch(1, gauge(0, 1, S), worker=1))
        assert aggregator.total(Selector("vus")) == GaugeTotal(4, 2.0, 2.0, 8.0)


class TestMetrics:
    def test_defined_metrics_are_known_without_samples(self):
        aggregator = Aggregator([SESSIONS], 1)
        assert aggregator.metrics() == {**BUILTIN_METRICS, "sessions": SESSIONS}

    def test_a_conflicting_definition_is_refused(self):
        with pytest.raises(ValueError, match="'vus'"):
            Aggregator([Metric("vus", MetricKind.TREND)], 1)

    def test_a_metric_first_defined_in_a_running_scenario_becomes_known(self):
        aggregator = Aggregator([], 1)
        aggregator.merge(batch(0, gauge(0, 7, 1), new=[named(0, TEMPERATURE)]))
        assert aggregator.metrics()["temperature"] == TEMPERATURE
        assert aggregator.total(Selector("temperature")).value == 7

    def test_trends_that_spread_too_far_are_named(self):
        aggregator = Aggregator([], 1)
        new = [named(0, "iteration_duration"), named(1, "group_duration")]
        aggregator.merge(batch(0, trend(0, 1e-300, 1e200), trend(1, 5 * MS), new=new))
        assert aggregator.collapsed_metrics() == ("iteration_duration",)


class TestSeriesCap:
    def test_series_beyond_the_cap_share_an_other_row_and_it_shows(self):
        aggregator = Aggregator([], 1, series_cap=2)
        new = [named(i, "http_reqs", name=f"/{i}", scenario="api", status="200") for i in range(5)]
        aggregator.merge(batch(0, counter(0, 1), counter(1, 1), new=new[:2]))
        assert not aggregator.series_overflowed
        aggregator.merge(batch(1, counter(2, 1), counter(3, 1), counter(4, 1), new=new[2:]))
        assert aggregator.series_overflowed
        assert len(aggregator.series("http_reqs")) == 3
        assert aggregator.total(Selector.parse('http_reqs{name:"(other)"}')).total == 3
        assert aggregator.total(Selector.parse("http_reqs{scenario:api}")).total == 5
        assert aggregator.resolve(0, 4) == new[4]

    def test_checks_beyond_their_cap_share_a_row_whichever_worker_met_them(self):
        aggregator = Aggregator([], 2)
        for worker in (0, 1):
            names = [f"worker {worker} order {i}" for i in range(800)]
            new = [named(i, "checks", check=name, scenario="s") for i, name in enumerate(names)]
            new.append(named(800, "checks", check="(other)", name="(other)", scenario="s"))
            rates = [rate(number, 1, 1) for number in range(801)]
            aggregator.merge(batch(0, *rates, worker=worker, new=new))
            assert aggregator.checks_capped == aggregator.series_overflowed == (worker == 1)
        checks = aggregator.totals_by(Selector("checks"), CHECK_KEYS)
        assert len(checks) == CHECKS_CAP + 1
        assert checks[("check", "(other)"), ("scenario", "s")].samples == 600 + 2
        new = [named(801, "http_reqs", name="/late")]
        aggregator.merge(batch(1, counter(801, 1), new=new))
        assert aggregator.series("http_reqs") == [new[0].series]

    def test_the_number_of_other_rows_is_bounded(self):
        aggregator = Aggregator([], 1, series_cap=3)
        new = [named(i, "http_reqs", scenario=str(i)) for i in range(50)]
        aggregator.merge(batch(0, *(counter(i, 1) for i in range(50)), new=new))
        assert len(aggregator.series("http_reqs")) <= 2 * 3 + 1
        assert aggregator.total(Selector("http_reqs")).total == 50
