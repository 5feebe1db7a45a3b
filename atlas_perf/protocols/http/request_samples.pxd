from libc.stdint cimport int64_t


cdef class RequestSamples:
    cdef int64_t _t0_ns
    cdef int64_t _slow_bar_ns
    cdef int _slowest
    cdef int _most_failures
    cdef int _most_alike
    cdef list _slow  # a heap of (duration, number, sample)
    cdef list _failed
    cdef dict _alike
    cdef int64_t _number

    cdef bint may_want(self, bint ok, int64_t duration_ns) noexcept
