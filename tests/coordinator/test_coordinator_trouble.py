"""Runs in trouble: killed workers, interrupts, thresholds that abort, coordinators that vanish."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from collections import Counter

import pytest
from living_processes import all_gone

from atlas_perf.coordinator import run
from atlas_perf.errors import ExitCode, InternalError, RunInvalidError
from atlas_perf.model.batch import Batch, CounterDelta
from atlas_perf.model.progress import RunPhase
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import NS_PER_S

STEADY = """
    import os

    options = {"vus": 4, "duration": "20s"}

    async def setup(vu):
        return "data"

    async def default(vu, data):
        vu.tags["user"] = str(vu.id)
        await vu.http.get(f"/pid/{os.getpid()}/{vu.id}", name="/pid")
        await vu.http.get(f"/user/{vu.id}", name="/user")
        await vu.sleep(0.02)

    async def teardown(vu, data):
        await vu.http.get(f"/teardown/{data}/{os.getpid()}")
"""


class Batches:
    """An output that keeps every batch, and what its series numbers mean."""

    wants_samples = True

    def __init__(self) -> None:
        self.batches: list[tuple[Batch, dict[int, object]]] = []
        self.t0_ns = 0

    def start(self, plan, anchor, t0_ns) -> None:
        self.t0_ns = t0_ns

    def on_batch(self, batch, resolve) -> None:
        series = {delta.number: resolve(delta.number).series for delta in batch.deltas}
        self.batches.append((batch, series))

    def on_gauge(self, metric, tags, at_ns, value) -> None:
        pass

    def close(self) -> None:
        return None

    def requests(self, name: str) -> Counter[str]:
        """Requests by user, in everything that was flushed."""
        found: Counter[str] = Counter()
        for batch, series in self.batches:
            for delta in batch.deltas:
                tags = dict(series[delta.number].tags)
                if series[delta.number].metric == "http_reqs" and tags["name"].endswith(name):
                    assert isinstance(delta, CounterDelta)
                    found[tags["user"]] += int(delta.total)
        return found


async def until(condition, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


class TestKilledWorker:
    async def test_what_was_flushed_stays_counted_and_the_run_proves_nothing(self, start, server):
        batches = Batches()
        running = start(STEADY, processes=4, outputs=(batches,))
        await until(lambda: sum(batch.interval == 1 for batch, _ in batches.batches) == 4)
        pids = server.pids
        victim = server.homes["2"]  # user 2 lives on worker 1

        os.kill(victim, signal.SIGKILL)
        await until(lambda: running.progress[-1].phase is not RunPhase.RUNNING, seconds=2)
        summary = await running.summary()

        assert (summary.verdict, summary.exit_code) == (Verdict.INVALID, ExitCode.INVALID)
        assert "Worker 1 was lost" in summary.reasons[0]
        assert "SIGKILL" in summary.reasons[0]
        assert any("worker 1 was lost" in one.message for one in running.progress)
        lost = [worker.lost for worker in summary.workers]
        assert [reason is None for reason in lost] == [True, False, True, True]
        # The living went on to the end of what they were doing: every request is in our numbers.
        ours = batches.requests("/user")
        for user in (1, 3, 4):
            assert ours[str(user)] == len(server.received[f"/user/{user}"])
        # Of the dead everything counts that it had flushed, second by second.
        flushed = [batch for batch, _ in batches.batches if batch.worker == 1]
        assert [batch.interval for batch in flushed] == list(range(len(flushed)))
        until_ns = batches.t0_ns + len(flushed) * NS_PER_S
        arrived = [at for at in server.received["/user/2"] if at < until_ns]
        assert len(flushed) >= 2
        assert abs(ours["2"] - len(arrived)) <= 1  # one may be under way at the second's end
        assert ours["2"] <= len(server.received["/user/2"])
        assert summary.metrics["http_reqs"].values["count"] == 2 * sum(ours.values()) + (
            batches.requests("/pid").total() - sum(ours.values())
        )
        # Teardown ran on a living worker, and nobody is left.
        assert server.count("/teardown/data/") == 1
        assert str(victim) not in server.ends("/teardown/data/")
        await all_gone(pids)

    async def test_before_the_run_began_it_is_an_error(self, start, server):
        running = start(
            "import os, signal\n"
            "os.getppid() == " + str(os.getpid()) + " and os.kill(os.getpid(), signal.SIGKILL)\n"
            "options = {'iterations': 1}\n"
            "async def default(vu): pass\n"
        )
        with pytest.raises(RunInvalidError, match="killed by SIGKILL"):
            await running.summary()

    async def test_a_worker_that_exits_by_itself_is_lost_too(self, start):
        running = start(
            "import os\n"
            "options = {'vus': 2, 'duration': '20s'}\n"
            "async def default(vu):\n"
            "    await vu.sleep(0.3)\n"
            "    if vu.id == 2: os._exit(7)\n"
        )
        summary = await running.summary()
        assert summary.verdict is Verdict.INVALID
        assert "exited with code 7" in summary.reasons[0]

    async def test_all_workers_lost_still_gives_a_summary(self, start):
        running = start(
            "import os\n"
            "options = {'vus': 2, 'duration': '20s'}\n"
            "async def default(vu):\n"
            "    await vu.sleep(1.2)\n"
            "    os._exit(7)\n"
        )
        summary = await running.summary()
        assert summary.verdict is Verdict.INVALID
        assert all(worker.lost for worker in summary.workers)


class TestInterrupts:
    async def test_once_ends_gracefully_with_a_full_report(self, start, server):
        running = start(STEADY)
        await server.has_received("/user/", 20)
        running.interrupts.request_stop()
        summary = await running.summary()

        assert (summary.verdict, summary.exit_code) == (Verdict.INVALID, ExitCode.INTERRUPTED)
        assert "interrupted before its planned end of 20s" in summary.reasons[0]
        ledger = summary.ledger["shop"]
        assert ledger.balanced
        assert ledger.interrupted == 0
        assert ledger.completed == server.count("/user/")
        assert summary.metrics["http_reqs"].values["count"] == 2 * ledger.completed
        assert server.count("/teardown/") == 1
        await all_gone(server.pids)

    async def test_twice_ends_at_once_and_reports_what_was_measured(self, start, server):
        running = start(HANGING)
        await server.has_received("/hang", 4)
        running.interrupts.request_stop()
        await until(lambda: running.progress[-1].phase is RunPhase.STOPPING)
        running.interrupts.request_stop()
        async with asyncio.timeout(10):  # not the 30 s of gracefulStop
            summary = await running.task

        assert (summary.verdict, summary.exit_code) == (Verdict.INVALID, ExitCode.INTERRUPTED)
        assert summary.ledger["shop"].interrupted == 4
        assert summary.ledger["shop"].balanced
        assert server.count("/teardown") == 0
        assert any("teardown did not finish" in reason for reason in summary.reasons)

    async def test_before_the_load_it_just_ends(self, start, server):
        running = start(
            "options = {'iterations': 1}\n"
            "async def setup(vu):\n"
            "    await vu.http.get('/setup')\n"
            "    await vu.sleep(60)\n"
            "async def default(vu): await vu.http.get('/')\n"
        )
        await server.has_received("/setup")
        running.interrupts.request_stop()
        summary = await running.summary()
        assert summary.exit_code is ExitCode.INTERRUPTED
        assert summary.verdict is Verdict.INVALID
        assert any("what setup made may be left behind" in reason for reason in summary.reasons)
        assert summary.measured_s == 0
        assert server.count() == 1

    async def test_asked_for_before_the_run_began_it_is_heard(self, start):
        running = start("options = {'iterations': 1}\nasync def default(vu): pass")
        running.interrupts.request_stop()
        summary = await running.summary()
        assert summary.exit_code is ExitCode.INTERRUPTED

    async def test_workers_leave_interrupts_to_the_coordinator(self, start, server):
        running = start(STEADY.replace("20s", "700ms"))
        await server.has_received("/pid/", 8)
        for pid in server.pids:
            assert os.getsid(pid) == pid  # out of reach of the terminal's Ctrl-C
            os.kill(pid, signal.SIGINT)
            os.kill(pid, signal.SIGTERM)
        summary = await running.summary()
        assert [worker.lost for worker in summary.workers] == [None, None]
        assert summary.exit_code is not ExitCode.INTERRUPTED


HANGING = """
    options = {"vus": 4, "duration": "20s"}

    async def default(vu):
        await vu.http.get("/hang")

    async def teardown(vu):
        await vu.http.get("/teardown")
"""


async def test_a_threshold_aborts_the_run(start, server):
    running = start(
        """
        options = {
            "vus": 2,
            "duration": "20s",
            "thresholds": {
                "checks": [{"threshold": "rate>0.9", "abortOnFail": True}],
                "http_req_duration": ["p(95)<5000"],
            },
        }

        async def default(vu):
            answer = await vu.http.get("/")
            vu.check(answer, {"never": lambda answer: False})
            await vu.sleep(0.05)

        async def teardown(vu):
            await vu.http.get("/teardown")
        """
    )
    summary = await running.summary()
    assert (summary.verdict, summary.exit_code) == (Verdict.FAIL, ExitCode.FAIL)
    assert [(one.selector, one.aborted_run) for one in summary.thresholds][:2] == [
        ("checks", True),
        ("http_req_duration", False),
    ]
    assert 1 <= summary.measured_s < 5
    assert summary.ledger["shop"].balanced
    assert server.count("/teardown") == 1
    assert any("ended the run" in one.message for one in running.progress)


async def test_a_worker_that_stands_still_proves_nothing(run):
    summary = await run(
        "import time\n"
        "options = {'vus': 1, 'duration': '2s'}\n"
        "async def default(vu):\n"
        "    await vu.sleep(0.3)\n"
        "    if vu.iteration == 1: time.sleep(1.2)\n",
        processes=1,
    )
    assert summary.verdict is Verdict.INVALID
    assert "Worker 0 stood still for 1.2 s" in summary.reasons[0]


async def test_a_worker_that_falls_silent_is_lost(start, monkeypatch):
    monkeypatch.setattr(run, "SILENCE_TICKS", 5)
    running = start(
        "import time\n"
        "options = {'vus': 2, 'duration': '20s'}\n"
        "async def default(vu):\n"
        "    await vu.sleep(0.1)\n"
        "    if vu.id == 2: time.sleep(60)\n"
    )
    summary = await running.summary()
    assert summary.verdict is Verdict.INVALID
    why = "it sent nothing for 5 s and stands still in shop.py:5 (if vu.id == 2: time.sleep(60))"
    assert [worker.lost for worker in summary.workers] == [None, why]


async def test_a_bug_of_ours_in_a_worker_reaches_the_user(start):
    running = start(
        """
        from atlas_perf.worker.interval_closer import IntervalCloser

        options = {"vus": 2, "duration": "20s"}

        def broken(self, active, at_ns):
            raise ZeroDivisionError("a bug of ours")

        async def setup(vu):
            IntervalCloser._gauge_users = broken  # here: the test imports this file as well

        async def default(vu):
            await vu.sleep(0.1)
        """
    )
    with pytest.raises(InternalError, match="ZeroDivisionError: a bug of ours") as caught:
        await running.summary()
    assert caught.value.exit_code is ExitCode.INTERNAL


async def test_a_system_without_room_for_the_workers_ends_the_run_with_a_sentence(
    start, monkeypatch
):
    spawn = asyncio.create_subprocess_exec
    spawned: list[int] = []

    async def at_most_one(*command, **settings):
        if spawned:
            raise OSError(errno.EMFILE, "Too many open files")
        process = await spawn(*command, **settings)
        spawned.append(process.pid)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", at_most_one)
    running = start("options = {'iterations': 1}\nasync def default(vu): pass", processes=3)
    with pytest.raises(RunInvalidError, match="worker 1 of 3 cannot be started: Too many open"):
        await running.summary()
    await all_gone(set(spawned))


async def test_a_cancelled_run_leaves_no_process(start, server):
    running = start(STEADY)
    await server.has_received("/pid/", 4)
    running.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running.task
    await all_gone(server.pids)


BLOCKING = """
import os, sys, time

options = {"vus": 3, "duration": "60s"}

async def default(vu):
    await vu.http.get(f"/pid/{os.getpid()}/{vu.id}")
    if vu.id == 3:
        time.sleep(60)
    await vu.sleep(0.05)
"""

COORDINATOR = """
import sys
from pathlib import Path

from atlas_perf import loop
from atlas_perf.coordinator import Interrupts, run_plan
from atlas_perf.loader import Overrides, build_plan, load_scenario_file
from atlas_perf.model.summary import Facts

env = {"BASE_URL": sys.argv[2]}
file = load_scenario_file(Path(sys.argv[1]), env)
plan = build_plan(file, Overrides(env=env, processes=3)).plan
facts = Facts("", "", "", "", "", 1, "", "")
started = {"facts": facts, "outputs": (), "on_progress": print, "interrupts": Interrupts()}
loop.run(run_plan(plan, **started))
"""


async def test_a_killed_coordinator_leaves_no_orphan_even_in_blocking_code(server, tmp_path):
    (tmp_path / "shop.py").write_text(BLOCKING)
    command = [sys.executable, "-c", COORDINATOR, str(tmp_path / "shop.py"), server.url]
    coordinator = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    try:
        await until(lambda: len(server.pids) == 3 and server.count() > 10)
        pids = server.pids
    finally:
        coordinator.kill()
        await coordinator.wait()
    async with asyncio.timeout(2):
        await all_gone(pids)
    quiet = server.count()
    await asyncio.sleep(0.2)
    assert server.count() == quiet
