"""The recorder: what goes into a closed interval, what is refused, what overflows."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.model.batch import CounterDelta, GaugeDelta, RateDelta, TrendDelta
from atlas_perf.model.metric import BUILTIN_METRICS, Contains, Metric, MetricKind
from atlas_perf.model.series import NO_TAGS, tags_of
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.wire.frames import MAX_FRAME_BYTES
from atlas_perf.wire.samples import iter_samples
from atlas_perf.worker.recorder import ClosedInterval, Recorder

T0 = 1_000_000_000_000
CHECKS = BUILTIN_METRICS["checks"]
COUNTER = Metric("bytes_parsed", MetricKind.COUNTER)
RATE = Metric("cache_hit", MetricKind.RATE)
GAUGE = Metric("queue_length", MetricKind.GAUGE)
TREND = Metric("tokens", MetricKind.TREND)
METRICS = (COUNTER, RATE, GAUGE, TREND)
GET = tags_of({"expected_response": "true", "method": "GET", "name": "/runs", "scenario": "api"})


def recorder(**options: object) -> Recorder:
    made = Recorder(METRICS, **options)
    made.start_at(T0)
    return made


def closed_with(metric: Metric, *values: float) -> ClosedInterval:
    made = recorder()
    number = made.series(metric, NO_TAGS)
    for position, value in enumerate(values):
        made.add(number, value, T0 + position)
    return made.close_interval()


def sketch_by_metric(closed: ClosedInterval) -> dict[str, Sketch]:
    names = {new.number: new.metric.name for new in closed.new_series}
    return {
        names[delta.number]: Sketch.from_bytes(delta.sketch)
        for delta in closed.deltas
        if isinstance(delta, TrendDelta)
    }


class TestKinds:
    def test_a_counter_adds_up(self):
        assert closed_with(COUNTER, 1, 2.5, 0).deltas == (CounterDelta(0, 3, 3.5),)

    def test_a_counter_does_not_lose_small_amounts_beside_large_ones(self):
        (delta,) = closed_with(COUNTER, 2.0**53, *[1.0] * 10).deltas
        assert delta.total == 2**53 + 10

    def test_a_rate_counts_what_is_not_zero(self):
        assert closed_with(RATE, 1, 0, 0, 5).deltas == (RateDelta(0, 2, 4),)

    def test_a_gauge_keeps_its_last_value_its_instant_and_its_extremes(self):
        assert closed_with(GAUGE, 5, -2, 9, 4).deltas == (GaugeDelta(0, 4, 4.0, 3, -2.0, 9.0),)

    def test_a_gauge_forgets_its_extremes_with_the_interval(self):
        made = recorder()
        number = made.series(GAUGE, NO_TAGS)
        made.add(number, 100, T0)
        made.close_interval()
        made.add(number, 7, T0 + 5)
        assert made.close_interval().deltas == (GaugeDelta(number, 1, 7.0, 5, 7.0, 7.0),)

    @given(st.lists(st.floats(min_value=0, max_value=1e13), min_size=1))
    def test_a_trend_is_the_sketch_of_its_values(self, values):
        (delta,) = closed_with(TREND, *values).deltas
        sketch = Sketch()
        for value in values:
            sketch.add(value)
        assert delta == TrendDelta(0, sketch.to_bytes())


class TestRefusals:
    @pytest.mark.parametrize("metric", METRICS)
    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_what_is_no_number_is_counted_and_not_recorded(self, metric, value):
        closed = closed_with(metric, value)
        assert (closed.deltas, closed.new_series, closed.refused_samples) == ((), (), 1)

    @pytest.mark.parametrize("metric", [COUNTER, RATE, TREND])
    def test_only_gauges_may_be_negative(self, metric):
        assert closed_with(metric, -1).refused_samples == 1
        assert closed_with(GAUGE, -1).refused_samples == 0

    def test_refusals_are_counted_per_interval(self):
        made = recorder()
        number = made.series(TREND, NO_TAGS)
        made.add(number, math.nan, T0)
        assert made.close_interval().refused_samples == 1
        assert made.close_interval().refused_samples == 0

    def test_a_refused_sample_is_not_kept_either(self):
        made = recorder(keep_samples=True)
        made.add(made.series(TREND, NO_TAGS), -5, T0)
        assert made.close_interval().samples == b""

    def test_an_unknown_number_is_a_mistake_of_the_caller(self):
        with pytest.raises(IndexError, match="number 0"):
            recorder().add(0, 1.0, T0)


class TestIntervals:
    def test_a_series_is_announced_once_in_the_interval_that_first_uses_it(self):
        made = recorder()
        unused = made.series(RATE, NO_TAGS)
        used = made.series(COUNTER, GET)
        made.add(used, 1, T0)
        first = made.close_interval()
        assert [(new.number, new.metric, new.series.tags) for new in first.new_series] == [
            (used, COUNTER, GET)
        ]
        made.add(used, 1, T0)
        made.add(unused, 1, T0)
        second = made.close_interval()
        assert [new.number for new in second.new_series] == [unused]
        assert {delta.number for delta in second.deltas} == {used, unused}

    def test_closing_empties_the_interval(self):
        made = recorder(keep_samples=True)
        made.add(made.series(TREND, NO_TAGS), 5, T0)
        made.close_interval()
        empty = made.close_interval()
        assert (empty.new_series, empty.deltas, empty.samples) == ((), (), b"")

    @given(st.lists(st.lists(st.integers(0, 10**12), max_size=20), max_size=5))
    def test_the_intervals_of_a_trend_merge_to_all_its_values(self, intervals):
        made = recorder()
        number = made.series(TREND, NO_TAGS)
        merged, whole = Sketch(), Sketch()
        for values in intervals:
            for value in values:
                made.add(number, value, T0)
                whole.add(value)
            for delta in made.close_interval().deltas:
                merged.merge(Sketch.from_bytes(delta.sketch))
        assert merged == whole

    def test_nothing_is_recorded_while_disabled(self):
        made = recorder(keep_samples=True)
        number, http = made.series(TREND, NO_TAGS), made.http_series(GET, False)
        made.enabled = False
        made.add(number, 5, T0)
        made.add(number, math.nan, T0)
        http.record(T0, 9, 1, 1, 1, 1, 1, 1)
        closed = made.close_interval()
        assert (closed.deltas, closed.samples, closed.refused_samples) == ((), b"", 0)
        made.enabled = True
        made.add(number, 5, T0)
        assert len(made.close_interval().deltas) == 1


class TestSeries:
    def test_equal_tags_have_one_number(self):
        made = recorder()
        assert made.series(TREND, GET) == made.series(TREND, tags_of(dict(GET)))
        assert made.series(TREND, GET) != made.series(TREND, NO_TAGS)
        assert made.series(TREND, GET) != made.series(COUNTER, GET)

    def test_a_metric_has_one_definition(self):
        with pytest.raises(ValueError, match="'tokens' is already defined"):
            recorder().series(Metric("tokens", MetricKind.COUNTER), NO_TAGS)
        with pytest.raises(ValueError, match="'http_reqs' is already defined"):
            Recorder([Metric("http_reqs", MetricKind.TREND)])

    @pytest.mark.parametrize(
        "tags", [(("b", "1"), ("a", "2")), (("a", "1"), ("a", "2"))], ids=["unsorted", "twice"]
    )
    def test_tags_must_be_sorted_by_name(self, tags):
        with pytest.raises(ValueError, match="sorted by name"):
            recorder().series(TREND, tags)

    def test_tags_must_be_text(self):
        with pytest.raises(ValueError, match="'status' must be text, not 200"):
            recorder().series(TREND, (("status", 200),))

    def test_hundreds_of_series_keep_their_samples_apart(self):
        made = recorder()
        numbers = [made.series(TREND, tags_of({"name": str(i)})) for i in range(500)]
        for value, number in enumerate(numbers):
            made.add(number, value, T0)
        deltas = made.close_interval().deltas
        assert [Sketch.from_bytes(delta.sketch).max for delta in deltas] == list(range(500))


class TestSeriesCap:
    def test_samples_beyond_the_cap_go_to_other_and_are_counted(self):
        made = recorder(series_cap=2)
        for position in range(5):
            tags = tags_of({**dict(GET), "name": f"/runs/{position}"})
            made.add(made.series(COUNTER, tags), 1, T0)
        closed = made.close_interval()
        tags_by_number = {new.number: dict(new.series.tags) for new in closed.new_series}
        totals = [(tags_by_number[delta.number], delta.total) for delta in closed.deltas]
        other = {"name": "(other)", "scenario": "api", "expected_response": "true"}
        assert totals[-1] == (other, 3.0)
        assert [total for _, total in totals] == [1.0, 1.0, 3.0]
        assert closed.overflowed_samples == 3
        assert made.close_interval().overflowed_samples == 0

    def test_outcomes_stay_apart_in_other(self):
        made = recorder(series_cap=2)
        within = [made.series(metric, NO_TAGS) for metric in (COUNTER, RATE)]
        good = made.series(TREND, GET)
        failed = made.series(TREND, tags_of({**dict(GET), "expected_response": "false"}))
        assert len({good, failed, *within}) == 4

    def test_tags_that_other_keeps_cannot_make_it_grow_without_end(self):
        made = recorder(series_cap=3)
        numbers = {made.series(TREND, tags_of({"scenario": str(i)})) for i in range(100)}
        assert len(numbers) <= 3 + 3 + 1

    def test_known_series_are_still_found_at_the_cap(self):
        made = recorder(series_cap=1)
        number = made.series(TREND, GET)
        made.series(TREND, NO_TAGS)
        assert made.series(TREND, GET) == number
        made.add(number, 1, T0)
        assert made.close_interval().overflowed_samples == 0

    def test_requests_beyond_the_cap_are_counted_too(self):
        made = recorder(series_cap=9)
        for position in range(3):
            tags = tags_of({**dict(GET), "name": f"/runs/{position}"})
            made.http_series(tags, False).record(T0, 5, 0, -1, -1, 0, 0, 0)
        closed = made.close_interval()
        requests = {new.number for new in closed.new_series if new.metric.name == "http_reqs"}
        assert sum(d.total for d in closed.deltas if d.number in requests) == 3
        assert closed.overflowed_samples == 2 * 7


class TestChecksCap:
    def test_checks_beyond_their_cap_are_one_and_other_series_have_room(self):
        made = recorder(checks_cap=2)
        for position in range(5):
            tags = {"check": f"order {position}", "scenario": "api", "group": "::g"}
            made.add(made.series(CHECKS, tags_of(tags)), position == 3, T0)
        made.add(made.series(COUNTER, GET), 1, T0)
        closed = made.close_interval()
        rates = {
            dict(closed.new_series[delta.number].series.tags)["check"]: (
                delta.passes,
                delta.samples,
            )
            for delta in closed.deltas[:-1]
        }
        assert rates == {"order 0": (0, 1), "order 1": (0, 1), "(other)": (1, 3)}
        assert closed.overflowed_samples == 3
        other = {"check": "(other)", "name": "(other)", "scenario": "api"}
        assert dict(closed.new_series[2].series.tags) == other
        assert closed.new_series[-1].series.tags == GET

    def test_a_check_that_is_listed_may_have_any_tags(self):
        made = recorder(checks_cap=1)
        numbers = {
            name: {made.series(CHECKS, tags_of({"check": name, "u": str(i)})) for i in range(50)}
            for name in ("listed", "late")
        }
        assert (len(numbers["listed"]), len(numbers["late"])) == (50, 1)

    def test_the_same_check_of_two_groups_is_two(self):
        made = recorder(checks_cap=2)
        groups = [made.series(CHECKS, tags_of({"check": "c", "group": g})) for g in ("::a", "::b")]
        made.add(made.series(CHECKS, tags_of({"check": "c", "group": "::c"})), 1, T0)
        assert made.series(CHECKS, tags_of({"check": "c", "group": "::a"})) == groups[0]
        assert made.close_interval().overflowed_samples == 1


class TestHttpSeries:
    def test_a_round_trip_is_nine_samples(self):
        made = recorder()
        made.http_series(GET, False).record(T0 + 9, 60, 1, 2, 3, 10, 20, 30)
        closed = made.close_interval()
        assert all(new.series.tags == GET for new in closed.new_series)
        names = {new.metric.name: new.number for new in closed.new_series}
        assert CounterDelta(names["http_reqs"], 1, 1.0) in closed.deltas
        assert RateDelta(names["http_req_failed"], 0, 1) in closed.deltas
        assert {name: sketch.max for name, sketch in sketch_by_metric(closed).items()} == {
            "http_req_duration": 60,
            "http_req_blocked": 1,
            "http_req_connecting": 2,
            "http_req_tls_handshaking": 3,
            "http_req_sending": 10,
            "http_req_waiting": 20,
            "http_req_receiving": 30,
        }

    def test_a_phase_that_did_not_happen_has_no_sample(self):
        made = recorder()
        made.http_series(GET, False).record(T0, 60, 0, -1, -1, 10, 20, 30)
        names = set(sketch_by_metric(made.close_interval()))
        assert names.isdisjoint({"http_req_connecting", "http_req_tls_handshaking"})
        assert "http_req_blocked" in names

    def test_a_failed_request_counts_as_failed(self):
        made = recorder()
        made.http_series(GET, True).record(T0, 60, -1, -1, -1, -1, -1, -1)
        closed = made.close_interval()
        names = {new.metric.name: new.number for new in closed.new_series}
        assert RateDelta(names["http_req_failed"], 1, 1) in closed.deltas
        assert set(sketch_by_metric(closed)) == {"http_req_duration"}

    @pytest.mark.parametrize("position", range(7))
    def test_a_negative_duration_is_refused_and_the_request_still_counts(self, position):
        durations = [60, 1, 2, 3, 10, 20, 30]
        durations[position] = -2
        made = recorder()
        made.http_series(GET, False).record(T0, *durations)
        closed = made.close_interval()
        assert closed.refused_samples == 1
        assert sum(isinstance(delta, TrendDelta) for delta in closed.deltas) == 6
        assert sum(isinstance(delta, CounterDelta) for delta in closed.deltas) == 1

    def test_handles_of_equal_tags_are_one(self):
        made = recorder()
        assert made.http_series(GET, False) is made.http_series(tags_of(dict(GET)), False)
        assert made.http_series(GET, False) is not made.http_series(GET, True)


class TestKeptSamples:
    def test_a_workers_part_of_a_sum_is_in_the_totals_only(self):
        made = recorder(keep_samples=True)
        made.add(made.series(BUILTIN_METRICS["vus"], NO_TAGS), 3, T0)
        made.add(made.series(GAUGE, NO_TAGS), 4, T0)
        closed = made.close_interval()
        assert [value for _, _, value in iter_samples(closed.samples)] == [4]
        assert [delta.last for delta in closed.deltas] == [3, 4]

    def test_beyond_the_limit_they_are_counted_and_the_totals_are_whole(self):
        made = recorder(keep_samples=True, samples_cap=2)
        number = made.series(COUNTER, NO_TAGS)
        for position in range(5):
            made.add(number, 1, T0 + position)
        closed = made.close_interval()
        assert list(iter_samples(closed.samples)) == [(number, 0, 1.0), (number, 1, 1.0)]
        assert (closed.deltas, closed.dropped_samples) == ((CounterDelta(number, 5, 5.0),), 3)
        made.add(number, 1, T0 + 9)
        closed = made.close_interval()
        assert (list(iter_samples(closed.samples)), closed.dropped_samples) == ([(number, 9, 1)], 0)

    def test_the_usual_limit_leaves_room_for_the_rest_of_a_batch_in_its_frame(self):
        made = recorder(keep_samples=True)
        number = made.series(COUNTER, NO_TAGS)
        for _ in range(2_000_001):
            made.add(number, 1, T0)
        closed = made.close_interval()
        assert closed.dropped_samples == 1
        # The rest is a tenth of a frame at most: see MAX_FRAME_BYTES.
        assert len(closed.samples) + MAX_FRAME_BYTES // 10 < MAX_FRAME_BYTES

    def test_every_sample_is_kept_in_order_with_its_instant(self):
        made = recorder(keep_samples=True)
        counter, trend = made.series(COUNTER, NO_TAGS), made.series(TREND, NO_TAGS)
        made.add(trend, 7.5, T0 + 10)
        made.add(counter, 2, T0 + 20)
        made.add(trend, 8.5, T0 - 5)
        assert list(iter_samples(made.close_interval().samples)) == [
            (trend, 10, 7.5),
            (counter, 20, 2.0),
            (trend, -5, 8.5),
        ]

    def test_thousands_of_samples_fit(self):
        made = recorder(keep_samples=True)
        number = made.series(TREND, NO_TAGS)
        for value in range(5000):
            made.add(number, value, T0 + value)
        kept = list(iter_samples(made.close_interval().samples))
        assert kept == [(number, value, float(value)) for value in range(5000)]

    def test_nothing_is_kept_unless_asked_for(self):
        made = recorder()
        made.add(made.series(TREND, NO_TAGS), 7.5, T0)
        assert made.close_interval().samples == b""
        assert made.keep_samples is False


def test_the_built_in_metrics_need_not_be_given():
    made = Recorder([])
    for metric in BUILTIN_METRICS.values():
        made.add(made.series(metric, NO_TAGS), 1, T0)
    assert len(made.close_interval().deltas) == len(BUILTIN_METRICS)
    assert BUILTIN_METRICS["http_req_duration"].contains is Contains.TIME
