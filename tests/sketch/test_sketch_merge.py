"""Merging: any split, order and grouping gives one and the same sketch."""

from __future__ import annotations

import math
from functools import reduce
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.sketch.ddsketch import Sketch

NANOSECONDS = st.integers(min_value=0, max_value=10**13).map(float)
VALUES = st.one_of(NANOSECONDS, st.floats(min_value=1e-6, max_value=1e13))


def sketch_of(values: list[float]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


@given(st.lists(st.lists(VALUES, max_size=30), max_size=6), st.data())
def test_any_split_order_and_grouping_of_merges_equals_one_sketch(parts, data):
    everything = [value for part in parts for value in part]
    sketches = [sketch_of(part) for part in data.draw(st.permutations(parts))]
    while len(sketches) > 1:
        position = data.draw(st.integers(0, len(sketches) - 2))
        sketches[position].merge(sketches.pop(position + 1))
    merged = sketches[0] if sketches else Sketch()
    whole = sketch_of(everything)
    assert merged.bins() == whole.bins()
    assert (merged.count, merged.zero_count) == (whole.count, whole.zero_count)
    assert merged.sum == whole.sum == math.fsum(everything)
    if everything:
        assert (merged.min, merged.max) == (min(everything), max(everything))


def test_a_sum_keeps_what_a_single_double_would_round_away():
    sketch = sketch_of([1e16, *[1.0] * 10_000])
    assert reduce(add, [1e16, *[1.0] * 10_000]) == 1e16  # sum() compensates from Python 3.12 on
    assert sketch.sum == 1e16 + 10_000


@given(st.lists(NANOSECONDS, max_size=20), st.lists(NANOSECONDS, max_size=20))
def test_merging_leaves_its_argument_alone(left_values, right_values):
    left, right = sketch_of(left_values), sketch_of(right_values)
    before = right.to_bytes()
    left.merge(right)
    assert right.to_bytes() == before


@given(st.lists(NANOSECONDS, max_size=20))
def test_merging_a_sketch_into_itself_doubles_it(values):
    sketch = sketch_of(values)
    sketch.merge(sketch)
    assert sketch == sketch_of(values + values)


@given(st.lists(NANOSECONDS, max_size=20))
def test_a_copy_is_equal_and_independent(values):
    sketch = sketch_of(values)
    twin = sketch.copy()
    assert twin == sketch
    twin.add(1.0)
    assert sketch.count == len(values)


def test_sketches_of_different_accuracy_do_not_merge():
    left, right = Sketch(0.01), Sketch(0.02)
    right.add(5.0)
    with pytest.raises(ValueError, match="relative accuracy"):
        left.merge(right)
    assert left.count == 0


def test_a_merge_that_would_overflow_the_count_changes_nothing():
    left, right = Sketch(), Sketch()
    left.add(1.0, 2**53)
    right.add(2.0)
    before = left.to_bytes()
    with pytest.raises(ValueError, match="at most"):
        left.merge(right)
    assert left.to_bytes() == before
