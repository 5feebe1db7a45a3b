"""The worker's end of the two pipes: control messages in, answers and batches out."""

from __future__ import annotations

import asyncio

from atlas_perf.model.batch import Batch
from atlas_perf.wire.batch_codec import encode_batch
from atlas_perf.wire.control import ToCoordinator, ToWorker, decode_control, encode_control
from atlas_perf.wire.errors import WireError
from atlas_perf.wire.frames import FrameKind
from atlas_perf.worker.lifeline import end_at_once
from atlas_perf.worker.pipes import FrameReceiver, FrameSender


class Link:
    """Messages in order, both ways. When the coordinator's end closes, the process ends."""

    def __init__(self) -> None:
        self._inbox: asyncio.Queue[bytes] = asyncio.Queue()
        self._receiver: FrameReceiver | None = None
        self._sender: FrameSender

    @classmethod
    async def open(cls, control_fd: int, batch_fd: int) -> Link:
        link = cls()
        link._sender = await FrameSender.open(batch_fd)
        link._receiver = await FrameReceiver.open(control_fd, link._take, _coordinator_is_gone)
        return link

    async def receive(self) -> ToWorker:
        """The next message of the coordinator's."""
        message = decode_control(await self._inbox.get())
        if not isinstance(message, ToWorker):
            raise WireError(f"a worker was told {type(message).__name__}")
        return message

    def send(self, message: ToCoordinator) -> None:
        self._sender.send(FrameKind.CONTROL, encode_control(message))

    def send_batch(self, batch: Batch) -> None:
        self._sender.send(FrameKind.BATCH, encode_batch(batch))

    @property
    def unsent(self) -> bool:
        """True while something waits for room in the pipe."""
        return self._sender.unsent

    async def close(self) -> None:
        """Return once the coordinator can read everything that was sent."""
        await self._sender.drained()
        if self._receiver is not None:
            self._receiver.close()
        self._sender.close()

    def _take(self, _kind: FrameKind, payload: bytes) -> None:
        self._inbox.put_nowait(payload)


def _coordinator_is_gone(_error: WireError | None) -> None:
    end_at_once()
