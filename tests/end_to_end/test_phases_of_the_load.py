"""A target that is slow at first, through real processes: what a warm-up leaves out, and keeps."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from counting_server import CountingServer, answer
from finished_run import Finished

SERVER = """
import asyncio

ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
SLOW_UNTIL_S, LATENCY_S = 1.0, 0.5
first_s = None


class Site(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        global first_s
        loop = asyncio.get_running_loop()
        first_s = first_s or loop.time()
        slow = loop.time() - first_s < SLOW_UNTIL_S
        loop.call_later(LATENCY_S if slow else 0.01, self.transport.write, ANSWER)


async def main():
    server = await asyncio.get_running_loop().create_server(Site, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(60)


asyncio.run(main())
"""

COLD = """
from atlas_perf import Options, VirtualUser

options: Options = {
    "scenarios": {"load": LOAD},
    "thresholds": {
        "http_req_duration": ["p(99)<500 over steady", "p(99)<500", "max>=500 over warm-up"],
        "http_reqs": ["rate>1 over steady"],
        "http_req_failed": ["rate<0.01 in any 2s over steady"],
    },
    "summaryTrendStats": ["min", "p(99)", "max"],
}


async def default(vu: VirtualUser) -> None:
    vu.tags["phase"] = "of the user"
    await vu.http.get("/", tags={"phase": "of the request"})
"""

CLOSED = "{'executor': 'constant-vus', 'vus': 5, 'duration': '5s', 'warmUp': '2s'}"
OPEN = (
    "{'executor': 'constant-arrival-rate', 'rate': 40, 'duration': '5s', 'warmUp': '2s', "
    "'preAllocatedVUs': 30}"
)


@pytest.fixture
def cold_target() -> Iterator[str]:
    """A server that takes half a second for whatever comes in its first second."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.parametrize("load", [CLOSED, OPEN], ids=["closed", "open"])
def test_a_cold_target_is_absent_from_steady_and_a_rate_is_of_its_window(
    cold_target: str, run_scenario: Callable[..., Finished], load: str
) -> None:
    run = run_scenario(COLD.replace("LOAD", load), "-p", "2", base_url=cold_target)
    by_phase = {
        phase: run.summary["metrics"].get(f"http_req_duration{{phase:{phase}}}", {}).get("values")
        for phase in ("warm-up", "steady")
    }
    steady, warm_up = by_phase["steady"], by_phase["warm-up"]
    assert warm_up["max"] >= 500 > steady["p(99)"], run.stdout
    assert run.metric("http_req_duration") == steady  # what names no phase leaves the warm-up out

    requests = run.metric("http_reqs{phase:steady}")
    assert requests["count"] == steady["count"]
    assert requests["rate"] == pytest.approx(requests["count"] / 3.0)
    assert [(one["phase"], one["begin_s"], one["end_s"]) for one in run.summary["phases"]] == [
        ("warm-up", 0, 2),
        ("steady", 2, 5),
    ]
    # Nothing is lost: the run second by second has them all, and so has the ledger.
    in_windows = sum(window["requests"] for window in run.summary["windows"])
    assert in_windows == steady["count"] + warm_up["count"]
    assert run.summary["ledger"]["load"]["completed"] == in_windows
    assert run.summary["windows"][0]["phases"] == ["warm-up"]
    assert "warm-up 2s (not counted) · steady 3s" in run.stdout


RUNS_OUT = """
from atlas_perf import Options, VirtualUser, feed

rows = feed(list(range(60)), on_exhausted="stop")
options: Options = {
    "vus": 2, "duration": "20s", "warmUp": "200ms",
    "thresholds": {"http_reqs": ["count>0 over steady"]},
}


async def default(vu: VirtualUser) -> None:
    await rows.row(vu)
    await vu.http.get("/")
    await vu.sleep(0.05)
"""


def test_a_load_that_ends_early_is_no_proof_of_its_steady_phase(
    serve: Callable[..., CountingServer], run_scenario: Callable[..., Finished]
) -> None:
    server = serve(lambda _method, _path: answer(200))
    run = run_scenario(RUNS_OUT, "-p", "1", base_url=server.url)
    (over_steady, *_) = run.summary["thresholds"]
    assert over_steady["state"] == "passed", run.stdout
    assert over_steady["over_s"] < over_steady["ordered_s"] == 19.8
    assert (run.exit_code, run.summary["verdict"]) == (3, "INVALID")
    assert any("of the 19s800ms that the plan orders" in one for one in run.summary["reasons"])
    assert "of 19.8s ordered" in run.stdout


def test_a_phase_that_there_is_not_is_refused_before_any_load(
    serve: Callable[..., CountingServer], run_scenario: Callable[..., Finished]
) -> None:
    server = serve(lambda _method, _path: answer(200))
    source = RUNS_OUT.replace("count>0 over steady", "count>0 over ramp")
    run = run_scenario(source, base_url=server.url)
    assert run.exit_code == 2
    assert "scenario.py:7: threshold 'http_reqs: count>0 over ramp': the plan has no ramp" in (
        run.stderr
    )
    assert not server.received
