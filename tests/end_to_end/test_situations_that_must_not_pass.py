"""Further situations that must not pass; those that k6 lets pass are in situations_of_runs.py."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from counting_server import CountingServer, Reply, answer
from finished_run import Finished


@pytest.fixture
def healthy(serve: Callable[..., CountingServer]) -> CountingServer:
    return serve(lambda method, path: answer(200))


def verdict(run: Finished) -> tuple[str, int]:
    assert run.results is not None, run.stdout + run.stderr
    return run.summary["verdict"], run.exit_code


def test_failing_checks_fail_the_run_without_a_threshold(healthy, run_scenario) -> None:
    source = """
options = {"vus": 1, "iterations": 10}


async def default(vu):
    response = await vu.http.get("/")
    vu.check(response, {"is a teapot": lambda r: r.status == 418})
"""
    assert verdict(run_scenario(source, base_url=healthy.url)) == ("FAIL", 1)


def test_a_run_that_completes_no_iteration(run_scenario) -> None:
    source = """
options = {"scenarios": {"slow": {
    "executor": "constant-vus", "vus": 1, "duration": "1s", "gracefulStop": "0",
}}}


async def default(vu):
    await vu.sleep(30)
"""
    assert verdict(run_scenario(source)) == ("NO_DATA", 4)


def test_a_server_that_fails_quickly_does_not_look_fast(serve, run_scenario) -> None:
    """Trap 10: failures have a sketch of their own; a timeout enters it at its limit."""
    turns = iter(range(10_000))

    def handler(method: str, path: str) -> Reply:
        turn = next(turns) % 20
        if turn < 8:
            return answer(429)
        if turn == 8:
            return b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", True
        if turn == 9:
            return None
        if turn < 16:
            return answer(200, b'{"error": "out of stock"}')
        time.sleep(0.02)  # the one slow answer: the good one
        return answer(200)

    server = serve(handler)
    source = """
from atlas_perf import Rate

options = {"vus": 1, "iterations": 40, "thresholds": {"errors": ["rate<0.01"]}}
errors = Rate("errors")


async def default(vu):
    response = await vu.http.get("/", timeout="250ms", expect=lambda r: "error" not in r.json())
    errors.add(not response.ok)
"""
    run = run_scenario(source, base_url=server.url)
    assert verdict(run) == ("FAIL", 1)
    assert run.metric("errors")["rate"] == 0.8
    assert run.metric("http_req_failed")["rate"] == 0.8
    good = run.metric("http_req_duration")
    assert good["count"] == 8
    assert good["min"] >= 20  # no quick failure among them
    assert good["max"] < 250  # and no timeout
    failures = run.metric("http_req_duration{expected_response:false}")
    assert failures["count"] == 32
    assert 250 <= failures["max"] < 1000
    (endpoint,) = run.summary["endpoints"]
    assert endpoint["errors"]["1050"] == 2


def test_more_series_than_are_kept_apart_is_said_once_and_loses_no_request(
    healthy, run_scenario
) -> None:
    source = """
options = {"vus": 8, "iterations": 6000}


async def default(vu):
    await vu.http.get("/", name=f"/{vu.id}/{vu.iteration}")
"""
    run = run_scenario(source, "-p", "1", base_url=healthy.url)
    assert verdict(run) == ("PASS", 0)
    assert run.metric("http_reqs")["count"] == 6000 == healthy.received.total()
    assert run.stderr.count("(other)") == 1
    assert any("(other)" in reason for reason in run.summary["reasons"])
    folded = [one for one in run.summary["endpoints"] if one["name"] == "(other)"]
    assert 0 < folded[0]["requests"] < 6000
