"""The `deployed` contract: what the orchestrator's own controllers serve."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from atlas_perf import VirtualUser

from orchestrator.call import Call, has, is_array
from orchestrator.documented import (
    health,
    poll_run,
    run_details,
    run_id_in,
    task_id_in,
    task_status,
)
from orchestrator.payloads import GRAFT_REASONS, PROMPTS, REPOSITORIES

__all__ = [
    "cancel_task",
    "create_run",
    "delete_run",
    "execute_task",
    "graft_run",
    "health",
    "list_runs",
    "poll_run",
    "review_run",
    "run_details",
    "run_id_in",
    "stream_path",
    "submit_task",
    "task_id_in",
    "task_queue",
    "task_status",
    "unknown_run",
]


def create_run(vu: VirtualUser) -> Call:
    return Call(
        does="create run",
        method="POST",
        path="/api/runs",
        name="/api/runs",
        expects=202,
        promise=has("id"),
        json=_order(vu),
    )


def list_runs(*, size: int) -> Call:  # noqa: ARG001 - this contract knows no paging
    return Call(
        does="list runs",
        method="GET",
        path="/api/runs",
        name="/api/runs",
        expects=200,
        promise=is_array(),
    )


def unknown_run(vu: VirtualUser) -> Call:
    never_given = UUID(int=vu.random.getrandbits(128), version=4)
    return Call(
        does="unknown run",
        method="GET",
        path=f"/api/runs/{never_given}",
        name="/api/runs/{id}",
        expects=404,
        tags={"deliberate": "404"},
    )


def stream_path(run_id: str) -> str:
    return f"/api/runs/{run_id}/stream"


def graft_run(vu: VirtualUser, run_id: str) -> Call:
    return Call(
        does="graft run",
        method="POST",
        path=f"/api/runs/{run_id}/grafts",
        name="/api/runs/{id}/grafts",
        expects=200,
        json={"after": "REVIEW", "agentName": vu.random.choice(list(PROMPTS))},
    )


def delete_run(run_id: str) -> None:  # noqa: ARG001
    """This contract deletes nothing."""
    return


def review_run(vu: VirtualUser, run_id: str) -> Call:
    """Prune a step of a run, or flag one: half of the time each."""
    if vu.random.random() < 0.5:
        return Call(
            does="prune run",
            method="PUT",
            path=f"/api/runs/{run_id}/pruned-steps",
            name="/api/runs/{id}/pruned-steps",
            expects=200,
            json={"prunedSteps": "WRITER"},
        )
    return Call(
        does="flag run",
        method="POST",
        path=f"/api/runs/{run_id}/flags",
        name="/api/runs/{id}/flags",
        expects=200,
        json={"stepId": "REVIEW", "note": vu.random.choice(GRAFT_REASONS)},
    )


def submit_task(vu: VirtualUser, task_type: str | None = None) -> Call:  # noqa: ARG001
    """A task is a run under another name; it has no type."""
    return Call(
        does="submit task",
        method="POST",
        path="/api/a2a/tasks",
        name="/api/a2a/tasks",
        expects=202,
        promise=has("taskId"),
        json=_order(vu),
        tags={"operation": "submit"},
    )


def task_queue(vu: VirtualUser) -> Call:
    """There is no queue to read: who is there to take work, or what they can do, instead."""
    what = "agents" if vu.random.random() < 0.5 else "capabilities"
    return Call(
        does=f"read {what}",
        method="GET",
        path=f"/api/a2a/{what}",
        name=f"/api/a2a/{what}",
        expects=200,
        promise=is_array(),
        tags={"operation": "queue"},
    )


def execute_task(vu: VirtualUser, task_id: str) -> None:  # noqa: ARG001
    """This contract lets nobody report an execution."""
    return


def cancel_task(task_id: str) -> None:  # noqa: ARG001
    """This contract cancels nothing."""
    return


def _order(vu: VirtualUser) -> dict[str, Any]:
    """A run by its goal, or by the number of an issue: half of the time each."""
    order: dict[str, Any] = {
        "repo": vu.random.choice(REPOSITORIES),
        "mode": "code" if vu.random.random() < 0.7 else "chat",
    }
    if vu.random.random() < 0.5:
        order["goal"] = vu.random.choice(list(PROMPTS.values()))
    else:
        order["issueNumber"] = vu.random.randrange(1, 5000)
    return order
