"""One TCP connection: request bytes out, response in, stop-watch readings between.

Plain as it stands; `TlsConnection` puts records between these bytes and the wire, and overrides
what it must: `_next_bytes`, `_received` and `_lost`.

The connection itself is what a task awaits while its exchange is under way: a future as asyncio
knows it, with one waiter, used again for every exchange. No policy here: no URL, redirect, cookie,
tag or retry.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.errno cimport EAGAIN, EINTR, errno

from atlas_perf.protocols.http.csockets cimport ATLAS_SEND_FLAGS, MSG_DONTWAIT, recv, send
from atlas_perf.protocols.http.readiness cimport BUFFER_BYTES, readiness_loop

import asyncio
import os
from contextlib import aclosing

from atlas_perf.protocols.http.body_stream import BodyStream
from atlas_perf.protocols.http.failures import (
    BodyRaisedError,
    RequestFailure,
    timeout_failure,
    transport_failure,
)

cdef extern from "Python.h":
    int PyContext_Enter(object context) except -1
    int PyContext_Exit(object context) except -1

cdef enum:
    JOIN_UP_TO_BYTES = 65536  # a small body goes out in one system call with its head
    READ_AT_ONCE_BYTES = 262144  # of one connection, before others have their turn


cdef class Successor:
    """What may follow an exchange that has ended, before the task that awaits it is woken.

    `head` and `content` are what that exchange has sent.
    """

    cdef bint begin(self) except -1:
        """Begin the next exchange, which the same task awaits; False if the task is to be woken."""
        raise NotImplementedError


cdef class TcpConnection(Watched):
    """HTTP/1.1 over a connected socket, which it takes over; one exchange at a time.

    Must be made inside the event loop that will use it.

    Attributes:
        tls_version: "tls1.3"; "" over plain TCP.
        tls: the state of TLS, which knows the session to resume; None over plain TCP.
        sent_bytes: written to the socket for this exchange.
        received_bytes: read from the socket for it. What came or went since the last exchange
            counts for the next one: a handshake, a session ticket.
    """

    tls = None

    def __init__(self, sock not None):
        self.tls_version = ""
        self.readiness = readiness_loop()
        self._asyncio_future_blocking = False
        self._keep = True
        self.fd = sock.detach()
        self.readiness.watch(self)

    @property
    def reusable(self):
        """True if it is idle, open and the last response left it in order."""
        return self.is_reusable()

    cdef bint is_reusable(self) noexcept:
        return self._keep and not self.busy and self.fd >= 0

    cdef int start(
        self, bytes head, bytes body, ResponseParser parser, int64_t deadline_ns
    ) except -1:
        """Send a request. `ended` may be true already on return; else await the connection.

        `deadline_ns` is 0 if the caller watches the time itself.
        """
        self.parser = parser
        self.busy = True
        self.ended = False
        self._keep = False
        self.failure = None
        self._send_errno = 0
        self.sent_ns = UNREAD
        self.first_byte_ns = UNREAD
        self.last_byte_ns = UNREAD
        self.send_began_ns = self.readiness.now_ns()
        if self.fd < 0:
            return self._end(transport_failure(None, "before the response"))
        if deadline_ns:
            self.readiness.limit(self, deadline_ns, self.send_began_ns)
        if body is not None and PyBytes_GET_SIZE(body) <= JOIN_UP_TO_BYTES:
            head, body = head + body, None
        self._waiting = head
        self._waiting_body = body
        return self._send()

    cdef int finish(self, bint keep) except -1:
        """The exchange is over for its caller too; without `keep`, or if it did not end well, the
        connection is closed."""
        self._keep = keep and self.ended_in_order()
        self.busy = False
        self.failure = None  # its traceback may hold this connection
        self.deadline_ns = 0
        self.sent_bytes = 0
        self.received_bytes = 0
        if not self._keep:
            self.close_now()
        return 0

    cdef bint ended_in_order(self) noexcept:
        """True if the exchange has ended and another one may follow."""
        return (
            self.ended
            and self.failure is None
            # Else answered before all of the request was read: the rest is still on its way.
            and self.sent_ns != UNREAD
            and self.fd >= 0
            and self.parser is not None
            and self.parser.keeps()
        )

    cdef int close_now(self) except -1:
        self._keep = False
        self._unsent = self._waiting = self._waiting_body = None
        if self.fd >= 0:
            self.readiness.forget(self)
        return 0

    cdef bytes _next_bytes(self):
        """The next bytes for the wire; None if there are none now. `_waiting` is what is left of
        the request."""
        waiting = self._waiting
        self._waiting, self._waiting_body = self._waiting_body, None
        return waiting

    cdef int _send(self) except -1:
        """Send what there is, as far as the kernel takes it."""
        cdef ssize_t count
        while True:
            if self._unsent is None:
                self._unsent = self._next_bytes()
                self._unsent_from = 0
                if self._unsent is None:
                    return self._nothing_unsent()
            count = send(
                self.fd,
                PyBytes_AS_STRING(self._unsent) + self._unsent_from,
                PyBytes_GET_SIZE(self._unsent) - self._unsent_from,
                ATLAS_SEND_FLAGS,
            )
            if count >= 0:
                self._unsent_from += count
                self.sent_bytes += count
                if self._unsent_from == PyBytes_GET_SIZE(self._unsent):
                    self._unsent = None
            elif errno == EAGAIN:
                return 0
            elif errno != EINTR:
                # The server may have answered before it hung up: what it said comes first.
                self._send_errno = errno
                return self._receive(True)

    cdef int _nothing_unsent(self) except -1:
        if self._waiting is not None:
            return 0  # it cannot go yet
        if self._parts_to_come:
            if self._room is not None and not self._room.done():
                self._room.set_result(None)
        elif self.sent_ns == UNREAD:
            self.sent_ns = self.readiness.now_ns()
        return 0

    cdef int changed(self, bint readable, bint writable, bint hung_up) except -1:
        try:
            if writable and self._unsent is not None and not self._send_errno:
                self._send()
            if readable and self.fd >= 0:
                self._receive(hung_up)
        except BaseException as error:  # goes to the task that waits, and to no other
            self._end(error)
        return 0

    cdef int _receive(self, bint hung_up) except -1:
        cdef ssize_t count
        cdef ssize_t total = 0
        while self.fd >= 0:
            if total >= READ_AT_ONCE_BYTES:
                return self.readiness.read_again(self)
            count = recv(self.fd, self.readiness.buffer, BUFFER_BYTES, MSG_DONTWAIT)
            if count > 0:
                total += count
                self.received_bytes += count
                self._received(count)
                if count < BUFFER_BYTES and not hung_up:
                    return 0  # read dry: the next byte is another event
            elif count == 0:
                return self._lost(self._send_errno)
            elif errno == EAGAIN:
                return self._lost(self._send_errno) if self._send_errno else 0
            elif errno != EINTR:
                return self._lost(errno)
        return 0

    cdef int _received(self, ssize_t length) except -1:
        """So many bytes of the wire are in the readiness loop's buffer."""
        return self._take(length)

    cdef int _take(self, ssize_t length) except -1:
        """So many bytes from the server are in the readiness loop's buffer."""
        cdef int64_t now_ns = self.readiness.now_ns()
        cdef ResponseParser parser = self.parser
        if not self.busy:
            return self.close_now()  # nobody asked for these bytes
        if self.ended:
            parser.surplus = True
            return 0
        parser.message_begun = False
        try:
            parser.take(self.readiness.buffer, length)
        except RequestFailure as malformed:
            failure = malformed
        else:
            failure = None
        if parser.message_begun:
            self.first_byte_ns = now_ns
        if parser.complete:
            self.last_byte_ns = now_ns
        if parser.listener is not None:
            failure = parser.tell(now_ns, failure)
        if parser.complete or failure is not None:
            self._end(failure)
        return 0

    cdef int _lost(self, int error_number) except -1:
        """The server has closed the connection, or it broke."""
        cdef int64_t now_ns = self.readiness.now_ns()
        if self.busy and not self.ended:
            if error_number == 0:
                self.parser.end_of_stream()
            if self.parser.complete:
                self.last_byte_ns = now_ns
                self._end(None)
            else:
                self._end(self._loss(error_number))
        return self.close_now()

    cdef object _loss(self, int error_number):
        where = "before the response" if self.first_byte_ns == UNREAD else "within the response"
        error = OSError(error_number, os.strerror(error_number)) if error_number else None
        return transport_failure(error, where)

    cdef int _end(self, failure) except -1:
        if not self.busy or self.ended:
            return 0
        self.ended = True
        self.failure = failure
        self.deadline_ns = 0
        if failure is not None:
            self.close_now()
        if self._callback is not None:
            self.readiness.wake_soon(self)
        return 0

    cdef int expired(self) except -1:
        return self._end(timeout_failure(dialling=False))

    cdef int wake(self) except -1:
        callback, context = self._callback, self._context
        if callback is None or self._followed():
            return 0
        self._callback = self._context = None
        PyContext_Enter(context)
        try:
            callback(self)
        finally:
            PyContext_Exit(context)
        return 0

    cdef bint _followed(self) except -1:
        cdef Successor successor = self.successor
        if successor is None:
            return False
        try:
            if successor.begin():
                return True
        except BaseException as error:  # goes to the task that waits
            self.ended = True
            self.failure = error
        self.successor = None
        return False

    # What a task asks of a future it awaits

    def get_loop(self):
        return self.readiness.loop

    def add_done_callback(self, callback, *, context=None):
        self._callback = callback
        self._context = context if context is not None else _current_context()
        if self.ended:
            self.readiness.wake_soon(self)

    def cancel(self, msg=None):
        self.successor = None  # the task is to be woken, whatever it finds
        if not self.busy or self.ended:
            return False
        self._end(asyncio.CancelledError() if msg is None else asyncio.CancelledError(msg))
        return True

    def result(self):
        if self.failure is not None and not isinstance(self.failure, RequestFailure):
            raise self.failure

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        if self.ended:
            self.result()
            raise StopIteration
        self._asyncio_future_blocking = True
        return self

    # The slow way, with a stop-watch and a parser that outlive the exchange

    async def exchange(self, bytes head, body, exchange, *, bint keep=True):
        """Send one request and return when the last byte of its response is there.

        `body` is bytes or a BodyStream. `keep` is whether the request lets the connection live on.

        Raises:
            RequestFailure: if no complete response arrives; the connection is closed.
            asyncio.CancelledError: the connection is closed.
        """
        sending = None
        self._parts_to_come = isinstance(body, BodyStream)
        try:
            self.start(head, None if self._parts_to_come else body or None, exchange.parser, 0)
            if self._parts_to_come and not self.ended:
                sending = self.readiness.loop.create_task(self._send_parts(body))
                sending.add_done_callback(self._parts_ended)
            if not self.ended:
                await self
            if self.failure is not None:
                raise self.failure
        finally:
            watch = exchange.watch
            watch.send_began_ns = self.send_began_ns
            watch.sent_ns = self.sent_ns
            watch.first_byte_ns = self.first_byte_ns
            watch.last_byte_ns = self.last_byte_ns
            exchange.sent_bytes = self.sent_bytes
            exchange.received_bytes = self.received_bytes
            self.finish(keep)
            self._parts_to_come = False
            self.parser = None
            if sending is not None:
                sending.cancel()
                await asyncio.wait((sending,))

    async def _send_parts(self, body):
        """One part at a time: the next one is asked for when the kernel has taken the last."""
        try:
            async with aclosing(body.chunks()) as chunks:
                await self._all_taken()
                async for chunk in chunks:
                    if self.ended:
                        return
                    self._waiting = chunk
                    self._send()
                    await self._all_taken()
        except Exception as raised:
            raise BodyRaisedError(raised) from raised
        self._parts_to_come = False
        self._nothing_unsent()

    async def _all_taken(self):
        if self._unsent is not None or self._waiting is not None:
            self._room = self.readiness.loop.create_future()
            await self._room

    def _parts_ended(self, sending):
        if sending.cancelled():
            self._end(asyncio.CancelledError())
        elif sending.exception() is not None:
            self._end(sending.exception())

    def abort(self):
        """Close at once; an exchange under way is canceled."""
        self.cancel()
        self.close_now()

    async def wait_closed(self):
        """Return when the socket is closed, which `abort` has done already."""


cdef object _current_context():
    import contextvars

    return contextvars.copy_context()
