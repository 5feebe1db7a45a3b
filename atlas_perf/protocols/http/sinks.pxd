from libc.stdint cimport int64_t, uint32_t


ctypedef struct phase_times:
    int64_t duration_ns
    int64_t blocked_ns
    int64_t connecting_ns
    int64_t tls_handshaking_ns
    int64_t sending_ns
    int64_t waiting_ns
    int64_t receiving_ns


cdef class RoundTripSink:
    cdef int take_round_trip(self, int64_t at_ns, const phase_times *times) except -1


cdef class SampleSink:
    cdef int take_sample(self, uint32_t number, double value, int64_t at_ns) except -1
