"""The requests that a worker tells of by themselves: a second's slowest, and some of its failures.

An ordinary request costs a comparison: with the duration from which on it would be among the
slowest of the second so far, which a few requests of each second raise.
"""

from libc.stdint cimport INT64_MAX, int64_t

from heapq import heappush, heapreplace

from atlas_perf.model.phase import PHASE_TAG
from atlas_perf.model.request_sample import RequestSample, SampleReason
from atlas_perf.protocols.http.body_excerpt import body_excerpt


cdef class RequestSamples:
    """Those of one worker, since the last `take`.

    At most `slowest` requests that did not fail, and `failures` that did; of failures with one
    name, status and error code `alike`.
    """

    def __cinit__(self, *, int slowest=5, int failures=20, int alike=3):
        self._slowest = slowest
        self._most_failures = failures
        self._most_alike = alike
        self._begin_second()

    def start_at(self, int64_t t0_ns):
        """Set the run's start on the monotonic clock, from which instants count."""
        self._t0_ns = t0_ns

    def offer(self, response, str name, tuple user_tags, *, int64_t late_ns, int64_t at_ns):
        """A request that came to this response at `at_ns`, recorded under this name."""
        cdef int64_t duration_ns = response.timings.duration_ns
        if not self.may_want(response.ok, duration_ns):
            return
        if not response.ok:
            kind = (name, response.status, response.error_code)
            seen = self._alike.get(kind, 0)
            if seen < self._most_alike:
                self._alike[kind] = seen + 1
                self._failed.append(self._told(response, name, user_tags, late_ns, at_ns))
            return
        self._number += 1
        told = self._told(response, name, user_tags, late_ns, at_ns)
        entry = (duration_ns, self._number, told)
        if len(self._slow) < self._slowest:
            heappush(self._slow, entry)
        else:
            heapreplace(self._slow, entry)
        if len(self._slow) >= self._slowest:
            self._slow_bar_ns = self._slow[0][0]

    def take(self):
        """All of them, failures in their order and then the slowest first; the next second begins."""
        slow = [entry[2] for entry in sorted(self._slow, reverse=True)]
        taken = (*self._failed, *slow)
        self._begin_second()
        return taken

    cdef bint may_want(self, bint ok, int64_t duration_ns) noexcept:
        """Whether a request could be told of: `offer` need not be called if not."""
        if ok:
            return duration_ns > self._slow_bar_ns
        return len(self._failed) < self._most_failures

    def _begin_second(self):
        self._slow = []
        self._failed = []
        self._alike = {}
        self._slow_bar_ns = -1 if self._slowest > 0 else INT64_MAX

    def _told(self, response, name, user_tags, late_ns, at_ns):
        timings = response.timings
        tags = dict(user_tags)
        return RequestSample(
            reason=SampleReason.SLOW if response.ok else SampleReason.FAILED,
            scenario=tags.get("scenario", ""),
            phase=tags.get(PHASE_TAG, ""),
            at_ns=max(0, at_ns - self._t0_ns),
            method=response.method,
            name=name,
            url=response.url,
            status=response.status,
            error=response.error,
            error_code=response.error_code,
            duration_ns=timings.duration_ns,
            blocked_ns=timings.blocked_ns,
            connecting_ns=timings.connecting_ns,
            tls_handshaking_ns=timings.tls_handshaking_ns,
            sending_ns=timings.sending_ns,
            waiting_ns=timings.waiting_ns,
            receiving_ns=timings.receiving_ns,
            late_ns=late_ns,
            trace_id=response.trace_id,
            body="" if response.ok else body_excerpt(response),
        )
