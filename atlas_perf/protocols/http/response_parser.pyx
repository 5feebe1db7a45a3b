"""Bytes of one response in, its parts out; csrc/http_response.c does the syntax and the limits.

Knows no socket and no clock. `feed` raises nothing but `RequestFailure`, whatever the bytes are.
"""

from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint32_t
from libc.string cimport memcmp

from atlas_perf.protocols.http.chttp_body cimport http_slice
from atlas_perf.protocols.http.chttp_head cimport (
    HTTP_ASKED_ANY,
    HTTP_ASKED_HEAD,
    http_field,
    http_head,
    http_head_next_field,
)
from atlas_perf.protocols.http.chttp_limits cimport http_default_limits
from atlas_perf.protocols.http.chttp_refusal cimport http_refusal_name
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

from atlas_perf.protocols.http.failures import malformed_response
from atlas_perf.protocols.http.refusals import refusal_text

MAX_HEADER_BYTES = http_default_limits.head_bytes
"""Status line and header fields of a response."""

MAX_HEADER_COUNT = http_default_limits.fields

MAX_INTERIM_RESPONSES = http_default_limits.interim_responses
"""1xx responses before the final one."""

MAX_BODY_KEPT_BYTES = 64 * 1024 * 1024
"""Of a longer body the rest is received and counted, but not kept."""

cdef bytes _last_head = None
cdef http_response _behind_last_head  # a parser's state once it has taken that head


cdef class ResponseParser:
    """One response to one request.

    Attributes:
        complete: the last byte has come.
        surplus: bytes followed that belong to no request.
        message_begun: set with the first byte of each message, interim ones included.
        discarding: set before a response to count its content without keeping it.
        listener: set before a response to hear of its content as it comes; nothing is kept then.
        body_bytes: content received, also what was not kept.
    """

    def __init__(self, *, bint to_head):
        self.restart(to_head)

    cdef void restart(self, bint to_head) noexcept:
        """Be ready for the next response."""
        http_response_start(
            &self.response, &http_default_limits, HTTP_ASKED_HEAD if to_head else HTTP_ASKED_ANY
        )
        self.forget()
        self.body_bytes = 0
        self.complete = False
        self.surplus = False
        self.message_begun = False
        self.discarding = False
        self._between_messages = True

    cdef void forget(self) noexcept:
        """Hold no bytes between two responses: an idle connection must not keep a body."""
        self._unread = None
        self.head = None
        self._body = b""
        self._pieces = None

    cdef int take(self, const char *data, size_t length) except -1:
        """Take the next bytes from the connection; RequestFailure if they are no response."""
        cdef http_event event = HTTP_EVENT_CONTENT
        cdef http_slice content
        cdef size_t consumed
        cdef size_t at = 0
        cdef bytearray held = self._unread
        if self.complete:
            self.surplus = self.surplus or length > 0
            return 0
        if held is not None:
            held += data[:length]
            data = PyByteArray_AS_STRING(held)
            length = len(held)
        elif self._starts_as_the_last(data, length):
            at = self.response.head.length
        while True:
            if self._between_messages and at < length:
                self._between_messages = False
                self.message_begun = True
            event = http_response_next(
                &self.response, data + at, length - at, &consumed, &content
            )
            if event == HTTP_EVENT_CONTENT:
                self._keep(data + at + content.offset, content.length)
            elif event == HTTP_EVENT_HEAD:
                self.head = PyBytes_FromStringAndSize(data + at, consumed)
                if self.response.interim_responses == 0:
                    self._remember_head()
            elif event == HTTP_EVENT_INTERIM:
                self._between_messages = True
            elif event == HTTP_EVENT_REFUSED:
                raise malformed_response(refusal_text(self._refusal()))
            at += consumed
            if event == HTTP_EVENT_MORE or event == HTTP_EVENT_END:
                break
        if event == HTTP_EVENT_END:
            self.complete = True
            self.surplus = at < length
            self._unread = None
        elif at == length:
            self._unread = None
        elif held is None:
            self._unread = bytearray(data[at:length])
        else:
            del held[:at]
        return 0

    cdef bint _starts_as_the_last(self, const char *data, size_t length) noexcept:
        """Take a head that equals, byte for byte, the last one that any parser took.

        A server under load sends the same head again and again, but for a date once a second. What
        the syntax makes of a head depends on its bytes alone, and on whether it answers HEAD.
        """
        cdef Py_ssize_t size
        if (
            _last_head is None
            or not self._between_messages
            or self.response.interim_responses != 0
            or self.response.asked != _behind_last_head.asked
        ):
            return False
        size = PyBytes_GET_SIZE(_last_head)
        if length < <size_t>size or memcmp(data, PyBytes_AS_STRING(_last_head), size) != 0:
            return False
        self.response = _behind_last_head
        self.head = _last_head
        self._between_messages = False
        self.message_begun = True
        return True

    cdef void _remember_head(self) noexcept:
        global _last_head, _behind_last_head
        _last_head = self.head
        _behind_last_head = self.response

    cdef object tell(self, int64_t at_ns, object failure):
        """Tell the listener what one reading of the socket has brought; what ends the request."""
        cdef list heard = self._heard
        if self.head is None:
            return failure
        self._heard = None
        refusal = self.listener.arrived(self, heard if heard is not None else [], at_ns)
        return failure if failure is not None else refusal

    cdef int _keep(self, const char *content, size_t length) except -1:
        cdef uint64_t limit = MAX_BODY_KEPT_BYTES
        cdef size_t kept = 0 if self.discarding else length
        if self.listener is not None:
            if self._heard is None:
                self._heard = []
            self._heard.append(PyBytes_FromStringAndSize(content, length))
            self.body_bytes += length
            return 0
        if not self.discarding and self.body_bytes + length > limit:
            kept = limit - self.body_bytes if self.body_bytes < limit else 0
        if kept > 0:
            piece = PyBytes_FromStringAndSize(content, kept)
            if self.body_bytes == 0:
                self._body = piece
            elif self._pieces is None:
                self._pieces = [self._body, piece]
            else:
                self._pieces.append(piece)
        self.body_bytes += length
        return 0

    cdef bytes whole_body(self):
        if self._pieces is not None:
            self._body = b"".join(self._pieces)
            self._pieces = None if self.complete else [self._body]
        return self._body

    cdef bint keeps(self) noexcept:
        return self.complete and not self.surplus and self.response.head.keep_alive

    def feed(self, bytes data not None):
        """Take the next bytes from the connection.

        Raises:
            RequestFailure: if they are no HTTP response, or one beyond the limits.
        """
        self.take(PyBytes_AS_STRING(data), len(data))

    def end_of_stream(self):
        """The server closed the connection: the end of a body that has no other."""
        if not self.complete:
            self.complete = http_response_end_of_stream(&self.response) == HTTP_EVENT_END

    def _refusal(self):
        return http_refusal_name(self.response.refusal).decode()

    @property
    def body(self):
        """The body as received, content coding included, up to MAX_BODY_KEPT_BYTES."""
        return self.whole_body()

    @property
    def keeps_connection(self):
        """True if another request may follow on the same connection."""
        return self.keeps()

    @property
    def status(self):
        """Of the final response; 0 before its head is whole."""
        return self.response.head.status if self.head is not None else 0

    @property
    def http_version(self):
        """"1.1" or "1.0"."""
        return "1.0" if self.head is not None and not self.response.head.minor_version else "1.1"

    @property
    def reason(self):
        """The words after the status, often empty."""
        return head_reason(&self.response.head, self.head) if self.head is not None else ""

    @property
    def fields(self):
        """Names and values of the final response's header fields, in order; no trailers."""
        return head_fields(&self.response.head, self.head) if self.head is not None else []


cdef str head_reason(const http_head *head, bytes text):
    """The words after the status."""
    return text[head.reason.offset : head.reason.offset + head.reason.length].decode("latin-1")


cdef list head_fields(const http_head *head, bytes text):
    """Names and values of all fields of a head, in order."""
    cdef uint32_t at = head.first_field
    cdef http_field field
    cdef list fields = []
    while http_head_next_field(head, text, &at, &field):
        name = text[field.name.offset : field.name.offset + field.name.length]
        value = text[field.value.offset : field.value.offset + field.value.length]
        fields.append((name.decode("latin-1"), value.decode("latin-1")))
    return fields
