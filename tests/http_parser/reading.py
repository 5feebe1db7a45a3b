"""What a parser made of the bytes of one connection, in a form two parsers can be compared in."""

from __future__ import annotations

from dataclasses import dataclass, replace

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Message:
    """One response. `kind`: "keep", "close" (the connection may, may not be used again),
    "tunnel" (what follows is another protocol) or "interim" (1xx)."""

    kind: str
    status: int
    minor_version: int
    reason: bytes
    fields: Fields
    body: bytes = b""


@dataclass(frozen=True)
class Reading:
    """Everything found in a stream.

    `tail` is a last message that the end of the stream cut or ended. `refusal` is "" if nothing
    was wrong; `refused_at` are the bytes not taken then, from the start of the refused head.
    """

    messages: tuple[Message, ...]
    tail: Message | None = None
    refusal: str = ""
    refused_at: bytes = b""

    @property
    def is_truncated(self) -> bool:
        return self.refusal.startswith("truncated")


def halves(data: bytes, at: int) -> tuple[bytes, bytes]:
    return data[:at], data[at:]


def single_bytes(data: bytes) -> tuple[bytes, ...]:
    return tuple(data[i : i + 1] for i in range(len(data)))


def mismatch(engine: Reading, llhttp: Reading) -> str:
    """Where two readings of one stream disagree in what they accept and say; "" if nowhere.

    Reasons for a refusal are not compared, nor what was read of the message that was refused.
    """
    if engine.messages != llhttp.messages:
        return f"messages: {engine.messages} and {llhttp.messages}"
    engine_refuses = bool(engine.refusal) and not engine.is_truncated
    if engine_refuses != bool(llhttp.refusal and not llhttp.is_truncated):
        return f"refusal: {engine.refusal!r} and {llhttp.refusal!r}"
    if engine_refuses:
        return ""
    if (engine.refusal == "truncated_head") != (llhttp.refusal == "truncated_head"):
        return f"end of a head: {engine.refusal!r} and {llhttp.refusal!r}"
    if _kindless(engine.tail) != _kindless(llhttp.tail):
        return f"tail: {engine.tail} and {llhttp.tail}"
    return ""


def _kindless(message: Message | None) -> Message | None:
    """httptools cannot be told that a stream has ended, so it has no last word on a tail."""
    return message and replace(message, kind="")
