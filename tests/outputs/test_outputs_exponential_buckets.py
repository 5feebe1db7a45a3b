"""Bins of a sketch as buckets of exponential histograms: exact counts, a bounded error."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.outputs.exponential_buckets import exponential_buckets
from atlas_perf.outputs.prometheus_messages import WriteRequest, fill_written
from atlas_perf.sketch.ddsketch import Sketch

ERRORS = {8: 0.013, 6: 0.021, 5: 0.033}


def sketch_of(values: list[float]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


@pytest.mark.parametrize("scale", ERRORS)
@given(value=st.floats(1e-6, 1e15), unit=st.sampled_from([1.0, 1e6, 1e9]))
def test_all_of_a_values_bucket_is_within_the_error(scale, value, unit):
    ((bucket, count),) = exponential_buckets(sketch_of([value]), scale, unit).items()
    assert count == 1
    for edge in (bucket - 1, bucket):
        assert math.exp2(edge / 2**scale) == pytest.approx(value / unit, rel=ERRORS[scale])


@given(st.lists(st.floats(1e-3, 1e12), min_size=1, max_size=200))
def test_no_value_is_lost_and_buckets_rise(values):
    buckets = exponential_buckets(sketch_of(values), 8, 1.0)
    assert sum(buckets.values()) == len(values)
    assert list(buckets) == sorted(buckets)


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=100))
def test_spans_and_deltas_say_the_same_buckets(values):
    sketch = sketch_of(values)
    message = WriteRequest().timeseries.add().histograms.add()
    fill_written(message, sketch, 1.0, 5)
    told: dict[int, int] = {}
    place, level, deltas = 0, 0, iter(message.positive_deltas)
    for span in message.positive_spans:
        place += span.offset
        for _ in range(span.length):
            level += next(deltas)
            told[place] = level
            place += 1
    assert told == exponential_buckets(sketch, 8, 1.0)
    assert next(deltas, None) is None
    assert message.zero_count_int + sum(told.values()) == message.count_int == len(values)
    assert all(span.length > 0 for span in message.positive_spans)
    assert all(span.offset > 0 for span in message.positive_spans[1:])
