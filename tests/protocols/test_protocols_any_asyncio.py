"""Whatever else asyncio offers, and libraries on it, go with `vu.http`, plain and under TLS."""

from __future__ import annotations

import asyncio
import contextvars
import ssl
import sys
from collections.abc import Coroutine
from typing import Any

import aiohttp
import pytest
import trustme
from scripted_server import (
    KeepingRecorder,
    MakeClient,
    Peer,
    ReceivedRequest,
    Server,
    Stage,
    answering,
    response,
)

from atlas_perf.protocols.http.client import HttpClient

OK = response(200, b"ok")
CONNECTIONS = 4


def echo(request: ReceivedRequest) -> bytes:
    return response(200, request.path.encode())


@pytest.fixture(scope="module")
def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(params=["http", "https"])
def tls(request: pytest.FixtureRequest, server_tls: ssl.SSLContext) -> ssl.SSLContext | None:
    return server_tls if request.param == "https" else None


@pytest.fixture
async def server(stage: Stage, tls: ssl.SSLContext | None) -> Server:
    return await stage.serve(answering(echo), tls=tls)


@pytest.fixture
async def client(server: Server, make_client: MakeClient) -> HttpClient:
    """With connections open, so that what follows takes the fastest way there is."""
    client = make_client(
        server.url, insecure_skip_tls_verify=True, connections_per_host=CONNECTIONS
    )
    await asyncio.gather(*(client.get("/") for _ in range(CONNECTIONS)))
    return client


@pytest.fixture
async def hanging(
    stage: Stage, tls: ssl.SSLContext | None, make_client: MakeClient
) -> tuple[HttpClient, asyncio.Event]:
    """A client whose second request on a connection is answered once the event is set."""
    go_on = asyncio.Event()

    async def handle(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await go_on.wait()
        await peer.send(OK)
        await peer.until_closed()

    server = await stage.serve(handle, tls=tls)
    client = make_client(server.url, insecure_skip_tls_verify=True)
    await client.get("/")
    return client, go_on


Hanging = tuple[HttpClient, asyncio.Event]


def errors(recorder: KeepingRecorder) -> list[str]:
    return [sample.tags.get("error", "") for sample in recorder.requests]


@pytest.mark.parametrize("way", ["timeout", "wait_for"])
async def test_a_limit_of_the_callers_own(
    hanging: Hanging, recorder: KeepingRecorder, way: str
) -> None:
    client, _ = hanging
    with pytest.raises(TimeoutError):
        if way == "timeout":
            async with asyncio.timeout(0.02):
                await client.get("/")
        else:
            await asyncio.wait_for(client.get("/"), 0.02)
    assert errors(recorder) == ["", "request canceled"]


async def test_a_shielded_request_goes_on(hanging: Hanging, recorder: KeepingRecorder) -> None:
    client, go_on = hanging
    inner = asyncio.ensure_future(client.get("/"))

    async def outer() -> None:
        await asyncio.shield(inner)

    impatient = asyncio.create_task(outer())
    await asyncio.sleep(0.01)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    go_on.set()
    assert (await inner).body == b"ok"
    assert errors(recorder) == ["", ""]


async def test_a_task_group_that_fails_elsewhere(
    hanging: Hanging, recorder: KeepingRecorder
) -> None:
    client, _ = hanging

    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise LookupError

    with pytest.raises(ExceptionGroup):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(client.get("/"))
            tasks.create_task(fail())
    assert errors(recorder) == ["", "request canceled"]


async def test_gather_keeps_what_was_raised_beside_answers(client: HttpClient) -> None:
    async def fail() -> None:
        raise LookupError

    answer, error = await asyncio.gather(client.get("/x"), fail(), return_exceptions=True)
    assert answer.body == b"/x"
    assert isinstance(error, LookupError)


async def test_as_completed_in_the_order_of_answers(client: HttpClient) -> None:
    asked = [client.get(f"/{n}") for n in range(12)]
    found = [(await each).body for each in asyncio.as_completed(asked, timeout=5)]
    assert sorted(found) == sorted(b"/%d" % n for n in range(12))


async def test_a_queue_between_requests(client: HttpClient) -> None:
    """Two producers and three consumers, each asking in turn."""
    queue: asyncio.Queue[str | None] = asyncio.Queue(maxsize=2)
    found: list[bytes] = []

    async def produce(name: str) -> None:
        for n in range(5):
            await queue.put((await client.get(f"/{name}{n}")).body.decode())

    async def consume() -> None:
        while (path := await queue.get()) is not None:
            found.append((await client.get(path)).body)
            queue.task_done()

    consumers = [asyncio.create_task(consume()) for _ in range(3)]
    await asyncio.gather(produce("a"), produce("b"))
    await queue.join()
    for _ in consumers:
        await queue.put(None)
    await asyncio.gather(*consumers)
    assert sorted(found) == sorted(f"/{name}{n}".encode() for name in "ab" for n in range(5))


async def test_a_lock_and_a_semaphore_around_requests(client: HttpClient) -> None:
    lock, slots = asyncio.Lock(), asyncio.Semaphore(2)
    inside = most = 0

    async def ask(n: int) -> bytes:
        nonlocal inside, most
        async with slots:
            async with lock:
                inside += 1
                most = max(most, inside)
                answer = await client.get(f"/{n}")
                inside -= 1
            return answer.body

    assert await asyncio.gather(*map(ask, range(6))) == [b"/%d" % n for n in range(6)]
    assert most == 1


async def test_events_and_conditions_between_requests(client: HttpClient) -> None:
    ready, condition = asyncio.Event(), asyncio.Condition()
    order: list[str] = []

    async def first() -> None:
        await client.get("/first")
        order.append("first")
        ready.set()
        async with condition:
            await condition.wait()
        order.append((await client.get("/last")).body.decode())

    async def second() -> None:
        await ready.wait()
        order.append((await client.get("/second")).body.decode())
        async with condition:
            condition.notify_all()

    await asyncio.gather(first(), second())
    assert order == ["first", "/second", "/last"]


async def test_a_thread_beside_requests(client: HttpClient) -> None:
    thread, answer = await asyncio.gather(asyncio.to_thread(sum, range(1000)), client.get("/x"))
    assert (thread, answer.body) == (499500, b"/x")
    loop = asyncio.get_running_loop()

    def ask_from_a_thread() -> bytes:
        async def ask() -> bytes:
            return (await client.get("/t")).body

        return asyncio.run_coroutine_threadsafe(ask(), loop).result(5)

    assert await asyncio.to_thread(ask_from_a_thread) == b"/t"


async def test_context_variables_before_inside_and_in_tasks(client: HttpClient) -> None:
    """Set outside, a variable is seen inside; set inside, it stays there, across every await."""
    variable = contextvars.ContextVar("variable", default="none")
    variable.set("outside")

    async def ask(name: str) -> list[str]:
        seen = [variable.get()]
        variable.set(name)
        await client.get(f"/{name}")
        seen.append(variable.get())

        async def child() -> str:
            await client.get("/child")
            return variable.get()

        seen.append(await asyncio.create_task(child()))
        await client.get(f"/{name}")
        return [*seen, variable.get()]

    found = await asyncio.gather(*map(ask, "abcdefgh"))
    assert found == [["outside", name, name, name] for name in "abcdefgh"]
    assert variable.get() == "outside"
    own = contextvars.copy_context()
    own.run(variable.set, "given")
    task = asyncio.create_task(ask("own"), context=own)
    assert (await task)[0] == "given"
    assert own[variable] == "own"


if sys.version_info >= (3, 12):

    def eager_task(
        loop: asyncio.AbstractEventLoop,
        coro: Coroutine[Any, Any, Any],
        *,
        eager_start: bool | None = None,  # of later releases; uvloop passes it to the first as well
        **options: Any,
    ) -> asyncio.Task[Any]:
        return asyncio.eager_task_factory(loop, coro, **options)

    async def test_eager_tasks(
        client: HttpClient, hanging: Hanging, recorder: KeepingRecorder
    ) -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(eager_task)
        try:
            before = len(recorder.requests)
            async with asyncio.TaskGroup() as tasks:
                asked = [tasks.create_task(client.get(f"/{n}")) for n in range(12)]
            assert [task.result().body for task in asked] == [b"/%d" % n for n in range(12)]

            async def two(n: int) -> bytes:
                await client.get("/one")
                return (await client.get(f"/{n}")).body

            assert await asyncio.gather(*map(two, range(6))) == [b"/%d" % n for n in range(6)]
            assert len(recorder.requests) == before + 24
            canceled = asyncio.create_task(hanging[0].get("/"))
            canceled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await canceled
            assert recorder.last.tags["error"] == "request canceled"
            assert len(recorder.requests) == before + 25
        finally:
            loop.set_task_factory(None)


async def test_another_http_library_beside_it(
    client: HttpClient, server: Server, recorder: KeepingRecorder
) -> None:
    """aiohttp's requests are its own business: they are made, and not counted."""
    before = len(recorder.requests)
    connector = aiohttp.TCPConnector(ssl=False)
    async with aiohttp.ClientSession(server.url, connector=connector) as session:

        async def theirs(n: int) -> bytes:
            async with session.get(f"/theirs/{n}") as answer:
                return await answer.read()

        async def ours(n: int) -> bytes:
            return (await client.get(f"/ours/{n}")).body

        async def mixed(n: int) -> bytes:
            path = (await theirs(n)) + (await ours(n))
            return path + await theirs(n)

        asked = [each(n) for n in range(10) for each in (theirs, ours, mixed)]
        found = await asyncio.gather(*asked)
    expected = []
    for n in range(10):
        a, b = b"/theirs/%d" % n, b"/ours/%d" % n
        expected += [a, b, a + b + a]
    assert found == expected
    assert len(recorder.requests) == before + 20
