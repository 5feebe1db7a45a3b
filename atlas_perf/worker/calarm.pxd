"""Mirror of csrc/alarm.h."""

from libc.stdint cimport int64_t


cdef extern from "alarm.h" nogil:
    int alarm_open()
    int alarm_set(int alarm, int64_t deadline_ns, int64_t now_ns)
    int alarm_clear(int alarm)
