"""Mirror of csrc/readiness.h."""


cdef extern from "readiness.h" nogil:
    ctypedef struct readiness_event:
        void *owner
        bint readable
        bint writable
        bint hung_up

    enum:
        READINESS_EVENTS_AT_ONCE

    int readiness_open()
    int readiness_watch(int set, int fd, void *owner)
    int readiness_poll(int set, readiness_event *changed)
