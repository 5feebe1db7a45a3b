"""api, a2a and smoke, scaled, against the embedded orchestrator in each contract."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCALED = {
    "api": ("--vus", "20", "--duration", "3s"),
    "a2a": ("--vus", "20", "--duration", "3s"),
    "smoke": ("--vus", "5", "--duration", "3s"),
}


@pytest.mark.parametrize("contract", ["documented", "deployed"])
@pytest.mark.parametrize("scenario", SCALED)
def test_every_status_is_the_expected_one(scenario, contract, tmp_path) -> None:
    command = [sys.executable, "-m", "atlas_perf", "run", scenario, *SCALED[scenario]]
    command += ["-e", f"CONTRACT={contract}", "--no-thresholds", "--no-baselines", "--quiet"]
    finished = subprocess.run(
        [*command, "--seed", "3", "--results-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    (file,) = tmp_path.glob("*/summary.json")
    summary = json.loads(file.read_text())
    assert [check["name"] for check in summary["checks"] if check["fails"]] == []
    assert [one["name"] for one in summary["endpoints"] if one["failed"]] == []
    assert summary["exceptions"] == []
