"""The benchmark of live objects: its arithmetic, and that its scenario can be run as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas_perf.loader import build_plan, load_scenario_file
from atlas_perf.model.plan import ConstantArrivalRate
from benchmarks.gc_ballast.__main__ import SCENARIO, Reading, ratios, told


def reading(load: str, number: int, p999_ms: float) -> Reading:
    return Reading(load, number, 100, 50.0, 51.0, p999_ms, 60.0, 0.3, 0, 10**8)


def test_ratios_are_taken_within_a_round() -> None:
    readings = [
        reading("without", 0, 50.0),
        reading("with", 0, 55.0),
        reading("with", 1, 88.0),
        reading("without", 1, 80.0),
    ]
    assert ratios(readings, "with", "without") == pytest.approx([1.1, 1.1])
    assert told([1.0, 0.9, 1.2]) == "1.000 (0.900–1.200)"


def test_its_scenario_is_a_rate_of_arrivals() -> None:
    plan = build_plan(load_scenario_file(Path(SCENARIO), {})).plan
    (scenario,) = plan.scenarios
    assert isinstance(scenario.executor, ConstantArrivalRate)
