"""Brotli (RFC 7932) and Zstandard (RFC 8878), each where its library can be imported."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

Decoder = Callable[[bytes, int], bytes]
"""From coded bytes to at most about so many decoded ones: never all of a bomb."""

_LIBRARIES = {
    "br": "brotli",
    # The standard library has it from 3.14 on; the backport is the same code.
    "zstd": "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd",
}


class BodyDecodingError(ValueError):
    """A body that is not what its headers say."""


def optional_codings() -> dict[str, Decoder]:
    """The decoders there are libraries for, by content coding."""
    makers: dict[str, Callable[[ModuleType], Decoder]] = {"br": _brotli, "zstd": _zstandard}
    codings = {}
    for coding, library in _LIBRARIES.items():
        try:
            codings[coding] = makers[coding](import_module(library))
        except ImportError:
            continue
    return codings


def _brotli(library: ModuleType) -> Decoder:
    def decode(body: bytes, limit_bytes: int) -> bytes:
        stream = library.Decompressor()
        decoded: list[bytes] = []
        size = 0
        rest = body
        try:
            while not stream.is_finished() and size <= limit_bytes:
                part = stream.process(rest, output_buffer_limit=limit_bytes - size + 1)
                rest = b""
                decoded.append(part)
                size += len(part)
                if not part and stream.can_accept_more_data():
                    raise BodyDecodingError("the coded body ends too early")
        except library.error as error:
            raise BodyDecodingError(f"the body is not br: {error}") from error
        return b"".join(decoded)

    return decode


def _zstandard(library: ModuleType) -> Decoder:
    def decode(body: bytes, limit_bytes: int) -> bytes:
        """All frames; RFC 8878 allows several."""
        decoded: list[bytes] = []
        size = 0
        rest = body
        try:
            while rest and size <= limit_bytes:
                stream = library.ZstdDecompressor()
                part = stream.decompress(rest, limit_bytes - size + 1)
                decoded.append(part)
                size += len(part)
                if not stream.eof and size <= limit_bytes:
                    raise BodyDecodingError("the coded body ends too early")
                rest = stream.unused_data
        except library.ZstdError as error:
            raise BodyDecodingError(f"the body is not zstd: {error}") from error
        return b"".join(decoded)

    return decode
