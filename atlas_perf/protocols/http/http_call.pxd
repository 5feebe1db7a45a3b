from libc.stdint cimport int64_t

from atlas_perf.protocols.http.chttp_head cimport http_head
from atlas_perf.protocols.http.host_connections cimport HostConnections
from atlas_perf.protocols.http.request_template cimport OutcomeSeries, RequestTemplate
from atlas_perf.protocols.http.request_samples cimport RequestSamples
from atlas_perf.protocols.http.response cimport Response
from atlas_perf.protocols.http.response_parser cimport ResponseParser
from atlas_perf.protocols.http.sinks cimport phase_times
from atlas_perf.protocols.http.tcp_connection cimport Successor, TcpConnection
from atlas_perf.protocols.http.template_store cimport TemplateStore


cdef class RequestMethods:
    cdef TemplateStore _templates
    cdef object _recorder
    cdef RequestSamples _samples
    cdef object _tracing
    cdef readonly object _pool
    cdef public object _sample_tags
    cdef public dict _stored_cookies
    cdef public int64_t late_ns
    cdef dict _hosts
    cdef HostConnections _last_host
    cdef tuple _last_origin
    cdef tuple _given_tags
    cdef tuple _tags

    cdef HttpCall call(self, method, url, body, dict params)
    cdef HostConnections host_of(self, tuple origin)
    cdef tuple tags_now(self)


cdef class HttpCall:
    cdef RequestMethods client
    cdef object method
    cdef object url
    cdef object body
    cdef dict params
    cdef RequestTemplate template
    cdef HostConnections host
    cdef TcpConnection connection
    cdef tuple tags
    cdef int64_t began_ns
    cdef int64_t deadline_ns
    cdef int64_t late_ns  # -1 in the closed model
    cdef object trace_id
    cdef Successor successor
    cdef object slow
    cdef int stage

    cdef object start(self)
    cdef object start_slowly(self)
    cdef object deliver(self)
    cdef object deliver_failure(self, TcpConnection connection, failure)
    cdef object failed(self, TcpConnection connection, failure, int64_t ended_ns)
    cdef void read_times(self, phase_times *times) noexcept
    cdef int record(self, Response response) except -1
    cdef bytes traced(self, bytes head)
    cdef int tell(self, Response response) except -1
    cdef int record_response_time(self, OutcomeSeries series, Response response) except -1
    cdef int record_in(self, OutcomeSeries series, const phase_times *times) except -1
    cdef int let_go(self, bint keep) except -1


cdef bint asks_for_more(const http_head *head) noexcept
