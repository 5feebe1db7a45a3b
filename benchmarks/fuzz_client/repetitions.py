"""A lone user who iterates as in `atlas-perf bench`: the same request, repeated without a turn.

* Each request that a server saw is one sample, in order, with the outcome that its own bytes mean.
* Each is an iteration of its own, and the ledger accounts for all of them.
* Where the task is woken, it gets the last exchange and no other.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any, NoReturn

from atlas_perf import clock
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.response import Response
from atlas_perf.worker.exception_log import ExceptionLog
from atlas_perf.worker.interruption import interrupt
from atlas_perf.worker.iteration import IterationRunner
from atlas_perf.worker.user_samples import RememberedSeries
from atlas_perf.worker.virtual_user import VirtualUser
from benchmarks.fuzz_client.inputs import Inputs
from benchmarks.fuzz_client.lone_user import Authority, LoneUser
from benchmarks.fuzz_client.replies import LOST_BEFORE, Reply
from benchmarks.fuzz_client.server_end import SecureEnd, ServerEnd
from benchmarks.fuzz_client.verdicts import BrokenPromiseError, wrong_content, wrong_phases

MOST_REQUESTS = 40
_ALWAYS_NS = 2**62
_NEVER_NS = 1


def _no_web_sockets(*_: object) -> NoReturn:
    raise BrokenPromiseError("nobody asked for one")


class RepeatingUser(LoneUser):
    """Makes some requests in a row, then some others."""

    close_chance = 0.0

    def __init__(
        self, number: int, inputs: Inputs, dice: random.Random, authority: Authority
    ) -> None:
        super().__init__(number, inputs, dice, authority, max_redirects=0)
        self._url = "https://fuzz/" if number % 2 else "http://fuzz/"

    def new_client(self) -> HttpClient:
        def connect(sample_tags: Callable[[], Tags]) -> HttpClient:
            return HttpClient(self.setup, sample_tags)

        self._user = VirtualUser(
            id=1,
            scenario="fuzz",
            seed=1,
            env={},
            base_tags={},
            series=RememberedSeries(self),
            connect=connect,
            connect_ws=_no_web_sockets,
        )
        return self._user.http

    async def execute(self, number: int) -> int:
        """Returns how many requests it made.

        Raises:
            BrokenPromiseError: with the bytes that broke it.
        """
        script = self.inputs.next()
        script.cancel_at *= self.dice.randrange(1, 20)
        self.begin()
        self._script = script
        self._most = self.dice.randrange(1, MOST_REQUESTS)
        self._woken: list[tuple[int, Response]] = []
        self._exceptions = ExceptionLog("fuzz")
        self._runner = IterationRunner(
            "fuzz", self._request, recorder=self, exceptions=self._exceptions, tags=()
        )
        self._runner.repeat_until(_ALWAYS_NS)
        task = asyncio.get_running_loop().create_task(self._iterate())
        try:
            await self.serve(task, script, self._answer)
            wrong = (
                self._wrong_ledger(task)
                or (script.times_out and self._wrong_times())
                or (not script.times_out and self._wrong_outcomes(task))
                or self.complaint_of_connections()
            )
        except BrokenPromiseError as error:
            wrong = str(error)
        if wrong:
            replies = "\n".join(map(str, self.replies))
            raise BrokenPromiseError(
                f"{wrong}\nexecution {number}: {script}\nreplies:\n{replies}\n{self.samples}"
            )
        return max(len(self.replies), 1)

    async def _iterate(self) -> None:
        while len(self.replies) < self._most:
            await self._runner.run(self._user)

    async def _request(self, user: VirtualUser, _data: Any) -> None:
        """bench's scenario."""
        script = self._script
        content = b"content" if script.method == "POST" else None
        timeout: dict[str, Any] = {"timeout": "20ms"} if script.times_out else {}
        call = user.http.request(script.method, self._url, content, **timeout)
        response = await (call if user.permit is None else user.permit.repeated(call))
        self._woken.append((len(self.samples) - 1, response))

    def _cancel(self, task: asyncio.Task[Any]) -> None:
        if self.dice.random() < 0.5:
            task.cancel()
        else:
            self._user.cut_off(clock.now_ns())
            interrupt(task)

    # The servers

    def _may_follow(self, failed: Reply) -> bool:
        return failed.is_decided or failed.poisoned or self._script.times_out

    def _answer(self, end: ServerEnd, reply: Reply) -> None:
        """What the client has seen before, most of the time."""
        if len(self.replies) >= self._most:
            self._runner.repeat_until(_NEVER_NS)
        pieces, ending, damage = [self.inputs.like_the_last()], "open", None
        rolled = self.dice.random()
        if rolled < 0.1:
            pieces = self.inputs.cut(pieces[0])
        elif rolled < 0.25:
            script = self.inputs.next()
            pieces, ending = script.pieces, script.ending
            damage = self.inputs.damaged if rolled > 0.22 else None
        if rolled > 0.97:
            ending = "fin" if rolled > 0.99 else "rst"
        end.leaves_one = ending == "rst"
        if isinstance(end, SecureEnd):
            ending = "notify" if ending == "fin" and self.dice.random() < 0.5 else ending
            end.answer(reply, pieces, ending, damage)
        else:
            end.answer(reply, pieces, ending)

    # What must hold

    def _wrong_ledger(self, task: asyncio.Task[None]) -> str:
        ledger = self._runner.ledger
        cancelled = task.cancelled()
        if not cancelled and (raised := task.exception()) is not None:
            return f"raised {raised!r}"
        if cancelled and not self.canceled:
            return "cancelled by nobody"
        requests = len(self.samples) + self.counts["http_reqs_censored"]
        ended = ledger.completed + ledger.failed
        if (
            ledger.started != requests
            or ended + ledger.interrupted != requests
            or ledger.interrupted != cancelled
            or ledger.failed
            or self.counts["iterations"] != ended
            or self.counts["iteration_failed"] != ended
            # One that was cut off counts with its age.
            or self.counts["iteration_duration"] != ended + (cancelled and self._user.cut_at_ns > 0)
        ):
            return f"{requests} requests, {ledger}, {self.counts}, cancelled: {cancelled}"
        return ""

    def _wrong_times(self) -> str:
        """All that can be said where the caller gave up at any time: a server may see it later."""
        every = (wrong_phases(each[2], answered=each[0]["status"] != "0") for each in self.samples)
        return next(filter(None, every), "")

    def _wrong_outcomes(self, task: asyncio.Task[None]) -> str:
        """What is wrong with the samples: each is of a reply, but for requests nobody saw."""
        woken = dict(self._woken)
        replies = iter(self.replies)
        reply = next(replies, None)
        last = len(self.samples) - 1
        for n, (tags, _, numbers) in enumerate(self.samples):
            status, error = int(tags["status"]), tags.get("error", "")
            if wrong := wrong_phases(numbers, answered=status != 0):
                return wrong
            is_last = n == last and task.cancelled() and not self.counts["http_reqs_censored"]
            if is_last and error == "request canceled":
                reply = next(replies, None)
                break
            was_sent = numbers[5] >= 0  # else its handshake failed
            if reply is None or not was_sent or not self._is_of(tags, reply):
                if status != 0 or not error.startswith(self._unsent_errors()):
                    return f"sample {n} is of nothing that was sent: {tags}, beside {reply}"
                continue
            response = woken.get(n)
            if response is not None and (wrong := self._wrong_response(response, reply, tags)):
                return wrong
            reply = next(replies, None)
        if self.counts["http_reqs_censored"]:
            reply = next(replies, None)
        elif reply is not None and reply.is_void:
            reply = next(replies, None)  # sent once more, in vain
        return "" if reply is None else f"no sample of {reply}"

    def _is_of(self, tags: dict[str, str], reply: Reply) -> bool:
        status, error = int(tags["status"]), tags.get("error", "")
        if reply.is_whole:
            head = reply.read().head
            return head is not None and status == head.status
        known = reply.is_decided or reply.poisoned
        return status == 0 and known and error.startswith(reply.expected_errors())

    def _wrong_response(self, response: Response, reply: Reply, tags: dict[str, str]) -> str:
        if str(response.status) != tags["status"]:
            return f"woken with {response!r}, recorded as {tags}"
        if not response.status:
            return ""
        return wrong_content(reply.read(), response, reads_all=self._script.reads_all)

    def _unsent_errors(self) -> tuple[str, ...]:
        """How a request may fail that no server saw."""
        return LOST_BEFORE + (("tls: ", "x509: ") if self.harmed else ())
