"""A2A tasks over HTTP, as the `documented` contract has them."""

from __future__ import annotations

import itertools

import pytest

from atlas_perf.target.deployed.runs import Runs
from atlas_perf.target.lifecycle import TASK_NOMINAL_MS, Status
from atlas_perf.target.settings import TargetSettings
from atlas_perf.target.tasks import QUEUE_SHOWN, Tasks
from atlas_perf.units import NS_PER_MS


def execution(key: str, status: str = "completed") -> dict:
    return {
        "taskId": key,
        "agentId": "agent-2",
        "result": {"status": status, "findings": [{"line": 3}], "executionTime": 12.5},
    }


async def submit(target, order: dict) -> str:
    async with target.post("/api/a2a/tasks", json=order) as answer:
        assert answer.status == 201
        return (await answer.json())["taskId"]


async def status_of(target, key: str) -> str:
    async with target.get(f"/api/a2a/tasks/{key}") as answer:
        assert answer.status == 200
        return (await answer.json())["status"]


async def queue(target, agent: str, status: str = "pending") -> list[str]:
    async with target.get(f"/api/a2a/tasks/queue?agentId={agent}&status={status}") as answer:
        assert answer.status == 200
        return [task["taskId"] for task in (await answer.json())["tasks"]]


async def test_a_submitted_task_answers_with_all_it_was_given(target, task_order) -> None:
    async with target.post("/api/a2a/tasks", json=task_order) as answer:
        body = await answer.json()
        assert answer.status == 201
    assert {name: body[name] for name in task_order} == task_order
    assert body["status"] == "pending"


async def test_a_task_progresses_while_time_passes(target, clock, task_order) -> None:
    key = await submit(target, task_order)
    seen = [await status_of(target, key)]
    clock.pass_ms(125)
    seen.append(await status_of(target, key))
    clock.pass_ms(1000)
    seen.append(await status_of(target, key))
    assert seen == ["pending", "running", "completed"]


async def test_the_queue_holds_what_the_agent_has_open(target, clock, task_order) -> None:
    early = await submit(target, {**task_order, "taskType": "security_scan"})
    await submit(target, {**task_order, "targetAgentId": "agent-3"})
    clock.pass_ms(1000)  # a scan of 1.5 s in the median now runs
    late = await submit(target, task_order)
    assert await queue(target, "agent-2") == [late]
    assert await queue(target, "agent-2", "running") == [early]
    clock.pass_ms(60_000)
    assert await queue(target, "agent-2") == []
    assert await queue(target, "nobody") == []


async def test_a_long_queue_is_cut_at_its_oldest(target, task_order) -> None:
    keys = [await submit(target, task_order) for _ in range(QUEUE_SHOWN + 5)]
    assert await queue(target, "agent-2") == keys[:QUEUE_SHOWN]


@pytest.mark.parametrize(
    ("query", "field"),
    [("status=pending", "agentId"), ("agentId=a&status=completed", "status")],
)
async def test_a_wrong_queue_is_refused_by_name(target, query: str, field: str) -> None:
    async with target.get(f"/api/a2a/tasks/queue?{query}") as answer:
        assert (answer.status, (await answer.json())["field"]) == (400, field)


@pytest.mark.parametrize("outcome", ["completed", "failed"])
async def test_an_executed_task_has_ended_as_reported(target, task_order, outcome: str) -> None:
    key = await submit(target, task_order)
    async with target.put(f"/api/a2a/tasks/{key}/execute", json=execution(key, outcome)) as answer:
        body = await answer.json()
        assert answer.status == 200
    assert body["status"] == outcome
    assert body["result"] == {
        "agentId": "agent-2",
        "status": outcome,
        "findings": 1,
        "executionTime": 12.5,
    }
    assert await status_of(target, key) == outcome
    assert await queue(target, "agent-2") == []


async def test_a_cancelled_task_stays_cancelled(target, clock, task_order) -> None:
    key = await submit(target, task_order)
    async with target.delete(f"/api/a2a/tasks/{key}") as answer:
        assert answer.status == 204
    clock.pass_ms(60_000)
    assert await status_of(target, key) == "cancelled"
    assert await queue(target, "agent-2") == []


async def test_a_task_ends_once(target, clock, task_order) -> None:
    key = await submit(target, task_order)
    clock.pass_ms(60_000)
    async with target.delete(f"/api/a2a/tasks/{key}") as answer:
        assert answer.status == 409
        assert (await answer.json())["message"] == f"task {key!r} is completed already"
    async with target.put(f"/api/a2a/tasks/{key}/execute", json=execution(key)) as answer:
        assert answer.status == 409
    assert await status_of(target, key) == "completed"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "never"), ("PUT", "never/execute"), ("DELETE", "never")],
)
async def test_an_unknown_task_is_not_found(target, method: str, path: str) -> None:
    async with target.request(method, f"/api/a2a/tasks/{path}", json=execution("never")) as answer:
        assert answer.status == 404
        assert "'never'" in (await answer.json())["message"]


async def test_tasks_beyond_the_limit_leave_the_queue_too(start_target, task_order) -> None:
    target = await start_target(max_tasks=3)
    keys = [await submit(target, task_order) for _ in range(10)]
    assert await queue(target, "agent-2") == keys[-3:]


async def test_an_even_mix_of_tasks_ends_within_the_baselines_of_execution(
    clock, task_order
) -> None:
    tasks = Tasks(TargetSettings(), clock)
    kinds = itertools.cycle(TASK_NOMINAL_MS)
    lives = [tasks.submit({**task_order, "taskType": next(kinds)}).lifecycle for _ in range(5000)]
    took_ms = sorted((life.ended_ns - life.created_ns) / NS_PER_MS for life in lives)
    assert took_ms[int(0.95 * len(took_ms))] < 2000
    completed = sum(life.outcome is Status.COMPLETED for life in lives)
    assert completed / len(lives) > 0.99
    assert all(life.outcome is Status.COMPLETED for life in lives[:20])


@pytest.mark.parametrize("mode", ["code", "chat"])
async def test_runs_of_the_deployed_contract_meet_both_baselines(clock, mode: str) -> None:
    runs = Runs(TargetSettings(), clock)
    order = {"repo": "atlas/api", "mode": mode, "issueNumber": 1}
    lives = [runs.create(order).lifecycle for _ in range(3000)]
    took_ms = sorted((life.ended_ns - life.created_ns) / NS_PER_MS for life in lives)
    assert took_ms[int(0.95 * len(took_ms))] < 2000
    assert took_ms[int(0.99 * len(took_ms))] < 5000
    assert sum(life.outcome is Status.FAILED for life in lives) / len(lives) < 0.005
