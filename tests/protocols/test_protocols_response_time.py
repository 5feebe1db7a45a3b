"""The open model's response time: lateness once, and all phases of the request."""

from __future__ import annotations

import asyncio

import pytest
from scripted_server import (
    Handler,
    KeepingRecorder,
    MakeClient,
    Peer,
    ReceivedRequest,
    Stage,
    answering,
    response,
)

from atlas_perf.protocols.http.timings import Timings
from atlas_perf.units import NS_PER_S

OK = response(200, b"ok")
LATE_NS = 3600 * NS_PER_S
"""More than any request here takes: what a response time has beyond it is the request's own."""


def response_times(recorder: KeepingRecorder) -> list[tuple[dict[str, str], float]]:
    return [
        (recorder.series_by_number[number][1], value)
        for number, value, _ in recorder.added
        if recorder.series_by_number[number][0] == "http_req_response_time"
    ]


def values(recorder: KeepingRecorder) -> list[float]:
    return [value for _, value in response_times(recorder)]


async def test_a_closed_model_has_none(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    client = make_client(server.url)
    await client.get("/")  # the slow way, which connects
    await client.get("/")
    assert len(recorder.requests) == 2
    assert response_times(recorder) == []


async def test_the_first_request_is_late_and_no_other(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    client = make_client(server.url)
    for _ in range(2):  # the second iteration's requests go the fast way
        client.late_ns = LATE_NS
        answers = [await client.get("/"), await client.get("/"), await client.get("/")]
        totals = [answer.timings.total_ns for answer in answers]
        assert values(recorder)[-3:] == [LATE_NS + totals[0], totals[1], totals[2]]
    assert len(recorder.requests) == 6


async def test_it_includes_the_wait_for_a_connection(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    client = make_client(server.url, connections_per_host=2)
    client.late_ns = LATE_NS
    answers = await asyncio.gather(*(client.get("/") for _ in range(10)))
    waits = [answer.timings.pool_wait_ns for answer in answers]
    assert sum(wait > 0 for wait in waits) == 8
    own = sorted(value - LATE_NS if value > LATE_NS else value for value in values(recorder))
    assert own == sorted(answer.timings.total_ns for answer in answers)
    for answer in answers:
        timings = answer.timings
        assert timings.total_ns >= max(timings.pool_wait_ns, 0) + timings.duration_ns


async def test_an_iteration_in_time_has_response_times_too(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    client = make_client(server.url)
    client.late_ns = 0
    answer = await client.get("/")
    assert values(recorder) == [answer.timings.total_ns]
    assert answer.timings.connecting_ns > 0  # which is in the response time and in no service time
    assert answer.timings.total_ns > answer.timings.duration_ns


async def test_it_has_the_tags_of_the_request(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    client = make_client(server.url)
    client.late_ns = 0
    for _ in range(2):
        await client.get("/", name="login", tags={"kind": "read"})
    assert [tags for tags, _ in response_times(recorder)] == [one.tags for one in recorder.requests]
    assert recorder.last.tags["name"] == "login"
    numbers = {number for number, _, _ in recorder.added}
    assert len(numbers) == len(recorder.series_by_number)  # each series is looked up once


async def test_each_hop_of_a_redirect_has_one_and_the_first_is_late(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    def answer(request: ReceivedRequest) -> bytes:
        return response(302, Location="/end") if request.path == "/start" else OK

    server = await stage.serve(answering(answer))
    client = make_client(server.url)
    for _ in range(2):
        client.late_ns = LATE_NS
        await client.get("/start")
        first, second = values(recorder)[-2:]
        assert first > LATE_NS > second


async def test_a_failed_request_has_one_as_long_as_it_took(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(hanging())
    client = make_client(server.url, timeout_ns=NS_PER_S // 20)
    client.late_ns = LATE_NS
    answer = await client.get("/")
    ((tags, value),) = response_times(recorder)
    assert tags["expected_response"] == "false"
    assert value == LATE_NS + answer.timings.duration_ns
    assert answer.timings.duration_ns == answer.timings.total_ns >= NS_PER_S // 20


async def test_a_failure_on_the_fast_way_has_one_too(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(hanging(after=1))
    client = make_client(server.url, timeout_ns=NS_PER_S // 20)
    await client.get("/")
    client.late_ns = LATE_NS
    answer = await client.get("/")
    assert answer.status == 0
    assert values(recorder) == [LATE_NS + answer.timings.total_ns]


async def test_a_repetition_after_a_dead_connection_is_one_request_and_late_once(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    async def dying(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        if len(server.peers) == 1:
            await peer.request()
            peer.reset()
        else:
            await peer.until_closed()

    server = await stage.serve(dying)
    client = make_client(server.url)
    await client.get("/")
    client.late_ns = LATE_NS
    answer = await client.get("/")
    assert answer.status == 200
    assert values(recorder) == [LATE_NS + answer.timings.total_ns]


@pytest.mark.parametrize(
    ("timings", "total_ns"),
    [
        (Timings(duration_ns=60, blocked_ns=5, sending_ns=10, waiting_ns=20, receiving_ns=30), 65),
        (Timings(60, 5, 7, 8, 10, 20, 30), 80),
        (Timings(duration_ns=12, blocked_ns=5, connecting_ns=7), 12),  # refused
    ],
)
def test_the_whole_of_a_request_is_the_sum_of_its_phases(timings: Timings, total_ns: int) -> None:
    assert timings.total_ns == total_ns


def hanging(after: int = 0) -> Handler:
    """Answers so many requests, and then no more."""

    async def hang(peer: Peer) -> None:
        for _ in range(after):
            await peer.request()
            await peer.send(OK)
        await peer.until_closed()

    return hang
