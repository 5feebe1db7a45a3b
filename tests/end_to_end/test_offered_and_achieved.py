"""The planned arrivals of each second beside those that were begun, through real processes."""

from __future__ import annotations

import pytest

SCENARIO = """
import asyncio


options = {
    "scenarios": {
        "busy": {
            "executor": "constant-arrival-rate",
            "rate": 60,
            "duration": "2s",
            "preAllocatedVUs": 2,
            "whenBusy": "WHEN",
        },
        "later": {
            "executor": "ramping-arrival-rate",
            "startTime": "1s",
            "startRate": 8,
            "stages": [{"duration": "2s", "target": 8}],
            "preAllocatedVUs": 8,
            "exec": "short",
            "spacing": "poisson",
        },
    },
    "thresholds": {"iterations": ["count>0"]},
}


async def default(vu):
    await asyncio.sleep(0.1)


async def short(vu):
    pass
"""


@pytest.mark.parametrize("when_busy", ["drop", "queue"])
def test_a_saturated_run_tells_what_it_planned_and_what_it_did(run_scenario, when_busy) -> None:
    """Two users of 0.1 s cannot take 60 a second: at most 20 of them, and the rest is told."""
    run = run_scenario(SCENARIO.replace("WHEN", when_busy), "--processes", "2")
    summary = run.summary
    windows = {window["second"]: window for window in summary["windows"]}
    planned = {second: window["planned_arrivals"] for second, window in windows.items()}
    started = sum(window["started_arrivals"] for window in windows.values())
    dropped = sum(window["dropped_iterations"] for window in windows.values())
    assert sum(planned.values()) == 120 + 16 == started + dropped
    assert planned[0] == 60
    assert 60 <= planned[1] <= 60 + 16
    assert sum(planned[second] for second in planned if second > 1) <= 16
    ledgers = summary["ledger"].values()
    assert started == sum(ledger["started"] for ledger in ledgers)
    assert dropped == sum(ledger["dropped"] for ledger in ledgers)
    assert windows[0]["started_arrivals"] < planned[0]
    if when_busy == "queue":
        assert dropped == 0
        assert max(windows) >= 5  # what waited was begun when its seconds were long over
    assert f"arrivals: {started} of 136 planned were started" in run.stdout
    assert "fell short" in run.stdout


COLD = """
import asyncio

options = {
    "scenarios": {
        "cold": {
            "executor": "constant-arrival-rate",
            "rate": 40,
            "duration": "5s",
            "preAllocatedVUs": 40,
            "warmUp": "3s",
        },
    },
    "thresholds": {"iterations": ["count>0"]},
}


async def default(vu):
    if vu.iteration == 0:
        await asyncio.sleep(1.7)
"""


def test_arrivals_dropped_in_a_warm_up_are_named_and_do_not_void_the_run(run_scenario) -> None:
    """Who came in the first second is busy for 1.7 s: the next 0.7 s are dropped. Later there are
    users for a second of arrivals at once, so that a machine that pauses drops none."""
    run = run_scenario(COLD)
    dropped = run.summary["ledger"]["cold"]["dropped"]
    assert dropped > 0.1 * 200
    reasons = run.summary["reasons"]
    held_against_it = [one for one in reasons if not one.startswith("Warning: ")]
    # A machine so busy that arrivals began late is told, too, and is the only thing that may void.
    late = [one for one in held_against_it if "began one iteration in a hundred" in one]
    assert run.summary["verdict"] == ("INVALID" if late else "PASS"), reasons
    assert not late or held_against_it == late
    assert any(
        f"scenario cold never started {dropped} of the 120 iterations of its warm-up" in reason
        for reason in reasons
    )
    assert run.summary["metrics"]["dropped_iterations"]["values"]["count"] == 0
