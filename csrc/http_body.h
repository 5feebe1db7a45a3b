/* The body of a response as it comes: which of the received bytes are its content, and where it
 * ends. Takes any pieces, holds none of them, allocates nothing. */
#ifndef ATLAS_HTTP_BODY_H
#define ATLAS_HTTP_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "http_head.h"
#include "http_limits.h"
#include "http_refusal.h"

typedef struct {
    uint64_t received; /* bytes of content so far, chunk framing not counted */
    http_refusal refusal;

    /* Decoding only. */
    uint64_t remaining;      /* of the body or of the chunk */
    uint32_t section_bytes;  /* of the chunk extensions or of the trailers */
    uint32_t section_fields; /* trailers */
    uint32_t name_bytes;     /* of the trailer's name so far */
    uint8_t digits;          /* of the chunk's size */
    uint8_t framing_names;   /* which the trailer's name may still turn out to be */
    uint8_t stage;
} http_body;

/* Content among the bytes of one call. */
typedef struct {
    size_t offset;
    size_t length;
} http_slice;

/* `head` is HTTP_COMPLETE and not interim. */
void http_body_start(http_body *self, const http_head *head);

/* Takes the next bytes. HTTP_MORE: `*consumed` of them were taken and `*content` says which of
 * those are content; call again with the rest, if any, and with what comes next. HTTP_COMPLETE:
 * the same, and bytes behind `*consumed` are not this body's. HTTP_REFUSED: `refusal` says why. */
http_progress http_body_feed(http_body *self, const http_limits *limits, const char *bytes,
                             size_t length, size_t *consumed, http_slice *content);

/* The server has closed the connection: HTTP_COMPLETE if that, or something before, ended it. */
http_progress http_body_end_of_stream(http_body *self);

#endif
