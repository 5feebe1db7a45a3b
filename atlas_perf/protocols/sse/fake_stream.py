"""An event stream without a network: what an answer holds, read by the parser of the real ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any

from atlas_perf import clock
from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.headers import Headers
from atlas_perf.protocols.http.request import Request
from atlas_perf.protocols.http.response import Response
from atlas_perf.protocols.sse.event_parser import EventParser, ServerSentEvent
from atlas_perf.protocols.sse.stream_opening import StreamOpening, resuming


class FakeEventStream:
    """As `EventStream`, with all events there at once; the scenario's count of tokens is asked."""

    def __init__(
        self,
        opening: StreamOpening,
        request: Request,
        answered: Callable[[Request], Coroutine[Any, Any, Response]],
    ) -> None:
        """`answered` gives the response that the stream is read from.

        Raises:
            ValueError, TypeError: as the real one.
        """
        self._request = request
        self._answered = answered
        self._parser = EventParser(opening.max_event_bytes)
        self._count = opening.token_count
        opening.stall_ns  # noqa: B018 - asked so that a wrong one is refused here as well
        self._waiting: deque[ServerSentEvent] = deque()
        self.response: Response | None = None
        self.events = 0

    @property
    def _answer(self) -> Response:
        assert self.response is not None, "enter it first, with `async with`"
        return self.response

    @property
    def status(self) -> int:
        return self._answer.status

    @property
    def headers(self) -> Headers:
        return self._answer.headers

    @property
    def ok(self) -> bool:
        return self._answer.ok

    @property
    def error(self) -> str:
        return self._answer.error

    @property
    def error_code(self) -> int:
        return self._answer.error_code

    @property
    def malformed(self) -> int:
        return self._parser.malformed

    @property
    def retry_ms(self) -> int | None:
        return self._parser.retry_ms

    @property
    def last_id(self) -> str:
        return self._parser.last_id

    def resume_after(self, last_id: str) -> None:
        """See `EventStream`."""
        self._request = resuming(self._request, last_id)
        self._parser.resume_after(last_id)

    async def __aenter__(self) -> FakeEventStream:
        if self.response is not None:
            raise RuntimeError("a stream can be entered only once")
        self.response = response = await self._answered(self._request)
        kind = response.headers.get("content-type", "").partition(";")[0]
        if response.ok and kind != "text/event-stream":
            response.ok, response.error = False, "not an event stream"
            response.error_code = ErrorCode.GENERIC
        if response.ok:
            self._waiting += self._parser.feed(response.wire_body, clock.now_ns())
            self._parser.end()
            self.events = len(self._waiting)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing is open."""

    def __aiter__(self) -> FakeEventStream:
        return self

    async def __anext__(self) -> ServerSentEvent:
        if not self._waiting:
            raise StopAsyncIteration
        event = self._waiting.popleft()
        if self._count is not None:
            self._count(event)
        return event
