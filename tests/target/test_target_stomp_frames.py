"""STOMP 1.2 frames, to the letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.target.stomp import frames
from atlas_perf.target.stomp.frames import Frame, FrameError, FrameReader


def read(*pieces: bytes) -> list[Frame]:
    reader = FrameReader()
    return [frame for piece in pieces for frame in reader.feed(piece)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"CONNECT\naccept-version:1.2\n\n\0", Frame("CONNECT", {"accept-version": "1.2"})),
        (b"CONNECT\r\nhost:x\r\n\r\n\0", Frame("CONNECT", {"host": "x"})),
        (b"DISCONNECT\n\n\0", Frame("DISCONNECT")),
        (b"SEND\ndestination:/a\n\nhello\0", Frame("SEND", {"destination": "/a"}, b"hello")),
        (
            b"SEND\ncontent-length:3\n\na\0b\0",
            Frame("SEND", {"content-length": "3"}, b"a\0b"),
        ),
        (b"SEND\na:\\c\\n\\r\\\\\n\n\0", Frame("SEND", {"a": ":\n\r\\"})),
        (b"SEND\na\\cb:c\n\n\0", Frame("SEND", {"a:b": "c"})),
        (b"SEND\na: b \n\n\0", Frame("SEND", {"a": " b "})),
        (b"SEND\na:\n\n\0", Frame("SEND", {"a": ""})),
        (b"SEND\na:first\na:second\n\n\0", Frame("SEND", {"a": "first"})),
        (b"CONNECT\nlogin:a\\cb:c\n\n\0", Frame("CONNECT", {"login": "a\\cb:c"})),
        ("SEND\nä:ö\n\nü\0".encode(), Frame("SEND", {"ä": "ö"}, "ü".encode())),
    ],
)
def test_a_frame_is_read(data: bytes, expected: Frame) -> None:
    assert read(data) == [expected]


def test_a_piece_may_hold_several_frames_and_heart_beats_between() -> None:
    data = b"\n\r\nBEGIN\na:1\n\n\0\n\nABORT\n\n\0\r\n"
    assert [frame.command for frame in read(data)] == ["BEGIN", "ABORT"]
    assert read(frames.HEARTBEAT) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"HELLO\n\n\0", "no command"),
        (b"send\n\n\0", "no command"),
        (b"SEND \n\n\0", "no command"),
        (b"MESSAGE\n\n\0", "no command"),  # a server's
        (b"SEND\nno colon\n\n\0", "a name, a colon and a value"),
        (b"SEND\n:value\n\n\0", "a name, a colon and a value"),
        (b"SEND\na:b:c\n\n\0", "must be written"),
        (b"SEND\na:\\t\n\n\0", "is no escape"),
        (b"SEND\na:\\\n\n\0", "is no escape"),
        (b"SEND\na:\xff\n\n\0", "not UTF-8"),
        (b"SEND\na:b\rc\n\n\0", "a CR or a NULL"),
        (b"SEND\na:b\0c\n\n\0", "a CR or a NULL"),
        (b"SEND\ncontent-length:2\n\nabc\0", "there is no NULL"),
        (b"SEND\ncontent-length:-1\n\n\0", "no number of bytes"),
        (b"SEND\ncontent-length:x\n\n\0", "no number of bytes"),
        (b"SEND\ncontent-length:99999999\n\n\0", "larger than 65536"),
        (b"SUBSCRIBE\nid:1\n\nbody\0", "which only SEND may have"),
        (b"SEND\n" + b"a:b\n" * 65 + b"\n\0", "more than 64 headers"),
        (b"SEND\na:" + b"x" * 9000 + b"\n\n\0", "longer than 8192"),
        (b"SEND\na:" + b"x" * 9000, "longer than 8192"),
        (b"SEND\n\n" + b"x" * 65537, "larger than 65536"),
    ],
)
def test_what_is_no_frame_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(FrameError, match=words):
        read(data)


texts = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]))
headers = st.dictionaries(texts.filter(bool), texts, max_size=5).filter(
    lambda found: "content-length" not in found
)


@given(headers, st.binary(max_size=200), st.integers(1, 40))
def test_what_is_written_is_read_again_however_it_is_cut(
    named: dict[str, str], body: bytes, step: int
) -> None:
    named = {**named, "content-length": str(len(body))}
    data = frames.write("SEND", named, body) * 2
    pieces = [data[n : n + step] for n in range(0, len(data), step)]
    assert read(*pieces) == [Frame("SEND", named, body)] * 2


@given(st.binary(max_size=300))
def test_any_bytes_are_frames_or_refused(data: bytes) -> None:
    try:
        found = read(b"SEND\n" + data)
    except FrameError:
        return
    assert all(frame.command in frames.CLIENT_COMMANDS for frame in found)
