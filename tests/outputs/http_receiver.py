"""A receiver on loopback that keeps what it is sent and answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass(frozen=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int  # the client's port


class HttpReceiver:
    """Answers each request with the next of `answers`, and 204 once there is none left.

    An answer is a status with a body; `None` hangs until the receiver ends.

    Args:
        content_type: of all answers that have a body.
        leaving: close a connection after each answer, without saying so.
        reads: whether a request's body is read.
    """

    def __init__(
        self,
        *answers: tuple[int, bytes] | None,
        content_type: str = "text/plain",
        leaving: bool = False,
        reads: bool = True,
    ) -> None:
        self.requests: list[Received] = []
        self._answers = list(answers)
        self._ended = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])) if reads else b""
                port = self.client_address[1]
                receiver.requests.append(Received(self.path, dict(self.headers), body, port))
                answer = receiver._answers.pop(0) if receiver._answers else (204, b"")
                if answer is None:
                    receiver._ended.wait(60)
                    self.close_connection = True
                    return
                status, text = answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                if text:
                    self.send_header("Content-Type", content_type)
                self.end_headers()
                self.wfile.write(text)
                self.close_connection = leaving or not reads

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
