"""The parser against llhttp: same verdict, same messages, or a difference that is meant."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from engine_reader import read_with_engine
from generated_responses import damaged, well_formed
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from llhttp_differences import DIFFERENCES, explanation
from llhttp_reader import read_with_llhttp
from reading import Message, Reading, mismatch
from response_shapes import Shape, load_shapes

SHAPES = load_shapes()
ORDINARY = [shape for shape in SHAPES if shape.asked == "GET"]

thorough = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def unexplained(data: bytes) -> str:
    """What the two disagree in and should not; "" if nothing."""
    engine = read_with_engine([data])
    llhttp = read_with_llhttp([data])
    found = mismatch(engine, llhttp)
    if not found or _one_only_waits(data, engine, llhttp):
        return ""
    return "" if explanation(data, engine) else found


def _one_only_waits(data: bytes, engine: Reading, llhttp: Reading) -> bool:
    """True if the one that has not refused yet does so when the line ends.

    llhttp judges the first wrong byte of a value, the parser the value when its line ends. The
    parser judges each byte of a status line; llhttp some of them with the next, and empty values
    at the start of the next line, which might be folded.
    """
    line_end = b"\r\n"
    if engine.is_truncated and llhttp.refusal and not llhttp.is_truncated:
        return not read_with_engine([data, line_end]).is_truncated
    if llhttp.is_truncated and engine.refusal and not engine.is_truncated:
        return _llhttp_refuses(data + line_end)
    return False


def _llhttp_refuses(data: bytes) -> bool:
    reading = read_with_llhttp([data])
    return bool(reading.refusal) and not reading.is_truncated


@pytest.mark.parametrize("shape", ORDINARY, ids=lambda shape: shape.name)
def test_agrees_on_the_corpus_or_differs_as_noted(shape: Shape) -> None:
    engine = read_with_engine([shape.data])
    found = mismatch(engine, read_with_llhttp([shape.data]))
    assert bool(found) == bool(shape.differs), found or "no difference left"
    if found:
        assert explanation(shape.data, engine) == shape.differs


@pytest.mark.parametrize("shape", ORDINARY, ids=lambda shape: shape.name)
def test_agrees_on_every_beginning_of_the_corpus(shape: Shape) -> None:
    for length in range(len(shape.data)):
        assert not unexplained(shape.data[:length]), shape.data[:length]


@pytest.mark.parametrize("asked", ["HEAD", "CONNECT"])
def test_what_was_asked_decides_about_the_body_and_not_the_head(asked: str) -> None:
    for shape in ORDINARY:
        ordinary = _first_final(read_with_engine([shape.data]))
        other = _first_final(read_with_engine([shape.data], asked))
        if ordinary is not None:
            assert other is not None, shape.name
            assert replace(other, kind="", body=b"") == replace(ordinary, kind="", body=b"")


def _first_final(reading: Reading) -> Message | None:
    found = (*reading.messages, *([reading.tail] if reading.tail else []))
    return next((message for message in found if message.kind != "interim"), None)


def test_every_difference_is_shown_by_a_shape() -> None:
    assert {shape.differs for shape in SHAPES} - {""} == {each.name for each in DIFFERENCES}


def test_differences_have_names_of_their_own() -> None:
    names = [each.name for each in DIFFERENCES]
    assert len(set(names)) == len(names)


@thorough
@given(well_formed)
def test_agrees_on_generated_streams(data: bytes) -> None:
    assert not unexplained(data)


@thorough
@given(damaged)
def test_agrees_on_damaged_streams(data: bytes) -> None:
    event("refused" if read_with_engine([data]).refusal else "accepted")
    assert not unexplained(data)


@settings(thorough, max_examples=200)
@given(st.sampled_from(SHAPES), st.binary(max_size=4), st.data())
def test_agrees_on_a_damaged_corpus(shape: Shape, piece: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(shape.data)))
    cut = data.draw(st.integers(0, 4))
    assert not unexplained(shape.data[:at] + piece + shape.data[at + cut :])


@settings(thorough, max_examples=200)
@given(damaged, st.data())
def test_pieces_change_nothing(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    edges = [0, *cuts, len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(edges)]
    whole = read_with_engine([stream])
    in_pieces = read_with_engine(pieces)
    assert in_pieces.messages == whole.messages
    assert in_pieces.refusal == whole.refusal
    if not whole.refusal:
        assert in_pieces.tail == whole.tail
