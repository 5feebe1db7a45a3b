"""A body that is not there yet: an iterator's parts, sent in chunks as they come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable

Parts = Iterable[bytes | str] | AsyncIterable[bytes | str]

LAST_CHUNK = b"0\r\n\r\n"


class BodyStream:
    """Parts of a body, of unknown total length.

    Attributes:
        repeatable: whether the parts can be had again, for a redirect or a second attempt: true
            for a list, false for a generator.
    """

    __slots__ = ("_parts", "repeatable")

    def __init__(self, parts: Parts) -> None:
        """`parts` is not touched before it is sent."""
        self._parts = parts
        # An iterator is its own iterator: what it has given is gone.
        self.repeatable = not hasattr(parts, "__next__") and not hasattr(parts, "__anext__")

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Each part framed as one chunk (RFC 9112, 7.1), then the last chunk.

        Raises:
            TypeError: for a part that is neither bytes nor text; and whatever the iterator raises.
        """
        if isinstance(self._parts, AsyncIterable):
            async for part in self._parts:
                yield _chunk(part)
        else:
            for part in self._parts:
                yield _chunk(part)
        yield LAST_CHUNK


def is_stream(body: object) -> bool:
    """Whether a body is one to be sent in chunks: an iterable of parts, and no mapping."""
    return isinstance(body, (Iterable, AsyncIterable)) and not hasattr(body, "keys")


def _chunk(part: object) -> bytes:
    if isinstance(part, str):
        part = part.encode()
    if not isinstance(part, (bytes, bytearray, memoryview)):
        raise TypeError(f"a part of a body is bytes or text, not {type(part).__name__}")
    content = bytes(part)
    # A chunk of no length would end the body.
    return b"%x\r\n%b\r\n" % (len(content), content) if content else b""
