"""One open WebSocket, as far as sending to it goes."""

from __future__ import annotations

import asyncio
import struct

from aiohttp import web

_FINAL_CLOSE = 0x88
_CLOSE = struct.Struct("!BBH")


class Session:
    """The sending side of one WebSocket. Reading is its handler's.

    aiohttp does the handshake, reads, and answers pings. Messages are written to the transport
    beside it, whole frames at a time: a coroutine for each message of a broadcast would cost more
    than the message.
    """

    __slots__ = ("_closing", "_transport", "user")

    def __init__(self, transport: asyncio.Transport, user: str) -> None:
        self._transport = transport
        self._closing = False
        self.user = user  # who it says it is: X-User-Id

    @property
    def closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._closing or self._transport.is_closing()

    @property
    def unsent_bytes(self) -> int:
        """What the peer's and our socket have no room for yet."""
        return self._transport.get_write_buffer_size()

    def write(self, frame: bytes) -> None:
        """Send whole frames; only `Outbox` calls this."""
        self._transport.write(frame)

    def cut_off(self) -> None:
        """End the connection at once, with everything that is unsent: the peer sees a reset."""
        self._closing = True
        self._transport.abort()

    def stop_sending(self) -> None:
        """Nothing more may follow: a close frame is about to be sent by somebody else."""
        self._closing = True

    def close(self, code: int) -> None:
        """Say goodbye and close, without waiting for the peer's own goodbye."""
        if self.closing:
            return
        self._closing = True
        self._transport.write(_CLOSE.pack(_FINAL_CLOSE, 2, code))
        self._transport.close()


def session_of(request: web.Request, user: str) -> Session:
    """The session of a request whose upgrade has been answered.

    Raises:
        ConnectionResetError: the client is gone already.
    """
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the client left during the handshake")
    return Session(transport, user)
