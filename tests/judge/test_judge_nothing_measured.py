"""A run whose iterations left nothing behind says so."""

from __future__ import annotations

import pytest
from exact_snapshot import ExactSnapshot, worker
from plans import ALL_METRICS, DEPTH, plan_with

from atlas_perf.judge.nothing_measured import NOTHING_MEASURED
from atlas_perf.judge.thresholds import Judge
from atlas_perf.judge.verdict import Decision, decide
from atlas_perf.model.verdict import Verdict


def decided(snapshot: ExactSnapshot, *thresholds: tuple[str, str], **changes: object) -> Decision:
    results = Judge(plan_with(*thresholds, **changes), ALL_METRICS).evaluate(snapshot)
    return decide(results, snapshot, invalid=(), interrupted=False)


@pytest.mark.parametrize("metric", ["http_reqs", "ws_msgs_sent", "group_duration", "queue_depth"])
def test_a_run_that_measured_nothing_says_so_and_one_that_measured_anything_does_not(metric):
    def told(snapshot, *thresholds):
        return NOTHING_MEASURED in decided(snapshot, *thresholds, default_gates=True).reasons

    idle = (
        ExactSnapshot(worker_list=(worker(),), extra=(DEPTH,))
        .add("iteration_failed", 0.0)
        .add("iterations", 1)
    )
    assert decided(idle, default_gates=True).verdict is Verdict.PASS
    assert told(idle)
    assert not told(idle, ("iterations", "count>0"))  # which is asked of on purpose
    assert not told(idle.add(metric, 1.0))
