"""The shipped websocket scenario, scaled, against the embedded orchestrator in each contract."""

from __future__ import annotations

import pytest
from finished_run import Finished, run_side_by_side

SPOKEN = {
    "documented": [],
    "deployed": ["-e", "CONTRACT=deployed"],
    "deployed in SockJS' framing": ["-e", "CONTRACT=deployed", "-e", "SOCKJS_FRAMING=sockjs"],
}
SCALED = ("--duration-scale", "0.009", "--vus-scale", "0.2", "--no-thresholds")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finished]:
    commands = {
        spoken: ("websocket", "--quiet", "-p", "2", *SCALED, *variables)
        for spoken, variables in SPOKEN.items()
    }
    return run_side_by_side(tmp_path_factory.mktemp("spoken"), commands)


@pytest.mark.parametrize("spoken", SPOKEN)
def test_every_operation_comes_back_and_every_session_ends_well(
    spoken: str, runs: dict[str, Finished]
) -> None:
    ran = runs[spoken]
    assert ran.exit_code == 0, ran.stdout + ran.stderr
    metrics = {name: metric["values"] for name, metric in ran.summary["metrics"].items()}
    assert metrics["ws_errors"]["passes"] == 0
    assert metrics["ws_message_latency"]["count"] > 20
    assert metrics["ws_session_failed"]["passes"] == 0
    # Every open session once, whatever phases its user's iterations are of.
    assert 15 <= metrics["active_ws_connections"]["max"] <= metrics["ws_sessions_open"]["max"] <= 20
