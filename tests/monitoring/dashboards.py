"""The shipped dashboards, as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

DASHBOARDS = {
    file.stem: json.loads(file.read_text())
    for file in sorted((Path(__file__).parents[2] / "docs/grafana").glob("*.json"))
}
PANELS = [
    pytest.param(name, panel, id=f"{name}-{panel['title']}")
    for name, dashboard in DASHBOARDS.items()
    for panel in dashboard["panels"]
]
