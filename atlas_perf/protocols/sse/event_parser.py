"""Bytes of an event stream in, events out, as the HTML standard reads them (section 9.2).

Knows no socket and no clock: whoever feeds it says when the bytes came. An event's instant is that
of its last byte. Nothing but its limit is refused; what the standard passes over is counted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

MAX_EVENT_BYTES = 1024 * 1024
"""Of one event, names of fields included, unless the stream was given another limit."""


class EventTooLongError(Exception):
    """An event goes on beyond the limit."""


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event.

    Attributes:
        data: its lines of data, joined with line feeds.
        type: "message" unless the server gave it another.
        id: the last id that the stream had given when it was dispatched; "" if none.
        arrived_ns: when its last byte was read from the socket, on the monotonic clock.
    """

    data: str
    type: str = "message"
    id: str = ""
    arrived_ns: int = 0

    def json(self) -> Any:
        """Its data read as JSON; ValueError if it is none."""
        return json.loads(self.data)


class EventParser:
    """One event stream.

    Attributes:
        malformed: things that the standard passes over or replaces: lines that are not UTF-8, an id
            with a zero byte, a retry that is no number, an event that the end of the stream cut.
        retry_ms: the reconnection time that the server asked for last; None if it has not.
        last_id: the id that the stream had given when its last event was dispatched: of an event
            that the end cuts, the id does not count, or whoever comes back would miss it.
    """

    __slots__ = (
        "_after_cr",
        "_data",
        "_event_bytes",
        "_first_line",
        "_id",
        "_limit",
        "_line",
        "_type",
        "last_id",
        "malformed",
        "retry_ms",
    )

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._limit = max_event_bytes
        self._line = bytearray()
        self._after_cr = False
        self._first_line = True
        self._data: list[str] = []
        self._type = ""
        self._event_bytes = 0
        self._id = self.last_id = ""
        self.retry_ms: int | None = None
        self.malformed = 0

    def resume_after(self, last_id: str) -> None:
        """Before anything is fed: the stream goes on with one that had come to this id."""
        self._id = self.last_id = last_id

    def feed(self, received: bytes, at_ns: int) -> list[ServerSentEvent]:
        """The events that these bytes, read at `at_ns`, make whole.

        Raises:
            EventTooLongError: after which nothing more may be fed.
        """
        if self._after_cr and received:
            received = received.removeprefix(b"\n")
            self._after_cr = False
        if not received:
            return []
        self._after_cr = received.endswith(b"\r")
        *lines, rest = received.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        events: list[ServerSentEvent] = []
        for line in lines:
            if self._line:
                line = bytes(self._line) + line  # noqa: PLW2901 - its beginning came before
                self._line.clear()
            self._take_line(line, at_ns, events)
        self._line += rest
        self._refuse_beyond(self._event_bytes + len(self._line))
        return events

    def end(self) -> None:
        """The server has ended the stream; an event without its empty line is dropped."""
        if self._line or self._data:
            self.malformed += 1

    def _take_line(self, line: bytes, at_ns: int, events: list[ServerSentEvent]) -> None:
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            self.last_id = self._id
            if self._data:
                data = "\n".join(self._data)
                events.append(ServerSentEvent(data, self._type or "message", self.last_id, at_ns))
                self._data.clear()
            self._type = ""
            self._event_bytes = 0
            return
        self._refuse_beyond(self._event_bytes + len(line))
        if line.startswith(b":"):
            return
        self._event_bytes += len(line) + 1
        name, _, value = self._text(line).partition(":")
        self._take_field(name, value.removeprefix(" "))

    def _take_field(self, name: str, value: str) -> None:
        match name:
            case "data":
                self._data.append(value)
            case "event":
                self._type = value
            case "id":
                if "\0" in value:
                    self.malformed += 1
                else:
                    self._id = value
            case "retry":
                if value.isascii() and value.isdigit():
                    self.retry_ms = int(value[:18])
                else:
                    self.malformed += 1

    def _text(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.malformed += 1
            return line.decode(errors="replace")

    def _refuse_beyond(self, size: int) -> None:
        if size > self._limit:
            raise EventTooLongError
