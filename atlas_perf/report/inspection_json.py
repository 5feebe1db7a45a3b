"""What `atlas-perf inspect --json` prints, for pipelines that decide by it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from atlas_perf.model.plan import (
    EXECUTOR_NAMES,
    ConstantArrivalRate,
    PerVUIterations,
    RampingArrivalRate,
    RampingVUs,
    ScenarioPlan,
    SharedIterations,
    ThresholdPlan,
    executor_duration_ns,
    executor_max_vus,
    planned_arrivals,
)
from atlas_perf.report.inspection import Inspection, arrivals_of, total_ns
from atlas_perf.schedule.peak_rate import peak_rate
from atlas_perf.schedule.phases import phase_spans
from atlas_perf.units import NS_PER_S

SCHEMA_VERSION = "1"


def inspections_to_json(inspections: Sequence[Inspection]) -> str:
    """All plans of a command, which run one after another, and what they come to together."""
    plans = [_plan(one) for one in inspections]
    document = {
        "schema_version": SCHEMA_VERSION,
        "total_duration_s": sum(plan["total_duration_s"] for plan in plans),
        "max_vus": max((plan["max_vus"] for plan in plans), default=0),
        "plans": plans,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _plan(inspection: Inspection) -> dict[str, Any]:
    plan = inspection.plan
    peak = peak_rate(plan.scenarios)
    return {
        "name": plan.name,
        "file": plan.file,
        "environment": inspection.environment,
        "base_url": inspection.base_url,
        "total_duration_s": total_ns(plan) / NS_PER_S,
        "load_duration_s": plan.end_ns / NS_PER_S,
        "graceful_stop_s": (total_ns(plan) - plan.end_ns) / NS_PER_S,
        "max_vus": plan.max_vus,
        "planned_arrivals": arrivals_of(plan),
        "max_rate_per_s": None if peak is None else float(peak.per_s),
        "processes": plan.processes,
        "seed": inspection.seed,
        "scenarios": [_scenario(one) for one in plan.scenarios],
        "thresholds": [_threshold(one) for one in plan.thresholds],
        "default_gates": [_threshold(one) for one in inspection.gates],
        "baselines": inspection.baselines,
        "tags": dict(plan.tags),
        "env": dict(plan.env),
        "calibration_s": None
        if inspection.calibration_ns is None
        else inspection.calibration_ns / NS_PER_S,
        "results_dir": inspection.results_dir,
        "outputs": list(inspection.outputs),
        "limits": [
            {"place": place, "key": key, "value": value} for place, key, value in inspection.limits
        ],
        "options": [
            {
                "option": origin.option,
                "value": origin.value,
                "layer": origin.layer,
                "place": origin.place,
                "over": list(origin.over),
            }
            for origin in inspection.origins
        ],
    }


def _scenario(scenario: ScenarioPlan) -> dict[str, Any]:
    executor = scenario.executor
    plain: dict[str, Any] = {
        "name": scenario.name,
        "executor": EXECUTOR_NAMES[type(executor)],
        "exec": scenario.exec,
        "start_s": scenario.start_time_ns / NS_PER_S,
        "duration_s": executor_duration_ns(executor) / NS_PER_S,
        "graceful_stop_s": scenario.graceful_stop_ns / NS_PER_S,
        "max_vus": executor_max_vus(executor),
        "phases": [
            {
                "phase": span.phase.value,
                "begin_s": span.begin_ns / NS_PER_S,
                "end_s": span.end_ns / NS_PER_S,
                "is_limit": span.is_limit,
            }
            for span in phase_spans(scenario)
        ],
        "env": dict(scenario.env),
        "tags": dict(scenario.tags),
    }
    if isinstance(executor, RampingVUs | RampingArrivalRate):
        begin = executor.start_vus if isinstance(executor, RampingVUs) else executor.start_rate
        plain["start"] = begin
        plain["stages"] = [
            {"duration_s": stage.duration_ns / NS_PER_S, "target": stage.target}
            for stage in executor.stages
        ]
    if isinstance(executor, ConstantArrivalRate):
        plain["rate"] = executor.rate
    if isinstance(executor, ConstantArrivalRate | RampingArrivalRate):
        plain["time_unit_s"] = executor.time_unit_ns / NS_PER_S
        plain["planned_arrivals"] = planned_arrivals(executor)
    if isinstance(executor, SharedIterations | PerVUIterations):
        plain["iterations"] = executor.iterations
    return plain


def _threshold(threshold: ThresholdPlan) -> dict[str, Any]:
    return {
        "metric": threshold.selector,
        "expression": threshold.expression,
        "abort_on_fail": threshold.abort_on_fail,
        "place": threshold.place or None,
    }
