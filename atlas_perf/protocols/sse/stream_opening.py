"""What scenario code asks for when it opens an event stream, checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from atlas_perf.protocols.http.body import Body
from atlas_perf.protocols.http.headers import checked_fields
from atlas_perf.protocols.http.request import (
    Request,
    RequestDefaults,
    RequestParams,
    build_request,
)
from atlas_perf.protocols.sse.event_parser import ServerSentEvent
from atlas_perf.units import parse_duration_ns

TokenCount = Callable[[ServerSentEvent], int]
"""How many tokens an event carries; 0 for one that carries none."""

DEFAULT_STALL = "5s"

LAST_EVENT_ID = "Last-Event-ID"

_END_OF_ANSWER = "[DONE]"
_UNNEEDED = frozenset({"response_type", "expect"})


def one_token_per_event(event: ServerSentEvent) -> int:
    """The default count: each event is a token, but for the one that ends OpenAI's answers."""
    return int(event.data != _END_OF_ANSWER)


@dataclass(frozen=True, slots=True)
class StreamOpening:
    """The arguments of `vu.http.stream`."""

    method: str
    url: str
    body: Body
    params: RequestParams
    stall: str | timedelta
    tokens: TokenCount | bool
    max_event_bytes: int

    @property
    def token_count(self) -> TokenCount | None:
        """None if the stream is no AI's answer."""
        if isinstance(self.tokens, bool):
            return one_token_per_event if self.tokens else None
        if not callable(self.tokens):
            raise TypeError(f"tokens is True or a function of an event, not {self.tokens!r}")
        return self.tokens

    @property
    def stall_ns(self) -> int:
        """The silence from which on it is a stall."""
        stall_ns = parse_duration_ns(self.stall)
        if stall_ns <= 0:
            raise ValueError(f"stall {self.stall!r} is no silence: give a positive duration")
        return stall_ns

    def request(self, defaults: RequestDefaults) -> Request:
        """The request for the stream.

        Raises:
            ValueError, TypeError: for anything that cannot be meant.
        """
        for name in sorted(_UNNEEDED & self.params.keys()):
            raise TypeError(f"a stream has no option {name}=: look at its events instead")
        if isinstance(self.max_event_bytes, bool) or self.max_event_bytes < 1:
            raise ValueError(f"max_event_bytes {self.max_event_bytes!r} is no size")
        request = build_request(self.method, self.url, self.body, self.params, defaults)
        given = {name.lower() for name in self.params.get("headers") or {}}
        fields = [
            (name, "identity" if name == "Accept-Encoding" and name.lower() not in given else value)
            for name, value in request.fields
        ]
        if "accept" not in given:
            fields.append(("Accept", "text/event-stream"))
        expected = request.expected_statuses if "expected_statuses" in self.params else {200}
        return replace(request, fields=tuple(fields), expected_statuses=expected, keeps_body=False)


def resuming(request: Request, last_id: str) -> Request:
    """The request for what comes after the event with this id, as the HTML standard has it: the id
    in UTF-8. One that the server made up and no header can carry is left out."""
    if not last_id or request.has_header(LAST_EVENT_ID.lower()):
        return request
    try:
        field = checked_fields({LAST_EVENT_ID: last_id.encode().decode("latin-1")})
    except ValueError:
        return request
    return replace(request, fields=(*request.fields, *field))
