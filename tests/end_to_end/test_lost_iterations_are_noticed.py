"""An iteration that a worker never ran must not pass for one that was never wanted."""

from __future__ import annotations

import pytest

SCENARIO = """
from atlas_perf.worker.executors import choose
from atlas_perf.worker.executors.shared_iterations import SharedIterationsExecutor

options = {"vus": 4, "iterations": 21}

TAMPERING


async def default(vu):
    pass
"""

SHARE_TOO_SMALL = """
whole_share = choose.share_of_iterations
choose.share_of_iterations = lambda *share: whole_share(*share) - (share[2] == 0)
"""

TAKEN_AND_NEVER_RUN = """
take = SharedIterationsExecutor._may_iterate
SharedIterationsExecutor._may_iterate = lambda self, lane: take(self, lane) and take(self, lane)
"""


@pytest.mark.parametrize("tampering", [SHARE_TOO_SMALL, TAKEN_AND_NEVER_RUN])
def test_a_lost_iteration_makes_the_run_invalid(run_scenario, tampering) -> None:
    run = run_scenario(SCENARIO.replace("TAMPERING", tampering), "-p", "2")

    assert (run.exit_code, run.summary["verdict"]) == (3, "INVALID"), run.stdout + run.stderr
    assert any("iterations" in reason for reason in run.summary["reasons"])


def test_without_a_loss_the_same_run_passes(run_scenario) -> None:
    run = run_scenario(SCENARIO.replace("TAMPERING", ""), "-p", "2")

    assert (run.exit_code, run.summary["ledger"]["scenario"]["completed"]) == (0, 21)
