"""What requests of one kind have in common, worked out once.

A template knows all of a request but its body and cookies, and the series where its outcomes are
recorded; its key tells which calls may use it.
"""

from datetime import timedelta

from atlas_perf.protocols.http.recording import Outcome
from atlas_perf.protocols.http.request import EXPECTED_STATUSES

cdef enum:
    REMEMBERED_SERIES = 256


cdef class OutcomeSeries:
    """Where requests of one template, one outcome and one set of tags are recorded."""


cdef class RequestTemplate:
    """All that is known of a request before its body, and where its samples go."""

    def __init__(self, request, target, bytes head not None, int content_bytes):
        """`head` is that of a request with so many bytes of content."""
        line = b"\r\nContent-Length: %d\r\n" % content_bytes
        before, found, after = head.partition(line)
        self.request = request
        self.target = target
        self.has_body = bool(found)
        self.head = before + b"\r\nContent-Length: " if found else head
        self.head_after_length = b"\r\n" + after if found else b""
        self.method = request.method
        self.tag_url = target.tag_url
        self.origin = target.origin
        self.judged = request.expect is not None
        self.to_head = request.method == "HEAD"
        self.discards = not request.keeps_body
        self.default_expected = request.expected_statuses is EXPECTED_STATUSES
        self.timeout_ns = request.timeout_ns
        self.series = {}

    cdef bint expects(self, int status) except? -1:
        if self.default_expected:
            return 200 <= status < 400
        return status in self.request.expected_statuses

    cdef bytes head_with(self, Py_ssize_t body_bytes, str cookies):
        cdef bytes head = self.head
        if self.has_body:
            head = b"%b%d%b" % (head, body_bytes, self.head_after_length)
        if cookies is not None:
            head = head[:-2] + b"Cookie: " + cookies.encode("latin-1") + b"\r\n\r\n"
        return head


cdef object template_key(method, url, body, dict params):
    """What tells one template from another: everything but the content of the body."""
    if type(url) is not str or type(method) is not str:
        return None
    if not params:
        if body is None and method == "GET":
            return url
        return (method, url, type(body), bool(body))
    parts = [method, url, type(body), bool(body)]
    for name, value in params.items():
        kind = type(value)
        parts.append(name)
        if name == "json" or name == "data":
            parts.append(value is None)
        elif name == "expect" or value is None or kind is str or kind is int or kind is bool or kind is timedelta:
            parts.append(kind)
            parts.append(value)
        elif kind is dict:
            for each in (<dict>value).items():
                if type((<tuple>each)[0]) is not str or type((<tuple>each)[1]) is not str:
                    return None
                parts.append(each)
        else:
            return None
    return tuple(parts)


cdef OutcomeSeries series_for(log, RequestTemplate template, tuple tags, Response response):
    """The series of an outcome, remembered by the template."""
    cdef OutcomeSeries series
    key = (tags, response.status, response.head.minor_version)
    series = template.series.get(key)
    if series is not None:
        return series
    outcome = Outcome(
        method=response.method,
        url=response.url,
        name=template.request.name,
        status=response.status,
        proto=response.proto,
        tls_version="",
        error="",
        error_code=response.error_code,
        failed=not response.ok,
    )
    series = OutcomeSeries.__new__(OutcomeSeries)
    series.tags = tags
    series.status = response.status
    series.minor_version = response.head.minor_version
    series.sink = log.series(tags, template.request.tags, outcome)
    series.sent_number, series.received_number = log.data_series(tags)
    if len(template.series) >= REMEMBERED_SERIES:
        template.series.clear()
    template.series[key] = series
    return series
