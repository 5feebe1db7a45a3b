"""What was asked and how it was answered: the server's own count, to hold a load tool against."""

from __future__ import annotations

import asyncio
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

    A request is counted before the head of its answer is sent, so whoever has an answer finds it
    counted. Control requests are not counted.
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


def count_answers(app: web.Application, counters: Counters) -> None:
    """Count every answer of the application just before its head is sent.

    That is where long answers, streams and WebSockets, are counted like short ones: with their
    status, when they begin.
    """

    async def count(request: web.Request, answer: web.StreamResponse) -> None:
        if not request.path.startswith(CONTROL_PREFIX):
            counters.count(endpoint_of(request), str(answer.status))

    app.on_response_prepare.append(count)


def endpoint_of(request: web.Request) -> str:
    """`METHOD /route/{template}`: as many values as there are routes, whatever is asked."""
    resource = request.match_info.route.resource
    template = UNMATCHED if resource is None else resource.canonical
    return f"{request.method} {template}"


def refusing(counters: Counters) -> Middleware:
    """The outermost layer: turns refusals into JSON answers, and counts what gets none."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.answer()
        except web.HTTPException as error:
            # aiohttp's own refusals: no such route, wrong method, body too large.
            message = f"{request.method} {request.path}: {error.reason}"
            return Refusal(error.status, error.reason.lower().replace(" ", "_"), message).answer()
        except (asyncio.CancelledError, ConnectionError):
            counters.count(endpoint_of(request), ABORTED)
            raise

    return answer
