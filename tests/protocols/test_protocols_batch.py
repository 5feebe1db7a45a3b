"""Several requests at once, and bodies that nobody keeps."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from scripted_server import KeepingRecorder, MakeClient, Peer, Stage, answering, response

from atlas_perf.protocols.fake import FakeHttpClient
from atlas_perf.protocols.http.decoding import BodyDecodingError

ECHO = answering(lambda r: response(200, f"{r.method} {r.path} {r.body.decode()}".encode()))


async def test_every_shape_of_a_request_in_order(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(ECHO)
    client = make_client(server.url)
    answers = await client.batch(
        [
            "/a",
            ("DELETE", "/b"),
            ["PUT", "/c", "text"],
            ("POST", "/d", None, {"json": 1}),
            {"url": "/e"},
            {"method": "PATCH", "url": "/f", "body": b"x", "params": {"params": {"q": 1}}},
            client.get("/g"),
        ]
    )
    assert [answer.text() for answer in answers] == [
        "GET /a ",
        "DELETE /b ",
        "PUT /c text",
        "POST /d 1",
        "GET /e ",
        "PATCH /f?q=1 x",
        "GET /g ",
    ]


async def test_a_dict_of_requests_gives_responses_by_key(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(ECHO)
    answers = await make_client(server.url).batch({"one": "/1", "two": ("POST", "/2")})
    assert {key: answer.text() for key, answer in answers.items()} == {
        "one": "GET /1 ",
        "two": "POST /2 ",
    }
    assert await make_client(server.url).batch([]) == []


@pytest.mark.parametrize(
    ("options", "at_once"), [({}, 6), ({"batch_per_host": 2}, 2), ({"batch": 3}, 3)]
)
async def test_the_limits(
    stage: Stage, make_client: MakeClient, options: dict[str, int], at_once: int
) -> None:
    waiting: list[asyncio.Event] = []
    most = 0
    full = asyncio.Event()

    async def handle(peer: Peer) -> None:
        nonlocal most
        while True:
            await peer.request()
            gate = asyncio.Event()
            waiting.append(gate)
            most = max(most, len(waiting))
            if len(waiting) == at_once:
                full.set()
            await gate.wait()
            waiting.remove(gate)
            await peer.send(response(200))

    server = await stage.serve(handle)
    batch = asyncio.ensure_future(make_client(server.url, **options).batch(["/"] * 12))
    await full.wait()
    while not batch.done():
        for gate in waiting:
            gate.set()
        await asyncio.wait([batch], timeout=0.01)
    assert [answer.status for answer in batch.result()] == [200] * 12
    assert most == at_once
    assert len(server.peers) == at_once


async def test_one_that_raises_cancels_the_others(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    arrived = asyncio.Event()

    async def silent(peer: Peer) -> None:
        arrived.set()
        await peer.until_closed()

    server = await stage.serve(silent)
    client = make_client(server.url)

    async def fails() -> Any:
        await arrived.wait()
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await client.batch(["/slow", fails()])
    assert [sample.tags["error"] for sample in recorder.requests] == ["request canceled"]


@pytest.mark.parametrize(
    "requests", [[("GET",)], [{"uri": "/"}], [{"url": "/", "tags": {}}], [5], "abc", 5]
)
async def test_what_is_no_batch(make_client: MakeClient, requests: Any) -> None:
    with pytest.raises(TypeError, match="batch"):
        await make_client("http://127.0.0.1:1").batch(requests)


async def test_the_fake_client_has_it_too() -> None:
    http = FakeHttpClient()
    http.answer("GET", "/a", json=1)
    http.answer("POST", "/b", status=201)
    answers = await http.batch(["/a", ("POST", "/b")])
    assert [answer.status for answer in answers] == [200, 201]


@pytest.mark.parametrize(
    ("option", "response_type", "kept"),
    [
        (False, None, True),
        (False, "none", False),
        (True, None, False),
        (True, "text", True),
        (True, "binary", True),
    ],
)
async def test_bodies_are_kept_or_counted(
    stage: Stage,
    make_client: MakeClient,
    recorder: KeepingRecorder,
    *,
    option: bool,
    response_type: str | None,
    kept: bool,
) -> None:
    server = await stage.serve(answering(response(200, b"content")))
    client = make_client(server.url, discard_response_bodies=option)
    for _ in range(3):
        answer = await client.get("/", response_type=response_type)
        assert answer.ok
        assert answer.body_bytes == 7
        assert answer.wire_body == (b"content" if kept else b"")
        if not kept:
            with pytest.raises(BodyDecodingError, match="the body was discarded"):
                answer.text()
    assert recorder.total("data_received") == 3 * len(response(200, b"content"))
    assert len(server.peers) == 1
    whole = await client.get("/", response_type="text")
    assert whole.text() == "content"


async def test_an_unknown_response_type(make_client: MakeClient) -> None:
    with pytest.raises(ValueError, match="response_type 'json' is none of"):
        await make_client("http://127.0.0.1:1").get("/", response_type="json")
