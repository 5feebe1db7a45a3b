"""What a request may not be, and what the refusal says."""

from __future__ import annotations

import pytest

MISSING = object()


def put(body: dict, path: str, value: object) -> dict:
    *parents, last = path.split(".")
    place = body
    for name in parents:
        place = place[name]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return body


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("repoUrl", MISSING),
        ("repoUrl", ""),
        ("branch", 7),
        ("agentType", "poet"),
        ("agentType", ["security"]),
        ("prompt", None),
        ("metadata", MISSING),
        ("metadata", []),
        ("metadata.userId", MISSING),
        ("metadata.sessionId", 1.5),
        ("metadata.timestamp", "yesterday"),
        ("metadata.timestamp", True),
        ("metadata.timestamp", -1),
    ],
)
async def test_a_wrong_run_is_refused_by_field(target, run_order, path: str, value) -> None:
    async with target.post("/api/runs", json=put(run_order, path, value)) as answer:
        body = await answer.json()
    assert (answer.status, body["error"], body["field"]) == (400, "bad_request", path)
    assert body["message"].startswith(f"{path} ")
    assert ("is missing" in body["message"]) == (value is MISSING)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sourceAgentId", MISSING),
        ("targetAgentId", ""),
        ("taskType", "cooking"),
        ("priority", "urgent"),
        ("payload", "x"),
        ("payload.repositoryUrl", MISSING),
        ("payload.branch", None),
        ("payload.files", []),
        ("payload.files", ["a"] * 11),
        ("payload.files", ["a", 1]),
        ("payload.files", "a.py"),
        ("payload.context", MISSING),
        ("payload.context.triggeredBy", 0),
        ("payload.context.complexity", "extreme"),
        ("payload.context.estimatedDuration", -1),
        ("payload.context.estimatedDuration", False),
        ("metadata.timestamp", MISSING),
        ("metadata.correlationId", ""),
        ("metadata.traceId", MISSING),
    ],
)
async def test_a_wrong_task_is_refused_by_field(target, task_order, path: str, value) -> None:
    async with target.post("/api/a2a/tasks", json=put(task_order, path, value)) as answer:
        assert (answer.status, (await answer.json())["field"]) == (400, path)


@pytest.mark.parametrize(
    ("path", "value"),
    [("agentId", MISSING), ("position", -1), ("position", "2"), ("reason", "")],
)
async def test_a_wrong_graft_is_refused_by_field(target, run_order, path: str, value) -> None:
    async with target.post("/api/runs", json=run_order) as answer:
        key = (await answer.json())["id"]
    graft = put({"agentId": "sre", "position": 1, "reason": "why"}, path, value)
    async with target.post(f"/api/runs/{key}/graft", json=graft) as answer:
        assert (answer.status, (await answer.json())["field"]) == (400, path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("taskId", "task-of-another-path"),
        ("agentId", MISSING),
        ("result", 1),
        ("result.status", "cancelled"),
        ("result.findings", {}),
        ("result.executionTime", "12"),
    ],
)
async def test_a_wrong_execution_is_refused_and_changes_nothing(
    target, task_order, path: str, value
) -> None:
    async with target.post("/api/a2a/tasks", json=task_order) as answer:
        key = (await answer.json())["taskId"]
    result = {"status": "completed", "findings": [], "executionTime": 1}
    execution = put({"taskId": key, "agentId": "agent-2", "result": result}, path, value)
    async with target.put(f"/api/a2a/tasks/{key}/execute", json=execution) as answer:
        assert (answer.status, (await answer.json())["field"]) == (400, path)
    async with target.get(f"/api/a2a/tasks/{key}") as answer:
        assert (await answer.json())["status"] == "pending"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the body is not JSON"),
        (b"{", "the body is not JSON"),
        (b'{"a": NaN}', "the body is not JSON"),
        (b"\xff\xfe{}", "the body is not JSON"),
        (b"[" * 30_000, "the body is not JSON"),
        (b"[]", "the body must be a JSON object"),
    ],
    ids=["empty", "cut", "nan", "binary", "deep", "array"],
)
async def test_a_body_that_is_no_json_object_is_refused(target, data: bytes, message: str) -> None:
    async with target.post("/api/runs", data=data) as answer:
        assert (answer.status, (await answer.json())["message"]) == (400, message)


async def test_an_oversized_body_is_refused(target, run_order) -> None:
    run_order["prompt"] = "x" * 70_000
    async with target.post("/api/runs", json=run_order) as answer:
        assert answer.status == 413
        assert answer.content_type == "application/json"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/x", 404), ("PUT", "/api/runs", 405)]
)
async def test_what_no_route_serves_is_refused_in_json(target, method, path, status) -> None:
    async with target.request(method, path) as answer:
        assert (answer.status, answer.content_type) == (status, "application/json")


async def test_no_token_is_asked_for_by_default(target) -> None:
    async with target.get("/api/runs") as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "right"}, 401),
        ({"X-A2A-Token": "right"}, 401),
        ({"Authorization": "Bearer right"}, 200),
    ],
)
async def test_runs_ask_for_the_bearer_token(start_target, headers: dict, status: int) -> None:
    target = await start_target(auth_token="right")
    async with target.get("/api/runs", headers=headers) as answer:
        assert answer.status == status
        assert "right" not in await answer.text()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-A2A-Token": "wr\u00f6ng"}, 401),
        ({"Authorization": "Bearer right"}, 401),
        ({"X-A2A-Token": "right"}, 200),
    ],
)
async def test_tasks_ask_for_the_a2a_token(start_target, headers: dict, status: int) -> None:
    target = await start_target(a2a_token="right")
    async with target.get("/api/a2a/tasks/queue?agentId=a", headers=headers) as answer:
        assert answer.status == status


async def test_health_asks_for_no_token(start_target) -> None:
    target = await start_target(auth_token="right", a2a_token="right")
    async with target.get("/actuator/health") as answer:
        assert answer.status == 200
