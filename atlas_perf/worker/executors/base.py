"""What all executors share: when users begin, when they stop, and that every task is ended.

An executor decides when an iteration is due and which user takes it. It has one coroutine that
*directs*: it sleeps until the next instant at which something is due, or until something happened,
and then brings the users in line. Users run as tasks of their own: in a closed model (`closed.py`)
until there is nothing more to do, in an open one (`arrival_rate.py`) for one iteration each.
All instants are absolute:

    T0 ── startTime ──► begin ───────── duration ─────────► end ── gracefulStop ──► cut
                          users may begin iterations here    │      running ones may finish here,
                                                             │      and are interrupted at the cut
    a stop at instant s moves `end` to s, and `cut` to s + gracefulStop or, at once, to s
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Sequence
from typing import Protocol

from atlas_perf.clock import now_ns
from atlas_perf.model.plan import ScenarioPlan, executor_duration_ns
from atlas_perf.units import NS_PER_S
from atlas_perf.worker.deadlines import Clock, delay_s
from atlas_perf.worker.interruption import interrupt
from atlas_perf.worker.virtual_user import VirtualUser

RECANCEL_NS = NS_PER_S
"""An iteration that swallowed its cancellation is cancelled again this much later."""


class Iterations(Protocol):
    """What an executor needs of the iteration runner."""

    def run(self, user: VirtualUser) -> Awaitable[bool | None]: ...
    def arrived(self, user: VirtualUser, lag_ns: int, waited_ns: int, at_ns: int, /) -> None: ...
    async def rest(self, began_ns: int) -> None: ...
    def schedule(self, iterations: int) -> None: ...
    def withdraw(self, iterations: int) -> None: ...
    def drop(self, iterations: int, due_ns: int | None = None, /) -> None: ...
    def never_begun(self, ages_ns: Sequence[int], at_ns: int, /) -> None: ...
    def repeat_until(self, end_ns: int) -> None: ...


class Lane:
    """One virtual user and the task in which it iterates, if it does."""

    __slots__ = ("index", "iterating", "task", "user")

    def __init__(self, index: int, user: VirtualUser) -> None:
        self.index = index
        self.user = user
        self.task: asyncio.Task[None] | None = None
        self.iterating = False  # False between iterations: nothing is lost by ending the task

    @property
    def at_work(self) -> bool:
        return self.task is not None

    def interrupt(self, now_ns: int) -> None:
        """End the task now, in the middle of an iteration if need be."""
        if self.task is not None:
            # First, since a cancellation reaches child tasks before their parent.
            self.user.cut_off(now_ns)
            interrupt(self.task)


class Executor(ABC):
    """Drives the users that one scenario has on this worker."""

    def __init__(
        self,
        scenario: ScenarioPlan,
        users: Sequence[VirtualUser],
        iterations: Iterations,
        clock: Clock = now_ns,
    ) -> None:
        self.lanes = [Lane(index, user) for index, user in enumerate(users)]
        self.active_users = 0  # at work now, those that only finish their last iteration included
        self.peak_users = 0
        self._scenario = scenario
        self._iterations = iterations
        self._clock = clock
        self._begin_ns = 0
        self._end_ns = 0
        self._cut_ns = 0
        self._begun = False
        self._stopped = False
        self._happened = asyncio.Event()
        self._bug: BaseException | None = None

    async def run(self, t0_ns: int) -> None:
        """Offer the scenario's load; return when its last iteration has ended."""
        self._begin_ns = t0_ns + self._scenario.start_time_ns
        self._end_ns = self._begin_ns + executor_duration_ns(self._scenario.executor)
        self._cut_ns = self._end_ns + self._scenario.graceful_stop_ns
        while not self._stopped and not self._over():
            due_ns = self._direct()
            if not self._over():
                await self._wait(due_ns)
        self._time_is_up()
        while self._unfinished():
            await self._wait(self._wind_up())
        if self._stopped:
            self._iterations.withdraw(self._left_over())
        else:
            self._drop_left_over()

    def stop(self, *, graceful: bool) -> None:
        """Begin no more iterations; those running may finish within gracefulStop if `graceful`.

        May be called again, to stop at once what was stopping gracefully.
        """
        now = self._clock()
        grace_ns = self._scenario.graceful_stop_ns if graceful else 0
        self._stopped = True
        self._end_ns = min(self._end_ns, now)
        self._cut_ns = min(self._cut_ns, now + grace_ns)
        self._happened.set()

    @abstractmethod
    def _start_due(self, _now_ns: int) -> int | None:
        """Start or retire the users that are due; called between begin and end.

        Returns the next instant at which something is due, or None.
        """

    @abstractmethod
    async def _iterate(self, lane: Lane) -> None:
        """What the task of a user at work does."""

    @abstractmethod
    def _exhausted(self) -> bool:
        """True if no further iteration will come before the end, whatever the time."""

    def _time_is_up(self) -> None:  # noqa: B027 - most have nothing to do
        """Called once: at the end, or when the run is stopped."""

    def _unfinished(self) -> bool:
        """True while some iteration may still be running, or about to."""
        return self.active_users > 0

    def _interrupt_due(self, _now_ns: int) -> int | None:
        """Interrupt users whose own time is up, also after the end; the next such instant."""
        return None

    def _wanted_again(self, _lane: Lane) -> bool:
        """True if a user whose task has just ended should be at work."""
        return False

    def _left_over(self) -> int:
        """Iterations that the plan promised and the time did not allow."""
        return 0

    def _drop_left_over(self) -> None:
        """Account for those that were left over at the end, and not by a stop."""
        self._iterations.drop(self._left_over())

    def _start(self, lane: Lane) -> None:
        task = asyncio.create_task(self._iterate(lane))
        task.add_done_callback(lambda ended: self._ended(lane, ended))
        lane.task = task
        self.active_users += 1
        self.peak_users = max(self.peak_users, self.active_users)

    def _ended(self, lane: Lane, task: asyncio.Task[None]) -> None:
        lane.task = None
        self.active_users -= 1
        if not task.cancelled() and self._bug is None:
            # A scenario's exceptions end in the ledger; any other that ends a task is ours.
            self._bug = task.exception()
        if self.active_users == 0 or self._bug is not None or self._wanted_again(lane):
            self._happened.set()

    def _over(self) -> bool:
        return self._clock() >= self._end_ns or self._exhausted()

    def _direct(self) -> int:
        """Do what is due before the end; the next instant at which to look again."""
        now = self._clock()
        if now < self._begin_ns:
            return min(self._begin_ns, self._end_ns)
        self._begun = True
        return _earliest(self._end_ns, self._start_due(now), self._interrupt_due(now))

    def _wind_up(self) -> int:
        """Do what is due after the end; the next instant at which to look again."""
        now = self._clock()
        cut = now >= self._cut_ns
        for lane in self.lanes:
            if cut or not lane.iterating:
                lane.interrupt(now)
        if cut:
            self._cut_ns = now + RECANCEL_NS
        return _earliest(self._cut_ns, self._interrupt_due(now))

    async def _wait(self, until_ns: int) -> None:
        """Until the instant, or until something happened that changes what is due."""
        wait_s = delay_s(until_ns, self._clock)
        timer = asyncio.get_running_loop().call_later(wait_s, self._happened.set)
        try:
            await self._happened.wait()
        finally:
            timer.cancel()
            self._happened.clear()
        if self._bug is not None:
            raise self._bug


def _earliest(*instants_ns: int | None) -> int:
    return min(instant for instant in instants_ns if instant is not None)
