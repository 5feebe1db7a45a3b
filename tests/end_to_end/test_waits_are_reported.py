"""Waiting for a connection and for a name: in the summary of a run, and open to thresholds."""

from __future__ import annotations

from counting_server import answer

SCENARIO = """
options = {
    "vus": 1,
    "iterations": 1,
    "batchPerHost": 2,
    "dns": {"ttl": "inf", "policy": "onlyIPv4"},
    "connectTimeout": "10s",
    "thresholds": {
        "http_req_pool_wait": ["p(95)<60000"],
        "http_req_looking_up{expected_response:true}": ["max<60000"],
    },
}


async def default(vu):
    await vu.http.batch(["/"] * 10)
"""


def test_waits_of_a_run(serve, run_scenario) -> None:
    server = serve(lambda method, path: answer(200))
    finished = run_scenario(SCENARIO, base_url=f"http://localhost:{server.port}")
    assert finished.exit_code == 0, finished.stdout
    assert finished.metric("http_reqs")["count"] == 10
    assert finished.metric("http_req_pool_wait")["count"] == 8
    assert finished.metric("http_req_looking_up")["count"] == 2, "those who opened a connection"
    lines = finished.stdout.splitlines()
    shown = [line.split(".")[0].strip() for line in lines if line.startswith("    http_req_")]
    place = shown.index("http_req_blocked")
    assert shown[place : place + 4] == [
        "http_req_blocked",
        "http_req_pool_wait",
        "http_req_looking_up",
        "http_req_connecting",
    ]


def test_a_run_without_waits_says_nothing_of_them(serve, run_scenario) -> None:
    server = serve(lambda method, path: answer(200))
    scenario = "async def default(vu):\n    await vu.http.get('/')\n"
    finished = run_scenario(scenario, base_url=f"http://127.0.0.1:{server.port}")
    assert finished.exit_code == 0, finished.stdout
    assert "http_req_blocked" in finished.summary["metrics"]
    assert "http_req_pool_wait" not in finished.stdout
    assert "http_req_looking_up" not in finished.stdout
