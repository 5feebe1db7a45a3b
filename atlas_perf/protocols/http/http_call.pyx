# cython: embedsignature.format=clinic
"""The fast way of a request: from `vu.http.get(...)` to its response without a coroutine.

What is alike in request after request is worked out once, in a template. A call goes this way if
its connection is at hand; connecting, waiting for a connection, redirects and cookies are policy,
kept in `client.py`, and a call that needs them goes on there, with what it has measured.
"""

from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject

from atlas_perf.protocols.http.chttp_head cimport (
    HTTP_FIELD_LOCATION,
    HTTP_FIELD_SET_COOKIE,
    http_head,
)
from atlas_perf.protocols.http.csending cimport (
    PYGEN_ERROR,
    PYGEN_NEXT,
    PYGEN_RETURN,
    PyIter_Send,
    PySendResult,
    PyTypeObject,
    sendfunc,
)
from atlas_perf.protocols.http.request_template cimport OutcomeSeries
from atlas_perf.protocols.http.sinks cimport RoundTripSink, SampleSink
from atlas_perf.protocols.http.tcp_connection cimport UNREAD

import asyncio
import warnings

from atlas_perf import clock
from atlas_perf.protocols.http.body import encode_body
from atlas_perf.protocols.http.error_codes import ErrorCode, status_error_code
from atlas_perf.protocols.http.failures import (
    CanceledError,
    ClosedEarlyError,
    RequestFailure,
)
from atlas_perf.protocols.http.response import HttpError
from atlas_perf.protocols.http.round_trip import IDEMPOTENT_METHODS
from atlas_perf.protocols.http.timings import Stopwatch, Timings
from atlas_perf.protocols.http.trace_context import trace_id_in

cdef enum:
    NEW
    SENT  # on the fast way
    SLOW  # a coroutine of the client's goes on with it
    OVER

cdef object NOT_YET = object()  # returned instead of a response


cdef class RequestMethods:
    """The request methods of a client, each returning an awaitable.

    A subclass calls `_share` and `_use`, sets the public attributes, and has, for the slow way,
    `_request`, `_built`, `_cookie_pairs`, `_concluded`, `_go_on` and `_no_response`.

    `late_ns` is -1 in the closed model. In the open one it is how late the next request is already
    when it is called, which its response time includes; further requests of the iteration are not.
    """

    def __cinit__(self, *args, **kwargs):
        self.late_ns = -1

    def _share(
        self, TemplateStore templates not None, recorder, RequestSamples samples, tracing
    ):
        """What this client shares with others: the templates of requests, the recorder, and, if
        there are any, what tells of single requests and what makes their traces."""
        self._templates = templates
        self._recorder = recorder
        self._samples = samples
        self._tracing = tracing

    def _use(self, pool):
        """Take connections from this pool from now on."""
        self._pool = pool
        self._hosts = pool.hosts
        self._last_host = None
        self._last_origin = None

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
            asyncio.CancelledError: if the caller is cancelled; counted as a failed request, or as
                a censored one if it was the run that ended it.
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

    cdef HostConnections host_of(self, tuple origin):
        """The connections of this client to where a template's requests go."""
        if origin is not self._last_origin:
            self._last_host = self._hosts.get(origin) or self._pool.host(origin)
            self._last_origin = origin
        return self._last_host

    cdef tuple tags_now(self):
        """The user's tags, as the object that all clients that share templates have for them."""
        cdef tuple given = self._sample_tags()
        if given is not self._given_tags:
            self._tags = self._templates.canonical_tags(given)
            self._given_tags = given
        return self._tags


cdef class HttpCall:
    """A request on its way, to be awaited once; a coroutine in all but its making."""

    cdef object start(self):
        """Send, if a connection is at hand; the response if there is one at once."""
        cdef RequestMethods client = self.client
        cdef RequestTemplate template = client._templates.find(
            self.method, self.url, self.body, self.params
        )
        cdef Py_ssize_t content_bytes = 0
        cdef bytes content = None
        self.late_ns = client.late_ns
        if client.late_ns > 0:
            client.late_ns = 0
        if template is None:
            return self.start_slowly()
        self.template = template
        self.host = client.host_of(template.origin)
        if template.may_have_content:
            content, _ = encode_body(
                self.body, self.params.get("json"), self.params.get("data")
            )
            content_bytes = len(content)
            if template.pattern.has_length != template.sends_length_of(content_bytes):
                return self.start_slowly()
        self.tags = client.tags_now()
        cookies = client._cookie_pairs(template.target) if client._stored_cookies else None
        head = template.head_with(content_bytes, cookies, self.params)
        if head is None:
            return self.start_slowly()
        if client._tracing is not None:
            if template.has_own_trace:
                self.trace_id = trace_id_in(self.params["headers"])
            else:
                head = self.traced(head)
        cdef TcpConnection connection = self.host.take_idle()
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
        if self.successor is not None:
            self.successor.head, self.successor.content = head, content
            connection.successor = self.successor
        connection.start(head, content, parser, self.deadline_ns)
        return self.deliver() if connection.ended else NOT_YET

    cdef bytes traced(self, bytes head):
        """The head with a trace of this request's own."""
        self.trace_id, value = self.client._tracing.next()
        return head[:-2] + b"traceparent: " + value.encode("ascii") + b"\r\n\r\n"

    cdef object start_slowly(self):
        self.stage = SLOW
        self.slow = self.client._request(
            self.method, self.url, self.body, self.params, self.late_ns
        )
        return NOT_YET

    cdef object deliver(self):
        """The response; NOT_YET if its request goes on the slow way."""
        cdef TcpConnection connection = self.connection
        cdef RequestTemplate template = self.template
        cdef ResponseParser parser = connection.parser
        cdef Response response
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
        response.trace_id = "" if self.trace_id is None else self.trace_id
        response.tls_version = connection.tls_version
        response.ended_ns = connection.last_byte_ns
        self.read_times(&response.times)
        if template.judged or asks_for_more(&response.head):
            return self.conclude(response)
        response.ok = template.expects(response.status)
        if not response.ok:
            response.error_code = status_error_code(response.status)
        self.record(response)
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
            late_ns=self.late_ns,
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
            and not self.host.closed
        ):
            sent = connection.sent_bytes
            self.let_go(False)
            self.stage = SLOW
            self.slow = self.client._go_on(
                self.asked(), self.tags, self.began_ns, self.late_ns, sent
            )
            return NOT_YET
        if failure.code == ErrorCode.REQUEST_TIMEOUT:
            ended_ns = max(ended_ns, self.deadline_ns)
        response = self.failed(connection, failure, ended_ns)
        self.stage = OVER
        if self.template.throws():
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
            late_ns=self.late_ns,
            sent_bytes=sent,
            received_bytes=received,
            ended_ns=ended_ns,
            tls_version=tls_version,
            trace_id=self.trace_id or "",
        )

    cdef void read_times(self, phase_times *times) noexcept:
        """The phases of a round trip on a connection that was there already."""
        cdef TcpConnection connection = self.connection
        cdef int64_t sent_ns = connection.sent_ns
        if sent_ns < 0 or sent_ns > connection.first_byte_ns:
            sent_ns = connection.first_byte_ns  # answered before the whole request was read
        times.duration_ns = connection.last_byte_ns - connection.send_began_ns
        times.blocked_ns = connection.send_began_ns - self.began_ns
        times.connecting_ns = -1
        times.tls_handshaking_ns = -1
        times.sending_ns = sent_ns - connection.send_began_ns
        times.waiting_ns = connection.first_byte_ns - sent_ns
        times.receiving_ns = connection.last_byte_ns - connection.first_byte_ns

    cdef int record(self, Response response) except -1:
        cdef RequestTemplate template = self.template
        cdef OutcomeSeries series = template.series.last
        if series is None or not series.fits(
            self.tags, &response.head, self.connection.tls_version
        ):
            series = template.series.find(self.tags, response)
        self.record_in(series, &response.times)
        if self.late_ns >= 0:
            self.record_response_time(series, response)
        if self.client._samples is not None and self.client._samples.may_want(
            response.ok, response.times.duration_ns
        ):
            self.tell(response)
        return 0

    cdef int tell(self, Response response) except -1:
        self.client._samples.offer(
            response,
            self.template.series._name,
            self.tags,
            late_ns=self.late_ns,
            at_ns=self.connection.last_byte_ns,
        )
        return 0

    cdef int record_in(self, OutcomeSeries series, const phase_times *times) except -1:
        cdef TcpConnection connection = self.connection
        cdef int64_t at_ns = connection.last_byte_ns
        recorder = self.client._recorder
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

    cdef int record_response_time(self, OutcomeSeries series, Response response) except -1:
        cdef int64_t at_ns = self.connection.last_byte_ns
        cdef int64_t response_ns = self.late_ns + at_ns - self.began_ns
        number = self.template.series.response_number(series, response)
        recorder = self.client._recorder
        if isinstance(recorder, SampleSink):
            (<SampleSink>recorder).take_sample(number, response_ns, at_ns)
        else:
            recorder.add(number, response_ns, at_ns)
        return 0

    cdef int let_go(self, bint keep) except -1:
        """Give the connection back, or closed."""
        cdef TcpConnection connection = self.connection
        self.connection = None
        connection.successor = None
        connection.finish(keep)
        if connection.parser is not None:
            connection.parser.forget()
        self.host.release(connection)
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
        """An exception for whoever awaits: a cancellation is a failed or censored request."""
        if self.stage == SLOW:
            return self.slow.throw(kind) if value is None else self.slow.throw(kind, value)
        error = kind if isinstance(kind, BaseException) else value
        if error is None:
            error = kind()
        elif not isinstance(error, BaseException):
            error = kind(error)
        if self.stage == SENT:
            if isinstance(error, asyncio.CancelledError):
                self.failed(self.connection, CanceledError(), clock.now_ns())
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


cdef bint asks_for_more(const http_head *head) noexcept:
    """True for a response that sets a cookie or leads elsewhere."""
    return (
        head.noted[<int>HTTP_FIELD_SET_COOKIE].offset != 0
        or head.noted[<int>HTTP_FIELD_LOCATION].offset != 0
    )


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
