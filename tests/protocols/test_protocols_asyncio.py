"""Requests are ordinary awaitables: whatever asyncio does with a coroutine works with them."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import time
import warnings
from collections.abc import Awaitable, Callable

import pytest
from scripted_server import (
    KeepingRecorder,
    MakeClient,
    Peer,
    ReceivedRequest,
    Server,
    Stage,
    answering,
    response,
    until,
)

from atlas_perf import clock
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.response import HttpError, Response
from atlas_perf.units import NS_PER_MS

OK = response(200, b"ok")


def echo(request: ReceivedRequest) -> bytes:
    return response(200, request.path.encode())


@pytest.fixture
async def server(stage: Stage) -> Server:
    return await stage.serve(answering(echo))


@pytest.fixture
async def client(server: Server, make_client: MakeClient) -> HttpClient:
    """With six connections open, so that what follows takes the fast way."""
    client = make_client(server.url)
    await asyncio.gather(*(client.get("/") for _ in range(6)))
    assert len(server.peers) == 6
    return client


async def bodies(*requests: Awaitable[Response]) -> list[bytes]:
    return [answer.body for answer in await asyncio.gather(*requests)]


async def test_gather(client: HttpClient, recorder: KeepingRecorder) -> None:
    paths = [f"/{n}" for n in range(20)]
    assert await bodies(*map(client.get, paths)) == [path.encode() for path in paths]
    assert len(recorder.requests) == 26


async def test_gather_with_other_awaitables(client: HttpClient) -> None:
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.01, future.set_result, "f")
    slept, answer, set_ = await asyncio.gather(asyncio.sleep(0.005, "s"), client.get("/x"), future)
    assert (slept, answer.body, set_) == ("s", b"/x", "f")


async def test_task_group(client: HttpClient) -> None:
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(client.get(f"/{n}")) for n in range(8)]
    assert [task.result().body for task in asked] == [b"/%d" % n for n in range(8)]


async def test_a_failing_task_group_cancels_its_requests(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    hanging = make_client((await stage.serve(hang_on_second)).url)
    await hanging.get("/")

    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise LookupError

    with pytest.raises(ExceptionGroup):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hanging.get("/hang"))
            tasks.create_task(fail())
    assert recorder.last.tags["error"] == "request canceled"


@pytest.mark.parametrize("way", ["create_task", "ensure_future", "shield", "wait_for"])
async def test_the_other_ways_to_await(client: HttpClient, way: str) -> None:
    if way == "wait_for":
        answer = await asyncio.wait_for(client.get("/x"), 5)
    else:
        answer = await getattr(asyncio, way)(client.get("/x"))
    assert answer.body == b"/x"


async def test_wait_and_as_completed(client: HttpClient) -> None:
    done, pending = await asyncio.wait([asyncio.create_task(client.get("/x"))], timeout=5)
    assert {task.result().body for task in done} == {b"/x"}
    assert not pending
    found = {(await each).body for each in asyncio.as_completed(map(client.get, ["/a", "/b"]))}
    assert found == {b"/a", b"/b"}


async def test_context_variables(client: HttpClient) -> None:
    variable = contextvars.ContextVar("variable", default="")

    async def ask(name: str) -> bool:
        variable.set(name)
        for _ in range(3):
            await client.get(f"/{name}")
            if variable.get() != name:
                return False
        return True

    assert all(await asyncio.gather(*map(ask, "abcdef")))
    assert variable.get() == ""


async def test_nothing_is_sent_before_it_is_awaited(client: HttpClient, server: Server) -> None:
    call = client.get("/late")
    await asyncio.sleep(0.01)
    assert all(request.path != "/late" for request in server.requests)
    assert (await call).body == b"/late"


async def test_a_forgotten_await_is_told(client: HttpClient) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        client.get("/forgotten")
        gc.collect()
    assert [str(each.message) for each in told] == ["the request GET /forgotten was never awaited"]


async def test_a_request_is_awaited_once(client: HttpClient) -> None:
    call = client.get("/x")
    await call
    with pytest.raises(RuntimeError, match="awaited only once"):
        await call


async def test_mistakes_are_told_where_it_is_awaited(client: HttpClient) -> None:
    call = client.get("/x", jsn={})
    with pytest.raises(TypeError, match="did you mean json="):
        await call


async def test_an_exception_thrown_by_the_scenario_reaches_no_other(client: HttpClient) -> None:
    async def ask(n: int) -> bytes:
        answer = await client.get(f"/{n}")
        if n == 0:
            raise LookupError
        return answer.body

    results = await asyncio.gather(*map(ask, range(6)), return_exceptions=True)
    assert isinstance(results[0], LookupError)
    assert results[1:] == [b"/1", b"/2", b"/3", b"/4", b"/5"]


# Cancellation at every point of a request's life


async def hang_on_second(peer: Peer) -> None:
    """Answers the first request on a connection, and says nothing more."""
    await peer.request()
    await peer.send(OK)
    await peer.request()
    await peer.until_closed()


async def test_cancelled_before_it_is_sent(
    client: HttpClient, server: Server, recorder: KeepingRecorder
) -> None:
    before = len(recorder.requests)
    task = asyncio.create_task(client.get("/never"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(recorder.requests) == before
    assert await bodies(client.get("/next")) == [b"/next"]
    assert (len(server.peers), server.requests[-1].path) == (6, "/next")


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
async def test_cancelled_while_the_response_comes(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, reply: bytes
) -> None:
    said, closed = asyncio.Event(), asyncio.Event()

    async def stall(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        if peer is not server.peers[0]:
            await peer.send(OK)
            return
        await peer.send(reply)
        said.set()
        await peer.until_closed()
        closed.set()

    server = await stage.serve(stall)
    client = make_client(server.url)
    await client.get("/")
    task = asyncio.create_task(client.get("/"))
    await said.wait()
    (held,) = client._pool.in_use
    await until(lambda: held.received_bytes == len(reply))
    began_ns = clock.now_ns()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        await closed.wait()
    assert recorder.last.failed
    assert recorder.last.tags["error"] == "request canceled"
    assert recorder.last.at_ns >= began_ns
    assert recorder.total("data_received") == len(OK) + len(reply)
    assert not held.reusable
    assert (await client.get("/")).ok
    assert len(server.peers) == 2


async def test_cancelled_after_the_last_byte_before_it_is_told(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """Two responses are read in one turn; whoever wakes first cancels the other."""
    waiting: list[Peer] = []

    async def answer_together(peer: Peer) -> None:
        while True:
            await peer.request()
            waiting.append(peer)
            if len(waiting) == 2:
                both = list(waiting)
                waiting.clear()
                for each in both:
                    each.writer.write(OK)

    server = await stage.serve(answer_together)
    client = make_client(server.url)
    await asyncio.gather(client.get("/"), client.get("/"))
    tasks: list[asyncio.Task[None]] = []

    async def ask(own: int) -> None:
        await client.get("/")
        tasks[1 - own].cancel()

    tasks.extend(asyncio.create_task(ask(own)) for own in (0, 1))
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sorted(type(result) for result in results if result) == [asyncio.CancelledError]
    assert [sample.failed for sample in recorder.requests[2:]] == [False, True]
    assert recorder.last.tags["error"] == "request canceled"
    assert not client._pool.in_use
    host = client._pool.host(("http", "127.0.0.1", server.port))
    assert (host.taken, len(host.idle)) == (0, 1)


async def test_cancelled_while_the_request_is_still_going_out(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    async def never_read_the_second(peer: Peer) -> None:
        await peer.request()
        peer.writer.transport.pause_reading()
        await peer.send(OK)
        await asyncio.sleep(60)

    server = await stage.serve(never_read_the_second)
    client = make_client(server.url)
    await client.get("/")
    task = asyncio.create_task(client.post("/", bytes(20_000_000)))
    await until(lambda: bool(client._pool.in_use))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert recorder.last.waiting_ns == -1
    assert recorder.last.sending_ns > 0
    assert 0 < recorder.total("data_sent") < 20_000_000


async def test_a_callers_timeout(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(hang_on_second)
    client = make_client(server.url)
    await client.get("/")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.03):
            await client.get("/")
    assert recorder.last.tags["error"] == "request canceled"
    assert recorder.last.duration_ns >= 28 * NS_PER_MS


async def test_a_coroutine_closed_from_outside_leaves_no_sample(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(hang_on_second)
    client = make_client(server.url)
    await client.get("/")
    call = client.get("/")
    call.send(None)
    call.close()
    assert not client._pool.in_use
    assert len(recorder.requests) == 1


# Deadlines without a timer of their own


async def test_deadlines_of_many_requests_each_in_its_time(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(hang_on_second)
    limits_ms = [90, 30, 60, 30, 120]
    clients = [make_client(server.url) for _ in limits_ms]
    for client in clients:
        await client.get("/")
    calls = (
        client.get("/", timeout=f"{limit}ms")
        for client, limit in zip(clients, limits_ms, strict=True)
    )
    began = time.monotonic()
    answers = await asyncio.gather(*calls)
    assert time.monotonic() - began < 1
    for answer, limit in zip(answers, limits_ms, strict=True):
        assert (answer.status, answer.error_code, answer.error) == (0, 1050, "request timeout")
        assert limit * NS_PER_MS <= answer.timings.duration_ns < (limit + 200) * NS_PER_MS
    assert [sample.failed for sample in recorder.requests[5:]] == [True] * 5


async def test_a_deadline_that_was_met_ends_nothing_later(
    stage: Stage, make_client: MakeClient
) -> None:
    async def slow_on_third(peer: Peer) -> None:
        for _ in range(2):
            await peer.request()
            await peer.send(OK)
        await peer.request()
        await asyncio.sleep(0.15)
        await peer.send(OK)
        await peer.until_closed()

    server = await stage.serve(slow_on_third)
    client = make_client(server.url)
    await client.get("/")
    assert (await client.get("/", timeout="50ms")).ok
    answer = await client.get("/", timeout="5s")
    assert answer.ok
    assert answer.timings.duration_ns >= 149 * NS_PER_MS


async def test_throw_on_a_kept_connection(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(hang_on_second)
    client = make_client(server.url, throw=True)
    await client.get("/")
    with pytest.raises(HttpError, match="request timeout"):
        await client.get("/", timeout="20ms")


async def test_one_users_code_is_not_billed_to_another(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """Answers that came together are dated before anybody's code runs."""
    asked: list[Peer] = []

    async def answer_together(peer: Peer) -> None:
        while True:
            await peer.request()
            asked.append(peer)
            if len(asked) == 6:
                for each in asked:
                    each.writer.write(OK)
                asked.clear()

    server = await stage.serve(answer_together)
    client = make_client(server.url)

    async def ask(work: Callable[[], None]) -> None:
        await client.get("/")
        work()

    await asyncio.gather(*(ask(lambda: None) for _ in range(6)))
    await asyncio.gather(*(ask(lambda: time.sleep(0.03)) for _ in range(6)))
    instants = [sample.at_ns for sample in recorder.requests[6:]]
    assert max(instants) - min(instants) < 30 * NS_PER_MS
