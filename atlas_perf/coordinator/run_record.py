"""What has become of a run so far: its phase, its workers, and what ended it."""

from __future__ import annotations

from enum import StrEnum

from atlas_perf.coordinator.events import CeilingBroken, FeedRanOut
from atlas_perf.errors import AtlasPerfError
from atlas_perf.model.batch import ScenarioException
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.progress import RunPhase


class WorkerState(StrEnum):
    STARTING = "starting"
    READY = "ready"
    ARMED = "armed"
    AT_WORK = "at work"
    ENDED = "ended"  # everything it measured is here
    LOST = "lost"  # something it measured may be missing
    GONE = "gone"  # died when it had nothing left to tell


class RunRecord:
    """What the verdict and the display read; only `RunState` writes it."""

    def __init__(self, plan: TestPlan) -> None:
        self.plan = plan
        self.phase = RunPhase.STARTING
        self.workers = dict.fromkeys(range(plan.processes), WorkerState.STARTING)
        self.error: AtlasPerfError | None = None  # the run has no summary, only this
        self.lost: dict[int, str] = {}  # workers that took measurements with them, and why
        self.interrupted = False
        self.all_offered = False  # the interrupt came when only ends of iterations were missing
        self.cut_short = False  # the interrupt took something from the measurement
        self.aborted = False  # by a threshold
        self.ran_out: FeedRanOut | None = None  # this or the next, if it
        self.too_fast: CeilingBroken | None = None  # ended the load
        self.teardown_failure: ScenarioException | None = None
        self.setup_interrupted = False
        self.teardown_skipped: str | None = None  # why it was not run to its end
        self.load_begun = False
        self.in_order = False  # nothing is left to do for any worker: each can be told to go

    @property
    def living(self) -> tuple[int, ...]:
        """Workers that can still be told something."""
        dead = (WorkerState.LOST, WorkerState.GONE)
        return tuple(worker for worker, state in self.workers.items() if state not in dead)

    @property
    def at_work(self) -> tuple[int, ...]:
        """Workers whose load is going on."""
        return self.in_state(WorkerState.AT_WORK)

    def in_state(self, state: WorkerState) -> tuple[int, ...]:
        """Workers that are in this state."""
        return tuple(worker for worker, current in self.workers.items() if current is state)
