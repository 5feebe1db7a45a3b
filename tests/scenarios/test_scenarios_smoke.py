"""The smoke scenario, without a network."""

from __future__ import annotations

import pytest
from orchestrator_double import OrchestratorDouble

from atlas_perf.loader.plan_builder import build_plan
from atlas_perf.model.plan import ConstantVUs
from atlas_perf.units import NS_PER_S


@pytest.fixture
def smoke(load):
    return load("smoke")


def test_load_and_thresholds_are_the_contracts(smoke) -> None:
    plan = build_plan(smoke.file).plan
    assert plan.scenarios[0].executor == ConstantVUs(vus=1, duration_ns=60 * NS_PER_S)
    assert {(threshold.selector, threshold.expression) for threshold in plan.thresholds} == {
        ("http_req_duration", "p(95)<1000"),
        ("errors", "rate<0.05"),
    }


async def test_an_iteration_is_health_list_and_create(smoke, user) -> None:
    OrchestratorDouble(user.http)
    await smoke.file.functions["default"](user, None)
    assert [(request.method, request.url) for request in user.http.requests] == [
        ("GET", "/actuator/health"),
        ("GET", "/api/runs?page=0&size=5&sort=createdAt,desc"),
        ("POST", "/api/runs"),
    ]
    assert user.slept_s == [1, 1, 2]
    assert [s.value for s in user.recorded if s.metric == "errors"] == [0, 0, 0]


async def test_what_goes_wrong_is_an_error(smoke, user) -> None:
    OrchestratorDouble(user.http)
    user.http.answer("POST", "/api/runs", error="connection refused", error_code=1212)
    await smoke.file.functions["default"](user, None)
    assert [s.value for s in user.recorded if s.metric == "errors"] == [0, 0, 1]
