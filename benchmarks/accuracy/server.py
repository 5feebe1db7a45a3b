"""A server of known latencies: `python -m benchmarks.accuracy.server SHAPE`.

Prints its port. Each connection has a thread, which reads a request, sleeps, and answers. What
counts as the truth is not what was to be slept but what passed between the last read and the
write, by this process's own clock. An empty line on standard input ends it; it then prints all
service times in nanoseconds as a JSON list.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time

from benchmarks.accuracy.shapes import SHAPES, Shape

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """Serves on a free loopback port; `service_ns` grows by one entry a response."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.service_ns: list[int] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            self._connections += 1
            chance = random.Random(self._connections)
            threading.Thread(target=self._serve, args=(connection, chance), daemon=True).start()

    def _serve(self, connection: socket.socket, chance: random.Random) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = b""
        with connection:
            while part := _received(connection):
                began_ns = time.perf_counter_ns()
                request += part
                if not request.endswith(b"\r\n\r\n"):  # a GET has no more than a head
                    continue
                request = b""
                time.sleep(self._shape(chance))
                took_ns = time.perf_counter_ns() - began_ns
                try:
                    connection.sendall(_ANSWER)
                except OSError:  # the generator's time is up: nobody counts this one
                    return
                self.service_ns.append(took_ns)


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except OSError:
        return b""


if __name__ == "__main__":
    server = Server(SHAPES[sys.argv[1]])
    print(server.port, flush=True)
    sys.stdin.readline()
    json.dump(server.service_ns, sys.stdout)
