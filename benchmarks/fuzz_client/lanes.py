"""Users with several requests at once, and the servers at the other ends of their connections."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import random
import re
import socket
import ssl
from collections.abc import Awaitable, Coroutine
from typing import Any, cast

from atlas_perf import clock
from atlas_perf.model.metric import Metric
from atlas_perf.model.plan import HttpOptions
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.protocols.http.request import RequestParams
from atlas_perf.protocols.http.response import Response
from atlas_perf.protocols.http.tcp_connection import TcpConnection
from atlas_perf.protocols.http.timings import Stopwatch
from atlas_perf.protocols.http.urls import Target
from atlas_perf.units import NS_PER_S
from benchmarks.fuzz_client.inputs import Script
from benchmarks.fuzz_client.verdicts import BrokenPromiseError, Execution, complaint

LANES_OF_A_USER = 4
DROP_CHANCE = 0.01
PATIENCE_TURNS = 100  # of the loop, until what must end has to have ended
HANGS_AFTER_TURNS = 200_000

_ORIGIN = ("http", "fuzz", 80)
_PATH = re.compile(rb"[A-Z]+ /(\d+) ")
_lane: contextvars.ContextVar[Lane] = contextvars.ContextVar("lane")


class LaneSeries:
    """Samples of one series go to the execution that its lane has."""

    def __init__(self, lane: Lane, tags: Tags, failed: bool) -> None:
        self._lane = lane
        self._tags = dict(tags)
        self._failed = failed

    def record(self, *numbers: int) -> None:
        self._lane.execution.samples.append((self._tags, self._failed, numbers))


class User:
    """One client, the lanes that share it, and the server's ends of its connections."""

    def __init__(self, dice: random.Random, connections: int) -> None:
        self.dice = dice
        self._setup = ClientSetup(
            options=HttpOptions(timeout_ns=60 * NS_PER_S, max_redirects=0),
            recorder=self,
            base_url="http://fuzz",
            connections_per_host=connections,
        )
        self._setup.dialer = self  # type: ignore[assignment]
        self.lanes = [Lane(self, number) for number in range(LANES_OF_A_USER)]
        self.client = self._new_client()
        self._ends: list[socket.socket] = []  # those without a request that was seen
        self._departed = 0  # turns in which a request may lie at an end that nobody waits at
        self._wanted = 0  # connections, in this turn
        self.quiet = 0  # turns in which no request may begin
        self.drops = 0  # turns in which a streamed body may have cost a kept connection
        self._closing: set[asyncio.Task[None]] = set()

    def _new_client(self) -> HttpClient:
        return HttpClient(self._setup, lambda: _lane.get().tags)

    # As the client's recorder

    def http_series(self, tags: Tags, failed: bool) -> LaneSeries:
        return LaneSeries(self.lanes[int(dict(tags)["lane"])], tags, failed)

    def series(self, metric: Metric, tags: Tags) -> int:
        """1 and more: the requests of a lane that were cut off; 0: anything else."""
        return 1 + int(dict(tags)["lane"]) if metric.name == "http_reqs_censored" else 0

    def add(self, number: int, value: float, _at_ns: int) -> None:
        if value < 0:
            raise BrokenPromiseError(f"{value} bytes or nanoseconds")
        if number > 0:
            self.lanes[number - 1].execution.censored += 1

    # As its dialer

    async def dial(
        self, _target: Target, watch: Stopwatch, _session: ssl.SSLSession | None
    ) -> TcpConnection:
        watch.dial_began_ns = clock.now_ns()
        if self.dice.random() < 0.1:
            await asyncio.sleep(0)
        ours = self._pair()
        watch.dial_ended_ns = clock.now_ns()
        return TcpConnection(ours)

    def have_connection(self) -> None:
        """See to it that one more request finds one at hand."""
        self._wanted += 1
        idle = self.client._pool.host(_ORIGIN).idle
        if idle and not idle[-1].reusable:
            idle[:] = [connection for connection in idle if connection.reusable]
        if len(idle) < self._wanted:
            idle.append(TcpConnection(self._pair()))
        if self.dice.random() < DROP_CHANCE:
            TcpConnection(self._pair())  # that nobody holds
            self._ends.pop().close()

    def _pair(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        self._ends.append(theirs)
        return ours

    # As the server

    def turn(self) -> None:
        """Read what came, and let every lane go a step on."""
        self._wanted = 0
        if self._ends and any(lane.busy and not lane.is_served for lane in self.lanes):
            self._serve()
        self._departed -= self._departed > 0
        self.quiet -= self.quiet > 0
        self.drops -= self.drops > 0
        for lane in self.lanes:
            if lane.busy:
                lane.turn()

    def _serve(self) -> None:
        waiting, self._ends = self._ends, []
        for end in waiting:
            try:
                head = end.recv(4096, socket.MSG_PEEK)
            except BlockingIOError:
                self._ends.append(end)
                continue
            except OSError:
                head = b""
            match = _PATH.match(head)
            if match is None:
                if head:
                    raise BrokenPromiseError(f"no request: {head!r}")
                end.close()
            elif self._departed and _is_left(end):
                end.close()
            else:
                self.lanes[int(match[1])].serve(end, unread=not self._departed)

    def others_wait(self, lane: Lane) -> bool:
        """True if a request of another lane may be on its way."""
        return any(each.busy and not each.is_served for each in self.lanes if each is not lane)

    def take_back(self, end: socket.socket) -> None:
        """An end at which the next request may come."""
        self._ends.append(end)

    def departs(self) -> None:
        """Somebody gave up, whose request may still come to light."""
        self._departed = PATIENCE_TURNS

    def close_client(self) -> None:
        """Close the client in the middle of everything, and go on with another one."""
        for lane in self.lanes:
            lane.client_closes()
        self.departs()
        closing = asyncio.get_running_loop().create_task(self.client.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        self.client = self._new_client()

    async def over(self) -> None:
        """Close everything."""
        await self.client.close()
        for end in self._ends:
            end.close()


def _is_left(end: socket.socket) -> bool:
    """Take the request; True if whoever sent it is gone."""
    try:
        end.recv(65536)
        return end.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _accepted(response: Response) -> bool:
    return response.status < 500


class Lane:
    """One execution after the other; `busy` while there is one."""

    def __init__(self, user: User, number: int) -> None:
        self.tags: Tags = (("lane", str(number)),)
        self.busy = False
        self._user = user
        self._url = f"/{number}"
        self._context = contextvars.copy_context()
        self._context.run(_lane.set, self)

    def begin(self, script: Script, number: int) -> None:
        """Make the request of an execution."""
        self.execution = Execution(script, number)
        self.busy = True
        self._end: socket.socket | None = None
        self._step = self._turns = self._waited = 0
        if script.streams:
            self._user.drops = 2 * PATIENCE_TURNS
        elif self._user.dice.random() < 0.9:
            self._user.have_connection()
        loop = asyncio.get_running_loop()
        call = cast(Coroutine[Any, Any, Response], self._call(script))
        self._task = loop.create_task(call, context=self._context)

    def _call(self, script: Script) -> Awaitable[Response]:
        options: RequestParams = {}
        if script.times_out:
            options["timeout"] = "20ms"
        if script.expects:
            options["expect"] = _accepted
        body = None
        if script.method == "POST":
            body = iter((b"in", b"parts")) if script.streams else b"content"
        return self._user.client.request(script.method, self._url, body, **options)

    def serve(self, end: socket.socket, *, unread: bool) -> None:
        """Its request came, or came again.

        A request that is left unread makes a reset of closing the end.
        """
        execution, script = self.execution, self.execution.script
        if self._end is not None:
            self._end.close()
            if script.method == "POST" or execution.delivered or not execution.ended:
                self._complain("sent twice")
        execution.ended = execution.was_reset = False
        execution.reading = None
        self._end = end
        self._step = self._waited = 0
        self._resets = script.ending == "rst" and unread
        if not self._resets:
            with contextlib.suppress(OSError):
                end.recv(65536)

    @property
    def is_served(self) -> bool:
        """True if its request was seen, and will not come again on another connection."""
        comes_again = self.execution.ended and not self.execution.delivered
        return self._end is not None and not comes_again

    def client_closes(self) -> None:
        self.execution.canceled = self.busy
        self.execution.cut_off = self.busy

    def turn(self) -> None:
        """Go a step on."""
        execution, script = self.execution, self.execution.script
        self._turns += 1
        done = self._task.done()
        if done and (self._end is None or execution.canceled):
            self._finish()
        elif self._turns > HANGS_AFTER_TURNS:
            self._complain("hangs")
        elif self._step == script.cancel_at and not execution.canceled and not done:
            self._cancel()
        elif self._end is None or execution.canceled:
            return
        elif self._step < len(script.pieces):
            self._send(self._end, script.pieces[self._step])
        elif self._step == len(script.pieces):
            self._end_it(self._end)
        else:
            self._wait(done)

    def _send(self, end: socket.socket, piece: bytes) -> None:
        self._step += 1
        if self._task.done():
            # Bytes behind the response: whoever had the connection by now would get them, as
            # nobody can tell yet that they are not his.
            if self._user.others_wait(self):
                self._step = len(self.execution.script.pieces) + 1
                return
            self._user.quiet = 3
        try:
            end.send(piece)
        except OSError:
            self._step = len(self.execution.script.pieces) + 1  # the client has closed it
        else:
            self.execution.delivered += piece

    def _end_it(self, end: socket.socket) -> None:
        self._step += 1
        script = self.execution.script
        if script.ending == "open":
            return
        self.execution.ended = True
        self.execution.was_reset = self._resets and not script.streams
        if script.streams:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_WR)  # what comes after the request's head is not read
        else:
            end.close()

    def _wait(self, done: bool) -> None:
        """Nothing more is sent: let the client find out, or give up."""
        self._waited += 1
        if done:
            if self._waited > 1:  # it had a turn to see what is wrong with an idle connection
                self._finish()
        elif self.execution.must_end:
            if self._waited > PATIENCE_TURNS:
                self._complain("does not end")
        elif self._waited > 1 and not self.execution.script.times_out:
            self._cancel()

    def _cancel(self) -> None:
        self.execution.canceled = True
        self._user.departs()
        self._task.cancel()

    def _finish(self) -> None:
        execution, end = self.execution, self._end
        execution.served = end is not None
        if wrong := complaint(execution, self._task):
            self._complain(wrong)
        self.busy = False
        if end is None:
            if execution.script.times_out:
                self._user.departs()
            return
        script = execution.script
        if execution.canceled or execution.ended or script.streams or script.times_out:
            end.close()
            return
        if self._resets:
            with contextlib.suppress(OSError):
                end.recv(65536)  # its own request, which was left unread
        closed = _is_closed(end)
        if execution.keeps_connection and closed and not self._user.drops:
            self._complain("not kept")
        if not execution.keeps_connection and not closed:
            self._complain("kept")
        if execution.keeps_connection and not closed:
            self._user.take_back(end)
        else:
            end.close()

    def _complain(self, wrong: str) -> None:
        raise BrokenPromiseError(
            f"{wrong}\nexecution {self.execution.number}: {self.execution.script}"
        )


def _is_closed(end: socket.socket) -> bool:
    try:
        return end.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
