"""From a scenario's name to the plan of a run: find the file, import it, check it, resolve it.

Names are loaded on first use: a worker needs scenario files, and nothing of plans' making.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atlas_perf.loader.names import (
        find_scenario,
        shipped_baselines,
        shipped_scenarios,
        with_all,
    )
    from atlas_perf.loader.option_defaults import OptionDefaults, unused_profile, with_defaults
    from atlas_perf.loader.overrides import Overrides
    from atlas_perf.loader.plan_builder import BuiltPlan, build_plan
    from atlas_perf.loader.scenario_file import ScenarioFile, load_scenario_file

_HOMES = {
    "BuiltPlan": "plan_builder",
    "Overrides": "overrides",
    "ScenarioFile": "scenario_file",
    "build_plan": "plan_builder",
    "find_scenario": "names",
    "load_scenario_file": "scenario_file",
    "shipped_baselines": "names",
    "shipped_scenarios": "names",
    "with_all": "names",
    "OptionDefaults": "option_defaults",
    "unused_profile": "option_defaults",
    "with_defaults": "option_defaults",
}

__all__ = [
    "BuiltPlan",
    "OptionDefaults",
    "Overrides",
    "ScenarioFile",
    "build_plan",
    "find_scenario",
    "load_scenario_file",
    "shipped_baselines",
    "shipped_scenarios",
    "unused_profile",
    "with_all",
    "with_defaults",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
