"""The a2a scenario: its load, its criteria, and its calls against the reference orchestrator."""

from __future__ import annotations

import inspect

import pytest
from aiohttp.test_utils import TestClient, TestServer

from atlas_perf.loader.plan_builder import build_plan
from atlas_perf.target.app import build_app
from atlas_perf.target.settings import Contract, TargetSettings
from atlas_perf.units import NS_PER_S

EXECUTE = "http_req_duration{operation:execute}"


def test_the_load_lasts_nineteen_minutes(load) -> None:
    (scenario,) = build_plan(load("a2a").file).plan.scenarios
    assert sum(stage.duration_ns for stage in scenario.executor.stages) == 19 * 60 * NS_PER_S


@pytest.mark.parametrize(("contract", "has_it"), [("documented", True), ("deployed", False)])
def test_execution_is_gated_where_it_exists(load, contract, has_it) -> None:
    plan = build_plan(load("a2a", {"CONTRACT": contract}).file).plan
    assert (EXECUTE in {threshold.selector for threshold in plan.thresholds}) is has_it


@pytest.mark.parametrize("name", ["documented", "deployed"])
async def test_what_agents_ask_is_answered_as_promised(load, user, name) -> None:
    adapted = load("a2a", {"CONTRACT": name}).file.functions["default"]
    tasks = inspect.getclosurevars(adapted).nonlocals["function"].__globals__["tasks"]
    app = build_app(TargetSettings(contract=Contract(name), latency_scale=0))
    async with TestClient(TestServer(app)) as client:

        async def ask(call):
            async with client.request(call.method, call.path, json=call.json) as answer:
                assert answer.status == call.expects, await answer.text()
                body = None if answer.status == 204 else await answer.json()
            assert call.promise is None or call.promise.is_kept_by(body)
            return body

        for _ in range(20):
            submitted = await ask(tasks.submit(user))
            await ask(tasks.queue(user))
        if tasks.ends_tasks:
            await ask(tasks.execute(user, submitted["taskId"]))
            submitted = await ask(tasks.submit(user))
            await ask(tasks.cancel(submitted["taskId"]))


def test_a_contract_that_does_not_exist_is_refused(load) -> None:
    with pytest.raises(Exception, match="CONTRACT=undocumented names no contract"):
        load("a2a", {"CONTRACT": "undocumented"})
