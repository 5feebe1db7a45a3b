"""WebSockets through worker processes: the server's own counters equal ours, and criteria hold."""

from __future__ import annotations

import json

from echo_thread import echo_server

COUNTED = """
from atlas_perf import Options, VirtualUser

options: Options = {
    "scenarios": {"talk": {"executor": "per-vu-iterations", "vus": 8, "iterations": 5}},
    "thresholds": {
        "ws_msgs_lost": ["count==0"],
        "ws_session_failed": ["rate<0.01"],
        "ws_rtt": ["p(95)<60000"],
    },
}


async def default(vu: VirtualUser) -> None:
    held = await vu.ws.session("/echo", name="held")
    async with vu.ws.connect("/echo", name="short") as socket:
        for number in range(3):
            key = f"{vu.id}/{vu.iteration}/{number}"
            vu.check(await socket.rtt({"id": key}, correlate="id"), {"ok": lambda r: r.ok})
        reply = await held.rtt({"id": vu.iteration, "again": 1}, correlate="id")
        vu.check(reply, {"held": lambda r: r.ok})
    await held.ping()
"""


def test_every_message_is_counted_once_on_both_sides(run_scenario) -> None:
    with echo_server() as server:
        run = run_scenario(COUNTED, "--processes", "2", base_url=server.url)
    assert run.exit_code == 0, run.stdout + run.stderr
    assert run.metric("ws_sessions")["count"] == server.counts["sessions"] == 8 + 40
    assert run.metric("ws_msgs_sent")["count"] == server.counts["received"] == 40 * 4
    assert server.counts["sent"] == 40 * 5
    duplicates = run.metric("ws_msgs_duplicate")["count"]
    assert run.metric("ws_msgs_received")["count"] == 40 * 5
    assert duplicates == 40
    assert run.metric("ws_rtt")["count"] == 40 * 4
    assert run.metric("ws_sessions_open")["value"] == 0
    for counted in ("ws_msgs_sent", "ws_msgs_received"):
        told = sum(window[counted] for window in run.summary["windows"])
        assert told == run.metric(counted)["count"], counted
    assert server.counts["open"] == 0
    assert "ws_rtt" in run.stdout
    assert "WEBSOCKET" in run.stdout


HELD = """
from atlas_perf import Options, VirtualUser

options: Options = {
    "scenarios": {
        "hold": {
            "executor": "ramping-vus",
            "stages": [
                {"duration": "1s", "target": 12},
                {"duration": "3s", "target": 12},
                {"duration": "2s", "target": 0},
            ],
            "gracefulRampDown": "0s",
            "gracefulStop": "0s",
        }
    },
    "thresholds": {
        "ws_sessions_open": [
            "max>11 over steady", "min>11 over steady", "max<13", "min<8 over ramp-down",
        ],
        "ws_rtt_failed": ["rate<0.01"],
        "ws_msgs_censored": ["count>0"],
    },
    "defaultGates": False,
}


async def default(vu: VirtualUser) -> None:
    socket = await vu.ws.session("/echo")
    if vu.iteration == 0:
        await socket.rtt({"id": 1}, correlate="id")
        return
    await socket.rtt({"id": 2, "silence": True}, correlate="id", limit="1m")
"""


def test_open_sessions_over_a_phase_and_messages_cut_off_in_flight(run_scenario) -> None:
    with echo_server() as server:
        run = run_scenario(*(HELD, "--processes", "2", "--log-format", "json"), base_url=server.url)
    assert run.exit_code == 0, run.stdout + run.stderr
    assert server.most_open == 12
    said = [json.loads(line) for line in run.stderr.splitlines()]
    (reading,) = (one for one in said if one["event"] == "progress")
    assert 0 < reading["ws_sessions_open"] <= 12
    assert 12 <= reading["ws_msgs_sent"] <= server.counts["received"]
    assert (reading["requests"], reading["ws_msgs_lost"]) == (0, 0)
    assert run.metric("ws_msgs_censored")["count"] == 12
    assert run.metric("ws_sessions_open")["max"] == 12
    assert run.metric("ws_session_failed")["passes"] == 0
    (rtt,) = [run.summary["metrics"]["ws_rtt"]]
    assert rtt["censored"] == 12
