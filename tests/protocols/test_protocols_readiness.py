"""All sockets that are ready are read and dated before any task goes on."""

from __future__ import annotations

import asyncio
import socket

import pytest
from scripted_server import response

from atlas_perf import clock
from atlas_perf.protocols.http.exchange import Exchange
from atlas_perf.protocols.http.tcp_connection import TcpConnection
from atlas_perf.protocols.http.timings import Stopwatch

BURNT_NS = 1_000_000


async def test_what_one_task_burns_is_not_in_anothers_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three responses are there when the loop looks; every task then works before the next wakes.

    The clock stands still but for that work, so any reading after it is seen.
    """
    now_ns = 1
    monkeypatch.setattr(clock, "now_ns", lambda: now_ns)

    async def ask(connection: TcpConnection) -> Exchange:
        nonlocal now_ns
        exchange = Exchange(Stopwatch(0), to_head=False)
        await connection.exchange(b"GET", b"", exchange)
        now_ns += BURNT_NS
        return exchange

    pairs = [socket.socketpair() for _ in range(3)]
    connections = []
    for ours, _ in pairs:
        ours.setblocking(False)
        connections.append(TcpConnection(ours))
    asking = [asyncio.create_task(ask(connection)) for connection in connections]
    await asyncio.sleep(0)
    for _, theirs in pairs:
        theirs.send(response(200, b"ok"))  # before the loop looks at any of them

    exchanges = await asyncio.gather(*asking)

    assert now_ns == 1 + 3 * BURNT_NS
    for exchange in exchanges:
        assert (exchange.watch.first_byte_ns, exchange.watch.last_byte_ns) == (1, 1)
    for connection, (_, theirs) in zip(connections, pairs, strict=True):
        connection.abort()
        theirs.close()
