"""The compiled connection over a socket whose other end the test holds in its hand."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import pytest
from scripted_server import response, until

from atlas_perf import clock
from atlas_perf.protocols.http.exchange import Exchange
from atlas_perf.protocols.http.failures import ClosedEarlyError, RequestFailure
from atlas_perf.protocols.http.tcp_connection import TcpConnection
from atlas_perf.protocols.http.timings import Stopwatch

OK = response(200, b"ok")
Pair = tuple[TcpConnection, socket.socket]


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    theirs.setblocking(False)
    connection = TcpConnection(ours)
    yield connection, theirs
    connection.abort()
    await connection.wait_closed()
    theirs.close()


def ask(
    connection: TcpConnection, body: bytes = b"", head: bytes = b"GET"
) -> tuple[Exchange, asyncio.Task[None]]:
    exchange = Exchange(Stopwatch(0), to_head=False)
    return exchange, asyncio.create_task(connection.exchange(head, body, exchange))


async def read_exactly(sock: socket.socket, count: int) -> None:
    while count:
        count -= len(await asyncio.get_running_loop().sock_recv(sock, count))


async def test_an_exchange_and_the_next(pair: Pair) -> None:
    connection, other_end = pair
    for _ in range(3):
        exchange, asking = ask(connection)
        await read_exactly(other_end, 3)
        other_end.send(OK)
        await asking
        assert exchange.parser.body == b"ok"
        assert (exchange.sent_bytes, exchange.received_bytes) == (3, len(OK))
        assert connection.reusable


@pytest.mark.parametrize("size", [60_000, 200_000])
async def test_a_request_is_sent_when_the_kernel_has_taken_its_last_byte(
    pair: Pair, size: int
) -> None:
    """Both sizes leave in pieces: joined with the head, and apart from it."""
    connection, other_end = pair
    exchange, asking = ask(connection, bytes(size))
    await asyncio.sleep(0.01)
    assert 0 < connection.sent_bytes < size
    await read_exactly(other_end, size + 3)
    all_read_ns = clock.now_ns()
    other_end.send(OK)
    await asking
    watch = exchange.watch
    assert exchange.sent_bytes == size + 3
    assert watch.send_began_ns < watch.sent_ns <= watch.first_byte_ns
    assert all_read_ns <= watch.first_byte_ns
    assert watch.sent_ns - watch.send_began_ns >= 9_000_000


async def test_bytes_behind_the_response_spoil_the_connection(pair: Pair) -> None:
    connection, other_end = pair
    exchange, asking = ask(connection)
    await asyncio.sleep(0)
    other_end.send(OK + b"more")
    await asking
    assert exchange.parser.body == b"ok"
    assert not connection.reusable


async def test_bytes_nobody_asked_for_close_it(pair: Pair) -> None:
    connection, other_end = pair
    assert connection.reusable
    other_end.send(b"HTTP/1.1 408 Timeout\r\n\r\n")
    await until(lambda: not connection.reusable)
    assert other_end.recv(1) == b""


async def test_an_early_close_tells_where(pair: Pair) -> None:
    connection, other_end = pair
    _, asking = ask(connection)
    await read_exactly(other_end, 3)  # closing with unread bytes would be a reset
    other_end.send(OK[:-1])
    other_end.close()
    with pytest.raises(ClosedEarlyError, match="connection closed within the response"):
        await asking
    _, asking = ask(connection)
    with pytest.raises(ClosedEarlyError, match="connection closed before the response"):
        await asking


async def test_a_half_closed_server_may_still_have_answered(pair: Pair) -> None:
    """Data and the end of the stream in one event: the data counts, the connection is gone."""
    connection, other_end = pair
    exchange, asking = ask(connection)
    await asyncio.sleep(0)
    other_end.send(OK)
    other_end.shutdown(socket.SHUT_WR)
    await asking
    assert exchange.parser.body == b"ok"
    assert not connection.reusable


async def test_a_body_that_ends_with_the_connection(pair: Pair) -> None:
    connection, other_end = pair
    exchange, asking = ask(connection)
    await asyncio.sleep(0)
    other_end.send(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")
    other_end.shutdown(socket.SHUT_WR)
    await asking
    assert exchange.parser.body == b"until the end"


async def test_an_answer_before_the_server_hung_up_on_the_upload(pair: Pair) -> None:
    """What the server said before it closed is read even if sending has failed."""
    connection, other_end = pair
    exchange, asking = ask(connection, bytes(1_000_000))
    await asyncio.sleep(0.01)
    other_end.send(response(413, b"too large"))
    other_end.close()
    await asking
    assert exchange.parser.status == 413
    assert not connection.reusable


async def test_a_response_beyond_one_turns_share_is_read_in_several(pair: Pair) -> None:
    connection, other_end = pair
    other_end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_000_000)
    body = os.urandom(3_000_000)
    exchange, asking = ask(connection)
    await asyncio.sleep(0)
    await asyncio.get_running_loop().sock_sendall(other_end, response(200, body))
    await asking
    assert exchange.parser.body == body
    assert exchange.watch.first_byte_ns < exchange.watch.last_byte_ns
    assert connection.reusable


@pytest.mark.parametrize("cut", range(1, len(OK)))
async def test_every_cut_of_a_response(pair: Pair, cut: int) -> None:
    connection, other_end = pair
    exchange, asking = ask(connection)
    await asyncio.sleep(0)
    other_end.send(OK[:cut])
    await until(lambda: connection.received_bytes == cut)
    other_end.send(OK[cut:])
    await asking
    assert (exchange.parser.status, exchange.parser.body) == (200, b"ok")
    assert exchange.watch.first_byte_ns < exchange.watch.last_byte_ns
    assert connection.reusable


async def test_a_malformed_response_closes_it(pair: Pair) -> None:
    connection, other_end = pair
    _, asking = ask(connection)
    await asyncio.sleep(0)
    other_end.send(b"HTTP/1.1 200 OK\nA: b\n\n")
    with pytest.raises(RequestFailure, match="malformed response: a line that ends without CR"):
        await asking
    assert not connection.reusable


async def test_aborting_ends_what_is_under_way(pair: Pair) -> None:
    connection, _ = pair
    _, asking = ask(connection)
    await asyncio.sleep(0)
    connection.abort()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_cancelling_closes_it(pair: Pair) -> None:
    connection, other_end = pair
    _, asking = ask(connection)
    await asyncio.sleep(0)
    asking.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await asking
    assert other_end.recv(10) == b"GET"
    assert other_end.recv(10) == b""
    assert not connection.reusable
