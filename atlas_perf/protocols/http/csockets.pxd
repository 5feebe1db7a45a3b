"""The system calls and the clock that a connection needs, straight from the C library."""

from libc.stdint cimport int64_t


cdef extern from "sys/socket.h" nogil:
    ssize_t recv(int fd, void *into, size_t room, int flags)
    ssize_t send(int fd, const void *data, size_t length, int flags)
    int MSG_DONTWAIT

cdef extern from *:
    """
    #include <stdint.h>
    #include <sys/socket.h>
    #include <time.h>
    #ifdef MSG_NOSIGNAL
    #define ATLAS_SEND_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)
    #else
    #define ATLAS_SEND_FLAGS MSG_DONTWAIT /* Python ignores SIGPIPE */
    #endif
    #ifdef __APPLE__
    #define ATLAS_CLOCK CLOCK_UPTIME_RAW /* what Python's clock is there: it stands still asleep */
    #else
    #define ATLAS_CLOCK CLOCK_MONOTONIC
    #endif
    static inline int64_t monotonic_ns(void) {
        struct timespec at;
        clock_gettime(ATLAS_CLOCK, &at);
        return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
    }
    """
    int ATLAS_SEND_FLAGS
    int64_t monotonic_ns() nogil
