"""Listens for the readers of a live page, and keeps them from costing the run anything."""

from __future__ import annotations

import secrets
import socket
import sys
import threading
from collections.abc import Callable
from http.server import HTTPServer
from ipaddress import ip_address
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from atlas_perf.errors import PlanError
from atlas_perf.report.live.access import Access, is_loopback
from atlas_perf.report.live.feed import Feed
from atlas_perf.report.live.handler import Handler, Stage

_MOST_CONNECTIONS = 32
"""Each has a thread of the coordinator's for as long as it is open."""

_POLL_S = 0.1
_LAST_WAIT_S = 2.0


class LiveServer:
    """Listens until it is closed.

    Args:
        address: host and port; port 0 is any that is free.
        on_stop: called once, on a thread of the server's, when somebody presses stop.
        on_fault: called at most once, with a sentence, if serving the page goes wrong.

    Raises:
        PlanError: it cannot listen there.
    """

    def __init__(
        self,
        address: tuple[str, int],
        feed: Feed,
        on_stop: Callable[[], None],
        on_fault: Callable[[str], None],
    ) -> None:
        host, port = address
        self._feed = feed
        try:
            family, at = _resolved(host, port)
            self._server = _Server(family, at, feed, on_stop, on_fault)
        except OSError as error:
            raise PlanError(
                f"--live cannot listen on {_written(host)}:{port}: {error.strerror or error}; "
                "give it an address of this machine and a port that is free, such as --live=8091"
            ) from None
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), name="atlas-perf-live", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the page is, for a browser on this machine."""
        host = str(self._server.server_address[0])
        if self._is_wildcard:
            host = "::1" if ":" in host else "127.0.0.1"
        return self._url(host)

    @property
    def url_elsewhere(self) -> str | None:
        """Where it is for other machines, if it listens on all addresses."""
        return self._url(socket.gethostname()) if self._is_wildcard else None

    @property
    def access(self) -> Access:
        """Who may see the page and stop the run."""
        return self._server.stage.access

    def close(self) -> None:
        """Let readers hear the end, then stop listening."""
        self._feed.close()
        self._server.stage.readers_gone.wait(_LAST_WAIT_S)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def _is_wildcard(self) -> bool:
        return ip_address(str(self._server.server_address[0])).is_unspecified

    def _url(self, host: str) -> str:
        query = "" if self.access.is_local else f"?token={self.access.token}"
        return f"http://{_written(host)}:{self._server.server_address[1]}/{query}"


class _Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_port = False  # two commands on one port would take readers from each other

    def __init__(
        self,
        family: socket.AddressFamily,
        address: tuple[Any, ...],
        feed: Feed,
        on_stop: Callable[[], None],
        on_fault: Callable[[str], None],
    ) -> None:
        self.address_family = family
        super().__init__(address[:2], Handler)
        access = Access(
            secrets.token_urlsafe(24), is_local=is_loopback(str(self.server_address[0]))
        )
        self.stage = Stage(feed, access, on_stop)
        self._on_fault = on_fault
        self._has_told = False
        self._free = threading.BoundedSemaphore(_MOST_CONNECTIONS)

    def server_bind(self) -> None:
        """Without asking for the name that belongs to the address, which may take seconds."""
        TCPServer.server_bind(self)
        self.server_name = str(self.server_address[0])
        self.server_port = int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread of its own, as long as there are few."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """A browser that goes away is no error; all else is told, and the run goes on."""
        error = sys.exception()
        if isinstance(error, OSError) or self._has_told:
            return
        self._has_told = True
        self._on_fault(f"the live page could not be served: {type(error).__name__}: {error}")


def _resolved(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    return family, address


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host
