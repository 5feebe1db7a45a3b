"""`python -m atlas_perf.null_server`: answers as cheaply as can be, to measure a load generator by.

It listens on loopback only, says so in one line, and ends when standard input does. Its last line
is the CPU time that answering took, in seconds.
"""

from __future__ import annotations

import argparse
import selectors
import signal
import socket
import sys
import time
from collections.abc import Sequence
from itertools import cycle
from threading import Thread

from atlas_perf.null_server.answering import Answering

HOST = "127.0.0.1"
BACKLOG = 1024

_STDIN = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until standard input ends."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this
    answerings = [Answering(response_of(options.payload_bytes)) for _ in range(options.threads)]
    for answering in answerings:
        Thread(target=answering.serve, daemon=True).start()
    with socket.create_server((HOST, 0), backlog=BACKLOG) as listener:
        listener.setblocking(False)
        _say(f"listening on http://{HOST}:{listener.getsockname()[1]}")
        before_s = time.process_time()
        _accept(listener, answerings)
    _say(f"{time.process_time() - before_s:.6f}")
    return 0


def response_of(payload_bytes: int) -> bytes:
    """A whole response with a body of this size."""
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Length: {payload_bytes}\r\n\r\n"
    )
    return head.encode() + b"x" * payload_bytes


def _accept(listener: socket.socket, answerings: Sequence[Answering]) -> None:
    """Deal connections out in turn, until nobody needs them any more."""
    turns = cycle(answerings)
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(_STDIN, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if _STDIN in ready:
                return
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                continue
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            next(turns).adopt(connection.detach())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m atlas_perf.null_server",
        description="Answer every request without a body alike, on a free port of loopback.",
    )
    parser.add_argument("--payload-bytes", type=int, required=True, help="size of each body")
    parser.add_argument("--threads", type=int, default=1, help="that answer; each can fill a core")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
