"""Carrying out a run: the shell around `RunState` that owns processes, time and measurements."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.clock import WallAnchor, now_ns
from atlas_perf.coordinator.abort import breach_so_far
from atlas_perf.coordinator.events import (
    BeginLoad,
    Event,
    FeedRanOut,
    Instruction,
    Kill,
    LoadEnded,
    SetLimit,
    StopAsked,
    TeardownDone,
    Tell,
    ThresholdBreached,
    TimeIsUp,
    WorkerLost,
    event_of,
)
from atlas_perf.coordinator.feed_notes import feed_warnings
from atlas_perf.coordinator.interrupts import Interrupts
from atlas_perf.coordinator.measurement_notes import cap_notes
from atlas_perf.coordinator.processes import WorkerProcess, spawn_workers
from atlas_perf.coordinator.rate_ceiling import CeilingWatch
from atlas_perf.coordinator.reading import read_progress
from atlas_perf.coordinator.row_leases import RowLeases, Told
from atlas_perf.coordinator.run_state import RunState
from atlas_perf.coordinator.streams import OutputStreams
from atlas_perf.coordinator.ticker import Ticker
from atlas_perf.coordinator.verdict import conclude
from atlas_perf.errors import AtlasPerfError, ScenarioError
from atlas_perf.judge.baselines.judging import BaselineJudge
from atlas_perf.judge.redact import redacted
from atlas_perf.judge.row_secrets import shown_row_secrets
from atlas_perf.judge.thresholds import Judge
from atlas_perf.model.batch import Batch
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.progress import Progress, RunPhase
from atlas_perf.model.summary import Calibration, Facts, Summary, ThresholdResult
from atlas_perf.outputs.base import Output
from atlas_perf.units import NS_PER_MS, NS_PER_S, format_planned
from atlas_perf.wire.control import (
    AskRows,
    Dismiss,
    RowsReturned,
    RowsToCoordinator,
    Start,
    ToCoordinator,
)
from atlas_perf.wire.errors import WireError

START_LEAD_NS = 200 * NS_PER_MS
"""T0 is this far ahead when it is chosen, so that every worker knows it in time."""

SILENCE_TICKS = 10
"""A worker at work that sends no batch for this many seconds is lost, alive or not."""


@dataclass(frozen=True, slots=True)
class _Tick:
    pass


@dataclass(frozen=True, slots=True)
class _BatchCame:
    batch: Batch


@dataclass(frozen=True, slots=True)
class _RowsCame:
    worker: int
    message: RowsToCoordinator


_Item = Event | _BatchCame | _RowsCame | _Tick


async def run_plan(
    plan: TestPlan,
    *,
    facts: Facts,
    outputs: Sequence[Output],
    on_progress: Callable[[Progress], None],
    interrupts: Interrupts,
    calibration: Calibration | None = None,
    baselines: BaselineJudge | None = None,
) -> Summary:
    """Run a plan to its verdict. No process is left behind, however it ends.

    Args:
        outputs: see every batch as it is merged.
        on_progress: called about once a second, and when something happens that the user should
            know at once.
        interrupts: asks the run to stop; see `Interrupts`.
        calibration: what the generator can do here, which the run is held against.
        baselines: of the plan's scenario, which the run is judged by as well.

    Raises:
        PlanError: a threshold or an output that cannot be used; no load was offered.
        ScenarioError, SetupError: the scenario cannot be run; no load was offered.
        RunInvalidError: the workers could not begin.
        InternalError: a bug of ours.
    """
    run = _Run(plan, outputs, on_progress)
    await run.carry_out(interrupts)
    if run.state.error is not None:
        raise _discreet(run.state.error, plan)
    return conclude(
        run.state,
        run.aggregator,
        run.judge,
        facts=facts,
        started_at=run.started_at,
        breach=run.breach,
        warnings=tuple(feed_warnings(plan, run.state.ran_out, run.leases)),
        missing=run.streams.missing,
        outputs=run.streams.told,
        calibration=calibration,
        baselines=baselines,
    )


def _discreet(error: AtlasPerfError, plan: TestPlan) -> AtlasPerfError:
    """The error without secrets of rows, which a `setup` that failed may quote."""
    if not isinstance(error, ScenarioError):
        return error
    message = redacted(error.message, shown_row_secrets(plan.feeds, error.message))
    return type(error)(message, file=error.file, line=error.line)


class _Run:
    def __init__(
        self,
        plan: TestPlan,
        outputs: Sequence[Output],
        on_progress: Callable[[Progress], None],
    ) -> None:
        metrics = plan.all_metrics
        self.plan = plan
        self.judge = Judge(plan, metrics)
        self.aggregator = Aggregator(
            metrics.values(), plan.processes, uncounted_phase=plan.uncounted_phase
        )
        self.state = RunState(plan)
        self.streams = OutputStreams(outputs)
        self.breach: ThresholdResult | None = None
        ceiling = plan.rate_ceiling
        self._ceiling = None if ceiling is None else CeilingWatch(ceiling)
        self._on_progress = on_progress
        self._anchor = WallAnchor.now()
        self._t0_ns: int | None = None
        self._workers: list[WorkerProcess] = []
        self.leases = RowLeases(plan.feeds, plan.processes)
        self._inbox: asyncio.Queue[_Item] = asyncio.Queue()
        self._ticker = Ticker(lambda: self._inbox.put_nowait(_Tick()))
        self._limit: asyncio.TimerHandle | None = None
        self._silent_ticks = [0] * plan.processes
        self._caps_said: set[str] = set()

    @property
    def started_at(self) -> str:
        """When the load began, or the run if it never did."""
        began_ns = self._anchor.monotonic_ns if self._t0_ns is None else self._t0_ns
        return self._anchor.rfc3339_at(began_ns)

    async def carry_out(self, interrupts: Interrupts) -> None:
        """From spawning the workers to the end of the last process."""
        try:
            self._workers = await spawn_workers(self.plan.processes, self._heard, self._gone)
            self._ticker.align(now_ns())
            interrupts.listen(lambda: self._inbox.put_nowait(StopAsked(self._all_offered())))
            self._obey(self.state.begin())
            self._show()
            while self.state.phase is not RunPhase.FINISHED:
                self._take(await self._inbox.get())
            self._dismiss()
        finally:
            self._ticker.stop()
            self._set_limit(None)
            await self._end_workers()
            await self._close_streams(interrupts)

    async def _close_streams(self, interrupts: Interrupts) -> None:
        """Outputs may wait for receivers, unless the run was to end at once; a stop ends that."""
        interrupts.listen_on(self.streams.hurry)
        if interrupts.requests > 1:
            self.streams.hurry()
        await self.streams.close(self._show)

    def _all_offered(self) -> bool:
        return self._t0_ns is not None and now_ns() >= self._t0_ns + self.plan.end_ns

    # What comes in

    def _heard(self, worker: int, message: ToCoordinator | Batch) -> None:
        """Everything queues up, so that a failure while handling it reaches `carry_out`."""
        item: _Item
        match message:
            case Batch():
                item = _BatchCame(message)
            case AskRows() | RowsReturned():
                item = _RowsCame(worker, message)
            case _:
                item = event_of(worker, message)
        self._inbox.put_nowait(item)

    def _gone(self, worker: int, reason: str) -> None:
        self._inbox.put_nowait(WorkerLost(worker, reason))

    def _take(self, item: _Item) -> None:
        match item:
            case _Tick():
                self._tick()
            case _BatchCame(batch):
                self._merge(batch)
            case _RowsCame(worker, message):
                self._rows_came(worker, message)
            case _:
                self._handle(item)

    def _handle(self, event: Event) -> None:
        phase, lost = self.state.phase, len(self.state.lost)
        self._obey(self.state.handle(event))
        went_on = phase is not RunPhase.RUNNING or self.state.phase is RunPhase.RUNNING
        if not (went_on or isinstance(event, LoadEnded)):
            self.aggregator.mark_stopped(self._elapsed_ns())
        for worker, reason in self.state.lost.items():
            self.aggregator.mark_lost(worker, reason)
        if isinstance(event, TeardownDone):
            self.aggregator.add_of_teardown(event.strays, event.forgotten, self.plan.tags)
        if isinstance(event, WorkerLost):
            self._give_rows(self.leases.lose(event.worker))
        if len(self.state.lost) > lost:
            newest = list(self.state.lost.items())[-1]
            self._show(f"worker {newest[0]} was lost: {newest[1]}")
        elif self.state.phase is not phase:
            stopped = isinstance(event, StopAsked) and self.state.phase is RunPhase.STOPPING
            self._show(self._what_is_awaited() if stopped else "")

    def _what_is_awaited(self) -> str:
        under_way = sum(ledger.in_flight for ledger in self.aggregator.ledger().values())
        grace_ns = max(scenario.graceful_stop_ns for scenario in self.plan.scenarios)
        what = f"{under_way} iterations" if under_way > 1 else "the iterations under way"
        return (
            f"interrupted: waiting for {what}, at most {format_planned(grace_ns)}; "
            "Ctrl-C again ends at once"
        )

    def _rows_came(self, worker: int, message: RowsToCoordinator) -> None:
        try:
            told = self.leases.take(worker, message)
        except LookupError:
            self._workers[worker].give_up(f"it asked for rows of feed {message.feed}")
        else:
            self._give_rows(told)

    def _give_rows(self, told: Sequence[Told]) -> None:
        """A load that ends for want of rows is stopped before anybody hears that there are none."""
        if self.state.phase is RunPhase.RUNNING:
            for feed in self.leases.exhausted[:1]:
                self._handle(FeedRanOut(feed, self._elapsed_ns()))
                self._show(f"{feed.name} has no rows left: waiting for iterations under way")
        for worker, message in told:
            self._workers[worker].tell(message)

    def _merge(self, batch: Batch) -> None:
        self._silent_ticks[batch.worker] = 0
        try:
            fresh = self.aggregator.merge(batch)
        except WireError as error:
            self._workers[batch.worker].give_up(f"what it sent cannot be used: {error}")
            return
        if fresh:
            self.streams.on_batch(batch, self.aggregator)
            self._warn_once_of_caps(batch)
        if batch.last:
            self._handle(LoadEnded(batch.worker))
        if self.state.phase is RunPhase.RUNNING:
            self._judge_abort()
        if self.state.phase is RunPhase.RUNNING:
            self._hold_ceiling()

    def _warn_once_of_caps(self, batch: Batch) -> None:
        if batch.health.overflowed_samples > 0 or self.aggregator.series_overflowed:
            for note in cap_notes(self.aggregator):
                if note not in self._caps_said:
                    self._caps_said.add(note)
                    self._show(note)

    def _tick(self) -> None:
        if self.state.phase in (RunPhase.RUNNING, RunPhase.STOPPING):
            self._notice_silence()
            self.judge.watch(self.aggregator)
        self._show()

    def _judge_abort(self) -> None:
        if not any(threshold.abort_on_fail for threshold in self.plan.thresholds):
            return
        self.breach = breach_so_far(self.judge, self.aggregator)
        if self.breach is not None:
            self._handle(ThresholdBreached())
            self._show(f"{self.breach.selector}: {self.breach.expression} ended the run")

    def _hold_ceiling(self) -> None:
        broken = None if self._ceiling is None else self._ceiling.broken(self.aggregator)
        if broken is not None:
            self._handle(broken)
            self._show("max_rate_per_s ended the run")

    def _notice_silence(self) -> None:
        """Counted in our own ticks: if this process stood still, its workers are not to blame."""
        for worker in self.state.at_work:
            self._silent_ticks[worker] += 1
            if self._silent_ticks[worker] == SILENCE_TICKS:
                self._workers[worker].give_up(self._why_silent(worker))

    def _why_silent(self, worker: int) -> str:
        silence = f"it sent nothing for {SILENCE_TICKS} s"
        # It may have begun to stand still when its last batch had just gone, or up to 2 s later.
        place = self._workers[worker].stands_at(now_ns() - (SILENCE_TICKS + 2) * NS_PER_S)
        return silence if place is None else f"{silence} and stands still in {place}"

    # What goes out

    def _obey(self, instructions: Sequence[Instruction]) -> None:
        for instruction in instructions:
            match instruction:
                case Tell(workers, message):
                    for worker in workers:
                        self._workers[worker].tell(message)
                case BeginLoad(workers):
                    self._begin_load(workers)
                case Kill(worker):
                    self._workers[worker].kill()
                case SetLimit(duration_ns):
                    self._set_limit(duration_ns)

    def _begin_load(self, workers: Sequence[int]) -> None:
        t0_ns = now_ns() + START_LEAD_NS
        self.streams.start(self.plan, self._anchor, t0_ns)
        self._t0_ns = t0_ns
        for worker in workers:
            self._workers[worker].tell(Start(t0_ns))
        self._ticker.align(t0_ns)

    def _set_limit(self, duration_ns: int | None) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        if duration_ns is not None:
            loop = asyncio.get_running_loop()
            self._limit = loop.call_later(
                duration_ns / NS_PER_S, self._inbox.put_nowait, TimeIsUp()
            )

    def _show(self, message: str = "") -> None:
        elapsed_ns = self._elapsed_ns()
        self._on_progress(
            read_progress(self.state, self.aggregator, elapsed_ns=elapsed_ns, message=message)
        )

    def _elapsed_ns(self) -> int:
        return 0 if self._t0_ns is None else max(0, now_ns() - self._t0_ns)

    def _dismiss(self) -> None:
        if self.state.in_order:
            for worker in self.state.living:
                self._workers[worker].tell(Dismiss())

    async def _end_workers(self) -> None:
        """Those that were dismissed go by themselves; all others are ended."""
        ends = (worker.end(at_once=not self.state.in_order) for worker in self._workers)
        await asyncio.gather(*ends)
