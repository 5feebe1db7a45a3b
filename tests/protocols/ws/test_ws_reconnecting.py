"""Sessions that are lost and come back: how often, after how long, and when they do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from scripted_server import Peer, Stage
from ws_stage import (
    TEXT,
    SampleList,
    User,
    accept,
    close_frame,
    frame,
    read_frame,
    session,
    settled,
    silence,
)

from atlas_perf import Backoff, WebSocketClosed

MakeUser = Callable[..., User]


async def test_a_lost_session_comes_back_and_the_time_is_measured(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def handle(peer: Peer) -> None:
        await accept(peer)
        if len(server.peers) == 1:
            peer.reset()
            return
        if len(server.peers) == 2:
            await peer.send(frame(TEXT, "again"))
            kind, payload = await read_frame(peer)
            assert (kind, payload) == (TEXT, b"hello")
            kind, payload = await read_frame(peer)
            await peer.send(frame(kind, payload))

    server = await stage.serve(handle)
    user = make_user(server.url)
    async with user.ws.connect("/", reconnect=True) as socket:
        assert await socket.receive() == "again"
        await socket.send("hello")
    assert samples.total("ws_reconnects") == 1
    measured = samples.only("ws_reconnecting")
    assert measured.tags["expected_response"] == "true"
    lost_ns = samples.of("ws_session_failed")[0].at_ns
    assert measured.value == measured.at_ns - lost_ns > 0
    assert samples.total("ws_sessions") == 2
    assert [sample.value for sample in samples.of("ws_session_failed")] == [1, 0]
    assert [sample.value for sample in samples.of("ws_sessions_open")] == [1, 0, 1, 0]


async def test_attempts_are_used_up(stage: Stage, make_user: MakeUser, samples: SampleList) -> None:
    async def handle(peer: Peer) -> None:
        if len(server.peers) > 1:
            await peer.request()
            await peer.send(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
            return
        await accept(peer)
        peer.reset()

    server = await stage.serve(handle)
    user = make_user(server.url)
    backoff = Backoff(first="1ms", attempts=3)
    socket = await user.ws.connect("/", reconnect=backoff)
    with pytest.raises(WebSocketClosed):
        await socket.receive()
    assert len(server.peers) == 4
    given_up = samples.only("ws_reconnecting")
    assert given_up.tags["expected_response"] == "false"
    assert given_up.tags["error_code"] == "1503"
    assert samples.total("ws_reconnects") == 0
    with pytest.raises(WebSocketClosed):
        await socket.send("x")


@pytest.mark.parametrize("closes", ["peer", "user"])
async def test_a_session_that_is_closed_well_does_not_come_back(
    stage: Stage, make_user: MakeUser, samples: SampleList, closes: str
) -> None:
    async def closing(peer: Peer) -> None:
        await accept(peer, then=close_frame(1000))
        await peer.until_closed()

    server = await stage.serve(closing if closes == "peer" else session(silence))
    socket = await make_user(server.url).ws.connect("/", reconnect=True)
    if closes == "user":
        await socket.close()
    await settled(samples, "ws_session_failed")
    assert not socket.is_alive
    assert samples.of("ws_reconnecting") == []


async def test_the_end_of_the_user_ends_reopening(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def handle(peer: Peer) -> None:
        await accept(peer)
        if len(server.peers) == 1:
            peer.reset()

    server = await stage.serve(handle)
    user = make_user(server.url)
    socket = await user.ws.session(
        "/", reconnect=Backoff(first="1h", longest="1h", attempts=9), timeout="1s"
    )
    await settled(samples, "ws_session_failed", 1)
    await user.ws.close()
    assert not socket.is_alive


async def test_each_attempt_has_a_trace_of_its_own(stage: Stage, make_user: MakeUser) -> None:
    traces = []

    async def handle(peer: Peer) -> None:
        traces.append((await accept(peer)).headers["traceparent"])
        if len(traces) == 1:
            peer.reset()
            return
        await peer.send(frame(TEXT, "again"))
        await read_frame(peer)

    server = await stage.serve(handle)
    user = make_user(server.url, trace_share=1.0)
    async with user.ws.connect("/", reconnect=True) as socket:
        assert await socket.receive() == "again"
    first, second = traces
    assert first[:3] == second[:3] == "00-"
    assert first[3:35] != second[3:35]
    assert first.endswith("-01")
