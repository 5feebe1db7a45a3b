"""The handshake of the compiled connection: in any pieces, broken off, refused, refused later."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator

import pytest
import trustme
from scripted_server import response
from tls_server_end import Pair, TlsServerEnd, connected, server_context

from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.failures import RequestFailure
from atlas_perf.protocols.http.tls_connection import TlsConnection

OK = response(200, b"ok")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
async def pair(authority: trustme.CA, client_context: ssl.SSLContext) -> AsyncIterator[Pair]:
    with connected(client_context, server_context(authority, "api.example")) as pair:
        yield pair


async def test_a_handshake_byte_by_byte(pair: Pair) -> None:
    class Slowly(TlsServerEnd):
        async def put(self, wire: bytes) -> None:
            for position in range(len(wire)):
                await super().put(wire[position : position + 1])
                await asyncio.sleep(0)

    pair.server.__class__ = Slowly
    await pair.shake()
    _, asking = await pair.asked()
    await pair.server.send(OK)
    await asking


@pytest.mark.parametrize("steps", [0, 1])
async def test_cancelling_the_handshake_closes_it(pair: Pair, steps: int) -> None:
    shaking = asyncio.create_task(pair.connection.handshake())
    await asyncio.sleep(0)
    if steps:  # the server has spoken, but not to the end
        await pair.server.receive()
        await pair.server.put(pair.server.first_flight()[:-1])
        await asyncio.sleep(0.01)
    shaking.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await shaking
    with pytest.raises((EOFError, BrokenPipeError)):
        await pair.server.handshake()


async def test_a_reset_in_the_handshake(
    authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sock = socket.create_connection(listening.getsockname())
        accepted, _ = listening.accept()
    sock.setblocking(False)
    shaking = asyncio.create_task(TlsConnection(sock, client_context, "api.example").handshake())
    await loop.run_in_executor(None, accepted.recv, 10)
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    accepted.close()
    with pytest.raises(RequestFailure, match="tls: connection reset by peer") as failed:
        await shaking
    assert failed.value.code == ErrorCode.TCP_RESET


async def test_the_end_of_the_stream_in_the_handshake(pair: Pair) -> None:
    shaking = asyncio.create_task(pair.connection.handshake())
    await pair.server.receive()
    pair.server.sock.shutdown(socket.SHUT_WR)
    with pytest.raises(RequestFailure, match="tls: connection closed during the handshake"):
        await shaking


async def test_the_server_is_told_why_its_certificate_is_refused(authority: trustme.CA) -> None:
    context = server_context(authority, "api.example")
    with connected(ssl.create_default_context(), context) as pair:
        shaking = asyncio.create_task(pair.connection.handshake())
        with pytest.raises(ssl.SSLError, match="ALERT_UNKNOWN_CA"):
            await pair.server.handshake()
        with pytest.raises(RequestFailure, match="x509: unknown authority"):
            await shaking


async def test_an_alert_after_the_handshake_is_a_tls_error(
    authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    """Under TLS 1.3 a server that misses the client's certificate says so only then."""
    context = server_context(authority, "api.example")
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with connected(client_context, context) as pair:

        async def shake_and_ask() -> None:
            await pair.connection.handshake()
            await pair.ask()[1]

        asking = asyncio.create_task(shake_and_ask())
        with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
            await pair.server.handshake()
        with pytest.raises(RequestFailure, match="tls: tlsv13 alert certificate required") as no:
            await asking
        assert no.value.code == ErrorCode.TLS
