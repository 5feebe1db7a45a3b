"""Runs and tasks that fail, last longer, or never end."""

from __future__ import annotations

from atlas_perf.target.lifecycle import TASK_NOMINAL_MS
from atlas_perf.target.tasks import PACE

DAY_MS = 24 * 3600 * 1000


async def status_of_task(target, task_id: str) -> str:
    async with target.get(f"/api/a2a/tasks/{task_id}") as answer:
        return (await answer.json())["status"]


async def submit(target, task_order: dict) -> str:
    async with target.post("/api/a2a/tasks", json=task_order) as answer:
        return (await answer.json())["taskId"]


async def status_of_new_run(target, clock, run_order: dict, after_ms: float) -> str:
    async with target.post("/api/runs", json=run_order) as answer:
        key = (await answer.json())["id"]
    clock.pass_ms(after_ms)
    async with target.get(f"/api/runs/{key}") as answer:
        return (await answer.json())["status"]


async def test_tasks_fail(start_target, clock, task_order, run_order, struck) -> None:
    target = await start_target(faults=("fail@tasks.submit",))
    task = await submit(target, task_order)
    clock.pass_ms(10_000)
    assert await status_of_task(target, task) == "failed"
    assert await status_of_new_run(target, clock, run_order, 10_000) == "completed"
    assert await struck(target) == [1]


async def test_runs_fail(start_target, clock, task_order, run_order, struck) -> None:
    target = await start_target(faults=("fail@runs.create",))
    task = await submit(target, task_order)
    assert await status_of_new_run(target, clock, run_order, 10_000) == "failed"
    assert await status_of_task(target, task) == "completed"
    assert await struck(target) == [1]


async def test_tasks_never_end_unless_a_client_ends_them(start_target, clock, task_order) -> None:
    target = await start_target(faults=("never-end@tasks.submit",))
    task, other = await submit(target, task_order), await submit(target, task_order)
    clock.pass_ms(DAY_MS)
    assert await status_of_task(target, task) == "running"
    async with target.delete(f"/api/a2a/tasks/{other}") as answer:
        assert answer.status == 204
    assert await status_of_task(target, other) == "cancelled"


async def test_runs_last_longer(start_target, clock, run_order, struck) -> None:
    target = await start_target(faults=("longer:1m@runs.create",))
    assert await status_of_new_run(target, clock, run_order, 59_000) == "running"
    assert await status_of_new_run(target, clock, run_order, 70_000) == "completed"
    assert await struck(target) == [2]


async def test_a_share_of_tasks_fails_and_the_rest_live_as_before(
    start_target, clock, task_order, struck
) -> None:
    async def statuses(after_ms: float, *faults: str) -> list[str]:
        target = await start_target(faults=faults)
        tasks = [await submit(target, task_order) for _ in range(40)]
        clock.pass_ms(after_ms)
        return [await status_of_task(target, task) for task in tasks]

    fault = "fail@tasks.submit,share=25%"
    median_ms = TASK_NOMINAL_MS["linting"] * PACE
    healthy = await statuses(10_000)
    faulty = await statuses(10_000, fault)
    assert 3 <= faulty.count("failed") - healthy.count("failed") <= 20
    # The instants are as before: at the median, half of them have ended, the same ones.
    running = [[one == "running" for one in await statuses(median_ms, *f)] for f in ((), (fault,))]
    assert running[0] == running[1]
    assert 10 <= running[0].count(True) <= 30
