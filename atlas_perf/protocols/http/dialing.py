"""From a target to an established connection: lookup, TCP, then TLS, each timed on its own.

A proxy's tunnel is part of connecting: k6 has no phase for it, and TLS begins behind it.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from atlas_perf import clock
from atlas_perf.errors import PlanError
from atlas_perf.model.plan import HttpOptions
from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.failures import (
    RequestFailure,
    connect_timeout_failure,
    dial_failure,
    handshake_timeout_failure,
    transport_failure,
)
from atlas_perf.protocols.http.proxy import Proxies, open_tunnel
from atlas_perf.protocols.http.resolver import Resolver, is_address
from atlas_perf.protocols.http.tcp_connection import TcpConnection
from atlas_perf.protocols.http.timings import ABSENT, Stopwatch
from atlas_perf.protocols.http.tls import TlsSettings
from atlas_perf.protocols.http.tls_connection import TlsConnection
from atlas_perf.protocols.http.urls import Target
from atlas_perf.units import NS_PER_S

_TIMER_GRAIN_S = 0.001  # of the loop's timers, which may fire early by as much

_ADDRESS = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\[\]\s]+))(?::(?P<port>\d{1,5}))?"
)


class Dialer:
    """Opens connections under the plan's options.

    `hosts` sends a host, or a host:port, to another address; Host header, SNI and certificate
    check stay those of the URL. What goes through a proxy is looked up there.
    """

    def __init__(
        self,
        *,
        resolver: Resolver,
        options: HttpOptions,
        tls: TlsSettings,
        proxies: Proxies,
    ) -> None:
        self._resolver = resolver
        hosts = options.hosts
        self._hosts = {name.lower(): _split_address(hosts[name]) for name in hosts}
        self._connect_timeout_ns = options.connect_timeout_ns
        self._handshake_timeout_ns = options.tls_handshake_timeout_ns
        self._tls = tls
        self._proxies = proxies

    async def dial(
        self, target: Target, watch: Stopwatch, session: ssl.SSLSession | None
    ) -> TcpConnection:
        """Open a connection. `session` is one to resume with TLS; the server may have forgotten it.

        Raises:
            RequestFailure: with the k6 code of whatever failed.
        """
        # Loading the trust store, once per process, must not look like a slow handshake.
        tls = self.tls_of(target)
        async with _within(self._connect_timeout_ns, lambda: _unconnected(watch)):
            sock = await self._connect(target, watch)
        watch.dial_ended_ns = clock.now_ns()
        if tls is None:
            return _attach(sock)
        watch.tls_began_ns = watch.dial_ended_ns
        async with _within(self._handshake_timeout_ns, handshake_timeout_failure):
            connection = await _attach_tls(sock, tls, target.host.rstrip("."), session)
        watch.tls_ended_ns = clock.now_ns()
        return connection

    async def connect(self, target: Target, watch: Stopwatch) -> socket.socket:
        """A connected socket at whose other end is the target itself, for what is no HTTP request.

        A proxy is passed through a tunnel. TLS is the caller's business; see `tls_of`.

        Raises:
            RequestFailure: with the k6 code of whatever failed.
        """
        async with _within(self._connect_timeout_ns, lambda: _unconnected(watch)):
            sock = await self._connect(target, watch, tunnel=True)
        watch.dial_ended_ns = clock.now_ns()
        return sock

    def tls_of(self, target: Target) -> ssl.SSLContext | None:
        """What secures connections to the target; None where nothing does."""
        return self._tls.context_for(target.host) if target.scheme == "https" else None

    async def _connect(
        self, target: Target, watch: Stopwatch, *, tunnel: bool = False
    ) -> socket.socket:
        """A socket at whose other end is the target, or a proxy that takes plain HTTP for it.

        `tunnel`: never the latter.
        """
        if target.socket_path is not None:
            watch.dial_began_ns = clock.now_ns()
            return await _connect(socket.AF_UNIX, target.socket_path)
        proxy = self._proxies.proxy_for(target)
        host, port = self._destination(target) if proxy is None else (proxy.host, proxy.port)
        addresses = self._resolver.known(host)
        if addresses is None:
            watch.lookup_began_ns = clock.now_ns()
            addresses = await self._resolver.look_up(host)
            watch.lookup_ended_ns = clock.now_ns()
        watch.dial_began_ns = clock.now_ns()
        sock = await _connect_any(addresses, port)
        if proxy is None or (target.scheme == "http" and not tunnel):
            return sock
        try:
            await open_tunnel(sock, proxy, target)
        except BaseException:
            sock.close()
            raise
        return sock

    def _destination(self, target: Target) -> tuple[str, int]:
        if not self._hosts:
            return target.host, target.port
        override = self._hosts.get(f"{target.host}:{target.port}", self._hosts.get(target.host))
        if override is None:
            return target.host, target.port
        host, port = override
        return host, target.port if port is None else port


@asynccontextmanager
async def _within(
    limit_ns: int | None, failure: Callable[[], RequestFailure]
) -> AsyncIterator[None]:
    """Fail if the block takes longer; never before the limit is over."""
    if limit_ns is None:
        yield
        return
    # Not from the loop's own time: that is of the turn's beginning, and a busy turn is long.
    ends_s = time.monotonic() + limit_ns / NS_PER_S + _TIMER_GRAIN_S
    try:
        async with asyncio.timeout_at(ends_s) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise failure() from None


def _unconnected(watch: Stopwatch) -> RequestFailure:
    return connect_timeout_failure(looking_up=watch.dial_began_ns == ABSENT)


async def _attach_tls(
    sock: socket.socket, tls: ssl.SSLContext, host: str, session: ssl.SSLSession | None
) -> TlsConnection:
    try:
        connection = TlsConnection(sock, tls, host, session)
    except BaseException as error:
        sock.close()
        if isinstance(error, OSError):
            raise transport_failure(error, "before the handshake") from error
        raise
    await connection.handshake()
    return connection


def _attach(sock: socket.socket) -> TcpConnection:
    try:
        return TcpConnection(sock)
    except OSError as error:
        sock.close()
        raise transport_failure(error, "before the request") from error


async def _connect_any(addresses: list[str], port: int) -> socket.socket:
    """The first address that accepts; the failure of the last one if none does."""
    failure = RequestFailure(ErrorCode.DNS_NO_SUCH_HOST, "lookup: no such host")
    for address in addresses:
        try:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            return await _connect(family, (address, port))
        except RequestFailure as refused:
            failure = refused
    raise failure


async def _connect(family: socket.AddressFamily, address: str | tuple[str, int]) -> socket.socket:
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise dial_failure(error) from error
    try:
        sock.setblocking(False)
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except OSError as error:
        sock.close()
        raise dial_failure(error) from error
    except BaseException:
        sock.close()
        raise
    return sock


def _split_address(text: str) -> tuple[str, int | None]:
    """`address`, `address:port`, `[v6]:port` or a bare IPv6 address."""
    if is_address(text):
        return text, None
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise PlanError(f"hosts: {text!r} is no address: write '10.0.0.1' or '10.0.0.1:8080'")
    port = match["port"]
    return match["v6"] or match["host"], None if port is None else int(port)
