"""New keys in the middle of a connection, which Python's own servers cannot ask for: OpenSSL's."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from scripted_server import response, until

from atlas_perf.protocols.http.exchange import Exchange
from atlas_perf.protocols.http.timings import Stopwatch
from atlas_perf.protocols.http.tls_connection import TlsConnection

OK = response(200, b"ok")
UPDATE_KEYS = b"K\n"
RENEGOTIATE = b"r\n"

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl s_server")

Listen = Callable[[str], Awaitable["OpenSslServer"]]


class OpenSslServer:
    """`openssl s_server`: sends what is written to its input, and takes one-letter commands."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port
        self.output = b""

    async def write(self, text: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        await self._process.stdin.drain()

    async def has_read(self, text: bytes) -> None:
        """Return when it has printed these bytes of the client, and forget what came before."""
        assert self._process.stdout is not None
        while text not in self.output:
            data = await self._process.stdout.read(4096)
            assert data, self.output
            self.output += data
        self.output = self.output.partition(text)[2]


@asynccontextmanager
async def listening(folder: Path, version: str) -> AsyncIterator[OpenSslServer]:
    issued = trustme.CA().issue_cert("api.example")
    issued.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    process = await asyncio.create_subprocess_exec(
        *("openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "1", version),
        *("-cert", str(folder / "server.pem")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        while not (line := await process.stdout.readline()).startswith(b"ACCEPT"):
            assert line
        yield OpenSslServer(process, int(line.rpartition(b":")[2]))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def connect(server: OpenSslServer) -> TlsConnection:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    sock = socket.create_connection(("127.0.0.1", server.port))
    sock.setblocking(False)
    connection = TlsConnection(sock, context, "api.example")
    await connection.handshake()
    return connection


def ask(connection: TlsConnection, number: int) -> tuple[Exchange, asyncio.Task[None]]:
    exchange = Exchange(Stopwatch(0), to_head=False)
    head = b"GET /%d HTTP/1.1\r\n\r\n" % number
    return exchange, asyncio.create_task(connection.exchange(head, b"", exchange))


async def ask_for_new_keys(
    server: OpenSslServer, connection: TlsConnection, command: bytes
) -> None:
    """Return when the client has heard it. It answers a renegotiation at once, a KeyUpdate with
    what it sends next."""
    sent, received = connection.sent_bytes, connection.received_bytes
    await server.write(command)
    await until(lambda: connection.received_bytes > received)
    if command == RENEGOTIATE:
        await until(lambda: connection.sent_bytes > sent)


@pytest.mark.parametrize(
    ("version", "command"), [("-tls1_3", UPDATE_KEYS), ("-tls1_2", RENEGOTIATE)]
)
@pytest.mark.parametrize("when", ["idle", "waiting", "receiving"])
async def test_new_keys(tmp_path: Path, version: str, command: bytes, when: str) -> None:
    """Asked for by the server at any time."""
    async with listening(tmp_path, version) as server:
        connection = await connect(server)
        for number in range(4):
            if when == "idle":
                await ask_for_new_keys(server, connection, command)
            exchange, asking = ask(connection, number)
            await server.has_read(b"GET /%d HTTP" % number)
            received = connection.received_bytes
            if when == "receiving":
                await server.write(OK[:20])
                await until(lambda: connection.received_bytes > received)  # noqa: B023
            if when != "idle":
                await ask_for_new_keys(server, connection, command)
            await server.write(OK[20:] if when == "receiving" else OK)
            await asking
            assert exchange.parser.body == b"ok"
            assert connection.reusable
        connection.abort()
