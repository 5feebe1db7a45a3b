#define _GNU_SOURCE
#define _DARWIN_C_SOURCE

#include "null_answers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "readiness.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* the process ignores SIGPIPE, as Python's do */
#endif

enum { READ_BYTES = 16384 };

static const char END_OF_HEAD[] = "\r\n\r\n";

typedef struct {
    int fd;
    size_t matched;    /* bytes of END_OF_HEAD that the last read ended with */
    size_t owed_bytes; /* of responses that are due */
} connection;

int null_answers_adopt(int set, int fd) {
    connection *one = calloc(1, sizeof *one);
    if (one == NULL)
        return -1;
    one->fd = fd;
    if (readiness_watch(set, fd, one) < 0) {
        free(one);
        return -1;
    }
    return 0;
}

static size_t requests_in(connection *one, const char *bytes, size_t count) {
    size_t requests = 0, matched = one->matched;
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == END_OF_HEAD[matched])
            matched++;
        else
            matched = bytes[i] == '\r';
        if (matched == sizeof END_OF_HEAD - 1) {
            matched = 0;
            requests++;
        }
    }
    one->matched = matched;
    return requests;
}

/* False if the connection is gone. What the kernel has no room for stays owed. */
static bool pay(connection *one, const char *response, size_t size) {
    while (one->owed_bytes > 0) {
        size_t left = one->owed_bytes % size;
        if (left == 0)
            left = size;
        ssize_t sent = send(one->fd, response + (size - left), left, MSG_NOSIGNAL);
        if (sent >= 0)
            one->owed_bytes -= (size_t)sent;
        else if (errno != EINTR)
            return errno == EAGAIN || errno == EWOULDBLOCK;
    }
    return true;
}

/* False if the connection is at its end. */
static bool answer(connection *one, bool to_the_end, const char *response, size_t size) {
    char bytes[READ_BYTES];
    for (;;) {
        if (!pay(one, response, size))
            return false;
        if (one->owed_bytes > 0)
            return true; /* goes on when the socket is writable again */
        ssize_t count = recv(one->fd, bytes, sizeof bytes, 0);
        if (count == 0)
            return false;
        if (count < 0) {
            if (errno == EINTR)
                continue;
            return errno == EAGAIN || errno == EWOULDBLOCK;
        }
        one->owed_bytes = requests_in(one, bytes, (size_t)count) * size;
        /* A short read has emptied the socket: what comes later is told as a change. */
        if ((size_t)count < sizeof bytes && !to_the_end)
            return pay(one, response, size);
    }
}

int null_answers_serve(int set, const char *response, size_t response_bytes) {
    readiness_event changed[READINESS_EVENTS_AT_ONCE];
    for (;;) {
        int count = readiness_wait(set, changed, READINESS_FOR_EVER);
        if (count < 0 && errno != EINTR)
            return -1;
        for (int i = 0; i < count; i++) {
            connection *one = changed[i].owner;
            if (!answer(one, changed[i].hung_up, response, response_bytes)) {
                close(one->fd);
                free(one);
            }
        }
    }
}
