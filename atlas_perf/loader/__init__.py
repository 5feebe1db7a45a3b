"""From a scenario's name to the plan of a run: find the file, import it, check it, resolve it."""

from __future__ import annotations

from atlas_perf.loader.names import find_scenario, shipped_scenarios
from atlas_perf.loader.overrides import Overrides
from atlas_perf.loader.plan_builder import BuiltPlan, build_plan
from atlas_perf.loader.scenario_file import ScenarioFile, load_scenario_file

__all__ = [
    "BuiltPlan",
    "Overrides",
    "ScenarioFile",
    "build_plan",
    "find_scenario",
    "load_scenario_file",
    "shipped_scenarios",
]
