"""The closed model: each user begins its next iteration when it is done with the last."""

from __future__ import annotations

from abc import abstractmethod

from atlas_perf.worker.executors.base import Executor, Lane


class ClosedExecutor(Executor):
    """Users iterate, each at its own pace; unless one says otherwise, all from the beginning."""

    @abstractmethod
    def _may_iterate(self, lane: Lane) -> bool:
        """True, and the iteration taken from what is left, if this user may begin one now."""

    def _start_due(self, _now_ns: int) -> int | None:
        if self.active_users == 0:
            for lane in self.lanes:
                self._start(lane)
        return None

    def _exhausted(self) -> bool:
        return self._begun and self.active_users == 0

    async def _iterate(self, lane: Lane) -> None:
        try:
            await self._iterations_of(lane)
        finally:
            lane.user.retire()

    async def _iterations_of(self, lane: Lane) -> None:
        run, clock = self._iterations.run, self._clock
        now_ns = clock()
        while now_ns < self._end_ns and self._may_iterate(lane):
            began_ns = now_ns
            lane.iterating = True
            try:
                rested = await run(lane.user)
            finally:
                lane.iterating = False
            now_ns = clock()
            if not rested and now_ns < self._end_ns:
                await self._iterations.rest(began_ns)
                now_ns = clock()
