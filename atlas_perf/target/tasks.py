"""A2A tasks: what one is, and all that exist, with a queue for each agent."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice

from atlas_perf.clock import WallAnchor
from atlas_perf.target.bodies import Fields, Json
from atlas_perf.target.faults.board import NO_FAULTS, FaultPoint
from atlas_perf.target.lifecycle import TASK_NOMINAL_MS, Lifecycle, LifecycleSource, Status
from atlas_perf.target.settings import TargetSettings
from atlas_perf.target.state import RecentItems

FAILURE_SHARE = 0.002
"""Tasks that end `failed`: the contract's baseline is a completion rate above 95 %, and a short
test of twenty tasks, too, has to meet it on a healthy target."""

PACE = 0.4
"""Tasks take this part of their nominal time in the median. The nominal times are what clients
estimate; at these an even mix would take 3.3 s at p95, and the baseline of execution is 2 s. With
this pace it is 1.5 s, polling included, which leaves a busy machine a quarter of it."""

QUEUE_SHOWN = 50
"""The most tasks a queue answer holds, oldest first."""

PRIORITIES = ("high", "normal")
COMPLEXITIES = ("high", "medium", "low")
RESULT_STATUSES = (Status.COMPLETED, Status.FAILED)


def read_task_order(body: Fields) -> Json:
    """The body of a submit request, checked.

    Raises:
        Refusal: 400 naming the first field that is missing or wrong.
    """
    return {
        "sourceAgentId": body.text("sourceAgentId"),
        "targetAgentId": body.text("targetAgentId"),
        "taskType": body.one_of("taskType", TASK_NOMINAL_MS),
        "priority": body.one_of("priority", PRIORITIES),
        "payload": _read_payload(body.inside("payload")),
        "metadata": _read_metadata(body.inside("metadata")),
    }


def _read_payload(payload: Fields) -> Json:
    return {
        "repositoryUrl": payload.text("repositoryUrl"),
        "branch": payload.text("branch"),
        "files": payload.texts("files", at_least=1, at_most=10),
        "context": _read_context(payload.inside("context")),
    }


def _read_context(context: Fields) -> Json:
    return {
        "triggeredBy": context.text("triggeredBy"),
        "complexity": context.one_of("complexity", COMPLEXITIES),
        "estimatedDuration": context.amount("estimatedDuration"),
    }


def _read_metadata(metadata: Fields) -> Json:
    return {
        "timestamp": metadata.moment("timestamp"),
        "correlationId": metadata.text("correlationId"),
        "traceId": metadata.text("traceId"),
    }


def read_execution(body: Fields, task_id: str) -> tuple[Status, Json]:
    """The body of an execute request, checked: how the task ended, and the result to keep.

    Raises:
        Refusal: 400 naming the first field that is missing or wrong.
    """
    body.refuse_unless(body.text("taskId") == task_id, "taskId", "must be the task of the path")
    result = body.inside("result")
    outcome = Status(result.one_of("status", RESULT_STATUSES))
    findings = result.array("findings")
    return outcome, {
        "agentId": body.text("agentId"),
        "status": outcome,
        "findings": len(findings),
        "executionTime": result.amount("executionTime"),
    }


class Task:
    """One task. Everything about it that cannot change is JSON from the start."""

    __slots__ = ("_fixed", "_result", "key", "lifecycle", "target_agent")

    def __init__(self, key: str, order: Json, created_at: str, lifecycle: Lifecycle) -> None:
        self.key = key
        self.target_agent = str(order["targetAgentId"])
        self.lifecycle = lifecycle
        fixed = json.dumps({"taskId": key, **order, "createdAt": created_at})
        self._fixed = f'{fixed[:-1]}, "status": "'.encode()
        self._result = b""

    def keep_result(self, result: Json) -> None:
        self._result = b', "result": ' + json.dumps(result).encode()

    def json(self, now_ns: int) -> bytes:
        status = self.lifecycle.status_at(now_ns).encode()
        return b'%b%b"%b}' % (self._fixed, status, self._result)


class Tasks:
    """All tasks that the orchestrator remembers."""

    def __init__(
        self,
        settings: TargetSettings,
        now_ns: Callable[[], int],
        faults: FaultPoint = NO_FAULTS,
    ) -> None:
        """`faults` are those of new lives."""
        self._settings = settings
        self._faults = faults
        self._now_ns = now_ns
        self._anchor = WallAnchor.now()
        self.reset()

    def reset(self) -> None:
        """Forget everything, as if just started with the same seed."""
        self._items: RecentItems[Task] = RecentItems(self._settings.max_tasks)
        self._open_by_agent: dict[str, dict[str, Task]] = {}
        self._created = 0
        self._lifecycles = LifecycleSource(
            TASK_NOMINAL_MS,
            seed=f"tasks:{self._settings.seed}",
            failure_share=FAILURE_SHARE,
            scale=self._settings.lifecycle_scale * PACE,
        )

    def __len__(self) -> int:
        return len(self._items)

    def submit(self, order: Json) -> Task:
        now_ns = self._now_ns()
        self._created += 1
        key = f"task-{self._created:08d}"
        lifecycle = self._lifecycles.begin(str(order["taskType"]), now_ns)
        if self._faults.armed:
            self._faults.change_life(lifecycle)
        task = Task(key, order, self._anchor.rfc3339_at(now_ns), lifecycle)
        self._open_by_agent.setdefault(task.target_agent, {})[key] = task
        forgotten = self._items.add(key, task)
        if forgotten is not None:
            self._leave_queue(forgotten)
        return task

    def find(self, key: str) -> Task | None:
        return self._items.use(key)

    def queue(self, agent: str, status: Status) -> list[Task]:
        """The agent's open tasks in this status, oldest first, at most `QUEUE_SHOWN`."""
        now_ns = self._now_ns()
        open_tasks = {
            key: task
            for key, task in self._open_by_agent.pop(agent, {}).items()
            if not task.lifecycle.status_at(now_ns).terminal
        }
        # Tasks that ended leave when someone looks, or when they are forgotten; an agent with
        # nothing open takes no room.
        if open_tasks:
            self._open_by_agent[agent] = open_tasks
        in_status = (
            task for task in open_tasks.values() if task.lifecycle.status_at(now_ns) is status
        )
        return list(islice(in_status, QUEUE_SHOWN))

    def _leave_queue(self, task: Task) -> None:
        open_tasks = self._open_by_agent.get(task.target_agent)
        if open_tasks is None:
            return
        open_tasks.pop(task.key, None)
        if not open_tasks:
            del self._open_by_agent[task.target_agent]
