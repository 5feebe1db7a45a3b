"""`/_target/faults`: which faults are ordered, how often they struck, and new orders."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aiohttp import web

from atlas_perf.target.answers import bad_request, json_answer, no_content
from atlas_perf.target.bodies import json_object
from atlas_perf.target.faults.board import MOST_FAULTS, FaultBoard
from atlas_perf.target.faults.grammar import FaultSpecError
from atlas_perf.target.routes_control import loopback_only


class FaultRoutes:
    """Handlers over the board; for clients on this host only, as all control is."""

    def __init__(self, board: FaultBoard) -> None:
        self._board = board

    def routes(self) -> list[web.RouteDef]:
        path = "/_target/faults"
        return [
            web.get(path, self.list, allow_head=False),
            web.put(path, self.replace),
            web.post(path, self.add),
            web.delete(path, self.clear),
        ]

    async def list(self, request: web.Request) -> web.Response:
        loopback_only(request)
        return self._listed()

    async def replace(self, request: web.Request) -> web.Response:
        """The body's faults, and no others."""
        loopback_only(request)
        return await self._order(await _texts(request))

    async def add(self, request: web.Request) -> web.Response:
        """The body's faults, and those that are ordered; all begin anew."""
        loopback_only(request)
        return await self._order([*self._board.texts(), *await _texts(request)])

    async def clear(self, request: web.Request) -> web.Response:
        loopback_only(request)
        await self._board.replace([])
        return no_content()

    async def _order(self, texts: Sequence[str]) -> web.Response:
        try:
            await self._board.replace(texts)
        except FaultSpecError as error:
            raise bad_request(str(error), "faults") from error
        return self._listed()

    def _listed(self) -> web.Response:
        return json_answer(json.dumps({"faults": self._board.plain()}).encode())


async def _texts(request: web.Request) -> Sequence[str]:
    body = await json_object(request)
    return body.texts("faults", at_least=0, at_most=MOST_FAULTS)
