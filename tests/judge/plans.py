"""Plans with nothing in them but what is judged."""

from __future__ import annotations

from atlas_perf.model.metric import BUILTIN_METRICS, Contains, Metric, MetricKind
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan, ThresholdPlan
from atlas_perf.units import NS_PER_S

DEPTH = Metric("queue_depth", MetricKind.TREND)
STAGED = Metric("staged", MetricKind.TREND, Contains.TIME)
ALL_METRICS = {**BUILTIN_METRICS, DEPTH.name: DEPTH, STAGED.name: STAGED}


def plan_with(*thresholds: ThresholdPlan | tuple[str, str], **changes: object) -> TestPlan:
    fields = {
        "name": "api",
        "file": "api.py",
        "file_sha256": "00",
        "scenarios": (ScenarioPlan("api", ConstantVUs(1, 10 * NS_PER_S)),),
        "thresholds": tuple(
            one if isinstance(one, ThresholdPlan) else ThresholdPlan(*one) for one in thresholds
        ),
        "default_gates": False,
        **changes,
    }
    return TestPlan(**fields)
