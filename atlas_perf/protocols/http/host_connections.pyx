"""The connections of one virtual user to one origin: at most so many at once, the rest waits.

A slot is taken from acquiring it until its release, with a connection or without. Limits on a
connection's age and idle time cost nothing where there are none.
"""

import asyncio
from collections import deque

from atlas_perf import clock


cdef class HostConnections:
    """`in_use` is the pool's set of connections that somebody holds."""

    def __init__(self, limits not None, set in_use not None):
        self._limit = limits.per_host
        self._max_age_ns = limits.max_age_ns or 0
        self._max_idle_ns = limits.max_idle_ns or 0
        # By connection: when it was opened, and when it was last put back.
        self._lives = {} if self._max_age_ns or self._max_idle_ns else None
        self._in_use = in_use
        self.idle = []

    cdef TcpConnection take_idle(self):
        """A slot with a connection that is at hand and in order; else None and no slot."""
        cdef TcpConnection youngest
        if self.taken >= self._limit or not self.idle:
            return None
        youngest = <TcpConnection>self.idle[-1]
        if not youngest.is_reusable():
            return None
        if self._lives is not None and self.has_outlived(youngest):
            return None
        self.idle.pop()
        self.taken += 1
        self._in_use.add(youngest)
        return youngest

    cdef bint wants_back(self, TcpConnection connection) except -1:
        """True if a connection that is in use must not carry another request before it was put
        back: the pool is closed, somebody waits for a slot, or it may be too old."""
        if self.closed or (self._waiters is not None and len(<object>self._waiters) > 0):
            return True
        return self.has_outlived(connection)

    async def acquire(self, watch):
        """A slot: with an idle connection, or with None and the right to open one.

        `watch` is told of a wait, if there is one.
        """
        if self.taken < self._limit:
            self.taken += 1
        else:
            watch.wait_began_ns = clock.now_ns()
            await self._wait()
            watch.wait_ended_ns = clock.now_ns()
        while self.idle:
            connection = self.idle.pop()  # the youngest: the least likely to be timed out
            if connection.reusable and not self.has_outlived(connection):
                self._in_use.add(connection)
                return connection
            self._forget(connection)
        return None

    @property
    def session(self):
        """The TLS session for another connection to resume; None without one.

        Of the connection opened last, and read only now: under TLS 1.3 tickets come at any time
        after the handshake, and reading a session means copying it. A user who comes back resumes
        what it knows, as browsers do; users do not share sessions, or a server would look cheaper
        under load than it is.
        """
        return None if self._tls is None else self._tls.session

    def adopt(self, TcpConnection connection, *, bint resumable):
        """A connection that the holder of a slot has opened."""
        if resumable:
            self._tls = connection.tls
        self._in_use.add(connection)
        if self._lives is not None:
            now_ns = clock.now_ns()
            self._lives[connection] = (now_ns, now_ns)

    def drop(self, connection):
        """A connection that its holder found dead; the slot stays with the holder."""
        self._in_use.discard(connection)
        self._forget(connection)

    cpdef release(self, TcpConnection connection):
        """Give the slot back, with its connection if there is one worth keeping."""
        if connection is not None:
            self._in_use.discard(connection)
            if connection.is_reusable() and not self.closed and not self._put_back(connection):
                self.idle.append(connection)
            else:
                self._forget(connection)
        if self._waiters:
            self._pass_slot_on()
        else:
            self.taken -= 1

    def close(self):
        """Close idle connections now, used ones when they are released; returns the former."""
        closing, self.idle = self.idle, []
        self.closed = True
        for connection in closing:
            self._forget(connection)
        return closing

    cdef bint has_outlived(self, TcpConnection connection) except -1:
        """Whether it is too old, or was idle for too long, to carry another request."""
        cdef int64_t opened_ns, idle_ns, now_ns
        if self._lives is None:
            return False
        opened_ns, idle_ns = self._lives[connection]
        now_ns = clock.now_ns()
        if self._max_age_ns and now_ns - opened_ns >= self._max_age_ns:
            return True
        return self._max_idle_ns > 0 and now_ns - idle_ns >= self._max_idle_ns

    cdef bint _put_back(self, TcpConnection connection) except -1:
        """Note that it is idle from now on; True if it has outlived its time already."""
        if self._lives is None:
            return False
        opened_ns, _ = self._lives[connection]
        self._lives[connection] = (opened_ns, clock.now_ns())
        return self.has_outlived(connection)

    def _forget(self, connection):
        connection.abort()
        if self._lives is not None:
            self._lives.pop(connection, None)

    async def _wait(self):
        turn = asyncio.get_running_loop().create_future()
        if self._waiters is None:
            self._waiters = deque()
        self._waiters.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_slot_on()  # it was our turn, and we cannot take it
            raise

    def _pass_slot_on(self):
        while self._waiters:
            turn = self._waiters.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.taken -= 1
