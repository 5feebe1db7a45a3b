"""A scenario that puts an id into the name of a check gets a list that ends, and is told why."""

from __future__ import annotations

SOURCE = """
options = {"vus": 2, "iterations": 1500}
serial = 0


async def default(vu):
    global serial
    serial += 1
    vu.check(serial, {f"order {vu.id} {serial} is good": True})
    vu.check(serial, {"always": True})
"""


def test_the_list_ends_and_nothing_is_lost(run_scenario) -> None:
    run = run_scenario(SOURCE, "-p", "2")
    checks = {one["name"]: one["passes"] for one in run.summary["checks"]}
    assert len(checks) == 1001
    assert checks["always"] == 1500
    assert checks["(other)"] == 1500 - 999
    assert run.metric("checks")["passes"] == 3000
    note = "there are more than 1,000 different checks"
    assert run.stderr.count(note) + run.stdout.count(note) >= 1
    assert "more series than are kept apart" not in run.stdout + run.stderr
    assert run.exit_code == 0
