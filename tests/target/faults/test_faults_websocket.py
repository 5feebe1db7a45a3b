"""Faults of collaboration: what sessions see of them on the wire."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from atlas_perf import clock as real_clock
from atlas_perf.units import NS_PER_S

PATH = "/ws/runs/run-1/collaboration"
USER = {"X-User-Id": "u-1"}


def text(kind: str, n: int = 0) -> str:
    payload = {"runId": "run-1", "userId": "u-1", "timestamp": 1767323045000, "n": n}
    return json.dumps({"type": kind, "payload": payload})


async def joined(target):
    socket = await target.ws_connect(PATH, headers=USER)
    await socket.send_str(text("SUBSCRIBE"))
    assert (await socket.receive_json())["type"] == "SUBSCRIBED"
    return socket


async def echoes(socket, sent: int, received: int) -> list[int]:
    """Say `sent` numbered things, and hear the numbers of what comes back."""
    for n in range(sent):
        await socket.send_str(text("FLAG", n))
    return [(await socket.receive_json())["payload"]["n"] for _ in range(received)]


async def test_messages_are_dropped(target, order, struck) -> None:
    socket = await joined(target)
    await order(target, "drop,share=50%")
    for n in range(30):
        await socket.send_str(text("FLAG", n))
    while (await traffic(target))["messages_received"] != 31:
        pass
    (dropped,) = await struck(target)
    assert 0 < dropped < 30
    await order(target)
    await socket.send_str(text("FLAG", 30))
    heard = []
    while not heard or heard[-1] != 30:
        heard.append((await socket.receive_json())["payload"]["n"])
    assert len(heard) == 31 - dropped
    assert heard == sorted(set(heard))
    assert (await traffic(target))["messages_sent"] == 1 + len(heard)


async def traffic(target) -> dict:
    async with target.get("/_target/counters") as answer:
        return (await answer.json())["websocket"]


async def test_messages_come_twice(target, order, struck) -> None:
    socket = await joined(target)
    await order(target, "duplicate")
    assert await echoes(socket, 3, 6) == [0, 0, 1, 1, 2, 2]
    assert await struck(target) == [3]


async def test_messages_overtake(target, order, struck) -> None:
    socket = await joined(target)
    await order(target, "reorder,share=30%")
    heard = await echoes(socket, 30, 30)
    assert sorted(heard) == list(range(30))
    assert heard != sorted(heard)
    assert (await struck(target))[0] > 0


async def test_messages_come_late_and_in_order(target, clock, order, struck) -> None:
    slow = await joined(target)
    await order(target, "delay:20ms,for=1s")
    await slow.send_str(text("FLAG", 0))
    while await struck(target) != [1]:
        pass
    await order(target)  # what is late stays so, and is not overtaken
    await slow.send_str(text("FLAG", 1))
    first = asyncio.create_task(slow.receive_json())
    async with target.get("/actuator/health") as answer:
        assert answer.status == 200
    assert not first.done()
    clock.pass_ms(20)
    assert (await first)["payload"]["n"] == 0
    assert (await slow.receive_json())["payload"]["n"] == 1


async def test_a_session_ends_without_a_close_frame(target, order, struck) -> None:
    socket, other = await joined(target), await joined(target)
    await order(target, "disconnect")
    await socket.send_str(text("FLAG"))
    message = await socket.receive()
    assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    assert socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
    assert (await other.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    assert await struck(target) == [2]
    while (await traffic(target))["sessions_open"]:
        pass


async def test_a_session_ends_with_a_close_code(target, order, struck) -> None:
    socket = await joined(target)
    await order(target, "disconnect:1011")
    await socket.send_str(text("FLAG"))
    message = await socket.receive()
    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1011)
    assert await struck(target) == [1]


async def test_an_upgrade_is_refused(start_target, struck) -> None:
    target = await start_target(faults=("error:503@ws.connect",))
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await target.ws_connect(PATH, headers=USER)
    assert refusal.value.status == 503
    assert await struck(target) == [1]
    async with target.get("/api/runs") as answer:
        assert answer.status == 200


async def test_an_upgrade_is_slow(start_target, struck) -> None:
    target = await start_target(faults=("latency:200ms@ws.connect",))
    began_ns = real_clock.now_ns()
    socket = await target.ws_connect(PATH, headers=USER)
    assert (real_clock.now_ns() - began_ns) / NS_PER_S >= 0.2
    await socket.close()
    assert await struck(target) == [1]


async def test_an_upgrade_is_reset(start_target, struck) -> None:
    target = await start_target(faults=("reset@ws.connect",))
    with pytest.raises(aiohttp.ClientConnectionError):
        await target.ws_connect(PATH, headers=USER)
    assert await struck(target) == [1]


async def test_an_upgrade_hangs(start_target, connect, struck) -> None:
    target = await start_target(faults=("hang@ws.connect",))
    wire = await connect(target)
    wire.ask(PATH)
    while await struck(target) != [1]:
        pass
    answer = asyncio.create_task(wire.all())
    async with target.get("/api/runs") as other:
        assert other.status == 200
    assert not answer.done()
    wire.writer.close()
    await asyncio.wait([answer])


async def test_faults_of_requests_spare_messages(target, order, struck) -> None:
    socket = await joined(target)
    await order(target, "error:500", "latency:1s", "malformed:json")
    assert await echoes(socket, 3, 3) == [0, 1, 2]
    assert await struck(target) == [0, 0, 0]


async def test_a_session_without_faults_never_meets_them(target, monkeypatch) -> None:
    from atlas_perf.target.faults.message_delivery import MessageDelivery  # noqa: PLC0415

    def never(*_: object) -> None:
        raise AssertionError("a fault was looked for")

    monkeypatch.setattr(MessageDelivery, "deliver", never)
    socket = await joined(target)
    assert await echoes(socket, 3, 3) == [0, 1, 2]
