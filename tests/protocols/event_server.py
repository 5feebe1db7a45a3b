"""A server of event streams whose answer a test lets go on by pieces, and what came of it."""

from __future__ import annotations

import asyncio

from scripted_server import Handler, KeepingRecorder, Peer, answering

from atlas_perf.protocols.sse.event_stream import EventStream

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
LAST = b"0\r\n\r\n"


def chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


def event(data: str) -> bytes:
    return chunk(f"data: {data}\n\n".encode())


class Tap:
    """A server whose answer a test lets go on, a piece at a time."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.closed = asyncio.Event()

    def send(self, *pieces: bytes | None) -> None:
        for piece in pieces:
            self.pieces.put_nowait(piece)

    async def handle(self, peer: Peer) -> None:
        while True:
            await peer.request()
            watching = asyncio.create_task(peer.reader.read(1))
            try:
                await self._answer(peer, watching)
            finally:
                watching.cancel()

    async def _answer(self, peer: Peer, watching: asyncio.Task[bytes]) -> None:
        while True:
            asked = asyncio.create_task(self.pieces.get())
            await asyncio.wait({asked, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                asked.cancel()
                self.closed.set()
                raise ConnectionError
            piece = asked.result()
            if piece is None:
                raise ConnectionError
            await peer.send(piece)
            if piece == LAST:
                return


def whole(*pieces: bytes) -> Handler:
    return answering(b"".join((HEAD, *pieces, LAST)))


async def taken(stream: EventStream) -> list[str]:
    return [event.data async for event in stream]


def samples(recorder: KeepingRecorder, metric: str) -> list[tuple[float, dict[str, str]]]:
    return [
        (value, recorder.series_by_number[number][1])
        for number, value, _ in recorder.added
        if recorder.series_by_number[number][0] == metric
    ]


def outcomes(recorder: KeepingRecorder) -> list[tuple[bool | None, str, str]]:
    return [
        (one.failed, one.tags.get("status", ""), one.tags.get("error_code", ""))
        for one in recorder.requests
    ]
