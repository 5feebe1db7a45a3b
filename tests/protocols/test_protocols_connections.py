"""Keeping, losing and replacing connections."""

from __future__ import annotations

import asyncio

import pytest
from scripted_server import (
    KeepingRecorder,
    MakeClient,
    Peer,
    Stage,
    answering,
    response,
    until,
)

OK = response(200, b"ok")


async def test_a_connection_is_kept(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    client = make_client(server.url)
    for _ in range(3):
        assert (await client.get("/")).body == b"ok"
        client.begin_iteration()
    assert len(server.peers) == 1
    assert [sample.connecting_ns > 0 for sample in recorder.requests] == [True, False, False]
    assert [sample.connecting_ns for sample in recorder.requests[1:]] == [-1, -1]
    assert all(sample.blocked_ns >= 0 for sample in recorder.requests)


@pytest.mark.parametrize(
    "reply",
    [
        response(200, b"ok", Connection="close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        OK + b"more",
    ],
)
async def test_a_connection_the_response_ends_is_not_used_again(
    stage: Stage, make_client: MakeClient, reply: bytes
) -> None:
    server = await stage.serve(answering(reply))
    client = make_client(server.url)
    for _ in range(3):
        assert (await client.post("/")).body == b"ok"
    assert len(server.peers) == 3


async def test_a_body_without_a_length_ends_with_the_connection(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    async def until_close(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n", b"abc")

    server = await stage.serve(until_close)
    answer = await make_client(server.url).get("/")
    assert (answer.status, answer.body, answer.error) == (200, b"abc", "")
    assert recorder.last.failed is False


async def test_a_head_response_leaves_the_connection_in_order(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(
        answering(
            lambda request: (
                b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
                if request.method == "HEAD"
                else OK
            )
        )
    )
    client = make_client(server.url)
    head = await client.head("/")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "500")
    assert (await client.get("/")).body == b"ok"
    assert len(server.peers) == 1


async def test_without_connection_reuse(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(OK))
    client = make_client(server.url, no_connection_reuse=True)
    for _ in range(2):
        await client.get("/")
    assert len(server.peers) == 2
    assert [request.headers["connection"] for request in server.requests] == ["close"] * 2


async def test_without_reuse_between_iterations(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(OK))
    client = make_client(server.url, no_vu_connection_reuse=True)
    for _ in range(2):
        client.begin_iteration()
        await client.get("/")
        await client.get("/")
    assert [len(peer.received) for peer in server.peers] == [2, 2]


async def test_a_request_that_spans_iterations_ends_on_its_own_connection(
    stage: Stage, make_client: MakeClient
) -> None:
    asked, release, closed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hold(peer: Peer) -> None:
        await peer.request()
        asked.set()
        await release.wait()
        await peer.send(OK)
        await peer.until_closed()
        closed.set()

    server = await stage.serve(hold)
    client = make_client(server.url, no_vu_connection_reuse=True)
    asking = asyncio.ensure_future(client.get("/"))
    await asked.wait()
    client.begin_iteration()
    release.set()
    assert (await asking).ok
    async with asyncio.timeout(5):
        await closed.wait()
    await client.get("/")
    assert [len(peer.received) for peer in server.peers] == [1, 1]


async def test_a_header_of_the_request_may_end_the_connection(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(answering(OK))
    client = make_client(server.url)
    await client.get("/", headers={"Connection": "close"})
    await client.get("/")
    assert len(server.peers) == 2
    assert server.requests[0].raw_head.count(b"Connection") == 1


def closing_after_the_first_answer(peers: list[Peer]):
    """The second request on the first connection is read, and answered with a close."""

    async def handle(peer: Peer) -> None:
        peers.append(peer)
        await peer.request()
        await peer.send(OK)
        await peer.request()
        if peer is not peers[0]:
            await peer.send(OK)

    return handle


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_a_dead_kept_connection_is_replaced_once(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, method: str
) -> None:
    async def handle(peer: Peer) -> None:
        request = await peer.request()
        ok = response(200) if request.method == "HEAD" else OK
        await peer.send(ok)
        await peer.request()  # and close

    server = await stage.serve(handle)
    client = make_client(server.url)
    first = await client.request(method, "/")
    second = await client.request(method, "/")
    assert (first.status, second.status) == (200, 200)
    assert [len(peer.received) for peer in server.peers] == [2, 1]
    assert len(recorder.requests) == 2
    assert recorder.last.connecting_ns > 0
    assert recorder.last.duration_ns == recorder.last.service_ns
    sent = sum(len(request.raw_head) for request in server.requests)
    assert recorder.total("data_sent") == sent


async def test_a_post_on_a_dead_kept_connection_fails(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    peers: list[Peer] = []
    server = await stage.serve(closing_after_the_first_answer(peers))
    client = make_client(server.url)
    await client.post("/")
    answer = await client.post("/")
    assert (answer.status, answer.error_code) == (0, 1000)
    assert answer.error == "connection closed before the response"
    assert len(peers) == 1
    assert recorder.last.failed


async def test_a_fresh_connection_is_not_replaced(stage: Stage, make_client: MakeClient) -> None:
    async def hang_up(peer: Peer) -> None:
        await peer.request()

    server = await stage.serve(hang_up)
    answer = await make_client(server.url).get("/")
    assert answer.error == "connection closed before the response"
    assert len(server.peers) == 1


async def test_a_response_cut_off_on_a_kept_connection_is_not_repeated(
    stage: Stage, make_client: MakeClient
) -> None:
    async def handle(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await peer.send(b"HTTP/1.1 200")

    server = await stage.serve(handle)
    client = make_client(server.url)
    await client.get("/")
    answer = await client.get("/")
    assert answer.error == "connection closed within the response"
    assert len(server.peers) == 1


async def test_a_connection_the_server_closed_while_idle_is_not_tried(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)

    server = await stage.serve(once)
    client = make_client(server.url)
    await client.post("/")
    (idle,) = client._pool.host(("http", "127.0.0.1", server.port)).idle
    await until(lambda: not idle.reusable)
    assert (await client.post("/")).ok
    assert len(server.peers) == 2
    assert recorder.total("data_sent") == sum(len(r.raw_head) for r in server.requests)


async def test_bytes_nobody_asked_for_close_an_idle_connection(
    stage: Stage, make_client: MakeClient
) -> None:
    speak, closed = asyncio.Event(), asyncio.Event()

    async def handle(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await speak.wait()
        await peer.send(b"HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n")
        await peer.until_closed()
        closed.set()

    server = await stage.serve(handle)
    client = make_client(server.url)
    await client.get("/")
    speak.set()
    async with asyncio.timeout(5):
        await closed.wait()
    assert (await client.get("/")).ok
    assert len(server.peers) == 2


async def test_an_answer_before_the_whole_request_is_read(
    stage: Stage, make_client: MakeClient
) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        peer.writer.transport.pause_reading()
        await peer.send(response(413, b"too large"))
        await asyncio.sleep(60)

    server = await stage.serve(refuse)
    client = make_client(server.url)
    answer = await client.post("/", bytes(50_000_000))
    assert (answer.status, answer.body) == (413, b"too large")
    await client.post("/", b"x")
    assert len(server.peers) == 2
