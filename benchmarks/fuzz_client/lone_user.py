"""A user with one request at a time, and all the servers that it may be led to.

Its connections are socket pairs, plain or under TLS as the URL says; only 127.0.0.1 is dialled for
real, at a port where nobody listens.
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import trustme

from atlas_perf import clock
from atlas_perf.model.metric import Metric
from atlas_perf.model.plan import HttpOptions
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.protocols.http.dialing import _attach_tls
from atlas_perf.protocols.http.tcp_connection import TcpConnection
from atlas_perf.protocols.http.timings import Stopwatch
from atlas_perf.protocols.http.urls import Target
from atlas_perf.units import NS_PER_S
from benchmarks.fuzz_client.inputs import Inputs, Script
from benchmarks.fuzz_client.replies import Reply
from benchmarks.fuzz_client.server_end import Damage, Received, SecureEnd, ServerEnd
from benchmarks.fuzz_client.verdicts import BrokenPromiseError, Numbers

NAMES = ("fuzz", "other", "*.other")
"""Hosts that have a certificate."""

QUIET_TURNS = 10  # of the loop without a byte, until nothing more can be hoped for
PATIENCE_TURNS = 200
HANGS_AFTER_TURNS = 200_000
MOST_ENDS = 8
HARM_CHANCE = 0.1  # of a handshake

_REQUEST = re.compile(rb"(GET|HEAD|POST) /[!-~]* HTTP/1\.1\r\n(?:[!-9;-~]+: [^\x00\r\n]*\r\n)+\r\n")


@dataclass(frozen=True, slots=True)
class Authority:
    """Both sides' settings of TLS."""

    client: ssl.SSLContext
    servers: tuple[ssl.SSLContext, ...]  # of TLS 1.2 and 1.3

    @classmethod
    def new(cls) -> Authority:
        """An authority of its own, which the client trusts."""
        authority = trustme.CA()
        client = ssl.create_default_context()
        client.set_alpn_protocols(["http/1.1"])
        authority.configure_trust(client)
        issued = authority.issue_cert(*NAMES)
        servers = []
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.maximum_version = version
            issued.configure_cert(context)
            servers.append(context)
        return cls(client, tuple(servers))


@dataclass(slots=True)
class Series:
    """Samples of one series."""

    user: LoneUser
    tags: dict[str, str]
    failed: bool

    def record(self, *numbers: int) -> None:
        self.user.samples.append((self.tags, self.failed, numbers))


class LoneUser:
    """One client, and its servers. With `close_chance` the client is closed in an execution.

    Attributes:
        samples: of the execution's requests.
        counts: how many samples of each other metric there were in it.
        replies: what was answered in it, but for requests that were sent once more.
        canceled: the caller gave up in it.
        harmed: hosts in it to which a handshake may fail.
        refused: a port was dialled in it where nobody listens.
    """

    close_chance = 0.01

    def __init__(
        self, number: int, inputs: Inputs, dice: random.Random, authority: Authority, **options: Any
    ) -> None:
        self.number = number
        self.inputs = inputs
        self.dice = dice
        self._authority = authority
        self._server = authority.servers[number % 2]
        self.setup = ClientSetup(
            options=HttpOptions(timeout_ns=60 * NS_PER_S, **options), recorder=self
        )
        self._dialer = self.setup.dialer
        self.setup.dialer = self  # type: ignore[assignment]
        self.ends: list[ServerEnd] = []
        self._names: list[str] = []  # of metrics, by the number of their series
        self.client = self.new_client()
        self.begin()

    def new_client(self) -> HttpClient:
        tags: Tags = (("user", str(self.number)),)
        return HttpClient(self.setup, lambda: tags)

    def begin(self) -> None:
        """An execution begins."""
        self.samples: list[tuple[dict[str, str], bool, Numbers]] = []
        self.counts: Counter[str] = Counter()
        self.replies: list[Reply] = []
        self.canceled = self.refused = False
        self.harmed: set[str] = set()

    # As the client's recorder

    def http_series(self, tags: Tags, failed: bool) -> Series:
        return Series(self, dict(tags), failed)

    def series(self, metric: Metric, _tags: Tags) -> int:
        if metric.name not in self._names:
            self._names.append(metric.name)
        return self._names.index(metric.name)

    def add(self, number: int, value: float, _at_ns: int) -> None:
        if value < 0:
            raise BrokenPromiseError(f"{value} bytes or nanoseconds")
        self.counts[self._names[number]] += 1

    # As its dialer

    async def dial(
        self, target: Target, watch: Stopwatch, session: ssl.SSLSession | None
    ) -> TcpConnection:
        if target.host == "127.0.0.1":
            self.refused = True
            return await self._dialer.dial(target, watch, session)
        watch.dial_began_ns = clock.now_ns()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        watch.dial_ended_ns = clock.now_ns()
        if target.scheme == "http":
            self.ends.append(ServerEnd(theirs, target.origin))
            return TcpConnection(ours)
        damage = self._damage() if self.dice.random() < HARM_CHANCE else None
        if damage is not None or target.host not in NAMES:
            self.harmed.add(target.host)
        end = SecureEnd(theirs, target.origin, self._server, damage, self.inputs.cut)
        self.ends.append(end)
        watch.tls_began_ns = watch.dial_ended_ns
        connection = await _attach_tls(ours, self._authority.client, target.host, session)
        watch.tls_ended_ns = clock.now_ns()
        return connection

    def _damage(self) -> Damage:
        garbage = self.dice.random() < 0.2
        return (lambda _: self.inputs.response()) if garbage else self.inputs.damaged

    # As the servers

    async def serve(self, task: asyncio.Task[Any], script: Script, answer: Answer) -> None:
        """Be the servers until the task has ended, and all that is to be sent is sent."""
        turns = quiet = 0
        closes_at = self.dice.randrange(20) if self.dice.random() < self.close_chance else -1
        while not task.done():
            await asyncio.sleep(0)
            quiet = 0 if self._turn(answer, sends_late=False) else quiet + 1
            if turns == closes_at:
                await self._close_client()
            elif turns == script.cancel_at or (quiet > QUIET_TURNS and self._gives_up(script)):
                self.canceled = True
                self._cancel(task)
            elif quiet > PATIENCE_TURNS and not script.times_out:
                raise BrokenPromiseError("does not end")
            elif turns > HANGS_AFTER_TURNS:
                raise BrokenPromiseError("hangs")
            turns += 1
        settled = 0
        while settled < 2:
            await asyncio.sleep(0)
            settled = 0 if self._turn(answer, sends_late=True) else settled + 1

    def _gives_up(self, script: Script) -> bool:
        """True if nobody can tell that the task has to end: no more will come."""
        decided = bool(self.replies) and self.replies[-1].is_decided
        shaking = any(isinstance(end, SecureEnd) and end.harmed for end in self.ends)
        return not (self.canceled or script.times_out) and (shaking or not decided)

    def _cancel(self, task: asyncio.Task[Any]) -> None:
        task.cancel()

    async def _close_client(self) -> None:
        closing, self.client = self.client, self.new_client()
        self.canceled = True
        await closing.close()

    def _turn(self, answer: Answer, *, sends_late: bool) -> bool:
        """True if anything was to be done."""
        busy = False
        for end in self.ends:
            end.turn(sends_late=sends_late)
            busy = busy or end.busy
            while end.requests:
                self._asked(end, end.requests.popleft(), answer)
        return busy

    def _asked(self, end: ServerEnd, request: Received, answer: Answer) -> None:
        if _REQUEST.fullmatch(request.head) is None or request.head.count(b"\r\nHost: ") != 1:
            raise BrokenPromiseError(f"no request: {request.head!r}")
        method = request.head.partition(b" ")[0].decode()
        reply = Reply(method, request.head, request.body, end.origin, on_kept=end.replies > 0)
        last = self.replies[-1] if self.replies else None
        if last is not None and not last.is_whole:
            if last.is_void and last.head == request.head:
                self.replies.pop()
                if last.poisoned:  # which may have been seen first, and then it was no second try
                    self.harmed.add(last.origin[1])
            elif not self._may_follow(last):
                raise BrokenPromiseError(f"sent twice: {last} and {reply}")
        self.replies.append(reply)
        if end.closed or end.is_late or end.poisoned:
            reply.cut, reply.poisoned = True, end.poisoned
            end.answer(reply, (), "open")
            end.close()
        else:
            answer(end, reply)

    def _may_follow(self, _failed: Reply) -> bool:
        """True if another request may follow one that had no response."""
        return False

    def complaint_of_connections(self) -> str:
        """A connection that was kept and ought not to be, or the other way round; then tidy up."""
        last = self.replies[-1] if self.replies else None
        for end in self.ends:
            left = end.was_left()
            if last is not None and end.reply is last and not end.closed and not end.poisoned:
                if left and last.keeps_connection and not self.canceled:
                    return "not kept"
                if not left and not last.keeps_connection:
                    return "kept"
            if left or end.poisoned:
                end.close()
        self.ends = [end for end in self.ends if not end.closed]
        while len(self.ends) > MOST_ENDS:
            self.ends.pop(0).close()
        return ""

    async def over(self) -> None:
        """Close everything."""
        await self.client.close()
        for end in self.ends:
            end.close()


Answer = Callable[[ServerEnd, Reply], None]
