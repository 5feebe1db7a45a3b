"""Mirror of csrc/http_response.h."""

from libc.stdint cimport uint8_t, uint32_t

from atlas_perf.protocols.http.chttp_body cimport http_body, http_slice
from atlas_perf.protocols.http.chttp_head cimport http_asked, http_head
from atlas_perf.protocols.http.chttp_limits cimport http_limits
from atlas_perf.protocols.http.chttp_refusal cimport http_refusal


cdef extern from "http_response.h" nogil:
    ctypedef enum http_event:
        HTTP_EVENT_MORE
        HTTP_EVENT_INTERIM
        HTTP_EVENT_HEAD
        HTTP_EVENT_CONTENT
        HTTP_EVENT_END
        HTTP_EVENT_REFUSED

    ctypedef struct http_response:
        http_head head
        http_body body
        uint32_t interim_responses
        http_refusal refusal
        uint8_t asked

    void http_response_start(http_response *self, const http_limits *limits, http_asked asked)
    http_event http_response_next(
        http_response *self,
        const char *bytes,
        size_t length,
        size_t *consumed,
        http_slice *content,
    )
    http_event http_response_end_of_stream(http_response *self)
