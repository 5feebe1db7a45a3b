"""Faults that strike a request before the orchestrator handles it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from atlas_perf.target.answers import Refusal
from atlas_perf.target.faults.amounts import Delay, Growth
from atlas_perf.target.faults.broken_answers import BrokenAnswer, close, nothing, reset
from atlas_perf.target.faults.fault import Aim, Fault
from atlas_perf.units import NS_PER_S

BURST_S = 0.1
"""A ceiling that refuses lets this much of a second's requests come at once, at least one."""

_GONE_CHECK_S = 0.1


@dataclass(frozen=True, slots=True)
class Chance:
    """A request that a fault may strike."""

    operation: str
    request: web.Request
    now_ns: int

    @property
    def client_gone(self) -> bool:
        transport = self.request.transport
        return transport is None or transport.is_closing()


class RequestFault(Fault):
    """Delays a request, or answers it in the orchestrator's place.

    Those of the lowest `rank` come first: what waits, before what ends the request.
    """

    rank: ClassVar[int]

    async def before(self, chance: Chance) -> web.StreamResponse | None:
        """None if the request goes on."""
        raise NotImplementedError


class Ceiling(RequestFault):
    """At most so many requests a second, of all its operations together; the rest queues."""

    rank = 0

    def __init__(self, aim: Aim, rate: float, *, refuses: bool) -> None:
        super().__init__(aim)
        self._slot_ns = NS_PER_S / rate
        self._burst_ns = max(0.0, BURST_S * NS_PER_S - self._slot_ns) if refuses else 0.0
        self._refuses = refuses
        self._free_ns = 0.0

    def begin(self, seed: int, now_ns: int) -> None:
        super().begin(seed, now_ns)
        self._free_ns = now_ns

    async def before(self, chance: Chance) -> web.StreamResponse | None:
        now_ns = chance.now_ns
        if not self.on(now_ns):
            return None
        self.chances += 1
        wait_ns = self._free_ns - now_ns
        if self._refuses and wait_ns > self._burst_ns:
            self.struck += 1
            return refused(503, "over the ceiling of requests per second")
        self._free_ns = max(self._free_ns, float(now_ns)) + self._slot_ns
        if wait_ns > 0 and not self._refuses:
            self.struck += 1
            await asyncio.sleep(wait_ns / NS_PER_S)
        return None


class Creep(RequestFault):
    """Latency that grows, with time or with each request."""

    rank = 1

    def __init__(self, aim: Aim, growth_s: Growth) -> None:
        super().__init__(aim)
        self._growth_s = growth_s

    async def before(self, chance: Chance) -> None:
        if self.strikes(chance.operation, chance.now_ns):
            aged_s = self.elapsed_s(chance.now_ns) - self.aim.window.after_s
            await asyncio.sleep(self._growth_s.after(aged_s, self.struck))


class Leak(RequestFault):
    """Memory that is kept, really, up to a bound; given back when the fault is taken away."""

    rank = 1

    def __init__(self, aim: Aim, growth_bytes: Growth) -> None:
        super().__init__(aim)
        self._growth_bytes = growth_bytes
        self._kept: list[bytes] = []
        self._kept_bytes = 0

    def begin(self, seed: int, now_ns: int) -> None:
        super().begin(seed, now_ns)
        self._kept.clear()
        self._kept_bytes = 0

    async def before(self, chance: Chance) -> None:
        if self.strikes(chance.operation, chance.now_ns):
            aged_s = self.elapsed_s(chance.now_ns) - self.aim.window.after_s
            more = int(self._growth_bytes.after(aged_s, self.struck)) - self._kept_bytes
            if more > 0:
                self._kept.append(b"\xa5" * more)  # written to: zeros would take no memory
                self._kept_bytes += more

    def plain(self, now_ns: int) -> dict[str, object]:
        return {**super().plain(now_ns), "kept_bytes": self._kept_bytes}


class Latency(RequestFault):
    """Time added in front of the operation, as a queue or a slow network would."""

    rank = 2

    def __init__(self, aim: Aim, delay: Delay) -> None:
        super().__init__(aim)
        self._delay = delay

    async def before(self, chance: Chance) -> None:
        if self.strikes(chance.operation, chance.now_ns):
            await asyncio.sleep(self._delay(self.random_of(chance.operation)))


class Hang(RequestFault):
    """No answer, ever: the client has to give up."""

    rank = 3

    async def before(self, chance: Chance) -> web.StreamResponse | None:
        if not self.strikes(chance.operation, chance.now_ns):
            return None
        # Nothing wakes a handler when its client leaves: without looking, it would stay for ever.
        while not chance.client_gone:  # noqa: ASYNC110
            await asyncio.sleep(_GONE_CHECK_S)
        return BrokenAnswer(nothing)


class Reset(RequestFault):
    """RST instead of an answer."""

    rank = 4

    async def before(self, chance: Chance) -> web.StreamResponse | None:
        return BrokenAnswer(reset) if self.strikes(chance.operation, chance.now_ns) else None


class Close(RequestFault):
    """The connection is closed in order, without an answer."""

    rank = 4

    async def before(self, chance: Chance) -> web.StreamResponse | None:
        return BrokenAnswer(close) if self.strikes(chance.operation, chance.now_ns) else None


class Error(RequestFault):
    """An error's status; the operation does not take place."""

    rank = 5

    def __init__(self, aim: Aim, status: int) -> None:
        super().__init__(aim)
        self._status = status

    async def before(self, chance: Chance) -> web.StreamResponse | None:
        if not self.strikes(chance.operation, chance.now_ns):
            return None
        return refused(self._status, "this error was ordered by a fault")


def refused(status: int, message: str) -> web.Response:
    return Refusal(status, "fault", message).answer()
