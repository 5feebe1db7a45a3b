"""What scenario code holds: one virtual user of a running test."""

from __future__ import annotations

import math
import random
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from atlas_perf import clock
from atlas_perf.model.metric import Metric
from atlas_perf.model.series import Tags
from atlas_perf.protocols.tasks.task_log import TaskLog
from atlas_perf.protocols.tasks.task_run import TaskResult, TaskRun, TaskSurroundings
from atlas_perf.protocols.tasks.task_states import (
    END_STATES,
    QUEUED_STATES,
    StatusOf,
    TaskStates,
    status_of,
    task_id_of,
)
from atlas_perf.protocols.tasks.watching import Polling, Streaming
from atlas_perf.units import NS_PER_S, parse_duration_ns
from atlas_perf.worker.sleeping import Sleep
from atlas_perf.worker.user_samples import RememberedSeries, UserSamples

if TYPE_CHECKING:
    from atlas_perf.protocols.http.client import HttpClient
    from atlas_perf.protocols.http.response import Response
    from atlas_perf.protocols.ws.ws_client import WsClient
    from atlas_perf.worker.iteration import RunningIteration


class SampleRecorder(Protocol):
    """The part of the recorder that a virtual user needs."""

    def series(self, metric: Metric, tags: Tags, /) -> int: ...
    def add(self, number: int, value: float, at_ns: int, /) -> None: ...


def _sleep(seconds: float) -> Sleep:
    return Sleep(round(seconds * NS_PER_S))


class VirtualUser(UserSamples):
    """One simulated user: runs the scenario function again and again, alone with its state.

    Attributes:
        id: number of this user over the whole run, from 1; 0 in `setup` and `teardown`.
        iteration: number of this user's iteration, from 0.
        scenario: name of the scenario it belongs to.
        env: variables given with `-e`, the scenario's own `env`, and the process's.
        random: random numbers of its own, equal in every run with the same `--seed`.
        tags: added to every sample from now on; change it as you like.
        data: what `setup` returned; a copy of its own.
        http: an HTTP client with connections and cookies of its own.
        ws: a WebSocket client with sessions of its own, and the cookies of `http`.
    """

    def __init__(
        self,
        *,
        id: int,
        scenario: str,
        seed: int,
        env: Mapping[str, str],
        base_tags: dict[str, str],
        series: RememberedSeries,
        connect: Callable[[Callable[[], Tags]], HttpClient],
        connect_ws: Callable[[HttpClient, Callable[[], Tags]], WsClient],
        sleep: Callable[[float], Coroutine[Any, Any, None]] = _sleep,
    ) -> None:
        """`connect` makes the HTTP client; it is given the function that tells the current tags.
        `connect_ws` makes that for WebSockets, when it is first asked for.

        `series` and `base_tags` are those of all users of a scenario, and shared between them.
        """
        super().__init__(series, base_tags)
        self.id = id
        self.iteration = -1
        self.scenario = scenario
        self.env = env
        self._seed = seed
        self._random: random.Random | None = None
        self._random_of_polls: Random | None = None
        self.data: Any = None
        self._sleep = sleep
        self.permit: RunningIteration | None = None  # where an iteration may be repeated
        self.http = connect(self.sample_tags)
        self._connect_ws = connect_ws
        self._ws: WsClient | None = None

    @property
    def ws(self) -> WsClient:
        """See the class; most scenarios have no use for it."""
        if self._ws is None:
            self._ws = self._connect_ws(self.http, self.sample_tags)
        return self._ws

    @property
    def random(self) -> random.Random:
        """See the class; made when it is first asked for, since it is 2.5 KiB."""
        if self._random is None:
            # Seeded with text: the generator then hashes it, and neighbours share no structure.
            self._random = random.Random(f"{self._seed}/{self.scenario}/{self.id}")
        return self._random

    def sleep(self, seconds: float) -> Coroutine[Any, Any, None]:
        """Think for a while: at least `seconds`, with other users at work meanwhile."""
        if not math.isfinite(seconds):
            raise ValueError(f"a user cannot sleep for {seconds} seconds")
        return self._sleep(seconds)

    def task(
        self,
        submission: Awaitable[Response],
        *,
        via: Polling | Streaming,
        id: Callable[[Response], str] = task_id_of,
        status: StatusOf = status_of,
        until: Mapping[str, str] = END_STATES,
        queued: Collection[str] = QUEUED_STATES,
        timeout: str | timedelta = "5m",
        name: str = "task",
        tags: Mapping[str, str] | None = None,
    ) -> Coroutine[Any, Any, TaskResult]:
        """Submit a task, watch it until it has ended, and record what it took; see docs/tasks.md.

        Args:
            submission: the request that submits it, not awaited yet.
            via: how to learn of its end: `Polling` or `Streaming`.
            id: its id, from the answer to the submission.
            status: its status, from the answer to a poll or from an event.
            until: which statuses end it, and how: "completed", "failed" or "cancelled".
            queued: which say that it has not begun.
            timeout: from the submission on; then it is given up as "timed_out".
            name: the tag `name` of its samples.
            tags: added to its samples.

        Raises:
            ValueError: for arguments that cannot be meant, or if the answer has no id or status.
            asyncio.CancelledError: if the caller is cancelled.
        """
        timeout_ns = parse_duration_ns(timeout)
        if timeout_ns <= 0:
            raise ValueError(f"timeout {timeout!r} leaves no time: give a positive duration")
        around = TaskSurroundings(self._now_ns, self.sleep, self._polling_random, self._is_cut_off)
        log = TaskLog(self.record_sample, name, tags or {})
        states = TaskStates(until, queued)
        run = TaskRun(log, around, via, id, status, states, timeout_ns)
        return run.perform(submission)

    def _now_ns(self) -> int:
        return clock.now_ns()

    def _is_cut_off(self) -> bool:
        return self.http.is_cut_off()

    def _polling_random(self) -> Random:
        if self._random_of_polls is None:
            self._random_of_polls = Random(f"{self._seed}/{self.scenario}/{self.id}/polls")
        return self._random_of_polls

    def arrives_late(self, late_ns: int) -> None:
        """The iteration that begins now was due so much earlier: its first request counts it."""
        self.http.late_ns = late_ns

    def begin_iteration(self) -> None:
        """Count on to the next iteration, and let the client forget what must not outlive one."""
        self.iteration += 1
        self.cut_at_ns = 0
        self.http.begin_iteration()
        if self._ws is not None:
            self._ws.begin_iteration()

    def cut_off(self, at_ns: int) -> None:
        """The running iteration's time is up at `at_ns`; the first such instant stays.

        Its duration, its groups and requests are censored: see `HttpClient.cut_off`.
        """
        self.cut_at_ns = self.cut_at_ns or at_ns
        self.http.cut_off()
        if self._ws is not None:
            self._ws.cut_off()

    def retire(self) -> None:
        """No iteration of it comes for now, and perhaps none at all: see `WsClient.retire`."""
        if self._ws is not None:
            self._ws.retire()

    async def close(self) -> None:
        """Close the user's connections."""
        if self._ws is not None:
            await self._ws.close()
        await self.http.close()

    def __repr__(self) -> str:
        return f"<virtual user {self.id} of {self.scenario}, iteration {self.iteration}>"
