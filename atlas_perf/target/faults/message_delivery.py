"""Sends what message faults leave of a peer's messages, when they are due."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Protocol

from atlas_perf.target.faults.message_faults import (
    Delivery,
    Disconnect,
    MessageFault,
    MessageFaults,
)
from atlas_perf.units import NS_PER_S

HOLD_LIMIT_S = 1.0
"""How long a message waits to be overtaken before it goes out all the same."""


class Peer(Hashable, Protocol):
    """Whom messages go to."""

    @property
    def closing(self) -> bool:
        """Whether nothing can be sent any more."""

    def cut_off(self) -> None:
        """End the connection at once."""

    def close(self, code: int) -> None:
        """End it in order, with a close code."""


Send = Callable[[bytes], None]


class MessageDelivery:
    """One place for all peers. A peer takes room only while something is outstanding for it."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self.lines: dict[Peer, Line] = {}
        """Peers with something outstanding, which later messages must not overtake."""

    def deliver(
        self,
        faults: Sequence[MessageFault],
        operation: str,
        peer: Peer,
        message: bytes,
        send: Send,
    ) -> None:
        """Send a message to a peer by `send`, as the faults have it."""
        line = self.lines.get(peer)
        if line is None:
            line = Line(peer, send, self._now_ns)
        verdict = line.faults.deliveries(faults, operation, message, self._now_ns())
        if isinstance(verdict, Disconnect):
            line.end()
            self.lines.pop(peer, None)
            if verdict.code is None:
                peer.cut_off()
            else:
                peer.close(verdict.code)
            return
        line.take(verdict, self._forget)
        if line.outstanding:
            self.lines[peer] = line

    def _forget(self, peer: Peer) -> None:
        self.lines.pop(peer, None)


class Line:
    """What is still to be sent to one peer, in order, on one timer."""

    def __init__(self, peer: Peer, send: Send, now_ns: Callable[[], int]) -> None:
        self.faults = MessageFaults()
        self._peer = peer
        self._send = send
        self._now_ns = now_ns
        self._waiting: deque[Delivery] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._hold_timer: asyncio.TimerHandle | None = None

    @property
    def outstanding(self) -> bool:
        return bool(self._waiting) or self.faults.holding

    def take(self, deliveries: Sequence[Delivery], forget: Callable[[Peer], None]) -> None:
        self._waiting += deliveries
        self._send_due(forget)
        if self.faults.holding and self._hold_timer is None:
            loop = asyncio.get_running_loop()
            self._hold_timer = loop.call_later(HOLD_LIMIT_S, self._let_go, forget)

    def end(self) -> None:
        for timer in (self._timer, self._hold_timer):
            if timer is not None:
                timer.cancel()
        self._waiting.clear()

    def _let_go(self, forget: Callable[[Peer], None]) -> None:
        self._hold_timer = None
        self.take(self.faults.release(self._now_ns()), forget)

    def _send_due(self, forget: Callable[[Peer], None]) -> None:
        now_ns = self._now_ns()
        while self._waiting and (self._waiting[0].at_ns <= now_ns or self._peer.closing):
            self._send(self._waiting.popleft().message)
        if self._waiting and self._timer is None:
            wait_s = (self._waiting[0].at_ns - now_ns) / NS_PER_S
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._wake, forget)
        elif not self.outstanding:
            forget(self._peer)

    def _wake(self, forget: Callable[[Peer], None]) -> None:
        self._timer = None
        self._send_due(forget)
