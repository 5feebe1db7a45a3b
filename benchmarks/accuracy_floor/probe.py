"""The floor: one blocking socket, a request, the whole response, two clock readings.

    python probe.py PORT SECONDS PAUSE_S

Prints every latency in nanoseconds as a JSON list. Needs nothing but the standard library, so
that nothing but the socket is measured.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import time

_REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_LENGTH = b"content-length:"


def latencies_ns(port: int, seconds: float, pause_s: float) -> list[int]:
    chance = random.Random(1)
    found = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            time.sleep(chance.uniform(0.5, 1.5) * pause_s)
            began_ns = time.perf_counter_ns()
            connection.sendall(_REQUEST)
            _read_response(connection)
            found.append(time.perf_counter_ns() - began_ns)
    return found


def _read_response(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _receive(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    line = next(one for one in head.lower().split(b"\r\n") if one.startswith(_LENGTH))
    missing = int(line[len(_LENGTH) :]) - len(body)
    while missing > 0:
        missing -= len(_receive(connection))


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the server closed the connection")
    return data


if __name__ == "__main__":
    json.dump(latencies_ns(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])), sys.stdout)
