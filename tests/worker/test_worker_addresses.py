"""The workers of a run begin at different addresses of a name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from atlas_perf.loader import Overrides, build_plan, load_scenario_file
from atlas_perf.protocols.http.resolver import shared_resolver
from atlas_perf.worker.load import Load
from atlas_perf.worker.recorder import Recorder

SCENARIO = """
options = {"vus": 3, "iterations": 3, "dns": {"ttl": "7s"}}


async def default(vu): ...
"""


def test_each_worker_begins_at_another_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "scenario.py"
    file.write_text(SCENARIO)
    scenario = load_scenario_file(file, {})
    plan = build_plan(scenario, Overrides()).plan
    resolver = shared_resolver(plan.http.dns)

    async def lookup(host: str) -> list[str]:
        return ["10.0.0.1", "10.0.0.2", "10.0.0.3"]

    monkeypatch.setattr(resolver, "_lookup", lookup)
    first = []
    for worker in range(3):
        Load(plan, scenario, Recorder(plan.metrics), worker=worker, workers=3, refuse=print)
        first.append(asyncio.run(resolver.resolve(f"{worker}.example"))[0])
    assert first == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
