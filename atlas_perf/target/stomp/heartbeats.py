"""Heart-beats, as CONNECT and CONNECTED agree on them (STOMP 1.2, Heart-beating)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from atlas_perf.target.stomp.frames import FrameError

OFFERED_MS = 10_000
"""What this server can send, and wants to receive, at least this often."""

GRACE = 3.0
"""A client may be this many times as late as agreed before it is taken for dead."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """In milliseconds; 0 is no heart-beats."""

    server_sends_ms: int
    client_sends_ms: int


def agree(header: str) -> Agreement:
    """What follows from a CONNECT's `heart-beat` header.

    Raises:
        FrameError: it is not two numbers.
    """
    numbers = header.split(",")
    if len(numbers) != 2 or not all(n.isascii() and n.isdigit() and len(n) < 10 for n in numbers):
        raise FrameError("heart-beat must be two numbers of milliseconds with a comma between")
    can_ms, wants_ms = map(int, numbers)
    return Agreement(
        server_sends_ms=max(OFFERED_MS, wants_ms) if wants_ms else 0,
        client_sends_ms=max(OFFERED_MS, can_ms) if can_ms else 0,
    )


class Heartbeats:
    """Beats for one session, and watches the client's. Two timers at most, none if none agreed."""

    def __init__(
        self, agreement: Agreement, *, beat: Callable[[], None], dead: Callable[[], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._beat = beat
        self._dead = dead
        self._every_s = agreement.server_sends_ms / 1000
        self._patience_s = GRACE * agreement.client_sends_ms / 1000
        self._heard_at_s = self._loop.time()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        if self._every_s:
            self._timers["beat"] = self._loop.call_later(self._every_s, self._send)
        if self._patience_s:
            self._timers["watch"] = self._loop.call_later(self._patience_s, self._watch)

    def heard(self) -> None:
        """The client has sent something, whatever it was."""
        self._heard_at_s = self._loop.time()

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    def _send(self) -> None:
        self._beat()
        self._timers["beat"] = self._loop.call_later(self._every_s, self._send)

    def _watch(self) -> None:
        left_s = self._heard_at_s + self._patience_s - self._loop.time()
        if left_s <= 0:
            self._dead()
        else:
            self._timers["watch"] = self._loop.call_later(left_s, self._watch)
