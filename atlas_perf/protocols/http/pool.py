"""The connections of one virtual user: kept alive, and at most so many to one host at once.

A caller that has to wait for a free connection is served in order, and its wait is part of
`blocked`: it is never hidden in the service time.
"""

from __future__ import annotations

import asyncio
from collections import deque

from atlas_perf.protocols.http.connection import Connection
from atlas_perf.protocols.http.urls import Origin

CONNECTIONS_PER_HOST = 6
"""k6's `batchPerHost`, and what browsers open to one host. One user at a time needs only one;
more are for requests that a scenario issues together with `asyncio.gather`."""


class _HostConnections:
    """Slots to one origin. A slot is taken from acquiring it until its release."""

    __slots__ = ("idle", "taken", "waiters")

    def __init__(self) -> None:
        self.taken = 0
        self.idle: list[Connection] = []
        self.waiters: deque[asyncio.Future[None]] = deque()


class ConnectionPool:
    """Hands out idle connections, or the right to open a new one."""

    def __init__(self, per_host: int = CONNECTIONS_PER_HOST) -> None:
        self._per_host = per_host
        self._hosts: dict[Origin, _HostConnections] = {}
        self._in_use: set[Connection] = set()
        self._closed = False

    async def acquire(self, origin: Origin) -> Connection | None:
        """An idle connection, or None: the caller may open one. Either way `release` is owed."""
        host = self._hosts.setdefault(origin, _HostConnections())
        if host.taken < self._per_host:
            host.taken += 1
        else:
            await self._wait_for_slot(host)
        while host.idle:
            connection = host.idle.pop()  # the youngest: the least likely to be timed out
            if connection.reusable:
                self._in_use.add(connection)
                return connection
            connection.abort()
        return None

    def adopt(self, connection: Connection) -> None:
        """A connection that the holder of a slot has opened."""
        self._in_use.add(connection)

    def drop(self, connection: Connection) -> None:
        """A connection that its holder found dead; the slot stays with the holder."""
        self._in_use.discard(connection)
        connection.abort()

    def release(self, origin: Origin, connection: Connection | None) -> None:
        """Give the slot back, with its connection if there is one worth keeping."""
        host = self._hosts[origin]
        if connection is not None:
            self._in_use.discard(connection)
            if connection.reusable and not self._closed:
                host.idle.append(connection)
            else:
                connection.abort()
        self._pass_slot_on(host)

    @property
    def closed(self) -> bool:
        """True once its user is done: nothing new may be sent then."""
        return self._closed

    def close(self) -> list[Connection]:
        """Close idle connections now and used ones when they are released; returns the former."""
        self._closed = True
        closing = [connection for host in self._hosts.values() for connection in host.idle]
        for host in self._hosts.values():
            host.idle.clear()
        for connection in closing:
            connection.abort()
        return closing

    def abort_in_use(self) -> list[Connection]:
        """Break off the exchanges under way; returns their connections."""
        closing = list(self._in_use)
        for connection in closing:
            connection.abort()
        return closing

    async def _wait_for_slot(self, host: _HostConnections) -> None:
        turn = asyncio.get_running_loop().create_future()
        host.waiters.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_slot_on(host)  # it was our turn, and we cannot take it
            raise

    @staticmethod
    def _pass_slot_on(host: _HostConnections) -> None:
        while host.waiters:
            turn = host.waiters.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        host.taken -= 1
