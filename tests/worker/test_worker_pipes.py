from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop

from atlas_perf.wire.errors import WireError
from atlas_perf.wire.frames import FrameKind, FrameReader, encode_frame
from atlas_perf.worker.pipes import FrameReceiver, FrameSender


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


class Inbox:
    """Keeps what a receiver hands over."""

    def __init__(self) -> None:
        self.frames: list[tuple[FrameKind, bytes]] = []
        self.ends: list[WireError | None] = []
        self.changed = asyncio.Event()

    def take(self, kind: FrameKind, payload: bytes) -> None:
        self.frames.append((kind, payload))
        self.changed.set()

    def end(self, error: WireError | None) -> None:
        self.ends.append(error)
        self.changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while True:
                if condition():
                    return
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def pipe(inbox: Inbox) -> AsyncIterator[tuple[FrameReceiver, FrameSender]]:
    read_fd, write_fd = os.pipe()
    receiver = await FrameReceiver.open(read_fd, inbox.take, inbox.end)
    sender = await FrameSender.open(write_fd)
    yield receiver, sender
    receiver.close()
    sender.abort()
    await asyncio.sleep(0)


async def test_frames_arrive_in_order_and_then_the_end(pipe, inbox):
    _, sender = pipe
    sender.send(FrameKind.CONTROL, b"")
    sender.send(FrameKind.BATCH, bytes(300_000))
    sender.send(FrameKind.CONTROL, b"last")
    await sender.drained()
    sender.close()
    await inbox.until(lambda: bool(inbox.ends))
    assert [(kind, len(payload)) for kind, payload in inbox.frames] == [
        (FrameKind.CONTROL, 0),
        (FrameKind.BATCH, 300_000),
        (FrameKind.CONTROL, 4),
    ]
    assert inbox.ends == [None]


async def test_what_is_no_frame_ends_the_pipe_once_with_the_reason(inbox):
    read_fd, write_fd = os.pipe()
    await FrameReceiver.open(read_fd, inbox.take, inbox.end)
    os.write(write_fd, encode_frame(FrameKind.CONTROL, b"good") + b"\x00\x00\x00\x01\x63x")
    os.close(write_fd)
    await inbox.until(lambda: bool(inbox.ends))
    await asyncio.sleep(0.01)
    (end,) = inbox.ends
    assert isinstance(end, WireError)


async def test_a_closed_receiver_says_nothing_more(pipe, inbox):
    receiver, sender = pipe
    sender.send(FrameKind.CONTROL, b"1")
    await inbox.until(lambda: bool(inbox.frames))
    receiver.close()
    sender.send(FrameKind.CONTROL, b"2")
    await asyncio.sleep(0.01)
    assert (len(inbox.frames), inbox.ends) == (1, [])


async def test_unsent_says_whether_the_reader_keeps_up():
    read_fd, write_fd = os.pipe()
    os.set_blocking(read_fd, False)
    sender = await FrameSender.open(write_fd)
    sender.send(FrameKind.BATCH, b"fits into the pipe")
    await sender.drained()
    assert not sender.unsent

    sender.send(FrameKind.BATCH, bytes(100_000))  # a pipe holds 64 KiB
    await asyncio.sleep(0.01)
    assert sender.unsent

    reader, frames = FrameReader(), []
    async with asyncio.timeout(10):
        while len(frames) < 2:
            try:
                frames += reader.feed(os.read(read_fd, 65_536))
            except BlockingIOError:
                await asyncio.sleep(0.001)
    await sender.drained()
    assert not sender.unsent
    assert [len(payload) for _, payload in frames] == [18, 100_000]
    sender.close()
    os.close(read_fd)
    await asyncio.sleep(0)


async def test_a_sender_whose_reader_is_gone_neither_raises_nor_waits():
    read_fd, write_fd = os.pipe()
    sender = await FrameSender.open(write_fd)
    os.close(read_fd)
    for _ in range(10):
        sender.send(FrameKind.BATCH, bytes(100_000))
        await asyncio.sleep(0.001)
    async with asyncio.timeout(10):
        await sender.drained()
    assert not sender.unsent
    sender.abort()
    sender.close()
