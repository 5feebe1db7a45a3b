"""Mirror of csrc/http_limits.h."""

from libc.stdint cimport uint32_t


cdef extern from "http_limits.h" nogil:
    ctypedef struct http_limits:
        uint32_t head_bytes
        uint32_t fields
        uint32_t interim_responses
        uint32_t chunk_size_digits
        uint32_t chunk_extension_bytes
        uint32_t trailer_bytes

    const http_limits http_default_limits
    const uint32_t HTTP_MAX_CHUNK_SIZE_DIGITS
