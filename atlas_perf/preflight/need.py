"""What a plan needs of the machine, at its largest."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.model.plan import (
    ConstantArrivalRate,
    Executor,
    RampingArrivalRate,
    TestPlan,
    executor_max_vus,
)

FILES_BESIDE = 32
"""Descriptors of a worker that are no connection: pipes, its event loop, a few look-ups."""

WORKER_BYTES = 35 * 1024 * 1024
"""Resident memory of a worker, or of the coordinator, with one user."""

USER_BYTES = 12_800
"""Resident memory of a virtual user with a connection, before it holds a response of its own.
`python -m benchmarks.memory_per_user` measures both."""


@dataclass(frozen=True, slots=True)
class Need:
    """Of one plan. Every user is taken to hold one connection, as users of HTTP/1.1 do."""

    users: int
    processes: int
    fullest: int  # users of the worker that has most
    reuses_connections: bool = True
    over_tcp: bool = True  # not a Unix socket

    @property
    def open_files(self) -> int:
        """Of the fullest worker."""
        return self.fullest + FILES_BESIDE

    @property
    def memory_bytes(self) -> int:
        """Of all processes."""
        return (self.processes + 1) * WORKER_BYTES + self.users * USER_BYTES


def need_of(plan: TestPlan, base_url: str | None) -> Need:
    """`base_url` is where the plan's relative URLs go."""
    counts = [_certain_vus(scenario.executor) for scenario in plan.scenarios]
    return Need(
        users=sum(counts),
        processes=plan.processes,
        # Users of each scenario are dealt out in turn, from the first worker on.
        fullest=sum(-(-count // plan.processes) for count in counts),
        reuses_connections=not plan.http.no_connection_reuse,
        over_tcp=not (base_url or "").startswith("http+unix:"),
    )


def _certain_vus(executor: Executor) -> int:
    """Users that there will be in any case; an arrival rate may never need more than those that
    it begins with."""
    if isinstance(executor, ConstantArrivalRate | RampingArrivalRate):
        return executor.pre_allocated_vus
    return executor_max_vus(executor)
