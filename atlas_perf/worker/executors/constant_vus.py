"""`constant-vus`: the same users iterate, each at its own pace, until the time is up."""

from __future__ import annotations

from atlas_perf.worker.executors.base import Lane
from atlas_perf.worker.executors.closed import ClosedExecutor


class ConstantVUsExecutor(ClosedExecutor):
    """All users begin at once; none begins an iteration after the end."""

    def _may_iterate(self, _lane: Lane) -> bool:
        return True
