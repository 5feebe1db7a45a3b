"""The server's end of a TLS connection, by hand: a test decides which bytes leave when."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import trustme

from atlas_perf.protocols.http.body_stream import BodyStream
from atlas_perf.protocols.http.exchange import Exchange
from atlas_perf.protocols.http.timings import Stopwatch
from atlas_perf.protocols.http.tls_connection import TlsConnection


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """With a certificate for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


class TlsServerEnd:
    """TLS over a non-blocking socket. Counts the bytes of the wire in both directions."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        self.sock = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.sent_bytes = 0
        self.received_bytes = 0

    async def handshake(self) -> bytes:
        """Take the server's part. Tickets that follow it, under TLS 1.3, are returned, not sent."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                await self.put(self._outgoing.read())
                await self.receive()
            except ssl.SSLError:
                await self.put(self._outgoing.read())  # an alert
                raise
            else:
                break
        if self.tls.version() == "TLSv1.3":
            return self._outgoing.read()
        await self.put(self._outgoing.read())
        return b""

    def first_flight(self) -> bytes:
        """What answers a client's hello, not sent."""
        with suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self._outgoing.read()

    def sealed(self, *contents: bytes) -> bytes:
        """What stands for these bytes on the wire: a record each."""
        for content in contents:
            self.tls.write(content)
        return self._outgoing.read()

    def sealed_farewell(self) -> bytes:
        """close_notify."""
        with suppress(ssl.SSLError):  # the client's has not come
            self.tls.unwrap()
        return self._outgoing.read()

    async def put(self, wire: bytes) -> None:
        """Send bytes as they are."""
        await asyncio.get_running_loop().sock_sendall(self.sock, wire)
        self.sent_bytes += len(wire)

    async def send(self, *contents: bytes) -> None:
        await self.put(self.sealed(*contents))

    async def read(self, count: int) -> bytes:
        """So many bytes of the client; fewer if it took its leave before."""
        content = b""
        while len(content) < count:
            try:
                part = self.tls.read(count - len(content))
            except ssl.SSLWantReadError:
                await self.receive()
            else:
                if not part:
                    break
                content += part
        return content

    async def receive(self) -> None:
        """Take what the client has sent, without looking at it."""
        data = await asyncio.get_running_loop().sock_recv(self.sock, 65536)
        if not data:
            raise EOFError("the client closed without close_notify")
        self.received_bytes += len(data)
        self._incoming.write(data)


@dataclass
class Pair:
    """Both ends before the handshake."""

    connection: TlsConnection
    server: TlsServerEnd

    async def shake(self) -> None:
        """Handshake, and send the tickets that follow."""
        await self.server.put(await self.shake_only())

    async def shake_only(self) -> bytes:
        """Handshake; the tickets, which are to be sent before anything else."""
        _, tickets = await asyncio.gather(self.connection.handshake(), self.server.handshake())
        return tickets

    def ask(
        self, body: bytes | BodyStream = b"", head: bytes = b"GET"
    ) -> tuple[Exchange, asyncio.Task[None]]:
        exchange = Exchange(Stopwatch(0), to_head=False)
        asking = asyncio.create_task(self.connection.exchange(head, body, exchange))
        return exchange, asking

    async def asked(self) -> tuple[Exchange, asyncio.Task[None]]:
        """A request that the server has read."""
        exchange, asking = self.ask()
        assert await self.server.read(3) == b"GET"
        return exchange, asking


@contextmanager
def connected(client: ssl.SSLContext, server: ssl.SSLContext) -> Iterator[Pair]:
    """Two ends of one connection, of which the client's takes little at once."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    theirs.setblocking(False)
    with theirs:
        pair = Pair(TlsConnection(ours, client, "api.example"), TlsServerEnd(theirs, server))
        yield pair
        pair.connection.abort()
