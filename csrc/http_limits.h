/* How much of a response is taken before it is refused: nothing a server sends may use up memory
 * or go on for ever without a byte of body. */
#ifndef ATLAS_HTTP_LIMITS_H
#define ATLAS_HTTP_LIMITS_H

#include <stdint.h>

typedef struct {
    uint32_t head_bytes;            /* status line to blank line, both included */
    uint32_t fields;                /* header fields of a head, and again of the trailers */
    uint32_t interim_responses;     /* 1xx answers before the final one */
    uint32_t chunk_size_digits;     /* leading zeros included; above 16 means 16 */
    uint32_t chunk_extension_bytes; /* of one chunk, from its first semicolon to the CR */
    uint32_t trailer_bytes;         /* behind the last chunk's line, the blank line included */
} http_limits;

extern const http_limits http_default_limits;

/* 16 hexadecimal digits are 64 bits: no size of a chunk can overflow. */
#define HTTP_MAX_CHUNK_SIZE_DIGITS 16

#endif
