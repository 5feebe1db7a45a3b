"""A server that does to the byte what a test tells it, and a recorder that keeps everything."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from atlas_perf.model.metric import Metric
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.client import HttpClient

MakeClient = Callable[..., HttpClient]
"""Arguments: the base URL, then HttpOptions and HttpClient keywords."""


@dataclass
class ReceivedRequest:
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    raw_head: bytes


class Peer:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.received: list[ReceivedRequest] = []

    async def request(self) -> ReceivedRequest:
        head = await self.reader.readuntil(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")[:-2]
        method, path, _ = line.split(" ")
        headers = {}
        for each in fields:
            name, _, value = each.partition(": ")
            headers[name.lower()] = value
        if headers.get("transfer-encoding") == "chunked":
            body = b"".join([chunk async for chunk in self.chunks()])
        else:
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        request = ReceivedRequest(method, path, headers, body, head)
        self.received.append(request)
        return request

    async def chunks(self) -> AsyncIterator[bytes]:
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            yield (await self.reader.readexactly(size + 2))[:-2]
        assert await self.reader.readexactly(2) == b"\r\n"

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            if self.writer.is_closing():
                raise ConnectionError  # uvloop's own is a RuntimeError
            self.writer.write(piece)
            await self.writer.drain()

    async def until_closed(self) -> bytes:
        """What the client still sends until it closes."""
        try:
            return await self.reader.read()
        except OSError:
            return b""

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


async def until(holds: Callable[[], bool]) -> None:
    """Return when the condition holds; fail if it does not within five seconds."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - a state that sets no event
            await asyncio.sleep(0.001)


Handler = Callable[[Peer], Awaitable[None]]


@dataclass
class Server:
    port: int
    scheme: str
    host: str = "127.0.0.1"
    peers: list[Peer] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def requests(self) -> list[ReceivedRequest]:
        return [request for peer in self.peers for request in peer.received]


class Stage:
    """Starts servers and takes all of them down."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(
        self,
        handler: Handler,
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> Server:
        server = Server(0, "https" if tls else "http", host)
        listening = await asyncio.start_server(
            self._connected(handler, server), host, port, ssl=tls
        )
        self._servers.append(listening)
        server.port = listening.sockets[0].getsockname()[1]
        return server

    async def serve_ipv6(self, handler: Handler) -> Server:
        server = Server(0, "http", "[::1]")
        listening = await asyncio.start_server(self._connected(handler, server), "::1", 0)
        self._servers.append(listening)
        server.port = listening.sockets[0].getsockname()[1]
        return server

    async def serve_unix(self, handler: Handler, path: Path) -> Server:
        server = Server(0, "http+unix")
        listening = await asyncio.start_unix_server(self._connected(handler, server), path)
        self._servers.append(listening)
        return server

    def _connected(
        self, handler: Handler, server: Server
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            peer = Peer(reader, writer)
            server.peers.append(peer)
            try:
                await handler(peer)
            except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
                pass
            finally:
                writer.transport.abort()
                self._tasks.discard(task)

        return connected

    async def over(self) -> None:
        """Return when all connections that servers have taken have ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def answering(answer: Callable[[ReceivedRequest], bytes] | bytes) -> Handler:
    """Answer every request on a connection until the client closes it."""

    async def handle(peer: Peer) -> None:
        while True:
            request = await peer.request()
            await peer.send(answer if isinstance(answer, bytes) else answer(request))

    return handle


def response(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """A response with Content-Length; underscores in header names become hyphens."""
    fields = {"Content-Length": str(len(body)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()]
    return f"HTTP/1.1 {status} Reason\r\n{''.join(lines)}\r\n".encode("latin-1") + body


@dataclass
class Recorded:
    """One sample of a round trip."""

    tags: dict[str, str]
    failed: bool | None  # None: cut off in flight
    at_ns: int
    duration_ns: int
    blocked_ns: int
    connecting_ns: int
    tls_handshaking_ns: int
    sending_ns: int
    waiting_ns: int
    receiving_ns: int

    @property
    def service_ns(self) -> int:
        return self.sending_ns + self.waiting_ns + self.receiving_ns


class KeptSeries:
    def __init__(self, kept: list[Recorded], tags: Tags, failed: bool) -> None:
        self._kept = kept
        self._tags = dict(tags)
        self._failed = failed

    def record(self, *numbers: int) -> None:
        assert all(type(number) is int for number in numbers)
        self._kept.append(Recorded(self._tags, self._failed, *numbers))


class KeepingRecorder:
    """Keeps every sample in order."""

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.series_by_number: list[tuple[str, dict[str, str]]] = []
        self.added: list[tuple[int, float, int]] = []

    def http_series(self, tags: Tags, failed: bool) -> KeptSeries:
        assert tags == tuple(sorted(tags))
        return KeptSeries(self.requests, tags, failed)

    def series(self, metric: Metric, tags: Tags) -> int:
        assert all(type(text) is str for pair in tags for text in pair)
        self.series_by_number.append((metric.name, dict(tags)))
        return len(self.series_by_number) - 1

    def add(self, number: int, value: float, at_ns: int) -> None:
        self.added.append((number, value, at_ns))
        metric, tags = self.series_by_number[number]
        if metric == "http_reqs_censored":
            assert value == 1
            self.requests.append(Recorded(tags, None, at_ns, -1, -1, -1, -1, -1, -1, -1))
        elif metric.startswith("http_req_") and tags.get("expected_response") == "unknown":
            assert (tags, at_ns) == (self.last.tags, self.last.at_ns)
            setattr(self.last, f"{metric.removeprefix('http_req_')}_ns", value)

    def total(self, metric: str) -> float:
        return sum(
            value for number, value, _ in self.added if self.series_by_number[number][0] == metric
        )

    def values(self, metric: str) -> list[float]:
        return [
            value for number, value, _ in self.added if self.series_by_number[number][0] == metric
        ]

    @property
    def last(self) -> Recorded:
        return self.requests[-1]
