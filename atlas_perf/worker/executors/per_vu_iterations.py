"""`per-vu-iterations`: every user runs the same number of iterations, each at its own pace."""

from __future__ import annotations

from collections.abc import Sequence

from atlas_perf.clock import now_ns
from atlas_perf.model.plan import ScenarioPlan
from atlas_perf.worker.deadlines import Clock
from atlas_perf.worker.executors.base import Iterations, Lane
from atlas_perf.worker.executors.closed import ClosedExecutor
from atlas_perf.worker.virtual_user import VirtualUser


class PerVUIterationsExecutor(ClosedExecutor):
    """Ends with the slowest user, or at maxDuration with what is left dropped."""

    def __init__(
        self,
        scenario: ScenarioPlan,
        users: Sequence[VirtualUser],
        iterations: Iterations,
        clock: Clock = now_ns,
        *,
        each: int,
    ) -> None:
        """`each` is how many iterations one user runs."""
        super().__init__(scenario, users, iterations, clock)
        self._remaining = [each] * len(self.lanes)
        iterations.schedule(each * len(self.lanes))

    def _may_iterate(self, lane: Lane) -> bool:
        if self._remaining[lane.index] == 0:
            return False
        self._remaining[lane.index] -= 1
        return True

    def _left_over(self) -> int:
        return sum(self._remaining)
