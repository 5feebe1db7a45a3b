"""Quantiles: within the accuracy of sorted data, and never outside what was measured."""

from __future__ import annotations

import pytest
from ddsketch import DDSketch
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.sketch.ddsketch import Sketch

VALUES = st.lists(
    st.one_of(st.just(0.0), st.floats(min_value=1e-9, max_value=1e13)), min_size=1, max_size=200
)
SHARES = st.floats(min_value=0, max_value=1)
MS = 1_000_000.0
S = 1_000_000_000.0


def sketch_of(values: list[float]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


@given(VALUES, SHARES)
def test_a_quantile_is_within_one_percent_of_the_line_between_sorted_values(values, q):
    rank, fraction = divmod(q * (len(values) - 1), 1)
    low, high = [*sorted(values), max(values)][int(rank) : int(rank) + 2]
    true_value = low + fraction * (high - low)
    assert sketch_of(values).quantile(q) == pytest.approx(true_value, rel=0.01 + 1e-9, abs=0)


def test_a_quantile_of_few_values_lies_between_them_as_in_k6():
    """p(90) of 1, 2, 11 is at position 1.8 of 0, 1, 2: 2 + 0.8 · 9."""
    assert sketch_of([11, 1, 2]).quantile(0.9) == pytest.approx(9.2, rel=0.01)
    assert sketch_of([10, 20]).quantile(0.25) == 12.5


@given(st.lists(st.floats(min_value=1e-9, max_value=1e13), min_size=3, max_size=200), st.data())
def test_quantiles_between_the_ends_are_those_of_the_reference_package(values, data):
    oracle = DDSketch(0.01)
    for value in values:
        oracle.add(value)
    sketch = sketch_of(values)
    rank = data.draw(st.integers(1, len(values) - 2))
    q = rank / (len(values) - 1)
    expected = min(max(oracle.get_quantile_value(q), min(values)), max(values))
    assert sketch.quantile(q) == pytest.approx(expected, rel=1e-9, abs=0)


@given(VALUES)
def test_quantiles_rise_from_the_exact_minimum_to_the_exact_maximum(values):
    sketch = sketch_of(values)
    quantiles = [sketch.quantile(percent / 100) for percent in range(101)]
    assert quantiles == sorted(quantiles)
    assert (quantiles[0], quantiles[-1]) == (min(values), max(values))


@pytest.mark.parametrize("value", [0.0, 28.0, 1_000.0, 100.0, 300 * S])
@pytest.mark.parametrize("q", [0.0, 0.5, 0.99, 1.0])
def test_equal_values_have_that_value_at_every_quantile(value, q):
    assert sketch_of([value] * 3).quantile(q) == value


def test_percentiles_of_two_workers_are_those_of_all_their_samples():
    """9000 × 1 ms on one worker, 1000 × 1 s on another: p95 is 1 s and p50 is 1 ms."""
    worker_a, worker_b = Sketch(), Sketch()
    worker_a.add(1 * MS, 9000)
    worker_b.add(1 * S, 1000)
    worker_a.merge(worker_b)
    assert worker_a.quantile(0.95) == pytest.approx(1 * S, rel=0.01)
    assert worker_a.quantile(0.50) == pytest.approx(1 * MS, rel=0.01)
    assert worker_a.quantile(0.95) <= 1 * S


@pytest.mark.parametrize("q", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_quantile_outside_zero_to_one_is_refused(q):
    with pytest.raises(ValueError, match="between 0 and 1"):
        sketch_of([1.0]).quantile(q)


def test_an_empty_sketch_has_no_quantile_minimum_or_maximum():
    empty = Sketch()
    assert (empty.count, empty.sum) == (0, 0.0)
    for ask in (lambda: empty.quantile(0.5), lambda: empty.min, lambda: empty.max):
        with pytest.raises(ValueError, match="empty"):
            ask()
