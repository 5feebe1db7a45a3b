from atlas_perf.protocols.http.tcp_connection cimport TcpConnection


cdef class TlsConnection(TcpConnection):
    cdef object _tls
    cdef object _incoming
    cdef object _outgoing
    cdef Py_ssize_t _sealed
    cdef bint _shaking
    cdef bint _farewell
    cdef int _lost_errno

    cdef int _open_records(self) except -1
    cdef int _answer(self) except -1
    cdef int _take_leave(self) except -1
