"""Where a run stands, told once a second while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from atlas_perf.model.summary import Window


class RunPhase(StrEnum):
    STARTING = "starting"
    SETUP = "setup"
    RUNNING = "running"
    STOPPING = "stopping"  # no new iterations; those begun may finish
    TEARDOWN = "teardown"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class GeneratorHealth:
    """What the workers said of themselves in the newest complete second, at the worst."""

    loop_lag_ms: float = 0.0  # how late an event loop was
    loop_cpu_share: float = 0.0  # of a core, by the busiest event loop
    cpu_wait_share: float = 0.0  # of the time, in which one was ready and no CPU was free
    throttled_share: float = 0.0  # of the time, in which a CPU limit held it back
    start_lag_p99_ms: float | None = None  # open model: how late iterations began


@dataclass(frozen=True, slots=True)
class Exchanges:
    """What there is besides requests: WebSockets, event streams and tasks, named as metrics are.

    Rates and times are of the newest complete second, counts of the run.
    """

    ws_sessions: int = 0
    ws_sessions_open: int = 0
    ws_sessions_failed: int = 0
    ws_msgs_sent: int = 0
    ws_msgs_sent_per_s: float = 0.0
    ws_msgs_received: int = 0
    ws_msgs_received_per_s: float = 0.0
    ws_msgs_lost: int = 0
    ws_rtt_p95_ms: float | None = None
    sse_events: int = 0
    sse_events_per_s: float = 0.0
    tasks_ended: int = 0
    tasks_ended_per_s: float = 0.0
    tasks_failed: int = 0

    @property
    def any(self) -> bool:
        """True once the run has had any."""
        return bool(self.ws_sessions or self.sse_events or self.tasks_ended)


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
    planned_per_s: float | None = None  # iterations due by the plan; None without arrival rates
    started_per_s: float = 0.0  # those that were begun in the same second
    health: GeneratorHealth = GeneratorHealth()
    exchanges: Exchanges = Exchanges()
    newest: tuple[Window, ...] = ()  # seconds that all workers have told of, the last ones
    message: str = ""  # something the user should know now, e.g. "worker 2 died"

    @property
    def left_s(self) -> float:
        """Until the planned end; 0 once that has passed."""
        return max(0.0, self.planned_s - self.elapsed_s)
