"""A tiny HTTP server in the test's own loop that remembers when each path was asked for."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from atlas_perf.clock import now_ns

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class PathServer:
    """`received` maps a path to the instants of its requests. `/hang` is never answered."""

    def __init__(self) -> None:
        self.received: defaultdict[str, list[int]] = defaultdict(list)
        self.arrival = asyncio.Condition()
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> PathServer:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, prefix: str = "/") -> int:
        return sum(len(at) for path, at in self.received.items() if path.startswith(prefix))

    def ends(self, prefix: str) -> set[str]:
        """What stands after the prefix in the paths that were asked for."""
        return {path.removeprefix(prefix) for path in self.received if path.startswith(prefix)}

    @property
    def homes(self) -> dict[str, int]:
        """The process each user lives in, told by requests for `/pid/<pid>/<user>`."""
        pairs = (end.split("/") for end in self.ends("/pid/"))
        return {user: int(pid) for pid, user in pairs}

    @property
    def pids(self) -> set[int]:
        """Every worker process that has been heard of."""
        return set(self.homes.values())

    async def has_received(self, prefix: str, count: int = 1) -> None:
        """Return once `count` requests for such paths have come."""
        async with asyncio.timeout(20), self.arrival:
            await self.arrival.wait_for(lambda: self.count(prefix) >= count)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                self.received[path].append(now_ns())
                async with self.arrival:
                    self.arrival.notify_all()
                if path == "/hang":
                    await asyncio.Event().wait()
                writer.write(OK)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
