"""Limits that hold while a run goes on: other hosts in scenario code or redirects, and the rate."""

from __future__ import annotations

import pytest
from counting_server import answer
from echo_thread import echo_server

LIMITS = 'allowed_hosts = ["127.0.0.1"]\n'

ELSEWHERE = """
options = {"vus": 1, "iterations": 3, "defaultGates": False, "thresholds": THRESHOLDS}


async def default(vu):
    for url in ("OTHER/absolute", "/there"):
        response = await vu.http.get(url)
        vu.check(response, {
            "refused": response.status == 0 and response.error_code == 1111,
            "in words": response.error == "host is not in allowed_hosts",
        })
    response = await vu.http.get("/here")
    vu.check(response, {"others go on": response.status == 200})
"""

THRESHOLDS = '{"checks": ["rate==1"], "http_reqs{error_code:1111}": ["count==6"]}'

FAST = """
options = {"vus": 8, "duration": "20s"}


async def default(vu):
    await vu.http.get("/")
"""


@pytest.mark.parametrize("proxied", [False, True])
def test_requests_elsewhere_are_counted_and_not_sent(
    run_scenario, serve, tmp_path, monkeypatch, proxied
) -> None:
    other = serve(lambda method, path: answer(200))
    elsewhere = other.url.replace("127.0.0.1", "localhost")

    def handler(method: str, path: str) -> bytes:
        if path.endswith("/there"):
            return answer(302, b"", headers=f"Location: {elsewhere}/redirected\r\n")
        return answer(200)

    server = serve(handler)
    (tmp_path / "atlas-perf.toml").write_text(LIMITS)
    source = ELSEWHERE.replace("OTHER", elsewhere).replace("THRESHOLDS", THRESHOLDS)
    if proxied:  # the connection to the proxy is open and could carry anything
        source = source.replace('"vus": 1', f'"vus": 1, "proxy": "{server.url}"')
    run = run_scenario(source, base_url=server.url)
    assert run.exit_code == 0, run.stdout + run.stderr
    assert not other.received
    paths = {path.rpartition("/")[2] for _, path in server.received}
    assert paths == {"there", "here"}


def test_the_embedded_target_is_always_allowed(run_scenario, tmp_path) -> None:
    (tmp_path / "atlas-perf.toml").write_text('allowed_hosts = ["*.staging.example"]\n')
    source = FAST.replace('"/"', '"/actuator/health"').replace("20s", "1s")
    run = run_scenario(source, "--environment", "embedded")
    assert run.exit_code == 0, run.stdout + run.stderr
    assert run.metric("http_reqs")["count"] > 0


def test_a_run_above_the_ceiling_is_ended(run_scenario, serve, tmp_path) -> None:
    server = serve(lambda method, path: answer(200))
    (tmp_path / "atlas-perf.toml").write_text("max_rate_per_s = 20\n")
    run = run_scenario(FAST, base_url=server.url)
    assert run.exit_code == 3, run.stdout + run.stderr
    assert run.summary["measured_s"] < 15
    reason = run.summary["reasons"][0]
    assert reason.startswith("The run was ended for its ")
    assert "more than max_rate_per_s = 20 of atlas-perf.toml allows" in reason


def test_a_run_below_the_ceiling_is_left_alone(run_scenario, serve, tmp_path) -> None:
    server = serve(lambda method, path: answer(200))
    (tmp_path / "atlas-perf.toml").write_text("max_rate_per_s = 1000000\n")
    run = run_scenario(FAST.replace("20s", "2s"), base_url=server.url)
    assert run.exit_code == 0, run.stdout + run.stderr


TALK = """
options = {"vus": 4, "duration": "20s"}


async def default(vu):
    socket = await vu.ws.session("/echo")
    await socket.send({"id": 1})
    await socket.receive()
"""


def test_messages_of_websockets_are_requests_under_the_ceiling(run_scenario, tmp_path) -> None:
    (tmp_path / "atlas-perf.toml").write_text("max_rate_per_s = 50\n")
    with echo_server() as server:
        run = run_scenario(TALK, base_url=server.url)
    assert run.exit_code == 3, run.stdout + run.stderr
    assert run.summary["measured_s"] < 15
    assert "more than max_rate_per_s = 50" in run.summary["reasons"][0]
