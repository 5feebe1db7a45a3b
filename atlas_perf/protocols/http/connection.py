"""One established TLS connection: request bytes in, response and time marks out.

Plain TCP has `TcpConnection` instead; both take an `Exchange`.

No policy here: no URL, redirect, cookie, tag or retry. What the caller learns, it reads from the
`Exchange` it handed in, which stays readable whichever way the exchange ends.

Bytes are counted as given to and taken from the transport: request and status lines, headers,
chunk framing and bodies. Under TLS that is the plain text: the handshake and the framing of
records (22 bytes for each of up to 16 KiB) are not seen from here and not counted.
"""

from __future__ import annotations

import asyncio
from typing import cast

from atlas_perf import clock
from atlas_perf.protocols.http.failures import RequestFailure, transport_failure
from atlas_perf.protocols.http.response_parser import ResponseParser
from atlas_perf.protocols.http.timings import ABSENT, Stopwatch

_JOIN_UP_TO_BYTES = 64 * 1024  # a small body goes out in one write with its head


class Exchange:
    """One request and its response. Counts only what this exchange moved."""

    __slots__ = ("parser", "received_bytes", "sent_bytes", "watch")

    def __init__(self, watch: Stopwatch, *, to_head: bool) -> None:
        self.watch = watch
        self.parser = ResponseParser(to_head=to_head)
        self.sent_bytes = 0
        self.received_bytes = 0


class Connection(asyncio.Protocol):
    """HTTP/1.1 over one transport; one exchange at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._closed = loop.create_future()
        self._write_pending = False
        self._keep = False
        self.tls_version = ""  # "tls1.3", or "" over plain TCP

    @property
    def reusable(self) -> bool:
        """True if it is idle, open and the last response left it in order."""
        return self._keep and self._exchange is None and not self._closed.done()

    async def exchange(
        self, head: bytes, body: bytes, exchange: Exchange, *, keep: bool = True
    ) -> None:
        """Send one request and return when the last byte of its response is there.

        `keep` is whether the request lets the connection live on.

        Raises:
            RequestFailure: if no complete response arrives; the connection is closed.
            asyncio.CancelledError: the connection is closed.
        """
        self._keep = False
        self._exchange = exchange
        self._waiter = waiter = self._loop.create_future()
        exchange.watch.send_began_ns = clock.now_ns()
        try:
            if self._closed.done() or self._transport is None or self._transport.is_closing():
                raise transport_failure(None, "before the response")
            self._send(self._transport, head, body, exchange)
            await waiter
            # Answered before all of the request was read: the rest is still on its way.
            self._keep = keep and exchange.parser.keeps_connection and not self._write_pending
        finally:
            self._exchange = self._waiter = None
            if waiter.done() and not waiter.cancelled():
                waiter.exception()  # heard, even if a cancellation came first
            if not self._keep:
                self._count_unsent(exchange)
                self.abort()

    def abort(self) -> None:
        """Close at once. Under TLS too: waiting for the peer's farewell could take for ever."""
        self._keep = False
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self) -> None:
        """Return when the socket is closed, after `abort`."""
        await asyncio.shield(self._closed)

    def _send(
        self, transport: asyncio.Transport, head: bytes, body: bytes, exchange: Exchange
    ) -> None:
        exchange.sent_bytes = len(head) + len(body)
        if len(body) <= _JOIN_UP_TO_BYTES:
            transport.write(head + body)
        else:
            transport.write(head)
            transport.write(body)
        if not self._write_pending:
            exchange.watch.sent_ns = clock.now_ns()

    def _count_unsent(self, exchange: Exchange) -> None:
        if self._write_pending and self._transport is not None:
            unsent = self._transport.get_write_buffer_size()
            exchange.sent_bytes = max(0, exchange.sent_bytes - unsent)

    def _finish(self, failure: RequestFailure | None = None) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if failure is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(failure)

    # Callbacks of the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        # With no room in the buffer the transport reports the moment the last byte has left.
        # One byte of room: with none, TLS transports would report an empty buffer as full.
        self._transport.set_write_buffer_limits(high=1, low=0)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            self.tls_version = (tls.version() or "").lower().replace("tlsv", "tls")

    def pause_writing(self) -> None:
        self._write_pending = True

    def resume_writing(self) -> None:
        self._write_pending = False
        if self._exchange is not None and self._exchange.watch.sent_ns == ABSENT:
            self._exchange.watch.sent_ns = clock.now_ns()

    def data_received(self, data: bytes) -> None:
        now_ns = clock.now_ns()
        exchange = self._exchange
        if exchange is None:
            self.abort()  # nobody asked for these bytes
            return
        exchange.received_bytes += len(data)
        parser = exchange.parser
        if parser.complete:
            parser.surplus = True
            return
        parser.message_begun = False
        failure = None
        try:
            parser.feed(data)
        except RequestFailure as malformed:
            failure = malformed
        if parser.message_begun:
            exchange.watch.first_byte_ns = now_ns
        if parser.complete:
            exchange.watch.last_byte_ns = now_ns
        if parser.complete or failure is not None:
            self._finish(failure)

    def connection_lost(self, error: Exception | None) -> None:
        now_ns = clock.now_ns()
        if not self._closed.done():
            self._closed.set_result(None)
        exchange = self._exchange
        if exchange is None or exchange.parser.complete:
            return
        if error is None:
            exchange.parser.end_of_stream()
            if exchange.parser.complete:
                exchange.watch.last_byte_ns = now_ns
                self._finish()
                return
        began = exchange.received_bytes > 0
        self._finish(
            transport_failure(error, "within the response" if began else "before the response")
        )
