"""A WebSocket server in a thread that answers, and counts what it did."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web


@dataclass
class EchoServer:
    """`/echo` echoes; `/flaky` hangs up on every message that says so."""

    url: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    most_open: int = 0

    async def echo(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.counts["sessions"] += 1
        self.counts["open"] += 1
        self.most_open = max(self.most_open, self.counts["open"])
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            self.counts["received"] += 1
            asked = json.loads(message.data)
            if asked.get("hang_up"):
                assert request.transport is not None
                request.transport.abort()
                break
            if asked.get("silence"):
                continue
            for _ in range(1 + asked.get("again", 0)):
                self.counts["sent"] += 1
                await socket.send_str(message.data)
        self.counts["open"] -= 1
        return socket


@contextmanager
def echo_server() -> Iterator[EchoServer]:
    """Serve until the block ends."""
    server = EchoServer()
    ready = threading.Event()
    ending: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/echo", server.echo)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        end = asyncio.Event()
        ending.append((asyncio.get_running_loop(), end))
        ready.set()
        await end.wait()
        await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        loop, end = ending[0]
        loop.call_soon_threadsafe(end.set)
        thread.join()
