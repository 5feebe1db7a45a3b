"""An HTTP/1.1 server that counts what it received and what it answered."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

Reply = bytes | tuple[bytes, bool] | None
"""Bytes to send; with True, the connection is dropped after them; None: it hangs."""

Handler = Callable[[str, str], Reply]
"""Method and path to a reply."""


def answer(status: int, body: bytes = b"{}", *, headers: str = "") -> bytes:
    """A complete HTTP/1.1 response."""
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


@dataclass
class CountingServer:
    """A server in a thread of its own, on a free loopback port, until `close`."""

    handler: Handler
    received: Counter[tuple[str, str]] = field(default_factory=Counter)
    answered: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    port: int = 0

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, requests: int) -> None:
        """Return once so many requests were received."""
        deadline_s = time.monotonic() + 30
        while self.received.total() < requests:
            assert time.monotonic() < deadline_s, self.received
            time.sleep(0.01)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)
        assert not self._thread.is_alive()

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._main(ready))
        self._loop.close()

    async def _main(self, ready: threading.Event) -> None:
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            ),
            0,
        )
        await reader.readexactly(length)
        self.received[method, path] += 1
        reply = self.handler(method, path)
        if reply is None:
            await self._stop.wait()
            return False
        data, close = reply if isinstance(reply, tuple) else (reply, False)
        writer.write(data)
        await writer.drain()
        self.answered[method, path, int(data.split(b" ", 2)[1])] += 1
        return not close
