"""The `documented` contract: the one that the orchestrator was specified with."""

from __future__ import annotations

from typing import Any

from atlas_perf import VirtualUser

from orchestrator.call import Call, has, has_array
from orchestrator.ids import unknown_run_id
from orchestrator.payloads import new_execution, new_graft, new_run, new_task

AI = {"type": "ai"}
"""Tag of the requests that wait for agents; they have thresholds of their own."""


def health() -> Call:
    return Call(
        does="health",
        method="GET",
        path="/actuator/health",
        name="/actuator/health",
        expects=200,
    )


def create_run(vu: VirtualUser) -> Call:
    return Call(
        does="create run",
        method="POST",
        path="/api/runs",
        name="/api/runs",
        expects=201,
        promise=has("id"),
        json=new_run(vu),
    )


def list_runs(*, size: int) -> Call:
    return Call(
        does="list runs",
        method="GET",
        path=f"/api/runs?page=0&size={size}&sort=createdAt,desc",
        name="/api/runs",
        expects=200,
        promise=has_array("content"),
    )


def run_details(run_id: str) -> Call:
    return Call(
        does="run details",
        method="GET",
        path=f"/api/runs/{run_id}",
        name="/api/runs/{id}",
        expects=200,
        promise=has("status"),
    )


def unknown_run(vu: VirtualUser) -> Call:
    return Call(
        does="unknown run",
        method="GET",
        path=f"/api/runs/{unknown_run_id(vu)}",
        name="/api/runs/{id}",
        expects=404,
        tags={"deliberate": "404"},
    )


def poll_run(run_id: str) -> Call:
    return Call(
        does="poll run",
        method="GET",
        path=f"/api/runs/{run_id}",
        name="/api/runs/{id}",
        expects=200,
        promise=has("status"),
        tags=AI,
    )


def stream_path(run_id: str) -> None:  # noqa: ARG001
    """This contract has no live events."""
    return


def graft_run(vu: VirtualUser, run_id: str) -> Call:
    return Call(
        does="graft run",
        method="POST",
        path=f"/api/runs/{run_id}/graft",
        name="/api/runs/{id}/graft",
        expects=200,
        json=new_graft(vu.random),
    )


def delete_run(run_id: str) -> Call:
    return Call(
        does="delete run",
        method="DELETE",
        path=f"/api/runs/{run_id}",
        name="/api/runs/{id}",
        expects=204,
    )


def review_run(vu: VirtualUser, run_id: str) -> None:  # noqa: ARG001
    """Runs are deleted under this contract."""
    return


def run_id_in(body: Any) -> str:
    return str(body["id"])


def submit_task(vu: VirtualUser, task_type: str | None = None) -> Call:
    """A task of this type, or of any."""
    return Call(
        does="submit task",
        method="POST",
        path="/api/a2a/tasks",
        name="/api/a2a/tasks",
        expects=(201, 202),
        promise=has("taskId"),
        json=new_task(vu, task_type),
        tags={"operation": "submit"},
    )


def task_status(task_id: str) -> Call:
    return Call(
        does="task status",
        method="GET",
        path=f"/api/a2a/tasks/{task_id}",
        name="/api/a2a/tasks/{id}",
        expects=200,
        promise=has("status"),
        tags={"operation": "status"},
    )


def task_queue(vu: VirtualUser) -> Call:
    return Call(
        does="read queue",
        method="GET",
        path=f"/api/a2a/tasks/queue?agentId=agent-{vu.id}&status=pending",
        name="/api/a2a/tasks/queue",
        expects=200,
        promise=has_array("tasks"),
        tags={"operation": "queue"},
    )


def execute_task(vu: VirtualUser, task_id: str) -> Call:
    return Call(
        does="execute task",
        method="PUT",
        path=f"/api/a2a/tasks/{task_id}/execute",
        name="/api/a2a/tasks/{id}/execute",
        expects=200,
        json=new_execution(vu, task_id),
        tags={"operation": "execute"},
    )


def cancel_task(task_id: str) -> Call:
    return Call(
        does="cancel task",
        method="DELETE",
        path=f"/api/a2a/tasks/{task_id}",
        name="/api/a2a/tasks/{id}",
        expects=204,
        tags={"operation": "cancel"},
    )


def task_id_in(body: Any) -> str:
    return str(body["taskId"])
