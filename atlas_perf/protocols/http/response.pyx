"""What scenario code gets back. Decoding happens here, on demand, outside every measured time."""

from cpython.object cimport Py_TYPE
from libc.stdint cimport int64_t, uint64_t

from atlas_perf.protocols.http.chttp_head cimport HTTP_FIELD_CONTENT_ENCODING
from atlas_perf.protocols.http.json_text cimport decode_json
from atlas_perf.protocols.http.response_parser cimport head_fields, head_reason

import json
from dataclasses import fields

from atlas_perf.protocols.http.decoding import BodyDecodingError, decode_body
from atlas_perf.protocols.http.headers import Headers
from atlas_perf.protocols.http.timings import Timings

cdef enum:
    OWN_FIELDS = 7

cdef tuple TIMINGS_FIELDS = tuple(field.name for field in fields(Timings))
cdef tuple TIMINGS_DEFAULTS = tuple(field.default for field in fields(Timings))
cdef tuple TIMINGS_SLOTS = tuple(vars(Timings)[name] for name in TIMINGS_FIELDS)
cdef object new_object = object.__new__

if TIMINGS_FIELDS[:OWN_FIELDS] != (
    "duration_ns",
    "blocked_ns",
    "connecting_ns",
    "tls_handshaking_ns",
    "sending_ns",
    "waiting_ns",
    "receiving_ns",
):
    raise ImportError(f"a response does not know the phases {TIMINGS_FIELDS}")


cdef object timings_of(const phase_times *times):
    """`Timings(...)`, by its slots: a frozen dataclass takes longer over it than over a check."""
    cdef int64_t *phases = [
        times.duration_ns,
        times.blocked_ns,
        times.connecting_ns,
        times.tls_handshaking_ns,
        times.sending_ns,
        times.waiting_ns,
        times.receiving_ns,
    ]
    cdef Py_ssize_t position
    cdef object made = new_object(Timings)
    for position in range(len(TIMINGS_SLOTS)):
        slot = TIMINGS_SLOTS[position]
        value = phases[position] if position < OWN_FIELDS else TIMINGS_DEFAULTS[position]
        Py_TYPE(slot).tp_descr_set(slot, made, value)
    return made


cdef class Response:
    """A response, or with status 0 the account of why there is none.

    Attributes:
        status: the HTTP status; 0 without a usable response.
        reason: the words after the status, often empty.
        proto: "HTTP/1.1" or "HTTP/1.0"; "" without a response.
        method: of the last request, which a redirect may have changed to GET.
        url: of the last request, without user info.
        headers: case-insensitive; `headers.get_all(name)` for repeated ones.
        cookies: names and values that this response set.
        wire_body: the body as received, before content decoding.
        body_bytes: length of the body as received, also of what was not kept of a huge one.
        timings: phases in nanoseconds; see `Timings`.
        ended_ns: when its last byte came, or the request failed, on the monotonic clock; 0 if no
            clock was there.
        error: why there is no usable response; "" if there is one.
        error_code: k6's number for a failure: 1212 refused, 1404 for a 404; 0 if it was expected.
        ok: false exactly if `http_req_failed` counted this request.
        tls_version: "tls1.3"; "" over plain TCP.
        trace_id: what went with it in `traceparent`, 32 hex digits; "" without the option.
    """

    def __init__(
        self,
        *,
        status,
        method="GET",
        url="",
        reason="",
        proto="",
        headers=None,
        bytes wire_body=b"",
        body_bytes=None,
        cookies=None,
        timings=None,
        error="",
        error_code=0,
        ok=True,
        tls_version="",
        str trace_id="",
    ):
        self.status = status
        self.method = method
        self.url = url
        self._reason = reason
        self._proto = proto
        self._headers = headers if headers is not None else Headers()
        self.wire_body = wire_body
        self.body_bytes = len(wire_body) if body_bytes is None else body_bytes
        self._cookies = cookies
        self._timings = timings or Timings()
        self.error = error
        self.error_code = error_code
        self.ok = ok
        self.tls_version = tls_version
        self.trace_id = trace_id

    @property
    def headers(self):
        """Header fields, read when they are first asked for."""
        if self._headers is None:
            self._headers = Headers(head_fields(&self.head, self.head_text))
        return self._headers

    @headers.setter
    def headers(self, headers):
        self._headers = headers

    @property
    def reason(self):
        """The words after the status."""
        if self._reason is None:
            self._reason = head_reason(&self.head, self.head_text)
        return self._reason

    @property
    def proto(self):
        """"HTTP/1.1", "HTTP/1.0", or "" without a response."""
        if self._proto is None:
            self._proto = "HTTP/1.1" if self.head.minor_version else "HTTP/1.0"
        return self._proto

    @property
    def cookies(self):
        """Names and values of the cookies that this response set."""
        if self._cookies is None:
            self._cookies = {}
        return self._cookies

    @cookies.setter
    def cookies(self, cookies):
        self._cookies = cookies

    @property
    def timings(self):
        """Phases in nanoseconds."""
        if self._timings is None:
            self._timings = timings_of(&self.times)
        return self._timings

    @property
    def body(self):
        """The body with its content coding undone.

        Raises:
            BodyDecodingError: if it is damaged, coded in an unknown way, or was too long to keep.
        """
        if self._decoded is None:
            if self.body_bytes > 0 and not self.wire_body:
                raise BodyDecodingError(
                    "the body was discarded: ask for it with response_type='binary'"
                )
            if self.body_bytes > <uint64_t>len(self.wire_body):
                raise BodyDecodingError(
                    f"only {len(self.wire_body)} of the body's {self.body_bytes} bytes were kept; "
                    "read wire_body instead"
                )
            if self.head_text is not None and not self.head.noted[<int>HTTP_FIELD_CONTENT_ENCODING].offset:
                self._decoded = self.wire_body
            else:
                encoding = self.headers.get("content-encoding", "")
                self._decoded = decode_body(self.wire_body, encoding)
        return self._decoded

    def text(self, encoding=None):
        """The body as text, in the charset its Content-Type names, else UTF-8.

        Bytes that are no text in that charset become U+FFFD.

        Raises:
            BodyDecodingError: as `body`.
        """
        chosen = encoding or self._charset()
        try:
            return self.body.decode(chosen, errors="replace")
        except (LookupError, ValueError):  # no charset, or none that decodes text
            if encoding is not None:
                raise
            return self.body.decode("utf-8", errors="replace")

    def json(self):
        """The body read as JSON.

        Raises:
            ValueError: if it is not JSON, with the status and the beginning of the body.
        """
        try:
            return decode_json(self.body)
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            start = self.text()[:80]
            raise ValueError(
                f"{self.method} {self.url} answered {self.status} with no JSON: {start!r}"
            ) from error

    def _charset(self):
        for parameter in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip("\"'") or "utf-8"
        return "utf-8"

    def __repr__(self):
        outcome = self.error or str(self.status)
        return f"<Response {self.method} {self.url}: {outcome}>"


class HttpError(Exception):
    """Raised for a request with `throw=True` that got no usable response."""

    def __init__(self, response):
        super().__init__(f"{response.method} {response.url}: {response.error}")
        self.response = response
