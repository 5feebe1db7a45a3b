"""Iterations that follow each other without a task's turn: none is lost, none is counted twice.

Bench's own scenario file under its own executor, in this process, against a server that counts.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvloop

import atlas_perf.builtin
from atlas_perf.clock import now_ns
from atlas_perf.loader.scenario_file import load_scenario_file
from atlas_perf.model.batch import CounterDelta, Ledger, RateDelta, TrendDelta
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import ConstantVUs, HttpOptions, ScenarioPlan, TestPlan
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS, NS_PER_S
from atlas_perf.worker.load import Load
from atlas_perf.worker.recorder import Recorder

USERS = 4
ENOUGH = 400
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Reply = Callable[["Connection"], None]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@dataclass
class Server:
    """Answers the n-th request as `replies` says (n modulo their number), else with OK."""

    replies: dict[int, Reply] = field(default_factory=dict)
    period: int = 1
    requests: int = 0
    received_bytes: int = 0
    sent_bytes: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    url: str = ""
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    after: int = ENOUGH
    instants_ns: list[int] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)

    def reply(self, connection: Connection, head: bytes) -> None:
        self.requests += 1
        self.instants_ns.append(now_ns())
        self.heads.append(head)
        assert not connection.said_close, "a request on a connection that was to be closed"
        if self.requests >= self.after:
            self.enough.set()
        self.replies.get(self.requests % self.period, answer(OK))(connection)


class Connection(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self.server = server
        self.unread = b""
        self.said_close = False
        server.connections.append(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.server.received_bytes += len(data)
        self.unread += data
        while b"\r\n\r\n" in self.unread:
            head, _, self.unread = self.unread.partition(b"\r\n\r\n")
            self.server.reply(self, head)

    def write(self, data: bytes) -> None:
        self.server.sent_bytes += len(data)
        self.said_close = b"Connection: close" in data or data.endswith(b"more")
        self.transport.write(data)


def answer(data: bytes, *, then: Callable[[asyncio.Transport], None] | None = None) -> Reply:
    status = int(data[9:12])

    def reply(connection: Connection) -> None:
        connection.server.statuses[status] += 1
        connection.write(data)
        if then is not None:
            then(connection.transport)

    return reply


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


class Bench:
    """One worker's load, and what it recorded."""

    def __init__(self, url: str, *, users: int = USERS, **settings: Any) -> None:
        request = {"method": "GET", "url": url, **settings.pop("request", {})}
        variables = {"BENCH_REQUEST_SECRET": json.dumps(request)}
        path = Path(atlas_perf.builtin.__file__).with_name("bench.py")
        file = load_scenario_file(path, variables)
        plan = TestPlan(
            name="bench",
            file=file.file,
            file_sha256=file.sha256,
            scenarios=(
                ScenarioPlan(
                    name="bench",
                    executor=ConstantVUs(
                        vus=users, duration_ns=settings.pop("duration_ns", 60 * NS_PER_S)
                    ),
                    graceful_stop_ns=settings.pop("graceful_stop_ns", 10 * NS_PER_S),
                ),
            ),
            http=HttpOptions(
                timeout_ns=settings.pop("timeout_ns", 5 * NS_PER_S),
                max_redirects=settings.pop("max_redirects", 0),
                **settings,
            ),
        )
        self.recorder = Recorder(BUILTIN_METRICS.values())
        self.load = Load(plan, file, self.recorder, worker=0, workers=1)
        self.t0_ns = 0
        self.requests_at_stop = 0
        self.values: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    async def run(self) -> None:
        self.t0_ns = now_ns()
        self.recorder.start_at(self.t0_ns)
        async with asyncio.timeout(30):
            await self.load.run(self.t0_ns)
        await self.load.close()
        self._read()

    async def run_until(self, server: Server, *, graceful: bool = True) -> None:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.run())
            await asyncio.wait(
                [running, tasks.create_task(server.enough.wait())],
                return_when=asyncio.FIRST_COMPLETED,
            )
            self.requests_at_stop = server.requests
            self.load.stop(graceful=graceful)

    @property
    def ledger(self) -> Ledger:
        return self.load.ledgers()["bench"]

    def _read(self) -> None:
        closed = self.recorder.close_interval()
        assert (closed.refused_samples, closed.overflowed_samples) == (0, 0)
        names = {new.number: new.metric.name for new in closed.new_series}
        for delta in closed.deltas:
            name = names[delta.number]
            match delta:
                case CounterDelta():
                    value, count = delta.total, delta.samples
                case RateDelta():
                    value, count = delta.passes, delta.samples
                case TrendDelta():
                    sketch = Sketch.from_bytes(delta.sketch)
                    value, count = sketch.sum, sketch.count
                case _:
                    raise AssertionError(delta)
            self.values[name] = self.values.get(name, 0) + value
            self.counts[name] = self.counts.get(name, 0) + count

    def must_have_counted(
        self, server: Server, *, failed: int = 0, unanswered: int = 0, sent_twice: bool = False
    ) -> None:
        """Every request once, in every series, in the ledger and on both sides.

        Args:
            unanswered: how many may lack a phase.
            sent_twice: requests went to dead connections too, whose server did not see them.
        """
        requests = server.requests
        assert self.values["http_reqs"] == requests
        assert self.values["http_req_failed"] == failed
        for name in ("http_req_failed", "http_req_duration", "http_req_blocked"):
            assert self.counts[name] == requests, name
        for name in ("http_req_sending", "http_req_waiting", "http_req_receiving"):
            assert requests - unanswered <= self.counts[name] <= requests, name
        assert self.values["data_sent"] >= server.received_bytes
        assert sent_twice or self.values["data_sent"] == server.received_bytes
        assert self.values["data_received"] == server.sent_bytes
        assert self.ledger == Ledger(scheduled=requests, started=requests, completed=requests)
        assert self.values["iterations"] == requests
        assert self.counts["iteration_duration"] == requests
        assert (self.values["iteration_failed"], self.counts["iteration_failed"]) == (0, requests)
        assert self.values["iteration_duration"] >= self.values["http_req_duration"]
        assert sum(user.iteration + 1 for user in self.load._users) == requests


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
    # The first iteration connects, the second learns its series, the third is all others.
    assert len(asked) == 3 * USERS


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
    assert server.requests == bench.values["http_reqs"] == 100 + USERS
    assert bench.values["http_req_failed"] == USERS
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
        lane.interrupt()
    await beside.close()
    assert server.requests == 101
    assert bench.ledger == Ledger(scheduled=99, started=99, completed=98, interrupted=1)
    assert (bench.values["http_reqs"], bench.values["http_req_failed"]) == (99, 1)


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
