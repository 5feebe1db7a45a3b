"""A WebSocket as scenario code holds it: one session, or several in turn if it is reopened."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from atlas_perf import clock
from atlas_perf.model.series import Tags, tags_of
from atlas_perf.protocols.http.json_text import decode_json, encode_json
from atlas_perf.protocols.http.timings import ABSENT
from atlas_perf.protocols.ws.close_codes import (
    LOST,
    NORMAL,
    checked_code,
    checked_reason,
    error_of,
)
from atlas_perf.protocols.ws.correlation_keys import (
    Correlate,
    Document,
    checked_correlate,
    key_of,
)
from atlas_perf.protocols.ws.errors import WebSocketClosed
from atlas_perf.protocols.ws.inbox import Inbox, Message
from atlas_perf.protocols.ws.line import Line
from atlas_perf.protocols.ws.matching import Matching, Question
from atlas_perf.protocols.ws.opening import ConnectTimings
from atlas_perf.protocols.ws.pings import Pings
from atlas_perf.protocols.ws.recording import OK, UNKNOWN, SessionLog, closed
from atlas_perf.protocols.ws.reply import Reply
from atlas_perf.protocols.ws.ws_options import WsOptions, positive_ns
from atlas_perf.protocols.ws.ws_target import WsTarget
from atlas_perf.units import NS_PER_S

if TYPE_CHECKING:
    from atlas_perf.protocols.ws.ws_client import WsClient

CLOSE_LIMIT = "5s"
"""How long the peer may take to answer that we close."""


class WebSocket:
    """Sends and receives messages, from any number of tasks of its user at once.

    Attributes:
        subprotocol: that the server took; "" for none.
        timings: what opening it took.
        close_code, close_reason: how it ended; None and "" while it is open.
    """

    __slots__ = (
        "_client",
        "_closing",
        "_ended",
        "_inbox",
        "_line",
        "_matching",
        "_opened_ns",
        "_options",
        "_pings",
        "_reopened",
        "_reopening",
        "_with_its_user",
        "close_code",
        "close_error",
        "close_reason",
        "log",
        "subprotocol",
        "target",
        "timings",
    )

    def __init__(
        self, client: WsClient, target: WsTarget, options: WsOptions, log: SessionLog
    ) -> None:
        self.target = target
        self.subprotocol = ""
        self.timings: ConnectTimings | None = None
        self.close_code: int | None = None
        self.close_reason = ""
        self.close_error = ""  # why the end was a failure; empty if it was none
        self.log = log
        self._client = client
        self._options = options
        self._inbox = Inbox(options.inbox)
        self._line: Line | None = None
        self._matching: Matching | None = None
        self._pings = Pings()
        self._opened_ns = 0
        self._closing = False
        self._with_its_user = False
        self._ended: asyncio.Event | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._reopened: asyncio.Event | None = None

    @property
    def is_open(self) -> bool:
        """True while messages can be sent."""
        return self._line is not None

    @property
    def is_alive(self) -> bool:
        """True if it is open, or being reopened."""
        return self._line is not None or self._reopening is not None

    @property
    def unread(self) -> int:
        """How many messages have come and wait to be received."""
        return len(self._inbox)

    # Messages

    async def send(self, message: Any) -> None:
        """Send text, bytes, or anything else as JSON text. Waits while too much is unsent.

        Raises:
            WebSocketClosed: if the session has ended.
            TypeError, ValueError: for what cannot be JSON.
        """
        wire = as_message(message)
        line = self._line
        if line is None or line.paused is not None or line.closing:
            line = await self._usable()
        self._send(line, wire)

    async def receive(self, timeout: str | timedelta | None = None) -> Message:  # noqa: ASYNC109
        """The next message that answers nothing: text as str, binary as bytes.

        Raises:
            TimeoutError: if none comes within `timeout`.
            WebSocketClosed: if the session has ended and everything is read.
        """
        if timeout is None:
            message = await self._inbox.get()
        else:
            async with asyncio.timeout(positive_ns("timeout", timeout) / NS_PER_S):
                message = await self._inbox.get()
        if message is None:
            raise self._end_of_session()
        return message

    async def receive_json(self, timeout: str | timedelta | None = None) -> Any:  # noqa: ASYNC109
        """As `receive`, read as JSON.

        Raises:
            ValueError: if the message is none.
        """
        message = await self.receive(timeout)
        return decode_json(message.encode() if isinstance(message, str) else message)

    def __aiter__(self) -> WebSocket:
        return self

    async def __anext__(self) -> Message:
        """The next message; ends with the session, and raises WebSocketClosed if it was lost."""
        message = await self._inbox.get()
        if message is not None:
            return message
        if self.close_error:
            raise self._end_of_session()
        raise StopAsyncIteration

    async def rtt(
        self,
        message: Any,
        *,
        correlate: Correlate,
        answered_by: Correlate | None = None,
        limit: str | timedelta = "10s",
        name: str | None = None,
        tags: Mapping[str, object] | None = None,
    ) -> Reply:
        """Send a message and wait for the one that answers it.

        Args:
            correlate: where the key of a message is: a place in its JSON, `"payload.id"`, or a
                function of the message as it is sent.
            answered_by: the same for answers, if theirs is elsewhere.
            limit: an answer that takes longer counts as lost.
            name: `name` and `url` tags of its samples, instead of the session's.
            tags: added to those of its samples.

        Returns:
            The answer; one that did not come is a `Reply` with an `error`, as an HTTP request that
            fails is a response.

        Raises:
            WebSocketClosed: if the session has ended before the message was sent.
            ValueError: if the message has no key, or one with its key is in flight.
        """
        began_ns = clock.now_ns()
        way = checked_correlate("correlate", correlate)
        wire = as_message(message)
        key = key_of(Document(wire), way)
        if key is None:
            where = f"at {way!r}" if isinstance(way, str) else "for its function"
            raise ValueError(f"the message has no key {where}, so its answer cannot be told")
        if answered_by is not None:
            way = checked_correlate("answered_by", answered_by)
        own = {str(tag): str(value) for tag, value in (tags or {}).items()}
        if name is not None:
            own |= {"name": name, "url": name}
        limit_ns = positive_ns("limit", limit)
        late_ns = self._client.take_lateness()
        line = await self._usable()
        if late_ns != ABSENT:
            late_ns += clock.now_ns() - began_ns
        question = Question(self._client.sample_tags(), tags_of(own), limit_ns, late_ns)
        if self._matching is None:
            self._matching = Matching(self.log)
        self._matching.ask(way, key, question)
        self.log.asked(question.user, question.own, question.sent_ns)
        question.sent_ns = clock.now_ns()  # what all this took is no part of the round trip
        self._send(line, wire)
        try:
            return await question.answer
        except asyncio.CancelledError:
            self._matching.give_up(question, censored=self._client.cut, at_ns=clock.now_ns())
            raise

    async def ping(self, timeout: str | timedelta = "10s") -> float:  # noqa: ASYNC109
        """Milliseconds until the pong that answers a ping.

        Raises:
            TimeoutError: if none comes in time.
            WebSocketClosed: if the session has ended, or ends meanwhile.
        """
        limit_ns = positive_ns("timeout", timeout)
        line = await self._usable()
        return await self._pings.ping(
            line, limit_ns, self.log, self._client.sample_tags(), lambda: self._client.cut
        )

    async def close(
        self,
        code: int = NORMAL,
        reason: str = "",
        timeout: str | timedelta = CLOSE_LIMIT,  # noqa: ASYNC109
    ) -> None:
        """Close the session and wait for the peer to say so as well. Again, it does nothing.

        Raises:
            ValueError: for a code or a reason that cannot be sent.
        """
        limit_ns = positive_ns("timeout", timeout)
        checked_code(code), checked_reason(reason)
        self.begin_closing(code, reason)
        if self._line is None:
            return
        self._ended = self._ended or asyncio.Event()
        try:
            async with asyncio.timeout(limit_ns / NS_PER_S):
                await self._ended.wait()
        except TimeoutError:
            self.give_up(LOST, "close not answered in time")
        except asyncio.CancelledError:
            self.give_up(code)
            raise

    def begin_closing(self, code: int = NORMAL, reason: str = "") -> None:
        """Say that we close, and reopen it no more."""
        self._closing = True
        if self._reopening is not None:
            self._reopening.cancel()
        if self._line is not None:
            self._line.close(code, reason)

    def end_with_its_user(self) -> None:
        """Say that we close because the plan ends the user: how long it would have lasted, and
        what is in flight, is censored."""
        self._with_its_user = True
        self.begin_closing()

    def give_up(self, code: int, error: str = "") -> None:
        """Wait for the peer no longer: the session ends here, with an error if that is one."""
        line = self._line
        if line is not None:
            line.abort()
            self.ended(code, "", error, clock.now_ns())

    async def wait_reopened_or_not(self) -> None:
        """Until no task reopens it."""
        if self._reopening is not None:
            await asyncio.wait([self._reopening])

    # What its line tells

    def opened(self, line: Line, timings: ConnectTimings) -> None:
        """A session is open from now on."""
        self._line = line
        self.subprotocol = line.subprotocol
        self.timings = timings
        self._opened_ns = line.opened_ns
        self.close_code, self.close_reason, self.close_error = None, "", ""
        self._client.session_opened(self, line.opened_ns)
        if line.over is not None:  # it ended in the read that opened it
            self.ended(*line.over)

    def arrived(self, message: Message, wire_bytes: int, at_ns: int) -> None:
        user = self._client.sample_tags()
        self.log.received(user, wire_bytes, at_ns)
        if self._matching is not None and self._matching.take(message, user, at_ns):
            return
        if not self._inbox.put(message):
            self.log.unread(user, 1, at_ns)

    def ponged(self, payload: bytes, at_ns: int) -> None:
        self._pings.ponged(payload, at_ns)

    def ended(self, code: int, reason: str, error: str, at_ns: int) -> None:
        if self._line is None:
            return  # while it was opened, or given up already
        self._line = None
        self.close_code, self.close_reason = code, reason
        self.close_error = error or self._judgement(code)
        user = self._client.sample_tags()
        run_ends = self._client.cut or self._with_its_user
        self.log.judged(user, self._tags_of_end(run_ends), failed=self._lost(run_ends), at_ns=at_ns)
        if run_ends:
            outcome = UNKNOWN
        else:
            outcome = closed(code, self.close_error) if self.close_error else OK
        self.log.lasted(user, outcome, at_ns - self._opened_ns, at_ns)
        if self._matching is not None:
            self._matching.end_all("session ended", censored=run_ends, at_ns=at_ns)
        self._pings.end_all(self._end_of_session())
        if self._ended is not None:
            self._ended.set()
        self._client.session_ended(self, at_ns)
        if self.close_error and self._options.backoff is not None and not self._closing:
            self._reopened = asyncio.Event()
            self._reopening = asyncio.create_task(self._client.reopen(self, self._options, at_ns))
            self._reopening.add_done_callback(self._reopening_ended)
        else:
            self._over()

    # Its own business

    def _send(self, line: Line, wire: Message) -> None:
        sent_bytes = line.send(wire)
        self.log.sent(self._client.sample_tags(), sent_bytes, clock.now_ns())

    async def _usable(self) -> Line:
        """The open line, once no more waits to be sent than should."""
        while True:
            line = self._line
            if line is None and self._reopened is not None:
                await self._reopened.wait()
            elif line is None or line.closing:
                raise self._end_of_session()
            elif line.paused is not None:
                await line.paused.wait()
            else:
                return line

    def _reopening_ended(self, _task: asyncio.Task[None]) -> None:
        self._reopening = None
        if self._reopened is not None:
            self._reopened.set()
            self._reopened = None
        if self._line is None:
            self._over()

    def _over(self) -> None:
        self._inbox.end()
        self._client.forget(self)

    def _judgement(self, code: int) -> str:
        """Why an end with this code is a failure; empty if it is none."""
        if code in self._options.expected_closes or (self._closing and code != LOST):
            return ""
        return error_of(code)

    def _lost(self, run_ends: bool) -> bool:
        return bool(self.close_error) and not run_ends

    def _tags_of_end(self, run_ends: bool) -> Tags:
        if not self._lost(run_ends):
            return ()
        return (("close_code", str(self.close_code)), ("error", self.close_error))

    def _end_of_session(self) -> WebSocketClosed:
        code = LOST if self.close_code is None else self.close_code
        return WebSocketClosed(code, self.close_reason, self.close_error)

    def __repr__(self) -> str:
        return f"<WebSocket {'open' if self.is_open else 'closed'}>"


def as_message(message: Any) -> Message:
    """The message on the wire: text and bytes as they are, anything else as JSON text."""
    if isinstance(message, str | bytes):
        return message
    if isinstance(message, bytearray | memoryview):
        return bytes(message)
    return encode_json(message).decode()
