"""Virtual users that sleep: one heap and one timer of the event loop for all of them.

Most users of a large test are asleep most of the time. Each weighs what it awaits: here an object
and an entry in the heap, where `asyncio.sleep` needs two coroutines, a future and a timer of the
loop. As in `deadlines`, a user is woken at its instant of the run's clock or after it, not before.
"""

from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject
from libc.stdint cimport INT64_MAX, int64_t, uint64_t
from libc.stdlib cimport free, realloc

from atlas_perf.protocols.http.csending cimport (
    PYGEN_ERROR,
    PYGEN_NEXT,
    PYGEN_RETURN,
    PyIter_Send,
    PySendResult,
    PyTypeObject,
    sendfunc,
)

import asyncio
import contextvars
import warnings

from atlas_perf.clock import now_ns
from atlas_perf.worker.deadlines import delay_s

cdef extern from "Python.h":
    int PyContext_Enter(object context) except -1
    int PyContext_Exit(object context) except -1

cdef enum:
    NEW
    ASLEEP
    AWAKE
    CANCELED
    OVER
    WAKE_AT_ONCE = 64  # users, before sockets have their turn
    FEW = 64  # canceled entries that are not worth tidying up

cdef int64_t LONGEST_NS = 100 * 365 * 24 * 3600 * 1_000_000_000  # what loops take


cdef struct entry:
    int64_t deadline_ns
    uint64_t turn  # those with one deadline wake in the order they went to sleep
    PyObject *sleep  # owned


cdef inline bint _before(const entry *left, const entry *right) noexcept:
    if left.deadline_ns != right.deadline_ns:
        return left.deadline_ns < right.deadline_ns
    return left.turn < right.turn


cdef class Sleepers:
    """Everything that sleeps on one event loop."""

    cdef entry *_entries
    cdef size_t _in_use
    cdef size_t _allocated
    cdef size_t _canceled
    cdef uint64_t _turn
    cdef object loop
    cdef object _timer
    cdef int64_t _timer_ns
    cdef bint _waking

    def __cinit__(self, loop):
        self.loop = loop
        self._timer_ns = INT64_MAX

    def __dealloc__(self):
        cdef size_t position
        for position in range(self._in_use):
            Py_DECREF(<object>self._entries[position].sleep)
        free(self._entries)

    cdef int add(self, Sleep sleep, int64_t deadline_ns) except -1:
        cdef size_t size
        cdef entry *grown
        if self._in_use == self._allocated:
            size = max(<size_t>64, 2 * self._allocated)
            grown = <entry *>realloc(self._entries, size * sizeof(entry))
            if grown == NULL:
                raise MemoryError("no memory left for another sleeper")
            self._entries, self._allocated = grown, size
        Py_INCREF(sleep)
        self._turn += 1
        self._entries[self._in_use] = entry(deadline_ns, self._turn, <PyObject *>sleep)
        self._in_use += 1
        self._rise(self._in_use - 1)
        if deadline_ns < self._timer_ns and not self._waking:
            self._set_timer()
        return 0

    cdef int drop(self) except -1:
        """One of them is canceled: its entry stays until its time, or until most are such."""
        cdef size_t position, kept = 0
        self._canceled += 1
        if self._canceled <= FEW or 2 * self._canceled <= self._in_use or self._waking:
            return 0
        stale = []
        for position in range(self._in_use):
            sleep = <Sleep>self._entries[position].sleep
            if sleep.stage == ASLEEP:
                self._entries[kept] = self._entries[position]
                kept += 1
            else:
                stale.append(sleep)
                Py_DECREF(sleep)
        self._in_use = kept
        self._canceled = 0
        for position in range(kept // 2, 0, -1):
            self._sink(position - 1)
        return 0

    def _time_passed(self):
        """Wake who is due; the rest in the loop's next turn, if there are many."""
        cdef int64_t now = now_ns()
        cdef int woken = 0
        cdef Sleep sleep
        self._timer = None
        self._timer_ns = INT64_MAX
        self._waking = True
        try:
            while self._in_use and self._entries[0].deadline_ns <= now and woken < WAKE_AT_ONCE:
                sleep = self._taken()
                if sleep.stage == ASLEEP:
                    woken += 1
                    sleep.stage = AWAKE
                    sleep.wake()
                else:
                    self._canceled -= 1
        finally:
            self._waking = False
            self._set_timer()

    cdef Sleep _taken(self):
        """The first one, out of the heap."""
        sleep = <Sleep>self._entries[0].sleep
        Py_DECREF(sleep)
        self._in_use -= 1
        if self._in_use:
            self._entries[0] = self._entries[self._in_use]
            self._sink(0)
        return sleep

    cdef int _set_timer(self) except -1:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_ns = INT64_MAX
        if self._in_use:
            self._timer_ns = self._entries[0].deadline_ns
            self._timer = self.loop.call_later(delay_s(self._timer_ns), self._time_passed)
        return 0

    cdef void _rise(self, size_t position) noexcept:
        cdef entry risen = self._entries[position]
        cdef size_t parent
        while position > 0:
            parent = (position - 1) // 2
            if not _before(&risen, &self._entries[parent]):
                break
            self._entries[position] = self._entries[parent]
            position = parent
        self._entries[position] = risen

    cdef void _sink(self, size_t position) noexcept:
        cdef entry sunk = self._entries[position]
        cdef size_t child
        while 2 * position + 1 < self._in_use:
            child = 2 * position + 1
            if child + 1 < self._in_use and _before(
                &self._entries[child + 1], &self._entries[child]
            ):
                child += 1
            if not _before(&self._entries[child], &sunk):
                break
            self._entries[position] = self._entries[child]
            position = child
        self._entries[position] = sunk


cdef class Sleep:
    """To be awaited once: returns `span_ns` later or a moment after that.

    A coroutine and the future it awaits in one: a task that awaits it is given itself. To asyncio
    it is a future only once it is asleep.
    """

    cdef int64_t _span_ns
    cdef int stage
    cdef bint _blocking
    cdef Sleepers _sleepers
    cdef object _callback
    cdef object _context
    cdef object _message

    def __init__(self, span_ns):
        self._span_ns = min(span_ns, LONGEST_NS)

    cdef int wake(self) except -1:
        callback, context = self._callback, self._context
        self._callback = self._context = None
        if callback is None:
            return 0
        PyContext_Enter(context)
        try:
            callback(self)
        finally:
            PyContext_Exit(context)
        return 0

    cdef Sleepers _home(self):
        if self._sleepers is None:
            raise RuntimeError("not asleep yet")
        return self._sleepers

    cdef int _give_up(self) except -1:
        """Whoever slept goes on without it."""
        if self.stage == ASLEEP:
            self.stage = OVER
            self._callback = self._context = None
            self._sleepers.drop()
        self.stage = OVER
        return 0

    # What a task asks of a future it awaits

    @property
    def _asyncio_future_blocking(self):
        return None if self._sleepers is None else self._blocking

    @_asyncio_future_blocking.setter
    def _asyncio_future_blocking(self, blocking):
        self._blocking = blocking

    def get_loop(self):
        return self._home().loop

    def add_done_callback(self, callback, *, context=None):
        self._callback = callback
        self._context = context if context is not None else contextvars.copy_context()
        if self.stage != ASLEEP:
            self._home().loop.call_soon(_wake_one, self)

    def cancel(self, msg=None):
        if self.stage != ASLEEP:
            return False
        self.stage = CANCELED
        self._message = msg
        self._sleepers.drop()
        self._sleepers.loop.call_soon(_wake_one, self)
        return True

    def result(self):
        if self.stage == CANCELED:
            self.stage = OVER
            raise (
                asyncio.CancelledError()
                if self._message is None
                else asyncio.CancelledError(self._message)
            )

    # A coroutine, as the interpreter and asyncio know it

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        return self.send(None)

    def send(self, value):
        cdef PyObject *result = NULL
        cdef PySendResult what = send_to_sleep(self, value, &result)
        taken = <object>result
        Py_DECREF(taken)
        if what == PYGEN_NEXT:
            return taken
        raise StopIteration(taken)

    def throw(self, kind, value=None, traceback=None):
        self._give_up()
        if isinstance(kind, BaseException):
            raise kind
        raise kind if value is None else value

    def close(self):
        self._give_up()

    def __del__(self):
        if self.stage == NEW:
            warnings.warn("a sleep was never awaited", RuntimeWarning, stacklevel=2)


def _wake_one(Sleep sleep not None):
    sleep.wake()


cdef PySendResult send_to_sleep(Sleep sleep, object value, PyObject **result) except PYGEN_ERROR:
    cdef object yielded = None
    if sleep.stage == OVER:
        raise RuntimeError("a sleep can be awaited only once")
    if sleep.stage == AWAKE or sleep.stage == CANCELED:
        sleep.stage = OVER
        Py_INCREF(None)
        result[0] = <PyObject *>None
        return PYGEN_RETURN
    if sleep.stage == NEW and sleep._span_ns <= 0:
        sleep.stage = AWAKE  # when all others have had a turn
    else:
        if sleep.stage == NEW:
            sleep._sleepers = sleepers()
            sleep.stage = ASLEEP
            sleep._sleepers.add(sleep, <int64_t>now_ns() + sleep._span_ns)
        sleep._blocking = True
        yielded = sleep
    Py_INCREF(yielded)
    result[0] = <PyObject *>yielded
    return PYGEN_NEXT


cdef list _known = []


cdef Sleepers sleepers():
    """Those of the running event loop."""
    global _known
    cdef Sleepers each
    loop = asyncio.get_running_loop()
    for each in _known:
        if each.loop is loop:
            return each
    _known = [each for each in _known if not (<Sleepers>each).loop.is_closed()]
    each = Sleepers(loop)
    _known.append(each)
    return each


def asleep():
    """How many entries the running event loop's heap has, canceled ones included."""
    return sleepers()._in_use


(<PyTypeObject *>Sleep).tp_as_async.am_send = <sendfunc><void *>send_to_sleep
