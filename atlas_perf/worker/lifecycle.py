"""`setup` before the load and `teardown` after it: on one worker, outside of all statistics."""

from __future__ import annotations

import asyncio
from typing import Any

from atlas_perf.errors import SetupError
from atlas_perf.loader.lifecycle import ScenarioFunction
from atlas_perf.loader.scenario_file import ScenarioFile
from atlas_perf.model.batch import ScenarioException
from atlas_perf.model.plan import TestPlan
from atlas_perf.scripting.context import current_user
from atlas_perf.units import NS_PER_S, format_planned
from atlas_perf.wire.plain_data import decode_plain, encode_plain
from atlas_perf.worker.exception_log import ExceptionLog, describe_exception
from atlas_perf.worker.load import client_setup, variables_of, virtual_user, websocket_setup
from atlas_perf.worker.recorder import Recorder
from atlas_perf.worker.stray_errors import StrayErrors
from atlas_perf.worker.user_samples import RememberedSeries
from atlas_perf.worker.virtual_user import VirtualUser


class _TimedOut(Exception):
    """A stage did not end within the plan's limit."""


class _Raised(Exception):
    """A stage raised `error`, which may be anything: `sys.exit()` may not end a worker."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


async def run_setup(plan: TestPlan, file: ScenarioFile, user: VirtualUser) -> bytes:
    """Run `setup`, if the file has one, and pack what it returns for the way to every user.

    `user` is setup's own, a `stage_user`, and stays open: what setup leaves running, such as a
    task that renews a token, goes on beside the load.

    Raises:
        SetupError: it raised, took longer than setupTimeout, or returned what is not plain data.
    """
    if file.setup is None:
        return encode_plain(None)
    line = file.lines.of_name("setup")
    try:
        returned = await _run_stage(file.setup, user, plan.setup_timeout_ns)
    except _TimedOut as error:
        raise SetupError(str(error), file=file.file, line=line) from None
    except _Raised as raised:
        told = describe_exception("setup", raised.error, file.file)
        message = f"setup raised {told.kind}: {told.message}".removesuffix(": ")
        raise SetupError(message, file=told.file, line=told.line) from raised.error
    try:
        return encode_plain(returned)
    except ValueError as fault:
        message = (
            f"setup returned {fault}: return None, numbers, text, bytes, "
            "or lists and dicts with text keys of these"
        )
        raise SetupError(message, file=file.file, line=line) from None


class Teardown:
    """`teardown`, and what it left undone: the last batch is gone when it begins."""

    def __init__(self, plan: TestPlan, file: ScenarioFile) -> None:
        self.failure: ScenarioException | None = None
        self.forgotten = 0  # awaits that are missing
        self._plan = plan
        self._file = file
        self._line = file.lines.of_name("teardown") or 0
        self._cut_short = False
        self._log = ExceptionLog(file.file)
        self._stray_errors = StrayErrors(
            self._log,
            file.file,
            {"teardown": self._line},
            on_forgotten=self._count_forgotten,
            may_be_cut_short=lambda: self._cut_short,
        )

    @property
    def strays(self) -> tuple[ScenarioException, ...]:
        """Errors of tasks that nobody awaited, and forgotten awaits."""
        return self._log.snapshot()

    async def run(self, data: bytes) -> None:
        """Run it, if the file has one."""
        if self._file.teardown is None:
            return
        self._stray_errors.watch(asyncio.get_running_loop())
        user = stage_user(self._plan, "teardown")
        try:
            limit_ns = self._plan.teardown_timeout_ns
            await _run_stage(self._file.teardown, user, limit_ns, decode_plain(data))
        except _TimedOut as error:
            self._cut_short = True
            self.failure = ScenarioException(
                "teardown", "TimeoutError", str(error), self._file.file, self._line, 1, ""
            )
        except _Raised as raised:
            self._cut_short = True
            self.failure = describe_exception("teardown", raised.error, self._file.file)
        finally:
            await user.close()
        token = current_user.set(user)  # or they would be nobody's
        self._stray_errors.collect()
        current_user.reset(token)

    def _count_forgotten(self, _scenario: str) -> None:
        self.forgotten += 1


def stage_user(plan: TestPlan, stage: str) -> VirtualUser:
    """The virtual user that `setup` or `teardown` is called with, whose samples are not recorded.

    Nor are those of what the function leaves running: the user keeps its recorder.
    """
    recorder = Recorder(plan.metrics)
    recorder.enabled = False
    tags = {**plan.tags, "scenario": stage}
    variables = variables_of({})
    setup = client_setup(plan, recorder, variables)
    series = RememberedSeries(recorder)
    return virtual_user(
        plan,
        series,
        setup,
        websocket_setup(setup, plan, variables),
        id=0,
        scenario=stage,
        tags=tags,
        variables=variables,
    )


async def _run_stage(
    function: ScenarioFunction, user: VirtualUser, timeout_ns: int, *data: Any
) -> Any:
    """Call the function with its user."""
    user.data = data[0] if data else None
    token = current_user.set(user)
    try:
        async with asyncio.timeout(timeout_ns / NS_PER_S) as limit:
            user.begin_iteration()
            return await function(user, *data)
    except BaseException as error:
        if isinstance(error, TimeoutError) and limit.expired():
            message = (
                f"{user.scenario} did not return within its limit of {format_planned(timeout_ns)}"
            )
            raise _TimedOut(message) from None
        if isinstance(error, asyncio.CancelledError) and _cancelled_from_outside():
            raise
        raise _Raised(error) from None
    finally:
        current_user.reset(token)


def _cancelled_from_outside() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
