from libc.stdint cimport int64_t

from atlas_perf.protocols.http.request_template cimport RequestTemplate
from atlas_perf.protocols.http.response cimport Response
from atlas_perf.protocols.http.response_parser cimport ResponseParser
from atlas_perf.protocols.http.sinks cimport phase_times
from atlas_perf.protocols.http.tcp_connection cimport TcpConnection


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
