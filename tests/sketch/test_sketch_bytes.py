"""Sketches as bytes: nothing is lost on the way, and nothing else is taken for a sketch."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from atlas_perf.sketch.ddsketch import Sketch

VALUES = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 10**13).map(float), st.floats(min_value=0, max_value=1e290)),
        st.integers(min_value=1, max_value=2**40),
    ),
    max_size=40,
)


def sketch_of(weighted: list[tuple[float, int]], relative_accuracy: float = 0.01) -> Sketch:
    sketch = Sketch(relative_accuracy)
    for value, times in weighted:
        sketch.add(value, times)
    return sketch


@given(VALUES, st.sampled_from([0.001, 0.01, 0.1, 0.5]))
def test_a_round_trip_keeps_everything(weighted, relative_accuracy):
    sketch = sketch_of(weighted, relative_accuracy)
    back = Sketch.from_bytes(sketch.to_bytes())
    assert back.bins() == sketch.bins()
    assert (back.count, back.zero_count, back.sum) == (
        sketch.count,
        sketch.zero_count,
        sketch.sum,
    )
    assert (back.relative_accuracy, back.collapsed) == (relative_accuracy, sketch.collapsed)
    if weighted:
        assert (back.min, back.max) == (sketch.min, sketch.max)
        assert back.quantile(0.95) == sketch.quantile(0.95)
    assert back.to_bytes() == sketch.to_bytes()


@given(VALUES)
def test_a_sketch_that_came_as_bytes_still_grows_and_merges(weighted):
    back = Sketch.from_bytes(sketch_of(weighted).to_bytes())
    back.add(7.0)
    back.merge(sketch_of(weighted))
    assert back.bins() == sketch_of([*weighted, *weighted, (7.0, 1)]).bins()


@given(VALUES)
def test_every_prefix_of_an_encoding_is_refused(weighted):
    blob = sketch_of(weighted).to_bytes()
    for length in range(len(blob)):
        with pytest.raises(ValueError, match="not an encoded sketch"):
            Sketch.from_bytes(blob[:length])


@given(VALUES, st.binary(min_size=1, max_size=8))
def test_trailing_bytes_are_refused(weighted, trailing):
    with pytest.raises(ValueError, match="not an encoded sketch"):
        Sketch.from_bytes(sketch_of(weighted).to_bytes() + trailing)


@given(st.binary(max_size=200))
@example(b"")
@example(b"\x01\x00\x01" + b"\xff" * 60)
def test_random_bytes_are_refused_or_are_the_one_encoding_of_a_sketch(blob):
    try:
        sketch = Sketch.from_bytes(blob)
    except ValueError:
        return
    assert sketch.to_bytes() == blob


@given(VALUES, st.data())
def test_damaged_bytes_are_refused_or_are_the_one_encoding_of_a_sketch(weighted, data):
    blob = bytearray(sketch_of(weighted).to_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    try:
        sketch = Sketch.from_bytes(bytes(blob))
    except ValueError:
        return
    assert sketch.to_bytes() == bytes(blob)
    sketch.merge(sketch)
    if sketch.count:
        assert sketch.min <= sketch.quantile(0.5) <= sketch.max


class TestInconsistentBytes:
    """Fields that are each well-formed but cannot belong to one sketch."""

    # version, flags, accuracy 0.5; count 2, zeros 0, min 3, max 5, sum 8 + 0;
    # bins: 2 used, from key 1 (gamma = 3: 3 lies at the edge of bin 1, 5 in bin 2)
    GOOD = bytes.fromhex("0100 01000000000000e03f 02 00 06 0a 10 00 02 02 02 02".replace(" ", ""))

    def test_the_example_is_a_sketch(self):
        sketch = Sketch.from_bytes(self.GOOD)
        assert (sketch.count, sketch.min, sketch.max, sketch.sum) == (2, 3.0, 5.0, 8.0)
        assert sketch.bins() == {1: 1, 2: 1}

    @pytest.mark.parametrize(
        ("position", "value", "what"),
        [
            (0, 2, "an unknown version"),
            (1, 2, "an unknown flag"),
            (11, 3, "a count above that of the bins"),
            (11, 1, "a count below that of the bins"),
            (12, 1, "zeros although the minimum is not"),
            (13, 12, "a minimum above the maximum"),
            (14, 80, "a maximum above the highest bin"),
            (15, 4, "a sum below count times minimum"),
            (15, 40, "a sum above count times maximum"),
            (17, 3, "more bins than there are"),
            (17, 1, "fewer bins than there are"),
            (18, 16, "bins far from the values"),
            (19, 0, "an empty bin"),
            (20, 3, "a gap after the last bin"),
        ],
    )
    def test_a_contradiction_is_refused(self, position, value, what):
        blob = bytearray(self.GOOD)
        assert blob[position] != value, what
        blob[position] = value
        with pytest.raises(ValueError, match="not an encoded sketch"):
            Sketch.from_bytes(bytes(blob))

    @pytest.mark.parametrize(
        ("start", "end", "instead", "what"),
        [
            (13, 14, "010000000000000840", "a whole number written as eight bytes"),
            (17, 21, "03 02 02 00 02", "an empty bin between two others"),
            (17, 21, "03 02 02 02 00", "an empty bin at the end"),
            (20, 21, "03 00", "a gap after the last bin"),
            (20, 21, "82 00", "a number with spare zeros"),
        ],
    )
    def test_a_second_way_to_write_the_same_is_refused(self, start, end, instead, what):
        blob = self.GOOD[:start] + bytes.fromhex(instead.replace(" ", "")) + self.GOOD[end:]
        assert blob != self.GOOD, what
        with pytest.raises(ValueError, match="not an encoded sketch"):
            Sketch.from_bytes(blob)


def test_a_sketch_can_be_pickled():
    sketch = sketch_of([(5.0, 3), (7.0, 1)])
    assert pickle.loads(pickle.dumps(sketch)) == sketch


def test_one_latency_takes_some_twenty_bytes_and_a_thousand_a_few_hundred():
    one = sketch_of([(12_345_678.0, 1)])
    assert len(one.to_bytes()) <= 30
    thousand = sketch_of([(20e6 * 1.001**i, 1) for i in range(1000)])
    assert len(thousand.to_bytes()) <= 300
