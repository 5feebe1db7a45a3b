"""The floor of an echo's latency: a blocking socket, a frame out, a frame in, two clock readings.

    python probe.py PORT SECONDS PAUSE_S

Needs nothing but the standard library, so that nothing but the socket is measured.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import time

_TEXT = b'{"type":"cursor","payload":{"runId":"run-42","x":120,"y":77,"userId":"user-7"}}'
_UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)
_FRAME = bytes([0x81, 0x80 | len(_TEXT), 0, 0, 0, 0]) + _TEXT  # masked with zeros
_ANSWER_BYTES = 2 + len(_TEXT)


def latencies_ns(port: int, seconds: float, pause_s: float) -> list[int]:
    chance = random.Random(1)
    found = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(_UPGRADE)
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            time.sleep(chance.uniform(0.5, 1.5) * pause_s)
            began_ns = time.monotonic_ns()
            connection.sendall(_FRAME)
            missing = _ANSWER_BYTES
            while missing:
                missing -= len(connection.recv(missing))
            found.append(time.monotonic_ns() - began_ns)
    return found


if __name__ == "__main__":
    found = sorted(latencies_ns(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
    print(
        json.dumps(
            {
                "messages": len(found),
                "p50_us": found[len(found) // 2] / 1e3,
                "p99_us": found[len(found) * 99 // 100] / 1e3,
            }
        )
    )
