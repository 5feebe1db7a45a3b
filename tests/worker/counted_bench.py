"""A server that counts in this process, and bench's own scenario file under its own executor."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import atlas_perf.builtin
from atlas_perf.clock import now_ns
from atlas_perf.loader.scenario_file import load_scenario_file
from atlas_perf.model.batch import CounterDelta, Ledger, RateDelta, TrendDelta
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import ConstantVUs, HttpOptions, ScenarioPlan, TestPlan
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_S
from atlas_perf.worker.load import Load
from atlas_perf.worker.recorder import Recorder

USERS = 4
ENOUGH = 400
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Reply = Callable[["Connection"], None]


@dataclass
class Server:
    """Answers the n-th request as `replies` says (n modulo their number), else with OK."""

    replies: dict[int, Reply] = field(default_factory=dict)
    period: int = 1
    requests: int = 0
    received_bytes: int = 0
    sent_bytes: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    url: str = ""
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    after: int = ENOUGH
    instants_ns: list[int] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)

    def reply(self, connection: Connection, head: bytes) -> None:
        self.requests += 1
        self.instants_ns.append(now_ns())
        self.heads.append(head)
        assert not connection.said_close, "a request on a connection that was to be closed"
        if self.requests >= self.after:
            self.enough.set()
        self.replies.get(self.requests % self.period, answer(OK))(connection)


class Connection(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self.server = server
        self.unread = b""
        self.said_close = False
        server.connections.append(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.server.received_bytes += len(data)
        self.unread += data
        while b"\r\n\r\n" in self.unread:
            head, _, self.unread = self.unread.partition(b"\r\n\r\n")
            self.server.reply(self, head)

    def write(self, data: bytes) -> None:
        self.server.sent_bytes += len(data)
        self.said_close = b"Connection: close" in data or data.endswith(b"more")
        self.transport.write(data)


def answer(data: bytes, *, then: Callable[[asyncio.Transport], None] | None = None) -> Reply:
    status = int(data[9:12])

    def reply(connection: Connection) -> None:
        connection.server.statuses[status] += 1
        connection.write(data)
        if then is not None:
            then(connection.transport)

    return reply


class Bench:
    """One worker's load, and what it recorded."""

    def __init__(self, url: str, *, users: int = USERS, **settings: Any) -> None:
        request = {"method": "GET", "url": url, **settings.pop("request", {})}
        variables = {"BENCH_REQUEST_SECRET": json.dumps(request)}
        path = Path(atlas_perf.builtin.__file__).with_name("bench.py")
        file = load_scenario_file(path, variables)
        plan = TestPlan(
            name="bench",
            file=file.file,
            file_sha256=file.sha256,
            scenarios=(
                ScenarioPlan(
                    name="bench",
                    executor=ConstantVUs(
                        vus=users, duration_ns=settings.pop("duration_ns", 60 * NS_PER_S)
                    ),
                    warm_up_ns=settings.pop("warm_up_ns", 0),
                    graceful_stop_ns=settings.pop("graceful_stop_ns", 10 * NS_PER_S),
                ),
            ),
            http=HttpOptions(
                timeout_ns=settings.pop("timeout_ns", 5 * NS_PER_S),
                max_redirects=settings.pop("max_redirects", 0),
                **settings,
            ),
        )
        self.recorder = Recorder(BUILTIN_METRICS.values())
        self.load = Load(plan, file, self.recorder, worker=0, workers=1, refuse=print)
        self.t0_ns = 0
        self.requests_at_stop = 0
        self.values: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.iterations_by_phase: Counter[str] = Counter()

    async def run(self) -> None:
        self.t0_ns = now_ns()
        self.recorder.start_at(self.t0_ns)
        async with asyncio.timeout(30):
            await self.load.run(self.t0_ns)
        await self.load.close()
        self._read()

    async def run_until(self, server: Server, *, graceful: bool = True) -> None:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.run())
            await asyncio.wait(
                [running, tasks.create_task(server.enough.wait())],
                return_when=asyncio.FIRST_COMPLETED,
            )
            self.requests_at_stop = server.requests
            self.load.stop(graceful=graceful)

    @property
    def ledger(self) -> Ledger:
        return self.load.ledgers()["bench"]

    def _read(self) -> None:
        closed = self.recorder.close_interval()
        assert (closed.refused_samples, closed.overflowed_samples) == (0, 0)
        names = {new.number: new.metric.name for new in closed.new_series}
        phases = {new.number: dict(new.series.tags).get("phase", "") for new in closed.new_series}
        for delta in closed.deltas:
            name = names[delta.number]
            if name == "iterations":
                self.iterations_by_phase[phases[delta.number]] += delta.samples
            match delta:
                case CounterDelta():
                    value, count = delta.total, delta.samples
                case RateDelta():
                    value, count = delta.passes, delta.samples
                case TrendDelta():
                    sketch = Sketch.from_bytes(delta.sketch)
                    value, count = sketch.sum, sketch.count
                case _:
                    raise AssertionError(delta)
            self.values[name] = self.values.get(name, 0) + value
            self.counts[name] = self.counts.get(name, 0) + count

    def must_have_counted(
        self, server: Server, *, failed: int = 0, unanswered: int = 0, sent_twice: bool = False
    ) -> None:
        """Every request once, in every series, in the ledger and on both sides.

        Args:
            unanswered: how many may lack a phase.
            sent_twice: requests went to dead connections too, whose server did not see them.
        """
        requests = server.requests
        assert self.values["http_reqs"] == requests
        assert self.values["http_req_failed"] == failed
        for name in ("http_req_failed", "http_req_duration", "http_req_blocked"):
            assert self.counts[name] == requests, name
        for name in ("http_req_sending", "http_req_waiting", "http_req_receiving"):
            assert requests - unanswered <= self.counts[name] <= requests, name
        assert self.values["data_sent"] >= server.received_bytes
        assert sent_twice or self.values["data_sent"] == server.received_bytes
        assert self.values["data_received"] == server.sent_bytes
        assert self.ledger == Ledger(scheduled=requests, started=requests, completed=requests)
        assert self.values["iterations"] == requests
        assert self.counts["iteration_duration"] == requests
        assert (self.values["iteration_failed"], self.counts["iteration_failed"]) == (0, requests)
        assert self.values["iteration_duration"] >= self.values["http_req_duration"]
        assert sum(user.iteration + 1 for user in self.load._users) == requests
