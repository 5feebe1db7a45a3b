"""A request that begins after `close` is one sample, cut off, and is never sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest
from scripted_server import (
    KeepingRecorder,
    MakeClient,
    ReceivedRequest,
    Server,
    Stage,
    answering,
    response,
)

from atlas_perf import DigestAuth
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.response import Response

OK = response(200, b"ok")

Ask = Callable[[HttpClient], Awaitable[Response]]


@pytest.fixture
async def closed(stage: Stage, make_client: MakeClient) -> tuple[HttpClient, Server]:
    """A client that knows the way and is closed, and its server."""
    server = await stage.serve(answering(OK))
    client = make_client(server.url)
    await client.get("/")
    await client.close()
    return client, server


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get("/"),
        lambda client: client.get("/other"),
        lambda client: client.post("/", json={"a": 1}),
        lambda client: client.post("/", iter([b"a"])),
        lambda client: client.get("https://127.0.0.1:1/"),
        lambda client: client.get("/", throw=True, auth=DigestAuth("u", "p")),
    ],
    ids=["same", "other", "body", "parts", "https", "throw"],
)
async def test_what_begins_later_is_never_sent(
    closed: tuple[HttpClient, Server], recorder: KeepingRecorder, ask: Ask
) -> None:
    client, server = closed
    with pytest.raises(asyncio.CancelledError):
        await ask(client)
    assert len(recorder.requests) == 2
    assert recorder.last.failed is None
    assert recorder.last.duration_ns == 0
    assert (len(server.peers), len(server.requests)) == (1, 1)


async def test_a_batch_that_begins_later(
    closed: tuple[HttpClient, Server], recorder: KeepingRecorder
) -> None:
    client, server = closed
    with pytest.raises(asyncio.CancelledError):
        await client.batch(["/1", "/2", "/3"])
    assert len(recorder.requests) == 4
    assert [sample.failed for sample in recorder.requests] == [False, None, None, None]
    assert len(server.requests) == 1


async def test_a_mistake_is_still_told(
    closed: tuple[HttpClient, Server], recorder: KeepingRecorder
) -> None:
    client, _ = closed
    with pytest.raises(TypeError, match="did you mean json="):
        await client.get("/", jsn={})
    assert len(recorder.requests) == 1


async def test_whoever_asks_again_and_again_lets_others_run(
    closed: tuple[HttpClient, Server], recorder: KeepingRecorder
) -> None:
    client, server = closed
    enough = asyncio.Event()

    async def stubborn() -> None:
        while not enough.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await client.get("/")

    task = asyncio.create_task(stubborn())
    for _ in range(3):
        await asyncio.sleep(0)
    enough.set()
    await task
    assert 3 <= len(recorder.requests) <= 6
    assert len(server.requests) == 1


def redirecting(request: ReceivedRequest) -> bytes:
    return response(302, Location="/end") if request.path == "/begin" else OK


async def test_closing_is_for_good_and_may_be_repeated(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(redirecting))
    client = make_client(server.url)
    assert (await client.get("/begin")).status == 200
    for _ in range(2):
        await client.close()
    client.begin_iteration()
    with pytest.raises(asyncio.CancelledError):
        await client.get("/begin")
    assert [sample.failed for sample in recorder.requests] == [False, False, None]
