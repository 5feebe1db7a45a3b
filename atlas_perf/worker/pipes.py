"""Frames over the two pipes between coordinator and worker, as asyncio protocols."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import cast

from atlas_perf.wire.errors import WireError
from atlas_perf.wire.frames import FrameKind, FrameReader, encode_frame

OnFrame = Callable[[FrameKind, bytes], None]
OnEnd = Callable[[WireError | None], None]


class FrameReceiver(asyncio.Protocol):
    """Hands over each frame that arrives, then the end: with an error if bytes made no sense."""

    def __init__(self, on_frame: OnFrame, on_end: OnEnd) -> None:
        self._reader = FrameReader()
        self._on_frame = on_frame
        self._on_end = on_end
        self._transport: asyncio.BaseTransport | None = None
        self._ended = False

    @classmethod
    async def open(cls, fd: int, on_frame: OnFrame, on_end: OnEnd) -> FrameReceiver:
        """Take over the read end of a pipe."""
        loop = asyncio.get_running_loop()
        _, receiver = await loop.connect_read_pipe(
            lambda: cls(on_frame, on_end), os.fdopen(fd, "rb", buffering=0)
        )
        return receiver

    def close(self) -> None:
        """Stop listening; nothing more is handed over, the end included."""
        self._ended = True
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            frames = self._reader.feed(data)
        except WireError as error:
            self._end(error)
            return
        for kind, payload in frames:
            if not self._ended:
                self._on_frame(kind, payload)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        self._end(None)

    def _end(self, error: WireError | None) -> None:
        if not self._ended:
            self.close()
            self._on_end(error)


class FrameSender(asyncio.BaseProtocol):
    """Writes frames, and knows whether the other side has taken them off the pipe."""

    def __init__(self) -> None:
        self._drained = asyncio.Event()
        self._drained.set()
        self._transport: asyncio.WriteTransport | None = None

    @classmethod
    async def open(cls, fd: int) -> FrameSender:
        """Take over the write end of a pipe."""
        loop = asyncio.get_running_loop()
        _, sender = await loop.connect_write_pipe(cls, os.fdopen(fd, "wb", buffering=0))
        return sender

    @property
    def unsent(self) -> bool:
        """True while a frame, or a part of one, waits for room in the pipe."""
        return not self._drained.is_set()

    def send(self, kind: FrameKind, payload: bytes) -> None:
        """Queue a frame. To a reader that is gone it goes nowhere."""
        if self._transport is not None:
            self._transport.write(encode_frame(kind, payload))

    async def drained(self) -> None:
        """Wait until nothing is unsent, or the reader is gone."""
        await self._drained.wait()

    def close(self) -> None:
        """End the pipe once everything queued is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the pipe now; what is unsent is dropped."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        # No slack: the transport then tells us exactly when its buffer is empty.
        self._transport.set_write_buffer_limits(high=0)

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        self._drained.set()
