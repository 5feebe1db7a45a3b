"""How a run or a task comes to its end, computed from the instant it was created.

Nothing ticks: when a lifecycle begins, its start and its end are drawn at once, and its status at
any later moment follows by comparison. Ten thousand open tasks therefore cost no timer.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from atlas_perf.units import NS_PER_MS


class Status(StrEnum):
    """The contract's statuses; the first two are not terminal."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        return self not in (Status.PENDING, Status.RUNNING)


RUN_NOMINAL_MS: Mapping[str, float] = {
    "security": 1250,
    "quality": 1150,
    "sre": 1050,
    "frontend": 1000,
}
"""Median time from creation to the end of a run, by agent type. The contract names none; with
these, 95 % of runs are seen to end within 1.55 s by whoever polls every 250 ms. That leaves a busy
machine a quarter of the baseline of 2 s, and most end after the first poll, 1 s after the
creation."""

MODE_NOMINAL_MS: Mapping[str, float] = {
    "code": 1200,
    "chat": 800,
}
"""The same for a run of the `deployed` contract, by mode; a task of that contract is such a run."""

TASK_NOMINAL_MS: Mapping[str, float] = {
    "security_scan": 3000,
    "code_review": 1500,
    "linting": 500,
    "test_generation": 2000,
    "documentation": 800,
}
"""The contract's nominal time of an A2A task, by type; `tasks.PACE` says what becomes of it."""

SPREAD = 0.15
"""Sigma of the lognormal: 95 % of durations are shorter than 1.28 times the median."""

PENDING_SHARE = 0.2
"""The part of its whole duration that a lifecycle waits before it runs."""


@dataclass(slots=True)
class Lifecycle:
    """The instants of one run or task, in nanoseconds of the clock that created it."""

    created_ns: int
    running_from_ns: int
    ended_ns: int
    outcome: Status

    def status_at(self, now_ns: int) -> Status:
        if now_ns >= self.ended_ns:
            return self.outcome
        return Status.RUNNING if now_ns >= self.running_from_ns else Status.PENDING

    def progress_at(self, now_ns: int) -> float:
        """How much of its running is done, from 0 to 1."""
        if now_ns >= self.ended_ns:
            return 1.0
        done_ns = max(0, now_ns - self.running_from_ns)
        return done_ns / max(1, self.ended_ns - self.running_from_ns)

    def end(self, now_ns: int, outcome: Status) -> bool:
        """End it now from outside, by a reported result or a cancellation.

        Returns:
            False, changing nothing, if it had ended already.
        """
        if now_ns >= self.ended_ns:
            return False
        self.ended_ns = now_ns
        self.outcome = outcome
        return True


class LifecycleSource:
    """Draws lifecycles: the n-th one of a kind sequence is the same for the same seed."""

    def __init__(
        self,
        nominal_ms: Mapping[str, float],
        *,
        seed: str,
        failure_share: float,
        scale: float = 1.0,
    ) -> None:
        self._nominal_ns = {kind: ms * scale * NS_PER_MS for kind, ms in nominal_ms.items()}
        self._failure_share = failure_share
        self._random = random.Random(seed)

    def begin(self, kind: str, now_ns: int) -> Lifecycle:
        """A lifecycle of this kind that is created now."""
        # Both draws are made whatever the kind, so that one entity's kind cannot shift the rest.
        duration_ns = self._nominal_ns[kind] * self._random.lognormvariate(0.0, SPREAD)
        fails = self._random.random() < self._failure_share
        return Lifecycle(
            created_ns=now_ns,
            running_from_ns=now_ns + int(duration_ns * PENDING_SHARE),
            ended_ns=now_ns + int(duration_ns),
            outcome=Status.FAILED if fails else Status.COMPLETED,
        )
