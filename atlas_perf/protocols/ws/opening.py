"""One attempt at a session: lookup, TCP, TLS, upgrade, each timed on its own."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from picows import WSHandshakeError, WSUpgradeRequest, WSUpgradeResponse, ws_connect

from atlas_perf import clock
from atlas_perf.protocols.http.dialing import Dialer
from atlas_perf.protocols.http.error_codes import ErrorCode, status_error_code
from atlas_perf.protocols.http.failures import RequestFailure, tls_failure, transport_failure
from atlas_perf.protocols.http.headers import HeaderFields
from atlas_perf.protocols.http.request import authorization
from atlas_perf.protocols.http.timings import ABSENT, Stopwatch
from atlas_perf.protocols.ws.deflate import OFFER, Deflate, agreed
from atlas_perf.protocols.ws.errors import UpgradeFailure
from atlas_perf.protocols.ws.line import Line, LineOwner
from atlas_perf.protocols.ws.ws_options import WsOptions
from atlas_perf.protocols.ws.ws_target import WsTarget

READ_BUFFER_BYTES = 2048
"""Of an idle session; it grows with longer messages."""

_SWITCHING = 101


def _silent_logger() -> logging.LoggerAdapter[logging.Logger]:
    """picows logs, and makes a logger for each connection unless it is given an adapter."""
    logger = logging.Logger("atlas_perf.ws", logging.CRITICAL + 1)
    logger.addHandler(logging.NullHandler())
    return logging.LoggerAdapter(logger)


_SILENT = _silent_logger()


@dataclass(frozen=True, slots=True)
class ConnectTimings:
    """What opening a session took, in nanoseconds; -1 for a phase that did not happen."""

    total_ns: int
    looking_up_ns: int
    tcp_connecting_ns: int
    tls_handshaking_ns: int
    upgrading_ns: int

    @classmethod
    def of(cls, watch: Stopwatch, ended_ns: int) -> ConnectTimings:
        """Phases up to the end; the one that was under way then lasts until it."""

        def phase(began_ns: int, until_ns: int) -> int:
            if began_ns == ABSENT:
                return ABSENT
            return (ended_ns if until_ns == ABSENT else until_ns) - began_ns

        return cls(
            total_ns=ended_ns - watch.began_ns,
            looking_up_ns=phase(watch.lookup_began_ns, watch.lookup_ended_ns),
            tcp_connecting_ns=phase(watch.dial_began_ns, watch.dial_ended_ns),
            tls_handshaking_ns=phase(watch.tls_began_ns, watch.tls_ended_ns),
            upgrading_ns=phase(watch.send_began_ns, ABSENT),
        )


async def open_line(
    dialer: Dialer,
    target: WsTarget,
    options: WsOptions,
    *,
    cookies: Mapping[str, str],
    watch: Stopwatch,
    owner: LineOwner,
) -> Line:
    """An open connection, whose messages go to `owner` from the first one on.

    Raises:
        RequestFailure: with the k6 code of whatever failed.
    """
    tls = dialer.tls_of(target.http)
    sock = await dialer.connect(target.http, watch)
    try:
        return await _upgrade(sock, tls, target, options, cookies=cookies, watch=watch, owner=owner)
    except BaseException:
        _hang_up(sock)
        raise


async def _upgrade(
    sock: socket.socket,
    tls: ssl.SSLContext | None,
    target: WsTarget,
    options: WsOptions,
    *,
    cookies: Mapping[str, str],
    watch: Stopwatch,
    owner: LineOwner,
) -> Line:
    if tls is not None:
        watch.tls_began_ns = watch.dial_ended_ns

    def listen(_request: WSUpgradeRequest, response: WSUpgradeResponse) -> Line:
        return _line(response, options, owner)

    of_tls: dict[str, Any] = (
        {} if tls is None else {"server_hostname": target.http.host.rstrip(".")}
    )
    try:
        _, line = await ws_connect(
            listen,
            target.url,
            ssl_context=tls,
            websocket_handshake_timeout=None,  # the whole attempt has a limit
            logger_name=_SILENT,
            max_frame_size=options.max_message_bytes,
            extra_headers=_Fields(_fields(options, target, cookies), watch),
            max_redirects=0,  # a redirect might lead to a host that is not allowed
            read_buffer_init_size=READ_BUFFER_BYTES,
            socket_factory=lambda _url: sock,
            use_aiofastnet=False,
            **of_tls,
        )
    except WSHandshakeError as error:
        raise _refused(error) from None
    except (ssl.SSLError, OSError) as error:
        if tls is not None and watch.tls_ended_ns == ABSENT:
            raise tls_failure(error) from error
        raise transport_failure(error, "before the upgrade") from error
    except (RuntimeError, ValueError, LookupError, AttributeError) as error:
        # Whatever else a response does to picows' reader.
        raise UpgradeFailure(ErrorCode.GENERIC, "upgrade: malformed response") from error
    if not isinstance(line, Line):  # None: the connection was closed first
        raise transport_failure(None, "before the upgrade")
    watch.last_byte_ns = line.opened_ns
    return line


class _Fields:
    """Headers of the upgrade. They are asked for when it is written: TCP and TLS are done then."""

    def __init__(self, fields: HeaderFields, watch: Stopwatch) -> None:
        self._fields = fields
        self._watch = watch

    def __iter__(self) -> Iterator[tuple[str, str]]:
        now_ns = clock.now_ns()
        if self._watch.tls_began_ns != ABSENT:
            self._watch.tls_ended_ns = now_ns
        self._watch.send_began_ns = now_ns
        return iter(self._fields)


def _fields(options: WsOptions, target: WsTarget, cookies: Mapping[str, str]) -> HeaderFields:
    fields = list(options.fields)
    given = {name.lower() for name, _ in fields}
    if target.http.userinfo is not None and "authorization" not in given:
        fields.append(("Authorization", authorization(target.http.userinfo)))
    if cookies and "cookie" not in given:
        pairs = "; ".join(f"{name}={value}" for name, value in cookies.items())
        fields.append(("Cookie", pairs))
    if options.subprotocols:
        fields.append(("Sec-WebSocket-Protocol", ", ".join(options.subprotocols)))
    if options.deflate:
        fields.append(("Sec-WebSocket-Extensions", OFFER))
    return tuple(fields)


def _line(response: WSUpgradeResponse, options: WsOptions, owner: LineOwner) -> Line:
    extensions = ", ".join(response.headers.getall("Sec-WebSocket-Extensions", ()))
    deflate = agreed(extensions, offered=options.deflate)
    subprotocol = response.headers.get("Sec-WebSocket-Protocol", "")
    if subprotocol and subprotocol not in options.subprotocols:
        raise UpgradeFailure(
            ErrorCode.GENERIC, "upgrade: a subprotocol that was not offered", _SWITCHING
        )
    packing = None if deflate is None else Deflate(deflate)
    return Line(owner, options.max_message_bytes, packing, subprotocol)


def _refused(error: WSHandshakeError) -> RequestFailure:
    """What a response means that opens no session. Nothing of its text is repeated."""
    status = 0 if error.response is None else int(error.response.status)
    if status in {0, _SWITCHING}:
        return UpgradeFailure(ErrorCode.GENERIC, "upgrade: malformed response", status)
    code = status_error_code(status) or ErrorCode.GENERIC
    return UpgradeFailure(code, f"upgrade refused with status {status}", status)


def _hang_up(sock: socket.socket) -> None:
    """picows gave it to a transport, which closes it once nothing can come or go any more."""
    with suppress(OSError):  # it is closed already
        sock.shutdown(socket.SHUT_RDWR)
