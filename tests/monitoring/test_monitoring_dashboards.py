"""The shipped dashboards and rules ask for what a run of the shipped scenarios brings."""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

DOCS = Path(__file__).parents[2] / "docs"
DASHBOARDS = {
    file.stem: json.loads(file.read_text()) for file in sorted((DOCS / "grafana").glob("*.json"))
}
PANELS = [
    pytest.param(name, panel, id=f"{name}-{panel['title']}")
    for name, dashboard in DASHBOARDS.items()
    for panel in dashboard["panels"]
]
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


def lost(ours: Any, read: Any, place: str = "$") -> Iterator[str]:
    """Places of a document that a reader did not understand, or read otherwise."""
    if isinstance(ours, dict) and isinstance(read, dict):
        for key, value in ours.items():
            yield from lost(value, read.get(key), f"{place}.{key}")
    elif isinstance(ours, list) and isinstance(read, list) and len(ours) == len(read):
        for number, (one, other) in enumerate(zip(ours, read, strict=True)):
            yield from lost(one, other, f"{place}[{number}]")
    elif ours != read:
        yield place


def read_by_grafana(dashboard: dict[str, Any]) -> dict[str, Any]:
    register_default_plugins()
    return json.loads(JSONEncoder().encode(Dashboard.from_json(copy.deepcopy(dashboard))))


@pytest.mark.parametrize("name", DASHBOARDS)
def test_grafanas_own_types_know_every_field(name):
    dashboard = DASHBOARDS[name]
    assert list(lost(dashboard, read_by_grafana(dashboard))) == []


def test_a_field_that_grafana_does_not_know_would_be_found():
    wrong = copy.deepcopy(DASHBOARDS["api"])
    wrong["panels"][0]["tittle"] = "x"
    wrong["panels"][0]["options"]["graphMod"] = "area"
    assert list(lost(wrong, read_by_grafana(wrong))) == [
        "$.panels[0].options.graphMod",
        "$.panels[0].tittle",
    ]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_is_whole(name):
    dashboard = DASHBOARDS[name]
    assert dashboard["uid"] == f"atlas-perf-{name}"
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        assert panel["description"]
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken
                assert x < 24
                taken.add((x, y))


def test_the_dashboards_are_the_four_of_the_documentation():
    assert set(DASHBOARDS) == {"a2a", "api", "generator", "websocket"}
