"""Sessions with servers that others wrote: both sides see the same messages."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import trustme
from aiohttp import WSMsgType, web
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol
from ws_stage import SampleList, User

Serve = Callable[..., object]


@asynccontextmanager
async def aiohttp_echo(tls: ssl.SSLContext | None, host: str) -> AsyncIterator[int]:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=["v2.echo"], max_msg_size=0)
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await socket.send_bytes(message.data)
        return socket

    app = web.Application()
    app.router.add_get("/echo", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, host, 0, ssl_context=tls)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@asynccontextmanager
async def websockets_echo(tls: ssl.SSLContext | None, host: str) -> AsyncIterator[int]:
    async def echo(socket: ServerConnection) -> None:
        async for message in socket:
            await socket.send(message)

    def choose(_socket: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        return next((name for name in offered if name == "v2.echo"), None)

    async with serve(echo, host, 0, ssl=tls, select_subprotocol=choose, max_size=None) as server:
        yield next(iter(server.sockets)).getsockname()[1]


@pytest.fixture(params=[aiohttp_echo, websockets_echo], ids=["aiohttp", "websockets"])
async def echo_server(request: pytest.FixtureRequest) -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> str:
            port = await stack.enter_async_context(request.param(tls, host))
            named = f"[{host}]" if ":" in host else host
            return f"{'wss' if tls else 'ws'}://{named}:{port}"

        yield start


MESSAGES = ["", "text", "ü€😀", b"", b"\x00\xff", "x" * 200, b"y" * 70_000, "z" * 1_000_000]


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_what_is_sent_comes_back(
    echo_server: Serve, make_user: Callable[..., User], samples: SampleList, compression: str | None
) -> None:
    user = make_user(await echo_server())
    async with user.ws.connect(
        "/echo", subprotocols=["v9", "v2.echo"], compression=compression
    ) as socket:
        assert socket.subprotocol == "v2.echo"
        for message in MESSAGES:
            await socket.send(message)
            assert await socket.receive() == message
    assert socket.close_code == 1000
    assert samples.total("ws_msgs_sent") == samples.total("ws_msgs_received") == len(MESSAGES)
    assert samples.only("ws_session_failed").value == 0
    assert samples.only("ws_session_duration").tags["expected_response"] == "true"
    assert [sample.value for sample in samples.of("ws_sessions_open")] == [1, 0]


async def test_values_go_out_as_json(echo_server: Serve, make_user: Callable[..., User]) -> None:
    user = make_user(await echo_server())
    async with user.ws.connect("/echo") as socket:
        await socket.send({"a": [1, None]})
        assert json.loads(await socket.receive()) == {"a": [1, None]}
        await socket.send([1])
        assert await socket.receive_json() == [1]


async def test_messages_come_while_others_are_sent(
    echo_server: Serve, make_user: Callable[..., User]
) -> None:
    user = make_user(await echo_server())
    async with user.ws.connect("/echo") as socket:

        async def read() -> list[object]:
            return [await socket.receive() for _ in range(500)]

        reading = asyncio.create_task(read())
        for number in range(500):
            await socket.send(str(number))
        assert await reading == [str(number) for number in range(500)]


async def test_many_round_trips_at_once(
    echo_server: Serve, make_user: Callable[..., User], samples: SampleList
) -> None:
    user = make_user(await echo_server())
    async with user.ws.connect("/echo") as socket:
        replies = await asyncio.gather(
            *(socket.rtt({"id": number}, correlate="id") for number in range(200))
        )
    assert [reply.json()["id"] for reply in replies] == list(range(200))
    assert samples.total("ws_rtt_failed") == 0
    assert len(samples.of("ws_rtt", expected_response="true")) == 200


async def test_tls_and_ipv6(
    echo_server: Serve,
    make_user: Callable[..., User],
    samples: SampleList,
    tmp_path: object,
    fresh_tls_context: None,
) -> None:
    authority = trustme.CA()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("::1").configure_cert(tls)
    bundle = f"{tmp_path}/ca.pem"
    authority.cert_pem.write_to_path(bundle)
    user = make_user(await echo_server(tls, "::1"), tls_ca_file=bundle)
    async with user.ws.connect("/echo") as socket:
        await socket.send("hello")
        assert await socket.receive() == "hello"
        timings = socket.timings
    parts = (timings.tcp_connecting_ns, timings.tls_handshaking_ns, timings.upgrading_ns)
    assert all(part > 0 for part in parts)
    assert sum(parts) <= timings.total_ns
    assert len(samples.of("ws_tls_handshaking", expected_response="true")) == 1
    stranger = make_user(user.ws._setup._base_url)
    with pytest.raises(Exception, match="x509: unknown authority"):
        await stranger.ws.connect("/echo")
    failed = samples.only("ws_connecting", expected_response="false")
    assert failed.tags["error_code"] == "1310"


async def test_a_ping_is_answered(
    echo_server: Serve, make_user: Callable[..., User], samples: SampleList
) -> None:
    user = make_user(await echo_server())
    async with user.ws.connect("/echo") as socket:
        first, second = await asyncio.gather(socket.ping(), socket.ping())
    assert first > 0 and second > 0
    assert len(samples.of("ws_ping", expected_response="true")) == 2
