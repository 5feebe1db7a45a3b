"""The connections of one virtual user to one origin: at most so many at once, the rest waits.

A slot is taken from acquiring it until its release, with a connection or without.
"""

import asyncio
from collections import deque


cdef class HostConnections:
    """`in_use` is the pool's set of connections that somebody holds."""

    def __init__(self, int limit, set in_use not None):
        self._limit = limit
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
        self.idle.pop()
        self.taken += 1
        self._in_use.add(youngest)
        return youngest

    async def acquire(self):
        """A slot: with an idle connection, or with None and the right to open one."""
        if self.taken < self._limit:
            self.taken += 1
        else:
            await self._wait()
        while self.idle:
            connection = self.idle.pop()  # the youngest: the least likely to be timed out
            if connection.reusable:
                self._in_use.add(connection)
                return connection
            connection.abort()
        return None

    cpdef release(self, TcpConnection connection):
        """Give the slot back, with its connection if there is one worth keeping."""
        if connection is not None:
            self._in_use.discard(connection)
            if connection.is_reusable() and not self._closed:
                self.idle.append(connection)
            else:
                connection.abort()
        if self._waiters:
            self._pass_slot_on()
        else:
            self.taken -= 1

    def close(self):
        """Close idle connections now, used ones when they are released; returns the former."""
        closing, self.idle = self.idle, []
        self._closed = True
        for connection in closing:
            connection.abort()
        return closing

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
