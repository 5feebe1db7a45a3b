"""The compiled connection under TLS, with the other end in the test's hand."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator

import pytest
import trustme
from scripted_server import response, until
from tls_server_end import Pair, connected, server_context

from atlas_perf import clock
from atlas_perf.protocols.http.body_stream import BodyStream
from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.failures import BodyRaisedError, ClosedEarlyError, RequestFailure

OK = response(200, b"ok")
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nuntil the end"
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(params=VERSIONS, ids=lambda version: version.name)
async def pair(
    request: pytest.FixtureRequest, authority: trustme.CA, client_context: ssl.SSLContext
) -> AsyncIterator[Pair]:
    context = server_context(authority, "api.example")
    context.maximum_version = request.param
    with connected(client_context, context) as pair:
        yield pair


async def test_an_exchange_and_the_next(pair: Pair) -> None:
    await pair.shake()
    assert pair.connection.tls_version == (pair.server.tls.version() or "").replace("TLSv", "tls")
    for _ in range(3):
        exchange, asking = await pair.asked()
        await pair.server.send(OK)
        await asking
        assert exchange.parser.body == b"ok"
        assert pair.connection.reusable


async def test_bytes_are_counted_on_the_wire_and_each_once(pair: Pair) -> None:
    """The handshake and its tickets count for the first exchange."""
    await pair.shake()
    first, asking = await pair.asked()
    await pair.server.send(OK)
    await asking
    handshake_bytes = pair.server.sent_bytes
    assert (first.sent_bytes, first.received_bytes) == (
        pair.server.received_bytes,
        pair.server.sent_bytes,
    )
    second, asking = await pair.asked()
    await pair.server.send(OK)
    await asking
    assert first.sent_bytes + second.sent_bytes == pair.server.received_bytes
    assert second.received_bytes == pair.server.sent_bytes - handshake_bytes
    assert len(OK) < second.received_bytes < len(OK) + 40


async def test_a_ticket_on_an_idle_connection_is_no_answer(pair: Pair) -> None:
    tickets = await pair.shake_only()
    assert pair.connection.reusable
    before = pair.connection.received_bytes
    await pair.server.put(tickets)
    await until(lambda: pair.connection.received_bytes == before + len(tickets))
    assert pair.connection.reusable
    session = pair.connection.tls.session
    assert session is not None
    assert session.has_ticket
    exchange, asking = await pair.asked()
    await pair.server.send(OK)
    await asking
    assert exchange.received_bytes == pair.server.sent_bytes


async def test_every_cut_of_a_record(pair: Pair) -> None:
    await pair.shake()
    length = 0
    cut = 1
    while cut < (length or 2):
        exchange, asking = await pair.asked()
        received = pair.connection.received_bytes
        wire = pair.server.sealed(OK)
        length = len(wire)
        await pair.server.put(wire[:cut])
        await until(lambda: pair.connection.received_bytes == received + cut)  # noqa: B023
        assert not asking.done()
        await pair.server.put(wire[cut:])
        await asking
        assert exchange.parser.body == b"ok"
        assert exchange.watch.first_byte_ns == exchange.watch.last_byte_ns
        assert pair.connection.reusable
        cut += 1
    assert cut > len(OK)


async def test_the_first_byte_is_that_of_the_first_record(pair: Pair) -> None:
    await pair.shake()
    exchange, asking = await pair.asked()
    for content in (OK[:5], OK[5:-1]):
        received = pair.connection.received_bytes
        await pair.server.send(content)
        await until(lambda: pair.connection.received_bytes > received)  # noqa: B023
    nearly_ns = clock.now_ns()
    await pair.server.send(OK[-1:])
    await asking
    assert exchange.watch.sent_ns <= exchange.watch.first_byte_ns
    assert exchange.watch.first_byte_ns < nearly_ns <= exchange.watch.last_byte_ns


async def test_a_response_of_many_records(pair: Pair) -> None:
    await pair.shake()
    body = os.urandom(3_000_000)
    exchange, asking = await pair.asked()
    await pair.server.send(response(200, body))
    await asking
    assert exchange.parser.body == body
    assert pair.connection.reusable


@pytest.mark.parametrize("size", [60_000, 200_000, 1_000_000])
async def test_a_request_is_sent_when_the_kernel_has_taken_its_last_record(
    pair: Pair, size: int
) -> None:
    await pair.shake()
    body = os.urandom(size)
    exchange, asking = pair.ask(body)
    await until(lambda: pair.connection.sent_bytes > 2000)
    await asyncio.sleep(0.01)
    begun_to_read_ns = clock.now_ns()
    assert pair.connection.sent_bytes < size
    assert await pair.server.read(size + 3) == b"GET" + body
    await pair.server.send(OK)
    await asking
    assert begun_to_read_ns <= exchange.watch.sent_ns <= exchange.watch.first_byte_ns
    assert exchange.sent_bytes == pair.server.received_bytes
    assert pair.connection.reusable


async def test_a_body_in_parts(pair: Pair) -> None:
    await pair.shake()
    parts = [os.urandom(30_000), b"", b"end"]
    exchange, asking = pair.ask(BodyStream(parts))
    framed = b"GET" + b"7530\r\n" + parts[0] + b"\r\n3\r\nend\r\n0\r\n\r\n"
    assert await pair.server.read(len(framed)) == framed
    await pair.server.send(OK)
    await asking
    assert exchange.watch.sent_ns <= exchange.watch.first_byte_ns
    assert pair.connection.reusable


async def test_a_body_that_raises(pair: Pair) -> None:
    def parts():
        yield b"one"
        raise ZeroDivisionError

    await pair.shake()
    _, asking = pair.ask(BodyStream(parts()))
    with pytest.raises(BodyRaisedError):
        await asking
    assert not pair.connection.reusable


@pytest.mark.parametrize("contents", [(OK + b"more",), (OK, b"more")])
async def test_bytes_behind_the_response_spoil_the_connection(
    pair: Pair, contents: tuple[bytes, ...]
) -> None:
    await pair.shake()
    exchange, asking = await pair.asked()
    await pair.server.send(*contents)
    await asking
    assert exchange.parser.body == b"ok"
    assert not pair.connection.reusable


async def test_bytes_nobody_asked_for_close_it(pair: Pair) -> None:
    await pair.shake()
    assert pair.connection.reusable
    await pair.server.send(b"HTTP/1.1 408 Timeout\r\n\r\n")
    await until(lambda: not pair.connection.reusable)
    assert await pair.server.read(1) == b""


async def test_closing_takes_leave(pair: Pair) -> None:
    """The server reads close_notify, not the end of the stream alone."""
    await pair.shake()
    _, asking = await pair.asked()
    await pair.server.send(OK)
    await asking
    pair.connection.abort()
    assert await pair.server.read(1) == b""


async def test_close_notify_ends_a_body_that_has_no_other_end(pair: Pair) -> None:
    """Even before the TCP connection is closed."""
    await pair.shake()
    exchange, asking = await pair.asked()
    await pair.server.put(pair.server.sealed(UNTIL_CLOSE) + pair.server.sealed_farewell())
    await asking
    assert exchange.parser.body == b"until the end"
    assert not pair.connection.reusable


async def test_a_body_that_ends_without_close_notify_is_cut(pair: Pair) -> None:
    await pair.shake()
    _, asking = await pair.asked()
    await pair.server.send(UNTIL_CLOSE)
    pair.server.sock.shutdown(socket.SHUT_WR)
    with pytest.raises(ClosedEarlyError, match="without close_notify within the response") as cut:
        await asking
    assert cut.value.code == ErrorCode.GENERIC


async def test_a_whole_response_needs_no_close_notify(pair: Pair) -> None:
    await pair.shake()
    exchange, asking = await pair.asked()
    await pair.server.send(OK)
    pair.server.sock.shutdown(socket.SHUT_WR)
    await asking
    assert exchange.parser.body == b"ok"
    await until(lambda: not pair.connection.reusable)


@pytest.mark.parametrize("politely", [True, False])
async def test_an_early_close_tells_where(pair: Pair, *, politely: bool) -> None:
    await pair.shake()
    _, asking = await pair.asked()
    await pair.server.put(pair.server.sealed_farewell() if politely else b"")
    pair.server.sock.shutdown(socket.SHUT_WR)
    with pytest.raises(ClosedEarlyError, match=r"^connection closed before the response$"):
        await asking


async def test_content_cut_short_by_close_notify(pair: Pair) -> None:
    await pair.shake()
    _, asking = await pair.asked()
    await pair.server.put(pair.server.sealed(OK[:-1]) + pair.server.sealed_farewell())
    with pytest.raises(ClosedEarlyError, match=r"^connection closed within the response$"):
        await asking


async def test_an_answer_before_the_server_hung_up_on_the_upload(pair: Pair) -> None:
    await pair.shake()
    exchange, asking = pair.ask(bytes(1_000_000))
    await until(lambda: pair.connection.sent_bytes > 2000)
    await pair.server.send(response(413, b"too large"))
    pair.server.sock.close()
    await asking
    assert exchange.parser.status == 413
    assert not pair.connection.reusable


async def test_a_damaged_record_is_a_tls_error(pair: Pair) -> None:
    await pair.shake()
    _, asking = await pair.asked()
    wire = bytearray(pair.server.sealed(OK))
    wire[-1] ^= 1
    await pair.server.put(bytes(wire))
    with pytest.raises(RequestFailure, match=r"^tls: decryption failed or bad record mac$") as bad:
        await asking
    assert bad.value.code == ErrorCode.TLS
    assert not pair.connection.reusable


async def test_plain_bytes_instead_of_a_record(pair: Pair) -> None:
    await pair.shake()
    _, asking = await pair.asked()
    await pair.server.put(OK)
    with pytest.raises(RequestFailure, match=r"^tls: wrong version number$"):
        await asking


async def test_a_malformed_response_closes_it(pair: Pair) -> None:
    await pair.shake()
    _, asking = await pair.asked()
    await pair.server.send(b"HTTP/1.1 200 OK\nA: b\n\n")
    with pytest.raises(RequestFailure, match="malformed response: a line that ends without CR"):
        await asking
    assert not pair.connection.reusable


async def test_aborting_ends_what_is_under_way(pair: Pair) -> None:
    await pair.shake()
    _, asking = await pair.asked()
    pair.connection.abort()
    with pytest.raises(asyncio.CancelledError):
        await asking


@pytest.mark.parametrize("stage", ["sending", "waiting", "receiving", "within a record"])
async def test_cancelling_closes_it(pair: Pair, stage: str) -> None:
    await pair.shake()
    _, asking = pair.ask(bytes(1_000_000) if stage == "sending" else b"")
    await until(lambda: pair.connection.sent_bytes > 0)
    await asyncio.sleep(0)
    received = pair.connection.received_bytes
    if stage == "receiving":
        await pair.server.send(OK[:-1])
    elif stage == "within a record":
        await pair.server.put(pair.server.sealed(OK)[:-1])
    await until(
        lambda: stage in {"sending", "waiting"} or pair.connection.received_bytes > received
    )
    asking.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await asking
    assert not pair.connection.reusable
    with pytest.raises(EOFError):
        await pair.server.read(2_000_000)
