"""The run endpoints of the `documented` contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs

from aiohttp import web

from atlas_perf.target.answers import bad_request, json_answer, no_content, not_found
from atlas_perf.target.bodies import json_object
from atlas_perf.target.runs import Run, Runs, read_graft, read_run_order

MAX_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The part of the list that was asked for."""

    number: int = 0
    size: int = 20
    newest_first: bool = True


class RunRoutes:
    """Handlers over the runs. A run is never busy: a graft is taken in every status, because the
    contract knows no other answer than 200 for a run that exists."""

    def __init__(self, runs: Runs, now_ns: Callable[[], int]) -> None:
        self._runs = runs
        self._now_ns = now_ns

    async def create(self, request: web.Request) -> web.Response:
        """`POST /api/runs`"""
        run = self._runs.create(read_run_order(await json_object(request)))
        return json_answer(run.json(self._now_ns()), 201)

    async def list(self, request: web.Request) -> web.Response:
        """`GET /api/runs?page=0&size=20&sort=createdAt,desc`"""
        page = read_page(request.rel_url.raw_query_string)
        now_ns = self._now_ns()
        entries = b", ".join(
            run.summary_json(now_ns)
            for run in self._runs.page(page.number, page.size, newest_first=page.newest_first)
        )
        total = len(self._runs)
        return json_answer(
            b'{"content": [%b], "number": %d, "size": %d, "totalElements": %d, "totalPages": %d}'
            % (entries, page.number, page.size, total, -(-total // page.size))
        )

    async def read(self, request: web.Request) -> web.Response:
        """`GET /api/runs/{id}`"""
        return json_answer(self._run_of(request).json(self._now_ns()))

    async def graft(self, request: web.Request) -> web.Response:
        """`POST /api/runs/{id}/graft`"""
        run = self._run_of(request)
        run.graft(read_graft(await json_object(request)))
        return json_answer(run.json(self._now_ns()))

    async def delete(self, request: web.Request) -> web.Response:
        """`DELETE /api/runs/{id}`"""
        key = request.match_info["id"]
        if not self._runs.delete(key):
            raise not_found("run", key)
        return no_content()

    def _run_of(self, request: web.Request) -> Run:
        key = request.match_info["id"]
        run = self._runs.find(key)
        if run is None:
            raise not_found("run", key)
        return run


@lru_cache(maxsize=1024)
def read_page(query: str) -> PageRequest:
    """The page named by a raw query string; absent parameters have the contract's defaults.

    Raises:
        Refusal: 400 naming the parameter that is wrong.
    """
    parameters = {name: values[-1] for name, values in parse_qs(query).items()}
    return PageRequest(
        number=_whole_number(parameters, "page", 0, 1_000_000, 0),
        size=_whole_number(parameters, "size", 1, MAX_PAGE_SIZE, 20),
        newest_first=_newest_first(parameters.get("sort", "createdAt,desc")),
    )


def _whole_number(
    parameters: dict[str, str], name: str, least: int, most: int, default: int
) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise bad_request(f"{name} must be a whole number from {least} to {most}", name)
    return int(text)


def _newest_first(sort: str) -> bool:
    match sort.split(","):
        case ["createdAt"] | ["createdAt", "asc"]:
            return False
        case ["createdAt", "desc"]:
            return True
    raise bad_request("sort must be createdAt,desc or createdAt,asc", "sort")
