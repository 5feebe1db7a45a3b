"""Frames: how messages stay apart on a pipe.

    frame   = length kind payload
    length  = the payload's bytes, unsigned 32 bits, big-endian, at most MAX_FRAME_BYTES
    kind    = one byte, a FrameKind

No I/O here: bytes in, frames out, in whatever portions the pipe delivers them.
"""

from __future__ import annotations

import struct
from enum import IntEnum

from atlas_perf.wire.errors import WireError

MAX_FRAME_BYTES = 64 * 1024 * 1024
"""Largest payload. The largest batch of a full series cap is a tenth of it."""

_HEADER = struct.Struct(">IB")


class FrameKind(IntEnum):
    """What a frame carries."""

    CONTROL = 1
    BATCH = 2


def encode_frame(kind: FrameKind, payload: bytes) -> bytes:
    """One frame.

    Raises:
        WireError: if the payload is larger than MAX_FRAME_BYTES.
    """
    if len(payload) > MAX_FRAME_BYTES:
        raise WireError(
            f"a {kind.name.lower()} frame of {len(payload)} bytes exceeds the limit of "
            f"{MAX_FRAME_BYTES}: give fewer distinct tags"
        )
    return _HEADER.pack(len(payload), kind) + payload


class FrameReader:
    """Puts frames together from portions of a byte stream."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[FrameKind, bytes]]:
        """The frames that `data` completes, in order.

        Raises:
            WireError: for an unknown kind or a length above MAX_FRAME_BYTES, as soon as the
                header is there. The stream cannot be read any further then.
        """
        self._buffer += data
        frames: list[tuple[FrameKind, bytes]] = []
        start = 0
        while len(self._buffer) - start >= _HEADER.size:
            length, number = _HEADER.unpack_from(self._buffer, start)
            kind = _kind(number)
            if length > MAX_FRAME_BYTES:
                raise WireError(f"a frame announces {length} bytes, more than {MAX_FRAME_BYTES}")
            end = start + _HEADER.size + length
            if end > len(self._buffer):
                break
            frames.append((kind, bytes(self._buffer[start + _HEADER.size : end])))
            start = end
        del self._buffer[:start]
        return frames


def _kind(number: int) -> FrameKind:
    try:
        return FrameKind(number)
    except ValueError:
        raise WireError(f"a frame of unknown kind {number}") from None
