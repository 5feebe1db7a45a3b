"""`traceparent`: on which requests, and that each has a trace of its own."""

from __future__ import annotations

import re
from random import Random

import pytest
from event_server import event, whole
from scripted_server import MakeClient, Peer, ReceivedRequest, Stage, answering, response

from atlas_perf.protocols.http.request_samples import RequestSamples
from atlas_perf.protocols.http.trace_context import TraceContext

PATTERN = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])")


def test_ids_are_of_the_formats_length_and_never_all_zero() -> None:
    class Nothing(Random):
        def getrandbits(self, _bits: int) -> int:
            return 0

    trace_id, value = TraceContext(1, Nothing(1)).next()
    assert PATTERN.fullmatch(value)
    assert int(trace_id, 16) > 0
    assert int(value.split("-")[2], 16) > 0


@pytest.mark.parametrize(("share", "low", "high"), [(0, 0, 0), (0.25, 180, 320), (1, 1000, 1000)])
def test_a_share_of_the_requests_asks_to_be_recorded(share: float, low: int, high: int) -> None:
    traces = TraceContext(share, Random(1))
    recorded = sum(traces.next()[1].endswith("-01") for _ in range(1000))
    assert low <= recorded <= high


async def test_every_request_has_a_trace_of_its_own_on_both_ways(
    stage: Stage, make_client: MakeClient
) -> None:
    samples = RequestSamples()
    server = await stage.serve(answering(response()))
    client = make_client(server.url, trace_share=1.0, samples=samples)
    answers = [
        await client.get("/"),  # the slow way: it connects
        await client.get("/"),
        await client.post("/", json={"a": 1}, headers={"X-A": "b"}),
        await client.post("/", json={"a": 1}, headers={"X-A": "b"}),
        await client.get("/", cookies={"c": "d"}),
    ]
    seen = [PATTERN.fullmatch(request.headers["traceparent"]) for request in server.requests]
    assert all(seen)
    ids = [match.group(1) for match in seen if match]
    assert ids == [answer.trace_id for answer in answers]
    assert len(set(ids)) == 5
    assert {match.group(3) for match in seen if match} == {"01"}
    assert {sample.trace_id for sample in samples.take()} == set(ids)
    assert server.requests[3].headers["x-a"] == "b"
    assert server.requests[3].body == b'{"a":1}'


async def test_a_request_keeps_a_trace_that_it_has(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(response()))
    client = make_client(server.url, trace_share=1.0)
    own = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    for _ in range(3):
        answer = await client.get("/", headers={"Traceparent": own, "tracestate": "v=1"})
        assert answer.trace_id == "a" * 32
    assert [request.headers["traceparent"] for request in server.requests] == [own] * 3
    assert [request.headers["tracestate"] for request in server.requests] == ["v=1"] * 3


async def test_each_of_its_own_traces_is_told(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(response()))
    samples = RequestSamples()
    client = make_client(server.url, trace_share=1.0, samples=samples)
    ids = [f"{number + 1:032x}" for number in range(4)]
    for one in ids:
        answer = await client.get("/", headers={"traceparent": f"00-{one}-{'b' * 16}-00"})
        assert answer.trace_id == one
    assert [request.headers["traceparent"][3:35] for request in server.requests] == ids
    assert {sample.trace_id for sample in samples.take()} == set(ids)


@pytest.mark.parametrize("own", ["", "what", "00-" + "A" * 32 + "-" + "b" * 16 + "-01"])
async def test_what_is_no_trace_is_kept_and_not_told(
    stage: Stage, make_client: MakeClient, own: str
) -> None:
    server = await stage.serve(answering(response()))
    client = make_client(server.url, trace_share=1.0)
    for _ in range(2):
        assert (await client.get("/", headers={"traceparent": own})).trace_id == ""
    assert [request.headers["traceparent"] for request in server.requests] == [own] * 2


async def test_redirects_are_further_requests_with_further_traces(
    stage: Stage, make_client: MakeClient
) -> None:
    samples = RequestSamples()

    def moved_once(request: ReceivedRequest) -> bytes:
        return response(302, Location="/end") if request.path == "/" else response()

    server = await stage.serve(answering(moved_once))
    client = make_client(server.url, trace_share=1.0, samples=samples)
    for _ in range(2):
        answer = await client.get("/")
        assert answer.trace_id == server.requests[-1].headers["traceparent"][3:35]
    ids = [request.headers["traceparent"][3:35] for request in server.requests]
    assert len(set(ids)) == 4
    assert {sample.trace_id for sample in samples.take()} == set(ids)


async def test_a_request_that_is_sent_again_has_another_trace(
    stage: Stage, make_client: MakeClient
) -> None:
    """The server leaves a kept connection when the next request comes."""

    async def handle(peer: Peer) -> None:
        await peer.request()
        await peer.send(response())
        await peer.request()

    server = await stage.serve(handle)
    client = make_client(server.url, trace_share=1.0)
    await client.get("/")
    answer = await client.get("/")
    assert answer.ok
    ids = [request.headers["traceparent"][3:35] for request in server.requests]
    assert len(set(ids)) == len(ids) == 3
    assert answer.trace_id == ids[-1]


async def test_a_stream_has_a_trace(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(whole(event("1")))
    client = make_client(server.url, trace_share=0.0)
    async with client.stream("GET", "/live") as stream:
        assert [one.data async for one in stream] == ["1"]
    assert stream.response is not None
    match = PATTERN.fullmatch(server.requests[0].headers["traceparent"])
    assert match is not None
    assert (match[1], match[3]) == (stream.response.trace_id, "00")


def test_no_two_workers_make_the_same_traces() -> None:
    """Whatever else of a run is repeatable: its seed is the same in all of them."""
    ids = {TraceContext(1.0).next()[0] for _ in range(100)}
    assert len(ids) == 100


async def test_without_the_option_there_is_none(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(response()))
    client = make_client(server.url)
    answers = [await client.get("/"), await client.get("/")]
    assert [answer.trace_id for answer in answers] == ["", ""]
    assert not any("traceparent" in request.headers for request in server.requests)


async def test_iterations_that_repeat_a_request_would_repeat_its_trace(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(answering(response()))
    assert make_client(server.url).is_repeatable
    assert not make_client(server.url, trace_share=0.0).is_repeatable
    assert not make_client(server.url, no_vu_connection_reuse=True).is_repeatable
