"""Arrivals through real processes: a target that is stopped, workers that take turns, a scenario
that blocks. The figures are laws of the schedule, not timings of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from counting_server import CountingServer, answer
from finished_run import Finished

SERVER = """
import asyncio

ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"


class Answering(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(ANSWER * data.count(b"\\r\\n\\r\\n"))


async def main():
    loop = asyncio.get_running_loop()
    # Room for whoever connects while this process stands still.
    server = await loop.create_server(Answering, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(60)


asyncio.run(main())
"""

SCENARIO = """
from atlas_perf import Options, VirtualUser

options: Options = {{
    "scenarios": {{"open": {load}}},
    "thresholds": {{"http_req_duration": ["p(99)<60000"]}},
    "summaryTrendStats": ["min", "med", "p(50)", "p(90)", "p(99)", "max"],
}}


async def default(vu: VirtualUser) -> None:
    await vu.http.get("/ok")
"""


@pytest.fixture
def stoppable() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, and its URL."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("load", "service_p90_too"),
    [
        # Users enough for all who come meanwhile: every request goes out in time, and waits.
        ("{'preAllocatedVUs': 20, 'maxVUs': 400}", True),
        # Ten users, of whom each sees the stop once: a closed loop would find ten slow requests.
        ("{'preAllocatedVUs': 10, 'whenBusy': 'queue'}", False),
    ],
)
def test_a_target_that_stands_still_has_the_response_times_of_all_who_came_meanwhile(
    tmp_path: Path,
    stoppable: tuple[subprocess.Popen[str], str],
    load: str,
    service_p90_too: bool,
) -> None:
    """100/s for 10 s, and the server stopped for 2 s of it: P(response > x) = 0.2 (1 − x/2)."""
    server, url = stoppable
    rate = f"{{'executor': 'constant-arrival-rate', 'rate': 100, 'duration': '10s', **{load}}}"
    (tmp_path / "stopped.py").write_text(SCENARIO.format(load=rate))
    command = [sys.executable, "-m", "atlas_perf", "run", str(tmp_path / "stopped.py")]
    command += ["-p", "2", "-e", f"BASE_URL={url}", "--results-dir", str(tmp_path / "results")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as run:
        assert run.stderr is not None
        while "running" not in run.stderr.readline():
            pass
        time.sleep(3)
        os.kill(server.pid, signal.SIGSTOP)
        time.sleep(2)
        os.kill(server.pid, signal.SIGCONT)
        stdout, stderr = run.communicate(timeout=60)

    finished = Finished(run.returncode, stdout, stderr, next((tmp_path / "results").iterdir()))
    response = finished.metric("http_req_response_time")
    assert response["count"] == 1000, stdout
    assert finished.summary["ledger"]["open"]["completed"] == 1000
    assert response["p(90)"] == pytest.approx(1000, rel=0.05), stdout
    assert response["p(99)"] == pytest.approx(1900, rel=0.05), stdout
    assert response["max"] >= 1900
    service = finished.metric("http_req_duration")
    assert (service["p(90)"] > 500) is service_p90_too, stdout


def test_workers_offer_the_arrivals_of_the_plan_between_them(serve, run_scenario) -> None:
    server: CountingServer = serve(lambda _method, _path: answer(200))
    load = """{
        "executor": "ramping-arrival-rate", "startRate": 20, "preAllocatedVUs": 9, "maxVUs": 60,
        "stages": [{"duration": "1s", "target": 200}, {"duration": "500ms", "target": 0}],
        "spacing": "poisson",
    }"""
    run = run_scenario(SCENARIO.format(load=load), "-p", "3", "--seed", "5", base_url=server.url)
    planned = (20 + 200) // 2 + 200 // 4
    assert server.received["GET", "/ok"] == planned, run.stdout
    ledger = run.summary["ledger"]["open"]
    assert (ledger["scheduled"], ledger["completed"], ledger["dropped"]) == (planned, planned, 0)
    assert run.metric("iteration_lag")["count"] == planned
    assert run.metric("http_req_response_time")["count"] == planned
    gates = {one["selector"] for one in run.summary["thresholds"] if one["default_gate"]}
    assert "http_req_response_time" in gates
    assert "OPEN MODEL" in run.stdout


def test_workers_offer_the_arrivals_of_a_shape_between_them(serve, run_scenario) -> None:
    server: CountingServer = serve(lambda _method, _path: answer(200))
    load = """{
        "executor": "shaped-arrival-rate", "preAllocatedVUs": 9, "maxVUs": 60, "step": "500ms",
        "shape": lambda t: 200 * t if t < 1.5 else None, "maxDuration": "1h",
    }"""
    run = run_scenario(SCENARIO.format(load=load), "-p", "3", base_url=server.url)
    planned = 100 + 100  # a triangle of a second, and the last rate until it stopped
    assert server.received["GET", "/ok"] == planned, run.stdout + run.stderr
    ledger = run.summary["ledger"]["open"]
    assert (ledger["scheduled"], ledger["completed"], ledger["dropped"]) == (planned, planned, 0)
    assert "up to 60 VUs and 200 iterations/s for at most 1s500ms in 3 workers" in run.stderr
    (scenario,) = run.summary["plan"]["scenarios"]
    assert "ramping-arrival-rate" in json.dumps(scenario["executor"])


def test_a_scenario_that_blocks_is_the_generators_lateness_and_proves_nothing(
    serve: Callable[..., CountingServer], run_scenario: Callable[..., Finished]
) -> None:
    """Every arrival blocks the loop for four times as long as there is until the next."""
    server = serve(lambda _method, _path: answer(200))
    blocking = SCENARIO.format(
        load="{'executor': 'constant-arrival-rate', 'rate': 100, 'duration': '1s', "
        "'preAllocatedVUs': 100}"
    ).replace("    await vu.http", "    __import__('time').sleep(0.04)\n    await vu.http")
    run = run_scenario(blocking, "-p", "1", base_url=server.url)
    assert (run.exit_code, run.summary["verdict"]) == (3, "INVALID")
    assert any("began one iteration in a hundred" in one for one in run.summary["reasons"])
    assert run.summary["ledger"]["open"]["completed"] == 100  # late, and not one of them lost
    assert run.metric("iteration_lag")["max"] > 100
