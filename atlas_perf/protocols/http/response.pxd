from libc.stdint cimport int64_t, uint64_t

from atlas_perf.protocols.http.chttp_head cimport http_head
from atlas_perf.protocols.http.sinks cimport phase_times


cdef class Response:
    cdef public int status
    cdef public int error_code
    cdef public bint ok
    cdef public uint64_t body_bytes
    cdef public int64_t ended_ns
    cdef public object method
    cdef public object url
    cdef public bytes wire_body
    cdef public object error
    cdef public object tls_version
    cdef public str trace_id
    cdef http_head head
    cdef bytes head_text
    cdef phase_times times
    cdef object _headers
    cdef object _reason
    cdef object _proto
    cdef object _cookies
    cdef object _timings
    cdef bytes _decoded
