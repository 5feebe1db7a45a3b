"""Frames, read three ways: whole, byte by byte, and with trailing data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.errors import ExitCode
from atlas_perf.wire.errors import WireError
from atlas_perf.wire.frames import MAX_FRAME_BYTES, FrameKind, FrameReader, encode_frame

FRAMES = st.lists(st.tuples(st.sampled_from(FrameKind), st.binary(max_size=300)), max_size=6)


def stream_of(frames: list[tuple[FrameKind, bytes]]) -> bytes:
    return b"".join(encode_frame(kind, payload) for kind, payload in frames)


def test_a_frame_is_length_kind_and_payload():
    assert encode_frame(FrameKind.BATCH, b"abc") == b"\x00\x00\x00\x03\x02abc"
    assert encode_frame(FrameKind.CONTROL, b"") == b"\x00\x00\x00\x00\x01"


@given(FRAMES)
def test_frames_are_read_from_one_portion(frames):
    reader = FrameReader()
    assert reader.feed(stream_of(frames)) == frames
    assert reader.feed(b"") == []


@given(FRAMES)
def test_frames_are_read_byte_by_byte(frames):
    reader = FrameReader()
    read = [frame for byte in stream_of(frames) for frame in reader.feed(bytes([byte]))]
    assert read == frames


@given(FRAMES, st.data())
def test_frames_are_read_from_any_portions(frames, data):
    stream = stream_of(frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader = FrameReader()
    read = [
        frame
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for frame in reader.feed(stream[start:end])
    ]
    assert read == frames


@given(FRAMES, st.binary(min_size=1, max_size=4))
def test_the_beginning_of_a_further_frame_waits_for_its_rest(frames, payload):
    further = encode_frame(FrameKind.BATCH, payload)
    reader = FrameReader()
    assert reader.feed(stream_of(frames) + further[:-1]) == frames
    assert reader.feed(further[-1:]) == [(FrameKind.BATCH, payload)]


@pytest.mark.parametrize("kind", [0, 3, 255])
def test_an_unknown_kind_is_refused_as_soon_as_the_header_is_there(kind):
    with pytest.raises(WireError, match=f"unknown kind {kind}") as raised:
        FrameReader().feed(b"\x00\x00\x00\x09" + bytes([kind]))
    assert raised.value.exit_code is ExitCode.INVALID


def test_a_length_above_the_limit_is_refused_before_its_payload_comes():
    reader = FrameReader()
    with pytest.raises(WireError, match="announces 67108865 bytes"):
        reader.feed((MAX_FRAME_BYTES + 1).to_bytes(4, "big") + b"\x01")


def test_a_payload_above_the_limit_is_not_sent():
    with pytest.raises(WireError, match="exceeds the limit"):
        encode_frame(FrameKind.CONTROL, bytes(MAX_FRAME_BYTES + 1))
