"""`constant-arrival-rate` and `ramping-arrival-rate`: the open model, one loop for both.

Arrivals come from a schedule, whether or not a user is free. At its intended start an arrival is
*released*: the user that has been free for the longest takes it. If none is free another is made,
as long as there may be more, in the event loop's next turn and not where arrivals are released.
After that the plan says what becomes of it:

    drop     it is counted in `dropped_iterations` and never starts
    queue    it waits for the next user that is done, also beyond the end, up to the cut

All arrivals that have come due are released at one go, however late that is: none is skipped to
catch up. So scheduled = started + dropped, and a stop withdraws those that have not started.

    intended start ───── lag ─────► begin                 the generator was late, or made a user
    intended start ─ lag ─► released ── waited ─► begin   every user was busy, and the plan queues
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from atlas_perf.clock import now_ns
from atlas_perf.model.plan import ScenarioPlan
from atlas_perf.worker.alarm import Alarm
from atlas_perf.worker.deadlines import Clock
from atlas_perf.worker.executors.base import Executor, Iterations, Lane
from atlas_perf.worker.virtual_user import VirtualUser


class AlarmClock(Protocol):
    """What an executor needs of `worker.alarm`."""

    def set(self, deadline_ns: int) -> None: ...
    def close(self) -> None: ...


MakeAlarm = Callable[[Callable[[], None]], AlarmClock]


class ArrivalLane(Lane):
    """A user, and the arrival that it takes next."""

    due_ns = 0
    queued_ns: int | None = None  # since when the arrival has waited, if every user was busy


class ArrivalRateExecutor(Executor):
    """Ends at the end of its schedule, with every arrival started, dropped or withdrawn."""

    def __init__(
        self,
        scenario: ScenarioPlan,
        users: Sequence[VirtualUser],
        iterations: Iterations,
        clock: Clock = now_ns,
        *,
        offsets_ns: Iterator[int],
        share: int,
        made: int,
        queues: bool,
        alarm: MakeAlarm = Alarm,
    ) -> None:
        """`offsets_ns` are this worker's arrivals, `share` of them, from the executor's begin.

        `made` of the users are there from the start, the others as they are needed. `queues` lets
        an arrival wait where every user is busy.
        """
        super().__init__(scenario, (), iterations, clock)
        self._users = users
        self._offsets_ns = offsets_ns
        self._unstarted = share
        self._queues = queues
        self._make_alarm = alarm
        self._due_ns: Iterator[int] = iter(())
        self._next_ns: int | None = None
        self._free: deque[ArrivalLane] = deque()
        self._waiting: deque[tuple[int, int | None]] = deque()  # due, and queued since
        self._growing = 0  # users that are asked for and not made yet
        self._open = True  # arrivals that wait may still begin
        for _ in range(made):
            self._free.append(self._new_lane())
        iterations.schedule(share)

    async def run(self, t0_ns: int) -> None:
        begin_ns = t0_ns + self._scenario.start_time_ns
        self._due_ns = (begin_ns + offset_ns for offset_ns in self._offsets_ns)
        self._next_ns = next(self._due_ns, None)
        self._alarm = self._make_alarm(self._ring)
        try:
            if self._next_ns is not None:
                self._alarm.set(self._next_ns)
            await super().run(t0_ns)
            now_ns = self._clock()
            self._iterations.never_begun([now_ns - due_ns for due_ns, _ in self._waiting], now_ns)
        finally:
            self._open = False
            self._alarm.close()

    def _start_due(self, _now_ns: int) -> int | None:
        return None  # the alarm does it

    def _exhausted(self) -> bool:
        return False

    def _left_over(self) -> int:
        return self._unstarted

    def _drop_left_over(self) -> None:
        """What waited in vain is of the phase that it was due in."""
        for due_ns, _ in self._waiting:
            self._iterations.drop(1, due_ns)
        self._iterations.drop(self._unstarted - len(self._waiting))

    def _unfinished(self) -> bool:
        return self.active_users > 0 or (self._open and self._growing > 0)

    def _time_is_up(self) -> None:
        self._open = not self._stopped
        if self._open:
            self._release()  # what came due while the loop was busy, the end itself included

    def _wind_up(self) -> int:
        self._open = not self._stopped and self._clock() < self._cut_ns and self._open
        return super()._wind_up()

    def _ring(self) -> None:
        try:
            if not self._stopped:
                self._release()
        except BaseException as error:
            self._end_with(error)

    def _end_with(self, bug: BaseException) -> None:
        """End the run with an exception of a callback, which the loop would log and forget."""
        self._open = False
        self._bug = bug
        self._happened.set()

    def _release(self) -> None:
        """Hand out every arrival that is due."""
        now_ns = self._clock()
        while self._next_ns is not None and self._next_ns <= now_ns:
            if not self._taken(self._next_ns, now_ns):
                self._iterations.drop(1, self._next_ns)
                self._unstarted -= 1
            self._next_ns = next(self._due_ns, None)
        if self._next_ns is not None:
            self._alarm.set(self._next_ns)

    def _taken(self, due_ns: int, now_ns: int) -> bool:
        """Give an arrival to a user, or a place to wait; False if there is neither."""
        if self._free:
            self._begin(self._free.popleft(), due_ns, None)
        elif len(self.lanes) + self._growing < len(self._users):
            self._waiting.append((due_ns, None))
            self._growing += 1
            if self._growing == 1:
                asyncio.get_running_loop().call_soon(self._grow)
        elif self._queues:
            self._waiting.append((due_ns, now_ns))
        else:
            return False
        return True

    def _begin(self, lane: ArrivalLane, due_ns: int, queued_ns: int | None) -> None:
        lane.due_ns, lane.queued_ns = due_ns, queued_ns
        lane.iterating = True  # from here on something would be lost
        self._start(lane)

    def _grow(self) -> None:
        """Make one user: one at a turn of the loop, so that responses are read in between."""
        self._growing -= 1
        if self._growing:
            asyncio.get_running_loop().call_soon(self._grow)
        try:
            if self._open:
                self._next_for(self._new_lane())
        except BaseException as error:
            self._end_with(error)
        self._happened.set()  # the end may wait for it

    def _new_lane(self) -> ArrivalLane:
        lane = ArrivalLane(len(self.lanes), self._users[len(self.lanes)])
        self.lanes.append(lane)
        return lane

    def _next_for(self, lane: ArrivalLane) -> None:
        if self._waiting and self._open and not self._stopped:
            self._begin(lane, *self._waiting.popleft())
        else:
            self._free.append(lane)

    def _ended(self, lane: Lane, task: asyncio.Task[None]) -> None:
        lane.iterating = False  # it may have been ended before it came to its first line
        super()._ended(lane, task)
        assert isinstance(lane, ArrivalLane)
        self._next_for(lane)

    async def _iterate(self, lane: Lane) -> None:
        assert isinstance(lane, ArrivalLane)
        self._unstarted -= 1
        now_ns = self._clock()
        waited_ns = 0 if lane.queued_ns is None else now_ns - lane.queued_ns
        self._iterations.arrived(lane.user, now_ns - lane.due_ns - waited_ns, waited_ns, now_ns)
        try:
            rested = await self._iterations.run(lane.user)
        finally:
            lane.iterating = False
        if not rested and self._clock() < self._end_ns:
            await self._iterations.rest(now_ns)
