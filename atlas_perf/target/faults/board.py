"""All faults that are ordered, and what they mean for each operation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from aiohttp import web

from atlas_perf.target.faults.answer_faults import AnswerFault
from atlas_perf.target.faults.doors import Doors
from atlas_perf.target.faults.fault import Fault
from atlas_perf.target.faults.grammar import FaultSpecError
from atlas_perf.target.faults.kinds import make_fault
from atlas_perf.target.faults.life_faults import LifeFault
from atlas_perf.target.faults.message_faults import MessageFault
from atlas_perf.target.faults.outages import Outage
from atlas_perf.target.faults.request_faults import Chance, RequestFault
from atlas_perf.target.lifecycle import Lifecycle

MOST_FAULTS = 100


class FaultPoint:
    """Where faults strike one operation.

    `armed` is all that an operation without faults looks at.
    """

    __slots__ = ("_answers", "_now_ns", "_operation", "_requests", "armed", "lives", "messages")

    def __init__(self, operation: str, now_ns: Callable[[], int]) -> None:
        self._operation = operation
        self._now_ns = now_ns
        self.aim([])

    def aim(self, faults: Sequence[Fault]) -> None:
        """Take those of the faults that strike here."""
        mine = [fault for fault in faults if self._operation in fault.aim.operations]
        self._requests = sorted(
            (fault for fault in mine if isinstance(fault, RequestFault)), key=lambda one: one.rank
        )
        self._answers = [fault for fault in mine if isinstance(fault, AnswerFault)]
        self.lives = [fault for fault in mine if isinstance(fault, LifeFault)]
        self.messages = sorted(
            (fault for fault in mine if isinstance(fault, MessageFault)), key=lambda one: one.rank
        )
        self.armed = bool(mine)

    async def before(self, request: web.Request) -> web.StreamResponse | None:
        """Delay a request; the answer, if a fault answers in the handler's place."""
        for fault in self._requests:
            answer = await fault.before(Chance(self._operation, request, self._now_ns()))
            if answer is not None:
                return answer
        return None

    def after(self, answer: web.StreamResponse) -> web.StreamResponse:
        """What goes out in the place of an answer: the first fault that strikes decides."""
        for fault in self._answers:
            turned = fault.after(self._operation, answer, self._now_ns())
            if turned is not None:
                return turned
        return answer

    def change_life(self, life: Lifecycle) -> None:
        """Let faults decide how a lifecycle that was just drawn goes on."""
        for fault in self.lives:
            if fault.strikes(self._operation, self._now_ns()):
                fault.strike(life, self._operation)


NO_FAULTS = FaultPoint("", lambda: 0)
"""Where nothing ever strikes."""


class FaultBoard:
    """The faults of one target, from flags and from its control endpoint.

    `doors` are None where nobody listens on sockets of the target's own.
    """

    def __init__(self, seed: int, now_ns: Callable[[], int], faults: Sequence[str] = ()) -> None:
        """Raises `FaultSpecError` if one of the faults cannot be read."""
        self.doors: Doors | None = None
        self._seed = seed
        self._now_ns = now_ns
        self._points: dict[str, FaultPoint] = {}
        self._running = False
        self._outages: list[asyncio.Task[None]] = []
        self._faults = _read(faults)
        self._begin()

    def point(self, operation: str) -> FaultPoint:
        point = self._points.get(operation)
        if point is None:
            point = self._points[operation] = FaultPoint(operation, self._now_ns)
            point.aim(self._faults)
        return point

    async def start(self) -> None:
        """The target serves from now on: times count from here."""
        self._running = True
        await self.restart()

    async def stop(self) -> None:
        """End what happens by the clock, and open shut doors."""
        self._running = False
        await self._end_outages()

    async def restart(self) -> None:
        """All faults as if ordered now."""
        await self._end_outages()
        self._begin()
        if self._running:
            self._outages = [
                asyncio.create_task(fault.run(self._now_ns, self.doors))
                for fault in self._faults
                if isinstance(fault, Outage)
            ]

    async def replace(self, texts: Sequence[str]) -> None:
        """Order these faults and no others; all begin now.

        Raises:
            FaultSpecError: one cannot be read or carried out; nothing is changed then.
        """
        faults = _read(texts)
        for fault in faults:
            if isinstance(fault, Outage) and not self._running:
                raise FaultSpecError(
                    f"fault {fault.aim.text!r}: only a target that is a process of its own can"
                )
        self._faults = faults
        await self.restart()

    def texts(self) -> list[str]:
        return [fault.aim.text for fault in self._faults]

    def plain(self) -> list[dict[str, object]]:
        now_ns = self._now_ns()
        return [fault.plain(now_ns) for fault in self._faults]

    def _begin(self) -> None:
        now_ns = self._now_ns()
        for fault in self._faults:
            fault.begin(self._seed, now_ns)
        for point in self._points.values():
            point.aim(self._faults)

    async def _end_outages(self) -> None:
        ended, self._outages = self._outages, []
        for outage in ended:
            outage.cancel()
        await asyncio.gather(*ended, return_exceptions=True)


def _read(texts: Sequence[str]) -> list[Fault]:
    if len(texts) > MOST_FAULTS:
        raise FaultSpecError(f"{len(texts)} faults are too many: give at most {MOST_FAULTS}")
    faults = [make_fault(text) for text in texts]
    written = [fault.aim.text for fault in faults]
    for text in written:
        if written.count(text) > 1:  # it would draw the same numbers and strike the same requests
            raise FaultSpecError(f"fault {text!r} is there twice")
    return faults
