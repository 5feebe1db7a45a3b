"""`python -m benchmarks.pacing.server RATE`: how late requests come, seen from the server's side.

Prints its port, answers everything with 200, and dates each request as it is read. When its input
ends it prints one JSON object. The n-th request should come n intervals after the first; when the
first one should is not known here, so lateness counts from the most punctual request of all.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

from atlas_perf import loop
from atlas_perf.clock import now_ns
from atlas_perf.units import NS_PER_S

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
END = b"\r\n\r\n"


class Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self, came_ns: list[int]) -> None:
        self._came_ns = came_ns

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        at_ns = now_ns()
        for _ in range(data.count(END)):
            self._came_ns.append(at_ns)
            self._transport.write(ANSWER)


async def serve(rate: int) -> None:
    came_ns: list[int] = []
    running = asyncio.get_running_loop()
    server = await running.create_server(lambda: Answering(came_ns), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    running.add_reader(sys.stdin, ended.set)
    await ended.wait()
    json.dump(lateness(sorted(came_ns), rate), sys.stdout)


def lateness(came_ns: list[int], rate: int) -> dict[str, float]:
    """Microseconds behind the most punctual request."""
    behind = [at_ns - number * NS_PER_S // rate for number, at_ns in enumerate(came_ns)]
    if not behind:
        return {"count": 0}
    best = min(behind)
    late = sorted((one - best) / 1000 for one in behind)
    return {
        "count": len(late),
        "p50_us": late[len(late) // 2],
        "p99_us": late[len(late) * 99 // 100],
        "max_us": late[-1],
    }


if __name__ == "__main__":
    loop.run(serve(int(sys.argv[1])))
