"""A run as a user types it, watched by Prometheus in both ways."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCENARIO = """
from atlas_perf import Counter, Gauge, Trend

options = {"vus": 4, "duration": "3s"}
depth = Gauge("queue_depth")
size = Trend("answer_size")
odd = Counter("odd_tags")
ODD = {}, {"empty": ""}, {"a-b": "1"}, {"a.b": "1"}, {"a_b": "1"}, {"é": "x\\n\\"y\\\\\\0"}


async def default(vu):
    ok = await vu.http.get("/api/runs?page=0&size=20", name="list runs")
    often = vu.random.random() < 0.9
    vu.check(ok, {"status is 200": lambda r: r.status == 200, "often": lambda r: often})
    await vu.http.get("/api/runs/none", name="details", expect=[200])
    depth.add(7)
    for tags in ODD:
        odd.add(1, tags)
    size.add(len(ok.body))
    await vu.sleep(0.002)
"""


@dataclass(frozen=True)
class MonitoredRun:
    summary: dict[str, Any]
    stdout: str
    stderr: str

    def values(self, metric: str) -> dict[str, float]:
        return self.summary["metrics"][metric]["values"]


def run(folder: Path, *arguments: str, **variables: str) -> MonitoredRun:
    """Run the command to its end in a folder; the newest results count."""
    finished = subprocess.run(
        [sys.executable, "-m", "atlas_perf", "run", *arguments, "--results-dir", "results"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "NO_COLOR": "1", **variables},
        check=False,
    )
    results = sorted((folder / "results").iterdir())
    assert results, finished.stderr
    summary = json.loads((results[-1] / "summary.json").read_text())
    return MonitoredRun(summary, finished.stdout, finished.stderr)
