"""Live collaboration over a WebSocket, as the `documented` contract has it."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import aiohttp
import pytest

from atlas_perf.target.app import HUB

PATH = "/ws/runs/run-1/collaboration"


def message(kind: str, **more) -> dict:
    payload = {"runId": "run-1", "userId": "u-1", "timestamp": 1767323045000, **more}
    return {"type": kind, "payload": payload}


@pytest.fixture
async def join(target):
    """Opens a session, subscribed to its run unless told otherwise."""

    async def join(user: str = "u-1", *, subscribed: bool = True, path: str = PATH, on=target):
        socket = await on.ws_connect(path, headers={"X-User-Id": user})
        if subscribed:
            run_id = path.split("/")[3]
            await socket.send_json(message("SUBSCRIBE", runId=run_id))
            assert (await socket.receive_json())["type"] == "SUBSCRIBED"
        return socket

    return join


async def traffic(target) -> dict:
    async with target.get("/_target/counters") as answer:
        return (await answer.json())["websocket"]


async def settled(target, **expected) -> dict:
    """The server's counters, as soon as they are as expected: it sees a closing a moment later."""
    while True:
        counted = await traffic(target)
        if {name: counted[name] for name in expected} == expected:
            return counted
        await asyncio.sleep(0)


async def test_a_subscription_is_acknowledged_with_what_was_said(join) -> None:
    await join("u-1")
    socket = await join("u-2", subscribed=False)
    await socket.send_json(message("SUBSCRIBE", correlationId="c-9"))
    said = await socket.receive_json()
    assert said["type"] == "SUBSCRIBED"
    assert said["payload"] == {
        **message("SUBSCRIBE", correlationId="c-9")["payload"],
        "subscribers": 2,
    }


@pytest.mark.parametrize(
    "kind", ["GRAFT", "PRUNE", "FLAG", "CURSOR_MOVE", "PRESENCE", "CRDT_UPDATE"]
)
async def test_everybody_hears_a_message_its_author_included_byte_for_byte(join, kind) -> None:
    sessions = [await join(f"u-{n}") for n in range(3)]
    text = json.dumps(message(kind, mine={"é": [1, None]}), indent=3, ensure_ascii=False)
    await sessions[1].send_str(text)
    assert [await session.receive_str() for session in sessions] == [text] * 3


async def test_messages_of_a_run_come_in_the_order_in_which_they_were_taken(join) -> None:
    listener, author = await join("u-1"), await join("u-2")
    for n in range(200):
        await author.send_json(message("FLAG", n=n))
    for socket in (listener, author):
        heard = [(await socket.receive_json())["payload"]["n"] for _ in range(200)]
        assert heard == list(range(200))


async def test_another_run_and_who_has_not_subscribed_hear_nothing(join) -> None:
    author = await join("u-1")
    elsewhere = await join("u-2", path="/ws/runs/run-2/collaboration")
    silent = await join("u-3", subscribed=False)
    await author.send_json(message("GRAFT"))
    await author.receive_json()
    for socket in (elsewhere, silent):
        run_id = "run-2" if socket is elsewhere else "run-1"
        await socket.send_json(message("SUBSCRIBE", runId=run_id))
        # The first thing each hears after the broadcast is the answer to its own message.
        assert (await socket.receive_json())["type"] == "SUBSCRIBED"


async def test_subscribing_twice_hears_everything_once(target, join) -> None:
    socket = await join()
    await socket.send_json(message("SUBSCRIBE"))
    assert (await socket.receive_json())["payload"]["subscribers"] == 1
    await socket.send_json(message("FLAG", n=1))
    await socket.send_json(message("FLAG", n=2))
    assert [(await socket.receive_json())["payload"]["n"] for _ in range(2)] == [1, 2]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("no JSON", None),
        ("[1]", None),
        (json.dumps(message("SUBSCRIBE"))[:-1], None),
        ('{"type": "DANCE", "payload": {}}', "type"),
        ('{"type": ["FLAG"], "payload": {}}', "type"),
        ('{"type": "FLAG"}', "payload"),
        (json.dumps(message("FLAG", runId="run-2")), "payload.runId"),
        (json.dumps(message("FLAG", userId="")), "payload.userId"),
        (json.dumps(message("FLAG", timestamp="soon")), "payload.timestamp"),
    ],
)
async def test_a_wrong_message_is_answered_by_an_error_and_the_session_goes_on(
    target, join, text: str, field: str | None
) -> None:
    socket = await join()
    await socket.send_str(text)
    said = await socket.receive_json()
    assert (said["type"], said["payload"]["error"]) == ("ERROR", "bad_request")
    assert said["payload"].get("field") == field
    await socket.send_json(message("FLAG"))
    assert (await socket.receive_json())["type"] == "FLAG"
    assert (await traffic(target))["errors"] == 1


async def test_an_error_carries_the_payload_it_is_about(join) -> None:
    socket = await join()
    await socket.send_json(message("FLAG", runId="run-2", correlationId="c-7"))
    assert (await socket.receive_json())["payload"]["correlationId"] == "c-7"


async def test_speaking_before_subscribing_is_an_error(join) -> None:
    socket = await join(subscribed=False)
    await socket.send_json(message("FLAG"))
    assert "send SUBSCRIBE first" in (await socket.receive_json())["payload"]["message"]


async def test_binary_closes_with_1003(target, join) -> None:
    socket = await join()
    await socket.send_bytes(b"\x00")
    closing = await socket.receive()
    assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 1003)
    assert (await settled(target, sessions_open=0))["sessions_cut_off"] == 1


async def test_a_message_that_is_too_large_closes_with_1009(target, join) -> None:
    socket = await join()
    await socket.send_str("x" * (64 * 1024 + 1))
    closing = await socket.receive()
    assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 1009)
    await settled(target, sessions_open=0)


async def test_both_sides_count_the_same(target, join) -> None:
    sessions = [await join(f"u-{n}") for n in range(5)]
    for session in sessions:
        await session.send_json(message("CURSOR_MOVE"))
        await session.send_str("nonsense")
    for session in sessions:
        for _ in range(6):  # five moves and an error
            await session.receive()
    assert await traffic(target) == {
        "sessions_open": 5,
        "sessions_most": 5,
        "sessions_opened": 5,
        "sessions_closed": 0,
        "sessions_refused": 0,
        "sessions_cut_off": 0,
        "messages_received": 15,
        "messages_sent": 5 + 5 * 6,
        "messages_dropped": 0,
        "errors": 5,
    }
    await sessions[0].close()
    await settled(target, sessions_open=4, sessions_closed=1)
    async with target.post("/_target/reset"):
        pass
    counted = await traffic(target)
    assert (counted["sessions_open"], counted["sessions_most"]) == (4, 4)
    assert sum(counted.values()) == 8


async def test_who_has_left_is_not_sent_to_and_an_empty_room_is_freed(start_target, join) -> None:
    target = await start_target()
    stays, leaves = await join("u-1", on=target), await join("u-2", on=target)
    hub = target.app[HUB]
    assert len(hub.rooms) == 1
    await leaves.close()
    await settled(target, sessions_open=1)
    await stays.send_json(message("FLAG"))
    await stays.receive_json()
    assert (await traffic(target))["messages_sent"] == 3
    await stays.close()
    await settled(target, sessions_open=0)
    assert len(hub.rooms) == 0


async def test_who_vanishes_without_a_goodbye_leaves_too(target, join) -> None:
    socket = await join()
    socket._response.connection.transport.abort()
    await settled(target, sessions_open=0)
    assert len(target.app[HUB].rooms) == 0


async def test_one_that_does_not_read_is_cut_off_and_the_others_go_on(start_target, join) -> None:
    target = await start_target(max_unsent_bytes=100_000)
    deaf, author = await join("deaf", on=target), await join("author", on=target)
    deaf._response.connection.transport.pause_reading()
    text = json.dumps(message("CRDT_UPDATE", update="x" * 60_000))
    while not (await traffic(target))["sessions_cut_off"]:
        await author.send_str(text)
        assert await author.receive_str() == text
    counted = await settled(target, sessions_open=1)
    assert counted["sessions_cut_off"] == 1
    assert counted["messages_dropped"] == 1
    await deaf.close()


async def test_more_sessions_than_allowed_are_refused(start_target, join) -> None:
    target = await start_target(max_sessions=2)
    first, _ = await join("u-1", on=target), await join("u-2", on=target)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await join("u-3", on=target)
    assert refusal.value.status == 503
    await first.close()
    await settled(target, sessions_open=1, sessions_refused=1)
    await join("u-4", on=target)


async def test_the_handshake_is_counted_when_it_is_answered(target, join) -> None:
    await join()
    async with target.get(PATH, headers={"X-User-Id": "u"}) as answer:
        assert answer.status == 400  # no handshake at all
    async with target.get("/_target/counters") as answer:
        endpoints = (await answer.json())["endpoints"]
    assert endpoints == {"GET /ws/runs/{runId}/collaboration": {"101": 1, "400": 1}}


async def test_nobody_collaborates_without_a_name_or_a_token(start_target) -> None:
    target = await start_target(auth_token="secret")
    headers = {"X-User-Id": "u", "Authorization": "Bearer secret"}
    for missing, status in [("X-User-Id", 400), ("Authorization", 401)]:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await target.ws_connect(PATH, headers={**headers, missing: ""})
        assert refusal.value.status == status
    async with target.ws_connect(PATH, headers=headers):
        pass


async def test_a_ping_is_answered_and_is_no_message(target, join) -> None:
    socket = await join()
    await socket.ping(b"are you there")
    with suppress(TimeoutError):  # the client swallows the pong: what follows shows it is alive
        await socket.receive(timeout=0.01)
    assert (await traffic(target))["messages_received"] == 1


async def test_a_server_that_stops_says_goodbye_with_1001(start_target, join) -> None:
    target = await start_target()
    sessions = [await join(f"u-{n}", on=target) for n in range(3)]
    await target.server.close()
    for session in sessions:
        closing = await session.receive()
        assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 1001)
