from libc.stdint cimport int64_t, uint64_t

from atlas_perf.protocols.http.readiness cimport ReadinessLoop, Watched
from atlas_perf.protocols.http.response_parser cimport ResponseParser

cdef enum:
    UNREAD = -1  # a reading of the stop-watch that was not taken


cdef class Successor:
    cdef bytes head
    cdef bytes content

    cdef bint begin(self) except -1


cdef class TcpConnection(Watched):
    cdef readonly str tls_version
    cdef ReadinessLoop readiness
    cdef ResponseParser parser
    cdef public object _asyncio_future_blocking
    cdef object _callback
    cdef object _context
    cdef Successor successor
    cdef bint busy
    cdef bint ended
    cdef bint _keep
    cdef object failure
    cdef bytes _waiting
    cdef bytes _waiting_body
    cdef bytes _unsent
    cdef Py_ssize_t _unsent_from
    cdef bint _parts_to_come
    cdef object _room
    cdef int _send_errno
    cdef int64_t send_began_ns
    cdef int64_t sent_ns
    cdef int64_t first_byte_ns
    cdef int64_t last_byte_ns
    cdef readonly uint64_t sent_bytes
    cdef readonly uint64_t received_bytes

    cdef bint is_reusable(self) noexcept
    cdef bint ended_in_order(self) noexcept
    cdef int start(
        self, bytes head, bytes body, ResponseParser parser, int64_t deadline_ns
    ) except -1
    cdef int finish(self, bint keep) except -1
    cdef int close_now(self) except -1
    cdef bytes _next_bytes(self)
    cdef int _send(self) except -1
    cdef int _nothing_unsent(self) except -1
    cdef int _receive(self, bint hung_up) except -1
    cdef int _received(self, ssize_t length) except -1
    cdef int _take(self, ssize_t length) except -1
    cdef int _lost(self, int error_number) except -1
    cdef int _end(self, failure) except -1
    cdef object _loss(self, int error_number)
    cdef bint _followed(self) except -1
