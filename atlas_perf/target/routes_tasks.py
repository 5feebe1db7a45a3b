"""The A2A task endpoints of the `documented` contract."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from atlas_perf.target.answers import (
    Refusal,
    bad_request,
    conflict,
    json_answer,
    no_content,
    not_found,
)
from atlas_perf.target.bodies import json_object
from atlas_perf.target.lifecycle import Status
from atlas_perf.target.tasks import Task, Tasks, read_execution, read_task_order


class TaskRoutes:
    """Handlers over the tasks. A task ends once: executing or cancelling it after is refused."""

    def __init__(self, tasks: Tasks, now_ns: Callable[[], int]) -> None:
        self._tasks = tasks
        self._now_ns = now_ns

    async def submit(self, request: web.Request) -> web.Response:
        """`POST /api/a2a/tasks`"""
        task = self._tasks.submit(read_task_order(await json_object(request)))
        return json_answer(task.json(self._now_ns()), 201)

    async def status(self, request: web.Request) -> web.Response:
        """`GET /api/a2a/tasks/{taskId}`"""
        return json_answer(self._task_of(request).json(self._now_ns()))

    async def queue(self, request: web.Request) -> web.Response:
        """`GET /api/a2a/tasks/queue?agentId=…&status=pending`"""
        agent = request.query.get("agentId", "")
        if not agent:
            raise bad_request("agentId is missing: it names whose queue to read", "agentId")
        status = request.query.get("status", Status.PENDING)
        if status not in (Status.PENDING, Status.RUNNING):
            raise bad_request("status must be pending or running: the rest is done", "status")
        now_ns = self._now_ns()
        entries = b", ".join(task.json(now_ns) for task in self._tasks.queue(agent, Status(status)))
        return json_answer(b'{"tasks": [%b]}' % entries)

    async def execute(self, request: web.Request) -> web.Response:
        """`PUT /api/a2a/tasks/{taskId}/execute`"""
        task = self._task_of(request)
        outcome, result = read_execution(await json_object(request), task.key)
        if not task.lifecycle.end(self._now_ns(), outcome):
            raise self._ended(task)
        task.keep_result(result)
        return json_answer(task.json(self._now_ns()))

    async def cancel(self, request: web.Request) -> web.Response:
        """`DELETE /api/a2a/tasks/{taskId}`"""
        task = self._task_of(request)
        if not task.lifecycle.end(self._now_ns(), Status.CANCELLED):
            raise self._ended(task)
        return no_content()

    def _task_of(self, request: web.Request) -> Task:
        key = request.match_info["taskId"]
        task = self._tasks.find(key)
        if task is None:
            raise not_found("task", key)
        return task

    def _ended(self, task: Task) -> Refusal:
        status = task.lifecycle.status_at(self._now_ns())
        return conflict(f"task {task.key!r} is {status} already")
