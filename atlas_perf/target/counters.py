"""What was asked and how it was answered: the server's own count, to hold a load tool against."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from atlas_perf.target.answers import Refusal

CONTROL_PREFIX = "/_target/"
UNMATCHED = "(unmatched)"
ABORTED = "aborted"
"""Stands for the status of a request whose client was gone before its body had arrived."""


class Counters:
    """Requests since the start or the last reset, by `METHOD /route/{template}` and status.

    A request is counted before its answer is sent, so whoever has an answer finds it counted.
    Control requests are not counted.
    """

    def __init__(self) -> None:
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def count(self, endpoint: str, status: str) -> None:
        self._counts[endpoint][status] += 1

    def reset(self) -> None:
        self._counts.clear()

    def plain(self) -> Mapping[str, Mapping[str, int]]:
        return {
            endpoint: dict(sorted(self._counts[endpoint].items()))
            for endpoint in sorted(self._counts)
        }


def counting(counters: Counters) -> Middleware:
    """The outermost layer: turns refusals into JSON answers and counts every answer."""

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        status = ABORTED
        try:
            answer = await _answer(request, handler)
            status = str(answer.status)
        finally:
            if not request.path.startswith(CONTROL_PREFIX):
                resource = request.match_info.route.resource
                template = UNMATCHED if resource is None else resource.canonical
                counters.count(f"{request.method} {template}", status)
        return answer

    return count


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.answer()
    except web.HTTPException as error:
        # aiohttp's own refusals: no such route, wrong method, body too large.
        message = f"{request.method} {request.path}: {error.reason}"
        return Refusal(error.status, error.reason.lower().replace(" ", "_"), message).answer()
