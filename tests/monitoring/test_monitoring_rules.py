"""The shipped rules are Prometheus' own to read, and hold the baselines' limits."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from prometheus_server import program

CHECKOUT = Path(__file__).parents[2]
RULES = CHECKOUT / "docs/prometheus/baselines.rules.yml"
GROUPS = yaml.safe_load(RULES.read_text())["groups"]
RECORDED = [rule for group in GROUPS for rule in group["rules"] if "record" in rule]
ALERTS = [rule for group in GROUPS for rule in group["rules"] if "alert" in rule]
ROWS = tomllib.loads((CHECKOUT / "scenarios/baselines.toml").read_text())["baseline"]


def promtool(*arguments: str) -> None:
    finished = subprocess.run(
        [program("promtool"), *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_promtool_finds_nothing_wrong():
    promtool("check", "rules", "--lint=all", "--lint-fatal", str(RULES))


def test_counters_become_the_alerts_that_they_should():
    promtool("test", "rules", str(Path(__file__).parent / "baselines.rules.test.yml"))


def row_name(row: dict) -> tuple[str, str]:
    return row["component"], row["name"]


def test_every_row_of_the_baselines_is_recorded_and_has_an_alert():
    recorded = [(rule["labels"]["component"], rule["labels"]["baseline"]) for rule in RECORDED]
    assert recorded == [row_name(row) for row in ROWS]
    assert len(ALERTS) == len({alert["alert"] for alert in ALERTS}) == len(ROWS) == 16


@pytest.mark.parametrize(
    ("row", "rule"), list(zip(ROWS, RECORDED, strict=True)), ids=[row["name"] for row in ROWS]
)
def test_a_row_is_recorded_of_its_metric_phase_and_samples(row, rule):
    expression = rule["expr"]
    metric = row["metric"]
    assert f"k6_{metric}" in expression
    scenarios = row["scenario"] if isinstance(row["scenario"], list) else [row["scenario"]]
    assert f'"{"|".join(scenarios)}"' in expression
    assert ('phase="steady"' in expression) == ("phase" in row)
    if row["minimum_samples"] > 1:
        assert expression.endswith(f">= {row['minimum_samples']}")


def case(row: dict, alert: str, value: float, *, fires: bool) -> dict:
    component, name = row_name(row)
    labels = f'component="{component}", baseline="{name}", test="t"'
    # What fires is counted: the words of an alert are not what this is about.
    counted = {"expr": f'count(ALERTS{{alertname="{alert}", alertstate="firing"}})'}
    counted["eval_time"] = "5m"
    if fires:
        counted["exp_samples"] = [{"labels": "{}", "value": 1}]
    series = {"series": f"atlas_perf:baseline{{{labels}}}", "values": f"{value!r}+0x40"}
    return {
        "name": f"{component} {name} is {value}",
        "interval": "15s",
        "input_series": [series],
        "promql_expr_test": [counted],
    }


def test_alerts_fire_at_the_limit_and_not_beside_it(tmp_path):
    cases = []
    for row, alert in zip(ROWS, ALERTS, strict=True):
        operator, _, number = row["limit"].partition(" ")
        limit = float(number) / (1000 if row["unit"] == "ms" else 1)
        held = limit * (0.999 if operator == "<" else 1.001)
        cases.append(case(row, alert["alert"], limit, fires=True))
        cases.append(case(row, alert["alert"], held, fires=False))
    file = tmp_path / "limits.test.yml"
    file.write_text(
        yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "15s", "tests": cases})
    )
    promtool("test", "rules", str(file))
