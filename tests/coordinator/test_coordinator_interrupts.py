"""An interrupt takes from a run's evidence what it took from its load, and no more."""

from __future__ import annotations

import asyncio
import threading

from atlas_perf.errors import ExitCode
from atlas_perf.model.progress import RunPhase
from atlas_perf.model.summary import OutputSummary
from atlas_perf.model.verdict import Verdict

HANGING = """
    options = {"vus": 4, "duration": "20s"}

    async def default(vu):
        await vu.http.get("/hang")

    async def teardown(vu):
        await vu.http.get("/teardown")
"""


async def until(condition, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def test_during_teardown_it_takes_nothing_from_the_numbers(start, server):
    running = start(
        "options = {'vus': 2, 'iterations': 4, 'thresholds': {'http_reqs': ['count==4']}}\n"
        "async def default(vu): await vu.http.get('/')\n"
        "async def teardown(vu): await vu.http.get('/hang')\n"
    )
    await server.has_received("/hang")
    running.interrupts.request_stop()
    summary = await running.summary()
    assert (summary.verdict, summary.exit_code) == (Verdict.PASS, ExitCode.INTERRUPTED)
    assert not any("did not offer" in reason for reason in summary.reasons)


async def test_while_the_last_iterations_end_nothing_is_missing(start, server):
    running = start(
        "options = {'vus': 2, 'duration': '100ms'}\n"
        "async def default(vu):\n"
        "    await vu.http.get('/begun')\n"
        "    await vu.sleep(1)\n"
    )
    await server.has_received("/begun", 2)
    await asyncio.sleep(0.3)  # past the planned end; the iterations take a second
    running.interrupts.request_stop()
    summary = await running.summary()
    assert (summary.verdict, summary.exit_code) == (Verdict.PASS, ExitCode.INTERRUPTED)
    assert summary.ledger["shop"].completed == 2


async def test_what_is_waited_for_is_said(start, server):
    running = start(HANGING)
    await server.has_received("/hang", 4)
    await until(lambda: running.progress[-1].elapsed_s > 1.2)
    running.interrupts.request_stop()
    await until(lambda: running.progress[-1].phase is RunPhase.STOPPING)
    said = [one.message for one in running.progress if one.message]
    assert said == ["interrupted: waiting for 4 iterations, at most 30s; Ctrl-C again ends at once"]
    running.interrupts.request_stop()
    await running.summary()


class Patient:
    """An output that waits at the end of a run until nobody has time any more."""

    wants_samples = False

    def __init__(self) -> None:
        self.hurried = threading.Event()
        self.closing = threading.Event()

    def start(self, plan, anchor, t0_ns) -> None: ...

    def on_batch(self, batch, resolve) -> None: ...

    def on_gauge(self, metric, tags, at_ns, value) -> None: ...

    def awaited(self) -> str:
        return "up to an hour for Godot"

    def hurry(self) -> None:
        self.hurried.set()

    def close(self) -> str | None:
        self.closing.set()
        return None if self.hurried.wait(50) else "nobody ended the wait"

    def told(self) -> OutputSummary:
        return OutputSummary("godot=there", complete=True, note="")


SHORT = """
    options = {"vus": 1, "iterations": 1}

    async def default(vu):
        await vu.http.get("/")
"""


async def test_once_ends_a_wait_for_outputs_and_takes_nothing_from_the_run(start):
    outputs = (Patient(), Patient())
    running = start(SHORT, outputs=outputs)
    await until(lambda: running.progress and "Godot" in running.progress[-1].message)
    assert running.progress[-1].message == (
        "waiting up to an hour for Godot, and up to an hour for Godot; Ctrl-C to skip"
    )
    running.interrupts.request_stop()
    summary = await running.summary()
    assert (summary.verdict, summary.exit_code) == (Verdict.PASS, ExitCode.PASS)
    assert len(summary.outputs) == 2


async def test_a_run_that_was_to_end_at_once_waits_for_no_output(start, server):
    output = Patient()
    running = start(HANGING, outputs=(output,))
    await server.has_received("/hang", 4)
    running.interrupts.request_stop()
    running.interrupts.request_stop()
    await running.summary()
    assert output.hurried.is_set()


async def test_a_run_that_was_to_end_gracefully_waits_until_it_is_told_again(start, server):
    output = Patient()
    source = HANGING.replace("/hang", "/quick")
    running = start(source, outputs=(output,))
    await server.has_received("/quick", 4)
    running.interrupts.request_stop()
    await until(output.closing.is_set)
    assert not output.hurried.is_set()
    running.interrupts.request_stop()
    summary = await running.summary()
    assert summary.exit_code is ExitCode.INTERRUPTED
    assert server.count("/teardown") == 1
