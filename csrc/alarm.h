/* A timer with the grain of the kernel's clock, as a descriptor that an event loop can watch.
 *
 * It becomes readable at an instant of the monotonic clock, and stays so until it is set again or
 * cleared, which spares reading it. Event loops keep their own timers in whole milliseconds.
 */
#ifndef ATLAS_ALARM_H
#define ATLAS_ALARM_H

#include <stdint.h>

#ifdef __linux__

#include <sys/timerfd.h>

static inline int alarm_open(void) {
    return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

/* An instant that has passed already makes it readable at once. */
static inline int alarm_set(int alarm, int64_t deadline_ns, int64_t now_ns) {
    (void)now_ns;
    if (deadline_ns < 1)
        deadline_ns = 1; /* 0 would clear it */
    struct itimerspec once = {
        .it_value = {.tv_sec = deadline_ns / 1000000000, .tv_nsec = deadline_ns % 1000000000}};
    return timerfd_settime(alarm, TFD_TIMER_ABSTIME, &once, NULL);
}

static inline int alarm_clear(int alarm) {
    struct itimerspec never = {{0, 0}, {0, 0}};
    return timerfd_settime(alarm, 0, &never, NULL);
}

#else

#include <sys/types.h> /* first: some systems' event.h takes its names for granted */

#include <fcntl.h>
#include <stddef.h>
#include <sys/event.h>
#include <sys/time.h>

#ifdef NOTE_CRITICAL /* macOS: or it may put the timer off, to ring with others */
#define ATLAS_ALARM_UNIT (NOTE_NSECONDS | NOTE_CRITICAL)
#else
#define ATLAS_ALARM_UNIT NOTE_NSECONDS
#endif

static inline int alarm_open(void) {
    int alarm = kqueue();
    if (alarm >= 0)
        fcntl(alarm, F_SETFD, FD_CLOEXEC);
    return alarm;
}

/* Takes out of the queue what has happened: a timer that was due is readable no longer. */
static inline int alarm_drained(int alarm) {
    struct kevent found;
    struct timespec at_once = {0, 0};
    return kevent(alarm, NULL, 0, &found, 1, &at_once);
}

static inline int alarm_set(int alarm, int64_t deadline_ns, int64_t now_ns) {
    struct kevent once;
    int64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 1; /* 0 differs by system */
    if (alarm_drained(alarm) < 0)
        return -1;
    EV_SET(&once, 1, EVFILT_TIMER, EV_ADD | EV_ONESHOT, ATLAS_ALARM_UNIT, left_ns, NULL);
    return kevent(alarm, &once, 1, NULL, 0, NULL);
}

static inline int alarm_clear(int alarm) {
    struct kevent never;
    if (alarm_drained(alarm) < 0)
        return -1;
    EV_SET(&never, 1, EVFILT_TIMER, EV_DELETE, 0, 0, NULL);
    kevent(alarm, &never, 1, NULL, 0, NULL); /* fails where it is not set, which is as well */
    return 0;
}

#endif

#endif
