/* One response to one request, from the first byte of its head (1xx heads before it included) to
 * the last byte of its body. */
#ifndef ATLAS_HTTP_RESPONSE_H
#define ATLAS_HTTP_RESPONSE_H

#include <stddef.h>
#include <stdint.h>

#include "http_body.h"
#include "http_head.h"
#include "http_limits.h"
#include "http_refusal.h"

typedef enum {
    HTTP_EVENT_MORE,    /* all that can be taken was: call again when bytes have come */
    HTTP_EVENT_INTERIM, /* a 1xx head, in `head` until the next call */
    HTTP_EVENT_HEAD,    /* the final head, in `head` from now on */
    HTTP_EVENT_CONTENT, /* bytes of the body */
    HTTP_EVENT_END,     /* the response is whole; what follows is not its own */
    HTTP_EVENT_REFUSED, /* for good: `refusal` says why */
} http_event;

typedef struct {
    const http_limits *limits;
    http_head head;
    http_body body;
    uint32_t interim_responses;
    http_refusal refusal;
    uint8_t asked;
    uint8_t stage;
} http_response;

/* `limits` outlives the response. */
void http_response_start(http_response *self, const http_limits *limits, http_asked asked);

/* The next thing that `bytes` hold: all bytes received that no call has consumed yet. Drop
 * `*consumed` of them before the next call and append what comes. Heads are consumed as a whole,
 * so their bytes are the first `head.length` of the call that returned INTERIM or HEAD.
 *
 * Call until it returns MORE, END or REFUSED. With MORE everything but a head that is not whole
 * has been consumed. `*content` is set for CONTENT alone. */
http_event http_response_next(http_response *self, const char *bytes, size_t length,
                              size_t *consumed, http_slice *content);

/* The server closed the connection behind the bytes handed over: END or REFUSED. */
http_event http_response_end_of_stream(http_response *self);

#endif
