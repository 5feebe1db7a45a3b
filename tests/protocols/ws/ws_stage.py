"""Servers for WebSocket clients: real ones, and one that does to the byte what a test tells it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from scripted_server import Peer, ReceivedRequest

from atlas_perf.model.metric import Metric
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.ws.ws_client import WsClient

MakeWs = Callable[..., WsClient]

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Sample(NamedTuple):
    metric: str
    tags: dict[str, str]
    value: float
    at_ns: int


class SampleList:
    """A recorder that keeps every sample."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self._series: list[tuple[str, Tags]] = []

    def http_series(self, tags: Tags, failed: bool) -> Any:
        raise AssertionError("no HTTP request is made here")

    def series(self, metric: Metric, tags: Tags) -> int:
        assert tags == tuple(sorted(tags))
        self._series.append((metric.name, tags))
        return len(self._series) - 1

    def add(self, number: int, value: float, at_ns: int) -> None:
        metric, tags = self._series[number]
        self.samples.append(Sample(metric, dict(tags), value, at_ns))

    def of(self, metric: str, **tags: str) -> list[Sample]:
        return [
            sample
            for sample in self.samples
            if sample.metric == metric and tags.items() <= sample.tags.items()
        ]

    def total(self, metric: str, **tags: str) -> float:
        return sum(sample.value for sample in self.of(metric, **tags))

    def only(self, metric: str, **tags: str) -> Sample:
        (sample,) = self.of(metric, **tags)
        return sample


class User(NamedTuple):
    """The clients of one virtual user."""

    http: HttpClient
    ws: WsClient


def upgrade_response(request: ReceivedRequest, *fields: str) -> bytes:
    key = request.headers["sec-websocket-key"].encode()
    accept = base64.b64encode(hashlib.sha1(key + _MAGIC).digest()).decode()
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept}",
        *fields,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def accept(peer: Peer, *fields: str, then: bytes = b"") -> ReceivedRequest:
    """Open the session, and send more in the same write."""
    request = await peer.request()
    await peer.send(upgrade_response(request, *fields) + then)
    return request


def frame(kind: int, payload: bytes | str, *, last: bool = True, reserved: int = 0) -> bytes:
    """A frame as servers send it, unmasked."""
    data = payload.encode() if isinstance(payload, str) else payload
    first = (0x80 if last else 0) | reserved | kind
    if len(data) < 126:
        return bytes([first, len(data)]) + data
    if len(data) < 65536:
        return bytes([first, 126]) + struct.pack(">H", len(data)) + data
    return bytes([first, 127]) + struct.pack(">Q", len(data)) + data


def close_frame(code: int, reason: str = "") -> bytes:
    return frame(CLOSE, struct.pack(">H", code) + reason.encode())


async def read_frame(peer: Peer) -> tuple[int, bytes]:
    """Kind and payload of a frame of the client; fails if it is not masked."""
    first, second = await peer.reader.readexactly(2)
    assert second & 0x80, "a client masks its frames"
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack(">H", await peer.reader.readexactly(2))
    elif size == 127:
        (size,) = struct.unpack(">Q", await peer.reader.readexactly(8))
    mask = await peer.reader.readexactly(4)
    data = await peer.reader.readexactly(size)
    return first & 0x0F, bytes(byte ^ mask[n % 4] for n, byte in enumerate(data))


async def read_text(peer: Peer) -> str:
    kind, payload = await read_frame(peer)
    assert kind == TEXT
    return payload.decode()


def session(
    talk: Callable[[Peer], Awaitable[None]], *fields: str
) -> Callable[[Peer], Awaitable[None]]:
    """Open the session, let it talk, and then answer a close frame and hang up."""

    async def handle(peer: Peer) -> None:
        await accept(peer, *fields)
        await talk(peer)
        while True:
            kind, payload = await read_frame(peer)
            if kind == CLOSE:
                await peer.send(frame(CLOSE, payload))
                return

    return handle


async def silence(_peer: Peer) -> None:
    """Say nothing."""


async def settled(samples: SampleList, metric: str, number: int = 1, **tags: str) -> None:
    """Return when so many samples have been taken."""
    async with asyncio.timeout(5):
        while len(samples.of(metric, **tags)) < number:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
