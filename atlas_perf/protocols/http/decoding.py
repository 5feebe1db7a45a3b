"""Undoing content codings, after the clock has stopped and only for bodies that are read."""

from __future__ import annotations

import zlib

ACCEPT_ENCODING = "gzip, deflate"
"""What is asked for by default: exactly what can be decoded here."""

MAX_DECODED_BODY_BYTES = 256 * 1024 * 1024
"""A body that decodes to more is refused: it would take the generator's memory."""

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_RAW_WINDOW = -zlib.MAX_WBITS


class BodyDecodingError(ValueError):
    """A body that is not what its headers say."""


def decode_body(body: bytes, content_encoding: str) -> bytes:
    """Undo the codings of a Content-Encoding header, the last one first.

    Raises:
        BodyDecodingError: for an unknown coding, damaged data, or too large a result.
    """
    for coding in reversed(content_encoding.lower().split(",")):
        body = _undo(body, coding.strip()) if body else body
    return body


def _undo(body: bytes, coding: str) -> bytes:
    if coding in ("", "identity"):
        return body
    try:
        if coding in ("gzip", "x-gzip"):
            return _inflate(body, _GZIP_WINDOW)
        if coding == "deflate":
            return _inflate_deflate(body)
    except zlib.error as error:
        raise BodyDecodingError(f"the body is not {coding}: {error}") from error
    raise BodyDecodingError(
        f"the body is coded as {coding!r}, which was not asked for; read wire_body instead"
    )


def _inflate_deflate(body: bytes) -> bytes:
    """`deflate` means zlib's wrapper, but some servers leave it off."""
    try:
        return _inflate(body, zlib.MAX_WBITS)
    except zlib.error:
        return _inflate(body, _RAW_WINDOW)


def _inflate(body: bytes, window: int) -> bytes:
    """All members of the stream; gzip allows several."""
    decoded: list[bytes] = []
    size = 0
    rest = body
    while rest:
        stream = zlib.decompressobj(window)
        member = stream.decompress(rest, MAX_DECODED_BODY_BYTES - size + 1)
        size += len(member)
        if size > MAX_DECODED_BODY_BYTES:
            raise BodyDecodingError(f"the body decodes to more than {MAX_DECODED_BODY_BYTES} bytes")
        if not stream.eof:
            raise BodyDecodingError("the coded body ends too early")
        decoded.append(member)
        rest = stream.unused_data if window == _GZIP_WINDOW else b""
        if rest.strip(b"\0") == b"":
            break  # padding after the last member
    return b"".join(decoded)
