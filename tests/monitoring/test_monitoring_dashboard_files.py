"""The shipped dashboards are what Grafana reads, and say what their numbers are."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dashboards import DASHBOARDS, PANELS
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

BASELINES = Path(__file__).parents[2] / "scenarios/baselines.toml"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
JUDGED = {
    ("api", "Failed"): "API error rate",
    ("api", "p95 of this run"): "API p95 latency",
    ("a2a", "Completed"): "A2A completion rate",
    ("websocket", "Errors"): "WebSocket stability",
}
"""Single numbers whose colour is a baseline's limit."""


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


def datasources(part: Any) -> Iterator[Any]:
    if isinstance(part, dict):
        if "datasource" in part:
            yield part["datasource"]
        for value in part.values():
            yield from datasources(value)
    elif isinstance(part, list):
        for value in part:
            yield from datasources(value)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_whoever_imports_a_dashboard_chooses_its_prometheus(name):
    dashboard = DASHBOARDS[name]
    assert all(one == DATASOURCE for one in datasources(dashboard))
    variables = {one["name"]: one["type"] for one in dashboard["templating"]["list"]}
    assert variables == {"datasource": "datasource", "test": "query", "testid": "query"}
    assert dashboard.get("id") is None  # which is a database's


@pytest.mark.parametrize(("name", "panel"), PANELS)
def test_a_panel_asks_for_the_chosen_runs_and_names_what_it_shows(name, panel):
    assert panel["fieldConfig"]["defaults"]["unit"]
    legends = [target["legendFormat"] for target in panel["targets"]]
    assert len(set(legends)) == len(legends)
    for target in panel["targets"]:
        expression = target["expr"]
        selectors = re.findall(r"k6_\w+\{([^}]*)\}", expression)
        assert len(selectors) == len(re.findall(r"k6_", expression)) > 0
        assert all('test=~"$test", testid=~"$testid"' in one for one in selectors)
        # Anything else is too short for some scrape interval, or smooths what is to be seen.
        assert set(re.findall(r"\[(.*?)\]", expression)) <= {"$__rate_interval"}
        kept = re.findall(r"by \((.*?)\)", expression)
        if panel["type"] != "heatmap":
            labels = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert {frozenset(one.split(", ")) for one in kept} <= {frozenset(labels)}, target


@pytest.mark.parametrize(("name", "panel"), PANELS)
def test_a_single_number_is_coloured_by_a_limit_or_not_at_all(name, panel):
    """Unless told, Grafana paints whatever is 80 or more red."""
    defaults = panel["fieldConfig"]["defaults"]
    if panel["type"] != "stat":
        assert "thresholds" not in defaults
        return
    if defaults["color"]["mode"] == "fixed":
        assert "thresholds" not in defaults
        return
    base, step = defaults["thresholds"]["steps"]
    assert base["value"] is None
    if (name, panel["title"]) in JUDGED:
        rows = tomllib.loads(BASELINES.read_text())["baseline"]
        named = {f"{row['component']} {row['name']}": row for row in rows}
        row = named[JUDGED[name, panel["title"]]]
        operator, _, number = row["limit"].partition(" ")
        limit = float(number) / (1000 if row["unit"] == "ms" else 1)
        colours = ["green", "red"] if operator == "<" else ["red", "green"]
        assert (step["value"], [base["color"], step["color"]]) == (limit, colours)
