"""An alarm clock in the event loop with the grain of the kernel's timers, not of the loop's.

uvloop's own timers count whole milliseconds and can fire early: arrivals a fifth of a millisecond
apart would come in bursts. This one is a descriptor that the loop watches like a socket.
"""

from cpython.exc cimport PyErr_SetFromErrno
from libc.stdint cimport int64_t
from posix.unistd cimport close

from atlas_perf.worker.calarm cimport alarm_clear, alarm_open, alarm_set

import asyncio

from atlas_perf.clock import now_ns


cdef class Alarm:
    """Calls `ring` from the running event loop at the instant it was last set to, or later.

    How much later is up to whatever else the loop does. Where a system's timers fire early it may
    ring early too: whoever must not be early looks at the clock. It rings once for each `set`, and
    is to be closed in the end.

    Raises:
        OSError: if there is no descriptor left.
    """

    cdef object _ring
    cdef object _loop
    cdef int _alarm
    cdef bint _set

    def __cinit__(self, ring):
        self._alarm = alarm_open()
        if self._alarm < 0:
            PyErr_SetFromErrno(OSError)

    def __init__(self, ring):
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._alarm, self._due)

    def __dealloc__(self):
        if self._alarm >= 0:
            close(self._alarm)

    def set(self, int64_t deadline_ns):
        """Ring at this instant of the run's clock, instead of any that was set before."""
        if alarm_set(self._alarm, deadline_ns, now_ns()) < 0:
            PyErr_SetFromErrno(OSError)
        self._set = True

    def close(self):
        """Ring no more."""
        if self._alarm >= 0:
            self._loop.remove_reader(self._alarm)
            close(self._alarm)
            self._alarm = -1

    def _due(self):
        self._set = False
        try:
            self._ring()
        finally:
            if not self._set and self._alarm >= 0:
                alarm_clear(self._alarm)
