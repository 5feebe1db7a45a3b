"""The run endpoints of the `deployed` contract."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from aiohttp import web

from atlas_perf.target.answers import bad_request, json_answer, not_found
from atlas_perf.target.bodies import json_object
from atlas_perf.target.deployed.runs import Run, Runs, read_flag, read_graft, read_run_order


class RunRoutes:
    """Handlers over the runs. Changes are taken in every status of a run, and answered by 200
    without a body, as in the field."""

    def __init__(self, runs: Runs, now_ns: Callable[[], int]) -> None:
        self._runs = runs
        self._now_ns = now_ns

    async def create(self, request: web.Request) -> web.Response:
        """`POST /api/runs`"""
        run = self._runs.create(read_run_order(await json_object(request)))
        return json_answer(run.json(self._now_ns()), 202)

    async def list(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """`GET /api/runs`"""
        now_ns = self._now_ns()
        return json_answer(b"[%b]" % b", ".join(run.json(now_ns) for run in self._runs.newest()))

    async def read(self, request: web.Request) -> web.Response:
        """`GET /api/runs/{id}`"""
        return json_answer(self._run_of(request).json(self._now_ns()))

    async def graft(self, request: web.Request) -> web.Response:
        """`POST /api/runs/{id}/grafts`"""
        run = self._run_of(request)
        run.grafts.append(read_graft(await json_object(request)))
        return web.Response()

    async def prune(self, request: web.Request) -> web.Response:
        """`PUT /api/runs/{id}/pruned-steps`"""
        run = self._run_of(request)
        body = await json_object(request)
        # An empty text prunes nothing any more.
        run.pruned = "" if body.plain().get("prunedSteps") == "" else body.text("prunedSteps")
        return web.Response()

    async def flag(self, request: web.Request) -> web.Response:
        """`POST /api/runs/{id}/flags`"""
        run = self._run_of(request)
        run.flags.append(read_flag(await json_object(request)))
        return web.Response()

    def find(self, key: str) -> Run | None:
        """The run of an id.

        Raises:
            Refusal: 400 if the id is no UUID.
        """
        try:
            return self._runs.find(str(UUID(key)))
        except ValueError:
            raise bad_request("the id in the path is no UUID", "id") from None

    def _run_of(self, request: web.Request) -> Run:
        key = request.match_info["id"]
        run = self.find(key)
        if run is None:
            raise not_found("run", key)
        return run
