"""The A2A endpoints of the `deployed` contract: a task is a run under another name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from uuid import UUID

from aiohttp import web

from atlas_perf.target.answers import bad_request, json_answer, not_found
from atlas_perf.target.bodies import json_object
from atlas_perf.target.deployed.runs import Runs, read_run_order

AGENTS: Mapping[str, tuple[str, ...]] = {
    "pm": ("requirements", "planning"),
    "qualifier": ("classification", "planning"),
    "architect": ("architecture", "design"),
    "developer": ("code-generation", "refactoring"),
    "review": ("code-review", "security-analysis"),
    "tester": ("test-generation", "test-execution"),
    "writer": ("documentation",),
}
"""What each agent can do."""

VERSION = "1.0"


class TaskRoutes:
    """Handlers over the runs, as other agents see them."""

    def __init__(self, runs: Runs, now_ns: Callable[[], int]) -> None:
        self._runs = runs
        self._now_ns = now_ns

    async def submit(self, request: web.Request) -> web.Response:
        """`POST /api/a2a/tasks`"""
        run = self._runs.create(read_run_order(await json_object(request)), as_task=True)
        return json_answer(run.task_json("submitted"), 202)

    async def status(self, request: web.Request) -> web.Response:
        """`GET /api/a2a/tasks/{taskId}`"""
        key = request.match_info["taskId"]
        try:
            run = self._runs.find(str(UUID(key)))
        except ValueError:
            raise bad_request("the id in the path is no UUID", "taskId") from None
        if run is None:
            raise not_found("task", key)
        return json_answer(run.task_json(run.status_word(self._now_ns()).lower()))

    async def agents(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """`GET /api/a2a/agents`"""
        return json_answer(json.dumps([_agent_card(name) for name in AGENTS]).encode())

    async def capabilities(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """`GET /api/a2a/capabilities`"""
        known = sorted({capability for can in AGENTS.values() for capability in can})
        return json_answer(json.dumps(known).encode())

    async def card(self, request: web.Request) -> web.Response:
        """`GET /.well-known/agent.json`"""
        own = {
            "name": "orchestrator",
            "description": "Takes a change from its order to reviewed and tested code",
            "version": VERSION,
            "url": f"{request.scheme}://{request.host}",
            "capabilities": {"streaming": True, "pushNotifications": False},
            "skills": [{"id": name, "name": name, "tags": list(AGENTS[name])} for name in AGENTS],
        }
        return json_answer(json.dumps(own).encode())


def _agent_card(name: str) -> dict[str, object]:
    return {
        "name": name,
        "version": VERSION,
        "capabilities": list(AGENTS[name]),
        "status": "active",
    }
