"""The orchestrator as an aiohttp application: which path, whose guard, how slow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Handler

from atlas_perf import clock
from atlas_perf.target.answers import Refusal
from atlas_perf.target.auth import Guard, a2a_guard, bearer_guard, no_guard
from atlas_perf.target.collaboration.hub import Hub
from atlas_perf.target.collaboration.routes import CollaborationRoutes
from atlas_perf.target.counters import Counters, count_answers, refusing
from atlas_perf.target.faults.board import FaultBoard
from atlas_perf.target.faults.operations import RUN_LIFE, TASK_LIFE, WS_MESSAGE
from atlas_perf.target.faults.routes_faults import FaultRoutes
from atlas_perf.target.latency import service_latency
from atlas_perf.target.routes_control import ControlRoutes
from atlas_perf.target.routes_health import health
from atlas_perf.target.routes_runs import RunRoutes
from atlas_perf.target.routes_tasks import TaskRoutes
from atlas_perf.target.runs import Runs
from atlas_perf.target.settings import TargetSettings
from atlas_perf.target.tasks import Tasks

FAULTS = web.AppKey("faults", FaultBoard)

MAX_BODY_BYTES = 64 * 1024
"""Largest request body; a larger one is refused with 413. It bounds what one run can hold."""

HUB = web.AppKey("hub", Hub)
"""Where the application keeps its sessions."""


def build_app(
    settings: TargetSettings, *, now_ns: Callable[[], int] = clock.now_ns
) -> web.Application:
    """The `documented` contract, ready to be served.

    `now_ns` is the clock that lifecycles and faults go by; tests give one that they move by hand.
    """
    faults = FaultBoard(settings.seed, now_ns, settings.faults)
    runs = Runs(settings, now_ns, faults.point(RUN_LIFE))
    tasks = Tasks(settings, now_ns, faults.point(TASK_LIFE))
    hub = Hub(settings, faults.point(WS_MESSAGE), now_ns)
    counters = Counters()

    async def forget() -> None:
        runs.reset()
        tasks.reset()
        await faults.restart()

    async def say_goodbye(app: web.Application) -> None:  # noqa: ARG001
        hub.close_all()

    app = web.Application(middlewares=[refusing(counters)], client_max_size=MAX_BODY_BYTES)
    app[HUB] = hub
    app[FAULTS] = faults
    app.on_shutdown.append(say_goodbye)
    count_answers(app, counters)
    app.add_routes(_run_routes(RunRoutes(runs, now_ns), settings, faults))
    app.add_routes(_task_routes(TaskRoutes(tasks, now_ns), settings, faults))
    app.add_routes([_collaboration_route(CollaborationRoutes(hub), settings, faults)])
    app.add_routes(
        [web.get("/actuator/health", _served(health, "health", no_guard, settings, faults))]
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


def _run_routes(
    runs: RunRoutes, settings: TargetSettings, faults: FaultBoard
) -> list[web.RouteDef]:
    served = partial(_served, guard=bearer_guard(settings), settings=settings, faults=faults)
    return [
        web.post("/api/runs", served(runs.create, "runs.create")),
        web.get("/api/runs", served(runs.list, "runs.list")),
        web.get("/api/runs/{id}", served(runs.read, "runs.read")),
        web.post("/api/runs/{id}/graft", served(runs.graft, "runs.graft")),
        web.delete("/api/runs/{id}", served(runs.delete, "runs.delete")),
    ]


def _task_routes(
    tasks: TaskRoutes, settings: TargetSettings, faults: FaultBoard
) -> list[web.RouteDef]:
    guard = a2a_guard(settings.a2a_token)
    served = partial(_served, guard=guard, settings=settings, faults=faults)
    return [
        web.post("/api/a2a/tasks", served(tasks.submit, "tasks.submit")),
        # Before {taskId}, which would take it for an id.
        web.get("/api/a2a/tasks/queue", served(tasks.queue, "tasks.queue")),
        web.get("/api/a2a/tasks/{taskId}", served(tasks.status, "tasks.status")),
        web.put("/api/a2a/tasks/{taskId}/execute", served(tasks.execute, "tasks.execute")),
        web.delete("/api/a2a/tasks/{taskId}", served(tasks.cancel, "tasks.cancel")),
    ]


def _collaboration_route(
    routes: CollaborationRoutes, settings: TargetSettings, faults: FaultBoard
) -> web.RouteDef:
    handler = _opened(routes.collaborate, "ws.connect", bearer_guard(settings), settings, faults)
    return web.get("/ws/runs/{runId}/collaboration", handler)


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
