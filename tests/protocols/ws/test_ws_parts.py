"""The parts that need no connection: matching, delays, the inbox, the fake."""

from __future__ import annotations

import asyncio
import json
import random
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf import Backoff, WebSocketClosed, WebSocketError
from atlas_perf.protocols.ws.correlation import REMEMBERED_KEYS, Arrival, Correlation
from atlas_perf.protocols.ws.deflate import Agreed, Deflate
from atlas_perf.protocols.ws.inbox import Inbox
from atlas_perf.testing import fake_virtual_user


@given(st.lists(st.tuples(st.sampled_from(["send", "arrive", "lose"]), st.integers(0, 5))))
def test_every_message_has_one_end(steps: list[tuple[str, int]]) -> None:
    correlation: Correlation[int] = Correlation()
    state: dict[int, str] = {}
    sent = answered = lost = 0
    for what, key in steps:
        if what == "send":
            if state.get(key) == "in flight":
                with pytest.raises(ValueError, match="in flight"):
                    correlation.send(key, key)
                continue
            correlation.send(key, key)
            state[key] = "in flight"
            sent += 1
        elif what == "lose" and state.get(key) == "in flight":
            correlation.lose(key)
            state[key] = "lost"
            lost += 1
        elif what == "arrive":
            arrived = correlation.arrive(key)
            expected = {
                None: Arrival.UNKNOWN,
                "in flight": Arrival.ANSWER,
                "answered": Arrival.DUPLICATE,
                "lost": Arrival.LATE,
            }[state.get(key)]
            assert arrived.what is expected
            if expected is Arrival.ANSWER:
                state[key] = "answered"
                answered += 1
    assert sent == answered + lost + len(correlation)


@given(st.permutations(range(8)))
def test_order_is_that_of_rfc_4737(arrivals: list[int]) -> None:
    correlation: Correlation[int] = Correlation()
    for key in range(8):
        correlation.send(key, key)
    reordered = [key for key in arrivals if correlation.arrive(key).out_of_order]
    assert reordered == [
        key for position, key in enumerate(arrivals) if any(k > key for k in arrivals[:position])
    ]


def test_settled_keys_are_bounded() -> None:
    correlation: Correlation[int] = Correlation()
    for key in range(3 * REMEMBERED_KEYS):
        correlation.send(key, key)
        correlation.arrive(key)
    assert correlation.arrive(0).what is Arrival.UNKNOWN
    assert correlation.arrive(3 * REMEMBERED_KEYS - 1).what is Arrival.DUPLICATE
    assert len(correlation._settled) == REMEMBERED_KEYS


def test_delays_double_up_to_the_longest() -> None:
    steady = Backoff(first="100ms", longest="1s", jitter=0)
    chance = random.Random(1)
    assert [steady.delay_s(attempt, chance) for attempt in range(7)] == [
        *(0, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0)
    ]
    assert steady.delay_s(10_000, chance) == 1.0
    jittered = Backoff(first="100ms", jitter=0.5)
    assert all(0.05 <= jittered.delay_s(1, chance) <= 0.1 for _ in range(1000))


@pytest.mark.parametrize(
    "wrong", [{"first": "soon"}, {"attempts": 0}, {"jitter": 2}, {"longest": "x"}]
)
def test_a_backoff_that_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"Backoff {next(iter(wrong))}"):
        Backoff(**wrong)  # type: ignore[arg-type]


async def test_a_reader_that_is_canceled_leaves_its_message_to_another() -> None:
    inbox = Inbox(10)
    first, second = asyncio.create_task(inbox.get()), asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put("one")
    first.cancel()
    assert await second == "one"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_the_end_of_an_inbox_reaches_every_reader() -> None:
    inbox = Inbox(10)
    readers = [asyncio.create_task(inbox.get()) for _ in range(3)]
    await asyncio.sleep(0)
    inbox.put("one")
    inbox.end()
    assert sorted(map(str, await asyncio.gather(*readers))) == ["None", "None", "one"]


def test_errors_survive_a_pickle() -> None:
    import pickle  # noqa: PLC0415

    for error in (WebSocketError("no", 1403, 403), WebSocketClosed(4001, "why", "text", 7)):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), vars(copy), str(copy)) == (type(error), vars(error), str(error))


def test_of_a_message_beyond_the_limit_no_more_is_unpacked() -> None:
    packer = zlib.compressobj(wbits=-15)
    bomb = packer.compress(bytes(50_000_000)) + packer.flush(zlib.Z_SYNC_FLUSH)
    deflate = Deflate(Agreed())
    tracemalloc.start()
    try:
        with pytest.raises(OverflowError):
            deflate.decompress(bomb[:-4], 100_000)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1_000_000


# The fake


def test_a_scenario_is_tested_without_a_network() -> None:
    async def scenario(vu: object) -> None:
        async with vu.ws.connect("/ws/7", name="room") as socket:
            await socket.send("hello")
            assert await socket.receive() == "hello!"
            reply = await socket.rtt({"id": 1}, correlate="id")
            assert reply.json() == {"id": 1, "ack": True}
            lost = await socket.rtt({"id": 2}, correlate="id", limit="1s")
            assert (lost.ok, lost.duration_ms) == (False, 1000)

    def answers(message: str | bytes) -> object:
        if message == "hello":
            return "hello!"
        asked = json.loads(message)
        return {**asked, "ack": True} if asked["id"] == 1 else None

    with fake_virtual_user({"BASE_URL": "http://host"}) as vu:
        vu.ws.answer("/ws/*", answers)
        asyncio.run(scenario(vu))
        (socket,) = vu.ws.sockets
        assert (socket.close_code, len(socket.sent)) == (1000, 3)


def test_the_fake_refuses_what_the_client_refuses() -> None:
    async def scenario(vu: object) -> None:
        with pytest.raises(WebSocketError) as raised:
            await vu.ws.connect("/no")
        assert (raised.value.status, raised.value.error_code) == (403, 1403)
        with pytest.raises(AssertionError, match="no WebSocket at /unknown; there are: /no, /yes"):
            await vu.ws.connect("/unknown")
        with pytest.raises(TypeError, match="did you mean"):
            vu.ws.connect("/yes", subprotocol=[])
        socket = await vu.ws.session("/yes")
        assert await vu.ws.session("/yes") is socket
        socket.end(1006)
        with pytest.raises(WebSocketClosed):
            await socket.send("x")
        assert await vu.ws.session("/yes") is not socket

    with fake_virtual_user() as vu:
        vu.ws.refuse("/no")
        vu.ws.answer("/yes")
        asyncio.run(scenario(vu))


def test_the_fake_has_what_the_client_has() -> None:
    from atlas_perf.protocols.fake_ws import FakeWebSocket, FakeWsClient  # noqa: PLC0415
    from atlas_perf.protocols.ws.web_socket import WebSocket  # noqa: PLC0415
    from atlas_perf.protocols.ws.ws_client import WsClient  # noqa: PLC0415

    scenarios_use = {"connect", "session", "begin_iteration", "cut_off", "close"}
    assert scenarios_use <= set(dir(FakeWsClient)) & set(dir(WsClient))
    of_sockets = {"send", "receive", "receive_json", "rtt", "ping", "close", "is_open"}
    assert of_sockets <= set(dir(FakeWebSocket)) & set(dir(WebSocket))
