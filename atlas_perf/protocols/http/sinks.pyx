"""Where compiled code records without Python calls: the recorder above implements both."""


cdef class RoundTripSink:
    """Records whole round trips of one series."""

    cdef int take_round_trip(self, int64_t at_ns, const phase_times *times) except -1:
        raise NotImplementedError


cdef class SampleSink:
    """Records single samples by the number of their series, which it has given out itself."""

    cdef int take_sample(self, uint32_t number, double value, int64_t at_ns) except -1:
        raise NotImplementedError
