"""One client library in a process of its own: `python -m benchmarks.websocket.clients`.

    clients.py LIBRARY URL SESSIONS SECONDS PAUSE_S

Every session sends a message, waits for its echo, and begins again after a pause. Prints as JSON
the messages, the CPU seconds they took (after everything was open), latencies, and what an open
session that does nothing weighs.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from atlas_perf.loop import UVLOOP_VERSION
from atlas_perf.model.plan import HttpOptions
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.protocols.ws.ws_client import WsClient
from atlas_perf.protocols.ws.ws_setup import WsSetup
from atlas_perf.worker.recorder import Recorder

TEXT = '{"type":"cursor","payload":{"runId":"run-42","x":120,"y":77,"userId":"user-7"}}'
WARM_UP_MESSAGES = 20

Echo = Callable[[str], Awaitable[int]]
"""Sends a message and waits for its echo: how long that took, in nanoseconds."""


class Library(Protocol):
    async def open(self, url: str) -> Echo: ...
    async def close(self) -> None: ...


class PicowsAlone:
    """picows, with a future for each message; nothing is recorded."""

    fast_net = False

    def __init__(self) -> None:
        self._transports: list[WSTransport] = []
        logger = logging.Logger("bare", logging.CRITICAL)
        self._logger = logging.LoggerAdapter(logger)

    async def open(self, url: str) -> Echo:
        loop = asyncio.get_running_loop()

        class Listener(WSListener):
            waiting: asyncio.Future[int]

            def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
                if frame.msg_type == WSMsgType.TEXT:
                    at_ns = time.monotonic_ns()
                    frame.get_payload_as_utf8_text()
                    self.waiting.set_result(at_ns)

        transport, made = await ws_connect(
            Listener,
            url,
            logger_name=self._logger,
            use_aiofastnet=self.fast_net,
            read_buffer_init_size=2048,
        )
        listener: Any = made
        self._transports.append(transport)

        async def echo(text: str) -> int:
            listener.waiting = loop.create_future()
            began_ns = time.monotonic_ns()
            transport.send(WSMsgType.TEXT, text)
            at_ns: int = await listener.waiting
            return at_ns - began_ns

        return echo

    async def close(self) -> None:
        for transport in self._transports:
            transport.disconnect(graceful=False)


class PicowsFastNet(PicowsAlone):
    """The same over the transports that picows brings along."""

    fast_net = True


class AiohttpAlone:
    """aiohttp's client with its C parser; nothing is recorded."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def open(self, url: str) -> Echo:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        socket = await self._session.ws_connect(url)

        async def echo(text: str) -> int:
            began_ns = time.monotonic_ns()
            await socket.send_str(text)
            await socket.receive_str()
            return time.monotonic_ns() - began_ns

        return echo

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


class Ours:
    """`vu.ws`, each session of a user of its own, with all that is recorded."""

    def __init__(self) -> None:
        recorder = Recorder(())
        recorder.start_at(time.monotonic_ns())
        self._http = ClientSetup(options=HttpOptions(), recorder=recorder)
        self._setup = WsSetup(self._http, None)
        self._clients: list[WsClient] = []

    def _user(self) -> WsClient:
        tags: Tags = (("scenario", "echo"),)

        def tell() -> Tags:
            return tags

        client = WsClient(self._setup, HttpClient(self._http, tell), tell, seed="0")
        self._clients.append(client)
        return client

    async def open(self, url: str) -> Echo:
        socket = await self._user().connect(url, name="echo")

        async def echo(text: str) -> int:
            began_ns = time.monotonic_ns()
            await socket.send(text)
            await socket.receive()
            return time.monotonic_ns() - began_ns

        return echo

    async def close(self) -> None:
        await asyncio.gather(*(client.close() for client in self._clients))


class OursMatched(Ours):
    """The same through `rtt`, whose answers are found by a key in their JSON."""

    async def open(self, url: str) -> Echo:
        socket = await self._user().connect(url, name="echo")
        count = 0

        async def echo(text: str) -> int:
            nonlocal count
            count += 1
            reply = await socket.rtt(f'{{"id":{count},{text[1:]}', correlate="id")
            return reply.duration_ns

        return echo


LIBRARIES: dict[str, Callable[[], Library]] = {
    "picows": PicowsAlone,
    "picows, aiofastnet": PicowsFastNet,
    "aiohttp": AiohttpAlone,
    "vu.ws send, receive": Ours,
    "vu.ws rtt": OursMatched,
}


async def measure(name: str, url: str, sessions: int, seconds: float, pause_s: float) -> Any:
    """Open everything, then echo for a while."""
    library = LIBRARIES[name]()
    await library.open(url)  # whatever the first one loads is no session's
    before_bytes = _resident_bytes()
    echoes = []
    for start in range(0, sessions, 100):
        batch = range(start, min(start + 100, sessions))
        echoes += await asyncio.gather(*(library.open(url) for _ in batch))
    open_bytes = _resident_bytes()
    for echo in echoes if seconds else ():
        for _ in range(WARM_UP_MESSAGES):
            await echo(TEXT)
    chance = random.Random(1)
    latencies_ns: list[int] = []
    began_s, cpu_began_s = time.monotonic(), time.process_time()
    end_s = began_s + seconds

    async def talk(echo: Echo) -> None:
        while time.monotonic() < end_s:
            if pause_s:
                await asyncio.sleep(chance.uniform(0.5, 1.5) * pause_s)
            latencies_ns.append(await echo(TEXT))

    await asyncio.gather(*(talk(echo) for echo in echoes))
    cpu_s = time.process_time() - cpu_began_s
    messages = len(latencies_ns)
    latencies_ns.sort()
    result = {
        "messages": messages,
        "cpu_us": cpu_s / messages * 1e6 if messages else 0.0,
        "p50_us": latencies_ns[messages // 2] / 1e3 if messages else 0.0,
        "p99_us": latencies_ns[messages * 99 // 100] / 1e3 if messages else 0.0,
        "session_kib": (open_bytes - before_bytes) / sessions / 1024,
        "uvloop": UVLOOP_VERSION,
    }
    await library.close()
    return result


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    _, library, url, sessions, seconds, pause_s = sys.argv
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(
        json.dumps(uvloop.run(measure(library, url, int(sessions), float(seconds), float(pause_s))))
    )
