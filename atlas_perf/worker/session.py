"""One worker's life, as the coordinator directs it: prepare, set up, arm, run, tear down, go."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

from atlas_perf.clock import now_ns
from atlas_perf.errors import InternalError, ScenarioError, SetupError
from atlas_perf.loader.scenario_file import ScenarioFile, load_scenario_file
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.series import tags_of
from atlas_perf.protocols.http.request_samples import RequestSamples
from atlas_perf.wire.control import (
    Arm,
    Armed,
    Dismiss,
    NoRows,
    Prepare,
    Ready,
    RecallRows,
    Refused,
    RowsLeased,
    RunSetup,
    RunTeardown,
    SetupFailed,
    SetupReturned,
    Start,
    StopLoad,
    TeardownEnded,
    ToWorker,
)
from atlas_perf.worker.feeding import Feeding
from atlas_perf.worker.health import HealthMeter
from atlas_perf.worker.interval_closer import IntervalCloser
from atlas_perf.worker.last_words import LastWords
from atlas_perf.worker.lifecycle import Teardown, run_setup, stage_user
from atlas_perf.worker.link import Link
from atlas_perf.worker.load import Load
from atlas_perf.worker.recorder import Recorder
from atlas_perf.worker.virtual_user import VirtualUser


class Prepared:
    """What a worker has once the scenario file is loaded."""

    def __init__(self, message: Prepare, link: Link) -> None:
        """Raises ScenarioError if the file cannot be used, or is not the one that was planned."""
        self.plan: TestPlan = message.plan
        self.worker = message.worker
        self.file = _load(message.plan)
        self.feeding = Feeding(
            self.file,
            message.plan.feeds,
            worker=message.worker,
            workers=message.workers,
            tell=link.send,
        )
        metrics = {**BUILTIN_METRICS, **{metric.name: metric for metric in message.plan.metrics}}
        self.recorder = Recorder(metrics.values(), keep_samples=message.plan.keep_samples)
        self.samples = RequestSamples()
        self.load = Load(
            self.plan,
            self.file,
            self.recorder,
            samples=self.samples,
            worker=self.worker,
            workers=message.workers,
            refuse=lambda error: link.send(Refused(error.message, error.file, error.line)),
        )
        self.setup_user: VirtualUser | None = None
        self.data = b""


class Session:
    """Answers the coordinator until it is dismissed."""

    def __init__(self, link: Link, last_words: LastWords) -> None:
        self._link = link
        self._last_words = last_words
        self._prepared: Prepared | None = None

    async def serve(self) -> None:
        """Raises an ExceptionGroup if the load meets a bug of ours."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                message = await self._link.receive()
                if isinstance(message, Dismiss):
                    break
                if isinstance(message, Start):
                    # The load runs beside this loop, which must hear when to stop it.
                    tasks.create_task(self._run_load(message.t0_ns))
                else:
                    await self._obey(message)
        if self._prepared is not None and self._prepared.setup_user is not None:
            await self._prepared.setup_user.close()

    async def _obey(self, message: ToWorker) -> None:
        match message:
            case Prepare():
                self._prepare(message)
            case RunSetup():
                await self._run_setup()
            case Arm(data):
                self._arm(data)
            case StopLoad(graceful):
                self._ready.load.stop(graceful=graceful)
            case RunTeardown():
                await self._run_teardown()
            case RowsLeased() | NoRows() | RecallRows():
                self._ready.feeding.take(message)
            case _:
                raise InternalError(f"a worker cannot obey {message!r} here")

    @property
    def _ready(self) -> Prepared:
        if self._prepared is None:
            raise InternalError("a worker was told to work before it was prepared")
        return self._prepared

    def _prepare(self, message: Prepare) -> None:
        try:
            self._prepared = Prepared(message, self._link)
        except ScenarioError as error:
            self._link.send(Refused(error.message, error.file, error.line))
        else:
            self._prepared.load.stray_errors.watch(asyncio.get_running_loop())
            self._link.send(Ready())

    async def _run_setup(self) -> None:
        ready = self._ready
        ready.setup_user = stage_user(ready.plan, "setup")
        try:
            data = await run_setup(ready.plan, ready.file, ready.setup_user)
        except SetupError as error:
            self._link.send(SetupFailed(error.message, error.file, error.line))
        else:
            self._link.send(SetupReturned(data))

    def _arm(self, data: bytes) -> None:
        self._ready.data = data
        self._ready.load.give_data(data)
        self._ready.feeding.begin()
        # What exists now lives as long as the run: later collections need not walk it again.
        gc.collect()
        gc.freeze()
        self._link.send(Armed())

    async def _run_load(self, t0_ns: int) -> None:
        ready = self._ready
        ready.recorder.start_at(t0_ns)
        ready.samples.start_at(t0_ns)
        closer = IntervalCloser(
            ready.worker,
            t0_ns,
            recorder=ready.recorder,
            samples=ready.samples,
            load=ready.load,
            health=HealthMeter(
                ready.file.file,
                under_way=ready.load.requests_under_way,
                on_standstill=self._last_words.leave,
            ),
            sender=self._link,
            tags=tags_of(ready.plan.tags),
            clock=now_ns,
        )
        async with asyncio.TaskGroup() as tasks:
            closing = tasks.create_task(closer.run())
            await ready.load.run(t0_ns)
            closing.cancel()
        closer.load_ended()
        # Before the last batch: a request that outlived its iteration ends here, and counts.
        await ready.load.close()
        ready.load.stray_errors.collect()
        closer.close_last()

    async def _run_teardown(self) -> None:
        ready = self._ready
        teardown = Teardown(ready.plan, ready.file)
        await teardown.run(ready.data)
        self._link.send(TeardownEnded(teardown.failure, teardown.strays, teardown.forgotten))


def _load(plan: TestPlan) -> ScenarioFile:
    file = load_scenario_file(Path(plan.file), plan.env)
    if file.sha256 != plan.file_sha256:
        raise ScenarioError("the file was changed while the run was starting", file=plan.file)
    return file
