from libc.stdint cimport int64_t

from atlas_perf.protocols.http.csockets cimport monotonic_ns

cdef enum:
    BUFFER_BYTES = 65536


cdef class Watched:
    cdef int fd
    cdef int64_t deadline_ns
    cdef int64_t armed_ns

    cdef int changed(self, bint readable, bint writable, bint hung_up) except -1
    cdef int expired(self) except -1
    cdef int wake(self) except -1


cdef class ReadinessLoop:
    cdef readonly object loop
    cdef object call_soon
    cdef object _clock
    cdef int _set
    cdef char *buffer
    cdef object view
    cdef bint reading
    cdef list _woken
    cdef list _again
    cdef list _closed_while_reading
    cdef set _watched
    cdef list _deadlines
    cdef object _timer
    cdef int64_t _timer_ns
    cdef int64_t _turn

    cdef int64_t now_ns(self) except -1
    cdef int watch(self, Watched watched) except -1
    cdef int forget(self, Watched watched) except -1
    cdef int wake_soon(self, Watched watched) except -1
    cdef int read_again(self, Watched watched) except -1
    cdef int limit(self, Watched watched, int64_t deadline_ns, int64_t now_ns) except -1
    cdef int _wake(self) except -1
    cdef int _set_timer(self, int64_t now_ns) except -1


cdef ReadinessLoop readiness_loop()
