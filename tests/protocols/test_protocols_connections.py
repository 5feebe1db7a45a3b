"""Keeping, sharing, losing and dropping connections."""

from __future__ import annotations

import asyncio

import pytest
from scripted_server import KeepingRecorder, MakeClient, Peer, Stage, answering, response

from atlas_perf.protocols.http.connection import Connection, Exchange
from atlas_perf.protocols.http.timings import Stopwatch
from atlas_perf.units import NS_PER_MS

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
    asked, release = asyncio.Event(), asyncio.Event()

    async def hold(peer: Peer) -> None:
        await peer.request()
        asked.set()
        await release.wait()
        await peer.send(OK)
        assert await peer.until_closed() == b""

    server = await stage.serve(hold)
    client = make_client(server.url, no_vu_connection_reuse=True)
    asking = asyncio.ensure_future(client.get("/"))
    await asked.wait()
    client.begin_iteration()
    release.set()
    assert (await asking).ok
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
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, monkeypatch
) -> None:
    lost = asyncio.Event()
    connection_lost = Connection.connection_lost

    def observed(connection: Connection, error: Exception | None) -> None:
        connection_lost(connection, error)
        lost.set()

    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)

    monkeypatch.setattr(Connection, "connection_lost", observed)
    server = await stage.serve(once)
    client = make_client(server.url)
    await client.post("/")
    await lost.wait()
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


async def test_waiting_for_a_connection_is_blocked_time_and_nothing_else(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """Ten callers, two connections: the queue is visible, and not in the service time."""

    async def slow(peer: Peer) -> None:
        while True:
            await peer.request()
            await asyncio.sleep(0.04)
            await peer.send(OK)

    server = await stage.serve(slow)
    client = make_client(server.url, connections_per_host=2)
    answers = await asyncio.gather(*(client.get(f"/{n}") for n in range(10)))
    assert [answer.status for answer in answers] == [200] * 10
    assert len(server.peers) == 2
    samples = sorted(recorder.requests, key=lambda sample: sample.blocked_ns)
    assert all(sample.duration_ns >= 39 * NS_PER_MS for sample in samples)
    service = sorted(sample.duration_ns for sample in samples)
    assert service[-1] < 3 * 40 * NS_PER_MS
    # The last pair waited for four rounds of 40 ms, the first for none.
    assert samples[-1].blocked_ns >= 4 * 39 * NS_PER_MS
    assert samples[0].blocked_ns < 39 * NS_PER_MS
    order = [int(sample.tags["url"].rpartition("/")[2]) for sample in recorder.requests]
    assert [set(order[n : n + 2]) for n in range(0, 10, 2)] == [{n, n + 1} for n in range(0, 10, 2)]


async def test_six_connections_to_a_host_by_default(stage: Stage, make_client: MakeClient) -> None:
    together = asyncio.Barrier(6)

    async def meet(peer: Peer) -> None:
        while True:
            await peer.request()
            await together.wait()
            await peer.send(OK)

    server = await stage.serve(meet)
    client = make_client(server.url)
    await asyncio.gather(*(client.get("/") for _ in range(12)))
    assert len(server.peers) == 6


async def test_a_callers_timeout_closes_the_connection_and_is_no_success(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    closed = asyncio.Event()

    async def never(peer: Peer) -> None:
        await peer.request()
        await peer.until_closed()
        closed.set()

    server = await stage.serve(never)
    client = make_client(server.url)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.03):
            await client.get("/")
    await closed.wait()
    assert [sample.failed for sample in recorder.requests] == [True]
    assert recorder.last.tags["error"] == "request canceled"
    assert recorder.last.tags["error_code"] == "1000"
    assert recorder.last.duration_ns >= 28 * NS_PER_MS


async def test_cancellation_propagates_and_frees_the_slot(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    asked = asyncio.Event()

    async def first_hangs(peer: Peer) -> None:
        while True:
            request = await peer.request()
            asked.set()
            if request.path == "/hang":
                await peer.until_closed()
                return
            await peer.send(OK)

    server = await stage.serve(first_hangs)
    client = make_client(server.url, connections_per_host=1)
    hanging = asyncio.ensure_future(client.get("/hang"))
    await asked.wait()
    queued = [asyncio.ensure_future(client.get(f"/{n}")) for n in range(3)]
    await asyncio.sleep(0)
    queued[0].cancel()
    hanging.cancel()
    results = await asyncio.gather(hanging, *queued, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results] == [
        True,
        True,
        False,
        False,
    ]
    assert [request.path for request in server.requests] == ["/hang", "/1", "/2"]
    assert len(server.peers) == 2
    assert [sample.failed for sample in recorder.requests].count(False) == 2


async def test_a_slot_granted_to_a_cancelled_caller_is_passed_on(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(answering(OK))
    client = make_client(server.url, connections_per_host=1)
    pool = client._pool
    origin = ("http", "127.0.0.1", server.port)
    assert await pool.acquire(origin) is None
    chosen = asyncio.ensure_future(pool.acquire(origin))
    next_one = asyncio.ensure_future(pool.acquire(origin))
    await asyncio.sleep(0)
    pool.release(origin, None)
    chosen.cancel()
    assert await next_one is None
    pool.release(origin, None)
    assert (await client.get("/")).ok


async def test_closing_the_client_ends_what_is_under_way(
    stage: Stage, make_client: MakeClient
) -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    async def never(peer: Peer) -> None:
        await peer.request()
        asked.set()
        await peer.until_closed()
        closed.set()

    server = await stage.serve(never)
    client = make_client(server.url)
    asking = asyncio.ensure_future(client.get("/"))
    await asked.wait()
    await client.close()
    answer = await asking
    assert (answer.status, answer.ok) == (0, False)
    await closed.wait()


async def test_the_kernel_says_when_the_last_byte_has_left(stage: Stage) -> None:
    read_on = asyncio.Event()

    async def slow_reader(peer: Peer) -> None:
        peer.writer.transport.pause_reading()
        await read_on.wait()
        peer.writer.transport.resume_reading()
        await peer.request()
        await peer.send(OK)
        await peer.until_closed()

    server = await stage.serve(slow_reader)
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: Connection(loop), "127.0.0.1", server.port)
    body = bytes(50_000_000)
    exchange = Exchange(Stopwatch(0), to_head=False)
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    asking = asyncio.ensure_future(connection.exchange(head, body, exchange))
    await asyncio.sleep(0.02)
    assert exchange.watch.send_began_ns > 0
    assert exchange.watch.sent_ns == -1
    read_on.set()
    await asking
    watch = exchange.watch
    assert watch.sent_ns - watch.send_began_ns >= 19 * NS_PER_MS
    assert watch.sent_ns <= watch.first_byte_ns
    assert connection.reusable
    connection.abort()
    await connection.wait_closed()
    assert not connection.reusable
