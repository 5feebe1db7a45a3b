"""What is measured of event streams: dated as they arrive, with what was cut off at its age."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from event_server import HEAD, LAST, Tap, chunk, event, outcomes, samples, taken, whole
from scripted_server import (
    KeepingRecorder,
    MakeClient,
    Stage,
    until,
)

from atlas_perf import clock
from atlas_perf.protocols.sse.event_parser import ServerSentEvent
from atlas_perf.protocols.sse.event_stream import EventStream


async def test_a_slow_scenario_changes_no_instant(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """Each event is dated when its bytes come, not when the scenario asks for it."""
    tap = Tap()
    server = await stage.serve(tap.handle)
    seen: list[int] = []
    tap.send(HEAD)
    async with make_client(server.url).stream("GET", "/") as stream:
        for number in range(3):
            tap.send(event(str(number)))
            await until(lambda: stream.events == len(seen) + 1)
            seen.append(clock.now_ns())
        tap.send(LAST)
        came = [event async for event in stream]
    instants = [event.arrived_ns for event in came]
    assert instants[0] <= seen[0] < instants[1] <= seen[1] < instants[2] <= seen[2]
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    assert recorder.values("sse_event_gap") == gaps


async def test_events_of_one_reading_share_its_instant(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(whole(chunk(b"data: 1\n\ndata: 2\n\ndata: 3\n\n")))
    async with make_client(server.url).stream("GET", "/") as stream:
        await taken(stream)
    assert recorder.values("sse_event_gap") == [0, 0]


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("events", [0, 2])
async def test_whose_cancellation_it_was(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, events: int, cut: bool
) -> None:
    """The run's leaves what was to come unknown, the scenario's is a failure."""
    tap = Tap()
    server = await stage.serve(tap.handle)
    client = make_client(server.url)
    streams: list[EventStream] = []

    async def listen() -> None:
        async with client.stream("GET", "/", tokens=True, name="live") as stream:
            streams.append(stream)
            await taken(stream)

    listening = asyncio.create_task(listen())
    tap.send(HEAD, *(event(str(number)) for number in range(events)))
    await until(lambda: len(streams) == 1 and streams[0].events == events)
    if cut:
        client.cut_off()
    listening.cancel()
    await asyncio.wait({listening})
    assert listening.cancelled()
    assert len(recorder.requests) == 1
    assert recorder.last.failed is (None if cut else True)
    assert recorder.total("http_reqs_censored") == cut
    assert recorder.total("sse_events") == recorder.total("llm_output_tokens") == events
    ages = {
        recorder.series_by_number[number][0]
        for number, _, _ in recorder.added
        if recorder.series_by_number[number][1].get("expected_response") == "unknown"
    }
    of_streams = {name for name in ages if name.startswith(("sse_", "llm_"))}
    still_to_come = (
        {"sse_duration", "sse_event_gap", "llm_inter_token_latency"}
        if events
        else {"sse_duration", "sse_time_to_first_event", "llm_time_to_first_token"}
    )
    assert of_streams == (still_to_come if cut else set())
    for metric in ("sse_event_gap", "sse_time_to_first_event", "llm_time_to_first_token"):
        known = [tags for _, tags in samples(recorder, metric) if tags["name"] == "live"]
        known = [tags for tags in known if tags["expected_response"] != "unknown"]
        assert len(known) == (1 if events else 0)
        assert {tags["expected_response"] for tags in known} <= {"true" if cut else "false"}
    assert recorder.values("llm_time_per_output_token") == (
        [] if cut or not events else recorder.values("sse_event_gap")
    )


async def test_stalls_are_silences_beyond_the_limit(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """Between events, and from the last one to the end."""
    tap = Tap()
    server = await stage.serve(tap.handle)
    client = make_client(server.url)
    for stall, stalls in (("1ns", 2), ("1h", 0)):
        tap.send(HEAD, event("1"))
        async with client.stream("GET", "/", stall=stall) as stream:
            await anext(stream)
            tap.send(event("2"))
            await anext(stream)
            tap.send(LAST)
            await taken(stream)
        assert recorder.values("sse_stalls")[-1] == stalls


async def test_times_of_an_answer(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """An event without a token is none, and several tokens of an event come at one instant."""
    tap = Tap()
    server = await stage.serve(tap.handle)
    tap.send(HEAD)
    came: list[ServerSentEvent] = []

    def words(event: ServerSentEvent) -> int:
        return len(event.data.split())

    async with make_client(server.url).stream("POST", "/", json={}, tokens=words) as stream:
        for data in ("", "one", "", "two three", "four"):
            tap.send(event(data))
            came.append(await anext(stream))
        tap.send(LAST)
        assert await taken(stream) == []
    first, second, third = (came[at].arrived_ns for at in (1, 3, 4))
    began = came[0].arrived_ns - recorder.values("sse_time_to_first_event")[0]
    assert recorder.values("llm_time_to_first_token") == [first - began]
    assert recorder.values("llm_inter_token_latency") == [second - first, third - second]
    assert recorder.total("llm_output_tokens") == 4
    assert recorder.values("llm_time_per_output_token") == [(third - first) // 3]
    assert recorder.values("llm_output_tokens_per_second") == [3e9 / (third - first)]


async def test_an_event_is_a_token_unless_it_ends_the_answer(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """Also of events that the scenario leaves where they are."""
    server = await stage.serve(whole(event("a"), event("b"), event("[DONE]")))
    async with make_client(server.url).stream("GET", "/", tokens=True) as stream:
        await anext(stream)
    assert recorder.total("llm_output_tokens") == 2
    async with make_client(server.url).stream("GET", "/") as stream:
        await taken(stream)
    assert len(recorder.values("llm_output_tokens")) == 1


async def test_each_event_is_counted_once(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(whole(event("a"), event("b")))
    asked: list[str] = []

    def count(one: ServerSentEvent) -> int:
        asked.append(one.data)
        return 1

    async with make_client(server.url).stream("GET", "/", tokens=count) as stream:
        await until(lambda: stream.response is not None)
        await taken(stream)
    assert asked == ["a", "b"]


async def test_a_count_that_raises_reaches_the_scenario_and_the_request_is_recorded(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(whole(event("a")))

    def wrong(_event: ServerSentEvent) -> int:
        raise LookupError("no tokenizer")

    with pytest.raises(LookupError, match="no tokenizer"):
        async with make_client(server.url).stream("GET", "/", tokens=wrong) as stream:
            await taken(stream)
    assert outcomes(recorder) == [(False, "200", "")]


async def test_in_the_open_model_the_first_request_counts_its_lateness(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(whole(event("1")))
    client = make_client(server.url)
    client.late_ns = 5_000_000_000
    for _ in range(2):
        async with client.stream("GET", "/") as stream:
            await taken(stream)
    late, in_time = recorder.values("http_req_response_time")
    assert late > 5_000_000_000 > in_time
