"""Where a run stands, told once a second while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RunPhase(StrEnum):
    STARTING = "starting"
    SETUP = "setup"
    RUNNING = "running"
    STOPPING = "stopping"  # no new iterations; those begun may finish
    TEARDOWN = "teardown"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Progress:
    """One reading. Rates and latencies are of the newest complete second, counts of the run."""

    phase: RunPhase
    elapsed_s: float
    planned_s: float
    vus: int
    vus_max: int
    iterations: int
    interrupted: int
    requests: int
    requests_per_s: float
    failed_requests: int
    p95_ms: float | None
    checks_failed: int
    workers_alive: int
    workers: int
    response_p95_ms: float | None = None  # open model: from when a request was due
    load_phases: tuple[str, ...] = ()  # of the plan at this moment, one a scenario at the most
    phase_left_s: float | None = None  # until the first of them is over
    dropped: int = 0  # iterations that were due and never started
    loop_lag_ms: float = 0.0  # how late the generator's event loops were at the worst
    message: str = ""  # something the user should know now, e.g. "worker 2 died"
