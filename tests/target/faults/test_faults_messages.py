"""Faults of messages: what is sent, when, and in which order."""

from __future__ import annotations

import asyncio

import pytest

from atlas_perf import clock as real_clock
from atlas_perf.target.faults import message_delivery
from atlas_perf.target.faults.kinds import make_fault
from atlas_perf.target.faults.message_delivery import MessageDelivery
from atlas_perf.target.faults.message_faults import Delivery, Disconnect, MessageFaults
from atlas_perf.units import NS_PER_MS

WS = "ws.message"


def begun(*texts: str, seed: int = 0) -> list:
    faults = sorted((make_fault(text) for text in texts), key=lambda one: one.rank)
    for fault in faults:
        fault.begin(seed, 0)
    return faults


def passed(faults: list, messages: str, peer: MessageFaults | None = None) -> str:
    """Messages of one letter in, what is sent at once out."""
    peer = peer or MessageFaults()
    sent = ""
    for letter in messages:
        deliveries = peer.deliveries(faults, WS, letter.encode(), 0)
        assert isinstance(deliveries, list)
        sent += "".join(one.message.decode() for one in deliveries)
    return sent


def test_without_faults_a_message_goes_out_now() -> None:
    assert MessageFaults().deliveries([], WS, b"m", 7) == [Delivery(7, b"m")]


def test_a_dropped_message_is_not_sent() -> None:
    faults = begun("drop")
    assert passed(faults, "abc") == ""
    assert faults[0].struck == 3


def test_a_share_is_dropped_by_the_seed() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    sent = passed(begun("drop,share=30%", seed=1), letters)
    assert 10 <= len(sent) < 26
    assert passed(begun("drop,share=30%", seed=1), letters) == sent
    assert passed(begun("drop,share=30%", seed=2), letters) != sent


def test_a_duplicated_message_comes_again() -> None:
    assert passed(begun("duplicate"), "ab") == "aabb"
    assert passed(begun("duplicate:2"), "ab") == "aaabbb"


def test_a_delayed_message_is_not_overtaken() -> None:
    faults = begun("delay:50ms,for=1s")
    peer = MessageFaults()
    assert peer.deliveries(faults, WS, b"a", 0) == [Delivery(50 * NS_PER_MS, b"a")]
    assert peer.deliveries([], WS, b"b", 10) == [Delivery(50 * NS_PER_MS, b"b")]
    assert peer.deliveries([], WS, b"c", 60 * NS_PER_MS) == [Delivery(60 * NS_PER_MS, b"c")]


def test_a_message_is_overtaken() -> None:
    peer = MessageFaults()
    assert peer.deliveries(begun("reorder"), WS, b"a", 0) == []
    assert peer.holding
    assert passed([], "bc", peer) == "bac"
    assert not peer.holding


def test_a_message_is_overtaken_by_more_than_one() -> None:
    peer = MessageFaults()
    assert peer.deliveries(begun("reorder:2"), WS, b"a", 0) == []
    assert passed([], "bcd", peer) == "bcad"


def test_what_nobody_overtakes_is_released() -> None:
    peer = MessageFaults()
    assert passed(begun("reorder"), "ab", peer) == ""  # all are held: each waits for the others
    assert peer.release(9) == [Delivery(9, b"a"), Delivery(9, b"b")]
    assert not peer.holding


@pytest.mark.parametrize(("text", "code"), [("disconnect", None), ("disconnect:1011", 1011)])
def test_a_connection_ends_in_the_place_of_a_message(text: str, code: int | None) -> None:
    faults = begun("duplicate", text)
    assert MessageFaults().deliveries(faults, WS, b"a", 0) == Disconnect(code)
    assert [fault.struck for fault in faults] == [1, 0]


class Peer:
    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closing = False
        self.ended: list[int | None] = []
        self.arrived = asyncio.Event()

    def send(self, message: bytes) -> None:
        self.sent.append(message)
        self.arrived.set()

    def cut_off(self) -> None:
        self.ended.append(None)

    def close(self, code: int) -> None:
        self.ended.append(code)


async def sent_by(peer: Peer, count: int) -> list[bytes]:
    while len(peer.sent) < count:
        peer.arrived.clear()
        await peer.arrived.wait()
    return peer.sent


async def test_late_messages_are_sent_in_order_and_nothing_is_left() -> None:
    delivery, peer = MessageDelivery(real_clock.now_ns), Peer()
    late = [make_fault("delay:20ms")]
    late[0].begin(0, real_clock.now_ns())
    for letter in (b"a", b"b", b"c"):
        delivery.deliver(late if letter == b"a" else [], WS, peer, letter, peer.send)
    assert peer.sent == []
    assert peer in delivery.lines
    assert await sent_by(peer, 3) == [b"a", b"b", b"c"]
    assert delivery.lines == {}


async def test_a_held_message_goes_out_when_nobody_overtakes_it(monkeypatch) -> None:
    monkeypatch.setattr(message_delivery, "HOLD_LIMIT_S", 0.01)
    delivery, peer = MessageDelivery(real_clock.now_ns), Peer()
    delivery.deliver(begun("reorder"), WS, peer, b"a", peer.send)
    assert await sent_by(peer, 1) == [b"a"]
    assert delivery.lines == {}


async def test_peers_do_not_overtake_for_each_other() -> None:
    delivery, one, other = MessageDelivery(real_clock.now_ns), Peer(), Peer()
    delivery.deliver(begun("reorder"), WS, one, b"a", one.send)
    delivery.deliver([], WS, other, b"b", other.send)
    delivery.deliver([], WS, one, b"c", one.send)
    assert (one.sent, other.sent) == ([b"c", b"a"], [b"b"])
    assert delivery.lines == {}


@pytest.mark.parametrize(("text", "code"), [("disconnect", None), ("disconnect:1011", 1011)])
async def test_a_disconnected_peer_gets_nothing_more(text: str, code: int | None) -> None:
    delivery, peer = MessageDelivery(real_clock.now_ns), Peer()
    delivery.deliver(begun("reorder"), WS, peer, b"a", peer.send)
    delivery.deliver(begun(text), WS, peer, b"b", peer.send)
    assert peer.ended == [code]
    assert peer.sent == []
    assert delivery.lines == {}


async def test_what_is_late_for_a_disconnected_peer_is_never_sent() -> None:
    delivery, gone, other = MessageDelivery(real_clock.now_ns), Peer(), Peer()
    early, later = make_fault("delay:10ms"), make_fault("delay:30ms")
    for fault in (early, later):
        fault.begin(0, real_clock.now_ns())
    delivery.deliver([early], WS, gone, b"a", gone.send)
    delivery.deliver(begun("disconnect"), WS, gone, b"b", gone.send)
    delivery.deliver([later], WS, other, b"c", other.send)
    assert await sent_by(other, 1) == [b"c"]
    assert gone.sent == []
