"""The null server as a process: an answer to each request however it arrives, and no orphan."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from atlas_perf.null_server.__main__ import response_of

REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
LIMIT_S = 20


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[subprocess.Popen, socket.socket]]]:
    """Starts a null server and connects to it; nothing is left when the test ends."""
    open_ones: list[subprocess.Popen | socket.socket] = []

    def start(payload_bytes: int = 5, threads: int = 1) -> tuple[subprocess.Popen, socket.socket]:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "atlas_perf.null_server"),
                *("--payload-bytes", str(payload_bytes), "--threads", str(threads)),
            ],
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        open_ones.append(process)
        address = re.fullmatch(
            r"listening on http://127\.0\.0\.1:(\d+)\n", process.stdout.readline()
        )
        assert address is not None
        client = socket.create_connection(("127.0.0.1", int(address[1])), timeout=LIMIT_S)
        open_ones.append(client)
        return process, client

    yield start
    for one in reversed(open_ones):
        if isinstance(one, socket.socket):
            one.close()
        else:
            one.kill()
            one.communicate()


def received(client: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = client.recv(1 << 16)
        if not more:
            break
        found += more
    return found


def test_each_request_on_a_connection_gets_the_answer(start) -> None:
    _, client = start()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
    answer += b"Content-Length: 5\r\n\r\nxxxxx"
    assert response_of(5) == answer
    for _ in range(3):
        client.sendall(REQUEST)
        assert received(client, len(answer)) == answer


def test_a_request_may_come_in_any_pieces(start) -> None:
    _, client = start()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in REQUEST + b"GET /\r\r\n\r\n":
        client.sendall(bytes([byte]))
    assert received(client, 2 * len(response_of(5))) == 2 * response_of(5)


def test_requests_in_one_piece_are_all_answered(start) -> None:
    _, client = start(payload_bytes=100)
    client.sendall(REQUEST * 1_000)  # longer than what it reads at once
    assert received(client, 1_000 * len(response_of(100))) == 1_000 * response_of(100)


def test_an_answer_that_no_buffer_holds_arrives_whole(start) -> None:
    _, client = start(payload_bytes=16_000_000)
    client.sendall(REQUEST)
    assert received(client, len(response_of(16_000_000))) == response_of(16_000_000)


def test_a_client_that_leaves_takes_nobody_along(start) -> None:
    _, client = start(payload_bytes=16_000_000, threads=2)
    for _ in range(4):
        with socket.create_connection(client.getpeername(), timeout=LIMIT_S) as leaving:
            leaving.sendall(REQUEST)
    client.sendall(REQUEST)
    client.shutdown(socket.SHUT_WR)
    assert len(received(client, 10**9)) == len(response_of(16_000_000))  # and then it is closed


def test_it_ends_with_its_standard_input_and_says_what_it_took(start) -> None:
    process, client = start()
    client.sendall(REQUEST)
    received(client, len(response_of(5)))
    said, complaints = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, complaints) == (0, "")
    assert float(said) >= 0
