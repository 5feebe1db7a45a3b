"""`constant-vus`: the same users iterate, each at its own pace, until the time is up."""

from __future__ import annotations

from atlas_perf.worker.executors.base import Lane
from atlas_perf.worker.executors.closed import ClosedExecutor


class ConstantVUsExecutor(ClosedExecutor):
    """All users begin at once; none begins an iteration after the end."""

    def stop(self, *, graceful: bool) -> None:
        super().stop(graceful=graceful)
        self._iterations.repeat_until(self._end_ns)

    def _start_due(self, now_ns: int) -> int | None:
        # Nothing but the time decides here, so an iteration need not ask before it is repeated.
        self._iterations.repeat_until(self._end_ns)
        return super()._start_due(now_ns)

    def _may_iterate(self, _lane: Lane) -> bool:
        return True
