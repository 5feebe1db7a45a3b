from libc.stdint cimport int64_t

from atlas_perf.protocols.http.tcp_connection cimport TcpConnection


cdef class HostConnections:
    cdef readonly int taken
    cdef readonly list idle
    cdef bint closed
    cdef int _limit
    cdef set _in_use
    cdef object _waiters
    cdef int64_t _max_age_ns
    cdef int64_t _max_idle_ns
    cdef dict _lives
    cdef object _tls

    cdef TcpConnection take_idle(self)
    cdef bint wants_back(self, TcpConnection connection) except -1
    cdef bint has_outlived(self, TcpConnection connection) except -1
    cdef bint _put_back(self, TcpConnection connection) except -1
    cpdef release(self, TcpConnection connection)
