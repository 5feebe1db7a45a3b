"""Mirror of csrc/http_body.h."""

from libc.stdint cimport uint64_t

from atlas_perf.protocols.http.chttp_head cimport http_head
from atlas_perf.protocols.http.chttp_limits cimport http_limits
from atlas_perf.protocols.http.chttp_refusal cimport http_progress, http_refusal


cdef extern from "http_body.h" nogil:
    ctypedef struct http_body:
        uint64_t received
        http_refusal refusal

    ctypedef struct http_slice:
        size_t offset
        size_t length

    void http_body_start(http_body *self, const http_head *head)
    http_progress http_body_feed(
        http_body *self,
        const http_limits *limits,
        const char *bytes,
        size_t length,
        size_t *consumed,
        http_slice *content,
    )
    http_progress http_body_end_of_stream(http_body *self)
