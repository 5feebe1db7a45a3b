"""The site on Python's own http.server: HTTP/1.0, and bodies that last until the end."""

from __future__ import annotations

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import python_site


class Handler(BaseHTTPRequestHandler):
    """Answers one request on each connection."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        answer = python_site.answer(self.command, path, headers, body)
        python_site.log(self.client_address[1], self.command, path, query, answer.status)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: `python_site` keeps the log."""


class Server(ThreadingHTTPServer):
    """With room for all connections that a test opens at once."""

    request_queue_size = 64


if __name__ == "__main__":
    Server(("127.0.0.1", int(os.environ["SITE_PORT"])), Handler).serve_forever()
