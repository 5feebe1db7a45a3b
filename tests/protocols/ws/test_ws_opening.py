"""Opening a session, and every way in which that fails: one sample each, in the failures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from scripted_server import Peer, Stage
from ws_stage import SampleList, User, accept, read_frame, session, silence, upgrade_response

from atlas_perf import BearerAuth, WebSocketError
from atlas_perf.model.plan import AllowedHosts
from atlas_perf.units import NS_PER_MS

MakeUser = Callable[..., User]


async def failure_of(user: User, url: str, **params: object) -> WebSocketError:
    with pytest.raises(WebSocketError) as raised:
        await user.ws.connect(url, **params)
    return raised.value


def answer(response: bytes) -> Callable[[Peer], object]:
    async def handle(peer: Peer) -> None:
        await peer.request()
        await peer.send(response)
        await peer.until_closed()

    return handle


async def test_phases_and_headers(stage: Stage, make_user: MakeUser, samples: SampleList) -> None:
    server = await stage.serve(session(silence))
    user = make_user(f"http://localhost:{server.port}")
    user.http.cookies.set(f"http://localhost:{server.port}/", "seen", "yes")
    async with user.ws.connect(
        "/runs/42?x=1", headers={"X-Run": "7"}, auth=BearerAuth("secret-token"), tags={"kind": "c"}
    ) as socket:
        timings = socket.timings
    (request,) = server.requests
    assert request.path == "/runs/42?x=1"
    assert request.headers["authorization"] == "Bearer secret-token"
    assert request.headers["cookie"] == "seen=yes"
    assert request.headers["x-run"] == "7"
    assert request.headers["host"] == f"localhost:{server.port}"
    assert "sec-websocket-extensions" not in request.headers
    assert "sec-websocket-protocol" not in request.headers
    assert timings.tls_handshaking_ns == -1
    connecting = samples.only("ws_connecting")
    assert connecting.value == timings.total_ns
    assert connecting.tags == {
        "scenario": "s",
        "kind": "c",
        "url": f"ws://localhost:{server.port}/runs/{{id}}?x={{id}}",
        "name": f"ws://localhost:{server.port}/runs/{{id}}?x={{id}}",
        "status": "101",
        "expected_response": "true",
    }
    parts = sum(samples.total(name) for name in ("ws_tcp_connecting", "ws_upgrading"))
    assert 0 < parts + samples.total("ws_looking_up") <= timings.total_ns


@pytest.mark.parametrize(
    ("status", "code"), [(403, 1403), (404, 1404), (503, 1503), (200, 1000), (302, 1000)]
)
async def test_a_refused_upgrade(
    stage: Stage, make_user: MakeUser, samples: SampleList, status: int, code: int
) -> None:
    reply = f"HTTP/1.1 {status} No\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n".encode()
    server = await stage.serve(answer(reply))
    error = await failure_of(make_user(server.url), "/ws")
    assert (error.status, error.error_code) == (status, code)
    assert error.error == f"upgrade refused with status {status}"
    failed = samples.only("ws_connecting")
    assert failed.tags["expected_response"] == "false"
    assert failed.tags["status"] == str(status)
    assert failed.tags["error_code"] == str(code)
    assert samples.only("ws_session_failed").value == 1
    assert samples.total("ws_sessions") == 1
    assert samples.of("ws_sessions_open") == []
    assert len(server.requests) == 1, "a redirect is not followed"


@pytest.mark.parametrize(
    "response",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: wrong\r\n\r\n",
        b"HTTP/1.1 abc Switching\r\n\r\n",
        b"\xff\xfe\x00\r\n\r\n",
        b"HTTP/1.1 101 X\r\n: empty name\r\n\r\n",
        b"A" * 40_000,
    ],
)
async def test_what_is_no_upgrade(
    stage: Stage, make_user: MakeUser, samples: SampleList, response: bytes
) -> None:
    server = await stage.serve(answer(response))
    error = await failure_of(make_user(server.url), "/ws", timeout="5s")
    assert error.error == "upgrade: malformed response"
    assert error.error_code == 1000
    assert samples.only("ws_connecting").tags["expected_response"] == "false"


async def test_a_connection_that_is_closed_instead(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def hang_up(peer: Peer) -> None:
        await peer.request()

    server = await stage.serve(hang_up)
    error = await failure_of(make_user(server.url), "/ws")
    assert error.error == "connection closed before the upgrade"
    assert samples.only("ws_session_failed").value == 1


async def test_a_server_that_hangs_is_a_failure_at_the_limit(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def hang(peer: Peer) -> None:
        await peer.request()
        await peer.until_closed()

    server = await stage.serve(hang)
    error = await failure_of(make_user(server.url), "/ws", timeout="50ms")
    assert (error.error, error.error_code) == ("request timeout", 1050)
    assert samples.only("ws_connecting").value >= 50 * NS_PER_MS
    await stage.over()  # the connection is not left open


async def test_nobody_listens(stage: Stage, make_user: MakeUser) -> None:
    server = await stage.serve(session(silence))
    await stage.close()
    error = await failure_of(make_user(server.url), "/ws")
    assert (error.error, error.error_code) == ("dial: connection refused", 1212)


async def test_a_host_that_is_not_allowed_is_not_connected_to(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    server = await stage.serve(session(silence))
    user = make_user(server.url, allowed_hosts=(AllowedHosts(("other.example",), "here"),))
    error = await failure_of(user, "/ws")
    assert error.error_code == 1111
    assert server.peers == []
    assert samples.only("ws_connecting").tags["error_code"] == "1111"


@pytest.mark.parametrize(
    "field",
    [
        "Sec-WebSocket-Protocol: other",
        "Sec-WebSocket-Extensions: permessage-deflate",
        "Sec-WebSocket-Extensions: x-unknown",
    ],
)
async def test_what_was_not_offered(stage: Stage, make_user: MakeUser, field: str) -> None:
    async def handle(peer: Peer) -> None:
        await accept(peer, field)
        await peer.until_closed()

    server = await stage.serve(handle)
    error = await failure_of(make_user(server.url), "/ws", subprotocols=["mine"])
    assert "that was not offered" in error.error


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("ftp://user:secret-pw@host/", "its scheme is neither ws nor wss"),
        ("ws+unix://%2Frun%2Fapp.sock/", "over Unix sockets are not supported"),
        ("/relative", "it names no host"),
        ("ws://user:secret-pw@host:99999/", "its host or port cannot be read"),
    ],
)
async def test_urls_that_lead_nowhere(make_user: MakeUser, url: str, text: str) -> None:
    error = await failure_of(make_user(), url)
    assert text in error.error
    assert "secret-pw" not in str(error)
    assert error.error_code == 1020


async def test_through_a_proxy_always_by_a_tunnel(stage: Stage, make_user: MakeUser) -> None:
    async def proxy(peer: Peer) -> None:
        connect = await peer.request()
        assert (connect.method, connect.path) == ("CONNECT", "somewhere.example:80")
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        request = await peer.request()
        assert request.path == "/ws"
        await peer.send(upgrade_response(request))
        await read_frame(peer)

    server = await stage.serve(proxy)
    user = make_user("ws://somewhere.example", proxy=server.url)
    socket = await user.ws.connect("/ws")
    assert socket.is_open
    await socket.send("x")


async def test_a_canceled_attempt_is_a_failure_and_a_cut_one_is_censored(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    arrived = asyncio.Event()

    async def hang(peer: Peer) -> None:
        await peer.request()
        arrived.set()
        await peer.until_closed()

    server = await stage.serve(hang)
    user = make_user(server.url)
    for cut, outcome in ((False, "false"), (True, "unknown")):
        arrived.clear()
        task = asyncio.ensure_future(
            user.ws.open(f"{server.url}/ws", user.ws._setup.options({}), held=False)
        )
        await arrived.wait()
        if cut:
            user.ws.cut_off()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert samples.of("ws_connecting")[-1].tags["expected_response"] == outcome
    assert len(samples.of("ws_session_failed")) == 1
    await stage.over()


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"subprotocol": "x"}, "no option 'subprotocol'; did you mean 'subprotocols'"),
        ({"subprotocols": "x"}, r"write \['x'\]"),
        ({"subprotocols": ["a b"]}, "no name of a subprotocol"),
        ({"subprotocols": ["a", "a"]}, "offered twice"),
        ({"headers": {"Upgrade": "x"}}, "the protocol's own"),
        ({"headers": {"X": "a\r\nb"}}, "control character"),
        ({"compression": "gzip"}, "'deflate' or None"),
        ({"timeout": "0s"}, "longer than nothing"),
        ({"max_message_bytes": 0}, "from 1"),
        ({"inbox": True}, "from 1"),
        ({"reconnect": "yes"}, "True or a Backoff"),
    ],
)
def test_options_that_cannot_be_meant(
    make_user: MakeUser, params: dict[str, object], text: str
) -> None:
    with pytest.raises((ValueError, TypeError), match=text):
        make_user("ws://host").ws.connect("/", **params)
