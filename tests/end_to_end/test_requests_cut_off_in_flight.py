"""Requests that are in flight when their time is up: counted at their age, and never a pass."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from counting_server import CountingServer, Reply, answer
from finished_run import Finished

SCENARIO = """
options = {
    "scenarios": {"mixed": LOAD},
    "thresholds": {
        "http_req_duration": ["p(50)<5000", "p(99)<600000"],
    },
    "defaultGates": False,
    "summaryTrendStats": ["avg", "min", "med", "p(50)", "p(99)", "max"],
}


async def default(vu):
    await vu.http.get("/")
    await vu.sleep(0.002)
"""

CLOSED = "{'executor': 'constant-vus', 'vus': 20, 'duration': '1s', 'gracefulStop': '300ms'}"


@pytest.fixture
def one_in_twenty_hangs(serve: Callable[..., CountingServer]) -> CountingServer:
    turns = count()

    def handler(method: str, path: str) -> Reply:
        return None if next(turns) % 20 == 19 else answer(200)

    return serve(handler)


def counts(run: Finished) -> tuple[int, int, int]:
    """Completed, failed and censored requests."""
    metrics = run.summary["metrics"]
    failed = metrics["http_req_failed"]["values"]
    censored = metrics["http_reqs_censored"]["values"]["count"]
    return int(failed["fails"]), int(failed["passes"]), int(censored)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_twentieth_hangs_longer_than_the_run(
    one_in_twenty_hangs, run_scenario, processes
) -> None:
    """Trap 8: every request is counted, p99 is a bound, and no threshold on it can pass."""
    server: CountingServer = one_in_twenty_hangs
    source = SCENARIO.replace("LOAD", CLOSED)

    run = run_scenario(source, "-p", str(processes), base_url=server.url)

    completed, failed, censored = counts(run)
    assert completed + failed + censored == server.received.total()
    assert completed <= server.answered.total()
    assert failed == 0 < censored == run.summary["ledger"]["mixed"]["interrupted"]
    metric = run.summary["metrics"]["http_req_duration"]
    assert (metric["values"]["count"], metric["censored"]) == (completed, censored)
    assert {"avg", "p(99)", "max"} <= set(metric["at_least"])
    whole = run.summary["metrics"]["iteration_duration"]
    iterations = run.metric("iterations")["count"]
    assert (whole["values"]["count"], whole["censored"]) == (iterations, censored)
    assert {"avg", "p(99)", "max"} <= set(whole["at_least"])
    ages = run.summary["metrics"]["http_req_duration{expected_response:unknown}"]
    assert ages["values"]["count"] == censored
    assert metric["values"]["max"] == ages["values"]["max"]
    (endpoint,) = run.summary["endpoints"]
    assert (endpoint["requests"], endpoint["censored"]) == (completed, censored)
    assert "p(99)" in endpoint["latency_at_least"]
    assert sum(window["censored_requests"] for window in run.summary["windows"]) == censored
    states = {
        one["expression"]: (one["state"], one["at_least"]) for one in run.summary["thresholds"]
    }
    assert states["p(99)<600000"] == ("no_data", True)
    assert (run.summary["verdict"], run.exit_code) == ("NO_DATA", 4)
    assert "p(99)=≥" in run.stdout
    assert f"{censored} cut off in flight" in run.stdout
    assert any("were cut off in flight" in reason for reason in run.summary["reasons"])


def test_a_limit_that_their_age_breaks_already_fails(serve, run_scenario) -> None:
    server = serve(lambda method, path: None)
    source = SCENARIO.replace("LOAD", CLOSED).replace("p(99)<600000", "p(99)<100")
    run = run_scenario(source, "-p", "1", base_url=server.url)
    assert (run.summary["verdict"], run.exit_code) == ("FAIL", 1)
    assert "was at least" in run.summary["reasons"][0]


NO_LATENCY_CRITERION = """
options = {"scenarios": {"mixed": LOAD}, "thresholds": THRESHOLDS}


async def default(vu):
    await vu.http.get("/")
    await vu.sleep(0.002)
"""


def test_without_a_criterion_on_times_it_does_not_pass_either(
    one_in_twenty_hangs, run_scenario
) -> None:
    source = NO_LATENCY_CRITERION.replace("LOAD", CLOSED).replace("THRESHOLDS", "{}")
    run = run_scenario(source, "-p", "1", base_url=one_in_twenty_hangs.url)
    assert run.metric("http_req_failed")["passes"] == 0
    assert (run.summary["verdict"], run.exit_code) == ("NO_DATA", 4)
    assert "requests" in run.summary["reasons"][0]
    assert "cut off in flight" in run.summary["reasons"][0]


def test_a_criterion_of_the_plan_says_how_many_may_be_cut_off(
    one_in_twenty_hangs, run_scenario
) -> None:
    source = NO_LATENCY_CRITERION.replace("LOAD", CLOSED).replace(
        "THRESHOLDS", "{'http_reqs_censored': ['count<=20']}"
    )
    run = run_scenario(source, "-p", "1", base_url=one_in_twenty_hangs.url)
    assert (run.summary["verdict"], run.exit_code) == ("PASS", 0)


SCENARIOS_OWN = """
import asyncio

options = {"vus": 2, "iterations": 4, "defaultGates": False,
           "thresholds": {"http_reqs": ["count>0"]}}


async def default(vu):
    try:
        async with asyncio.timeout(0.05):
            await vu.http.get("/never")
    except TimeoutError:
        pass
    asking = asyncio.create_task(vu.http.request("GET", "/never"))
    await asyncio.sleep(0.05)
    asking.cancel()
    await asyncio.wait([asking])
"""


def test_what_a_scenario_cancels_itself_is_a_failure(serve, run_scenario) -> None:
    server = serve(lambda method, path: None)
    run = run_scenario(SCENARIOS_OWN, "-p", "1", base_url=server.url)
    assert run.metric("http_req_failed")["passes"] == 8
    assert "http_reqs_censored" not in run.summary["metrics"]
    assert run.summary["metrics"]["http_req_duration{expected_response:false}"]["censored"] == 0


IN_CHILD_TASKS = """
import asyncio

options = {
    "scenarios": {"s": {
        "executor": "constant-vus", "vus": 1, "duration": "1s", "gracefulStop": "0s",
    }},
    "thresholds": {"http_reqs": ["count>0"]},
}


async def default(vu):
    await vu.http.get("/quick")
    await asyncio.gather(
        vu.http.batch(["/never", "/never"]),
        asyncio.create_task(ask(vu)),
    )


async def ask(vu):
    await vu.http.get("/never")
"""


def test_tasks_and_batches_of_an_iteration_are_cut_off_with_it(serve, run_scenario) -> None:
    """A cancellation reaches child tasks before the iteration that waits for them."""
    server = serve(lambda method, path: None if path == "/never" else answer(200))
    run = run_scenario(IN_CHILD_TASKS, "-p", "1", base_url=server.url)
    assert counts(run) == (1, 0, 3)
    assert run.summary["verdict"] == "NO_DATA"


OPEN = """{
    'executor': 'constant-arrival-rate', 'rate': 100, 'timeUnit': '1s', 'duration': '1s',
    'preAllocatedVUs': 10, 'maxVUs': 10, 'gracefulStop': '200ms', 'whenBusy': 'queue',
}"""


def test_arrivals_that_never_got_a_user_are_censored_too(serve, run_scenario) -> None:
    """Ten users hang on their first request each, and ninety arrivals wait for one in vain."""
    server = serve(lambda method, path: None)
    run = run_scenario(SCENARIO.replace("LOAD", OPEN), "-p", "2", base_url=server.url)
    assert server.received.total() == 10
    assert run.metric("http_reqs_censored")["count"] == 10
    response = run.summary["metrics"]["http_req_response_time"]
    assert (response["values"]["count"], response["censored"]) == (0, 100)
    assert response["values"]["min"] >= 200  # the last arrival, due when the end came
    assert 600 <= response["values"]["p(50)"] <= 2000
    assert set(response["at_least"]) == {"avg", "min", "med", "p(50)", "p(99)", "max"}
    assert run.summary["metrics"]["http_req_duration"]["censored"] == 10


ENDLESS = """
options = {"vus": 4, "duration": "5m", "defaultGates": False,
           "thresholds": {"http_req_duration": ["p(90)<600000"]}}


async def default(vu):
    await vu.http.get("/")
"""


def run_until_signals(
    tmp_path: Path, server: CountingServer, source: str, signals: int
) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "endless.py"
    file.write_text(source)
    command = [sys.executable, "-m", "atlas_perf", "run", str(file), "-p", "2"]
    command += ["--results-dir", str(tmp_path / "results"), "-e", f"BASE_URL={server.url}"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1", "CI": "1"},
    ) as process:
        assert process.stderr is not None
        server.wait_for(4)
        process.send_signal(signal.SIGINT)
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            if "Ctrl-C again ends at once" in line:
                break
        reader = threading.Thread(target=lambda: said.extend(process.stderr or ()))
        reader.start()
        for _ in range(signals - 1):
            process.send_signal(signal.SIGINT)
        stdout = process.stdout.read() if process.stdout is not None else ""
        reader.join(60)
        code = process.wait(60)
    return subprocess.CompletedProcess(command, code, stdout, "".join(said))


def test_ctrl_c_twice_censors_what_is_in_flight(serve, tmp_path: Path) -> None:
    server = serve(lambda method, path: None)
    done = run_until_signals(tmp_path, server, ENDLESS, 2)
    assert done.returncode == 130, done.stderr
    (folder,) = (tmp_path / "results").iterdir()
    run = Finished(done.returncode, done.stdout, done.stderr, folder)
    assert run.metric("http_reqs_censored")["count"] == server.received.total() == 4
    assert "http_req_failed" not in run.summary["metrics"]


ABORTED = """
from atlas_perf import Counter

options = {
    "vus": 3, "duration": "5m",
    "thresholds": {"hopeless": [{"threshold": "count<1", "abortOnFail": True}]},
}
hopeless = Counter("hopeless")


async def default(vu):
    await vu.http.get("/quick")
    hopeless.add(1)
    await vu.http.get("/never")
"""


def test_a_threshold_that_ends_the_run_censors_what_is_in_flight(serve, run_scenario) -> None:
    server = serve(lambda method, path: None if path == "/never" else answer(200))
    run = run_scenario(ABORTED, "-p", "2", base_url=server.url)
    assert counts(run) == (3, 0, 3)
    assert (run.summary["verdict"], run.exit_code) == ("FAIL", 1)
    assert "hopeless" in run.summary["reasons"][0]
