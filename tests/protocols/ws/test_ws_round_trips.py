"""Messages that are answered: once, never, late, twice, out of order, and cut off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest
from scripted_server import Peer, Stage
from ws_stage import TEXT, SampleList, User, frame, read_text, session, settled

from atlas_perf.units import NS_PER_MS, NS_PER_S

MakeUser = Callable[..., User]


def answer(key: object) -> bytes:
    return frame(TEXT, json.dumps({"ack": {"for": key}}))


async def key_of_next(peer: Peer) -> object:
    return json.loads(await read_text(peer))["payload"]["id"]


def message(key: object) -> dict[str, object]:
    return {"type": "op", "payload": {"id": key}}


WAYS = {"correlate": "payload.id", "answered_by": "ack.for"}


async def test_a_key_may_be_elsewhere_in_the_answer(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def talk(peer: Peer) -> None:
        key = await key_of_next(peer)
        await peer.send(frame(TEXT, '{"news": 1}'), answer("other"), answer(key))

    server = await stage.serve(session(talk))
    user = make_user(server.url)
    async with user.ws.connect("/", name="room") as socket:
        reply = await socket.rtt(message("a"), **WAYS, name="op", tags={"kind": "graft"})
        assert reply.ok
        assert reply.json() == {"ack": {"for": "a"}}
        assert await socket.receive_json() == {"news": 1}
        assert await socket.receive_json() == {"ack": {"for": "other"}}, "of somebody else"
    rtt = samples.only("ws_rtt")
    assert rtt.value == reply.duration_ns > 0
    assert rtt.tags["name"] == rtt.tags["url"] == "op"
    assert rtt.tags["kind"] == "graft"
    assert rtt.tags["expected_response"] == "true"
    assert samples.only("ws_rtt_failed").value == 0
    for name in ("lost", "late", "duplicate", "out_of_order"):
        assert [each.value for each in samples.of(f"ws_msgs_{name}")] == [0]
    assert samples.of("ws_response_time") == []


async def test_lost_at_its_limit_and_then_late_is_neither_success_nor_duplicate(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    go_on = asyncio.Event()

    async def talk(peer: Peer) -> None:
        key = await key_of_next(peer)
        await go_on.wait()
        await peer.send(answer(key), answer(key), frame(TEXT, "end"))

    server = await stage.serve(session(talk))
    user = make_user(server.url)
    async with user.ws.connect("/") as socket:
        reply = await socket.rtt(message(1), **WAYS, limit="20ms")
        assert (reply.ok, reply.error) == (False, "no answer in time")
        assert reply.duration_ns == 20 * NS_PER_MS
        go_on.set()
        assert await socket.receive() == "end", "late answers are not received"
    lost = samples.only("ws_rtt")
    assert lost.tags["expected_response"] == "false"
    assert lost.tags["error"] == "no answer in time"
    assert lost.value == 20 * NS_PER_MS
    assert samples.only("ws_rtt_failed").value == 1
    assert samples.total("ws_msgs_lost") == 1
    assert samples.total("ws_msgs_late") == 2
    assert samples.total("ws_msgs_duplicate") == 0


async def test_an_answer_read_after_the_limit_is_late_whatever_the_timer_does(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    asked = asyncio.Event()

    async def talk(peer: Peer) -> None:
        key = await key_of_next(peer)
        asked.set()
        await peer.send(answer(key))

    server = await stage.serve(session(talk))
    user = make_user(server.url)
    async with user.ws.connect("/") as socket:
        asking = asyncio.create_task(socket.rtt(message(1), **WAYS, limit="5s"))
        await asyncio.sleep(0)
        matching = socket._matching
        while matching is None or not matching._ways:
            await asyncio.sleep(0)
            matching = socket._matching
        ((_, question),) = next(iter(matching._ways.values()))._in_flight.values()
        question.sent_ns -= 6 * NS_PER_S
        reply = await asking
    assert reply.error == "no answer in time"
    assert samples.total("ws_msgs_late") == 1
    assert samples.only("ws_rtt").value == 5 * NS_PER_S


async def test_duplicates_and_order(stage: Stage, make_user: MakeUser, samples: SampleList) -> None:
    async def talk(peer: Peer) -> None:
        first, second, third = [await key_of_next(peer) for _ in range(3)]
        await peer.send(answer(second), answer(first), answer(third), answer(second))
        await peer.send(frame(TEXT, "end"))

    server = await stage.serve(session(talk))
    user = make_user(server.url)
    async with user.ws.connect("/") as socket:
        replies = await asyncio.gather(*(socket.rtt(message(n), **WAYS) for n in range(3)))
        assert await socket.receive() == "end"
    assert [reply.out_of_order for reply in replies] == [True, False, False]
    assert samples.total("ws_msgs_out_of_order") == 1
    assert samples.total("ws_msgs_duplicate") == 1
    assert len(samples.of("ws_rtt", expected_response="true")) == 3


async def test_what_is_in_flight_when_the_session_is_lost_is_lost(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def talk(peer: Peer) -> None:
        await key_of_next(peer)
        peer.reset()

    server = await stage.serve(session(talk))
    user = make_user(server.url)
    socket = await user.ws.connect("/")
    reply = await socket.rtt(message(1), **WAYS)
    assert reply.error == "session ended"
    assert samples.total("ws_msgs_lost") == 1
    assert samples.only("ws_rtt").tags["expected_response"] == "false"


@pytest.mark.parametrize("cut", [False, True])
async def test_a_cancellation_is_the_scenarios_or_the_runs(
    stage: Stage, make_user: MakeUser, samples: SampleList, cut: bool
) -> None:
    asked = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await key_of_next(peer)
        asked.set()

    server = await stage.serve(session(talk))
    user = make_user(server.url)
    socket = await user.ws.connect("/")
    asking = asyncio.create_task(socket.rtt(message(1), **WAYS))
    await asked.wait()
    if cut:
        user.ws.cut_off()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    rtt = samples.only("ws_rtt")
    assert rtt.tags["expected_response"] == ("unknown" if cut else "false")
    assert rtt.value > 0
    assert samples.total("ws_msgs_censored") == cut
    assert samples.total("ws_msgs_lost") == (not cut)
    assert len(samples.of("ws_rtt_failed")) == (not cut)


async def test_the_end_of_the_user_censors_what_is_in_flight(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    asked = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await key_of_next(peer)
        asked.set()

    server = await stage.serve(session(talk))
    user = make_user(server.url)
    socket = await user.ws.connect("/")
    asking = asyncio.create_task(socket.rtt(message(1), **WAYS))
    await asked.wait()
    await user.ws.close()
    assert not (await asking).ok
    assert samples.total("ws_msgs_censored") == 1
    assert samples.of("ws_rtt_failed") == []


async def test_a_function_may_find_the_key_and_its_exception_is_the_scenarios(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def talk(peer: Peer) -> None:
        await read_text(peer)
        await peer.send(frame(TEXT, "7|yes"))
        await read_text(peer)
        await peer.send(frame(TEXT, "no number"))

    def number(text: str | bytes) -> int:
        return int(str(text).partition("|")[0])

    server = await stage.serve(session(talk))
    user = make_user(server.url)
    async with user.ws.connect("/") as socket:
        assert (await socket.rtt("7|?", correlate=number)).message == "7|yes"
        with pytest.raises(ValueError, match="invalid literal"):
            await socket.rtt("8|?", correlate=number)
        assert await socket.receive() == "no number"
    assert samples.total("ws_msgs_lost") == 1


async def test_what_cannot_be_matched_is_refused_before_it_is_sent(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    asked = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await key_of_next(peer)
        asked.set()

    server = await stage.serve(session(talk))
    user = make_user(server.url)
    socket = await user.ws.connect("/")
    with pytest.raises(ValueError, match=r"has no key at 'payload\.id'"):
        await socket.rtt({"payload": {}}, correlate="payload.id")
    with pytest.raises(TypeError, match="a place in JSON"):
        await socket.rtt({}, correlate=3)  # type: ignore[arg-type]
    asking = asyncio.create_task(socket.rtt(message(1), **WAYS))
    await asked.wait()
    with pytest.raises(ValueError, match="is in flight"):
        await socket.rtt(message(1), **WAYS)
    assert samples.total("ws_msgs_sent") == 1
    asking.cancel()


async def test_the_open_model_counts_from_the_intended_start(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def talk(peer: Peer) -> None:
        while True:
            await peer.send(answer(await key_of_next(peer)))

    server = await stage.serve(session(talk))
    user = make_user(server.url)
    user.http.late_ns = 3600 * NS_PER_S
    socket = await user.ws.connect("/")
    await socket.rtt(message(1), **WAYS)
    connect = samples.only("ws_response_time", operation="connect")
    assert connect.value == 3600 * NS_PER_S + samples.only("ws_connecting").value
    rtt = samples.only("ws_response_time", operation="rtt")
    assert samples.only("ws_rtt").value <= rtt.value < 3600 * NS_PER_S
    user.http.late_ns = 7200 * NS_PER_S
    await socket.rtt(message(2), **WAYS)
    assert samples.of("ws_response_time", operation="rtt")[-1].value >= 7200 * NS_PER_S


async def test_broken_json_is_no_answer(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def talk(peer: Peer) -> None:
        key = await key_of_next(peer)
        for text in ("{", "[1]", '"x"', '{"ack": 3}', '{"ack": {"for": [1]}}', '{"ack":[]}'):
            await peer.send(frame(TEXT, text))
        await peer.send(answer(key))

    server = await stage.serve(session(talk))
    user = make_user(server.url)
    async with user.ws.connect("/") as socket:
        assert (await socket.rtt(message(1), **WAYS)).ok
        assert socket.unread == 6
    await settled(samples, "ws_session_failed")
