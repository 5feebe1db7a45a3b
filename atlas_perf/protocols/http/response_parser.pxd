from libc.stdint cimport int64_t, uint64_t

from atlas_perf.protocols.http.chttp_head cimport http_head
from atlas_perf.protocols.http.chttp_response cimport http_response


cdef class ResponseParser:
    cdef http_response response
    cdef bytearray _unread
    cdef bytes head
    cdef bytes _body
    cdef list _pieces
    cdef readonly uint64_t body_bytes
    cdef readonly bint complete
    cdef public bint surplus
    cdef public bint message_begun
    cdef public bint discarding
    cdef public object listener
    cdef list _heard
    cdef bint _between_messages

    cdef void restart(self, bint to_head) noexcept
    cdef void forget(self) noexcept
    cdef int take(self, const char *data, size_t length) except -1
    cdef bint _starts_as_the_last(self, const char *data, size_t length) noexcept
    cdef void _remember_head(self) noexcept
    cdef int _keep(self, const char *content, size_t length) except -1
    cdef object tell(self, int64_t at_ns, object failure)
    cdef bytes whole_body(self)
    cdef bint keeps(self) noexcept


cdef str head_reason(const http_head *head, bytes text)
cdef list head_fields(const http_head *head, bytes text)
