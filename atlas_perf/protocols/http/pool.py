"""The connections of one virtual user: kept alive, and at most so many to one host at once.

A caller that has to wait for a free connection is served in order, and its wait is part of
`blocked`: it is never hidden in the service time.
"""

from __future__ import annotations

from atlas_perf.protocols.http.host_connections import HostConnections
from atlas_perf.protocols.http.tcp_connection import TcpConnection
from atlas_perf.protocols.http.urls import Origin

CONNECTIONS_PER_HOST = 6
"""k6's `batchPerHost`, and what browsers open to one host. One user at a time needs only one;
more are for requests that a scenario issues together with `asyncio.gather`."""


class ConnectionPool:
    """Hands out idle connections, or the right to open a new one."""

    def __init__(self, per_host: int = CONNECTIONS_PER_HOST) -> None:
        self._per_host = per_host
        self._hosts: dict[Origin, HostConnections] = {}
        self.in_use: set[TcpConnection] = set()
        self.closed = False
        """True once its user is done: nothing new may be sent then."""

    def host(self, origin: Origin) -> HostConnections:
        """The connections to one origin."""
        host = self._hosts.get(origin)
        if host is None:
            host = self._hosts[origin] = HostConnections(self._per_host, self.in_use)
        return host

    async def acquire(self, origin: Origin) -> TcpConnection | None:
        """An idle connection, or None: the caller may open one. Either way `release` is owed."""
        return await self.host(origin).acquire()

    def adopt(self, connection: TcpConnection) -> None:
        """A connection that the holder of a slot has opened."""
        self.in_use.add(connection)

    def drop(self, connection: TcpConnection) -> None:
        """A connection that its holder found dead; the slot stays with the holder."""
        self.in_use.discard(connection)
        connection.abort()

    def release(self, origin: Origin, connection: TcpConnection | None) -> None:
        """Give the slot back, with its connection if there is one worth keeping."""
        self.host(origin).release(connection)

    def close(self) -> list[TcpConnection]:
        """Close idle connections now and used ones when they are released; returns the former."""
        self.closed = True
        return [connection for host in self._hosts.values() for connection in host.close()]

    def abort_in_use(self) -> list[TcpConnection]:
        """Break off the exchanges under way; returns their connections."""
        closing = list(self.in_use)
        for connection in closing:
            connection.abort()
        return closing
