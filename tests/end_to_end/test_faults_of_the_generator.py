"""Faults injected into the generator: the verdict, and the sentence that says what to do.

Those of descriptors and ports are in test_scarce_descriptors_and_ports.py; a worker
that was killed is in situations_of_runs.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from counting_server import CountingServer, Reply, answer
from finished_run import Finished

STEADY = """
import asyncio, gc, os, signal, subprocess, time

options = {"vus": 4, "duration": "DURATION"}


def fault(vu):
    FAULT


async def default(vu):
    if vu.id > 1:
        await vu.http.get("/")
        return
    await vu.sleep(BEFORE)
    if vu.iteration == 0 or AGAIN:
        fault(vu)
"""


def steady(fault: str, *, duration: str = "2s", before: float = 0.1, again: bool = False) -> str:
    """Three users who only send requests, and a fourth who does this once, or again and again."""
    parts = {"DURATION": duration, "BEFORE": str(before), "AGAIN": str(again), "FAULT": fault}
    source = STEADY
    for name, text in parts.items():
        source = source.replace(name, text)
    return source


@pytest.fixture
def five_ms(serve: Callable[..., CountingServer]) -> CountingServer:
    """Answers everything after 5 ms."""

    def handler(method: str, path: str) -> Reply:
        time.sleep(0.005)
        return answer(200)

    return serve(handler)


def told(run: Finished) -> str:
    assert run.results is not None, run.stdout + run.stderr
    return "\n".join(run.summary["reasons"])


def test_a_blocking_call_is_named_with_its_line_and_its_stack(five_ms, run_scenario) -> None:
    run = run_scenario(steady("time.sleep(1.2)"), "-p", "1", base_url=five_ms.url)
    assert (run.summary["verdict"], run.exit_code) == ("INVALID", 3), told(run)
    assert "in scenario.py:8 (time.sleep(1.2)): its latencies measure the generator" in told(run)
    assert "asyncio.sleep for time.sleep" in told(run)
    (stall,) = (one for one in run.summary["workers"][0]["stalls"] if one["cause"] == "blocking")
    assert (stall["line"], stall["code"], stall["count"]) == (8, "time.sleep(1.2)", 1)
    assert stall["longest_ms"] >= 1100
    assert "in default" in stall["stack"]
    assert "in fault" in stall["stack"]
    assert "in scenario.py:8: time.sleep(1.2)" in " ".join(run.stdout.split()).replace(
        stall["file"], "scenario.py"
    )


BURN = """end = time.thread_time() + 0.05
    while time.thread_time() < end:
        pass"""


def test_work_in_a_scenario_is_not_billed_to_the_server(five_ms, run_scenario) -> None:
    """Trap 3: a constant 5 ms server, and 50 ms of CPU once a second."""
    run = run_scenario(
        steady(BURN, duration="5s", before=0.9, again=True), "-p", "1", base_url=five_ms.url
    )
    assert (run.summary["verdict"], run.exit_code) == ("INVALID", 3), told(run)
    (worker,) = run.summary["workers"]
    # The loop is asked every 20 ms: of 50 ms in which it does not answer, 30 to 50 are late.
    assert worker["loop_lag_max_ms"] >= 30
    assert worker["own_lags"] >= 4
    assert worker["own_lag_seconds"] >= 3
    assert "kept its requests waiting in" in told(run)
    assert any(window["loop_lag_max_ms"] >= 30 for window in run.summary["windows"])


def test_users_times_rate_times_latency_is_one(serve, run_scenario) -> None:
    """Little's law at concurrency 1, N = X R, between what the server itself saw: each latency
    holds the time that the server was busy, and all of them fit into the run. What is between the
    two is what this machine needs from an answer to the next request, and 2 % where it is quiet.
    """
    busy_s: list[float] = []
    pauses_s: list[float] = []
    answered = 0.0

    def handler(method: str, path: str) -> Reply:
        nonlocal answered
        asked = time.monotonic()
        if answered:
            pauses_s.append(asked - answered)
        time.sleep(0.03)
        answered = time.monotonic()
        busy_s.append(answered - asked)
        return answer(200)

    source = """
options = {"vus": 1, "duration": "3s"}


async def default(vu):
    await vu.http.get("/")
"""
    run = run_scenario(source, base_url=serve(handler).url)
    latency = run.metric("http_req_duration")
    measured_s = run.summary["measured_s"]
    concurrency = latency["count"] / measured_s * latency["avg"] / 1000
    assert latency["count"] == len(busy_s)
    assert sum(busy_s) / measured_s <= concurrency <= 1.001
    # At its best the generator asks again at once, whatever else the machine has to do.
    assert min(pauses_s) < 0.02 * 0.03


def test_a_worker_that_was_stopped(five_ms, run_scenario) -> None:
    """SIGSTOP: the clock goes on and the process does not."""
    stop = """subprocess.Popen(["sh", "-c", f"sleep 1.5; kill -CONT {os.getpid()}"])
    os.kill(os.getpid(), signal.SIGSTOP)"""
    run = run_scenario(steady(stop, duration="3s"), "-p", "1", base_url=five_ms.url)
    assert (run.summary["verdict"], run.exit_code) == ("INVALID", 3), told(run)
    assert "Worker 0 stood still for 1." in told(run)
    assert "The process did not run at all" in told(run)
    assert [one["cause"] for one in run.summary["workers"][0]["stalls"]].count("stopped") == 1


THROTTLED = """
import asyncio, time
from pathlib import Path

from atlas_perf import cgroups

options = {"vus": 2, "duration": "4s"}

group = Path(__file__).with_name("group")
group.mkdir(exist_ok=True)
(group / "cpu.max").write_text("50000 100000")
cgroups.CGROUP_ROOT = group
cgroups.OWN_CGROUP = group / "missing"
began = time.monotonic()


def tell():
    periods = int((time.monotonic() - began) * 10)
    told = group / f"cpu.stat.{id(tell)}"
    told.write_text(f"nr_throttled {periods}\\nthrottled_usec {periods * 50_000}")
    told.replace(group / "cpu.stat")


tell()


async def default(vu):
    tell()
    await vu.http.get("/")
    await vu.sleep(0.02)
"""


def test_a_cpu_limit_that_holds_the_generator_back(five_ms, run_scenario) -> None:
    """A control group that is held for half of each period, as the kernel would tell it."""
    run = run_scenario(THROTTLED, "-p", "1", base_url=five_ms.url)
    assert (run.summary["verdict"], run.exit_code) == ("INVALID", 3), told(run)
    assert "The generator used up its CPU limit and was held back in" in told(run)
    assert "Raise the CPU limit of its container" in told(run)
    (worker,) = run.summary["workers"]
    assert worker["throttled_share"] == pytest.approx(0.5, rel=0.1)
    assert worker["throttled_seconds"] >= 3
    held = [window["throttled_share_max"] for window in run.summary["windows"]]
    assert len([share for share in held if share > 0]) >= 3
    assert "held back" in run.stdout
    assert "by its CPU limit" in run.stdout


BALLAST = """
import gc

options = {"vus": 2, "duration": "2s"}

ballast = [[] for _ in range(2_000_000)]


async def default(vu):
    vu.check(gc.get_freeze_count(), {"ballast is frozen": lambda count: count > 2_000_000})
    if vu.iteration % 20 == 0:
        walked = len(gc.get_objects())  # all that a collection of any generation would look at
        vu.check(walked, {"and out of every collection's way": lambda count: count < 200_000})
    await vu.http.get("/")
    kept = [[] for _ in range(2_000)]  # collections of the young, all the time
"""


def test_what_a_scenario_holds_from_the_beginning_is_never_collected_in_the_load(
    five_ms, run_scenario
) -> None:
    """Trap 4: two million live objects, and no full collection that would walk them."""
    run = run_scenario(BALLAST, "-p", "1", base_url=five_ms.url)
    assert (run.summary["verdict"], run.exit_code) == ("PASS", 0), told(run)
    (worker,) = run.summary["workers"]
    assert worker["gc_pause_ms"] > 0  # collections there were
    assert worker["gc_full_collections"] == 0
    assert sum(window["gc_full_collections"] for window in run.summary["windows"]) == 0


def test_collections_of_what_it_makes_in_the_load_are_logged(five_ms, run_scenario) -> None:
    made = """held.extend([] for _ in range(300_000))
    gc.collect()"""
    source = steady(made, duration="3s", before=0.5, again=True)
    source = source.replace("def fault", "held = []\n\n\ndef fault")
    run = run_scenario(source, "-p", "1", base_url=five_ms.url)
    (worker,) = run.summary["workers"]
    assert worker["gc_full_collections"] >= 2
    assert 0 < worker["gc_pause_max_ms"] <= worker["gc_pause_ms"]
    windows = run.summary["windows"]
    assert sum(window["gc_full_collections"] for window in windows) >= 2
    assert max(window["gc_pause_max_ms"] for window in windows) == worker["gc_pause_max_ms"]


STEPPED = """
import itertools, os, time

options = {"vus": 2, "duration": "2s"}

steps = itertools.count()
offset_s = 5 * os.getpid()  # of each worker another one
true_s, true_ns = time.time, time.time_ns
time.time = lambda: true_s() + offset_s - 3 * next(steps)
time.time_ns = lambda: true_ns() + 1_000_000_000 * (offset_s - 3 * next(steps))


async def default(vu):
    time.time()
    await vu.http.get("/")
"""


def test_a_wall_clock_that_is_set_back_moves_no_measurement(five_ms, run_scenario) -> None:
    """Trap 15: it is read to print dates, and for nothing else."""
    run = run_scenario(STEPPED, "-p", "2", base_url=five_ms.url)
    assert (run.summary["verdict"], run.exit_code) == ("PASS", 0), told(run)
    latency = run.metric("http_req_duration")
    assert 5 <= latency["min"] <= latency["avg"] <= latency["max"] < 3000
    assert run.metric("http_reqs")["count"] == five_ms.received.total()
    seconds = [window["second"] for window in run.summary["windows"]]
    assert seconds == list(range(len(seconds)))
    assert 1.5 <= run.summary["measured_s"] < 4
