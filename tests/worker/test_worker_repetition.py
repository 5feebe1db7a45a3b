"""Iterations that follow each other without a task's turn: none is lost, none is counted twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvloop
from counted_bench import OK, USERS, Bench, Connection, Server, answer

from atlas_perf.clock import now_ns
from atlas_perf.model.batch import Ledger
from atlas_perf.units import NS_PER_MS


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


def hang(_connection: Connection) -> None:
    """No answer, ever."""


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Any]]:
    listening: list[asyncio.Server] = []
    counters: list[Server] = []

    async def start(**settings: Any) -> Server:
        server = Server(**settings)
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: Connection(server), "127.0.0.1", 0)
        server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
        listening.append(listener)
        counters.append(server)
        return server

    yield start
    for listener in listening:
        listener.close()
    for server in counters:
        for connection in server.connections:
            connection.transport.abort()


def closing(status: int = 200) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}" % status


def with_field(status: int, field_line: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\n%b\r\nContent-Length: 2\r\n\r\n{}" % (status, field_line)


REPLIES = {
    "says close and leaves it to us": (answer(closing()), 200, False),
    "says close": (answer(closing(), then=lambda t: t.close()), 200, False),
    "closes unannounced": (answer(OK, then=lambda t: t.close()), 200, False),
    "500": (answer(with_field(500, b"A: b")), 500, True),
    "500 and closes": (answer(closing(500), then=lambda t: t.close()), 500, True),
    "redirects": (answer(with_field(302, b"Location: /else")), 302, False),
    "sets a cookie": (answer(with_field(200, b"Set-Cookie: a=1")), 200, False),
    "HTTP/1.0": (answer(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"), 200, False),
    "chunked": (
        answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        200,
        False,
    ),
    "interim": (answer(b"HTTP/1.1 103 Hints\r\n\r\n" + OK), 103, False),
    "until it closes": (answer(b"HTTP/1.1 200 OK\r\n\r\n{}", then=lambda t: t.close()), 200, False),
    "too much": (answer(OK + b"more"), 200, False),
    "truncated": (
        answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", then=lambda t: t.close()),
        200,
        True,
    ),
    "no HTTP": (answer(b"HTTP/2.0 200 OK\r\n\r\n"), 200, True),
}


@pytest.mark.parametrize("what", REPLIES)
@pytest.mark.parametrize("period", [1, 2, 7])
async def test_every_request_is_counted_once_whatever_some_answers_do(
    serve: Any, what: str, period: int
) -> None:
    reply, status, fails = REPLIES[what]
    server = await serve(replies={0: reply}, period=period)
    bench = Bench(server.url)
    await bench.run_until(server)
    odd = server.requests // period
    assert server.statuses[status] == (server.requests if status == 200 else odd)
    bench.must_have_counted(
        server,
        failed=odd if fails else 0,
        unanswered=odd if fails else 0,
        sent_twice=what == "closes unannounced",
    )


async def test_requests_that_hang_are_failures_and_others_go_on(serve: Any) -> None:
    server = await serve(replies={0: hang}, period=50, after=600)
    bench = Bench(server.url, timeout_ns=100 * NS_PER_MS)
    await bench.run_until(server)
    hung = server.requests // 50
    bench.must_have_counted(server, failed=hung, unanswered=hung)


async def test_it_repeats_without_a_turn_of_its_task(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all of this would hold and prove nothing."""
    server = await serve()
    bench = Bench(server.url)
    asked = []
    (executor,) = bench.load._executors
    may_iterate = executor._may_iterate

    def ask(lane: Any) -> bool:
        asked.append(lane)
        return may_iterate(lane)

    monkeypatch.setattr(executor, "_may_iterate", ask)
    await bench.run_until(server)
    bench.must_have_counted(server)
    # The first iteration connects, one learns where its samples go, the last is all others.
    assert len(asked) <= 3 * USERS < server.requests // 10


async def test_a_body_goes_out_with_each_request(serve: Any) -> None:
    server = await serve()
    body = json.dumps({"prompt": "hello"})
    bench = Bench(server.url, request={"method": "POST", "body": body})
    await bench.run_until(server)
    # Heads are counted where their blank line is: a body in between is cut off with the next.
    assert server.received_bytes == server.requests * (server.received_bytes // server.requests)
    bench.must_have_counted(server)


async def test_nothing_begins_after_the_time_is_up(serve: Any) -> None:
    server = await serve()
    bench = Bench(server.url, duration_ns=200 * NS_PER_MS)
    await bench.run()
    bench.must_have_counted(server)
    end_ns = bench.t0_ns + 200 * NS_PER_MS
    assert bench.load.last_end_ns is not None
    assert bench.load.last_end_ns >= end_ns
    assert server.requests > USERS
    # Each user may have one on its way when the time is up.
    assert sum(instant > end_ns for instant in server.instants_ns) <= USERS


async def test_nothing_begins_after_a_stop(serve: Any) -> None:
    server = await serve()
    bench = Bench(server.url)
    await bench.run_until(server)
    bench.must_have_counted(server)
    assert server.requests - bench.requests_at_stop <= USERS


async def test_redirects_are_followed_where_they_may_be(serve: Any) -> None:
    server = await serve(replies={0: answer(with_field(302, b"Location: /else"))}, period=7)
    bench = Bench(server.url, max_redirects=3)
    await bench.run_until(server)
    followed = sum(head.startswith(b"GET /else ") for head in server.heads)
    assert followed == server.requests // 7
    assert bench.values["http_reqs"] == server.requests
    assert bench.ledger.completed == server.requests - followed


@pytest.mark.parametrize("kept", [True, False])
async def test_cookies_outlive_an_iteration_only_where_they_may(serve: Any, kept: bool) -> None:
    server = await serve(replies={100: answer(with_field(200, b"Set-Cookie: a=1"))}, period=1000)
    bench = Bench(server.url, users=1, no_cookies_reset=kept)
    await bench.run_until(server)
    bench.must_have_counted(server)
    with_cookie = [b"Cookie: a=1" in head for head in server.heads]
    assert with_cookie == [False] * 100 + [kept] * (server.requests - 100)


@pytest.mark.parametrize("graceful", [True, False])
async def test_what_outlasts_the_end_is_interrupted_and_counted_so(
    serve: Any, graceful: bool
) -> None:
    server = await serve(after=100 + USERS)

    def answer_a_hundred(connection: Connection) -> None:
        if server.requests <= 100:
            answer(OK)(connection)

    server.replies[0] = answer_a_hundred
    bench = Bench(server.url, graceful_stop_ns=50 * NS_PER_MS)
    await bench.run_until(server, graceful=graceful)
    assert bench.ledger == Ledger(
        scheduled=100 + USERS, started=100 + USERS, completed=100, interrupted=USERS
    )
    assert server.requests == 100 + USERS
    assert (bench.values["http_reqs"], bench.values["http_reqs_censored"]) == (100, USERS)
    assert bench.values["http_req_failed"] == 0
    assert bench.values["iterations"] == 100


async def test_a_user_that_is_interrupted_between_answer_and_next_request_sends_none(
    serve: Any,
) -> None:
    """Two answers are read in one turn; whoever wakes first interrupts the other."""
    held: list[Connection] = []

    def hold_the_hundredth(connection: Connection) -> None:
        if server.requests == 100:
            held.append(connection)
            return
        answer(OK)(connection)
        if held and connection is not held[0]:
            answer(OK)(held[0])

    server = await serve(after=100, replies={0: hold_the_hundredth})
    bench = Bench(server.url, users=1)
    (lane,) = bench.load._executors[0].lanes
    beside = Bench(server.url, users=1).load._users[0].http
    async with asyncio.TaskGroup() as tasks:
        await beside.get(server.url)
        tasks.create_task(bench.run())
        await server.enough.wait()
        await beside.get(server.url)
        lane.interrupt(now_ns())
    await beside.close()
    assert server.requests == 101
    assert bench.ledger == Ledger(scheduled=99, started=99, completed=98, interrupted=1)
    assert (bench.values["http_reqs"], bench.values["http_reqs_censored"]) == (98, 1)
    assert bench.values["http_req_failed"] == 0


async def test_iterations_that_must_not_share_connections_are_not_repeated(serve: Any) -> None:
    server = await serve(after=40)
    bench = Bench(server.url, no_vu_connection_reuse=True)
    await bench.run_until(server)
    bench.must_have_counted(server)
    assert len(server.connections) == server.requests


async def test_other_tasks_of_the_loop_have_their_turns(serve: Any) -> None:
    server = await serve(after=10**9)
    bench = Bench(server.url, users=64)
    turns = 0

    async def beside() -> None:
        nonlocal turns
        for _ in range(200):
            await asyncio.sleep(0)
            turns += 1
        await asyncio.sleep(0.001)
        await asyncio.to_thread(lambda: None)
        server.enough.set()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bench.run_until(server))
        tasks.create_task(beside())
    assert turns == 200
    bench.must_have_counted(server)


@pytest.mark.parametrize("limit", ["connection_max_age_ns", "connection_max_idle_ns"])
async def test_limits_on_connections_hold_where_requests_are_repeated(
    serve: Any, limit: str
) -> None:
    """An age of a nanosecond: each request on a connection of its own."""
    server = await serve(after=40)
    bench = Bench(server.url, **{limit: 1})
    await bench.run_until(server)
    bench.must_have_counted(server)
    assert len(server.connections) == server.requests


async def test_an_age_that_comes_while_requests_are_repeated_is_heeded(serve: Any) -> None:
    server = await serve(after=10**9)
    bench = Bench(server.url, users=1, connection_max_age_ns=20 * NS_PER_MS)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(bench.run_until(server))
        while len(server.connections) < 4:  # noqa: ASYNC110 - a state that sets no event
            await asyncio.sleep(0.001)
        server.enough.set()
    bench.must_have_counted(server)
    assert server.requests > 2 * len(server.connections)


async def test_a_phase_begins_for_each_user_with_its_next_request(serve) -> None:
    """No request that began after the warm-up is of it, and at most one of a user spans its end."""
    server = await serve()
    bench = Bench(server.url, duration_ns=300 * NS_PER_MS, warm_up_ns=150 * NS_PER_MS)
    await bench.run()
    bench.must_have_counted(server)
    ends_ns = bench.t0_ns + 150 * NS_PER_MS
    came_before = sum(instant_ns < ends_ns for instant_ns in server.instants_ns)
    assert set(bench.iterations_by_phase) == {"warm-up", "steady"}
    assert came_before <= bench.iterations_by_phase["warm-up"] <= came_before + USERS
