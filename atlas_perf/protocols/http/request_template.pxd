from libc.stdint cimport int64_t, uint32_t

from atlas_perf.protocols.http.chttp_head cimport http_head
from atlas_perf.protocols.http.response cimport Response


cdef class OutcomeSeries:
    cdef tuple tags
    cdef int status
    cdef int minor_version
    cdef str tls_version
    cdef object sink
    cdef uint32_t sent_number
    cdef uint32_t received_number
    cdef object response_number  # None until there is a response time to record

    cdef bint fits(self, tuple tags, const http_head *head, str tls_version) noexcept


cdef class NamedSeries:
    cdef object _log
    cdef object _request
    cdef str _name
    cdef OutcomeSeries last
    cdef dict _by_outcome

    cdef OutcomeSeries find(self, tuple tags, Response response)
    cdef uint32_t response_number(self, OutcomeSeries series, Response response) except? 0xFFFFFFFF


cdef class RequestPattern:
    cdef object _log
    cdef object _request
    cdef object _target
    cdef object _parts
    cdef tuple _origin
    cdef str _url_start
    cdef str _path_start
    cdef str _tag_start
    cdef bytes _before_path
    cdef bytes _after_path
    cdef bytes _after_given
    cdef str _method
    cdef str _name
    cdef int64_t _timeout_ns
    cdef bint _judged
    cdef bint _discards
    cdef bint _to_head
    cdef bint _may_have_content
    cdef bint _always_has_length
    cdef bint _default_expected
    cdef bint _has_own_trace
    cdef bint _fold_urls
    cdef bint has_length
    cdef bint _has_credentials
    cdef bint _has_given
    cdef object _credentials
    cdef bytes _credentials_line
    cdef list _given_values
    cdef bytes _given
    cdef dict _named

    cdef bint take_path(self, str path) except -1
    cdef RequestTemplate own_template(self)
    cdef RequestTemplate template(self, str path)
    cdef RequestTemplate _new(self, bytes head, str tag_url)
    cdef NamedSeries _series_of(self, str url)
    cdef bytes _line_of(self, credentials)
    cdef bytes _lines_of(self, dict headers)
    cdef bytes varying_lines(self, dict params)


cdef class RequestTemplate:
    cdef RequestPattern pattern
    cdef object _request
    cdef object _target
    cdef str _path
    cdef str method
    cdef str tag_url
    cdef tuple origin
    cdef bytes head
    cdef int64_t timeout_ns
    cdef bint judged
    cdef bint may_have_content
    cdef bint to_head
    cdef bint discards
    cdef bint has_own_trace
    cdef NamedSeries series

    cdef bint throws(self) except? -1
    cdef bint sends_length_of(self, Py_ssize_t content_bytes) noexcept
    cdef bint expects(self, int status) except? -1
    cdef bytes head_with(self, Py_ssize_t content_bytes, str cookies, dict params)
