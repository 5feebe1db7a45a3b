"""permessage-deflate (RFC 7692), for those who ask for it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from atlas_perf.protocols.ws.errors import UpgradeFailure

OFFER = "permessage-deflate"
"""Without parameters: the server may say how it compresses, and leaves our window to us."""

_TAIL = b"\x00\x00\xff\xff"
_FLAGS = frozenset({"server_no_context_takeover", "client_no_context_takeover"})
_WINDOW = "server_max_window_bits"


@dataclass(frozen=True, slots=True)
class Agreed:
    """Who begins each message with an empty window."""

    client_forgets: bool = False
    server_forgets: bool = False


def agreed(extensions: str, *, offered: bool) -> Agreed | None:
    """What a response's Sec-WebSocket-Extensions means; None if it takes none.

    Raises:
        UpgradeFailure: for an extension that was not offered, or parameters that it cannot have.
    """
    if not extensions.strip():
        return None
    name, *parameters = (part.strip() for part in extensions.split(";"))
    if not offered or name != OFFER or "," in extensions:
        raise UpgradeFailure(1000, "upgrade: an extension that was not offered", 101)
    seen: set[str] = set()
    for parameter in parameters:
        key, _, value = (part.strip() for part in parameter.partition("="))
        window = value.strip('"')
        right = (key in _FLAGS and not value) or (
            key == _WINDOW and window.isdigit() and 8 <= int(window) <= 15
        )
        if key in seen or not right:
            raise UpgradeFailure(1000, "upgrade: malformed parameters of an extension", 101)
        seen.add(key)
    return Agreed(
        client_forgets="client_no_context_takeover" in seen,
        server_forgets="server_no_context_takeover" in seen,
    )


class Deflate:
    """Compresses and decompresses the messages of one session.

    Its state takes some 300 KiB, once messages have gone both ways.
    """

    __slots__ = ("_agreed", "_in", "_out")

    def __init__(self, agreed: Agreed) -> None:
        self._agreed = agreed
        self._in = zlib.decompressobj(-zlib.MAX_WBITS)
        self._out = zlib.compressobj(wbits=-zlib.MAX_WBITS)

    def compress(self, payload: bytes) -> bytes:
        """What goes over the wire for a message."""
        data = self._out.compress(payload) + self._out.flush(zlib.Z_SYNC_FLUSH)
        if self._agreed.client_forgets:
            self._out = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return data[: -len(_TAIL)]

    def decompress(self, data: bytes, limit_bytes: int) -> bytes:
        """The message that came.

        Raises:
            zlib.error: if it is none.
            OverflowError: if it is longer than the limit; nothing beyond it was decompressed.
        """
        message = self._in.decompress(data + _TAIL, limit_bytes + 1)
        if len(message) > limit_bytes:
            raise OverflowError("a message longer than the limit")
        if self._agreed.server_forgets or self._in.eof:
            self._in = zlib.decompressobj(-zlib.MAX_WBITS)
        return message
