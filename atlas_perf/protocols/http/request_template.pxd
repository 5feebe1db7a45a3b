from libc.stdint cimport int64_t, uint32_t

from atlas_perf.protocols.http.host_connections cimport HostConnections
from atlas_perf.protocols.http.response cimport Response


cdef class OutcomeSeries:
    cdef tuple tags
    cdef int status
    cdef int minor_version
    cdef object sink
    cdef uint32_t sent_number
    cdef uint32_t received_number


cdef class RequestTemplate:
    cdef readonly object request
    cdef readonly object target
    cdef str method
    cdef str tag_url
    cdef tuple origin
    cdef bint judged
    cdef bytes head
    cdef bytes head_after_length
    cdef bint has_body
    cdef bint to_head
    cdef bint discards
    cdef bint default_expected
    cdef int64_t timeout_ns
    cdef object pool
    cdef HostConnections host
    cdef OutcomeSeries last_series
    cdef dict series

    cdef bint expects(self, int status) except? -1
    cdef bytes head_with(self, Py_ssize_t body_bytes, str cookies)


cdef object template_key(method, url, body, dict params)
cdef OutcomeSeries series_for(log, RequestTemplate template, tuple tags, Response response)
