"""Waiting for a connection or for a name is seen by itself, and is in no service time."""

from __future__ import annotations

import asyncio
import socket

import pytest
from scripted_server import KeepingRecorder, MakeClient, Peer, Stage, answering, response

from atlas_perf import clock
from atlas_perf.model.plan import HttpOptions
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.protocols.http.resolver import Resolver
from atlas_perf.protocols.http.timings import Stopwatch, Timings
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS
from atlas_perf.worker.recorder import Recorder

OK = response(200, b"ok")


async def test_ten_callers_two_connections_and_a_server_of_100_ms(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    answered_ns: list[int] = []

    async def slow(peer: Peer) -> None:
        while True:
            await peer.request()
            await asyncio.sleep(0.1)
            answered_ns.append(clock.now_ns())
            await peer.send(OK)

    server = await stage.serve(slow)
    client = make_client(server.url, connections_per_host=2)
    answers = await asyncio.gather(*(client.get("/") for _ in range(10)))
    waited = [answer.timings.pool_wait_ns for answer in answers]
    assert waited[:2] == [-1, -1], "who has a connection at once has no wait"
    assert recorder.values("http_req_pool_wait") == waited[2:]
    # The n-th pair waits for n rounds of 100 ms, and is served by itself: its service begins when
    # those before it have been answered.
    for place, (sample, wait_ns) in enumerate(zip(recorder.requests, waited, strict=True)):
        rounds = place // 2
        assert wait_ns >= rounds * 99 * NS_PER_MS or rounds == 0
        assert sample.blocked_ns >= wait_ns
        assert sample.duration_ns >= 99 * NS_PER_MS
        if rounds:
            assert sample.at_ns - sample.duration_ns >= sorted(answered_ns)[2 * rounds - 2]
    assert {dict(tags)["name"] for _, tags in recorder.series_by_number if "name" in tags} == {
        f"{server.url}/"
    }


async def test_a_lookup_is_seen_once_by_whoever_waited_for_it(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    answer = asyncio.Event()

    async def lookup(host: str) -> list[str]:
        await answer.wait()
        return ["127.0.0.1"]

    client = make_client(resolver=Resolver(lookup))
    url = f"http://api.example:{server.port}/"
    asking = [asyncio.ensure_future(client.get(url)) for _ in range(2)]
    await asyncio.sleep(0.02)
    answer.set()
    first, second = await asyncio.gather(*asking)
    later = await client.get(url)
    looked_up = [first.timings.looking_up_ns, second.timings.looking_up_ns]
    # Either of them may be answered first.
    assert sorted(recorder.values("http_req_looking_up")) == sorted(looked_up)
    assert min(looked_up) >= 18 * NS_PER_MS
    assert later.timings.looking_up_ns == later.timings.pool_wait_ns == -1
    for each in (first, second):
        assert each.timings.blocked_ns >= each.timings.looking_up_ns
        assert each.timings.connecting_ns != -1


async def test_an_address_is_not_looked_up(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(OK))
    assert (await make_client(server.url).get("/")).timings.looking_up_ns == -1


async def test_a_lookup_that_fails_lasts_until_then(
    make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    async def lookup(host: str) -> list[str]:
        await asyncio.sleep(0.02)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    answer = await make_client(resolver=Resolver(lookup)).get("http://nowhere.example/")
    (looked_up,) = recorder.values("http_req_looking_up")
    assert looked_up == answer.timings.looking_up_ns >= 18 * NS_PER_MS
    assert recorder.series_by_number[recorder.added[0][0]][1]["expected_response"] == "false"


async def test_whose_time_is_up_while_waiting_has_waited_until_then(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    asked = asyncio.Event()

    async def never(peer: Peer) -> None:
        await peer.request()
        asked.set()
        await peer.until_closed()

    server = await stage.serve(never)
    client = make_client(server.url, connections_per_host=1)
    hanging = asyncio.ensure_future(client.get("/"))
    await asked.wait()
    answer = await client.get("/", timeout="40ms")
    assert answer.error_code == 1050
    assert recorder.values("http_req_pool_wait") == [answer.timings.pool_wait_ns]
    assert answer.timings.pool_wait_ns >= 39 * NS_PER_MS
    hanging.cancel()


@pytest.mark.parametrize(
    ("marks", "waits"),
    [
        ({}, (-1, -1)),
        ({"wait_began_ns": 110}, (90, -1)),
        ({"wait_began_ns": 110, "wait_ended_ns": 120, "lookup_began_ns": 130}, (10, 70)),
        ({"lookup_began_ns": 130, "lookup_ended_ns": 135}, (-1, 5)),
    ],
)
def test_waits_are_read_off_the_stopwatch(marks: dict[str, int], waits: tuple[int, int]) -> None:
    watch = Stopwatch(100)
    for name, value in marks.items():
        setattr(watch, name, value)
    timings = Timings.of_failure(watch, 200)
    assert (timings.pool_wait_ns, timings.looking_up_ns) == waits
    assert timings.blocked_ns == 100, "they are parts of it"


async def test_the_workers_recorder_takes_them(stage: Stage) -> None:
    server = await stage.serve(answering(OK))
    recorder = Recorder([])
    setup = ClientSetup(options=HttpOptions(), recorder=recorder, connections_per_host=1)
    client = HttpClient(setup, tuple)
    try:
        await asyncio.gather(*(client.get(server.url) for _ in range(3)))
    finally:
        await client.close()
    closed = recorder.close_interval()
    metrics = {each.number: each.metric.name for each in closed.new_series}
    waited = [each for each in closed.deltas if metrics[each.number] == "http_req_pool_wait"]
    assert [Sketch.from_bytes(each.sketch).count for each in waited] == [2]
