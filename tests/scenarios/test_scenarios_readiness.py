"""Nothing is loaded that is not ready, and the sentence says what came instead."""

from __future__ import annotations

import pytest
from orchestrator_double import OrchestratorDouble

from atlas_perf.testing import fake_virtual_user

TOKEN = "a-token-of-the-test"


@pytest.mark.parametrize("name", ["smoke", "api"])
@pytest.mark.parametrize(
    ("answer", "account"),
    [
        ({"status": 503}, "answered 503, not 200"),
        ({"status": 301}, "answered 301, not 200"),
        ({"status": 401}, "answered 401: set AUTH_TOKEN to a valid token"),
        ({"error": "connection refused"}, "got no answer: connection refused"),
    ],
)
async def test_a_probe_that_fails_ends_the_setup(
    load, user, *, name: str, answer: dict, account: str
) -> None:
    user.http.answer("GET", "/actuator/health", **answer)
    with pytest.raises(Exception, match="not ready") as failure:
        await load(name).file.setup(user)
    assert str(failure.value) == f"the orchestrator is not ready: GET /actuator/health {account}"
    assert len(user.http.requests) == 1


async def test_a_probe_without_a_body_is_enough(load, user) -> None:
    user.http.answer("GET", "/actuator/health")
    await load("smoke").file.setup(user)


@pytest.mark.parametrize(
    ("answer", "account"),
    [
        ({"status": 500}, "POST /api/runs answered 500, not 201"),
        (
            {"status": 201, "json": {}},
            "POST /api/runs answered 201 without the body that its contract promises",
        ),
    ],
)
async def test_a_pool_that_cannot_be_created_ends_the_setup(
    load, user, answer: dict, account: str
) -> None:
    OrchestratorDouble(user.http)
    user.http.answer("POST", "/api/runs", **answer)
    with pytest.raises(Exception, match="no run could be created") as failure:
        await load("api").file.setup(user)
    assert str(failure.value) == f"no run could be created: {account}"


async def test_the_token_is_sent_and_not_said(load) -> None:
    env = {"AUTH_TOKEN": TOKEN}
    with fake_virtual_user(env) as user:
        user.http.answer("GET", "/actuator/health", status=401)
        with pytest.raises(Exception, match="set AUTH_TOKEN") as failure:
            await load("api", env).file.setup(user)
    assert ("Authorization", f"Bearer {TOKEN}") in user.http.requests[0].fields
    assert TOKEN not in str(failure.value)
    assert TOKEN not in str([sample.tags for sample in user.recorded])


async def test_without_a_token_nobody_is_authorized(load, user) -> None:
    user.http.answer("GET", "/actuator/health")
    await load("smoke").file.setup(user)
    assert not user.http.requests[0].has_header("authorization")
