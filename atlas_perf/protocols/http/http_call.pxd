from libc.stdint cimport int64_t, uint32_t

from atlas_perf.protocols.http.host_connections cimport HostConnections
from atlas_perf.protocols.http.response cimport Response
from atlas_perf.protocols.http.response_parser cimport ResponseParser
from atlas_perf.protocols.http.sinks cimport phase_times
from atlas_perf.protocols.http.tcp_connection cimport TcpConnection


cdef class OutcomeSeries:
    cdef tuple tags
    cdef int status
    cdef int minor_version
    cdef str tls_version
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


cdef class RequestMethods:
    cdef dict _templates
    cdef public object _pool
    cdef public object _log
    cdef public object _recorder
    cdef public object _sample_tags
    cdef public dict _stored_cookies

    cdef HttpCall call(self, method, url, body, dict params)
    cdef RequestTemplate template_for(self, HttpCall call)


cdef class HttpCall:
    cdef RequestMethods client
    cdef object method
    cdef object url
    cdef object body
    cdef dict params
    cdef RequestTemplate template
    cdef TcpConnection connection
    cdef tuple tags
    cdef int64_t began_ns
    cdef int64_t deadline_ns
    cdef object slow
    cdef int stage

    cdef object start(self)
    cdef object start_slowly(self)
    cdef object deliver(self)
    cdef object deliver_failure(self, TcpConnection connection, failure)
    cdef object failed(self, TcpConnection connection, failure, int64_t ended_ns)
    cdef int record(self, Response response, TcpConnection connection) except -1
    cdef int let_go(self, bint keep) except -1
