"""Messages that have come and are not read yet, and who waits for one."""

from __future__ import annotations

import asyncio
from collections import deque

Message = str | bytes
"""Text messages are str, binary ones bytes."""


class Inbox:
    """A bounded queue for any number of readers; beyond its bound the oldest go unread."""

    __slots__ = ("_kept", "_most", "_waiting", "ended")

    def __init__(self, most: int) -> None:
        self._kept: deque[Message] = deque()
        self._most = most
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.ended = False
        """True once nothing more will come."""

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, message: Message) -> bool:
        """Keep a message; False if an older one had to go for it."""
        full = len(self._kept) >= self._most
        if full:
            self._kept.popleft()
        self._kept.append(message)
        self._wake(1)
        return not full

    def end(self) -> None:
        """Nothing more will come: readers get what is left, and then nothing."""
        self.ended = True
        self._wake(len(self._waiting))

    def clear(self) -> int:
        """Forget what is unread; how many that were."""
        unread = len(self._kept)
        self._kept.clear()
        return unread

    async def get(self) -> Message | None:
        """The oldest message, awaited if need be; None at the end."""
        while not self._kept:
            if self.ended:
                return None
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            try:
                await waiting
            except asyncio.CancelledError:
                if waiting.done() and not waiting.cancelled():
                    self._wake(1)  # it was woken for a message that another one may have
                raise
        return self._kept.popleft()

    def _wake(self, readers: int) -> None:
        while readers and self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                readers -= 1
