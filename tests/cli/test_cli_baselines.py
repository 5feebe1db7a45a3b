"""Which baselines a run is judged by: its scenario's own load, or what was asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from atlas_perf.cli.baselines import baselines_of
from atlas_perf.cli.request import RunRequest
from atlas_perf.errors import PlanError, UsageError
from atlas_perf.model.metric import Contains, Metric, MetricKind
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan
from atlas_perf.units import NS_PER_S

METRICS = (
    Metric("ai_latency", MetricKind.TREND, Contains.TIME),
    Metric("ai_success", MetricKind.RATE),
)
PLAN = TestPlan(
    name="mine",
    file="mine.py",
    file_sha256="00",
    scenarios=(ScenarioPlan("default", ConstantVUs(1, 10 * NS_PER_S)),),
)
ROW = """
version = 1

[[baseline]]
component = "Mine"
name = "errors"
scenario = "mine"
metric = "http_req_failed"
aggregation = "rate"
limit = "< 0.01"
unit = ""
minimum_samples = 1
"""


def asked(**changes):
    return replace(RunRequest(("mine.py",), None, {}), **changes)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "b.toml"
    path.write_text(ROW)
    return path


def test_a_file_of_ones_own_has_none_unless_asked():
    assert baselines_of(PLAN, asked(), shipped=False) is None


def test_a_shipped_scenario_without_rows_has_none():
    assert baselines_of(replace(PLAN, name="smoke"), asked(), shipped=True) is None


def test_a_file_is_judged_whatever_the_load(file):
    assert baselines_of(PLAN, asked(baselines=file, vus=3), shipped=False).counted


def test_a_file_without_rows_for_the_scenario_is_refused(file):
    with pytest.raises(UsageError, match=r"no baseline belongs to scenario 'other'.*for mine"):
        baselines_of(replace(PLAN, name="other"), asked(baselines=file), shipped=False)


def test_a_row_of_an_unknown_metric_is_refused_before_the_load(file):
    file.write_text(ROW.replace("http_req_failed", "http_req_faled"))
    with pytest.raises(PlanError, match=r"row 1 .Mine errors.*did you mean 'http_req_failed'"):
        baselines_of(PLAN, asked(baselines=file), shipped=False)


def test_a_file_and_none_exclude_each_other(file):
    with pytest.raises(UsageError, match="exclude each other"):
        baselines_of(PLAN, asked(baselines=file, no_baselines=True), shipped=True)


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"vus": 3}, "--vus"),
        ({"duration_ns": NS_PER_S}, "--duration"),
        ({"rate": 3}, "--rate"),
        ({"duration_scale": 0.5}, "--duration-scale"),
        ({"vus_scale": 0.5}, "--vus-scale"),
    ],
)
def test_another_load_shows_the_rows_and_counts_none(changes, option):
    plan = replace(PLAN, name="api", metrics=METRICS)
    judge = baselines_of(plan, asked(**changes), shipped=True)
    assert not judge.counted
    assert judge.note.startswith(f"{option} changes the load")
    shipped = baselines_of(plan, asked(baselines=Path("shipped"), **changes), shipped=True)
    assert shipped.counted


def test_the_scenarios_own_load_is_judged():
    plan = replace(PLAN, name="api", metrics=METRICS)
    assert baselines_of(plan, asked(), shipped=True).counted
    assert baselines_of(plan, asked(no_baselines=True), shipped=True) is None
