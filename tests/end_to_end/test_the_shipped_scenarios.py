"""Each shipped scenario, scaled, against the target of each contract: all is as expected."""

from __future__ import annotations

import json

import pytest
from finished_run import Finished, run_side_by_side

CONTRACTS = ("documented", "deployed")
SCALE = ("--duration-scale", "0.004", "--vus-scale", "0.2", "-p", "1")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finished]:
    commands = {
        contract: ("all", "--contract", contract, *SCALE, "--no-thresholds", "--quiet")
        for contract in CONTRACTS
    }
    return run_side_by_side(tmp_path_factory.mktemp("contracts"), commands)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_all_of_them_run_without_an_unexpected_answer(
    contract: str, runs: dict[str, Finished]
) -> None:
    finished = runs[contract]
    assert finished.exit_code == 0, finished.stdout + finished.stderr
    assert finished.results is not None
    folders = finished.results.parent.iterdir()
    told = [json.loads((folder / "summary.json").read_text()) for folder in folders]
    summaries = {summary["name"]: summary for summary in told}
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
