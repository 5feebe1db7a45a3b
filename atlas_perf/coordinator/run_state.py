"""The course of a run as a state machine: events in, instructions out, no I/O and no clock.

    STARTING ──all ready──► SETUP ──all armed──► RUNNING ──all ended──► TEARDOWN ──► FINISHED
        │                     │                     │                      ▲
        │                     │       interrupt,    └──► STOPPING ─────────┘
        │                     │       lost worker,       (a second interrupt skips teardown)
        └──── error ──────────┴──►    threshold
                         FINISHED

Two rules:

1. What can happen in a phase is written in `_TABLE`. Anything else raises, with the story so far:
   a run that is not understood must not end in a verdict.
2. Phases only move forward. Load is begun once, teardown asked for once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from atlas_perf.coordinator.events import (
    BeginLoad,
    CeilingBroken,
    Event,
    FeedRanOut,
    Instruction,
    Kill,
    LoadEnded,
    SetLimit,
    SetupBroke,
    SetupDone,
    StopAsked,
    TeardownDone,
    Tell,
    ThresholdBreached,
    TimeIsUp,
    WorkerArmed,
    WorkerCrashed,
    WorkerLost,
    WorkerReady,
    WorkerRefused,
)
from atlas_perf.coordinator.run_record import RunRecord, WorkerState
from atlas_perf.errors import (
    AtlasPerfError,
    InternalError,
    RunInvalidError,
    ScenarioError,
    SetupError,
)
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.progress import RunPhase
from atlas_perf.units import NS_PER_S, format_planned
from atlas_perf.wire.control import Arm, Prepare, RunSetup, RunTeardown, StopLoad

START_LIMIT_NS = 120 * NS_PER_S
ARMING_LIMIT_NS = 120 * NS_PER_S
ANSWER_MARGIN_NS = 10 * NS_PER_S
"""A worker keeps its own time limits; this much later it is taken to hang."""

HARD_STOP_LIMIT_NS = NS_PER_S
"""How long workers may take to send their last batch when they are to stop at once."""


class RunState(RunRecord):
    """One run. The shell feeds `handle` and carries out what it returns."""

    def __init__(self, plan: TestPlan) -> None:
        super().__init__(plan)
        self._data: bytes | None = None
        self._stops_asked = 0
        self._skip_teardown = False
        self._teardown_worker: int | None = None
        self._story: list[str] = []

    def begin(self) -> tuple[Instruction, ...]:
        """The first instructions, once all workers are spawned."""
        prepare = [
            Tell((worker,), Prepare(self.plan, worker, len(self.workers)))
            for worker in self.workers
        ]
        return (*prepare, SetLimit(START_LIMIT_NS))

    def handle(self, event: Event) -> tuple[Instruction, ...]:
        """Take in what happened; what is to be done, in order.

        Raises:
            InternalError: this cannot happen in this phase.
        """
        self._story.append(f"{self.phase}: {_brief(event)}")
        handler = _TABLE.get(self.phase, {}).get(type(event))
        if handler is None:
            told = "\n  ".join(self._story[-40:])
            raise InternalError(
                f"{type(event).__name__} cannot happen while {self.phase}:\n  {told}"
            )
        return tuple(handler(self, event))

    # STARTING

    def _ready(self, event: WorkerReady) -> list[Instruction]:
        self.workers[event.worker] = WorkerState.READY
        if self.in_state(WorkerState.STARTING):
            return []
        self.phase = RunPhase.SETUP
        limit_ns = self.plan.setup_timeout_ns + ANSWER_MARGIN_NS
        return [Tell((0,), RunSetup()), SetLimit(limit_ns)]

    def _refused(self, event: WorkerRefused) -> list[Instruction]:
        error = ScenarioError(event.message, file=event.file, line=event.line)
        if not self.load_begun:
            return self._fail(error)
        self.error = self.error or error  # but what setup made is to be undone
        return self._stop(graceful=False) if self.phase is RunPhase.RUNNING else []

    def _late_start(self, _event: TimeIsUp) -> list[Instruction]:
        late = ", ".join(str(worker) for worker in self.in_state(WorkerState.STARTING))
        return self._fail(
            RunInvalidError(
                f"worker {late} did not load the scenario file within "
                f"{format_planned(START_LIMIT_NS)}: move slow work from the module to setup"
            )
        )

    # SETUP

    def _setup_done(self, event: SetupDone) -> list[Instruction]:
        self._data = event.data
        return [Tell(self.living, Arm(event.data)), SetLimit(ARMING_LIMIT_NS)]

    def _setup_broke(self, event: SetupBroke) -> list[Instruction]:
        return self._fail(SetupError(event.message, file=event.file, line=event.line))

    def _armed(self, event: WorkerArmed) -> list[Instruction]:
        self.workers[event.worker] = WorkerState.ARMED
        if self.in_state(WorkerState.READY):
            return []
        self.phase = RunPhase.RUNNING
        self.load_begun = True
        for worker in self.living:
            self.workers[worker] = WorkerState.AT_WORK
        grace_ns = max(scenario.graceful_stop_ns for scenario in self.plan.scenarios)
        limit_ns = self.plan.end_ns + grace_ns + ANSWER_MARGIN_NS
        return [BeginLoad(self.living), SetLimit(limit_ns)]

    def _late_setup(self, _event: TimeIsUp) -> list[Instruction]:
        if self._data is None:
            limit = format_planned(self.plan.setup_timeout_ns)
            told = (
                f"setup did not return within its limit of {limit}, and does not let itself "
                "be interrupted: await instead of blocking"
            )
            return self._fail(SetupError(told, file=self.plan.file))
        told = (
            "the workers did not take over what setup returned within "
            f"{format_planned(ARMING_LIMIT_NS)}: return less data, or use fewer users"
        )
        return self._fail(RunInvalidError(told))

    def _stop_before_load(self, _event: StopAsked) -> list[Instruction]:
        self.interrupted = self.cut_short = True
        self._stops_asked += 1
        self.setup_interrupted = self.phase is RunPhase.SETUP and self._data is None
        if self._data is None or self._stops_asked > 1:
            return self._finish()
        return self._tear_down()  # setup has made what teardown is for

    def _lost_before_load(self, event: WorkerLost) -> list[Instruction]:
        self.workers[event.worker] = WorkerState.GONE
        told = f"worker {event.worker} ended before the run began: {event.reason}"
        return self._fail(RunInvalidError(told))

    # RUNNING and STOPPING

    def _load_ended(self, event: LoadEnded) -> list[Instruction]:
        if self.workers[event.worker] is WorkerState.AT_WORK:
            self.workers[event.worker] = WorkerState.ENDED
        return self._after_load()

    def _lost_at_work(self, event: WorkerLost) -> list[Instruction]:
        if self.workers[event.worker] is WorkerState.ENDED:
            self.workers[event.worker] = WorkerState.GONE
        elif self.workers[event.worker] is WorkerState.AT_WORK:
            self._lose(event.worker, event.reason)
            if self.phase is RunPhase.RUNNING:
                return [*self._stop(graceful=True), *self._after_load()]
        return self._after_load()

    def _stop_load(self, event: StopAsked) -> list[Instruction]:
        self.interrupted = True
        self.all_offered, self.cut_short = event.all_offered, not event.all_offered
        self._stops_asked += 1
        return self._stop(graceful=True)

    def _stop_again(self, _event: StopAsked) -> list[Instruction]:
        self.interrupted = self.cut_short = True
        self._stops_asked += 1
        if self._stops_asked < 2:
            return []  # stopping already, for another reason
        self._skip_teardown = True
        self.teardown_skipped = "the run was interrupted a second time"
        if self._stops_asked == 2:
            at_once = Tell(self.in_state(WorkerState.AT_WORK), StopLoad(graceful=False))
            return [at_once, SetLimit(HARD_STOP_LIMIT_NS)]
        return self._finish()

    def _breached(self, _event: ThresholdBreached) -> list[Instruction]:
        self.aborted = True
        return self._stop(graceful=False)

    def _feed_ran_out(self, event: FeedRanOut) -> list[Instruction]:
        self.ran_out = event
        return self._stop(graceful=True)

    def _ceiling_broken(self, event: CeilingBroken) -> list[Instruction]:
        self.too_fast, self.aborted = event, True
        return self._stop(graceful=False)

    def _overdue(self, _event: TimeIsUp) -> list[Instruction]:
        kills: list[Instruction] = []
        for worker in self.in_state(WorkerState.AT_WORK):
            self._lose(worker, "it did not end its iterations in time and was killed")
            kills.append(Kill(worker))
        return [*kills, *self._after_load()]

    def _stop(self, *, graceful: bool) -> list[Instruction]:
        self.phase = RunPhase.STOPPING
        graces = [scenario.graceful_stop_ns for scenario in self.plan.scenarios]
        limit_ns = (max(graces) if graceful else 0) + ANSWER_MARGIN_NS
        at_work = self.in_state(WorkerState.AT_WORK)
        return [Tell(at_work, StopLoad(graceful=graceful)), SetLimit(limit_ns)]

    def _lose(self, worker: int, reason: str) -> None:
        self.workers[worker] = WorkerState.LOST
        self.lost[worker] = reason

    def _after_load(self) -> list[Instruction]:
        if self.in_state(WorkerState.AT_WORK):
            return []
        return self._finish() if self._skip_teardown else self._tear_down()

    # TEARDOWN

    def _tear_down(self) -> list[Instruction]:
        if not self.living:
            self.teardown_skipped = "no worker was left to run it"
            return self._finish()
        self.phase = RunPhase.TEARDOWN
        self._teardown_worker = self.living[0]
        limit_ns = self.plan.teardown_timeout_ns + ANSWER_MARGIN_NS
        return [Tell((self._teardown_worker,), RunTeardown()), SetLimit(limit_ns)]

    def _teardown_done(self, event: TeardownDone) -> list[Instruction]:
        self.teardown_failure = event.failure
        self.in_order = True
        return self._finish()

    def _lost_at_teardown(self, event: WorkerLost) -> list[Instruction]:
        if self.workers[event.worker] is WorkerState.LOST:
            return []
        self.workers[event.worker] = WorkerState.GONE
        if event.worker != self._teardown_worker:
            return []
        self.teardown_skipped = f"its worker ended: {event.reason}"
        return self._finish()

    def _stop_teardown(self, _event: StopAsked) -> list[Instruction]:
        self.interrupted = True
        self.teardown_skipped = "it was interrupted"
        return self._finish()

    def _late_teardown(self, _event: TimeIsUp) -> list[Instruction]:
        limit = format_planned(self.plan.teardown_timeout_ns)
        self.teardown_skipped = f"it did not return within its limit of {limit}"
        return self._finish()

    # The end

    def _crashed(self, event: WorkerCrashed) -> list[Instruction]:
        told = f"worker {event.worker} met a bug in atlas-perf\n{event.traceback}"
        return self._fail(InternalError(told))

    def _fail(self, error: AtlasPerfError) -> list[Instruction]:
        self.error = error
        return self._finish()

    def _finish(self) -> list[Instruction]:
        """The shell ends every process in any case, and those at work take something with them."""
        for worker in self.in_state(WorkerState.AT_WORK):
            self._lose(worker, "it was still at work when the run was ended at once")
        self.phase = RunPhase.FINISHED
        return [SetLimit(None)]

    def _ignore(self, _event: Event) -> list[Instruction]:
        return []


Handler = Callable[[RunState, Any], list[Instruction]]

_UNTIL_LOAD: Mapping[type[Any], Handler] = {
    WorkerLost: RunState._lost_before_load,
    WorkerCrashed: RunState._crashed,
    StopAsked: RunState._stop_before_load,
}
_WITH_LOAD: Mapping[type[Any], Handler] = {
    LoadEnded: RunState._load_ended,
    WorkerRefused: RunState._refused,
    WorkerLost: RunState._lost_at_work,
    WorkerCrashed: RunState._crashed,
    TimeIsUp: RunState._overdue,
}

_TABLE: Mapping[RunPhase, Mapping[type[Any], Handler]] = {
    RunPhase.STARTING: {
        **_UNTIL_LOAD,
        WorkerReady: RunState._ready,
        WorkerRefused: RunState._refused,
        TimeIsUp: RunState._late_start,
    },
    RunPhase.SETUP: {
        **_UNTIL_LOAD,
        SetupDone: RunState._setup_done,
        SetupBroke: RunState._setup_broke,
        WorkerArmed: RunState._armed,
        TimeIsUp: RunState._late_setup,
    },
    RunPhase.RUNNING: {
        **_WITH_LOAD,
        StopAsked: RunState._stop_load,
        ThresholdBreached: RunState._breached,
        FeedRanOut: RunState._feed_ran_out,
        CeilingBroken: RunState._ceiling_broken,
    },
    RunPhase.STOPPING: {
        **_WITH_LOAD,
        StopAsked: RunState._stop_again,
    },
    RunPhase.TEARDOWN: {
        # Armed and ended answers cross with an interrupt or with the death of a worker.
        WorkerArmed: RunState._ignore,
        LoadEnded: RunState._ignore,
        WorkerRefused: RunState._ignore,
        TeardownDone: RunState._teardown_done,
        WorkerLost: RunState._lost_at_teardown,
        WorkerCrashed: RunState._crashed,
        StopAsked: RunState._stop_teardown,
        TimeIsUp: RunState._late_teardown,
    },
    # What was under way when the run ended changes nothing any more.
    RunPhase.FINISHED: dict.fromkeys(
        set(get_args(Event)) - {ThresholdBreached, FeedRanOut, CeilingBroken}, RunState._ignore
    ),
}


def _brief(event: Event) -> str:
    text = repr(event)
    return text if len(text) <= 200 else text[:200] + "…"
