"""Bins are those of the `ddsketch` package, value by value."""

from __future__ import annotations

import importlib.machinery
import math
from array import array

import pytest
from ddsketch import DDSketch
from ddsketch.mapping import LogarithmicMapping
from hypothesis import example, given
from hypothesis import strategies as st

import atlas_perf.aggregate.series_table
import atlas_perf.sketch.ddsketch
import atlas_perf.worker.recorder
from atlas_perf.sketch.ddsketch import Sketch

LATENCIES = st.floats(min_value=1e-9, max_value=1e13)


def oracle_bins(values: list[float], relative_accuracy: float) -> dict[int, int]:
    oracle = DDSketch(relative_accuracy)
    for value in values:
        oracle.add(value)
    store = oracle._store
    return {store.offset + i: int(count) for i, count in enumerate(store.bins) if count}


def sketch_of(values: list[float], relative_accuracy: float = 0.01) -> Sketch:
    sketch = Sketch(relative_accuracy)
    for value in values:
        sketch.add(value)
    return sketch


@pytest.mark.parametrize(
    "module",
    [
        atlas_perf.sketch.ddsketch,
        atlas_perf.worker.recorder,
        atlas_perf.aggregate.series_table,
    ],
)
def test_the_module_that_loaded_is_the_compiled_one(module):
    assert module.__file__.endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES))


def test_help_shows_what_a_method_means():
    assert "relative_accuracy" in (Sketch.quantile.__doc__ or "")
    assert "def" not in (Sketch.__doc__ or "").split("\n")[0]


@given(
    st.lists(st.floats(min_value=1e-3, max_value=1e13)),
    st.sampled_from([0.005, 0.01, 0.02, 0.05]),
)
def test_bins_equal_those_of_the_reference_package(values, relative_accuracy):
    sketch = sketch_of(values, relative_accuracy)
    assert sketch.bins() == oracle_bins(values, relative_accuracy)


@given(st.integers(min_value=-1000, max_value=1500), st.integers(min_value=-4, max_value=4))
@example(key=1, steps=0)
def test_bins_are_equal_at_bin_edges_too(key, steps):
    gamma = LogarithmicMapping(0.01).gamma
    value = gamma**key
    for _ in range(abs(steps)):
        value = math.nextafter(value, math.inf if steps > 0 else 0.0)
    assert list(sketch_of([value]).bins()) == [LogarithmicMapping(0.01).key(value)]


def test_bins_are_equal_on_every_edge_of_the_latency_range():
    mapping = LogarithmicMapping(0.01)
    values = [
        value
        for key in range(-1100, 1500)
        for edge in [math.pow(2.0, key / mapping._multiplier)]
        for value in (math.nextafter(edge, 0.0), edge, math.nextafter(edge, math.inf))
    ]
    expected: dict[int, int] = {}
    for value in values:
        key = mapping.key(value)
        expected[key] = expected.get(key, 0) + 1
    sketch = Sketch()
    sketch.add_many(array("d", values))
    assert sketch.bins() == expected


@pytest.mark.parametrize("value", [1_000.0, 300e9, 2.3e-308, 1e290])
def test_single_values_that_must_have_a_bin(value):
    assert sum(sketch_of([value]).bins().values()) == 1


@pytest.mark.parametrize("value", [0.0, -0.0, 5e-324, 2.2e-308])
def test_values_too_small_for_a_bin_count_as_zero(value):
    sketch = sketch_of([value])
    assert (sketch.zero_count, sketch.bins(), sketch.count) == (1, {}, 1)
    assert math.copysign(1, sketch.min) == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0, -5e-324, 1.1e290])
def test_what_is_no_measurement_is_refused_and_changes_nothing(value):
    sketch = sketch_of([3.0])
    before = sketch.to_bytes()
    with pytest.raises(ValueError, match="takes numbers from 0"):
        sketch.add(value)
    with pytest.raises(ValueError, match="takes numbers from 0"):
        sketch.add_many(array("d", [value]))
    assert sketch.to_bytes() == before


@given(st.lists(LATENCIES, max_size=50))
def test_adding_a_buffer_equals_adding_one_by_one(values):
    sketch = Sketch()
    sketch.add_many(array("d", values))
    assert sketch == sketch_of(values)


@given(st.integers(min_value=0, max_value=10**12), st.integers(min_value=0, max_value=300))
def test_adding_a_value_n_times_equals_one_addition_of_weight_n(value, times):
    weighted = Sketch()
    weighted.add(value, times)
    assert weighted == sketch_of([value] * times)


def test_a_sketch_refuses_counts_it_could_not_rank():
    sketch = Sketch()
    sketch.add(1.0, 2**53)
    with pytest.raises(ValueError, match="at most"):
        sketch.add(1.0)
    with pytest.raises(ValueError, match="-1 times"):
        sketch.add(1.0, -1)
    assert sketch.count == 2**53


@pytest.mark.parametrize("relative_accuracy", [0.0, -0.01, 0.6, 1.0, 1e-9, math.nan, math.inf])
def test_a_relative_accuracy_out_of_range_is_refused(relative_accuracy):
    with pytest.raises(ValueError, match="relative accuracy"):
        Sketch(relative_accuracy)


class TestCollapse:
    """Beyond 4,096 bins the smallest values share one, and the sketch says so."""

    def test_latencies_from_a_nanosecond_to_a_day_never_collapse(self):
        assert not sketch_of([1e-9, 1.0, 86_400e9, 1e13]).collapsed

    def test_extremes_collapse_and_show_it(self):
        sketch = sketch_of([1e-300, 5.0, 1e290])
        assert sketch.collapsed
        assert sum(sketch.bins().values()) == sketch.count == 3
        assert (sketch.quantile(0), sketch.quantile(1)) == (1e-300, 1e290)
        assert 1e-300 <= sketch.quantile(0.5) <= 1e290

    @given(st.lists(st.floats(min_value=0, max_value=1e290), max_size=12), st.randoms())
    def test_order_and_grouping_do_not_matter_when_bins_collapse(self, values, random):
        shuffled = random.sample(values, len(values))
        cut = random.randint(0, len(values))
        left, right = sketch_of(shuffled[:cut]), sketch_of(shuffled[cut:])
        left.merge(right)
        whole = sketch_of(values)
        assert (left.bins(), left.collapsed) == (whole.bins(), whole.collapsed)
        assert (left.count, left.zero_count) == (whole.count, whole.zero_count)
