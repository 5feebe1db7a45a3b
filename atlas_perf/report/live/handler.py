"""Answers one request of a live page: the page, its stream, or its stop button."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from atlas_perf.report.live.access import Access
from atlas_perf.report.live.feed import Feed, Told
from atlas_perf.report.live.page import live_page

MOST_READERS = 8

_HEARTBEAT_S = 5.0
_PATIENCE_S = 10.0
"""With a peer that neither sends nor takes anything."""

_PIECE_BYTES = 16_384
"""A slow reader has the patience for each piece, not for all of a long run at once."""

_RETRY_MS = 2000


class Stage:
    """What all requests share: the feed, who may what, and how many are reading."""

    def __init__(self, feed: Feed, access: Access, on_stop: Callable[[], None]) -> None:
        self.feed = feed
        self.access = access
        self.name = secrets.token_hex(8)  # of this command, so that a page knows another by it
        self.readers_gone = threading.Event()
        self.readers_gone.set()
        self._on_stop = on_stop
        self._is_stopped = False
        self._readers = 0
        self._lock = threading.Lock()

    def enter(self) -> bool:
        """A reader more; False if there are too many."""
        with self._lock:
            if self._readers >= MOST_READERS:
                return False
            self._readers += 1
            self.readers_gone.clear()
            return True

    def leave(self) -> None:
        with self._lock:
            self._readers -= 1
            if not self._readers:
                self.readers_gone.set()

    def stop(self) -> None:
        """Once: a second stop, as of a second reader, would cut off what may finish."""
        with self._lock:
            is_first, self._is_stopped = not self._is_stopped, True
        if is_first:
            self.feed.stop_asked()
            self._on_stop()


class Handler(BaseHTTPRequestHandler):
    """One connection, one request."""

    timeout = _PATIENCE_S
    server_version = "atlas-perf"
    sys_version = ""
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(explain)s\n"

    @property
    def _stage(self) -> Stage:
        stage: Stage = getattr(self.server, "stage")  # noqa: B009 - not of every HTTPServer
        return stage

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        access = self._stage.access
        may = access.may_follow if path == "/events" else access.may_see
        if not may(query, self._header):
            self._refuse(HTTPStatus.FORBIDDEN, "Open the address that the command printed.")
        elif path == "/":
            self._send_page()
        elif path == "/events":
            self._send_events()
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "There is nothing here: the page is at /.")

    def do_HEAD(self) -> None:
        """Of the page alone; a stream has nothing to be asked beforehand."""
        if self.path.partition("?")[0] == "/events":
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "Streams are read by GET.")
        else:
            self.do_GET()

    def do_POST(self) -> None:
        if not self._stage.access.may_stop(self._header):
            self._refuse(HTTPStatus.FORBIDDEN, "Only the page of this command can stop its run.")
        elif self.path != "/stop":
            self._refuse(HTTPStatus.NOT_FOUND, "There is nothing here to be sent to.")
        else:
            self._stage.stop()
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()

    def end_headers(self) -> None:
        """With what every answer has: it is nobody else's, and not to be kept."""
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        super().end_headers()

    def _header(self, name: str, otherwise: str) -> str:
        return str(self.headers.get(name, otherwise))

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self.send_error(status, explain=why)

    def _send_page(self) -> None:
        body = live_page(self._stage.access.token, self._stage.name).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self._write(body)

    def _send_events(self) -> None:
        if not self._stage.enter():
            self._refuse(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{MOST_READERS} pages watch this run already: close one of them.",
            )
            return
        try:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            with suppress(OSError):
                self._tell_all()
        finally:
            self._stage.leave()

    def _tell_all(self) -> None:
        self._write(f"retry: {_RETRY_MS}\nevent: command\ndata: {self._stage.name}\n\n".encode())
        told = Told()
        while (found := self._stage.feed.after(told, _HEARTBEAT_S)) is not None:
            message, told = found
            self._write(f"data: {message}\n\n".encode() if message else b": still here\n\n")
        self._write(b"event: end\ndata: {}\n\n")

    def _write(self, data: bytes) -> None:
        for begin in range(0, len(data), _PIECE_BYTES):
            self.wfile.write(data[begin : begin + _PIECE_BYTES])

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing goes to stderr, which is the progress'."""
