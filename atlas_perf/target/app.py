"""The orchestrator as an aiohttp application: which path, whose guard, how slow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Handler

from atlas_perf import clock
from atlas_perf.target.answers import Refusal
from atlas_perf.target.auth import Guard, a2a_guard, bearer_guard, no_guard
from atlas_perf.target.collaboration.hub import Hub
from atlas_perf.target.collaboration.routes import CollaborationRoutes
from atlas_perf.target.counters import Counters, count_answers, refusing
from atlas_perf.target.deployed.routes_runs import RunRoutes as DeployedRunRoutes
from atlas_perf.target.deployed.routes_tasks import TaskRoutes as DeployedTaskRoutes
from atlas_perf.target.deployed.runs import Runs as DeployedRuns
from atlas_perf.target.faults.board import FaultBoard
from atlas_perf.target.faults.operations import RUN_LIFE, SSE_EVENT, TASK_LIFE, WS_MESSAGE
from atlas_perf.target.faults.routes_faults import FaultRoutes
from atlas_perf.target.latency import service_latency
from atlas_perf.target.routes_control import ControlRoutes
from atlas_perf.target.routes_health import health
from atlas_perf.target.routes_metrics import MetricsRoute
from atlas_perf.target.routes_runs import RunRoutes
from atlas_perf.target.routes_stream import StreamRoutes
from atlas_perf.target.routes_tasks import TaskRoutes
from atlas_perf.target.runs import Runs
from atlas_perf.target.settings import Contract, TargetSettings
from atlas_perf.target.stomp.routes import StompRoutes
from atlas_perf.target.tasks import Tasks

MAX_BODY_BYTES = 64 * 1024
"""Largest request body; a larger one is refused with 413. It bounds what one run can hold."""

FAULTS = web.AppKey("faults", FaultBoard)
"""Where it keeps what it does wrong."""

HUB = web.AppKey("hub", Hub)
"""Where the application keeps its sessions."""


def build_app(
    settings: TargetSettings, *, now_ns: Callable[[], int] = clock.now_ns
) -> web.Application:
    """The orchestrator, ready to be served, with the contract that the settings name.

    `now_ns` is the clock that lifecycles and faults go by; tests give one that they move by hand.
    """
    faults = FaultBoard(settings.seed, now_ns, settings.faults)
    hub = Hub(settings, faults.point(WS_MESSAGE), now_ns)
    counters = Counters()

    async def say_goodbye(app: web.Application) -> None:  # noqa: ARG001
        hub.close_all()

    app = web.Application(middlewares=[refusing(counters)], client_max_size=MAX_BODY_BYTES)
    app[HUB] = hub
    app[FAULTS] = faults
    app.on_shutdown.append(say_goodbye)
    count_answers(app, counters)
    add_contract = _add_documented if settings.contract is Contract.DOCUMENTED else _add_deployed
    memory = add_contract(app, settings, hub, now_ns)

    async def forget() -> None:
        memory.forget()
        await faults.restart()

    metrics = MetricsRoute(counters, hub.traffic, memory.held)
    open_to_all = partial(_served, guard=no_guard, settings=settings, faults=faults)
    app.add_routes(
        [
            web.get("/actuator/health", open_to_all(health, "health")),
            web.get("/actuator/prometheus", open_to_all(metrics.read, "metrics")),
        ]
    )
    control = ControlRoutes(settings, counters, hub.traffic, forget)
    app.add_routes(
        [
            web.get("/_target/counters", control.counters),
            web.post("/_target/reset", control.reset),
            web.post("/_target/token", control.token),
            *FaultRoutes(faults).routes(),
        ]
    )
    return app


@dataclass(frozen=True, slots=True)
class Memory:
    """What a contract's routes remember."""

    forget: Callable[[], None]
    held: Callable[[], Mapping[str, int]]  # how much of each kind there is now


def _add_documented(
    app: web.Application, settings: TargetSettings, hub: Hub, now_ns: Callable[[], int]
) -> Memory:
    faults = app[FAULTS]
    all_runs = Runs(settings, now_ns, faults.point(RUN_LIFE))
    all_tasks = Tasks(settings, now_ns, faults.point(TASK_LIFE))
    runs, tasks = RunRoutes(all_runs, now_ns), TaskRoutes(all_tasks, now_ns)
    streams = StreamRoutes(settings, all_runs.find, now_ns, faults.point(SSE_EVENT))
    collaboration = CollaborationRoutes(hub)
    bearer = bearer_guard(settings)
    served = partial(_served, guard=bearer, settings=settings, faults=faults)
    a2a = a2a_guard(settings.a2a_token)
    task_served = partial(_served, guard=a2a, settings=settings, faults=faults)
    opened = partial(_opened, guard=bearer, settings=settings, faults=faults)
    app.add_routes(
        [
            web.post("/api/runs", served(runs.create, "runs.create")),
            web.get("/api/runs", served(runs.list, "runs.list")),
            web.get("/api/runs/{id}", served(runs.read, "runs.read")),
            web.post("/api/runs/{id}/graft", served(runs.graft, "runs.graft")),
            web.delete("/api/runs/{id}", served(runs.delete, "runs.delete")),
            web.get("/api/runs/{id}/stream", opened(streams.stream, "runs.stream")),
            web.post("/api/a2a/tasks", task_served(tasks.submit, "tasks.submit")),
            # Before {taskId}, which would take it for an id.
            web.get("/api/a2a/tasks/queue", task_served(tasks.queue, "tasks.queue")),
            web.get("/api/a2a/tasks/{taskId}", task_served(tasks.status, "tasks.status")),
            web.put("/api/a2a/tasks/{taskId}/execute", task_served(tasks.execute, "tasks.execute")),
            web.delete("/api/a2a/tasks/{taskId}", task_served(tasks.cancel, "tasks.cancel")),
            web.get(
                "/ws/runs/{runId}/collaboration", opened(collaboration.collaborate, "ws.connect")
            ),
        ]
    )

    def forget() -> None:
        all_runs.reset()
        all_tasks.reset()

    def held() -> Mapping[str, int]:
        return {
            "runs": len(all_runs),
            "tasks": len(all_tasks),
            "streams": streams.streams_open,
            "rooms": len(hub.rooms),
        }

    return Memory(forget, held)


def _add_deployed(
    app: web.Application, settings: TargetSettings, hub: Hub, now_ns: Callable[[], int]
) -> Memory:
    faults = app[FAULTS]
    all_runs = DeployedRuns(
        settings, now_ns, faults.point(RUN_LIFE), task_faults=faults.point(TASK_LIFE)
    )
    runs, tasks = DeployedRunRoutes(all_runs, now_ns), DeployedTaskRoutes(all_runs, now_ns)
    streams = StreamRoutes(settings, runs.find, now_ns, faults.point(SSE_EVENT))
    stomp = StompRoutes(hub, settings)
    bearer = bearer_guard(settings)
    served = partial(_served, guard=bearer, settings=settings, faults=faults)
    opened = partial(_opened, settings=settings, faults=faults)
    app.add_routes(
        [
            web.post("/api/runs", served(runs.create, "runs.create")),
            web.get("/api/runs", served(runs.list, "runs.list")),
            web.get("/api/runs/{id}", served(runs.read, "runs.read")),
            web.post("/api/runs/{id}/grafts", served(runs.graft, "runs.graft")),
            web.put("/api/runs/{id}/pruned-steps", served(runs.prune, "runs.prune")),
            web.post("/api/runs/{id}/flags", served(runs.flag, "runs.flag")),
            web.get("/api/runs/{id}/stream", opened(streams.stream, "runs.stream", guard=bearer)),
            web.post("/api/a2a/tasks", served(tasks.submit, "tasks.submit")),
            web.get("/api/a2a/tasks/{taskId}", served(tasks.status, "tasks.status")),
            web.get("/api/a2a/agents", served(tasks.agents, "agents.read")),
            web.get("/api/a2a/capabilities", served(tasks.capabilities, "agents.read")),
            web.get(
                "/.well-known/agent.json",
                _served(tasks.card, "agents.read", no_guard, settings, faults),
            ),
            web.get(
                "/ws/runs/{runId}/collaboration/{server}/{session}/websocket",
                # Who may speak is looked at by the handler: a token may come with CONNECT.
                opened(stomp.converse, "ws.connect", guard=no_guard),
            ),
        ]
    )

    def held() -> Mapping[str, int]:
        return {
            "runs": len(all_runs),
            "streams": streams.streams_open,
            "topics": len(stomp.topics),
        }

    return Memory(all_runs.reset, held)


def _served(
    handler: Callable[[web.Request], Awaitable[web.Response]],
    operation: str,
    guard: Guard,
    settings: TargetSettings,
    faults: FaultBoard,
) -> Handler:
    """The handler behind its guard, as slow as the operation is, refused or not.

    Faults are the outermost layer; an operation without one looks twice whether it has any.
    """
    point = faults.point(operation)
    latency_s = _latency(operation, settings)

    async def serve(request: web.Request) -> web.StreamResponse:
        if point.armed:
            instead = await point.before(request)
            if instead is not None:
                return point.after(instead)
        guard(request)
        try:
            answer = await handler(request)
        except Refusal as refusal:
            answer = refusal.answer()
        pause_s = latency_s()
        if pause_s:
            await asyncio.sleep(pause_s)
        return point.after(answer) if point.armed else answer

    return serve


def _opened(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    operation: str,
    guard: Guard,
    settings: TargetSettings,
    faults: FaultBoard,
) -> Handler:
    """The handler of a long answer behind its guard: what is slow is its beginning."""
    point = faults.point(operation)
    latency_s = _latency(operation, settings)

    async def serve(request: web.Request) -> web.StreamResponse:
        if point.armed:
            instead = await point.before(request)
            if instead is not None:
                return point.after(instead)
        guard(request)
        pause_s = latency_s()
        if pause_s:
            await asyncio.sleep(pause_s)
        return await handler(request)

    return serve


def _latency(operation: str, settings: TargetSettings) -> Callable[[], float]:
    return service_latency(
        operation,
        seed=settings.seed,
        scale=settings.latency_scale,
        models=settings.latencies,
    )
