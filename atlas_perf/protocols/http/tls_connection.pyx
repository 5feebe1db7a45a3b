"""A TCP connection under TLS: OpenSSL, as Python's `ssl` brings it, between two memory buffers.

Bytes of the wire come from the readiness loop's buffer into `_incoming`; what they decrypt to
goes into the same buffer and from there to the parser, like bytes of a plain connection. What is
sent is encrypted a piece at a time into `_outgoing`. So the stop-watch reads the same moments as
without TLS: `sent` when the kernel has taken the last record of the request, the first byte when
the record that it came in was received.

Bytes are counted on the wire: handshake, records' framing and tickets included, as in k6.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

from atlas_perf.protocols.http.csockets cimport ATLAS_SEND_FLAGS, send
from atlas_perf.protocols.http.readiness cimport BUFFER_BYTES
from atlas_perf.protocols.http.tcp_connection cimport UNREAD

import os
import ssl
import sys

from atlas_perf.protocols.http.failures import tls_failure, transport_failure

cdef enum:
    SEAL_AT_ONCE_BYTES = 65536  # of a long body; the rest follows when the kernel has taken these

cdef object WantRead = ssl.SSLWantReadError


cdef class TlsConnection(TcpConnection):
    """HTTP/1.1 over TLS. First `handshake`, then as `TcpConnection`."""

    def __init__(self, sock, context, server_hostname, session=None):
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=server_hostname, session=session
        )
        TcpConnection.__init__(self, sock)

    @property
    def tls(self):
        return self._tls

    async def handshake(self):
        """Agree on keys and check the server's certificate.

        Each step runs in the caller's task, not while sockets are read: it takes a good part of a
        millisecond, which must not end up in the time of another user's response.

        Raises:
            RequestFailure: with k6's code for what was wrong; the connection is closed.
            asyncio.CancelledError: the connection is closed.
        """
        self._shaking = self.busy = True
        try:
            while not self._step():
                if self.fd < 0:
                    raise tls_failure(OSError(self._lost_errno, os.strerror(self._lost_errno)))
                if not self.ended:
                    await self
                self.ended = False
            version = self._tls.version() or ""
            self.tls_version = sys.intern(version.lower().replace("tlsv", "tls"))
        except BaseException:
            self.close_now()
            raise
        finally:
            self._shaking = self.busy = self.ended = False
            self.failure = None

    def _step(self):
        """True if the handshake is over, on our side."""
        try:
            self._tls.do_handshake()
        except WantRead:
            over = False
        except OSError as error:
            self._answer()  # an alert says why
            raise tls_failure(error) from error
        else:
            over = True
        self._answer()
        return over

    cdef bytes _next_bytes(self):
        cdef Py_ssize_t length
        while self._waiting is not None and self._outgoing.pending < SEAL_AT_ONCE_BYTES:
            length = PyBytes_GET_SIZE(self._waiting)
            piece = self._waiting
            if length > SEAL_AT_ONCE_BYTES:
                piece = memoryview(piece)[self._sealed : self._sealed + SEAL_AT_ONCE_BYTES]
            try:
                if length > 0:
                    self._sealed += self._tls.write(piece)
            except WantRead:
                break  # the server asked for new keys; the rest goes with those
            if self._sealed == length:
                self._sealed = 0
                self._waiting, self._waiting_body = self._waiting_body, None
        return self._outgoing.read() if self._outgoing.pending else None

    cdef int _received(self, ssize_t length) except -1:
        self._incoming.write(self.readiness.view[:length])
        if self._shaking:
            return self._end(None)  # the handshake goes on in its task
        self._open_records()
        return self._answer()

    cdef int _open_records(self) except -1:
        """Decrypt what has come. An empty reading is the server's close_notify."""
        cdef ssize_t length
        while self.fd >= 0 and self._incoming.pending:
            try:
                length = self._tls.read(BUFFER_BYTES, self.readiness.view)
            except WantRead:
                return 0
            except OSError as error:  # an alert, or a record that is none
                self._end(tls_failure(error))
                return self.close_now()
            if length == 0:
                self._farewell = True
                return self._lost(0)
            self._take(length)
        return 0

    cdef int _answer(self) except -1:
        """Send what TLS itself has to say, and what had to wait for what was received."""
        if self.fd < 0 or self._send_errno or self._unsent is not None:
            return 0
        if self._waiting is not None or self._outgoing.pending:
            self._send()
        return 0

    cdef int _lost(self, int error_number) except -1:
        if self._shaking:
            self._lost_errno = error_number
            self.close_now()
            return self._end(None)
        if error_number == 0 and not self._farewell and self.first_byte_ns != UNREAD:
            # Whoever cut the connection may have cut the body with it.
            self._end(transport_failure(None, "without close_notify within the response"))
        return TcpConnection._lost(self, error_number)

    cdef int close_now(self) except -1:
        if self.fd >= 0 and not self.busy and not self._send_errno and self._unsent is None:
            self._take_leave()
        return TcpConnection.close_now(self)

    cdef int _take_leave(self) except -1:
        """Our close_notify, if the kernel has room for it; the server's is not waited for."""
        cdef bytes farewell
        try:
            self._tls.unwrap()
        except OSError:
            pass  # the server's has not come, or there is nothing to take leave of
        farewell = self._outgoing.read()
        if farewell:
            send(self.fd, PyBytes_AS_STRING(farewell), PyBytes_GET_SIZE(farewell), ATLAS_SEND_FLAGS)
        return 0
