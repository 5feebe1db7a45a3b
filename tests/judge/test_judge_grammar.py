"""Every row of k6's threshold grammar, and every way to miss it."""

from __future__ import annotations

import pytest

from atlas_perf.judge.grammar import (
    Aggregation,
    AggregationTerm,
    Operator,
    parse_aggregation,
    parse_threshold,
)


@pytest.mark.parametrize(
    ("text", "aggregation", "percentile", "operator", "limit"),
    [
        ("count>=1000", "count", None, ">=", 1000),
        ("rate<0.01", "rate", None, "<", 0.01),
        ("value==7", "value", None, "==", 7),
        ("avg<=200", "avg", None, "<=", 200),
        ("min>1", "min", None, ">", 1),
        ("med!=3", "med", None, "!=", 3),
        ("max<1e3", "max", None, "<", 1000),
        ("p(95)<500", "p(N)", 95, "<", 500),
        ("p(99.99)<500", "p(N)", 99.99, "<", 500),
        ("p(0)<500", "p(N)", 0, "<", 500),
        ("p(100)<500", "p(N)", 100, "<", 500),
        ("p( 95 ) < 500", "p(N)", 95, "<", 500),
        ("  rate  ===  1  ", "rate", None, "===", 1),
        ("avg<.5", "avg", None, "<", 0.5),
        ("avg<5.", "avg", None, "<", 5),
        ("value>-2.5E-1", "value", None, ">", -0.25),
        ("value<+3", "value", None, "<", 3),
    ],
)
def test_an_expression_is_read(text, aggregation, percentile, operator, limit):
    parsed = parse_threshold(text)
    assert parsed.aggregation is Aggregation(aggregation)
    assert parsed.percentile == percentile
    assert parsed.operator is Operator(operator)
    assert parsed.limit == limit


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no operator"),
        ("p(95)", "has no operator"),
        ("p(95) 500", "has no operator"),
        ("p(95)=500", "the operator '=' in 'p(95)=500'"),
        ("p(95)=<500", "the operator '=<'"),
        ("p(95)<>500", "the operator '<>'"),
        ("p95<500", "the left side 'p95' of 'p95<500' is not an aggregation: write p(95)"),
        ("p(101)<500", "the left side 'p(101)' of 'p(101)<500' is not a percentile"),
        ("p(-1)<500", "is not a percentile"),
        ("p()<500", "the left side 'p()'"),
        ("p(N)<500", "the left side 'p(N)'"),
        ("median<500", "the left side 'median'"),
        ("<500", "the left side ''"),
        ("Avg<500", "write count, rate, value, avg, min, med, max or p(N)"),
        ("avg<", "the right side '' of 'avg<' is not a number"),
        ("avg<five", "the right side 'five'"),
        ("avg<500ms", "limits have no unit"),
        ("rate<1%", "limits have no unit"),
        ("avg<nan", "the right side 'nan'"),
        ("avg<inf", "the right side 'inf'"),
        ("avg<1e999", "the right side '1e999'"),
        ("avg<1_000", "the right side '1_000'"),
        ("avg<200 && max<500", "write several thresholds instead"),
        ("avg<200 or max<500", "write several thresholds instead"),
        ("100<avg<200", "the left side '100'"),
        ("avg<100<200", "write several thresholds instead"),
    ],
)
def test_a_malformed_expression_names_the_wrong_side(text, says):
    with pytest.raises(ValueError) as refused:
        parse_threshold(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("operator", "below", "equal", "above"),
    [
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
        ("==", False, True, False),
        ("===", False, True, False),
        ("!=", True, False, True),
    ],
)
def test_each_operator_compares_the_value_on_its_left(operator, below, equal, above):
    expression = parse_threshold(f"avg{operator}5")
    assert [expression.holds(value) for value in (4.0, 5.0, 6.0)] == [below, equal, above]


def test_an_aggregation_alone_is_read_for_summary_statistics():
    assert parse_aggregation("p(99.9)") == AggregationTerm(Aggregation.PERCENTILE, 99.9)
    assert parse_aggregation("count") == AggregationTerm(Aggregation.COUNT)
    with pytest.raises(ValueError, match=r"^'p99' is not an aggregation: write p\(99\)"):
        parse_aggregation("p99")
