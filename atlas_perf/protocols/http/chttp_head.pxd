"""Mirror of csrc/http_head.h."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from atlas_perf.protocols.http.chttp_limits cimport http_limits
from atlas_perf.protocols.http.chttp_refusal cimport http_progress, http_refusal


cdef extern from "http_head.h" nogil:
    ctypedef enum http_asked:
        HTTP_ASKED_ANY
        HTTP_ASKED_HEAD
        HTTP_ASKED_CONNECT

    ctypedef enum http_framing:
        HTTP_FRAMING_NONE
        HTTP_FRAMING_LENGTH
        HTTP_FRAMING_CHUNKED
        HTTP_FRAMING_UNTIL_CLOSE

    ctypedef struct http_span:
        uint32_t offset
        uint32_t length

    ctypedef enum http_noted_field:
        HTTP_FIELD_LOCATION
        HTTP_FIELD_CONTENT_TYPE
        HTTP_FIELD_CONTENT_ENCODING
        HTTP_FIELD_SET_COOKIE
        HTTP_FIELD_WWW_AUTHENTICATE
        HTTP_FIELD_PROXY_AUTHENTICATE
        HTTP_NOTED_FIELDS

    ctypedef struct http_head:
        uint32_t length
        uint16_t status
        uint8_t minor_version
        uint8_t framing
        bint interim
        bint tunnel
        bint keep_alive
        bint has_content_length
        bint other_coding
        uint32_t field_count
        uint32_t first_field
        uint64_t content_length
        http_span reason
        http_span *noted
        uint32_t repeated
        http_refusal refusal
        uint32_t at

    void http_head_start(http_head *self, http_asked asked)
    http_progress http_head_feed(
        http_head *self, const http_limits *limits, const char *bytes, size_t length
    )

    ctypedef struct http_field:
        http_span name
        http_span value

    bint http_head_next_field(
        const http_head *self, const char *bytes, uint32_t *at, http_field *field
    )
