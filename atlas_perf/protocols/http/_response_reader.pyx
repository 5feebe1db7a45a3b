"""The C response parser as Python sees it: what its tests and the differential hold on to.

The compiled client calls the C itself; this keeps every byte and names everything it finds.
"""

from libc.stdint cimport uint32_t

from atlas_perf.protocols.http.chttp_body cimport http_slice
from atlas_perf.protocols.http.chttp_head cimport (
    HTTP_ASKED_ANY,
    HTTP_ASKED_CONNECT,
    HTTP_ASKED_HEAD,
    HTTP_NOTED_FIELDS,
    http_asked,
    http_field,
    http_head,
    http_head_next_field,
    http_span,
)
from atlas_perf.protocols.http.chttp_limits cimport http_default_limits, http_limits
from atlas_perf.protocols.http.chttp_refusal cimport (
    HTTP_REFUSAL_COUNT,
    http_refusal,
    http_refusal_name,
)
from atlas_perf.protocols.http.chttp_response cimport (
    HTTP_EVENT_CONTENT,
    HTTP_EVENT_END,
    HTTP_EVENT_HEAD,
    HTTP_EVENT_INTERIM,
    HTTP_EVENT_MORE,
    HTTP_EVENT_REFUSED,
    http_event,
    http_response,
    http_response_end_of_stream,
    http_response_next,
    http_response_start,
)

from dataclasses import dataclass

REFUSALS = tuple(
    http_refusal_name(<http_refusal>number).decode() for number in range(1, HTTP_REFUSAL_COUNT)
)

DEFAULT_LIMITS = dict(http_default_limits)

_FRAMINGS = ("none", "length", "chunked", "until_close")
_NOTED = (
    "location",
    "content-type",
    "content-encoding",
    "set-cookie",
    "www-authenticate",
    "proxy-authenticate",
)
_ASKED = {"HEAD": HTTP_ASKED_HEAD, "CONNECT": HTTP_ASKED_CONNECT}


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """What the parser says of one head."""

    status: int
    minor_version: int
    reason: bytes
    fields: tuple
    framing: str
    content_length: object
    keep_alive: bool
    tunnel: bool
    other_coding: bool
    noted: dict
    repeated: frozenset


cdef class ResponseReader:
    """One response to a request made with `method`, from bytes in any pieces.

    `limits` overrides entries of DEFAULT_LIMITS.
    """

    cdef http_response _response
    cdef http_limits _limits
    cdef bytearray _unread
    cdef list _interim
    cdef list _content
    cdef object _head
    cdef readonly bint complete

    def __init__(self, str method="GET", dict limits=None):
        cdef http_asked asked = _ASKED.get(method, HTTP_ASKED_ANY)
        self._limits = {**DEFAULT_LIMITS, **(limits or {})}
        self._unread = bytearray()
        self._interim = []
        self._content = []
        self._head = None
        self.complete = False
        http_response_start(&self._response, &self._limits, asked)

    @property
    def interim(self):
        """Heads of the 1xx responses before the final one."""
        return tuple(self._interim)

    @property
    def head(self):
        """The final head, or None before it."""
        return self._head

    @property
    def body(self):
        """The content received so far."""
        return b"".join(self._content)

    @property
    def received_bytes(self):
        """The parser's own count of the content."""
        return self._response.body.received if self._head is not None else 0

    @property
    def refusal(self):
        """Name of the reason if the response was refused, "" otherwise."""
        return http_refusal_name(self._response.refusal).decode()

    @property
    def surplus(self):
        """Bytes not taken: behind the end they belong to something else."""
        return bytes(self._unread)

    def feed(self, bytes data):
        """Take the next bytes received."""
        cdef http_event event = HTTP_EVENT_CONTENT
        cdef size_t consumed
        cdef http_slice content
        cdef bytes held
        self._unread += data
        while event not in (HTTP_EVENT_MORE, HTTP_EVENT_END, HTTP_EVENT_REFUSED):
            # A copy of its own, so that no call can see bytes at the same address as the last.
            held = bytes(self._unread)
            event = http_response_next(
                &self._response, held, len(held), &consumed, &content
            )
            if event == HTTP_EVENT_INTERIM:
                self._interim.append(_described(&self._response.head, held))
            elif event == HTTP_EVENT_HEAD:
                self._head = _described(&self._response.head, held)
            elif event == HTTP_EVENT_CONTENT:
                self._content.append(held[content.offset : content.offset + content.length])
            del self._unread[:consumed]
        self.complete = event == HTTP_EVENT_END

    def end_of_stream(self):
        """The server has closed the connection."""
        self.complete = http_response_end_of_stream(&self._response) == HTTP_EVENT_END


cdef bytes _cut(bytes held, http_span span):
    return held[span.offset : span.offset + span.length]


cdef object _described(const http_head *head, bytes held):
    cdef uint32_t at = head.first_field
    cdef http_field field
    fields = []
    while http_head_next_field(head, held, &at, &field):
        fields.append((_cut(held, field.name), _cut(held, field.value)))
    noted = range(HTTP_NOTED_FIELDS)
    return ResponseHead(
        status=head.status,
        minor_version=head.minor_version,
        reason=_cut(held, head.reason),
        fields=tuple(fields),
        framing=_FRAMINGS[head.framing],
        content_length=head.content_length if head.has_content_length else None,
        keep_alive=head.keep_alive,
        tunnel=head.tunnel,
        other_coding=head.other_coding,
        noted={_NOTED[i]: _cut(held, head.noted[i]) for i in noted if head.noted[i].offset},
        repeated=frozenset(_NOTED[i] for i in noted if head.repeated >> i & 1),
    )
