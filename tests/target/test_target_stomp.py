"""STOMP over the raw WebSocket transport, as the `deployed` contract has it."""

from __future__ import annotations

import asyncio
import json
import time

import aiohttp
import pytest

from atlas_perf.target import jwt
from atlas_perf.target.app import HUB
from atlas_perf.target.stomp import topics
from atlas_perf.target.stomp.conversation import MAX_SUBSCRIPTIONS
from atlas_perf.target.stomp.heartbeats import Agreement, Heartbeats, agree

RUN = "6f1c2d3e-0000-4000-8000-00000000000a"
TOPIC = f"/topic/runs/{RUN}/collaboration"
CONNECT = {"accept-version": "1.1,1.2", "host": "x"}


def frame(command: str, body: str = "", **headers: str) -> str:
    lines = "".join(f"{name.replace('_', '-')}:{value}\n" for name, value in headers.items())
    return f"{command}\n{lines}\n{body}\0"


class Client:
    """A client that knows no more of STOMP than these tests need."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, command: str, body: str = "", **headers: str) -> None:
        await self.socket.send_str(frame(command, body, **headers))

    async def act(self, action: str, body: object = None, **headers: str) -> None:
        destination = f"/app/runs/{RUN}/{action}"
        text = "" if body is None else json.dumps(body)
        await self.say("SEND", text, destination=destination, **headers)

    async def hear(self) -> tuple[str, dict[str, str], str]:
        text = await self.socket.receive_str()
        assert text.endswith("\0")
        head, _, body = text.removesuffix("\0").partition("\n\n")
        command, *lines = head.split("\n")
        return command, dict(line.split(":", 1) for line in lines), body

    async def event(self) -> dict:
        command, headers, body = await self.hear()
        assert (command, headers["destination"]) == ("MESSAGE", TOPIC)
        return json.loads(body)

    async def refused(self) -> str:
        """The words of the ERROR that must come next, and the closing after it."""
        command, headers, body = await self.hear()
        assert (command, headers["message"].replace("\\c", ":")) == ("ERROR", body)
        assert (await self.socket.receive()).type is aiohttp.WSMsgType.CLOSE
        return body


@pytest.fixture
async def deployed(start_target):
    return await start_target(contract="deployed")


@pytest.fixture
async def dial(deployed):
    async def dial(on=deployed, *, headers: dict | None = None) -> Client:
        path = f"/ws/runs/{RUN}/collaboration/000/abcd/websocket"
        return Client(await on.ws_connect(path, headers=headers or {}, protocols=["v12.stomp"]))

    return dial


@pytest.fixture
async def join(dial):
    """A client that is connected and subscribed to the run."""

    async def join(user: str = "u-1", **settings) -> Client:
        client = await dial(**settings)
        await client.socket.send_str(
            f"CONNECT\naccept-version:1.2\nX-User-Id:{user}\n\n\0"
            + frame("SUBSCRIBE", id="s-0", destination=TOPIC, receipt="r-0")
        )
        assert (await client.hear())[0] == "CONNECTED"
        assert (await client.hear())[:2] == ("RECEIPT", {"receipt-id": "r-0"})
        return client

    return join


async def traffic(target) -> dict:
    async with target.get("/_target/counters") as answer:
        return (await answer.json())["websocket"]


async def settled(target, **expected) -> dict:
    while True:
        counted = await traffic(target)
        if {name: counted[name] for name in expected} == expected:
            return counted
        await asyncio.sleep(0)


async def test_connect_is_answered_with_the_version_and_the_user(dial) -> None:
    client = await dial(headers={"X-User-Id": "u-9"})
    await client.say("CONNECT", accept_version="1.0,1.2", heart_beat="4000,30000")
    command, headers, body = await client.hear()
    assert (command, body) == ("CONNECTED", "")
    assert headers["version"] == "1.2"
    assert headers["user-name"] == "u-9"
    assert headers["heart-beat"] == "30000,10000"
    assert client.socket.protocol == "v12.stomp"


@pytest.mark.parametrize("command", ["SEND", "SUBSCRIBE", "DISCONNECT"])
async def test_nothing_comes_before_connect(deployed, dial, command: str) -> None:
    client = await dial()
    await client.say(command, id="1", destination=TOPIC)
    assert "before CONNECT" in await client.refused()
    await settled(deployed, sessions_open=0, errors=1)


@pytest.mark.parametrize("headers", [{}, {"accept_version": "1.0,1.1"}, {"accept_version": "1.20"}])
async def test_another_version_is_refused_with_ours(dial, headers: dict) -> None:
    client = await dial()
    await client.say("CONNECT", **headers)
    command, said, _ = await client.hear()
    assert (command, said["version"]) == ("ERROR", "1.2")


@pytest.mark.parametrize(
    ("action", "event_type", "said", "data"),
    [
        ("graft", "GRAFT", {"after": "PM", "agentName": "a", "mine": 1}, None),
        ("prune", "PRUNE", {"stepId": "PM", "isPruned": True}, None),
        ("flag", "FLAG", {"stepId": "PM", "note": "é:\n"}, None),
        ("cursor", "CURSOR_MOVE", {"nodeId": "n-1", "x": 3}, {"nodeId": "n-1"}),
    ],
)
async def test_an_action_becomes_an_event_that_everybody_hears(
    join, action: str, event_type: str, said: dict, data: dict | None
) -> None:
    clients = [await join(f"u-{n}") for n in range(3)]
    await clients[1].act(action, said)
    for client in clients:
        event = await client.event()
        assert event.pop("timestamp") == pytest.approx(time.time() * 1000, abs=60_000)
        assert event == {
            "eventType": event_type,
            "userId": "u-1",
            "data": said if data is None else data,
            "sequenceNumber": 1,
        }


async def test_events_of_a_run_are_numbered(join) -> None:
    one, two = await join("u-1"), await join("u-2")
    for client in (one, two, one):
        await client.act("flag", {"stepId": "PM"})
        assert (await one.event())["sequenceNumber"] == (await two.event())["sequenceNumber"]
    await one.act("flag", {"stepId": "PM"})
    assert (await one.event())["sequenceNumber"] == 4


async def test_presence_names_who_is_there(join, monkeypatch) -> None:
    monkeypatch.setattr(topics, "USERS_SHOWN", 2)
    clients = [await join(f"u-{n}") for n in range(3)]
    for client in clients:
        await client.act("join")
    events = [await clients[0].event() for _ in clients]
    assert [event["eventType"] for event in events] == ["USER_JOIN"] * 3
    assert events[1]["data"] == {"activeUsers": ["u-0", "u-1"], "activeUserCount": 2}
    assert events[2]["data"] == {"activeUsers": ["u-1", "u-2"], "activeUserCount": 3}
    await clients[2].act("leave")
    left = await clients[0].event()
    assert (left["eventType"], left["data"]["activeUserCount"]) == ("USER_LEAVE", 2)


async def test_a_ping_is_answered_with_both_times(join) -> None:
    client = await join()
    await client.act("ping", {"timestamp": 1234})
    event = await client.event()
    assert event["eventType"] == "PONG"
    assert event["data"]["clientTimestamp"] == 1234
    assert event["data"]["serverTimestamp"] == event["timestamp"]


async def test_each_subscription_gets_messages_of_its_own(join) -> None:
    client = await join()
    await client.say("SUBSCRIBE", id="s:1".replace(":", "\\c"), destination=TOPIC)
    await client.act("flag", {"stepId": "PM"})
    heard = [(await client.hear())[1] for _ in range(2)]
    assert [headers["subscription"] for headers in heard] == ["s-0", "s\\c1"]
    assert len({headers["message-id"] for headers in heard}) == 2
    await client.say("UNSUBSCRIBE", id="s-0")
    await client.act("flag", {"stepId": "PM"}, receipt="r-1")
    assert (await client.hear())[1]["subscription"] == "s\\c1"
    assert (await client.hear())[1]["receipt-id"] == "r-1"


async def test_an_action_without_subscribers_is_taken(dial) -> None:
    client = await dial()
    await client.say("STOMP", accept_version="1.2")
    await client.hear()
    await client.act("flag", {"stepId": "PM"}, receipt="r-1")
    assert (await client.hear())[0] == "RECEIPT"


@pytest.mark.parametrize(
    ("command", "headers", "words"),
    [
        ("CONNECT", {"accept_version": "1.2"}, "connected already"),
        ("SUBSCRIBE", {"destination": TOPIC}, "id is missing"),
        ("SUBSCRIBE", {"id": "1"}, "destination is missing"),
        ("SUBSCRIBE", {"id": "s-0", "destination": TOPIC}, "another subscription"),
        ("SUBSCRIBE", {"id": "1", "destination": "/topic/runs/else/x"}, "this connection's run"),
        ("SUBSCRIBE", {"id": "1", "destination": TOPIC, "ack": "client"}, "ack must be auto"),
        ("UNSUBSCRIBE", {"id": "1"}, "no subscription"),
        ("UNSUBSCRIBE", {}, "id is missing"),
        ("SEND", {}, "destination is missing"),
        ("SEND", {"destination": TOPIC}, "no action"),
        ("SEND", {"destination": "/app/runs/else/flag"}, "no action"),
        ("SEND", {"destination": f"/app/runs/{RUN}/dance"}, "no action"),
        ("SEND", {"destination": f"/app/runs/{RUN}/flag"}, "message is not JSON"),
        ("SEND", {"destination": f"/app/runs/{RUN}/flag", "transaction": "t"}, "transactions"),
        ("ACK", {"id": "1"}, "not served"),
        ("BEGIN", {"transaction": "t"}, "not served"),
        ("HELLO", {}, "no command"),
    ],
)
async def test_what_has_no_place_is_an_error_and_the_end(
    deployed, join, command: str, headers: dict, words: str
) -> None:
    client = await join()
    await client.say(command, **headers)
    assert words in await client.refused()
    assert (await settled(deployed, sessions_open=0))["errors"] == 1


async def test_an_error_names_the_receipt_of_its_own_frame_only(join) -> None:
    client = await join()
    await client.say("ACK", id="1", receipt="r-7")
    assert (await client.hear())[1]["receipt-id"] == "r-7"
    client = await join()
    good = frame("SEND", '{"stepId": "PM"}', destination=f"/app/runs/{RUN}/flag", receipt="r-8")
    await client.socket.send_str(good + "NONSENSE\n\n\0")
    heard = [await client.hear() for _ in range(3)]
    assert [command for command, _, _ in heard] == ["MESSAGE", "RECEIPT", "ERROR"]
    assert "receipt-id" not in heard[2][1]


async def test_subscriptions_are_bounded(join) -> None:
    client = await join()
    for n in range(1, MAX_SUBSCRIPTIONS + 1):
        await client.say("SUBSCRIBE", id=f"n-{n}", destination=f"{TOPIC}/{n}")
    assert f"at most {MAX_SUBSCRIPTIONS}" in await client.refused()


async def test_disconnect_is_receipted_then_closed_and_everything_is_freed(deployed, join) -> None:
    client = await join()
    await client.act("join")
    await client.event()
    await client.say("DISCONNECT", receipt="bye")
    assert (await client.hear())[:2] == ("RECEIPT", {"receipt-id": "bye"})
    closing = await client.socket.receive()
    assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 1000)
    await settled(deployed, sessions_open=0)
    async with deployed.get("/actuator/prometheus") as page:
        assert 'kind="topics"} 0' in await page.text()


async def test_a_frame_may_come_in_pieces(join) -> None:
    client = await join()
    text = frame("SEND", '{"stepId": "PM"}', destination=f"/app/runs/{RUN}/flag")
    await client.socket.send_str(text[:20])
    await client.socket.send_bytes(text[20:].encode())
    assert (await client.event())["eventType"] == "FLAG"


async def test_both_sides_count_the_same_and_heart_beats_are_no_messages(deployed, join) -> None:
    clients = [await join(f"u-{n}") for n in range(4)]
    for client in clients:
        await client.socket.send_str("\n")
        await client.act("cursor", {"nodeId": "n"})
    for client in clients:
        for _ in clients:
            await client.event()
    counted = await traffic(deployed)
    assert counted["messages_received"] == 4 * 3  # CONNECT, SUBSCRIBE, SEND
    assert counted["messages_sent"] == 4 * 2 + 4 * 4  # CONNECTED, RECEIPT, and each to each


async def test_a_token_comes_with_the_handshake_or_with_connect(start_target, dial) -> None:
    target = await start_target(contract="deployed", asks_for_jwt=True, jwt_secret="s")
    token = jwt.issue("u", secret="s", now_s=time.time(), lives_s=60)
    client = await dial(target, headers={"Authorization": f"Bearer {token}"})
    await client.say("CONNECT", accept_version="1.2")
    assert (await client.hear())[0] == "CONNECTED"
    client = await dial(target)
    await client.say("CONNECT", accept_version="1.2", Authorization=f"Bearer {token}")
    assert (await client.hear())[0] == "CONNECTED"
    for headers in ({}, {"Authorization": "Bearer x.y.z"}):
        client = await dial(target)
        await client.say("CONNECT", accept_version="1.2", **headers)
        assert "oken" in await client.refused()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await dial(target, headers={"Authorization": "Bearer x.y.z"})
    assert refusal.value.status == 401


async def test_a_run_that_is_no_uuid_has_no_session(deployed) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await deployed.ws_connect("/ws/runs/run-1/collaboration/000/abcd/websocket")
    assert refusal.value.status == 400


async def test_a_server_that_stops_says_goodbye(start_target, join) -> None:
    target = await start_target(contract="deployed")
    client = await join(on=target)
    target.app[HUB].close_all()
    assert (await client.socket.receive()).data == 1001


@pytest.mark.parametrize(
    ("header", "sends_ms", "wants_ms"),
    [
        ("0,0", 0, 0),
        ("0,4000", 10_000, 0),
        ("4000,0", 0, 10_000),
        ("30000,20000", 20_000, 30_000),
    ],
)
def test_heart_beats_are_the_slower_of_both_wishes(header, sends_ms, wants_ms) -> None:
    assert agree(header) == Agreement(server_sends_ms=sends_ms, client_sends_ms=wants_ms)


@pytest.mark.parametrize("header", ["", "1", "1,2,3", "a,b", "-1,0", "1.5,0"])
async def test_heart_beats_that_are_no_numbers_are_refused(dial, header: str) -> None:
    client = await dial()
    await client.say("CONNECT", accept_version="1.2", heart_beat=header)
    assert "two numbers" in await client.refused()


async def test_heart_beats_go_out_and_a_silent_client_is_taken_for_dead() -> None:
    happened: asyncio.Queue[str] = asyncio.Queue()
    heartbeats = Heartbeats(
        Agreement(server_sends_ms=5, client_sends_ms=5),
        beat=lambda: happened.put_nowait("beat"),
        dead=lambda: happened.put_nowait("dead"),
    )
    seen = []
    while "dead" not in seen or seen.count("beat") < 3:
        seen.append(await happened.get())
    heartbeats.stop()
    assert seen.count("dead") == 1


async def test_a_client_that_is_heard_is_not_dead(monkeypatch) -> None:
    happened: asyncio.Queue[str] = asyncio.Queue()
    heartbeats = Heartbeats(
        Agreement(server_sends_ms=2, client_sends_ms=10_000),
        beat=lambda: happened.put_nowait("beat"),
        dead=lambda: happened.put_nowait("dead"),
    )
    heartbeats.heard()
    assert [await happened.get() for _ in range(10)] == ["beat"] * 10
    heartbeats.stop()
