"""Serves the live page, its stream, and takes its stop button.

Whoever can reach the address could stop the run, so that a token is asked for: in the stop's
header always, where no other site's page can put it, and in every address where the server
listens beyond this machine.
"""

from __future__ import annotations

import hmac
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, urlsplit

from atlas_perf.errors import PlanError
from atlas_perf.report.live.feed import Feed, Told
from atlas_perf.report.live.page import live_page

TOKEN_HEADER = "X-Atlas-Perf-Token"

_MOST_READERS = 8
_HEARTBEAT_S = 5.0
_REQUEST_TIMEOUT_S = 10.0
_LAST_WAIT_S = 2.0


class LiveServer:
    """Listens until it is closed.

    Args:
        address: host and port; port 0 is any that is free.
        on_stop: called on a thread of the server's when somebody presses stop.

    Raises:
        PlanError: it cannot listen there.
    """

    def __init__(self, address: tuple[str, int], feed: Feed, on_stop: Callable[[], None]) -> None:
        host, port = address
        self._feed = feed
        self._token = secrets.token_urlsafe(24)
        self._is_local = _is_loopback(host)
        try:
            self._server = _Server(address, feed, self._token, self._is_local, on_stop)
        except OSError as error:
            raise PlanError(
                f"--live cannot listen on {host}:{port}: {error.strerror or error}"
            ) from None
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="atlas-perf-live", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the page is."""
        host, port = self._server.server_address[:2]
        shown = f"[{host!s}]" if ":" in str(host) else str(host)
        query = "" if self._is_local else f"?token={self._token}"
        return f"http://{shown}:{port}/{query}"

    def close(self) -> None:
        """Let readers hear the end, then stop listening."""
        self._feed.close()
        self._server.readers_gone.wait(_LAST_WAIT_S)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        address: tuple[str, int],
        feed: Feed,
        token: str,
        is_local: bool,
        on_stop: Callable[[], None],
    ) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)
        self.feed = feed
        self.token = token
        self.is_local = is_local
        self.on_stop = on_stop
        self.readers_gone = threading.Event()
        self.readers_gone.set()
        self._readers = 0
        self._lock = threading.Lock()

    def enter(self) -> bool:
        """A reader more; False if there are too many."""
        with self._lock:
            if self._readers >= _MOST_READERS:
                return False
            self._readers += 1
            self.readers_gone.clear()
            return True

    def leave(self) -> None:
        with self._lock:
            self._readers -= 1
            if not self._readers:
                self.readers_gone.set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no error of the run."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _REQUEST_TIMEOUT_S
    server_version = "atlas-perf"
    sys_version = ""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if not self._may_see(parse_qs(url.query).get("token", [""])[0]):
            self.send_error(403, explain="Open the address that the command printed.")
        elif url.path == "/":
            self._send_page()
        elif url.path == "/events":
            self._send_events()
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        given = self.headers.get(TOKEN_HEADER, "")
        if not self._host_is_ours() or not self._is_token(given):
            self.send_error(403)
        elif urlsplit(self.path).path != "/stop":
            self.send_error(404)
        else:
            self.server.on_stop()
            self.send_response(204)
            self.end_headers()

    def _may_see(self, given: str) -> bool:
        return self._host_is_ours() and (self.server.is_local or self._is_token(given))

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.server.token.encode())

    def _host_is_ours(self) -> bool:
        """A page of another site, whose name leads to this machine, is turned away."""
        if not self.server.is_local:
            return True
        name = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        return name == "localhost" or _is_loopback(name)

    def _send_page(self) -> None:
        body = live_page(self.server.token).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(body)

    def _send_events(self) -> None:
        if not self.server.enter():
            self.send_error(503, explain=f"{_MOST_READERS} pages are open already.")
            return
        try:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            with suppress(OSError):
                self._tell_all()
        finally:
            self.server.leave()

    def _tell_all(self) -> None:
        told = Told()
        while (found := self.server.feed.after(told, _HEARTBEAT_S)) is not None:
            message, told = found
            self.wfile.write(f"data: {message}\n\n".encode() if message else b": still here\n\n")
            self.wfile.flush()
        self.wfile.write(b"event: end\ndata: {}\n\n")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing goes to stderr, which is the progress'."""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
