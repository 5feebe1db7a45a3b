"""Undoing content codings, after the clock has stopped and only for bodies that are read.

`gzip` and `deflate` are zlib's; `br` and `zstd` need a library each, and are asked for only where
it can be imported.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

from atlas_perf.protocols.http.compressions import BodyDecodingError, optional_codings

__all__ = ["ACCEPT_ENCODING", "MAX_DECODED_BODY_BYTES", "BodyDecodingError", "decode_body"]

MAX_DECODED_BODY_BYTES = 256 * 1024 * 1024
"""A body that decodes to more is refused: it would take the generator's memory."""

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_RAW_WINDOW = -zlib.MAX_WBITS

_OPTIONAL = optional_codings()

ACCEPT_ENCODING = ", ".join(("gzip", "deflate", *_OPTIONAL))
"""What is asked for by default: exactly what can be decoded here."""


def decode_body(body: bytes, content_encoding: str) -> bytes:
    """Undo the codings of a Content-Encoding header, the last one first.

    Raises:
        BodyDecodingError: for an unknown coding, damaged data, or a result of more than
            MAX_DECODED_BODY_BYTES.
    """
    for coding in reversed(content_encoding.lower().split(",")):
        body = _undo(body, coding.strip()) if body else body
    return body


def _undo(body: bytes, coding: str) -> bytes:
    if coding in ("", "identity"):
        return body
    if coding in _OPTIONAL:
        decoded = _OPTIONAL[coding](body, MAX_DECODED_BODY_BYTES)
    elif coding in _DECODERS:
        decoded = _DECODERS[coding](body)
    else:
        raise BodyDecodingError(
            f"the body is coded as {coding!r}, which was not asked for; read wire_body instead"
        )
    if len(decoded) > MAX_DECODED_BODY_BYTES:
        raise BodyDecodingError(f"the body decodes to more than {MAX_DECODED_BODY_BYTES} bytes")
    return decoded


def _gunzip(body: bytes) -> bytes:
    try:
        return _inflate(body, _GZIP_WINDOW)
    except zlib.error as error:
        raise BodyDecodingError(f"the body is not gzip: {error}") from error


def _inflate_deflate(body: bytes) -> bytes:
    """`deflate` means zlib's wrapper, but some servers leave it off."""
    try:
        return _inflate(body, zlib.MAX_WBITS)
    except zlib.error:
        pass
    try:
        return _inflate(body, _RAW_WINDOW)
    except zlib.error as error:
        raise BodyDecodingError(f"the body is not deflate: {error}") from error


def _inflate(body: bytes, window: int) -> bytes:
    """All members of the stream; gzip allows several. Stops one byte above the limit."""
    decoded: list[bytes] = []
    size = 0
    rest = body
    while rest:
        stream = zlib.decompressobj(window)
        member = stream.decompress(rest, MAX_DECODED_BODY_BYTES - size + 1)
        decoded.append(member)
        size += len(member)
        if size > MAX_DECODED_BODY_BYTES:
            break
        if not stream.eof:
            raise BodyDecodingError("the coded body ends too early")
        rest = stream.unused_data if window == _GZIP_WINDOW else b""
        if rest.strip(b"\0") == b"":
            break  # padding after the last member
    return b"".join(decoded)


_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate_deflate,
}
