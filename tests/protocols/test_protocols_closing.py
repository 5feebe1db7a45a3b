"""After `close` nothing is sent any more, and every request is one sample: cut off in flight."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import trustme
from scripted_server import (
    KeepingRecorder,
    MakeClient,
    Peer,
    Stage,
    answering,
    response,
    until,
)

from atlas_perf import DigestAuth
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.resolver import Resolver
from atlas_perf.protocols.http.response import Response

OK = response(200, b"ok")


def was_canceled(recorder: KeepingRecorder, since: int) -> None:
    """Exactly one sample since then, without an outcome: no failure of anybody's."""
    (sample,) = recorder.requests[since:]
    assert sample.failed is None
    assert sample.tags["expected_response"] == "unknown"
    assert sample.tags.keys().isdisjoint({"error", "error_code", "status"})
    assert sample.blocked_ns >= 0
    assert min(sample.sending_ns, sample.waiting_ns, sample.receiving_ns) >= 0
    assert sample.service_ns == sample.duration_ns


async def close_ends(
    client: HttpClient, asking: asyncio.Task[Response], recorder: KeepingRecorder
) -> None:
    """Closing ends what is under way before it returns; the task is told; nothing comes later."""
    before = len(recorder.requests)
    assert not asking.done()
    await client.close()
    was_canceled(recorder, before)
    await asyncio.wait({asking}, timeout=5)  # the request's own limit is twice as long
    assert asking.cancelled()
    was_canceled(recorder, before)
    assert not client._pool.in_use


def hangs_at(
    count: int, reply: bytes = b"", *, first: bytes = OK
) -> Callable[[Peer], Awaitable[None]]:
    """Answers `first` on a connection, but the request of that number with `reply` at most."""

    async def handle(peer: Peer) -> None:
        for _ in range(count - 1):
            await peer.request()
            await peer.send(first)
        await peer.request()
        await peer.send(reply)
        await peer.until_closed()

    return handle


REPLIES = [
    b"",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Le",
    b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"HTTP/1.1 200 OK\r\n\r\nuntil it closes",
]


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("number", [1, 2], ids=["connecting first", "on a kept connection"])
async def test_while_it_waits_or_receives(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, reply: bytes, number: int
) -> None:
    server = await stage.serve(hangs_at(number, reply))
    client = make_client(server.url)
    for _ in range(number - 1):
        await client.get("/")
    asking = asyncio.create_task(client.get("/"))
    await until(lambda: len(server.requests) == number)
    (held,) = client._pool.in_use
    await until(lambda: held.received_bytes == len(reply))
    await close_ends(client, asking, recorder)
    assert len(server.peers) == 1
    assert recorder.total("data_received") == len(OK) * (number - 1) + len(reply)
    assert recorder.total("data_sent") == sum(len(each.raw_head) for each in server.requests)


async def test_while_it_waits_for_a_connection(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(hangs_at(1))
    client = make_client(server.url, connections_per_host=2)
    asking = [asyncio.create_task(client.get(f"/{n}")) for n in range(5)]
    await until(lambda: len(server.requests) == 2)
    await client.close()
    assert [sample.failed for sample in recorder.requests] == [None] * 5
    ages_ns = [sample.duration_ns for sample in recorder.requests]
    assert sorted(age_ns > 0 for age_ns in ages_ns) == [False] * 3 + [True] * 2
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError] * 5
    assert (len(server.peers), len(server.requests), len(recorder.requests)) == (2, 2, 5)


async def test_when_its_turn_has_just_come(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """The slot is handed on in the very turn in which the client is closed."""
    server = await stage.serve(answering(OK))
    client = make_client(server.url, connections_per_host=1)

    async def close_after_the_first() -> None:
        await client.get("/first")
        await client.close()

    first = asyncio.create_task(close_after_the_first())
    second = asyncio.create_task(client.get("/second"))
    await first
    with pytest.raises(asyncio.CancelledError):
        await second
    assert [sample.failed for sample in recorder.requests] == [False, None]
    assert [request.path for request in server.requests] == ["/first"]


async def test_while_its_name_is_looked_up(
    make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    asked = asyncio.Event()

    async def never(host: str) -> list[str]:
        asked.set()
        await asyncio.sleep(60)
        return []

    client = make_client("http://slow.example", resolver=Resolver(never))
    asking = asyncio.create_task(client.get("/"))
    await asked.wait()
    await close_ends(client, asking, recorder)


@pytest.fixture
def full_listener(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A port whose queue of connections is full: the next connect hangs."""
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            filler = sockets.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()


async def test_while_it_dials(
    full_listener: tuple[str, int], make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    client = make_client(f"http://127.0.0.1:{full_listener[1]}")
    asking = asyncio.create_task(client.get("/"))
    await asyncio.sleep(0.01)
    await close_ends(client, asking, recorder)
    assert recorder.last.connecting_ns > 0
    assert recorder.last.duration_ns == 0


@pytest.mark.parametrize("scheme", ["https", "tunnel"])
async def test_while_it_shakes_hands(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, scheme: str
) -> None:
    """With TLS, and with a proxy: the other side says nothing."""
    begun = asyncio.Event()

    async def silent(peer: Peer) -> None:
        await peer.reader.readexactly(1)
        begun.set()
        await peer.until_closed()

    server = await stage.serve(silent)
    if scheme == "https":
        client = make_client(f"https://127.0.0.1:{server.port}")
    else:
        client = make_client("https://far.example", proxy=server.url)
    asking = asyncio.create_task(client.get("/"))
    await begun.wait()
    await close_ends(client, asking, recorder)
    assert recorder.last.duration_ns == 0


@pytest.mark.parametrize("number", [1, 2])
async def test_while_the_request_goes_out(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, number: int
) -> None:
    async def stops_reading(peer: Peer) -> None:
        for _ in range(number - 1):
            await peer.request()
            await peer.send(OK)
        await peer.reader.readexactly(1)
        peer.writer.transport.pause_reading()
        await asyncio.sleep(60)

    server = await stage.serve(stops_reading)
    client = make_client(server.url)
    for _ in range(number - 1):
        await client.get("/")
    asking = asyncio.create_task(client.post("/", bytes(20_000_000)))
    await until(lambda: any(held.sent_bytes > 1000 for held in client._pool.in_use))
    await close_ends(client, asking, recorder)
    assert recorder.last.sending_ns > 0
    assert recorder.last.waiting_ns == 0
    assert 1000 < recorder.total("data_sent") < 20_000_000


@pytest.mark.parametrize("stubborn", [False, True])
async def test_while_the_body_comes_in_parts(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, stubborn: bool
) -> None:
    """Also with an iterator that goes on when it is cancelled."""
    server = await stage.serve(hangs_at(1))
    client = make_client(server.url)
    given, go_on = asyncio.Event(), asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        yield b"part"
        given.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if not stubborn:
                raise
            await go_on.wait()
            yield b"more"

    asking = asyncio.create_task(client.post("/", parts()))
    await given.wait()
    before = len(recorder.requests)
    await asyncio.gather(client.close(), client.close())
    was_canceled(recorder, before)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asking
    was_canceled(recorder, before)


@pytest.mark.parametrize("kept", [False, True])
async def test_between_hops(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, kept: bool
) -> None:
    """The redirect is a sample of its own, and so is what it leads to."""
    moved = response(302, Location="/next")
    server = await stage.serve(hangs_at(2 + kept, first=moved))
    client = make_client(server.url)
    if kept:
        await client.get("/", max_redirects=0)
    asking = asyncio.create_task(client.get("/"))
    await until(lambda: len(server.requests) == 2 + kept)
    await close_ends(client, asking, recorder)
    assert [sample.failed for sample in recorder.requests] == [False] * (1 + kept) + [None]


@pytest.mark.parametrize("way", ["redirect", "digest"])
@pytest.mark.parametrize("kept", [False, True])
async def test_when_the_next_hop_is_due(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, way: str, kept: bool
) -> None:
    """The first answer is read in the turn in which another task closes the client."""
    leading = {
        "redirect": response(307, Location="/next"),
        "digest": response(401, WWW_Authenticate='Digest realm="r", nonce="n", qop="auth"'),
    }[way]
    together: list[Peer] = []

    async def answer_both(peer: Peer) -> None:
        while True:
            request = await peer.request()
            if request.path == "/warm":
                await peer.send(OK)
                continue
            together.append(peer)
            if len(together) == 2:
                together[0].writer.write(OK)
                together[1].writer.write(leading)

    server = await stage.serve(answer_both)
    closing, client = make_client(server.url), make_client(server.url)
    await closing.get("/warm")
    if kept:
        await client.get("/warm")

    async def close_when_answered() -> None:
        await closing.get("/closing")
        await client.close()

    closes = asyncio.create_task(close_when_answered())
    await until(lambda: len(together) == 1)
    options = {"auth": DigestAuth("u", "p")} if way == "digest" else {}
    asking = asyncio.create_task(client.get("/hops", **options))
    await closes
    with pytest.raises(asyncio.CancelledError):
        await asking
    mine = [
        each for each in recorder.requests if not each.tags["name"].endswith(("/warm", "/closing"))
    ]
    assert 1 <= len(mine) <= 2
    assert mine[-1].failed is None
    assert not any(each.tags.get("error") for each in mine[:-1])
    assert [each.path for each in server.requests].count("/hops") == 1
    assert "/next" not in [each.path for each in server.requests]


async def test_connections_of_an_earlier_iteration_too(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(hangs_at(2))
    client = make_client(server.url, no_vu_connection_reuse=True)
    await client.get("/")
    asking = asyncio.create_task(client.get("/"))
    await until(lambda: len(server.requests) == 2)
    client.begin_iteration()
    await close_ends(client, asking, recorder)


async def test_an_answer_that_is_all_there_counts(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """Whoever wakes first of two that were answered together closes the other one's client."""
    asked: list[Peer] = []

    async def answer_together(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        asked.append(peer)
        if len(asked) == 2:
            for each in asked:
                each.writer.write(OK)
        await peer.until_closed()

    server = await stage.serve(answer_together)
    clients = [make_client(server.url), make_client(server.url)]
    for client in clients:
        await client.get("/")

    async def ask(own: int) -> Response:
        answer = await clients[own].get("/")
        await clients[1 - own].close()
        return answer

    answers = await asyncio.gather(ask(0), ask(1), return_exceptions=True)
    assert len(recorder.requests) == 4
    canceled = sum(isinstance(answer, asyncio.CancelledError) for answer in answers)
    assert [sample.failed for sample in recorder.requests].count(None) == canceled


async def test_under_tls_on_a_kept_connection(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = await stage.serve(hangs_at(2, REPLIES[3]), tls=context)
    client = make_client(server.url, insecure_skip_tls_verify=True)
    await client.get("/")
    asking = asyncio.create_task(client.get("/"))
    await until(lambda: len(server.requests) == 2)
    await close_ends(client, asking, recorder)
    with pytest.raises(asyncio.CancelledError):
        await client.get("/")
    assert [sample.failed for sample in recorder.requests] == [False, None, None]
    assert (len(server.peers), len(server.requests)) == (1, 2)
