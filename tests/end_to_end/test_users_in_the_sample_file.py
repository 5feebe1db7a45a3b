"""`vus` in `--out json` is one total a second, however many workers share the users."""

from __future__ import annotations

import json
from collections import Counter

SCENARIO = """
options = {"vus": 5, "duration": "2200ms"}


async def default(vu):
    await vu.sleep(0.05)
"""


def test_users_of_all_workers_are_one_point_a_second(run_scenario, tmp_path) -> None:
    run = run_scenario(SCENARIO, "-p", "2", "--out", "json=samples.json")

    assert run.exit_code == 0, run.stdout + run.stderr
    lines = [json.loads(line) for line in (tmp_path / "samples.json").read_text().splitlines()]
    points = [line for line in lines if line["type"] == "Point"]
    values = Counter(
        (line["metric"], line["data"]["value"])
        for line in points
        if line["metric"] in {"vus", "vus_max"}
    )
    assert values == {("vus", 5): 2, ("vus_max", 5): 2}
    declared = [line["metric"] for line in lines if line["type"] == "Metric"]
    assert len(declared) == len(set(declared))
    assert (
        sum(line["metric"] == "iterations" for line in points) == run.metric("iterations")["count"]
    )
