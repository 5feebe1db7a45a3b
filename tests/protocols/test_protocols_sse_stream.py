"""Event streams over the client: each is one request, whichever way it ends."""

from __future__ import annotations

import asyncio

import pytest
import trustme
from event_server import HEAD, LAST, Tap, chunk, event, outcomes, samples, taken, whole
from scripted_server import (
    KeepingRecorder,
    MakeClient,
    Peer,
    Stage,
    answering,
    response,
    until,
)
from tls_server_end import server_context

from atlas_perf.model.plan import AllowedHosts
from atlas_perf.protocols.http.response import HttpError
from atlas_perf.protocols.sse import event_reader


async def test_events_until_the_server_ends(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(whole(event("1"), event("2"), chunk(b": idle\n\n"), event("3")))
    client = make_client(server.url)
    async with client.stream("GET", "/live/7", tags={"kind": "live"}) as stream:
        assert (stream.status, stream.ok, stream.response) == (200, True, None)
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert await taken(stream) == ["1", "2", "3"]
    assert stream.response is not None
    assert (stream.ok, stream.events, stream.malformed) == (True, 3, 0)
    assert outcomes(recorder) == [(False, "200", "")]
    (request,) = server.requests
    assert request.headers["accept"] == "text/event-stream"
    assert request.headers["accept-encoding"] == "identity"
    ((events, tags),) = samples(recorder, "sse_events")
    assert events == 3
    assert (tags["name"], tags["kind"], tags["scenario"]) == (
        f"{server.url}/live/{{id}}",
        "live",
        "s",
    )
    assert recorder.total("sse_bytes") == 3 * len("data: 1\n\n") + len(": idle\n\n")
    assert [tags["ended_by"] for _, tags in samples(recorder, "sse_duration")] == ["server"]
    assert recorder.values("sse_duration") == [recorder.last.service_ns]
    assert recorder.total("sse_malformed") == recorder.total("sse_stalls") == 0


async def test_a_stream_that_ended_gives_its_connection_back(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(whole(event("1")))
    client = make_client(server.url)
    for _ in range(2):
        async with client.stream("POST", "/", json={"a": 1}) as stream:
            assert await taken(stream) == ["1"]
        assert (await client.get("/")).ok
    assert len(server.peers) == 1
    assert [request.method for request in server.requests] == ["POST", "GET", "POST", "GET"]


async def test_bodies_of_streams_are_not_kept_and_others_are(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(whole(event("1")))
    client = make_client(server.url)
    async with client.stream("GET", "/") as stream:
        await taken(stream)
    assert stream.response is not None
    assert (stream.response.wire_body, stream.response.body_bytes) == (b"", 9)
    assert (await client.get("/")).body == b"data: 1\n\n"


async def test_leaving_early_closes_the_connection_and_is_no_failure(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    tap = Tap()
    server = await stage.serve(tap.handle)
    tap.send(HEAD, event("1"), event("2"))
    async with make_client(server.url).stream("GET", "/") as stream:
        async for one in stream:
            if one.data == "2":
                break
    async with asyncio.timeout(5):
        await tap.closed.wait()
    assert stream.response is not None
    assert stream.ok
    assert outcomes(recorder) == [(False, "200", "")]
    assert [tags["ended_by"] for _, tags in samples(recorder, "sse_duration")] == ["scenario"]
    assert recorder.total("sse_events") == 2
    assert recorder.last.receiving_ns >= 0
    sent_until_last = recorder.values("sse_time_to_first_event")[0] + sum(
        recorder.values("sse_event_gap")
    )
    assert recorder.values("sse_duration") == [recorder.last.duration_ns] == [sent_until_last]


async def test_leaving_by_an_error_of_the_scenarios_own_is_leaving(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    tap = Tap()
    server = await stage.serve(tap.handle)
    tap.send(HEAD, event("1"))
    with pytest.raises(KeyError):
        async with make_client(server.url).stream("GET", "/") as stream:
            async for one in stream:
                raise KeyError(one.data)
    assert outcomes(recorder) == [(False, "200", "")]


async def test_a_timeout_of_the_scenarios_own_within_the_stream_is_a_failure(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    tap = Tap()
    server = await stage.serve(tap.handle)
    tap.send(HEAD)
    with pytest.raises(TimeoutError):
        async with make_client(server.url).stream("GET", "/") as stream:
            async with asyncio.timeout(0.02):
                await taken(stream)
    assert outcomes(recorder) == [(True, "0", "1000")]
    assert recorder.last.tags["error"] == "request canceled"


async def test_the_requests_timeout_ends_a_stream(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    tap = Tap()
    server = await stage.serve(tap.handle)
    tap.send(HEAD, event("1"))
    async with make_client(server.url).stream("GET", "/", timeout="80ms") as stream:
        assert await taken(stream) == ["1"]
    assert (stream.ok, stream.status, stream.error) == (False, 200, "request timeout")
    assert outcomes(recorder) == [(True, "0", "1050")]
    assert recorder.last.duration_ns >= 80_000_000
    assert [tags["ended_by"] for _, tags in samples(recorder, "sse_duration")] == ["failure"]
    assert {tags["expected_response"] for _, tags in samples(recorder, "sse_events")} == {"false"}


async def test_a_server_that_hangs_up_in_the_middle(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    tap = Tap()
    server = await stage.serve(tap.handle)
    tap.send(HEAD, event("1"), chunk(b"data: 2\n"), None)
    client = make_client(server.url)
    async with client.stream("GET", "/") as stream:
        assert await taken(stream) == ["1"]
    assert not stream.ok
    assert "within the response" in stream.error
    assert len(recorder.requests) == 1
    assert recorder.last.failed
    tap.send(HEAD, None)
    with pytest.raises(HttpError, match="within the response"):
        async with client.stream("GET", "/", throw=True) as stream:
            await taken(stream)
    assert len(recorder.requests) == 2


async def test_a_stream_until_the_end_of_the_connection(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    head = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.send(head, b"data: 1\r\r", b"data: 2")

    server = await stage.serve(once)
    async with make_client(server.url).stream("GET", "/") as stream:
        assert await taken(stream) == ["1"]
    assert (stream.ok, stream.malformed) == (True, 1)
    assert recorder.total("sse_malformed") == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (response(404, b"data: x\n\n", Content_Type="text/event-stream"), (404, 1404, "")),
        (
            response(200, b"{}", Content_Type="application/json"),
            (0, 1000, "not an event stream"),
        ),
        (response(204), (204, 0, "")),
        (
            response(200, b"x", Content_Type="text/event-stream", Content_Encoding="gzip"),
            (0, 1000, "a compressed event stream, which was not asked for"),
        ),
        (b"nonsense\r\n\r\n", (0, 1000, "malformed response: ")),
    ],
    ids=["status", "type", "no content", "compressed", "no response"],
)
async def test_what_is_no_stream_has_no_events_and_fails(
    stage: Stage,
    make_client: MakeClient,
    recorder: KeepingRecorder,
    answer: bytes,
    expected: tuple[int, int, str],
) -> None:
    server = await stage.serve(answering(answer))
    async with make_client(server.url).stream("GET", "/") as stream:
        assert not stream.ok
        assert await taken(stream) == []
    assert (stream.status, stream.error_code) == expected[:2]
    assert stream.error.startswith(expected[2])
    assert [one.failed for one in recorder.requests] == [True]
    assert samples(recorder, "sse_events") == []


async def test_an_event_beyond_the_limit_is_malformed(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    tap = Tap()
    server = await stage.serve(tap.handle)
    tap.send(HEAD, event("1"), event("x" * 100))
    async with make_client(server.url).stream("GET", "/", max_event_bytes=50) as stream:
        assert await taken(stream) == ["1"]
    assert stream.error == "malformed event stream: event too long"
    assert outcomes(recorder) == [(True, "0", "1000")]


async def test_redirects_lead_to_the_stream(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    moved = response(307, b"data: moved\n\n", Location="/there", Content_Type="text/event-stream")
    there = b"".join((HEAD, event("1"), LAST))
    server = await stage.serve(
        answering(lambda request: there if request.path == "/there" else moved)
    )
    async with make_client(server.url).stream("GET", "/") as stream:
        assert await taken(stream) == ["1"]
    assert outcomes(recorder) == [(False, "307", ""), (False, "200", "")]
    assert recorder.total("sse_events") == 1
    assert recorder.values("sse_duration") == [recorder.last.duration_ns]


async def test_hosts_that_are_not_allowed(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(whole())
    client = make_client(server.url, allowed_hosts=(AllowedHosts(("example.com",), "a file"),))
    async with client.stream("GET", "/") as stream:
        assert await taken(stream) == []
    assert stream.error_code == 1111
    assert outcomes(recorder) == [(True, "0", "1111")]
    assert server.requests == []


async def test_a_closed_client_ends_its_streams(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    tap = Tap()
    server = await stage.serve(tap.handle)
    tap.send(HEAD, event("1"))
    client = make_client(server.url)
    async with client.stream("GET", "/") as stream:
        await anext(stream)
        await client.close()
        with pytest.raises(asyncio.CancelledError):
            await taken(stream)
    assert [one.failed for one in recorder.requests] == [None]
    assert recorder.total("sse_events") == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"stall": "0s"}, "no silence"),
        ({"max_event_bytes": 0}, "no size"),
        ({"tokens": 3}, "a function of an event"),
        ({"expect": bool}, "a stream has no option expect="),
        ({"response_type": "text"}, "a stream has no option response_type="),
        ({"tiemout": "1s"}, "did you mean timeout"),
    ],
)
async def test_a_stream_that_cannot_be_meant(
    make_client: MakeClient, arguments: dict[str, object], problem: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=problem):
        make_client("http://h").stream("GET", "/", **arguments)


async def test_events_go_to_one_task(stage: Stage, make_client: MakeClient) -> None:
    tap = Tap()
    server = await stage.serve(tap.handle)
    tap.send(HEAD)
    stream = make_client(server.url).stream("GET", "/")
    with pytest.raises(RuntimeError, match="async with"):
        await anext(stream)
    async with stream:
        first = asyncio.create_task(taken(stream))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="one task at a time"):
            await anext(stream)
        tap.send(event("1"), LAST)
        assert await first == ["1"]


async def test_a_stream_is_entered_once(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(whole())
    async with make_client(server.url).stream("GET", "/") as stream:
        with pytest.raises(RuntimeError, match="only once"):
            await stream.__aenter__()


async def test_a_stream_under_tls(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    context = server_context(trustme.CA(), "127.0.0.1")
    pieces = [HEAD, event("1"), event("x" * 40_000), LAST]

    async def handle(peer: Peer) -> None:
        await peer.request()
        await peer.send(*pieces)
        await peer.until_closed()

    server = await stage.serve(handle, tls=context)
    client = make_client(server.url, insecure_skip_tls_verify=True)
    async with client.stream("GET", "/") as stream:
        assert await taken(stream) == ["1", "x" * 40_000]
    assert outcomes(recorder) == [(False, "200", "")]
    assert recorder.last.tags["tls_version"] == "tls1.3"
    assert recorder.total("sse_bytes") == 40_000 + 2 * len("data: \n\n") + 1


async def test_a_kept_connection_that_was_dead_is_replaced(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """The stream is one request, and the first attempt is in its blocked time."""
    turns = iter([response(200, b"ok"), None, b"".join((HEAD, event("1"), LAST))])

    async def handle(peer: Peer) -> None:
        while True:
            await peer.request()
            answer = next(turns)
            if answer is None:
                raise ConnectionError
            await peer.send(answer)

    server = await stage.serve(handle)
    client = make_client(server.url)
    await client.get("/")
    async with client.stream("GET", "/") as stream:
        assert await taken(stream) == ["1"]
    assert outcomes(recorder) == [(False, "200", "")] * 2
    assert len(server.peers) == 2
    assert recorder.values("sse_duration") == [recorder.last.duration_ns]


async def test_events_that_nobody_takes_are_bounded(
    stage: Stage, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_reader, "MAX_WAITING_EVENTS", 3)
    tap = Tap()
    server = await stage.serve(tap.handle)
    tap.send(HEAD)
    async with make_client(server.url).stream("GET", "/") as stream:
        tap.send(*(event(str(number)) for number in range(4)))
        await until(lambda: stream.response is not None)
    assert (stream.error, stream.events) == ("too many events that nobody takes", 4)


@pytest.mark.parametrize("number", [1, 2], ids=["the slow way", "the fast way"])
async def test_a_response_knows_when_it_ended(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, number: int
) -> None:
    server = await stage.serve(answering(response(200, b"ok")))
    client = make_client(server.url)
    for _ in range(number):
        answer = await client.get("/")
    assert answer.ended_ns == recorder.last.at_ns
    refused = await client.get("http://127.0.0.1:1/")
    assert refused.ended_ns == recorder.last.at_ns > answer.ended_ns
