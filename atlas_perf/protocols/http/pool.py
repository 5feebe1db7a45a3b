"""The connections of one virtual user: kept alive, and at most so many to one host at once.

A caller that has to wait for a free connection is served in order, and its wait is part of
`blocked`: it is never hidden in the service time.
"""

from __future__ import annotations

import ssl
from typing import Any

from atlas_perf.protocols.http.connection_limits import ConnectionLimits
from atlas_perf.protocols.http.host_connections import HostConnections
from atlas_perf.protocols.http.tcp_connection import TcpConnection
from atlas_perf.protocols.http.timings import Stopwatch
from atlas_perf.protocols.http.urls import Origin

_NONE_YET: set[Any] = set()
"""Stands for the connections of users that have none, and most of them may have none."""


class ConnectionPool:
    """Hands out idle connections, or the right to open a new one."""

    __slots__ = ("_limits", "closed", "hosts", "in_use")

    def __init__(self, limits: ConnectionLimits, in_use: set[TcpConnection] | None = None) -> None:
        self._limits = limits
        self.hosts: dict[Origin, HostConnections] = {}
        self.in_use: set[TcpConnection] = _NONE_YET if in_use is None else in_use
        self.closed = False
        """True once its user is done with it: no request is repeated on another connection."""

    def host(self, origin: Origin) -> HostConnections:
        """The connections to one origin."""
        host = self.hosts.get(origin)
        if host is None:
            if self.in_use is _NONE_YET:
                self.in_use = set()
            host = self.hosts[origin] = HostConnections(self._limits, self.in_use)
        return host

    async def acquire(self, origin: Origin, watch: Stopwatch) -> TcpConnection | None:
        """An idle connection, or None: the caller may open one. Either way `release` is owed."""
        return await self.host(origin).acquire(watch)

    def session(self, origin: Origin) -> ssl.SSLSession | None:
        """The TLS session that another connection to an origin may resume."""
        return self.host(origin).session

    def adopt(self, origin: Origin, connection: TcpConnection, *, resumable: bool) -> None:
        """A connection that the holder of a slot has opened; later ones may resume its session."""
        self.host(origin).adopt(connection, resumable=resumable)

    def drop(self, origin: Origin, connection: TcpConnection) -> None:
        """A connection that its holder found dead; the slot stays with the holder."""
        self.host(origin).drop(connection)

    def release(self, origin: Origin, connection: TcpConnection | None) -> None:
        """Give the slot back, with its connection if there is one worth keeping."""
        self.host(origin).release(connection)

    def renewed(self) -> ConnectionPool:
        """An empty pool in place of this one, which is closed.

        Connections in use stay so until they are released, and the new pool can break them off.
        """
        self.close()
        return ConnectionPool(self._limits, self.in_use)

    def close(self) -> list[TcpConnection]:
        """Close idle connections now and used ones when they are released; returns the former."""
        self.closed = True
        return [connection for host in self.hosts.values() for connection in host.close()]

    def abort_in_use(self) -> list[TcpConnection]:
        """Break off the exchanges under way; returns their connections."""
        closing = list(self.in_use)
        for connection in closing:
            connection.abort()
        return closing
