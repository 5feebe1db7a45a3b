"""What was asked and how it was answered: the server's own count, to hold a load tool against."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from atlas_perf.target.answers import Refusal

_BEGAN_S = web.RequestKey("began_s", float)

CONTROL_PREFIX = "/_target/"
UNMATCHED = "(unmatched)"
ABORTED = "aborted"
"""Stands for the status of a request whose client was gone before its body had arrived."""


METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})
OTHER_METHOD = "OTHER"
"""Stands for every other word that a client puts in the place of a method: a count must not grow
with what clients make up."""


@dataclass(slots=True)
class Tally:
    """Answers of one endpoint with one status. Times are from the head of the request to the head
    of its answer, so the length of a stream is in none of them."""

    count: int = 0
    total_s: float = 0.0
    longest_s: float = 0.0

    def add(self, seconds: float) -> None:
        self.count += 1
        self.total_s += seconds
        self.longest_s = max(self.longest_s, seconds)


class Counters:
    """Requests since the start or the last reset, by `METHOD /route/{template}` and status.

    A request is counted before the head of its answer is sent, so whoever has an answer finds it
    counted. Control requests are not counted.
    """

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], Tally] = {}

    def count(self, endpoint: str, status: str, seconds: float) -> None:
        self._tallies.setdefault((endpoint, status), Tally()).add(seconds)

    def reset(self) -> None:
        self._tallies.clear()

    def plain(self) -> Mapping[str, Mapping[str, int]]:
        counts: dict[str, dict[str, int]] = {}
        for endpoint, status, tally in self:
            counts.setdefault(endpoint, {})[status] = tally.count
        return counts

    def __iter__(self) -> Iterator[tuple[str, str, Tally]]:
        """Endpoint, status and tally, in order of the first two."""
        for endpoint, status in sorted(self._tallies):
            yield endpoint, status, self._tallies[endpoint, status]


def count_answers(app: web.Application, counters: Counters) -> None:
    """Count every answer of the application just before its head is sent.

    That is where long answers, streams and WebSockets, are counted like short ones: with their
    status, when they begin.
    """

    async def count(request: web.Request, answer: web.StreamResponse) -> None:
        if not request.path.startswith(CONTROL_PREFIX):
            counters.count(endpoint_of(request), str(answer.status), _seconds_of(request))

    app.on_response_prepare.append(count)


def endpoint_of(request: web.Request) -> str:
    """`METHOD /route/{template}`: as many values as there are routes, whatever is asked."""
    resource = request.match_info.route.resource
    template = UNMATCHED if resource is None else resource.canonical
    method = request.method if request.method in METHODS else OTHER_METHOD
    return f"{method} {template}"


def _seconds_of(request: web.Request) -> float:
    began_s: float = request[_BEGAN_S]
    return time.monotonic() - began_s


def refusing(counters: Counters) -> Middleware:
    """The outermost layer: turns refusals into JSON answers, and counts what gets none."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[_BEGAN_S] = time.monotonic()
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.answer()
        except web.HTTPException as error:
            # aiohttp's own refusals: no such route, wrong method, body too large.
            message = f"{request.method} {request.path}: {error.reason}"
            return Refusal(error.status, error.reason.lower().replace(" ", "_"), message).answer()
        except (asyncio.CancelledError, ConnectionError):
            counters.count(endpoint_of(request), ABORTED, _seconds_of(request))
            raise

    return answer
