"""Whose cancellation it was: the run's leaves no outcome, the scenario's a failure."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from scripted_server import (
    Handler,
    KeepingRecorder,
    MakeClient,
    Peer,
    Stage,
    answering,
    response,
    until,
)

from atlas_perf.protocols.http.timings import Timings
from atlas_perf.units import NS_PER_S

OK = response(200, b"ok")
LATE_NS = 3600 * NS_PER_S


def hanging(after: int = 0) -> Handler:
    async def hang(peer: Peer) -> None:
        for _ in range(after):
            await peer.request()
            await peer.send(OK)
        await peer.request()
        await peer.until_closed()

    return hang


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("number", [1, 2], ids=["the slow way", "the fast way"])
async def test_a_cancellation_after_the_cut_is_the_runs(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, number: int, cut: bool
) -> None:
    server = await stage.serve(hanging(number - 1))
    client = make_client(server.url)
    for _ in range(number - 1):
        await client.get("/")
    asking = asyncio.create_task(client.get("/", name="slow", tags={"kind": "read"}))
    await until(lambda: len(server.requests) == number)
    if cut:
        client.cut_off()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert len(recorder.requests) == number
    assert recorder.last.failed is (None if cut else True)
    assert recorder.last.tags["name"] == "slow"
    assert (recorder.last.tags["kind"], recorder.last.tags["scenario"]) == ("read", "s")
    assert recorder.last.tags["expected_response"] == ("unknown" if cut else "false")
    assert recorder.total("http_reqs_censored") == cut
    assert recorder.total("data_sent") == sum(len(each.raw_head) for each in server.requests)


async def test_its_age_is_what_its_duration_would_have_been_measured_from(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """Connecting is not in it; in the response time it is, and so is the lateness."""
    server = await stage.serve(hanging())
    client = make_client(server.url)
    client.late_ns = LATE_NS
    asking = asyncio.create_task(client.get("/"))
    await until(lambda: len(server.requests) == 1)
    client.cut_off()
    asking.cancel()
    await asyncio.wait({asking})
    last = recorder.last
    assert last.connecting_ns > 0
    assert last.duration_ns == last.sending_ns + last.waiting_ns > 0
    (response_ns,) = recorder.values("http_req_response_time")
    assert response_ns == LATE_NS + last.duration_ns + last.blocked_ns + last.connecting_ns


async def test_the_next_iteration_is_not_cut_off_yet(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(hanging())
    client = make_client(server.url)
    client.cut_off()
    client.begin_iteration()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.get("/")
    assert [sample.failed for sample in recorder.requests] == [True]


async def test_what_ended_before_the_cut_reached_it_is_what_it_was(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """Neither an answer nor a timeout that comes after all is taken for a cancellation."""
    server = await stage.serve(answering(OK))
    client = make_client(server.url)
    client.cut_off()
    assert (await client.get("/")).ok
    hung = await stage.serve(hanging())
    answer = await client.get(f"{hung.url}/", timeout="50ms")
    assert answer.error == "request timeout"
    assert [sample.failed for sample in recorder.requests] == [False, True]


@pytest.mark.parametrize(
    ("timings", "ages"),
    [
        (
            Timings(duration_ns=42, blocked_ns=2, sending_ns=10, waiting_ns=30),
            {"duration": 40, "sending": 10, "waiting": 30, "receiving": 0, "blocked": 2},
        ),
        (
            Timings(duration_ns=12, blocked_ns=5, connecting_ns=7, pool_wait_ns=4),
            {
                "duration": 0,
                "sending": 0,
                "waiting": 0,
                "receiving": 0,
                "blocked": 5,
                "connecting": 7,
                "pool_wait": 4,
            },
        ),
    ],
)
def test_ages(timings: Timings, ages: dict[str, int]) -> None:
    assert timings.ages() == {f"http_req_{name}": age_ns for name, age_ns in ages.items()}
