/* The answering half of the null server: one canned response to each request, and nothing else.
 *
 * It costs a client as little as an HTTP server can, so that what is measured against it is the
 * client. A request is whatever ends in an empty line: it has no body.
 */
#ifndef ATLAS_NULL_ANSWERS_H
#define ATLAS_NULL_ANSWERS_H

#include <stddef.h>

/* Let the set's server answer on a connected, non-blocking socket, and close it in the end.
 * Any thread may call this. Returns -1 with errno set if it cannot; the socket is then the caller's.
 */
int null_answers_adopt(int set, int fd);

/* Answer on all sockets of the set until the set itself fails; returns -1 with errno set. */
int null_answers_serve(int set, const char *response, size_t response_bytes);

#endif
