"""One request on one connection of the pool, with the one repetition HTTP allows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from atlas_perf.protocols.http.dialing import Dialer
from atlas_perf.protocols.http.exchange import Exchange
from atlas_perf.protocols.http.failures import ClosedEarlyError
from atlas_perf.protocols.http.listening import ContentListener
from atlas_perf.protocols.http.pool import ConnectionPool
from atlas_perf.protocols.http.request import Request, head_bytes
from atlas_perf.protocols.http.response_parser import ResponseParser
from atlas_perf.protocols.http.tcp_connection import TcpConnection
from atlas_perf.protocols.http.timings import ABSENT, Stopwatch
from atlas_perf.protocols.http.urls import Target

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""RFC 9110, 9.2.2: may be repeated if a kept connection turns out to be dead."""


class RoundTrip:
    """Everything learned so far about one hop; readable whenever and however it ends."""

    __slots__ = (
        "_exchanges",
        "_listener",
        "_sent_before_bytes",
        "ended",
        "tls_version",
        "trace_id",
        "watch",
    )

    def __init__(
        self, began_ns: int, sent_before_bytes: int = 0, listener: ContentListener | None = None
    ) -> None:
        """`sent_before_bytes` went out on a connection that turned out to be dead."""
        self.watch = Stopwatch(began_ns)
        self.tls_version = ""
        self.trace_id = ""
        self._sent_before_bytes = sent_before_bytes
        self._exchanges: list[Exchange] = []
        self.ended = False
        self._listener = listener
        if listener is not None:
            listener.follows(self.watch)

    def was_left(self) -> bool:
        """True if its caller canceled it because it had what it wanted: it is a response then."""
        return self._listener is not None and self._listener.has_left()

    def end(self) -> None:
        """To be called before its sample is recorded, so that there is one.

        Raises:
            asyncio.CancelledError: if it has been recorded already, when the client was closed.
        """
        if self.ended:
            raise asyncio.CancelledError
        self.ended = True

    def begin_exchange(self, *, to_head: bool) -> Exchange:
        """A first attempt, or a second one that makes the first one part of `blocked`."""
        self.watch.forget_exchange()
        exchange = Exchange(self.watch, to_head=to_head)
        exchange.parser.listener = self._listener
        self._exchanges.append(exchange)
        return exchange

    @property
    def parser(self) -> ResponseParser:
        """Of the last attempt; only after one."""
        return self._exchanges[-1].parser

    @property
    def sent_bytes(self) -> int:
        return self._sent_before_bytes + sum(each.sent_bytes for each in self._exchanges)

    @property
    def received_bytes(self) -> int:
        return sum(exchange.received_bytes for exchange in self._exchanges)


async def perform(
    request: Request,
    target: Target,
    cookies: Mapping[str, str],
    trip: RoundTrip,
    *,
    pool: ConnectionPool,
    dialer: Dialer,
    keep: bool,
) -> None:
    """Send the request and receive the response into `trip`.

    A kept connection that the server closed before any byte of the response, as it may at any
    time, is replaced once if the method is idempotent.

    Raises:
        RequestFailure: if no complete response arrives.
    """
    resumes = keep  # who may not reuse a connection has no TLS session to resume either
    keep = keep and not request.asks_to_close
    head = head_bytes(request, target, cookies, close=not keep)
    connection = await pool.acquire(target.origin, trip.watch)
    try:
        if connection is not None:
            if await _survives(connection, head, request, trip, pool=pool, keep=keep):
                return
            pool.drop(target.origin, connection)
        session = pool.session(target.origin) if resumes else None
        connection = await dialer.dial(target, trip.watch, session)
        pool.adopt(target.origin, connection, resumable=resumes)
        await _exchange(connection, head, request, trip, keep=keep)
    finally:
        pool.release(target.origin, connection)


async def _survives(
    connection: TcpConnection,
    head: bytes,
    request: Request,
    trip: RoundTrip,
    *,
    pool: ConnectionPool,
    keep: bool,
) -> bool:
    """Try a kept connection; False if it was dead and the request may be repeated."""
    try:
        await _exchange(connection, head, request, trip, keep=keep)
    except ClosedEarlyError:
        again = request.repeatable and request.method in IDEMPOTENT_METHODS
        repeatable = again and not pool.closed
        if trip.watch.first_byte_ns != ABSENT or not repeatable:
            raise
        trip.watch.forget_exchange()
        return False
    return True


async def _exchange(
    connection: TcpConnection, head: bytes, request: Request, trip: RoundTrip, *, keep: bool
) -> None:
    trip.tls_version = connection.tls_version
    exchange = trip.begin_exchange(to_head=request.method == "HEAD")
    exchange.parser.discarding = not request.keeps_body
    await connection.exchange(head, request.body, exchange, keep=keep)
