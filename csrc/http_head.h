/* The head of an HTTP/1.1 or 1.0 response: status line, header fields, blank line.
 *
 * The connection keeps the bytes of a head together and hands over all of them each time more have
 * come; every byte is looked at once, whatever the pieces. The bytes may move between calls: the
 * head holds offsets from its own first byte and nothing else. Nothing is allocated.
 *
 * RFC 9112 read strictly: see docs/http-parser.md.
 */
#ifndef ATLAS_HTTP_HEAD_H
#define ATLAS_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http_limits.h"
#include "http_refusal.h"

/* What was asked decides whether the answer has a body. */
typedef enum {
    HTTP_ASKED_ANY,     /* GET, POST, …: all but the two below */
    HTTP_ASKED_HEAD,    /* never a body */
    HTTP_ASKED_CONNECT, /* behind 2xx: a tunnel */
} http_asked;

typedef enum {
    HTTP_FRAMING_NONE,        /* no body */
    HTTP_FRAMING_LENGTH,      /* `content_length` bytes */
    HTTP_FRAMING_CHUNKED,
    HTTP_FRAMING_UNTIL_CLOSE, /* all bytes until the server closes the connection */
} http_framing;

typedef struct {
    uint32_t offset; /* 0: there is none */
    uint32_t length;
} http_span;

/* Fields whose values are found while parsing, so that a client need not search for them. */
typedef enum {
    HTTP_FIELD_LOCATION,
    HTTP_FIELD_CONTENT_TYPE,
    HTTP_FIELD_CONTENT_ENCODING,
    HTTP_FIELD_SET_COOKIE,
    HTTP_FIELD_WWW_AUTHENTICATE,
    HTTP_FIELD_PROXY_AUTHENTICATE,
    HTTP_NOTED_FIELDS
} http_noted_field;

typedef struct {
    /* Meant for everyone once http_head_feed has returned HTTP_COMPLETE. */
    uint32_t length;         /* bytes of the head, blank line included */
    uint16_t status;         /* 100 … 999 */
    uint8_t minor_version;   /* 0 or 1 */
    uint8_t framing;         /* http_framing */
    bool interim;            /* 1xx but 101: another head follows */
    bool tunnel;             /* 101, or 2xx to CONNECT: what follows is no HTTP */
    bool keep_alive;         /* another request may follow behind the whole body */
    bool has_content_length; /* true also where there is no body, as in an answer to HEAD */
    bool other_coding;       /* a Transfer-Encoding other than chunked: the body is encoded */
    uint32_t field_count;
    uint32_t first_field;    /* where http_head_next_field starts */
    uint64_t content_length;
    http_span reason;
    http_span noted[HTTP_NOTED_FIELDS]; /* value of the first field of that name */
    uint32_t repeated;                  /* bit 1 << f: there is more than one field of name f */

    /* Once HTTP_REFUSED: the reason, and the offset of the byte or line it was found at. */
    http_refusal refusal;
    uint32_t at;

    /* Parsing only. */
    uint32_t line;  /* where the line that holds `at` starts */
    uint32_t colon;
    uint8_t stage;
    uint8_t asked;
    bool says_close;
    bool says_keep_alive;
    bool has_transfer_encoding;
    bool chunked_is_last;
} http_head;

void http_head_start(http_head *self, http_asked asked);

/* Takes `bytes[0 .. length)`: all there is from the head's first byte on, at least as many as in
 * the last call. Bytes behind the head are not looked at. */
http_progress http_head_feed(http_head *self, const http_limits *limits, const char *bytes,
                             size_t length);

typedef struct {
    http_span name; /* as sent */
    http_span value; /* without the white space around it */
} http_field;

/* The fields of a head that was HTTP_COMPLETE, one a call; false behind the last. `at` starts as
 * `first_field` and is moved on. */
bool http_head_next_field(const http_head *self, const char *bytes, uint32_t *at,
                          http_field *field);

#endif
