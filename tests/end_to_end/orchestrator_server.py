"""A small server of tasks and event streams, in a thread, that counts what it did."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from itertools import count

from aiohttp import web

HANGING_EVERY = 10
"""One task in so many never ends, and one stream in so many falls silent after its first event."""

EVENTS = 5


class OrchestratorServer:
    """Tasks end after a tenth of a second, one in five of them as failed."""

    def __init__(self) -> None:
        self.did: Counter[str] = Counter()
        self._tasks: dict[str, float] = {}
        self._numbers = count()
        self._streams = count()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        app = web.Application()
        app.add_routes(
            [
                web.post("/tasks", self._submit),
                web.get("/tasks/{id}", self._status),
                web.get("/live", self._live),
            ]
        )
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        self._ready.set()
        await self._over.wait()
        await runner.cleanup()

    async def _submit(self, _request: web.Request) -> web.Response:
        key = str(next(self._numbers))
        self._tasks[key] = self._loop.time()
        self.did["submitted"] += 1
        return web.json_response({"taskId": key}, status=202)

    async def _status(self, request: web.Request) -> web.Response:
        self.did["polled"] += 1
        return web.json_response({"status": self._word(request.match_info["id"])})

    def _word(self, key: str) -> str:
        age_s = self._loop.time() - self._tasks[key]
        number = int(key)
        if age_s < 0.05:
            return "pending"
        if age_s < 0.1 or number % HANGING_EVERY == HANGING_EVERY - 1:
            return "running"
        return "failed" if number % 5 == 0 else "completed"

    async def _live(self, request: web.Request) -> web.StreamResponse:
        hangs = next(self._streams) % HANGING_EVERY == HANGING_EVERY - 1
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self.did["streams"] += 1
        for index in range(1 if hangs else EVENTS):
            said = json.dumps({"index": index})
            await response.write(f"data: {said}\n\n".encode())
            self.did["events"] += 1
            await asyncio.sleep(0.01)
        if hangs:
            self.did["hung"] += 1
            await asyncio.Event().wait()
        return response
