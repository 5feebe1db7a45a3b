"""`ramping-vus`: the number of users follows the plan's stages, one step at a time.

Going down, a user finishes the iteration it is in, within gracefulRampDown of the step that
retired it. If the ramp turns up before that, it simply goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

from atlas_perf.clock import now_ns
from atlas_perf.model.plan import ScenarioPlan
from atlas_perf.schedule.ramp import VUStep
from atlas_perf.worker.deadlines import Clock
from atlas_perf.worker.executors.base import RECANCEL_NS, Iterations, Lane
from atlas_perf.worker.executors.closed import ClosedExecutor
from atlas_perf.worker.virtual_user import VirtualUser


class RampingVUsExecutor(ClosedExecutor):
    """At every instant the first `wanted` lanes may begin iterations, the others may not."""

    def __init__(
        self,
        scenario: ScenarioPlan,
        users: Sequence[VirtualUser],
        iterations: Iterations,
        clock: Clock = now_ns,
        *,
        steps: Sequence[VUStep],
        graceful_ramp_down_ns: int,
    ) -> None:
        """`steps` are this worker's part of the plan's steps."""
        super().__init__(scenario, users, iterations, clock)
        self._steps = steps
        self._next_step = 0
        self._wanted = 0
        self._grace_ns = graceful_ramp_down_ns
        self._retiring: dict[Lane, int] = {}  # at work but not wanted -> when it is interrupted
        self._missing: set[Lane] = set()  # wanted, but its interrupted task ended only now

    def _start_due(self, now_ns: int) -> int | None:
        for lane in self._missing:
            if self._may_iterate(lane) and not lane.at_work:
                self._start(lane)
        self._missing.clear()
        while self._next_step < len(self._steps):
            step = self._steps[self._next_step]
            instant_ns = self._begin_ns + step.offset_ns
            if instant_ns > now_ns:
                return instant_ns
            self._take(step.vus, instant_ns)
            self._next_step += 1
        return None

    def _interrupt_due(self, now_ns: int) -> int | None:
        for lane, deadline_ns in list(self._retiring.items()):
            if not lane.at_work:
                del self._retiring[lane]
            elif deadline_ns <= now_ns:
                lane.interrupt(now_ns)
                self._retiring[lane] = now_ns + RECANCEL_NS
        return min(self._retiring.values(), default=None)

    def _may_iterate(self, lane: Lane) -> bool:
        return lane.index < self._wanted

    def _wanted_again(self, lane: Lane) -> bool:
        if not self._may_iterate(lane):
            return False
        self._missing.add(lane)
        return True

    def _exhausted(self) -> bool:
        return False  # stages may have no users for a while

    def _take(self, vus: int, instant_ns: int) -> None:
        before, self._wanted = self._wanted, vus
        for lane in self.lanes[before:vus]:
            self._retiring.pop(lane, None)
            if not lane.at_work:
                self._start(lane)
        for lane in self.lanes[vus:before]:
            if lane.at_work:
                self._retiring[lane] = instant_ns + self._grace_ns
