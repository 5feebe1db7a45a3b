/* A set of sockets that tells which of them changed: epoll on Linux, kqueue elsewhere.
 *
 * Edge-triggered, for reading and writing at once: a socket enters with one system call, leaves by
 * being closed, and is reported once for each change, so its owner reads until nothing is left.
 */
#ifndef ATLAS_READINESS_H
#define ATLAS_READINESS_H

#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

typedef struct {
    void *owner;
    bool readable;
    bool writable;
    bool hung_up; /* the end of the stream, or an error, is behind what can be read */
} readiness_event;

enum { READINESS_EVENTS_AT_ONCE = 256, READINESS_FOR_EVER = -1 };

#ifdef __linux__

#include <sys/epoll.h>

static inline int readiness_open(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

static inline int readiness_watch(int set, int fd, void *owner) {
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                 .data = {.ptr = owner}};
    return epoll_ctl(set, EPOLL_CTL_ADD, fd, &wanted);
}

static inline int readiness_wait(int set, readiness_event *changed, int timeout_ms) {
    struct epoll_event found[READINESS_EVENTS_AT_ONCE];
    int count = epoll_wait(set, found, READINESS_EVENTS_AT_ONCE, timeout_ms);
    for (int i = 0; i < count; i++) {
        unsigned events = found[i].events;
        changed[i].owner = found[i].data.ptr;
        changed[i].hung_up = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        changed[i].readable = (events & EPOLLIN) != 0 || changed[i].hung_up;
        changed[i].writable = (events & EPOLLOUT) != 0;
    }
    return count;
}

#else

#include <sys/types.h> /* first: some systems' event.h takes its names for granted */

#include <stdint.h>
#include <sys/event.h>
#include <sys/time.h>

static inline int readiness_open(void) {
    return kqueue();
}

static inline int readiness_watch(int set, int fd, void *owner) {
    struct kevent wanted[2];
    EV_SET(&wanted[0], (uintptr_t)fd, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0, owner);
    EV_SET(&wanted[1], (uintptr_t)fd, EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0, owner);
    return kevent(set, wanted, 2, NULL, 0, NULL);
}

static inline int readiness_wait(int set, readiness_event *changed, int timeout_ms) {
    struct kevent found[READINESS_EVENTS_AT_ONCE];
    struct timespec limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    int count = kevent(set, NULL, 0, found, READINESS_EVENTS_AT_ONCE,
                       timeout_ms == READINESS_FOR_EVER ? NULL : &limit);
    for (int i = 0; i < count; i++) {
        changed[i].owner = found[i].udata;
        changed[i].hung_up = (found[i].flags & EV_EOF) != 0;
        changed[i].readable = found[i].filter == EVFILT_READ || changed[i].hung_up;
        changed[i].writable = found[i].filter == EVFILT_WRITE;
    }
    return count;
}

#endif

static inline int readiness_poll(int set, readiness_event *changed) {
    return readiness_wait(set, changed, 0);
}

#endif
