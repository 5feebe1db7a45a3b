"""What requests of one kind have in common, worked out once for all virtual users.

A pattern is all of them that differ only in the path, the content of the body, the values of given
headers and the cookies; a template is those of a pattern with one path. Both are shared by the
clients of a scenario: nothing in them belongs to a virtual user.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport (
    PyUnicode_1BYTE_KIND,
    PyUnicode_DATA,
    PyUnicode_GET_LENGTH,
    PyUnicode_KIND,
)
from libc.string cimport memcpy

from atlas_perf.protocols.http.folding cimport folded

from dataclasses import replace

from atlas_perf.protocols.http.recording import Outcome
from atlas_perf.protocols.http.request import EXPECTED_STATUSES, authorization
from atlas_perf.protocols.http.trace_context import HEADER

cdef enum:
    REMEMBERED_NAMES = 256
    REMEMBERED_SERIES = 4096


cdef class OutcomeSeries:
    """Where requests of one name, one outcome and one set of tags are recorded."""

    cdef bint fits(self, tuple tags, const http_head *head, str tls_version) noexcept:
        return (
            self.tags is tags
            and self.status == head.status
            and self.minor_version == head.minor_version
            and self.tls_version is tls_version  # interned
        )


cdef class NamedSeries:
    """Where the requests of a pattern with one value of the `name` tag are recorded."""

    cdef OutcomeSeries find(self, tuple tags, Response response):
        cdef OutcomeSeries series
        key = (tags, response.status, response.head.minor_version, response.tls_version)
        series = self._by_outcome.get(key)
        if series is None:
            series = self._opened(tags, response)
            if len(self._by_outcome) >= REMEMBERED_SERIES:
                self._by_outcome.clear()
            self._by_outcome[key] = series
        series.tags = tags  # equal; told apart by identity from now on
        self.last = series
        return series

    def _opened(self, tuple tags, Response response):
        cdef OutcomeSeries series = OutcomeSeries.__new__(OutcomeSeries)
        series.status = response.status
        series.minor_version = response.head.minor_version
        series.tls_version = response.tls_version
        series.sink = self._log.series(tags, self._request.tags, self._outcome(response))
        series.sent_number, series.received_number = self._log.data_series(tags)
        return series

    cdef uint32_t response_number(
        self, OutcomeSeries series, Response response
    ) except? 0xFFFFFFFF:
        """The number of the series of response times of an outcome: of the open model only."""
        if series.response_number is None:
            series.response_number = self._log.response_series(
                series.tags, self._request.tags, self._outcome(response)
            )
        return series.response_number

    def _outcome(self, Response response):
        return Outcome(
            method=response.method,
            url=self._name,
            name=self._name,
            status=response.status,
            proto=response.proto,
            tls_version=response.tls_version,
            error="",
            error_code=response.error_code,
            failed=not response.ok,
        )


cdef class RequestPattern:
    """Requests that differ in path, content, values of given headers and cookies only."""

    def __init__(self, request, target, parts, log):
        """`request` is one of them, `parts` its head cut into pieces (`head_parts`)."""
        self._request = request
        self._target = target
        self._origin = target.origin
        self._parts = parts
        self._log = log
        self._method = request.method
        self._timeout_ns = request.timeout_ns
        self._judged = request.expect is not None
        self._discards = not request.keeps_body
        self._to_head = request.method == "HEAD"
        self._may_have_content = parts.may_have_content
        self._always_has_length = parts.always_has_length
        self._default_expected = request.expected_statuses is EXPECTED_STATUSES
        self._has_own_trace = request.has_header(HEADER)
        self._name = request.name or None
        self._fold_urls = log.fold_urls
        self._before_path = parts.before_path.encode("latin-1")
        self._after_path = parts.after_path.encode("latin-1")
        self._after_given = parts.after_given.encode("latin-1")
        self.has_length = parts.has_length
        self._has_credentials = parts.has_credentials
        self._has_given = parts.has_given
        self._named = {}

    cdef bint take_path(self, str path) except -1:
        """Learn what surrounds the path where it can be any other; False if it cannot."""
        whole, tag_url = self._request.url, self._target.tag_url
        on_the_wire, own = self._parts.path, self._target.path
        if "#" in whole or not (
            whole.endswith(path)
            and tag_url.endswith(path)
            and on_the_wire.endswith(path)
            and own.endswith(path)
        ):
            return False
        self._url_start = whole.removesuffix(path)
        self._tag_start = tag_url.removesuffix(path)
        self._path_start = own.removesuffix(path)
        self._before_path += on_the_wire.removesuffix(path).encode("latin-1")
        return True

    cdef RequestTemplate own_template(self):
        """The template of the request that the pattern was made of, whatever its path."""
        cdef bytes head = self._before_path + self._parts.path.encode("latin-1") + self._after_path
        cdef RequestTemplate made = self._new(head, self._target.tag_url)
        made._request = self._request
        made._target = self._target
        return made

    cdef RequestTemplate template(self, str path):
        """The template for a path of plain ASCII, after `take_path`."""
        cdef Py_ssize_t length = (
            PyBytes_GET_SIZE(self._before_path)
            + PyUnicode_GET_LENGTH(path)
            + PyBytes_GET_SIZE(self._after_path)
        )
        cdef bytes head = PyBytes_FromStringAndSize(NULL, length)
        cdef char *at = PyBytes_AS_STRING(head)
        at = _put_bytes(at, self._before_path)
        at = _put_text(at, path)
        _put_bytes(at, self._after_path)
        cdef RequestTemplate made = self._new(head, self._tag_start + path)
        made._path = path
        return made

    cdef RequestTemplate _new(self, bytes head, str tag_url):
        cdef RequestTemplate made = RequestTemplate.__new__(RequestTemplate)
        made.pattern = self
        made.head = head
        made.tag_url = tag_url
        made.series = self._series_of(tag_url)
        made.method = self._method
        made.origin = self._origin
        made.timeout_ns = self._timeout_ns
        made.judged = self._judged
        made.discards = self._discards
        made.to_head = self._to_head
        made.has_own_trace = self._has_own_trace
        made.may_have_content = self._may_have_content
        return made

    cdef NamedSeries _series_of(self, str url):
        cdef NamedSeries series
        cdef str name = self._name
        if name is None:
            name = folded(url) if self._fold_urls else url
        series = self._named.get(name)
        if series is None:
            series = NamedSeries.__new__(NamedSeries)
            series._log = self._log
            series._request = self._request
            series._name = name
            series._by_outcome = {}
            if len(self._named) >= REMEMBERED_NAMES:
                self._named.clear()
            self._named[name] = series
        return series

    cdef bytes varying_lines(self, dict params):
        """The lines of a call's credentials and headers; None if a header cannot be sent."""
        cdef bytes lines = b""
        if self._has_credentials:
            lines = self._line_of(params["auth"])
        if self._has_given:
            given = self._lines_of(<dict>params["headers"])
            if given is None:
                return None
            lines += given
        return lines

    cdef bytes _line_of(self, credentials):
        if credentials is not self._credentials:
            line = f"Authorization: {authorization(credentials)}\r\n"
            self._credentials_line = line.encode("latin-1")
            self._credentials = credentials
        return self._credentials_line

    cdef bytes _lines_of(self, dict headers):
        """The lines of the headers given with a call; None if one of them cannot be sent.

        Text cannot change: lines made of the same objects as last time are the same lines.
        """
        cdef list values = list(headers.values())
        cdef Py_ssize_t position
        cdef bint known = self._given_values is not None
        if known:
            for position in range(len(values)):
                if values[position] is not (<list>self._given_values)[position]:
                    known = False
                    break
        if not known:
            for value in values:
                if not _can_be_sent(value):
                    return None
            self._given = _lines(headers)
            self._given_values = values
        return self._given


cdef class RequestTemplate:
    """All that is known of a request before its content, its given headers and its cookies."""

    @property
    def request(self):
        """The request itself, without its content."""
        if self._request is None:
            url = self.pattern._url_start + self._path
            self._request = replace(self.pattern._request, url=url)
        return self._request

    @property
    def target(self):
        if self._target is None:
            path = self.pattern._path_start + self._path
            self._target = replace(self.pattern._target, path=path, tag_url=self.tag_url)
        return self._target

    cdef bint throws(self) except? -1:
        return self.pattern._request.throw

    cdef bint sends_length_of(self, Py_ssize_t content_bytes) noexcept:
        """Whether a request with so many bytes of content tells their number."""
        return content_bytes > 0 or self.pattern._always_has_length

    cdef bint expects(self, int status) except? -1:
        if self.pattern._default_expected:
            return 200 <= status < 400
        return status in self.pattern._request.expected_statuses

    cdef bytes head_with(self, Py_ssize_t content_bytes, str cookies, dict params):
        """The whole head; None if a given header cannot be sent."""
        cdef RequestPattern pattern = self.pattern
        cdef bytes lines, head
        cdef bint given = pattern._has_given or pattern._has_credentials
        if not given and not pattern.has_length:
            if cookies is None:
                return self.head
            return self.head[:-2] + b"Cookie: " + cookies.encode("latin-1") + b"\r\n\r\n"
        head = self.head
        if pattern.has_length:
            head += b"%d\r\n" % content_bytes
        if given:
            lines = pattern.varying_lines(params)
            if lines is None:
                return None
            head += lines
        head += pattern._after_given
        if cookies is not None:
            head += b"Cookie: " + cookies.encode("latin-1") + b"\r\n"
        return head + b"\r\n"


cdef bytes _lines(dict headers):
    """Header lines of names and values that can be sent."""
    cdef Py_ssize_t length = 0
    for name, value in headers.items():
        length += PyUnicode_GET_LENGTH(name) + PyUnicode_GET_LENGTH(value) + 4
    cdef bytes lines = PyBytes_FromStringAndSize(NULL, length)
    cdef char *at = PyBytes_AS_STRING(lines)
    for name, value in headers.items():
        at = _put_bytes(_put_text(at, name), b": ")
        at = _put_bytes(_put_text(at, value), b"\r\n")
    return lines


cdef bint _can_be_sent(value):
    """Whether it is Latin-1 without control characters: what `checked_fields` lets pass."""
    cdef const unsigned char *characters
    cdef Py_ssize_t position
    if type(value) is not str or PyUnicode_KIND(value) != PyUnicode_1BYTE_KIND:
        return False
    characters = <const unsigned char *>PyUnicode_DATA(value)
    for position in range(PyUnicode_GET_LENGTH(value)):
        if characters[position] == 0x7F or (
            characters[position] < 0x20 and characters[position] != c"\t"
        ):
            return False
    return True


cdef inline char *_put_bytes(char *at, bytes piece) noexcept:
    memcpy(at, PyBytes_AS_STRING(piece), PyBytes_GET_SIZE(piece))
    return at + PyBytes_GET_SIZE(piece)


cdef inline char *_put_text(char *at, text) noexcept:
    """Text of one byte a character."""
    memcpy(at, PyUnicode_DATA(text), PyUnicode_GET_LENGTH(text))
    return at + PyUnicode_GET_LENGTH(text)
