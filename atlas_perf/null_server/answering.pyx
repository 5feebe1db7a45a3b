"""One thread's share of the null server: connections that are answered without Python."""

from cpython.exc cimport PyErr_SetFromErrno
from posix.unistd cimport close

from atlas_perf.null_server.cnull_answers cimport (
    null_answers_adopt,
    null_answers_serve,
    readiness_open,
)


cdef class Answering:
    """Sends `response` for each request on the sockets it has adopted.

    Raises:
        ValueError: an empty response.
        OSError: if there is no descriptor left.
    """

    cdef bytes _response
    cdef int _set

    def __cinit__(self, bytes response):
        self._set = -1
        if not response:
            raise ValueError("there is nothing to answer with")
        self._response = response
        self._set = readiness_open()
        if self._set < 0:
            PyErr_SetFromErrno(OSError)

    def __dealloc__(self):
        if self._set >= 0:
            close(self._set)

    def adopt(self, int fd):
        """Answer on a connected, non-blocking socket from now on; it is closed with its client.

        Raises:
            OSError: it cannot be watched, and is still the caller's.
        """
        if null_answers_adopt(self._set, fd) < 0:
            PyErr_SetFromErrno(OSError)

    def serve(self):
        """Answer for ever, without the interpreter's lock.

        Raises:
            OSError: the system no longer tells which sockets changed.
        """
        cdef const char *response = self._response
        cdef size_t response_bytes = len(self._response)
        with nogil:
            null_answers_serve(self._set, response, response_bytes)
        PyErr_SetFromErrno(OSError)
