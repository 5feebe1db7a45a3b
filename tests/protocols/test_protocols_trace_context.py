"""`traceparent`: on which requests, and that each has a trace of its own."""

from __future__ import annotations

import re
from random import Random

import pytest
from scripted_server import MakeClient, Stage, answering, response

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
        answer = await client.get("/", headers={"Traceparent": own})
        assert answer.trace_id == ""
    assert [request.headers["traceparent"] for request in server.requests] == [own] * 3


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
