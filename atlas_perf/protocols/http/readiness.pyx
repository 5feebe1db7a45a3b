"""The readiness loop: an own set of sockets, one reader of the event loop around it.

The event loop calls once for any number of sockets that changed. All of them are read and their
bytes dated before any task is woken, so one user's scenario code is not billed to another user's
response. Tasks are then stepped from here: what they await is ordinary asyncio.
"""

from cpython.buffer cimport PyBUF_WRITE
from cpython.exc cimport PyErr_SetFromErrno
from cpython.memoryview cimport PyMemoryView_FromMemory
from libc.stdint cimport INT64_MAX
from libc.stdlib cimport free, malloc
from posix.unistd cimport close

from atlas_perf.protocols.http.creadiness cimport (
    READINESS_EVENTS_AT_ONCE,
    readiness_event,
    readiness_open,
    readiness_poll,
    readiness_watch,
)

import asyncio
import time
from heapq import heapify, heappop, heappush

from atlas_perf import clock

_NS_PER_MS = 1_000_000


cdef class Watched:
    """A socket in the set. `fd` is -1 once closed; `deadline_ns` is 0 while nothing is due."""

    def __cinit__(self):
        self.fd = -1
        self.armed_ns = INT64_MAX

    def __dealloc__(self):
        if self.fd >= 0:
            close(self.fd)

    cdef int changed(self, bint readable, bint writable, bint hung_up) except -1:
        """The socket may be read or written. Runs no code of others."""
        raise NotImplementedError

    cdef int expired(self) except -1:
        """`deadline_ns` has passed."""
        raise NotImplementedError

    cdef int wake(self) except -1:
        """Step whoever waits."""
        raise NotImplementedError


cdef class ReadinessLoop:
    """One per event loop; `readiness_loop` finds it.

    `buffer` holds what was received last, until the next socket is read. `view` is the same memory
    for code in Python, and must not outlive the loop.
    """

    def __cinit__(self, loop):
        self._set = readiness_open()
        if self._set < 0:
            PyErr_SetFromErrno(OSError)
        self.buffer = <char *>malloc(BUFFER_BYTES)
        if self.buffer == NULL:
            raise MemoryError("no memory left for a receive buffer")
        self.view = PyMemoryView_FromMemory(self.buffer, BUFFER_BYTES, PyBUF_WRITE)
        self.loop = loop
        self.call_soon = loop.call_soon
        # The kernel's clock is read directly, unless the run's clock is another one.
        self._clock = None if clock.now_ns is time.monotonic_ns else clock.now_ns
        self._woken = []
        self._again = []
        self._closed_while_reading = []
        self._watched = set()
        self._deadlines = []
        self._timer_ns = INT64_MAX

    def __init__(self, loop):
        loop.add_reader(self._set, self._changed)

    def __dealloc__(self):
        if self._set >= 0:
            close(self._set)
        free(self.buffer)

    cdef int64_t now_ns(self) except -1:
        return monotonic_ns() if self._clock is None else self._clock()

    cdef int watch(self, Watched watched) except -1:
        """Take a socket in, alive until `forget`."""
        if readiness_watch(self._set, watched.fd, <void *>watched) < 0:
            PyErr_SetFromErrno(OSError)
        self._watched.add(watched)
        return 0

    cdef int forget(self, Watched watched) except -1:
        """Close a socket, which also takes it out of the set."""
        close(watched.fd)
        watched.fd = -1
        watched.deadline_ns = 0
        if self.reading:
            self._closed_while_reading.append(watched)  # its event may still lie ahead
        self._watched.discard(watched)  # which may have held it last
        if len(self._deadlines) > 2 * len(self._watched) + 64:
            self._deadlines = [entry for entry in self._deadlines if (<Watched>entry[2]).fd >= 0]
            heapify(self._deadlines)
        return 0

    cdef int wake_soon(self, Watched watched) except -1:
        """Step its task: after all sockets are read, or in the event loop's next turn."""
        if self.reading:
            self._woken.append(watched)
        else:
            self.call_soon(_wake_one, watched)
        return 0

    cdef int read_again(self, Watched watched) except -1:
        """There is more to read, but others come first."""
        if not self._again:
            self.call_soon(self._changed)
        self._again.append(watched)
        return 0

    cdef int limit(self, Watched watched, int64_t deadline_ns, int64_t now_ns) except -1:
        """Call `expired` at the deadline or a moment after it, unless it is moved or set to 0.

        A socket has one entry in the heap, which is found out of date when its time comes: a
        request that ends in time costs a comparison.
        """
        watched.deadline_ns = deadline_ns
        if deadline_ns >= watched.armed_ns:
            return 0
        watched.armed_ns = deadline_ns
        self._turn += 1
        heappush(self._deadlines, (deadline_ns, self._turn, watched))
        if deadline_ns < self._timer_ns:
            self._set_timer(now_ns)
        return 0

    def _changed(self):
        cdef readiness_event changed[READINESS_EVENTS_AT_ONCE]
        cdef int count, position
        cdef list again = self._again
        cdef Watched watched
        self.reading = True
        try:
            if again:
                self._again = []
                for watched in again:
                    watched.changed(True, False, True)
            count = readiness_poll(self._set, changed)
            for position in range(count):
                watched = <Watched>changed[position].owner  # held, even if it forgets itself
                watched.changed(
                    changed[position].readable,
                    changed[position].writable,
                    changed[position].hung_up,
                )
        finally:
            self.reading = False
            if self._closed_while_reading:
                self._closed_while_reading = []
            if self._woken:
                self._wake()

    cdef int _wake(self) except -1:
        cdef list woken = self._woken
        cdef Py_ssize_t position = 0
        self._woken = []
        try:
            while position < len(woken):
                position += 1
                (<Watched>woken[position - 1]).wake()
        finally:
            for watched in woken[position:]:
                self.call_soon(_wake_one, watched)
        return 0

    cdef int _set_timer(self, int64_t now_ns) except -1:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_ns = INT64_MAX
        if self._deadlines:
            self._timer_ns = self._deadlines[0][0]
            # Rounded up to the timer's grain: not woken again and again in the last millisecond.
            left_ms = -(-max(0, self._timer_ns - now_ns) // _NS_PER_MS)
            self._timer = self.loop.call_later(left_ms / 1000, self._time_passed)
        return 0

    def _time_passed(self):
        cdef int64_t now_ns = self.now_ns()
        cdef int64_t armed_ns
        cdef Watched watched
        self._timer = None
        self._timer_ns = 0  # set anew below, once
        while self._deadlines and self._deadlines[0][0] <= now_ns:
            armed_ns, _, watched = heappop(self._deadlines)
            if watched.armed_ns != armed_ns:
                continue  # an earlier deadline came in between
            watched.armed_ns = INT64_MAX
            if watched.deadline_ns == 0:
                continue
            if watched.deadline_ns <= now_ns:
                watched.expired()
            else:
                self.limit(watched, watched.deadline_ns, now_ns)
        self._set_timer(now_ns)


def _wake_one(Watched watched not None):
    watched.wake()


cdef list _loops = []


cdef ReadinessLoop readiness_loop():
    """The readiness loop of the running event loop."""
    global _loops
    cdef ReadinessLoop known
    loop = asyncio.get_running_loop()
    for known in _loops:
        if known.loop is loop:
            return known
    _loops = [each for each in _loops if not (<ReadinessLoop>each).loop.is_closed()]
    known = ReadinessLoop(loop)
    _loops.append(known)
    return known
