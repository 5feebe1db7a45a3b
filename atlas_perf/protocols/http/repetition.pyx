"""The same request again and again, each as soon as the last one is answered, without a task's turn.

A repeated call is an ordinary call whose task sleeps on while everything is as before. Whatever is
not (a failure, a cookie, a redirect, another status, a connection that cannot be kept) is left to
the call as if it had never been repeated: its task is woken, and finds the last exchange.
"""

from libc.stdint cimport int64_t

from atlas_perf.protocols.http.http_call cimport HttpCall, asks_for_more
from atlas_perf.protocols.http.request_template cimport OutcomeSeries, RequestTemplate
from atlas_perf.protocols.http.response_parser cimport ResponseParser
from atlas_perf.protocols.http.sinks cimport phase_times
from atlas_perf.protocols.http.tcp_connection cimport Successor, TcpConnection


cdef class Permit:
    """Says whether a request is sent again, and accounts for what it was a part of."""

    cdef bint another(self, int64_t now_ns) except -1:
        """True if what the request was ends now, well, and the next one begins at this instant.

        False if not: then nothing has ended yet.
        """
        raise NotImplementedError


cdef class Repetition(Successor):
    """Follows each exchange of a call by the same one while the permit lasts."""

    cdef bint begin(self) except -1:
        cdef HttpCall call = self.call
        cdef TcpConnection connection = call.connection
        cdef RequestTemplate template = call.template
        cdef ResponseParser parser = connection.parser
        cdef OutcomeSeries series = template.series.last
        cdef phase_times times
        cdef int64_t now_ns
        if (
            not connection.ended_in_order()
            or asks_for_more(&parser.response.head)
            or template.judged
            or series is None
            or not series.fits(call.tags, &parser.response.head, connection.tls_version)
            or call.client._stored_cookies
            or call.host.wants_back(connection)
        ):
            return False
        now_ns = connection.readiness.now_ns()
        if not self.permit.another(now_ns):
            return False
        call.read_times(&times)
        call.record_in(series, &times)
        call.began_ns = now_ns
        call.deadline_ns = now_ns + template.timeout_ns
        connection.finish(True)
        parser.restart(template.to_head)
        parser.discarding = template.discards
        connection.start(self.head, self.content, parser, call.deadline_ns)
        return True


def repeat(HttpCall call not None, Permit permit not None):
    """Have a call that is not awaited yet send its request again whenever the permit allows.

    The tags of all its samples are those of the first. Its response is the last one.
    """
    cdef Repetition repetition = Repetition.__new__(Repetition)
    repetition.call = call
    repetition.permit = permit
    call.successor = repetition
