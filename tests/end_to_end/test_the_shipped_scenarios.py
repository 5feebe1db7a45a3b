"""Each shipped scenario, scaled, against the target of each contract: all is as expected."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCALE = ("--duration-scale", "0.004", "--vus-scale", "0.2", "-p", "1")


@pytest.mark.parametrize("contract", ["documented", "deployed"])
def test_all_of_them_run_without_an_unexpected_answer(contract: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "atlas_perf", "run", "all", "--contract", contract]
    finished = subprocess.run(
        [*command, *SCALE, "--no-thresholds", "--quiet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    summaries = {
        summary["name"]: summary
        for summary in map(
            json.loads, (file.read_text() for file in tmp_path.glob("results/*/summary.json"))
        )
    }
    assert set(summaries) == {"smoke", "api", "a2a", "websocket"}
    for name, summary in summaries.items():
        metrics = summary["metrics"]
        if "http_reqs" in metrics:
            assert metrics["http_req_failed"]["values"]["passes"] == 0, name
        if "checks" in metrics:
            assert metrics["checks"]["values"]["fails"] == 0, name
        assert not summary["exceptions"], name
    assert summaries["api"]["metrics"]["ai_success"]["values"]["fails"] == 0
    assert summaries["a2a"]["metrics"]["task_completion_rate"]["values"]["passes"] > 0
    assert summaries["websocket"]["metrics"]["ws_messages_received"]["values"]["count"] > 0
