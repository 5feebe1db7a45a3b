"""The parser under test, over a whole connection."""

from __future__ import annotations

from collections.abc import Iterable

from reading import Message, Reading

from atlas_perf.protocols.http._response_reader import ResponseHead, ResponseReader


def read_with_engine(
    pieces: Iterable[bytes], asked: str = "GET", limits: dict[str, int] | None = None
) -> Reading:
    """Responses to requests made one after the other, until one ends the connection."""
    messages: list[Message] = []
    reader = ResponseReader(asked, limits)
    begun = False
    for piece in pieces:
        begun = begun or bool(piece)
        reader.feed(piece)
        while reader.complete:
            messages += _messages(reader)
            if messages[-1].kind != "keep":
                return Reading(tuple(messages))
            surplus = reader.surplus
            begun = bool(surplus)
            reader = ResponseReader(asked, limits)
            reader.feed(surplus)
        if reader.refusal:
            break
    if begun and not reader.refusal:
        reader.end_of_stream()
    if not reader.refusal:
        tail = _messages(reader)[-1] if reader.complete else None
        interim = _messages(reader)[:-1] if reader.complete else []
        return Reading((*messages, *interim), tail)
    tail = None if reader.head is None else _message(reader.head, reader.body)
    interim = [_message(head, b"") for head in reader.interim]
    return Reading((*messages, *interim), tail, reader.refusal, reader.surplus)


def _messages(reader: ResponseReader) -> list[Message]:
    assert reader.head is not None
    assert reader.received_bytes == len(reader.body)
    interim = [_message(head, b"") for head in reader.interim]
    return [*interim, _message(reader.head, reader.body)]


def _message(head: ResponseHead, body: bytes) -> Message:
    if head.tunnel:
        kind = "tunnel"
    elif head.status < 200:
        kind = "interim"
    else:
        kind = "keep" if head.keep_alive else "close"
    return Message(kind, head.status, head.minor_version, head.reason, head.fields, body)
