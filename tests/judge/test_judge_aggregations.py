"""Each aggregation of each kind, in the unit of thresholds."""

from __future__ import annotations

import pytest
from exact_snapshot import ExactDistribution

from atlas_perf.judge.aggregations import ALLOWED, aggregate, allowed_text, is_estimated, unit
from atlas_perf.judge.grammar import Aggregation, parse_aggregation
from atlas_perf.model.metric import Contains, Metric, MetricKind
from atlas_perf.model.snapshot import CounterTotal, GaugeTotal, RateTotal, TrendTotal
from atlas_perf.units import NS_PER_MS, NS_PER_S

TREND = TrendTotal(ExactDistribution(tuple(float(value) for value in range(1, 101))))
TIMES = TrendTotal(ExactDistribution((2.0 * NS_PER_MS, 4.0 * NS_PER_MS, 12.0 * NS_PER_MS)))


@pytest.mark.parametrize(
    ("total", "contains", "text", "value"),
    [
        (CounterTotal(3, 50.0), Contains.DEFAULT, "count", 50.0),
        (CounterTotal(3, 50.0), Contains.DEFAULT, "rate", 12.5),
        (CounterTotal(3, 50.0), Contains.DATA, "rate", 12.5),
        (CounterTotal(1, 0.0), Contains.DEFAULT, "count", 0.0),
        (RateTotal(3, 4), Contains.DEFAULT, "rate", 0.75),
        (RateTotal(0, 4), Contains.DEFAULT, "rate", 0.0),
        (GaugeTotal(2, 7.0, 1.0, 9.0), Contains.DEFAULT, "value", 7.0),
        (GaugeTotal(2, 7e6, 1e6, 9e6), Contains.TIME, "value", 7.0),
        (GaugeTotal(2, 7.0, 1.0, 9.0), Contains.DEFAULT, "max", 9.0),
        (GaugeTotal(2, 7e6, 1e6, 9e6), Contains.TIME, "min", 1.0),
        (TREND, Contains.DEFAULT, "avg", 50.5),
        (TREND, Contains.DEFAULT, "min", 1.0),
        (TREND, Contains.DEFAULT, "max", 100.0),
        (TREND, Contains.DEFAULT, "med", 50.5),
        (TREND, Contains.DEFAULT, "p(90)", pytest.approx(90.1)),
        (TIMES, Contains.TIME, "avg", 6.0),
        (TIMES, Contains.TIME, "p(50)", 4.0),
    ],
)
def test_an_aggregation_of_a_total(total, contains, text, value):
    term = parse_aggregation(text)
    assert aggregate(total, term, contains=contains, elapsed_ns=4 * NS_PER_S) == value


@pytest.mark.parametrize(
    ("total", "text"),
    [
        (CounterTotal(0, 0.0), "count"),
        (RateTotal(0, 0), "rate"),
        (GaugeTotal(0, 0.0, 0.0, 0.0), "value"),
        (TrendTotal(ExactDistribution(())), "p(95)"),
        (TrendTotal(ExactDistribution(())), "avg"),
    ],
)
def test_no_samples_are_no_number(total, text):
    term = parse_aggregation(text)
    assert aggregate(total, term, contains=Contains.DEFAULT, elapsed_ns=NS_PER_S) is None


def test_a_rate_over_no_time_is_no_number():
    term = parse_aggregation("rate")
    assert aggregate(CounterTotal(1, 1.0), term, contains=Contains.DEFAULT, elapsed_ns=0) is None


class MiddleOfBin(ExactDistribution):
    """As a sketch does, it answers with the middle of a bin, never the value itself."""

    def quantile(self, q: float) -> float:
        return 27.94


def test_the_ends_of_a_distribution_are_exact_whatever_the_sketch_says():
    total = TrendTotal(MiddleOfBin((28.0,)))
    ends = [
        aggregate(total, parse_aggregation(text), contains=Contains.DEFAULT, elapsed_ns=1)
        for text in ("p(0)", "p(100)", "p(99)")
    ]
    assert ends == [28.0, 28.0, 27.94]


@pytest.mark.parametrize(
    ("text", "estimated"),
    [
        ("avg", False),
        ("min", False),
        ("max", False),
        ("p(0)", False),
        ("p(100)", False),
        ("med", True),
        ("p(50)", True),
        ("p(99.9)", True),
    ],
)
def test_only_inner_quantiles_are_estimates(text, estimated):
    assert is_estimated(parse_aggregation(text)) is estimated


@pytest.mark.parametrize(
    ("total", "kind"),
    [
        (CounterTotal(1, 1.0), MetricKind.COUNTER),
        (RateTotal(1, 1), MetricKind.RATE),
        (GaugeTotal(1, 1.0, 1.0, 1.0), MetricKind.GAUGE),
        (TREND, MetricKind.TREND),
    ],
)
@pytest.mark.parametrize("aggregation", list(Aggregation))
def test_a_kind_has_the_aggregations_of_its_table_and_no_other(total, kind, aggregation):
    text = "p(95)" if aggregation is Aggregation.PERCENTILE else aggregation.value
    term = parse_aggregation(text)
    if aggregation in ALLOWED[kind]:
        assert aggregate(total, term, contains=Contains.DEFAULT, elapsed_ns=1) is not None
    else:
        with pytest.raises(ValueError):
            aggregate(total, term, contains=Contains.DEFAULT, elapsed_ns=1)


def test_units_follow_the_metric_and_the_aggregation():
    data = Metric("data_sent", MetricKind.COUNTER, Contains.DATA)
    assert unit(data, Aggregation.COUNT) == "bytes"
    assert unit(data, Aggregation.RATE) == "bytes_per_s"
    assert unit(Metric("n", MetricKind.COUNTER), Aggregation.RATE) == "per_s"
    assert unit(Metric("n", MetricKind.COUNTER), Aggregation.COUNT) == ""
    assert unit(Metric("n", MetricKind.RATE), Aggregation.RATE) == ""
    assert unit(Metric("n", MetricKind.TREND, Contains.TIME), Aggregation.AVG) == "ms"


def test_the_allowed_aggregations_read_as_a_list():
    assert allowed_text(MetricKind.TREND) == "avg, min, med, max or p(N)"
    assert allowed_text(MetricKind.GAUGE) == "value, min or max"
