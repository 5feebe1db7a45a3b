"""The shipped websocket scenario, scaled, against the embedded orchestrator in each contract."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SPOKEN = {
    "documented": [],
    "deployed": ["-e", "CONTRACT=deployed"],
    "deployed in SockJS' framing": ["-e", "CONTRACT=deployed", "-e", "SOCKJS_FRAMING=sockjs"],
}


@pytest.mark.parametrize("spoken", SPOKEN)
def test_every_operation_comes_back_and_every_session_ends_well(
    spoken: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "atlas_perf", "run", "websocket", "--quiet", "-p", "2"]
    scaled = ["--duration-scale", "0.009", "--vus-scale", "0.2", "--no-thresholds"]
    ran = subprocess.run(
        [*command, *scaled, *SPOKEN[spoken], "--results-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (summary,) = tmp_path.glob("**/summary.json")
    metrics = {
        name: metric["values"]
        for name, metric in json.loads(summary.read_text())["metrics"].items()
    }
    assert metrics["ws_errors"]["passes"] == 0
    assert metrics["ws_message_latency"]["count"] > 20
    assert metrics["ws_session_failed"]["passes"] == 0
    # Every open session once, whatever phases its user's iterations are of.
    assert 15 <= metrics["active_ws_connections"]["max"] <= metrics["ws_sessions_open"]["max"] <= 20
