"""What scenario code holds while it listens to server-sent events.

The request runs in a task of its own, so that bytes are dated when they come, whatever the scenario
does meanwhile. It is one sample of HTTP like any other, and then one of each metric of streams.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from atlas_perf import clock
from atlas_perf.model.series import NO_TAGS, Tags
from atlas_perf.protocols.http.failures import CanceledError
from atlas_perf.protocols.http.headers import Headers
from atlas_perf.protocols.http.recording import HttpRecorder, RequestLog
from atlas_perf.protocols.http.request import Request, RequestDefaults
from atlas_perf.protocols.http.response import HttpError, Response
from atlas_perf.protocols.http.urls import redacted
from atlas_perf.protocols.sse.event_parser import ServerSentEvent
from atlas_perf.protocols.sse.event_reader import EventReader
from atlas_perf.protocols.sse.stream_log import EndedBy, StreamEnd, StreamLog
from atlas_perf.protocols.sse.stream_opening import StreamOpening, resuming
from atlas_perf.protocols.sse.token_times import TokenTimes


@dataclass(frozen=True, slots=True)
class StreamHost:
    """What a stream needs of the client that opens it.

    Attributes:
        send: performs the request, with the user's tags of that moment.
        sample_tags: tells the user's tags.
        is_cut_off: whether what is canceled now was cut off by the run.
    """

    send: Callable[[Request, Tags], Coroutine[Any, Any, Response]]
    sample_tags: Callable[[], Tags]
    is_cut_off: Callable[[], bool]
    recorder: HttpRecorder
    log: RequestLog


class EventStream:
    """A stream of server-sent events: an async context manager, and an iterator of its events.

        async with vu.http.stream("GET", "/api/runs/7/stream") as stream:
            async for event in stream:
                if event.type == "finished":
                    break

    Entering returns when the head of the response is there, or when there will be none. Leaving
    the block before the server has ended the stream closes the connection, and is no failure.
    Network trouble is no exception, unless `throw` is set: then there are no more events, and `ok`
    is false. An instance can be entered once.
    """

    def __init__(self, opening: StreamOpening, defaults: RequestDefaults, host: StreamHost) -> None:
        """Nothing is sent before it is entered.

        Raises:
            ValueError, TypeError: for a stream that cannot be meant.
        """
        request = opening.request(defaults)
        self._reader = EventReader(
            request.expected_statuses, opening.max_event_bytes, self._something_new
        )
        self._request = replace(request, listener=self._reader)
        self._log = StreamLog(host.recorder, host.log, opening.stall_ns)
        count = opening.token_count
        self._tokens = None if count is None else TokenTimes(count)
        self._host = host
        self._user_tags = NO_TAGS
        self._task: asyncio.Task[Response] | None = None
        self._news: asyncio.Future[None] | None = None
        self._counting_failed: Exception | None = None
        self._left = False
        self._over = False
        self._raised = False
        self.response: Response | None = None
        """Status, error, timings, once the stream has ended; None before, and if it was canceled.
        It has no body."""

    @property
    def status(self) -> int:
        """Of the response, as soon as it is a stream or has ended; 0 if there is none."""
        return self._reader.status or (self.response.status if self.response else 0)

    @property
    def headers(self) -> Headers:
        """Of the response."""
        return self.response.headers if self.response else self._reader.headers

    @property
    def ok(self) -> bool:
        """True if it is a stream, and has not failed so far."""
        return self._reader.status != 0 if self.response is None else self.response.ok

    @property
    def error(self) -> str:
        """Why it failed; "" if it did not, or by its status alone."""
        return "" if self.response is None else self.response.error

    @property
    def error_code(self) -> int:
        """k6's number for a failure; 0 if there is none."""
        return 0 if self.response is None else self.response.error_code

    @property
    def events(self) -> int:
        """Events that have arrived, taken or not."""
        return self._reader.events

    @property
    def malformed(self) -> int:
        """What was passed over in the stream; see `EventParser`."""
        return self._reader.parser.malformed

    @property
    def retry_ms(self) -> int | None:
        """After how long the server asks to come back; None if it did not say."""
        return self._reader.parser.retry_ms

    @property
    def last_id(self) -> str:
        """For a `Last-Event-ID` header, should the scenario come back."""
        return self._reader.parser.last_id

    def resume_after(self, last_id: str) -> None:
        """Before it is entered: ask for what comes after the event with this id, as a browser that
        comes back does. A `Last-Event-ID` among the scenario's own headers stays."""
        self._request = resuming(self._request, last_id)
        self._reader.parser.resume_after(last_id)

    async def __aenter__(self) -> EventStream:
        if self._task is not None:
            raise RuntimeError("a stream can be entered only once")
        self._user_tags = self._host.sample_tags()
        opening = self._host.send(self._request, self._user_tags)
        self._task = asyncio.get_running_loop().create_task(opening)
        self._task.add_done_callback(self._ended)
        try:
            while not self._reader.status and not self._over:
                await self._next_news()
        except BaseException:
            self._task.cancel()
            await asyncio.wait({self._task})
            raise
        if not self._reader.status:
            self._raise_what_the_request_did()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._task is not None, "it was entered"
        if not self._over and not self._task.done():
            gave_up = kind is not None and issubclass(kind, (asyncio.CancelledError, TimeoutError))
            self._left = self._reader.leaving = not gave_up
            self._task.cancel()
            await asyncio.wait({self._task})
        self._ended(self._task)  # unless its callback has done so
        if kind is None and self._counting_failed is not None:
            raise self._counting_failed
        if kind is None:
            self._raise_what_the_request_did()

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> ServerSentEvent:
        """The next event, as soon as it is there.

        Raises:
            RuntimeError: before it was entered, or while another task waits for an event.
            HttpError: with `throw`, once the stream has failed.
        """
        if self._task is None:
            raise RuntimeError("enter a stream with `async with` before taking its events")
        while not self._reader.waiting:
            if self._over:
                self._raise_what_the_request_did()
                raise StopAsyncIteration
            await self._next_news()
        event = self._reader.waiting.popleft()
        if self._tokens is not None and not self._over:
            self._tokens.take(event)
        return event

    async def _next_news(self) -> None:
        if self._news is not None:
            raise RuntimeError("the events of a stream go to one task at a time")
        self._news = asyncio.get_running_loop().create_future()
        try:
            await self._news
        finally:
            self._news = None

    def _something_new(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _ended(self, task: asyncio.Task[Response]) -> None:
        """The request has its sample; now the stream gets its own."""
        if self._over:
            return
        self._over = True
        try:
            if self._tokens is not None:
                self._tokens.take_all(self._reader.waiting)
        except Exception as error:
            self._counting_failed = error
        ended_by, response = self._outcome(task)
        if ended_by is EndedBy.SERVER:
            self._reader.parser.end()
        if not task.cancelled():
            self.response = response
        self._something_new()
        end = StreamEnd(self._request, self._user_tags, response, ended_by)
        self._log.record(end, self._reader, self._tokens)

    def _outcome(self, task: asyncio.Task[Response]) -> tuple[EndedBy, Response]:
        if task.cancelled():
            canceled = CanceledError()
            response = Response(
                status=0,
                method=self._request.method,
                url=redacted(self._request.url),
                error=canceled.text,
                error_code=canceled.code,
                ok=False,
            )
            response.ended_ns = clock.now_ns()
            return (EndedBy.CUT if self._host.is_cut_off() else EndedBy.FAILURE), response
        raised = task.exception()
        if raised is None:
            response = task.result()
        elif isinstance(raised, HttpError):
            response = raised.response
        else:
            response = Response(
                status=0,
                method=self._request.method,
                url=redacted(self._request.url),
                error=f"the body raised {type(raised).__name__}",
                ok=False,
            )
            response.ended_ns = clock.now_ns()
        if not response.ok:
            return EndedBy.FAILURE, response
        return (EndedBy.SCENARIO if self._left else EndedBy.SERVER), response

    def _raise_what_the_request_did(self) -> None:
        """`throw`, a body that raised, a client that was closed: once."""
        assert self._task is not None
        if self._raised or self._left:
            return
        self._raised = True
        self._task.result()
