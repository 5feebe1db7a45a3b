"""Reads an event stream off its connection: parses and dates events when their bytes arrive.

It is told of bytes while sockets are read, before any scenario code goes on. So a scenario that is
slow to take its events changes no instant; the events wait here for it.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Collection

from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.failures import RequestFailure
from atlas_perf.protocols.http.headers import Headers
from atlas_perf.protocols.http.response_parser import ResponseParser
from atlas_perf.protocols.http.timings import ABSENT, Stopwatch
from atlas_perf.protocols.sse.event_parser import EventParser, EventTooLongError, ServerSentEvent

MAX_WAITING_EVENTS = 100_000
"""Events that have come and that the scenario has not taken."""

_MEDIA_TYPE = "text/event-stream"
_SUCCESSES = range(200, 300)


class EventReader:
    """What one stream has brought so far.

    Attributes:
        status, headers, proto: of the stream's head; status 0 before it came, or if what came is no
            stream.
        waiting: events that the scenario has not taken yet.
        gaps_ns: between each event and the one before it.
        first_ns, last_ns: when the first and the last event so far arrived.
        body_bytes: of the stream, comments included.
    """

    def __init__(
        self, expected: Collection[int], max_event_bytes: int, notify: Callable[[], None]
    ) -> None:
        """`notify` is called when there is something new, and must run no other code."""
        self._expected = expected
        self._notify = notify
        self._of: ResponseParser | None = None
        self._arrived_ns = ABSENT
        self.watch: Stopwatch | None = None
        self.parser = EventParser(max_event_bytes)
        self.status = 0
        self.proto = ""
        self.headers = Headers()
        self.leaving = False
        self.waiting: deque[ServerSentEvent] = deque()
        self.gaps_ns = array("q")
        self.first_ns = ABSENT
        self.last_ns = ABSENT
        self.body_bytes = 0

    @property
    def events(self) -> int:
        """How many have come."""
        return 0 if self.first_ns == ABSENT else len(self.gaps_ns) + 1

    def follows(self, watch: Stopwatch) -> None:
        self.watch = watch

    def arrived(
        self, parser: ResponseParser, pieces: list[bytes], at_ns: int
    ) -> RequestFailure | None:
        if parser is not self._of:
            self._of = parser
            problem = self._open(parser)
            if problem is not None:
                return RequestFailure(ErrorCode.GENERIC, problem)
        if not self.status:
            return None
        self._arrived_ns = at_ns
        try:
            for piece in pieces:
                self.body_bytes += len(piece)
                self._take(self.parser.feed(piece, at_ns), at_ns)
        except EventTooLongError:
            return RequestFailure(ErrorCode.GENERIC, "malformed event stream: event too long")
        finally:
            self._notify()
        if len(self.waiting) > MAX_WAITING_EVENTS:
            return RequestFailure(ErrorCode.GENERIC, "too many events that nobody takes")
        return None

    def has_left(self) -> bool:
        if not self.leaving or self.watch is None or self.watch.first_byte_ns == ABSENT:
            return False
        if self.watch.last_byte_ns == ABSENT:
            self.watch.last_byte_ns = self._arrived_ns
        return True

    def _open(self, parser: ResponseParser) -> str | None:
        """Look at the head; what is wrong with it, if it was to be a stream, else None."""
        self.status = 0
        if parser.status not in self._expected or parser.status not in _SUCCESSES:
            return None  # a redirect, or a failure: no stream, and the client's business
        headers = Headers(parser.fields)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != _MEDIA_TYPE:
            return "not an event stream"
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            return "a compressed event stream, which was not asked for"
        self.status, self.headers = parser.status, headers
        self.proto = f"HTTP/{parser.http_version}"
        return None

    def _take(self, events: list[ServerSentEvent], at_ns: int) -> None:
        for event in events:
            if self.first_ns == ABSENT:
                self.first_ns = at_ns
            else:
                self.gaps_ns.append(at_ns - self.last_ns)
            self.last_ns = at_ns
            self.waiting.append(event)
