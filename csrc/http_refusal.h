/* Why a response is refused. Names are stable: reports and counters carry them. */
#ifndef ATLAS_HTTP_REFUSAL_H
#define ATLAS_HTTP_REFUSAL_H

#define HTTP_REFUSALS(X)                                                                           \
    X(NOT_HTTP, not_http)                         /* does not start with HTTP/d.d and a space */   \
    X(VERSION, version)                           /* neither HTTP/1.1 nor HTTP/1.0 */              \
    X(STATUS, status)                             /* not three digits of 100 or more */            \
    X(REASON_BYTE, reason_byte)                   /* control character in the reason phrase */     \
    X(BARE_LF, bare_lf)                           /* a line that ends without CR */                \
    X(BARE_CR, bare_cr)                           /* a CR that is not the end of a line */         \
    X(FOLDED_LINE, folded_line)                   /* a header line that starts with white space */ \
    X(FIELD_NAME, field_name)                     /* no token before a colon */                    \
    X(SPACE_BEFORE_COLON, space_before_colon)                                                      \
    X(FIELD_VALUE_BYTE, field_value_byte)         /* control character in a value */               \
    X(CONTENT_LENGTH, content_length)             /* not one decimal number */                     \
    X(CONTENT_LENGTH_OVERFLOW, content_length_overflow) /* above 2^64 - 1 */                       \
    X(CONTENT_LENGTH_REPEATED, content_length_repeated)                                            \
    X(LENGTH_AND_ENCODING, length_and_encoding)   /* Content-Length beside Transfer-Encoding */    \
    X(TRANSFER_ENCODING, transfer_encoding)       /* names no coding */                            \
    X(HEAD_TOO_LONG, head_too_long)                                                                \
    X(TOO_MANY_FIELDS, too_many_fields)                                                            \
    X(TOO_MANY_INTERIM, too_many_interim)                                                          \
    X(CHUNK_SIZE, chunk_size)                     /* not a hexadecimal number at a line's start */ \
    X(CHUNK_SIZE_TOO_LONG, chunk_size_too_long)                                                    \
    X(CHUNK_EXTENSION, chunk_extension)                                                            \
    X(CHUNK_EXTENSION_TOO_LONG, chunk_extension_too_long)                                          \
    X(CHUNK_END, chunk_end)                       /* no CRLF behind the data of a chunk */         \
    X(TRAILER_FRAMING, trailer_framing)           /* a length or encoding among the trailers */    \
    X(TRAILERS_TOO_LONG, trailers_too_long)                                                        \
    X(TRUNCATED_HEAD, truncated_head)             /* the stream ended within the head */           \
    X(TRUNCATED_BODY, truncated_body)             /* the stream ended within the body */

#define HTTP_REFUSAL_ENUMERATOR(constant, name) HTTP_REFUSED_##constant,
typedef enum {
    HTTP_NOT_REFUSED = 0,
    HTTP_REFUSALS(HTTP_REFUSAL_ENUMERATOR) HTTP_REFUSAL_COUNT
} http_refusal;
#undef HTTP_REFUSAL_ENUMERATOR

/* "bare_lf" for HTTP_REFUSED_BARE_LF; "" for HTTP_NOT_REFUSED. */
const char *http_refusal_name(http_refusal refusal);

typedef enum {
    HTTP_MORE,     /* takes more bytes */
    HTTP_COMPLETE, /* the part has ended */
    HTTP_REFUSED,  /* `refusal` says why; it stays refused */
} http_progress;

#endif
