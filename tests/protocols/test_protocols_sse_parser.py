"""Event streams as the HTML standard reads them, split at any byte."""

from __future__ import annotations

import pytest

from atlas_perf.protocols.sse.event_parser import EventParser, EventTooLongError, ServerSentEvent

Event = tuple[str, str, str]  # type, data, id

STREAMS: dict[str, tuple[bytes, list[Event]]] = {
    "one": (b"data: hello\n\n", [("message", "hello", "")]),
    "carriage returns": (b"data: a\rdata: b\r\r", [("message", "a\nb", "")]),
    "both": (b"data: a\r\ndata: b\r\n\r\n", [("message", "a\nb", "")]),
    "mixed": (
        b"data: a\rdata: b\n\r\ndata: c\n\r",
        [("message", "a\nb", ""), ("message", "c", "")],
    ),
    "byte order mark": (b"\xef\xbb\xbfdata: x\n\n", [("message", "x", "")]),
    "a mark that is not at the beginning": (
        b"data: x\n\n\xef\xbb\xbfdata: y\n\n",
        [("message", "x", "")],
    ),
    "comments": (b": hi\ndata: x\n:\n\n:\n\n", [("message", "x", "")]),
    "one space goes": (b"data:  x\n\ndata:y\n\n", [("message", " x", ""), ("message", "y", "")]),
    "no colon": (b"data\n\ndata\ndata\n\n", [("message", "", ""), ("message", "\n", "")]),
    "colons in data": (b'data: {"a":1}\n\n', [("message", '{"a":1}', "")]),
    "types do not last": (
        b"event: add\ndata: 1\n\ndata: 2\n\n",
        [("add", "1", ""), ("message", "2", "")],
    ),
    "ids do": (
        b"id: 7\ndata: 1\n\ndata: 2\n\nid\ndata: 3\n\n",
        [("message", "1", "7"), ("message", "2", "7"), ("message", "3", "")],
    ),
    "an id without data": (b"id: 7\n\ndata: 1\n\n", [("message", "1", "7")]),
    "no data, no event": (b"event: add\n\ndata: 1\n\n", [("message", "1", "")]),
    "names are exact": (b"Data: 1\n data: 2\nother: 3\ndata: 4\n\n", [("message", "4", "")]),
    "cut off": (b"data: 1\n\ndata: 2\n", [("message", "1", "")]),
    "utf-8": ("data: Ünï🎈\n\n".encode(), [("message", "Ünï🎈", "")]),
    "not utf-8": (b"data: a\xff\xf0\x9fz\n\n", [("message", "a\ufffd\ufffdz", "")]),
    "retry": (b"retry: 1500\nretry: 1x\ndata: x\n\n", [("message", "x", "")]),
    "a zero byte in an id": (b"id: 1\nid: 2\0\ndata: x\n\n", [("message", "x", "1")]),
}


def read(parser: EventParser, pieces: list[bytes]) -> list[Event]:
    return [
        (event.type, event.data, event.id)
        for at_ns, piece in enumerate(pieces)
        for event in parser.feed(piece, at_ns)
    ]


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_split_at_any_byte(name: str) -> None:
    stream, events = STREAMS[name]
    bytewise = [stream[at : at + 1] for at in range(len(stream))]
    assert read(EventParser(), bytewise) == events
    for at in range(len(stream) + 1):
        assert read(EventParser(), [stream[:at], b"", stream[at:]]) == events


@pytest.mark.parametrize(
    ("name", "malformed"),
    [("one", 0), ("cut off", 1), ("not utf-8", 1), ("retry", 1), ("a zero byte in an id", 1)],
)
def test_what_the_standard_passes_over_is_counted(name: str, malformed: int) -> None:
    parser = EventParser()
    read(parser, [STREAMS[name][0]])
    parser.end()
    assert parser.malformed == malformed


def test_the_reconnection_time() -> None:
    parser = EventParser()
    read(parser, [STREAMS["retry"][0]])
    assert parser.retry_ms == 1500


def test_an_event_is_of_the_instant_of_its_last_byte() -> None:
    parser = EventParser()
    assert parser.feed(b"data: 1\n\ndata: 2\n", 10) == [ServerSentEvent("1", arrived_ns=10)]
    assert parser.feed(b"\ndata: 3\n\n", 20) == [
        ServerSentEvent("2", arrived_ns=20),
        ServerSentEvent("3", arrived_ns=20),
    ]


@pytest.mark.parametrize(
    "stream",
    [b"data: " + b"x" * 100, b"data: x\n" * 20, b"x" * 101, b":" + b"x" * 101],
    ids=["a line without end", "lines without end", "no field", "a comment"],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_limit_for_an_event(stream: bytes, size: int) -> None:
    parser = EventParser(max_event_bytes=100)
    with pytest.raises(EventTooLongError):
        read(parser, [stream[at : at + size] for at in range(0, len(stream), size)])


def test_any_number_of_events_and_comments_below_the_limit() -> None:
    parser = EventParser(max_event_bytes=20)
    assert len(read(parser, [b": keep-alive\ndata: 0123456789\n\n: keep-alive\n"] * 50)) == 50


def test_the_last_id_is_that_of_whole_events() -> None:
    parser = EventParser()
    parser.feed(b"id: 7\ndata: 1\n\nid: 8\ndata: 2\n", 0)
    parser.end()
    assert parser.last_id == "7"
