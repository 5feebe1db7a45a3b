"""One task from its submission to its end, as whoever submitted it sees it.

Instants are those at which answers and events arrived. A status that is polled is known to have
held between the sending of the poll and the arrival of its answer, so the end of a task lies
between the sending of the last poll that did not show it and the arrival of the first that did.
That is the polling error: the task ended at most so much earlier than it was seen to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random

from atlas_perf.protocols.http.response import HttpError, Response
from atlas_perf.protocols.http.timings import ABSENT
from atlas_perf.protocols.sse.event_parser import ServerSentEvent
from atlas_perf.protocols.tasks.task_log import TaskLog
from atlas_perf.protocols.tasks.task_states import Outcome, StatusOf, TaskStates
from atlas_perf.protocols.tasks.watching import Polling, Streaming, WatchedStream
from atlas_perf.units import NS_PER_MS, NS_PER_S, parse_duration_ns

_UNKNOWN_TO_THE_SERVER = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class TaskSurroundings:
    """What a task needs of the virtual user that submits it.

    Attributes:
        random: for the jitter of polls, apart from the scenario's own numbers: how many a task
            draws depends on the target, and must not change what the scenario draws.
        is_cut_off: whether what is canceled now was cut off by the run.
    """

    now_ns: Callable[[], int]
    sleep: Callable[[float], Awaitable[None]]
    random: Callable[[], Random]
    is_cut_off: Callable[[], bool]


@dataclass(slots=True)
class TaskResult:
    """What became of a task.

    Attributes:
        outcome: "completed", "failed", "cancelled", "timed_out", "lost" or "rejected".
        id: of the task; "" if it was rejected.
        status: what the server said last; "" if nothing.
        submission: the answer to the submission.
        last: the last answer or event about it; None if there was none.
        polls: how often it was asked for.
        duration_ns: from the submission until the end was seen; -1 while it is not.
        queued_ns: from the submission until it was first seen to run; -1 if it never was.
        polling_error_ns: it ended at most so much earlier than was seen; -1 if it was seen live.
    """

    submission: Response
    outcome: str = ""
    id: str = ""
    status: str = ""
    last: Response | ServerSentEvent | None = None
    polls: int = 0
    duration_ns: int = ABSENT
    queued_ns: int = ABSENT
    polling_error_ns: int = ABSENT

    @property
    def completed(self) -> bool:
        """True if it came to the end it was submitted for."""
        return self.outcome == Outcome.COMPLETED

    @property
    def duration_ms(self) -> float:
        """`duration_ns` in milliseconds."""
        return self.duration_ns / NS_PER_MS


@dataclass(slots=True)
class TaskRun:
    """Submits a task, watches it to its end, and records it once, however it ends."""

    log: TaskLog
    around: TaskSurroundings
    via: Polling | Streaming
    id_of: Callable[[Response], str]
    status_of: StatusOf
    states: TaskStates
    timeout_ns: int
    _began_ns: int = 0
    _unseen_since_ns: int = 0
    _result: TaskResult | None = None
    _seen_ns: int = 0
    _submitted: bool = field(default=False)

    async def perform(self, submission: Awaitable[Response]) -> TaskResult:
        """Await the submission, then the task's end.

        Raises:
            whatever the scenario's own functions raise; the task is then abandoned.
            asyncio.CancelledError: the task is abandoned, or censored if it was the run's doing.
        """
        self._began_ns = self._unseen_since_ns = self.around.now_ns()
        try:
            outcome = await self._to_its_end(submission)
        except asyncio.CancelledError:
            if self.around.is_cut_off():
                self._record_cut()
            else:
                self._record(Outcome.ABANDONED, self.around.now_ns())
            raise
        except BaseException as raised:
            rejected = isinstance(raised, HttpError) and not self._submitted
            self._record(Outcome.REJECTED if rejected else Outcome.ABANDONED, self.around.now_ns())
            raise
        self._record(outcome, self._seen_ns)
        assert self._result is not None, "its submission was answered"
        return self._result

    async def _to_its_end(self, submission: Awaitable[Response]) -> Outcome:
        response = await submission
        self._seen_ns = response.ended_ns or self.around.now_ns()
        self.log.submitted(self._seen_ns - self._began_ns, accepted=response.ok)
        self._submitted = True
        self._result = TaskResult(response)
        if not response.ok:
            return Outcome.REJECTED
        self._result.id = self.id_of(response)
        if isinstance(self.via, Polling):
            return await self._poll(self.via, self._result)
        return await self._listen(self.via, self._result)

    async def _poll(self, polling: Polling, result: TaskResult) -> Outcome:
        for interval_ns in polling.intervals_ns(self.around.random()):
            if not await self._pause(interval_ns):
                break
            sent_ns = self.around.now_ns()
            answer = await polling.ask(result.id)
            result.polls += 1
            seen_ns = answer.ended_ns or self.around.now_ns()
            if seen_ns > self._deadline_ns:
                break
            if answer.status in _UNKNOWN_TO_THE_SERVER:
                return self._end(Outcome.LOST, seen_ns)
            if not answer.ok:
                continue  # it says nothing of the task, and is a failed request already
            status = self.status_of(answer)
            if status is None:
                continue
            result.last = answer
            outcome = self._take(status, seen_ns)
            if outcome is not None:
                result.polling_error_ns = seen_ns - self._unseen_since_ns
                return outcome
            self._unseen_since_ns = sent_ns
        return self._time_out()

    async def _listen(self, streaming: Streaming, result: TaskResult) -> Outcome:
        last_id = ""
        while True:
            stream = streaming.open(result.id)
            stream.resume_after(last_id)
            async with AsyncExitStack() as open_streams:
                try:
                    async with asyncio.timeout(self._left_s):
                        await open_streams.enter_async_context(stream)
                except TimeoutError:
                    return self._time_out()
                if stream.status in _UNKNOWN_TO_THE_SERVER:
                    return self._end(Outcome.LOST, self.around.now_ns())
                outcome = await self._hear(stream, result)
            if outcome is not None:
                return outcome
            last_id = stream.last_id
            pause_ns = parse_duration_ns(streaming.reopen_after)
            if stream.retry_ms is not None:
                pause_ns = stream.retry_ms * NS_PER_MS
            if not await self._pause(pause_ns):
                return self._time_out()

    async def _hear(self, stream: WatchedStream, result: TaskResult) -> Outcome | None:
        """How the task ended; None if the stream ended first."""
        replayed_ns = ABSENT  # what comes with the first event may have happened at any time
        while True:
            try:
                async with asyncio.timeout(self._left_s):
                    event = await stream.__anext__()
            except StopAsyncIteration:
                return None
            except TimeoutError:
                return self._time_out()
            if event.arrived_ns > self._deadline_ns:
                return self._end(Outcome.TIMED_OUT, event.arrived_ns)
            status = self.status_of(event)
            if replayed_ns == ABSENT:
                replayed_ns = event.arrived_ns
            if status is None:
                continue
            result.last = event
            outcome = self._take(status, event.arrived_ns)
            if outcome is not None:
                if event.arrived_ns == replayed_ns:
                    result.polling_error_ns = event.arrived_ns - self._unseen_since_ns
                return outcome
            if event.arrived_ns != replayed_ns:
                self._unseen_since_ns = event.arrived_ns

    def _take(self, status: str, seen_ns: int) -> Outcome | None:
        """Note a status; how the task has ended, if it says so."""
        assert self._result is not None, "it was accepted"
        self._result.status = status
        outcome = self.states.end(status)
        if outcome is not None:
            return self._end(outcome, seen_ns)
        if self._result.queued_ns == ABSENT and not self.states.is_queued(status):
            self._result.queued_ns = seen_ns - self._began_ns
            self.log.began(self._result.queued_ns)
        return None

    def _end(self, outcome: Outcome, seen_ns: int) -> Outcome:
        self._seen_ns = seen_ns
        return outcome

    def _time_out(self) -> Outcome:
        return self._end(Outcome.TIMED_OUT, max(self.around.now_ns(), self._deadline_ns))

    @property
    def _left_s(self) -> float:
        return (self._deadline_ns - self.around.now_ns()) / NS_PER_S

    @property
    def _deadline_ns(self) -> int:
        return self._began_ns + self.timeout_ns

    async def _pause(self, pause_ns: int) -> bool:
        """Sleep; False if the task's time is up by then."""
        left_ns = self._deadline_ns - self.around.now_ns()
        await self.around.sleep(max(min(pause_ns, left_ns), 0) / NS_PER_S)
        return pause_ns < left_ns

    def _record(self, outcome: Outcome, seen_ns: int) -> None:
        took_ns = seen_ns - self._began_ns
        result = self._result
        if result is not None:
            result.outcome = str(outcome)
            result.duration_ns = took_ns
        if not self._submitted:
            self.log.submitted(took_ns, accepted=False)
        self.log.ended(
            outcome,
            took_ns,
            polls=result.polls if result is not None and isinstance(self.via, Polling) else None,
            polling_error_ns=ABSENT if result is None else result.polling_error_ns,
        )

    def _record_cut(self) -> None:
        result = self._result
        self.log.cut_off(
            self.around.now_ns() - self._began_ns,
            accepted=self._submitted,
            began=result is not None and result.queued_ns != ABSENT,
        )
