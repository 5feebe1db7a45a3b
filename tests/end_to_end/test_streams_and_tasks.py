"""Streams and tasks in whole runs: the run has counted what the server did, at the cut as well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from orchestrator_server import EVENTS, OrchestratorServer

TASKS = """
from atlas_perf import Polling

options = {
    "scenarios": {
        "tasks": {
            "executor": "constant-vus",
            "vus": 8,
            "duration": "1s",
            "gracefulStop": "500ms",
        },
    },
    "thresholds": {"task_completed": ["rate>0.5"], "task_duration": ["min>99", "p(99)<60000"]},
    "defaultGates": False,
}


async def default(vu):
    poll = Polling(lambda id: vu.http.get(f"/tasks/{id}"), every="20ms")
    await vu.task(vu.http.post("/tasks", json={}), via=poll, name="scan")
"""

STREAMS = """
options = {
    "scenarios": {
        "live": {
            "executor": "constant-vus",
            "vus": 8,
            "duration": "1s",
            "gracefulStop": "300ms",
        },
    },
    "thresholds": {"sse_event_gap": ["min>=0"], "llm_inter_token_latency": ["max<60000"]},
    "defaultGates": False,
}


async def default(vu):
    async with vu.http.stream("GET", "/live", tokens=True, stall="200ms") as stream:
        async for event in stream:
            pass
"""


@pytest.fixture
def server() -> Iterator[OrchestratorServer]:
    server = OrchestratorServer()
    yield server
    server.close()


def count(run, metric: str) -> int:
    found = run.summary["metrics"].get(metric)
    return 0 if found is None else round(found["values"]["count"])


def test_every_task_is_in_one_population(server: OrchestratorServer, run_scenario) -> None:
    """Those that hang are cut off: no rate leaves them out, and no percentile passes without."""
    run = run_scenario(TASKS, "-p", "2", base_url=server.url)
    metrics = run.summary["metrics"]
    share = metrics["task_completed"]
    ended, cut = count(run, "tasks_ended"), count(run, "tasks_censored")
    assert ended + cut == server.did["submitted"]
    assert cut > 0
    assert share["censored"] == cut
    assert share["values"]["passes"] + share["values"]["fails"] == ended
    assert share["values"]["rate"] == pytest.approx(share["values"]["passes"] / (ended + cut))
    duration = metrics["task_duration"]
    assert (duration["values"]["count"], duration["censored"]) == (share["values"]["passes"], cut)
    assert metrics["task_polling_error"]["values"]["count"] == share["values"]["passes"]
    assert metrics["task_polling_error"]["values"]["min"] >= 18
    states = {one["expression"]: one["state"] for one in run.summary["thresholds"]}
    assert (states["min>99"], states["p(99)<60000"]) == ("passed", "no_data")
    assert (run.summary["verdict"], run.exit_code) == ("NO_DATA", 4)
    assert f"{cut} cut off" in run.stdout


def test_every_event_is_counted_and_what_fell_silent_is_at_its_age(
    server: OrchestratorServer, run_scenario
) -> None:
    run = run_scenario(STREAMS, "-p", "2", base_url=server.url)
    cut = count(run, "http_reqs_censored")
    assert count(run, "http_reqs") + cut == server.did["streams"]
    assert cut == server.did["hung"] > 0
    assert count(run, "sse_events") == count(run, "llm_output_tokens") == server.did["events"]
    metrics = run.summary["metrics"]
    whole = server.did["streams"] - cut
    assert metrics["sse_event_gap"]["values"]["count"] == whole * (EVENTS - 1)
    for silent in ("sse_event_gap", "llm_inter_token_latency", "sse_duration"):
        assert metrics[silent]["censored"] == cut
    assert metrics["sse_time_to_first_event"]["values"]["count"] == server.did["streams"]
    assert metrics["llm_time_per_output_token"]["values"]["count"] == whole
    assert count(run, "sse_stalls") == cut
    states = {one["expression"]: one["state"] for one in run.summary["thresholds"]}
    assert states["max<60000"] == "no_data"
    assert (run.summary["verdict"], run.exit_code) == ("NO_DATA", 4)
    assert "AI ANSWERS" in run.stdout
