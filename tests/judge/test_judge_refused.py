"""What a scenario gave a metric and no metric took is missing from every criterion on it."""

from __future__ import annotations

import pytest

from atlas_perf.judge.thresholds import Judge
from atlas_perf.judge.verdict import decide
from atlas_perf.model.metric import Metric, MetricKind
from atlas_perf.model.verdict import Verdict
from tests.judge.exact_snapshot import ExactSnapshot, worker
from tests.judge.plans import ALL_METRICS, DEPTH, plan_with

SOUND = Metric("sound", MetricKind.RATE)


@pytest.mark.parametrize(
    ("threshold", "verdict"),
    [
        (("queue_depth", "max<9"), Verdict.NO_DATA),
        (("queue_depth{of:orders}", "max<9"), Verdict.NO_DATA),
        (("sound", "rate>0.5"), Verdict.PASS),  # a rate refuses nothing
        (("http_reqs", "count>0"), Verdict.PASS),  # so does a metric of atlas-perf's own
    ],
)
def test_a_criterion_on_a_metric_that_refused_values_is_no_pass(threshold, verdict):
    snapshot = (
        ExactSnapshot().add("http_reqs", 1.0).add("queue_depth", 5.0, of="orders").add("sound", 1.0)
    )
    snapshot.extra = (DEPTH, SOUND)
    judge = Judge(plan_with(threshold), {**ALL_METRICS, SOUND.name: SOUND})
    results = judge.evaluate(snapshot)
    assert decide(results, snapshot, invalid=[], interrupted=False).verdict is Verdict.PASS
    snapshot.worker_list = (worker(), worker(1, refused_samples=60))
    decision = decide(results, snapshot, invalid=[], interrupted=False)
    assert decision.verdict is verdict
    assert ("60 values were refused" in decision.reasons[0]) is (verdict is not Verdict.PASS)
