from libc.stdint cimport int64_t

from atlas_perf.protocols.http.http_call cimport HttpCall
from atlas_perf.protocols.http.tcp_connection cimport Successor


cdef class Permit:
    cdef bint another(self, int64_t now_ns) except -1


cdef class Repetition(Successor):
    cdef HttpCall call
    cdef Permit permit
