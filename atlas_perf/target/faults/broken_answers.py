"""Answers that are none: bytes that break HTTP, connections that end, answers that never come."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

NO_ANSWER = 0
"""The status of what is not a whole, valid answer; load tools call it 0 as well."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class BrokenAnswer(web.StreamResponse):
    """Instead of an answer, something done to the connection.

    `act` gets the transport, unless the client is gone already. The connection ends after it
    unless `kept`.
    """

    def __init__(self, act: Callable[[asyncio.Transport], None], *, kept: bool = False) -> None:
        super().__init__(status=NO_ANSWER)
        self._act = act
        self._kept = kept

    @property
    def keep_alive(self) -> bool:
        return self._kept

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if isinstance(request, web.Request):  # it is an answer to those who count them
            await request.app.on_response_prepare.send(request, self)
        if request.transport is not None:
            self._act(request.transport)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing more is to be said."""


def reset(transport: asyncio.BaseTransport) -> None:
    """End a connection by RST: what a process that was killed, or a firewall, does to it."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    if isinstance(transport, asyncio.WriteTransport) or hasattr(transport, "abort"):
        transport.abort()


def close(transport: asyncio.Transport) -> None:
    """End a connection in order, without a byte."""
    transport.close()


def reset_after(sent: bytes) -> Callable[[asyncio.Transport], None]:
    def act(transport: asyncio.Transport) -> None:
        transport.write(sent)
        reset(transport)

    return act


def raw(sent: bytes) -> Callable[[asyncio.Transport], None]:
    def act(transport: asyncio.Transport) -> None:
        transport.write(sent)

    return act


def nothing(transport: asyncio.Transport) -> None:
    """For a client that has left."""


def head_of(answer: web.Response, length: int | None) -> bytes:
    """Status line and headers as bytes; `length` None leaves the announcement to the caller."""
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
    lines += [
        f"{name}: {value}"
        for name, value in answer.headers.items()
        if name.lower() not in ("content-length", "transfer-encoding")
    ]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1", "replace")
