"""The shipped dashboards and rules ask for what a run of the shipped scenarios brings."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dashboards import PANELS

DOCS = Path(__file__).parents[2] / "docs"
RECORDED = [
    rule
    for group in yaml.safe_load((DOCS / "prometheus/baselines.rules.yml").read_text())["groups"]
    for rule in group["rules"]
    if "record" in rule
]

VARIABLES = {"$__rate_interval": "6s", "$__range": "5m", "$testid": ".*"}


def seen(orchestrated: Any, expression: str) -> list[float]:
    """All values of an expression while the runs went on."""
    data = orchestrated.prometheus.get(
        "/api/v1/query_range",
        query=expression,
        start=repr(orchestrated.begin_unix_s),
        end=repr(orchestrated.end_unix_s),
        step="2s",
    )
    values = [
        float(value)
        for series in data["result"]
        for _, value in series.get("values", [(0, "0") for _ in series.get("histograms", [])])
    ]
    return [value for value in values if not math.isnan(value)]


def asked(expression: str, test: str) -> str:
    for name, value in {**VARIABLES, "$test": test}.items():
        expression = expression.replace(name, value)
    assert "$" not in expression
    return expression


@pytest.mark.parametrize(("name", "panel"), PANELS)
def test_no_panel_is_empty(orchestrated, name, panel):
    test = ".*" if name == "generator" else name
    for target in panel["targets"]:
        expression = asked(target["expr"], test)
        assert seen(orchestrated, expression), expression


@pytest.mark.parametrize(
    "rule",
    RECORDED,
    ids=[f"{r['labels']['component']}-{r['labels']['baseline']}" for r in RECORDED],
)
def test_every_recorded_row_has_values(orchestrated, rule):
    if rule["labels"]["baseline"] == "reconnection p95":
        assert seen(orchestrated, rule["expr"]) == []  # nothing was lost
        return
    any_number = re.sub(r">= \d+$", ">= 0", rule["expr"])
    assert seen(orchestrated, any_number), any_number


def test_the_runs_lost_nothing(orchestrated):
    for run in orchestrated.runs.values():
        (written,) = run.summary["outputs"]
        assert written["complete"], written
