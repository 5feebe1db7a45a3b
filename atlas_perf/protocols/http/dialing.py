"""From a target to an established connection: lookup, TCP, then TLS, each timed on its own."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping

from atlas_perf import clock
from atlas_perf.errors import PlanError
from atlas_perf.protocols.http.connection import Connection
from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.failures import (
    RequestFailure,
    dial_failure,
    tls_failure,
    transport_failure,
)
from atlas_perf.protocols.http.pool import PooledConnection
from atlas_perf.protocols.http.resolver import Resolver, is_address
from atlas_perf.protocols.http.tcp_connection import TcpConnection
from atlas_perf.protocols.http.timings import Stopwatch
from atlas_perf.protocols.http.tls import tls_context
from atlas_perf.protocols.http.urls import Target

_ADDRESS = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\[\]\s]+))(?::(?P<port>\d{1,5}))?"
)


class Dialer:
    """Opens connections under the plan's options.

    `hosts` sends a host, or a host:port, to another address; Host header, SNI and certificate
    check stay those of the URL.
    """

    def __init__(self, *, resolver: Resolver, hosts: Mapping[str, str], verify: bool) -> None:
        self._resolver = resolver
        self._hosts = {name.lower(): _split_address(hosts[name]) for name in hosts}
        self._verify = verify

    async def dial(self, target: Target, watch: Stopwatch) -> PooledConnection:
        """Open a connection.

        Raises:
            RequestFailure: with the k6 code of whatever failed.
        """
        # Loading the trust store, once per process, must not look like a slow handshake.
        tls = tls_context(verify=self._verify) if target.scheme == "https" else None
        host, port = self._destination(target)
        addresses = await self._resolver.resolve(host)
        watch.dial_began_ns = clock.now_ns()
        sock = await _connect_any(addresses, port)
        watch.dial_ended_ns = clock.now_ns()
        if tls is None:
            return _attach(sock)
        watch.tls_began_ns = watch.dial_ended_ns
        connection = await _attach_tls(sock, tls, target.host.rstrip("."))
        watch.tls_ended_ns = clock.now_ns()
        return connection

    def _destination(self, target: Target) -> tuple[str, int]:
        if not self._hosts:
            return target.host, target.port
        override = self._hosts.get(f"{target.host}:{target.port}", self._hosts.get(target.host))
        if override is None:
            return target.host, target.port
        host, port = override
        return host, target.port if port is None else port


async def _attach_tls(sock: socket.socket, tls: ssl.SSLContext, host: str) -> Connection:
    loop = asyncio.get_running_loop()
    try:
        _, connection = await loop.create_connection(
            lambda: Connection(loop), sock=sock, ssl=tls, server_hostname=host
        )
    except OSError as error:
        sock.close()
        raise tls_failure(error) from error
    except BaseException:
        sock.close()
        raise
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
            return await _connect(address, port)
        except RequestFailure as refused:
            failure = refused
    raise failure


async def _connect(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise dial_failure(error) from error
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
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
