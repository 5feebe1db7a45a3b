"""a2a: the contract's load and mix, and tasks that count whatever becomes of them."""

from __future__ import annotations

import json

import pytest

from atlas_perf.loader.plan_builder import build_plan
from atlas_perf.protocols.http.response import Response
from atlas_perf.units import NS_PER_S


@pytest.fixture
def a2a(load):
    return load("a2a")


def answer(status: int, body: object) -> Response:
    return Response(status=status, wire_body=json.dumps(body).encode())


def serve(user, end: str = "completed", *, status: int = 200) -> None:
    user.http.answer("POST", "/api/a2a/tasks", lambda _: answer(201, {"taskId": "t-1"}))
    user.http.answer("GET", "/api/a2a/tasks/queue?*", json={"tasks": []})
    user.http.answer("GET", "/api/a2a/tasks/t-1", lambda _: answer(status, {"status": end}))
    user.http.answer("PUT", "/api/a2a/tasks/t-1/execute", json={"status": "completed"})
    user.http.answer("DELETE", "/api/a2a/tasks/t-1", lambda _: Response(status=204))


def values(user, metric: str) -> list[float]:
    return [sample.value for sample in user.recorded if sample.metric == metric]


def test_load_and_thresholds_are_the_contracts(a2a) -> None:
    plan = build_plan(a2a.file).plan
    agents, stream = plan.scenarios
    minutes = [(s.duration_ns / NS_PER_S / 60, s.target) for s in agents.executor.stages]
    assert minutes == [
        (0.5, 10), (2, 30), (3, 60), (5, 100), (5, 100), (2, 120), (1, 50), (0.5, 0)
    ]  # fmt: skip
    assert stream.start_time_ns == 10.5 * 60 * NS_PER_S
    assert {(t.selector, t.expression) for t in plan.thresholds} == {
        ("http_req_duration", "p(95)<500"),
        ("http_req_duration{operation:submit}", "p(95)<500"),
        ("http_req_duration{operation:execute}", "p(95)<2000"),
        ("a2a_errors", "rate<0.01"),
        ("http_req_failed", "rate<0.01"),
        ("task_completion_rate", "rate>0.95"),
    }


def test_nothing_is_asked_of_operations_that_a_contract_has_not(load) -> None:
    plan = build_plan(load("a2a", {"CONTRACT": "deployed"}).file).plan
    assert "http_req_duration{operation:execute}" not in {t.selector for t in plan.thresholds}


async def test_a_task_is_followed_to_its_end(a2a, user) -> None:
    serve(user)
    await a2a.namespace["submit_and_wait"](user)
    assert values(user, "task_completion_rate") == [1]
    assert len(values(user, "task_execution_latency")) == 1
    assert values(user, "tasks_submitted") == [1]


@pytest.mark.parametrize(("end", "status"), [("failed", 200), ("cancelled", 200), ("", 404)])
async def test_a_task_that_does_not_complete_counts_against_completion(
    a2a, user, end: str, status: int
) -> None:
    serve(user, end, status=status)
    await a2a.namespace["submit_and_wait"](user)
    assert values(user, "task_completion_rate") == [0]
    assert values(user, "task_execution_latency") == []
    assert 1 in values(user, "a2a_errors")


async def test_a_task_that_is_not_accepted_is_an_error_and_no_task(a2a, user) -> None:
    user.http.answer("POST", "/api/a2a/tasks", lambda _: answer(503, {}))
    await a2a.namespace["submit_and_wait"](user)
    assert values(user, "a2a_errors") == [1]
    assert values(user, "tasks_submitted") == []
    assert values(user, "task_completion_rate") == []


async def test_executing_and_cancelling_use_tasks_of_their_own(a2a, user) -> None:
    serve(user)
    await a2a.namespace["execute_one"](user)
    await a2a.namespace["cancel_one"](user)
    methods = [request.method for request in user.http.requests]
    assert methods == ["POST", "PUT", "POST", "DELETE"]
    assert values(user, "task_completion_rate") == []
    assert all(user.checks[name] for name in user.checks)


async def test_agents_say_who_they_are_and_show_their_token(load, user) -> None:
    user.env = {**user.env, "A2A_TOKEN": "hush"}
    serve(user)
    await load("a2a").namespace["execute_one"](user)
    fields = dict(user.http.requests[0].fields)
    assert fields["X-Agent-Id"] == f"agent-{user.id}"
    assert fields["X-A2A-Token"] == "hush"


async def test_a_poll_that_fails_is_an_error_and_not_the_tasks_end(a2a, user) -> None:
    answers = iter([answer(503, {}), answer(200, {"status": "completed"})])
    user.http.answer("POST", "/api/a2a/tasks", lambda _: answer(201, {"taskId": "t-1"}))
    user.http.answer("GET", "/api/a2a/tasks/t-1", lambda _: next(answers))
    await a2a.namespace["submit_and_wait"](user)
    assert values(user, "a2a_errors").count(1) == 1
    assert values(user, "task_completion_rate") == [1]
    assert user.checks["task status: status is 200"] == [0, 1]


async def test_a_poll_with_a_broken_body_is_an_error_and_not_the_tasks_end(a2a, user) -> None:
    broken = Response(status=200, wire_body=b'{"sta')
    answers = iter([broken, answer(200, {"status": "completed"})])
    user.http.answer("POST", "/api/a2a/tasks", lambda _: answer(201, {"taskId": "t-1"}))
    user.http.answer("GET", "/api/a2a/tasks/t-1", lambda _: next(answers))
    await a2a.namespace["submit_and_wait"](user)
    assert values(user, "a2a_errors").count(1) == 1
    assert values(user, "task_completion_rate") == [1]


async def test_a_submission_without_an_id_is_an_error_and_no_task(a2a, user) -> None:
    user.http.answer("POST", "/api/a2a/tasks", lambda _: Response(status=201, wire_body=b'{"ta'))
    await a2a.namespace["submit_and_wait"](user)
    assert values(user, "a2a_errors") == [1]
    assert values(user, "tasks_submitted") == []
    assert values(user, "task_completion_rate") == []
