"""The target's listening sockets, which can be shut for a while so that connecting is refused."""

from __future__ import annotations

import socket

from aiohttp import web

from atlas_perf.target.faults.broken_answers import reset

BACKLOG = 1024


class Doors:
    """Opens, shuts and opens again, on the same addresses.

    While they are shut, a socket that is bound but does not listen keeps each port: the system
    refuses whoever connects, and nobody else can take the port.
    """

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner
        self._sites: list[web.BaseSite] = []
        self._holders: list[socket.socket] = []

    async def open(self, host: str, port: int) -> None:
        """Listen for the first time.

        Raises:
            OSError, OverflowError: the address cannot be listened on.
        """
        await self._start(web.TCPSite(self._runner, host, port, backlog=BACKLOG))

    @property
    def shut(self) -> bool:
        return bool(self._holders)

    async def refuse(self, *, drop: bool) -> None:
        """Refuse connections from now on; with `drop`, reset those that are open."""
        addresses = list(self._runner.addresses)
        for site in self._sites:
            await site.stop()
        self._sites.clear()
        # Nothing is awaited between the end of a site and this, so no other program of this
        # process gets in between.
        self._holders = [_hold(address) for address in addresses]
        if drop:
            self._drop_connections()

    async def accept(self) -> None:
        """Listen again."""
        holders, self._holders = self._holders, []
        for holder in holders:
            await self._start(web.SockSite(self._runner, holder, backlog=BACKLOG))

    async def _start(self, site: web.BaseSite) -> None:
        await site.start()
        self._sites.append(site)

    def _drop_connections(self) -> None:
        server = self._runner.server
        assert server is not None
        for connection in server.connections:
            if connection.transport is not None:
                reset(connection.transport)


def _hold(address: tuple[object, ...]) -> socket.socket:
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    holder = socket.socket(family, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        holder.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    holder.bind(address)
    return holder
