"""What agents do with tasks, in either contract."""

from __future__ import annotations

from typing import Any, Protocol

from atlas_perf import VirtualUser, env

from orchestrator.call import Call, Promise, has, has_array
from orchestrator.payloads import new_deployed_run, new_result, new_task

PATH, NAME = "/api/a2a/tasks", "/api/a2a/tasks/{id}"


def operation(name: str) -> dict[str, str]:
    """The tag that tells a task's requests apart."""
    return {"operation": name}


def submission(expects: int, json: Any) -> Call:
    return Call(
        does="submit task",
        method="POST",
        path=PATH,
        name=PATH,
        expects=expects,
        promise=has("taskId"),
        json=json,
        tags=operation("submit"),
    )


class Tasks(Protocol):
    """The tasks of a contract. `ends_tasks`: whether a client may execute and cancel them."""

    ends_tasks: bool

    def submit(self, vu: VirtualUser) -> Call: ...

    def queue(self, vu: VirtualUser) -> Call:
        """What an agent looks at for work: its queue, or who the agents are."""
        ...

    def execute(self, vu: VirtualUser, task_id: str) -> Call: ...

    def cancel(self, task_id: str) -> Call: ...


class DocumentedTasks:
    """Tasks have bodies of their own, a queue for each agent, and an end that clients report."""

    ends_tasks = True

    def submit(self, vu: VirtualUser) -> Call:
        return submission(201, new_task(vu))

    def queue(self, vu: VirtualUser) -> Call:
        return Call(
            does="read queue",
            method="GET",
            path=f"{PATH}/queue?agentId=agent-{vu.id}&status=pending",
            name=f"{PATH}/queue",
            expects=200,
            promise=has_array("tasks"),
            tags=operation("queue"),
        )

    def execute(self, vu: VirtualUser, task_id: str) -> Call:
        return Call(
            does="execute task",
            method="PUT",
            path=f"{PATH}/{task_id}/execute",
            name=f"{NAME}/execute",
            expects=200,
            promise=has("status"),
            json=new_result(vu, task_id),
            tags=operation("execute"),
        )

    def cancel(self, task_id: str) -> Call:
        return Call(
            does="cancel task",
            method="DELETE",
            path=f"{PATH}/{task_id}",
            name=NAME,
            expects=204,
            tags=operation("cancel"),
        )


class DeployedTasks(DocumentedTasks):
    """A task is a run: it ends by itself, and there is no queue, but agents to look up."""

    ends_tasks = False

    def submit(self, vu: VirtualUser) -> Call:
        return submission(202, new_deployed_run(vu.random))

    def queue(self, vu: VirtualUser) -> Call:  # noqa: ARG002
        return Call(
            does="list agents",
            method="GET",
            path="/api/a2a/agents",
            name="/api/a2a/agents",
            expects=200,
            promise=Promise("body is an array", lambda body: isinstance(body, list)),
            tags=operation("queue"),
        )


TASKS: dict[str, Tasks] = {"documented": DocumentedTasks(), "deployed": DeployedTasks()}


def agent_headers(vu: VirtualUser) -> dict[str, str]:
    """Who asks, and `X-A2A-Token` if A2A_TOKEN is set."""
    token = env.get("A2A_TOKEN", "")
    return {"X-Agent-Id": f"agent-{vu.id}", **({"X-A2A-Token": token} if token else {})}


def tasks_named(name: str) -> Tasks:
    """The tasks of the contract of this name.

    Raises:
        ValueError: if there is none.
    """
    if name not in TASKS:
        raise ValueError(
            f"CONTRACT={name} names no contract of the orchestrator: choose {', '.join(TASKS)}"
        )
    return TASKS[name]
