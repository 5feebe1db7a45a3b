"""`shared-iterations`: a fixed number of iterations, taken by whichever user is free.

Each worker shares its own part among its own users, so workers need not ask each other; a slow
worker keeps its part.
"""

from __future__ import annotations

from collections.abc import Sequence

from atlas_perf.clock import now_ns
from atlas_perf.model.plan import ScenarioPlan
from atlas_perf.worker.deadlines import Clock
from atlas_perf.worker.executors.base import Iterations, Lane
from atlas_perf.worker.executors.closed import ClosedExecutor
from atlas_perf.worker.virtual_user import VirtualUser


class SharedIterationsExecutor(ClosedExecutor):
    """Ends with the last iteration, or at maxDuration with what is left dropped."""

    def __init__(
        self,
        scenario: ScenarioPlan,
        users: Sequence[VirtualUser],
        iterations: Iterations,
        clock: Clock = now_ns,
        *,
        share: int,
    ) -> None:
        """`share` is how many of the plan's iterations this worker takes."""
        super().__init__(scenario, users, iterations, clock)
        self._remaining = share
        iterations.schedule(share)

    def _may_iterate(self, _lane: Lane) -> bool:
        if self._remaining == 0:
            return False
        self._remaining -= 1
        return True

    def _left_over(self) -> int:
        return self._remaining
