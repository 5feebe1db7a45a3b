"""Several requests at once, requests broken off, and the transport underneath."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys

import pytest
from scripted_server import KeepingRecorder, MakeClient, Peer, Stage, answering, response

from atlas_perf.protocols.http.exchange import Exchange
from atlas_perf.protocols.http.http_call import HttpCall
from atlas_perf.protocols.http.response import Response
from atlas_perf.protocols.http.response_parser import ResponseParser
from atlas_perf.protocols.http.tcp_connection import TcpConnection
from atlas_perf.protocols.http.timings import Stopwatch
from atlas_perf.units import NS_PER_MS

OK = response(200, b"ok")


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
    client = make_client(server.url, connections_per_host=2, fold_urls=False)
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
    assert await pool.acquire(origin, Stopwatch(0)) is None
    chosen = asyncio.ensure_future(pool.acquire(origin, Stopwatch(0)))
    next_one = asyncio.ensure_future(pool.acquire(origin, Stopwatch(0)))
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
    with pytest.raises(asyncio.CancelledError):
        await asking
    await closed.wait()


async def test_no_response_waits_for_the_garbage_collector(
    stage: Stage, make_client: MakeClient
) -> None:
    """A collection of cycles stops the world; the hot path must leave it nothing to do."""
    server = await stage.serve(answering(OK))
    client = make_client(server.url)
    kinds = (Response, ResponseParser, Exchange, HttpCall)

    def objects() -> list[object]:
        return [each for each in gc.get_objects() if isinstance(each, kinds)]

    gc.collect()
    others = objects()  # parameters of other tests, say

    def alive() -> list[str]:
        known = {id(each) for each in others}
        return [type(each).__name__ for each in objects() if id(each) not in known]

    gc.disable()
    try:
        await client.get("/")
        assert alive() == []
        for _ in range(5):
            await client.get("/")
        assert alive() == ["ResponseParser"]  # the connection's, used again and again
    finally:
        gc.enable()


async def test_an_idle_connection_holds_no_body(stage: Stage, make_client: MakeClient) -> None:
    client = make_client((await stage.serve(answering(response(200, bytes(1000))))).url)
    for _ in range(3):
        body = (await client.get("/")).wire_body
        assert sys.getrefcount(body) == 2  # ours, and the argument of this very call


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
    sock = socket.create_connection(("127.0.0.1", server.port))
    sock.setblocking(False)
    connection = TcpConnection(sock)
    body = bytes(50_000_000)
    exchange = Exchange(Stopwatch(0), to_head=False)
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    asking = asyncio.ensure_future(connection.exchange(head, body, exchange))
    await asyncio.sleep(0.02)
    assert 0 < connection.sent_bytes < len(body)
    read_on.set()
    await asking
    watch = exchange.watch
    assert watch.sent_ns - watch.send_began_ns >= 19 * NS_PER_MS
    assert watch.sent_ns <= watch.first_byte_ns
    assert connection.reusable
    connection.abort()
    await connection.wait_closed()
    assert not connection.reusable
