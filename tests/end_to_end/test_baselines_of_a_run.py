"""Baselines through real processes: judged at a run's end, kept, and judged once more together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from counting_server import answer
from strict_schemas import validate

SCENARIO = """
options = {"vus": 2, "duration": "7s", "thresholds": {"http_req_failed": ["rate<1"]}}


async def default(vu):
    await vu.http.get("/")
    await vu.sleep(0.05)
"""

ROW = """
[[baseline]]
component = "Mine"
name = "{metric}"
scenario = "scenario"
metric = "{metric}"
aggregation = "{aggregation}"
limit = "{limit}"
unit = "{unit}"
phase = "steady"
minimum_samples = {minimum}
"""


def file_of(folder: Path, *, minimum: int = 50, per_s: int = 1) -> Path:
    rows = [("http_req_failed", "rate", "< 0.01", ""), ("http_reqs", "rate", f"> {per_s}", "per_s")]
    text = "version = 1\n" + "".join(
        ROW.format(metric=metric, aggregation=how, limit=limit, unit=unit, minimum=minimum)
        for metric, how, limit, unit in rows
    )
    path = folder / "b.toml"
    path.write_text(text)
    return path


def analysed(results: Path, file: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "atlas_perf",
        "analyze",
        str(results),
        "--baselines",
        str(file),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


FILES = {
    "summary": "summary.json",
    "load-performance": "load-performance.json",
    "code-quality": "gl-code-quality-report.json",
}


@pytest.mark.parametrize(
    "case",
    [
        ({}, 0, ["PASS", "PASS"]),
        ({"per_s": 100_000}, 1, ["PASS", "FAIL"]),
        ({"minimum": 100_000}, 4, ["NO_DATA", "NO_DATA"]),
    ],
    ids=["held", "broken", "too few"],
)
def test_a_run_and_its_analysis_say_the_same(run_scenario, serve, tmp_path, case):
    settings, exit_code, verdicts = case
    server = serve(lambda _method, _path: answer(200))
    file = file_of(tmp_path, **settings)
    finished = run_scenario(SCENARIO, "--baselines", str(file), base_url=server.url)
    assert finished.exit_code == exit_code, finished.stdout
    rows = finished.summary["baselines"]["rows"]
    assert [row["verdict"] for row in rows] == verdicts
    for row in rows:
        assert row["low"] <= row["value"] <= row["high"]
    assert "BASELINES" in finished.stdout
    for schema, name in FILES.items():
        validate(schema, json.loads((finished.results / name).read_text()))
    again = analysed(finished.results, file)
    assert again.returncode == exit_code, again.stdout
