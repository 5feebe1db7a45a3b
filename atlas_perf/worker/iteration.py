"""Running one iteration, and accounting for it: the ledger, its samples, its exception."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from atlas_perf.clock import now_ns
from atlas_perf.model.batch import Ledger
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.series import Tags
from atlas_perf.scripting.context import current_user
from atlas_perf.worker.deadlines import Clock, sleep_until
from atlas_perf.worker.exception_log import ExceptionLog
from atlas_perf.worker.interruption import is_interrupted
from atlas_perf.worker.virtual_user import SampleRecorder, VirtualUser

_ITERATIONS = BUILTIN_METRICS["iterations"]
_ITERATION_DURATION = BUILTIN_METRICS["iteration_duration"]
_ITERATION_FAILED = BUILTIN_METRICS["iteration_failed"]
_DROPPED_ITERATIONS = BUILTIN_METRICS["dropped_iterations"]

IterationFunction = Callable[[VirtualUser, Any], Awaitable[Any]]


class IterationRunner:
    """Runs iterations of one scenario on this worker. Every executor uses it, whatever it paces."""

    def __init__(
        self,
        scenario: str,
        function: IterationFunction,
        *,
        recorder: SampleRecorder,
        exceptions: ExceptionLog,
        tags: Tags,
        min_duration_ns: int = 0,
        clock: Clock = now_ns,
    ) -> None:
        self._scenario = scenario
        self._function = function
        self._recorder = recorder
        self._exceptions = exceptions
        self._tags = tags
        self._min_duration_ns = min_duration_ns
        self._clock = clock
        self._scheduled: int | None = None  # None: whatever is started was scheduled
        self._started = 0
        self._dropped = 0
        self._completed = 0
        self._failed = 0
        self._interrupted = 0
        self.last_end_ns: int | None = None  # when an iteration ended last, on the run's clock

    @property
    def ledger(self) -> Ledger:
        """Where every iteration went, so far."""
        begun_or_dropped = self._started + self._dropped
        return Ledger(
            scheduled=begun_or_dropped if self._scheduled is None else self._scheduled,
            started=self._started,
            dropped=self._dropped,
            completed=self._completed,
            failed=self._failed,
            interrupted=self._interrupted,
        )

    async def run(self, user: VirtualUser) -> None:
        """Run one iteration to its end; an exception of the scenario's ends it as failed.

        Raises:
            asyncio.CancelledError: the executor interrupted it; nothing is recorded of it but the
                samples it took itself.
        """
        self._started += 1
        current_user.set(user)
        cuts = _cuts()
        began_ns = self._clock()
        try:
            user.begin_iteration()
            await self._function(user, user.data)
            if is_interrupted():
                raise asyncio.CancelledError  # the scenario kept it to itself
        except BaseException as error:
            self.last_end_ns = self._clock()
            if is_interrupted() or (isinstance(error, asyncio.CancelledError) and _cuts() > cuts):
                self._interrupted += 1
                if isinstance(error, asyncio.CancelledError):
                    raise
                raise asyncio.CancelledError from error  # whatever the scenario made of it
            self._failed += 1
            self._exceptions.record(self._scenario, error)
            self._record(user, began_ns, failed=True)
        else:
            self.last_end_ns = self._clock()
            self._completed += 1
            self._record(user, began_ns, failed=False)

    async def rest(self, began_ns: int) -> None:
        """Wait out the plan's shortest iteration, outside of the iteration and its duration.

        Without one this still lets every other user run: iterations that fail at once, or never
        await anything, must not keep the loop to themselves.
        """
        await sleep_until(began_ns + self._min_duration_ns, self._clock)

    def schedule(self, iterations: int) -> None:
        """Say before the first iteration how many there will be, if the plan says it.

        What is started and dropped must add up to them, or the ledger does not balance.
        """
        self._scheduled = iterations

    def withdraw(self, iterations: int) -> None:
        """Take back iterations that were scheduled, since the run is stopped before them."""
        if self._scheduled is not None:
            self._scheduled -= iterations

    def drop(self, iterations: int) -> None:
        """Account for iterations that were due and will never start."""
        if iterations:
            self._dropped += iterations
            number = self._recorder.series(_DROPPED_ITERATIONS, self._tags)
            self._recorder.add(number, iterations, self._clock())

    def _record(self, user: VirtualUser, began_ns: int, *, failed: bool) -> None:
        assert self.last_end_ns is not None
        tags, at_ns = user.sample_tags(), self.last_end_ns
        add, series = self._recorder.add, self._recorder.series
        add(series(_ITERATIONS, tags), 1, at_ns)
        add(series(_ITERATION_DURATION, tags), at_ns - began_ns, at_ns)
        add(series(_ITERATION_FAILED, tags), failed, at_ns)


def _cuts() -> int:
    """How often this task was cancelled from outside, unlike something that a scenario has
    cancelled itself and awaits."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()
