"""The corpus is read as written down, and the same whichever way its bytes arrive."""

from __future__ import annotations

import pytest
from engine_reader import read_with_engine
from reading import halves, single_bytes
from response_shapes import Shape, described, load_shapes

SHAPES = load_shapes()
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)


def test_corpus_is_of_size() -> None:
    assert len(SHAPES) >= 300
    assert len({(shape.data, shape.asked) for shape in SHAPES}) == len(SHAPES)


@every_shape
def test_read_whole(shape: Shape) -> None:
    assert described(read_with_engine([shape.data], shape.asked)) == list(shape.expect)


@every_shape
def test_read_the_same_in_any_pieces(shape: Shape) -> None:
    whole = read_with_engine([shape.data], shape.asked)
    splits = [halves(shape.data, at) for at in range(1, len(shape.data))]
    for pieces in (single_bytes(shape.data), *splits):
        reading = read_with_engine(pieces, shape.asked)
        assert described(reading) == described(whole), pieces
        assert reading.messages == whole.messages, pieces
