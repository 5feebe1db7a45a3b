"""HTTP proxies: which one a request takes, and the tunnel through it for HTTPS.

Plain HTTP goes to the proxy with the whole URL in its request line (RFC 9112, 3.2.2), HTTPS
through a tunnel that CONNECT opens (RFC 9110, 9.3.6). Bytes of the tunnel's opening are not
counted.
"""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from atlas_perf.errors import PlanError
from atlas_perf.model.plan import HttpOptions
from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.failures import RequestFailure, dial_failure
from atlas_perf.protocols.http.request import Request
from atlas_perf.protocols.http.urls import Target

MAX_ANSWER_BYTES = 64 * 1024
"""Of a proxy's answer to CONNECT."""

_DEFAULT_PORT = 80

_END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where a proxy listens, and how to be let through."""

    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)


class Proxies:
    """The proxies of a plan: one for everything, or those that the environment names."""

    def __init__(self, options: HttpOptions) -> None:
        """The environment is read once, here.

        Raises:
            PlanError: for a proxy that is no URL of an HTTP proxy.
        """
        self._for_all = None if options.proxy is None else _parse("proxy", options.proxy)
        self._bypassed: Callable[[str], bool] = lambda _named: False
        self._by_scheme: dict[str, Proxy] = {}
        if options.proxy_from_environment:
            named, self._bypassed = _environment()
            self._by_scheme = {
                scheme: _parse(f"{scheme.upper()}_PROXY", named[scheme])
                for scheme in ("http", "https")
                if named.get(scheme)
            }

    def proxy_for(self, target: Target) -> Proxy | None:
        """The proxy to go through; None to go straight, as to Unix sockets always."""
        if target.socket_path is not None:
            return None
        if self._for_all is not None:
            return self._for_all
        proxy = self._by_scheme.get(target.scheme)
        if proxy is None:
            return None
        return None if self._bypassed(f"{target.host}:{target.port}") else proxy

    def on_the_wire(self, request: Request, target: Target) -> tuple[Request, Target]:
        """Request and target as the peer of the connection has to see them."""
        proxy = self.proxy_for(target) if target.scheme == "http" else None
        if proxy is None:
            return request, target
        if proxy.authorization is not None and not request.has_header("proxy-authorization"):
            given = ("Proxy-Authorization", proxy.authorization)
            request = replace(request, fields=(*request.fields, given))
        return request, replace(target, path=f"http://{target.authority}{target.path}")


def _environment() -> tuple[Mapping[str, str], Callable[[str], bool]]:
    """The proxies that the environment names, by scheme, and whether a host and port need none."""
    from urllib import request as urllib_request  # noqa: PLC0415 - 7 ms that few runs need

    named = urllib_request.getproxies_environment()
    # Documented in its source only, and so in no type stub; it reads NO_PROXY as curl does.
    bypassed: Callable[[str, Mapping[str, str]], bool] = urllib_request.proxy_bypass_environment  # type: ignore[attr-defined]
    without = {"no": named.get("no", "")}
    return named, lambda host: bypassed(host, without)


async def open_tunnel(sock: socket.socket, proxy: Proxy, target: Target) -> None:
    """Ask a proxy for a connection to the target's host; then `sock` is that connection.

    Raises:
        RequestFailure: if the proxy does not give one.
    """
    loop = asyncio.get_running_loop()
    host = f"[{target.host}]" if ":" in target.host else target.host
    authority = f"{host}:{target.port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    if proxy.authorization is not None:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    answer = b""
    try:
        await loop.sock_sendall(sock, "\r\n".join([*lines, "", ""]).encode("latin-1"))
        while _END_OF_HEAD not in answer:
            data = await loop.sock_recv(sock, 4096)
            answer += data
            if not data or len(answer) > MAX_ANSWER_BYTES:
                raise RequestFailure(ErrorCode.GENERIC, "proxy: no answer to CONNECT")
    except OSError as error:
        raise dial_failure(error) from error
    _check_answer(answer)


def _check_answer(answer: bytes) -> None:
    version, _, rest = answer.partition(b" ")
    status = rest[:3]
    if not version.startswith(b"HTTP/1.") or not status.isdigit():
        raise RequestFailure(ErrorCode.GENERIC, "proxy: no answer to CONNECT")
    if not status.startswith(b"2"):
        raise RequestFailure(ErrorCode.GENERIC, f"proxy: CONNECT answered {status.decode()}")
    if not answer.endswith(_END_OF_HEAD):
        # The client speaks first in TLS: these bytes cannot be the server's.
        raise RequestFailure(ErrorCode.GENERIC, "proxy: bytes after the answer to CONNECT")


def _parse(name: str, text: str) -> Proxy:
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme != "http":
        # Without repeating it: it may hold a password.
        raise PlanError(f"{name} is no HTTP proxy: write http://host:port")
    authorization = None
    if "@" in parts.netloc:
        credentials = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(credentials.encode()).decode("ascii")
    return Proxy(host, port or _DEFAULT_PORT, authorization)
