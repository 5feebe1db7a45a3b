"""`GET /api/runs/{id}/stream`: a run's answer as server-sent events, while it is written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Protocol

from aiohttp import web

from atlas_perf.target.answers import Refusal, bad_request, not_found
from atlas_perf.target.faults.board import FaultPoint
from atlas_perf.target.faults.event_delivery import EventDelivery
from atlas_perf.target.lifecycle import Lifecycle
from atlas_perf.target.settings import TargetSettings
from atlas_perf.target.tokens import Token, tokens_of
from atlas_perf.units import NS_PER_S

LONGEST_SLEEP_S = 1.0
"""A stream looks at its run at least this often: it may have been ended from outside."""


class StreamedRun(Protocol):
    """A run of either contract."""

    lifecycle: Lifecycle

    def status_word(self, now_ns: int) -> str: ...


class StreamRoutes:
    """The handler over either contract's runs, found by `find`."""

    def __init__(
        self,
        settings: TargetSettings,
        find: Callable[[str], StreamedRun | None],
        now_ns: Callable[[], int],
        faults: FaultPoint,
    ) -> None:
        """`faults` are those of events."""
        self._seed = settings.seed
        self._max_streams = settings.max_streams
        self._find = find
        self._now_ns = now_ns
        self._faults = faults
        self.streams_open = 0

    async def stream(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["id"]
        run = self._find(key)
        if run is None:
            raise not_found("run", key)
        seen = _tokens_seen(request)
        if self.streams_open >= self._max_streams:
            raise Refusal(503, "unavailable", f"{self._max_streams} streams are open already")
        answer = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        self.streams_open += 1
        try:
            await answer.prepare(request)
            with suppress(ConnectionError):  # the client has heard enough
                await self._tell(request, answer, key, run, seen)
                await answer.write_eof()
        finally:
            self.streams_open -= 1
        return answer

    async def _tell(
        self,
        request: web.Request,
        answer: web.StreamResponse,
        key: str,
        run: StreamedRun,
        seen: int,
    ) -> None:
        delivery = EventDelivery(self._faults, self._now_ns)
        tokens = tokens_of(key, run.lifecycle, seed=self._seed)
        told = seen
        word = ""
        while True:
            now_ns = self._now_ns()
            due = _due_count(tokens, run.lifecycle, now_ns)
            ended = run.lifecycle.status_at(now_ns).terminal
            events = []
            if not ended and word != run.status_word(now_ns):
                word = run.status_word(now_ns)
                events.append(_event("status", {"runId": key, "status": word}))
            events += _token_events(key, tokens, told, due)
            told = max(told, due)
            if ended:
                last = {"runId": key, "status": run.status_word(now_ns), "tokens": due}
                events.append(_event("done", last))
            if events and not await delivery.write(request, answer, events, last=ended):
                return
            if ended:
                return
            await asyncio.sleep(self._pause_s(tokens[told:], run.lifecycle, now_ns))

    def _pause_s(self, left: list[Token], lifecycle: Lifecycle, now_ns: int) -> float:
        moments = [lifecycle.running_from_ns, lifecycle.ended_ns]
        if left:
            moments.append(left[0].due_ns(lifecycle))
        next_ns = min(moment for moment in moments if moment > now_ns)
        return min(LONGEST_SLEEP_S, (next_ns - now_ns) / NS_PER_S)


def _due_count(tokens: list[Token], lifecycle: Lifecycle, now_ns: int) -> int:
    return sum(token.due_ns(lifecycle) <= now_ns for token in tokens)


def _token_events(key: str, tokens: list[Token], told: int, due: int) -> Iterator[bytes]:
    for index in range(told, due):
        said = {"runId": key, "index": index, "text": tokens[index].text}
        yield b"id: %d\n" % (index + 1) + _event("token", said)


def _event(name: str, data: dict[str, object]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def _tokens_seen(request: web.Request) -> int:
    """How many tokens a client that comes back has heard: the id of its last event."""
    text = request.headers.get("Last-Event-ID", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise bad_request("Last-Event-ID must be the id of an event", "Last-Event-ID")
    return int(text)
