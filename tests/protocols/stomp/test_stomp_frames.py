"""STOMP frames as a client writes and reads them, and what is none."""

from __future__ import annotations

import pytest

from atlas_perf.protocols.stomp import frames as frames_module
from atlas_perf.protocols.stomp import sockjs
from atlas_perf.protocols.stomp.frames import Frame, FrameError, read_frames, write_frame
from atlas_perf.target.stomp.frames import FrameReader


def test_what_the_client_writes_a_strict_server_reads() -> None:
    headers = {"destination": "/app/a:b\\c", "note": "line\nline\r", "content-length": "4"}
    (read,) = FrameReader().feed(write_frame("SEND", headers, b"a\0b\n"))
    assert (read.command, read.headers, read.body) == ("SEND", headers, b"a\0b\n")


def test_headers_of_connect_are_not_escaped() -> None:
    wire = write_frame("CONNECT", {"passcode": "a\\c"})
    assert wire == b"CONNECT\npasscode:a\\c\n\n\0"
    with pytest.raises(ValueError, match="passcode"):
        write_frame("CONNECT", {"passcode": "a\nadmin:true"})


def test_several_frames_and_heart_beats_in_one_message() -> None:
    receipt = b"RECEIPT\nreceipt-id:1\n\n\0"
    message = b"\n\r\n" + receipt + b"\nMESSAGE\r\na\\cb:c\\n\r\ncontent-length:3\r\n\r\n{\0}\0"
    assert read_frames(message) == [
        Frame("RECEIPT", {"receipt-id": "1"}),
        Frame("MESSAGE", {"a:b": "c\n", "content-length": "3"}, b"{\0}"),
    ]
    assert read_frames(b"\n") == []


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (b"SEND\n\n\0", "no command of a server"),
        (b"MESSAGE\nheader\n\n\0", "not a name"),
        (b"MESSAGE\na:\\t\n\n\0", "no escape"),
        (b"MESSAGE\na:b", "within its headers"),
        (b"MESSAGE\n\nbody", "no NULL"),
        (b"MESSAGE\ncontent-length:9\n\nbody\0", "no NULL"),
        (b"MESSAGE\ncontent-length:x\n\nbody\0", "no number"),
        (b"MESSAGE\na:\xff\n\n\0", "not UTF-8"),
        (b"MESSAGE\n" + b"a:b\n" * 65 + b"\n\0", "more than 64 headers"),
        (b"MESSAGE\n\n" + b"x" * frames_module.MAX_FRAME_BYTES + b"\0", "larger than"),
    ],
)
def test_what_is_no_frame_is_refused(message: bytes, problem: str) -> None:
    with pytest.raises(FrameError, match=problem):
        read_frames(message)


def test_sockjs_frames_are_unwrapped() -> None:
    assert sockjs.unwrap("o") == sockjs.unwrap("h") == []
    assert sockjs.unwrap('a["one","two"]') == ["one", "two"]
    with pytest.raises(sockjs.SockJsClosed) as closed:
        sockjs.unwrap('c[3000,"Go away!"]')
    assert (closed.value.code, closed.value.reason) == (3000, "Go away!")


@pytest.mark.parametrize("message", ["", "x", "oo", "a", "a{}", "a[1]", "c[1]", 'c["a",1]', b"o"])
def test_what_is_no_sockjs_is_refused(message: str | bytes) -> None:
    with pytest.raises(sockjs.SockJsError):
        sockjs.unwrap(message)
