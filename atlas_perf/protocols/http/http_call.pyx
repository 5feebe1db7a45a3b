# cython: embedsignature.format=clinic
"""The fast way of a request: from `vu.http.get(...)` to its response without a coroutine.

What is alike in request after request is worked out once, in a template. A call goes this way if
its connection is at hand; connecting, waiting for a connection, redirects and cookies are policy,
kept in `client.py`, and a call that needs them goes on there, with what it has measured.
"""

from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject

from atlas_perf.protocols.http.chttp_head cimport HTTP_FIELD_LOCATION, HTTP_FIELD_SET_COOKIE
from atlas_perf.protocols.http.csending cimport (
    PYGEN_ERROR,
    PYGEN_NEXT,
    PYGEN_RETURN,
    PyIter_Send,
    PySendResult,
    PyTypeObject,
    sendfunc,
)
from atlas_perf.protocols.http.sinks cimport RoundTripSink, SampleSink
from atlas_perf.protocols.http.tcp_connection cimport UNREAD

import asyncio
import warnings
from datetime import timedelta

from atlas_perf import clock
from atlas_perf.protocols.http.body import encode_body
from atlas_perf.protocols.http.error_codes import ErrorCode, status_error_code
from atlas_perf.protocols.http.failures import ClosedEarlyError, RequestFailure
from atlas_perf.protocols.http.recording import Outcome
from atlas_perf.protocols.http.request import EXPECTED_STATUSES
from atlas_perf.protocols.http.response import HttpError
from atlas_perf.protocols.http.round_trip import IDEMPOTENT_METHODS
from atlas_perf.protocols.http.timings import Stopwatch, Timings

cdef enum:
    NEW
    SENT  # on the fast way
    SLOW  # a coroutine of the client's goes on with it
    OVER
    REMEMBERED_TEMPLATES = 256

cdef object NOT_FAST = object()  # remembered instead of a template
cdef object NOT_YET = object()  # returned instead of a response


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


cdef class RequestMethods:
    """The request methods of a client, each returning an awaitable.

    A subclass sets the attributes and has, for the slow way, `_template`, `_request`, `_built`,
    `_cookie_pairs`, `_concluded`, `_go_on` and `_no_response`.
    """

    def __cinit__(self, *args, **kwargs):
        self._templates = {}

    cdef HttpCall call(self, method, url, body, dict params):
        cdef HttpCall call = HttpCall.__new__(HttpCall)
        call.client = self
        call.method = method
        call.url = url
        call.body = body
        call.params = params
        return call

    def request(self, method, url, body=None, **params):
        """Send a request, follow its redirects, return the last response.

        A relative URL is appended to the base URL. Nothing happens until it is awaited.

        Raises:
            ValueError, TypeError: for a request that cannot be meant; nothing is sent or counted.
            HttpError: with `throw`, if no usable response arrives.
            asyncio.CancelledError: if the caller is cancelled; counted as a failed request.
        """
        return self.call(method, url, body, params)

    def get(self, url, **params):
        """GET; see `request`."""
        return self.call("GET", url, None, params)

    def head(self, url, **params):
        """HEAD; see `request`."""
        return self.call("HEAD", url, None, params)

    def options(self, url, body=None, **params):
        """OPTIONS; see `request`."""
        return self.call("OPTIONS", url, body, params)

    def post(self, url, body=None, **params):
        """POST; see `request`."""
        return self.call("POST", url, body, params)

    def put(self, url, body=None, **params):
        """PUT; see `request`."""
        return self.call("PUT", url, body, params)

    def patch(self, url, body=None, **params):
        """PATCH; see `request`."""
        return self.call("PATCH", url, body, params)

    def delete(self, url, body=None, **params):
        """DELETE; see `request`."""
        return self.call("DELETE", url, body, params)

    cdef RequestTemplate template_for(self, HttpCall call):
        """The template of a call, None if it has to go the slow way."""
        key = template_key(call)
        if key is None:
            return None
        found = self._templates.get(key)
        if found is None:
            template = self._template(call.method, call.url, call.body, call.params)
            found = template or NOT_FAST
            if len(self._templates) >= REMEMBERED_TEMPLATES:
                self._templates.clear()
            self._templates[key] = found
        return None if found is NOT_FAST else <RequestTemplate>found


cdef object template_key(HttpCall call):
    """What tells one template from another: everything but the content of the body."""
    if type(call.url) is not str or type(call.method) is not str:
        return None
    if not call.params:
        if call.body is None and call.method == "GET":
            return call.url
        return (call.method, call.url, type(call.body), bool(call.body))
    parts = [call.method, call.url, type(call.body), bool(call.body)]
    for name, value in call.params.items():
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


cdef class HttpCall:
    """A request on its way, to be awaited once; a coroutine in all but its making."""

    cdef object start(self):
        """Send, if a connection is at hand; the response if there is one at once."""
        cdef RequestMethods client = self.client
        cdef RequestTemplate template = client.template_for(self)
        cdef bytes content = None
        if template is None:
            return self.start_slowly()
        self.template = template
        if template.pool is not client._pool:
            template.pool = client._pool
            template.host = template.pool.host(template.origin)
        if self.body is not None or self.params:
            content, _ = encode_body(
                self.body, self.params.get("json"), self.params.get("data")
            )
        self.tags = client._sample_tags()
        cookies = client._cookie_pairs(template.target) if client._stored_cookies else None
        head = template.head_with(len(content) if content is not None else 0, cookies)
        cdef TcpConnection connection = template.host.take_idle()
        if connection is None:
            return self.start_slowly()
        self.connection = connection
        self.stage = SENT
        self.began_ns = connection.readiness.now_ns()
        self.deadline_ns = self.began_ns + template.timeout_ns
        cdef ResponseParser parser = connection.parser
        if parser is None:
            parser = ResponseParser.__new__(ResponseParser)
        parser.restart(template.to_head)
        parser.discarding = template.discards
        connection.start(head, content, parser, self.deadline_ns)
        return self.deliver() if connection.ended else NOT_YET

    cdef object start_slowly(self):
        self.stage = SLOW
        self.slow = self.client._request(self.method, self.url, self.body, self.params)
        return NOT_YET

    cdef object deliver(self):
        """The response; NOT_YET if its request goes on the slow way."""
        cdef TcpConnection connection = self.connection
        cdef RequestTemplate template = self.template
        cdef ResponseParser parser = connection.parser
        cdef Response response
        cdef int64_t sent_ns
        if connection.failure is not None:
            return self.deliver_failure(connection, connection.failure)
        response = Response.__new__(Response)
        response.status = parser.response.head.status
        response.head = parser.response.head
        response.head_text = parser.head
        response.wire_body = parser.whole_body()
        response.body_bytes = parser.body_bytes
        response.method = template.method
        response.url = template.tag_url
        response.ok = True
        response.error = ""
        response.tls_version = connection.tls_version
        sent_ns = connection.sent_ns
        if sent_ns < 0 or sent_ns > connection.first_byte_ns:
            sent_ns = connection.first_byte_ns  # answered before the whole request was read
        response.times.duration_ns = connection.last_byte_ns - connection.send_began_ns
        response.times.blocked_ns = connection.send_began_ns - self.began_ns
        response.times.connecting_ns = -1
        response.times.tls_handshaking_ns = -1
        response.times.sending_ns = sent_ns - connection.send_began_ns
        response.times.waiting_ns = connection.first_byte_ns - sent_ns
        response.times.receiving_ns = connection.last_byte_ns - connection.first_byte_ns
        if (
            response.head.noted[<int>HTTP_FIELD_SET_COOKIE].offset
            or response.head.noted[<int>HTTP_FIELD_LOCATION].offset
            or template.judged
        ):
            return self.conclude(response)
        response.ok = template.expects(response.status)
        if not response.ok:
            response.error_code = status_error_code(response.status)
        self.record(response, connection)
        self.let_go(True)
        self.stage = OVER
        return response

    def conclude(self, response):
        """Cookies, redirects and `expect` are the client's business."""
        cdef TcpConnection connection = self.connection
        template = self.template
        last_byte_ns = connection.last_byte_ns
        sent, received = connection.sent_bytes, connection.received_bytes
        self.let_go(True)
        result = self.client._concluded(
            self.asked(),
            template.target,
            response,
            user_tags=self.tags,
            began_ns=self.began_ns,
            sent_bytes=sent,
            received_bytes=received,
            at_ns=last_byte_ns,
        )
        if result is response:
            self.stage = OVER
            return result
        self.stage = SLOW
        self.slow = result
        return NOT_YET

    def asked(self):
        """The request itself, its content included."""
        if self.body is None and not self.params:
            return self.template.request
        return self.client._built(self.method, self.url, self.body, self.params)

    cdef object deliver_failure(self, TcpConnection connection, failure):
        cdef int64_t ended_ns = connection.readiness.now_ns()
        if not isinstance(failure, RequestFailure):
            self.let_go(False)
            self.stage = OVER
            raise failure
        if (
            isinstance(failure, ClosedEarlyError)
            and connection.first_byte_ns == UNREAD
            and self.template.method in IDEMPOTENT_METHODS
            and not self.template.pool.closed
        ):
            sent = connection.sent_bytes
            self.let_go(False)
            self.stage = SLOW
            self.slow = self.client._go_on(self.asked(), self.tags, self.began_ns, sent)
            return NOT_YET
        if failure.code == ErrorCode.REQUEST_TIMEOUT:
            ended_ns = max(ended_ns, self.deadline_ns)
        response = self.failed(connection, failure, ended_ns)
        self.stage = OVER
        if self.template.request.throw:
            raise HttpError(response)
        return response

    cdef object failed(self, TcpConnection connection, failure, int64_t ended_ns):
        """Record a request without a response, and close its connection."""
        watch = Stopwatch(self.began_ns)
        watch.send_began_ns = connection.send_began_ns
        watch.sent_ns = connection.sent_ns
        watch.first_byte_ns = connection.first_byte_ns
        sent, received = connection.sent_bytes, connection.received_bytes
        tls_version = connection.tls_version
        self.let_go(False)
        return self.client._no_response(
            self.template.request,
            self.template.tag_url,
            failure,
            Timings.of_failure(watch, ended_ns),
            user_tags=self.tags,
            sent_bytes=sent,
            received_bytes=received,
            ended_ns=ended_ns,
            tls_version=tls_version,
        )

    cdef int record(self, Response response, TcpConnection connection) except -1:
        cdef RequestTemplate template = self.template
        cdef OutcomeSeries series = template.last_series
        cdef phase_times *times = &response.times
        cdef int64_t at_ns = connection.last_byte_ns
        recorder = self.client._recorder
        if (
            series is None
            or series.tags is not self.tags
            or series.status != response.status
            or series.minor_version != response.head.minor_version
            or series.tls_version is not connection.tls_version
        ):
            series = series_for(self.client, template, self.tags, response)
            template.last_series = series
        if isinstance(series.sink, RoundTripSink):
            (<RoundTripSink>series.sink).take_round_trip(at_ns, times)
        else:
            series.sink.record(
                at_ns,
                times.duration_ns,
                times.blocked_ns,
                times.connecting_ns,
                times.tls_handshaking_ns,
                times.sending_ns,
                times.waiting_ns,
                times.receiving_ns,
            )
        if isinstance(recorder, SampleSink):
            (<SampleSink>recorder).take_sample(series.sent_number, connection.sent_bytes, at_ns)
            (<SampleSink>recorder).take_sample(
                series.received_number, connection.received_bytes, at_ns
            )
        else:
            recorder.add(series.sent_number, connection.sent_bytes, at_ns)
            recorder.add(series.received_number, connection.received_bytes, at_ns)
        return 0

    cdef int let_go(self, bint keep) except -1:
        """Give the connection back, or closed."""
        cdef TcpConnection connection = self.connection
        self.connection = None
        connection.finish(keep)
        if connection.parser is not None:
            connection.parser.forget()
        self.template.host.release(connection)
        return 0

    # A coroutine, as the interpreter and asyncio know it

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        return self.send(None)

    def send(self, value):
        """Go on; StopIteration carries the response."""
        cdef PyObject *result = NULL
        if send_to_call(self, value, &result) == PYGEN_NEXT:
            return taken_over(result)
        raise StopIteration(taken_over(result))

    def throw(self, kind, value=None, traceback=None):
        """An exception for whoever awaits: a cancellation is a failed request."""
        if self.stage == SLOW:
            return self.slow.throw(kind) if value is None else self.slow.throw(kind, value)
        error = kind if isinstance(kind, BaseException) else value
        if error is None:
            error = kind()
        elif not isinstance(error, BaseException):
            error = kind(error)
        if self.stage == SENT:
            if isinstance(error, asyncio.CancelledError):
                canceled = RequestFailure(ErrorCode.GENERIC, "request canceled")
                self.failed(self.connection, canceled, clock.now_ns())
            else:
                self.let_go(False)
        self.stage = OVER
        raise error

    def close(self):
        """Give up without a sample, as a task does that is never resumed."""
        if self.stage == SLOW:
            self.slow.close()
        elif self.stage == SENT:
            self.let_go(False)
        self.stage = OVER

    def __del__(self):
        if self.stage == NEW and self.client is not None:
            warnings.warn(
                f"the request {self.method} {self.url} was never awaited",
                RuntimeWarning,
                stacklevel=2,
            )
        elif self.stage == SENT:
            self.let_go(False)


cdef OutcomeSeries series_for(
    RequestMethods client, RequestTemplate template, tuple tags, Response response
):
    """The series of an outcome, remembered by the template."""
    cdef OutcomeSeries series
    key = (tags, response.status, response.head.minor_version, response.tls_version)
    series = template.series.get(key)
    if series is not None:
        return series
    outcome = Outcome(
        method=response.method,
        url=response.url,
        name=template.request.name,
        status=response.status,
        proto=response.proto,
        tls_version=response.tls_version,
        error="",
        error_code=response.error_code,
        failed=not response.ok,
    )
    series = OutcomeSeries.__new__(OutcomeSeries)
    series.tags = tags
    series.status = response.status
    series.minor_version = response.head.minor_version
    series.tls_version = response.tls_version
    series.sink = client._log.series(tags, template.request.tags, outcome)
    series.sent_number, series.received_number = client._log.data_series(tags)
    if len(template.series) >= REMEMBERED_TEMPLATES:
        template.series.clear()
    template.series[key] = series
    return series


cdef inline object taken_over(PyObject *result):
    """A new reference as an object that Cython counts."""
    value = <object>result
    Py_DECREF(value)
    return value


cdef PySendResult send_to_call(HttpCall call, object value, PyObject **result) except PYGEN_ERROR:
    cdef object response
    if call.stage == SLOW:
        return PyIter_Send(call.slow, value, result)
    if call.stage == NEW:
        call.stage = OVER  # unless it gets away
        response = call.start()
    elif call.stage == OVER:
        raise RuntimeError("a request can be awaited only once")
    elif call.connection.ended:
        response = call.deliver()
    else:
        response = NOT_YET
    if response is not NOT_YET:
        Py_INCREF(response)
        result[0] = <PyObject *>response
        return PYGEN_RETURN
    if call.stage == SLOW:
        return PyIter_Send(call.slow, None, result)
    call.connection._asyncio_future_blocking = True
    Py_INCREF(call.connection)
    result[0] = <PyObject *>call.connection
    return PYGEN_NEXT


# The slot that `await` uses: without it each response would travel in a StopIteration.
(<PyTypeObject *>HttpCall).tp_as_async.am_send = <sendfunc><void *>send_to_call
