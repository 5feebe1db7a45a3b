from atlas_perf.protocols.http.tcp_connection cimport TcpConnection


cdef class HostConnections:
    cdef readonly int taken
    cdef readonly list idle
    cdef bint _closed
    cdef int _limit
    cdef set _in_use
    cdef object _waiters

    cdef TcpConnection take_idle(self)
    cpdef release(self, TcpConnection connection)
