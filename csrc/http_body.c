#include "http_body.h"

#include <string.h>

#include "http_bytes.h"

enum {
    COUNTED,
    UNTIL_CLOSE,
    SIZE_START,
    SIZE,
    EXTENSION_START,
    EXTENSION_NAME,
    EXTENSION_VALUE_START,
    EXTENSION_VALUE,
    EXTENSION_QUOTED,
    EXTENSION_QUOTED_PAIR,
    EXTENSION_END,
    SIZE_LF,
    CHUNK,
    CHUNK_CR,
    CHUNK_LF,
    TRAILER_START,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF,
    IS_COMPLETE,
    IS_REFUSED,
};

/* Fields that would frame the message anew: bit i of `framing_names` is entry i. */
static const char *const FRAMING_NAMES[] = {"content-length", "transfer-encoding"};
enum { FRAMING_NAME_COUNT = 2, ALL_FRAMING_NAMES = 3 };

void http_body_start(http_body *self, const http_head *head) {
    memset(self, 0, sizeof *self);
    switch ((http_framing)head->framing) {
    case HTTP_FRAMING_NONE:
        self->stage = IS_COMPLETE;
        break;
    case HTTP_FRAMING_LENGTH:
        self->remaining = head->content_length;
        self->stage = head->content_length > 0 ? COUNTED : IS_COMPLETE;
        break;
    case HTTP_FRAMING_CHUNKED:
        self->stage = SIZE_START;
        break;
    case HTTP_FRAMING_UNTIL_CLOSE:
        self->stage = UNTIL_CLOSE;
        break;
    }
}

static http_refusal to_stage(http_body *self, uint8_t stage) {
    self->stage = stage;
    return HTTP_NOT_REFUSED;
}

static int hexadecimal_digit(char byte) {
    if (http_is_digit(byte))
        return byte - '0';
    char letter = http_lower(byte);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static http_refusal take_size(http_body *self, const http_limits *limits, char byte) {
    int digit = hexadecimal_digit(byte);
    if (digit >= 0) {
        if (self->digits >= limits->chunk_size_digits || self->digits >= HTTP_MAX_CHUNK_SIZE_DIGITS)
            return HTTP_REFUSED_CHUNK_SIZE_TOO_LONG;
        self->digits++;
        self->remaining = self->remaining << 4 | (uint64_t)digit;
        return to_stage(self, SIZE);
    }
    if (self->digits == 0)
        return HTTP_REFUSED_CHUNK_SIZE;
    switch (byte) {
    case '\r':
        return to_stage(self, SIZE_LF);
    case ';':
        self->section_bytes = 1;
        return to_stage(self, EXTENSION_START);
    case '\n':
        return HTTP_REFUSED_BARE_LF;
    default:
        return HTTP_REFUSED_CHUNK_SIZE;
    }
}

/* A semicolon or the end of the line, behind a chunk extension that is whole. */
static http_refusal take_extension_end(http_body *self, char byte) {
    switch (byte) {
    case ';':
        return to_stage(self, EXTENSION_START);
    case '\r':
        return to_stage(self, SIZE_LF);
    case '\n':
        return HTTP_REFUSED_BARE_LF;
    default:
        return HTTP_REFUSED_CHUNK_EXTENSION;
    }
}

/* RFC 9112, 7.1.1 without the white space that is only there for old senders. */
static http_refusal take_extension(http_body *self, const http_limits *limits, char byte) {
    if (byte != '\r' && self->section_bytes++ >= limits->chunk_extension_bytes)
        return HTTP_REFUSED_CHUNK_EXTENSION_TOO_LONG;
    switch (self->stage) {
    case EXTENSION_START:
        return http_is(byte, HTTP_TOKEN) ? to_stage(self, EXTENSION_NAME)
                                         : HTTP_REFUSED_CHUNK_EXTENSION;
    case EXTENSION_NAME:
        if (http_is(byte, HTTP_TOKEN))
            return HTTP_NOT_REFUSED;
        return byte == '=' ? to_stage(self, EXTENSION_VALUE_START)
                           : take_extension_end(self, byte);
    case EXTENSION_VALUE_START:
        if (byte == '"')
            return to_stage(self, EXTENSION_QUOTED);
        return http_is(byte, HTTP_TOKEN) ? to_stage(self, EXTENSION_VALUE)
                                         : HTTP_REFUSED_CHUNK_EXTENSION;
    case EXTENSION_VALUE:
        return http_is(byte, HTTP_TOKEN) ? HTTP_NOT_REFUSED : take_extension_end(self, byte);
    case EXTENSION_QUOTED:
        if (http_is(byte, HTTP_QUOTED))
            return HTTP_NOT_REFUSED;
        if (byte == '"')
            return to_stage(self, EXTENSION_END);
        return byte == '\\' ? to_stage(self, EXTENSION_QUOTED_PAIR) : HTTP_REFUSED_CHUNK_EXTENSION;
    case EXTENSION_QUOTED_PAIR:
        return http_is(byte, HTTP_TEXT) ? to_stage(self, EXTENSION_QUOTED)
                                        : HTTP_REFUSED_CHUNK_EXTENSION;
    default: /* EXTENSION_END */
        return take_extension_end(self, byte);
    }
}

static http_refusal take_trailer_name(http_body *self, char byte) {
    bool ends = byte == ':';
    for (unsigned i = 0; i < FRAMING_NAME_COUNT; i++) {
        unsigned bit = 1U << i;
        if (!(self->framing_names & bit))
            continue;
        /* As long as it fits, `name_bytes` is within the known name or at its end. */
        char expected = FRAMING_NAMES[i][self->name_bytes];
        if (ends && expected == '\0')
            return HTTP_REFUSED_TRAILER_FRAMING;
        if (http_lower(byte) != expected)
            self->framing_names &= (uint8_t)~bit;
    }
    self->name_bytes++;
    if (ends)
        return to_stage(self, TRAILER_VALUE);
    if (http_is(byte, HTTP_TOKEN))
        return HTTP_NOT_REFUSED;
    if (byte == '\n')
        return HTTP_REFUSED_BARE_LF;
    return http_is_blank(byte) ? HTTP_REFUSED_SPACE_BEFORE_COLON : HTTP_REFUSED_FIELD_NAME;
}

static http_refusal start_trailer_name(http_body *self, const http_limits *limits, char byte) {
    if (byte == '\r')
        return to_stage(self, LAST_LF);
    if (byte == '\n')
        return HTTP_REFUSED_BARE_LF;
    if (http_is_blank(byte))
        return HTTP_REFUSED_FOLDED_LINE;
    if (!http_is(byte, HTTP_TOKEN))
        return HTTP_REFUSED_FIELD_NAME;
    if (self->section_fields++ >= limits->fields)
        return HTTP_REFUSED_TOO_MANY_FIELDS;
    self->name_bytes = 0;
    self->framing_names = ALL_FRAMING_NAMES;
    self->stage = TRAILER_NAME;
    return take_trailer_name(self, byte);
}

static http_refusal take_trailer_value(http_body *self, char byte) {
    if (http_is(byte, HTTP_TEXT))
        return HTTP_NOT_REFUSED;
    if (byte == '\r')
        return to_stage(self, TRAILER_LF);
    return byte == '\n' ? HTTP_REFUSED_BARE_LF : HTTP_REFUSED_FIELD_VALUE_BYTE;
}

/* Trailers are of no use to a load test: checked like header fields, and dropped. */
static http_refusal take_trailer(http_body *self, const http_limits *limits, char byte) {
    if (self->section_bytes++ >= limits->trailer_bytes)
        return HTTP_REFUSED_TRAILERS_TOO_LONG;
    switch (self->stage) {
    case TRAILER_START:
        return start_trailer_name(self, limits, byte);
    case TRAILER_NAME:
        return take_trailer_name(self, byte);
    case TRAILER_VALUE:
        return take_trailer_value(self, byte);
    case TRAILER_LF:
        return byte == '\n' ? to_stage(self, TRAILER_START) : HTTP_REFUSED_BARE_CR;
    default: /* LAST_LF */
        return byte == '\n' ? to_stage(self, IS_COMPLETE) : HTTP_REFUSED_BARE_CR;
    }
}

static http_refusal start_chunk(http_body *self, char byte) {
    if (byte != '\n')
        return HTTP_REFUSED_BARE_CR;
    self->section_bytes = 0;
    return to_stage(self, self->remaining > 0 ? CHUNK : TRAILER_START);
}

/* A byte of what is around the chunks. */
static http_refusal take_framing(http_body *self, const http_limits *limits, char byte) {
    switch (self->stage) {
    case SIZE_START:
    case SIZE:
        return take_size(self, limits, byte);
    case SIZE_LF:
        return start_chunk(self, byte);
    case CHUNK_CR:
        return byte == '\r' ? to_stage(self, CHUNK_LF) : HTTP_REFUSED_CHUNK_END;
    case CHUNK_LF:
        if (byte != '\n')
            return HTTP_REFUSED_CHUNK_END;
        self->digits = 0;
        return to_stage(self, SIZE_START);
    case TRAILER_START:
    case TRAILER_NAME:
    case TRAILER_VALUE:
    case TRAILER_LF:
    case LAST_LF:
        return take_trailer(self, limits, byte);
    default:
        return take_extension(self, limits, byte);
    }
}

static size_t take_content(http_body *self, size_t at, size_t length, http_slice *content) {
    size_t size = length - at;
    if (self->stage != UNTIL_CLOSE) {
        if (size > self->remaining)
            size = (size_t)self->remaining;
        self->remaining -= size;
        if (self->remaining == 0)
            self->stage = self->stage == CHUNK ? CHUNK_CR : IS_COMPLETE;
    }
    self->received += size;
    *content = (http_slice){at, size};
    return at + size;
}

static http_progress refuse(http_body *self, http_refusal refusal) {
    self->refusal = refusal;
    self->stage = IS_REFUSED;
    return HTTP_REFUSED;
}

http_progress http_body_feed(http_body *self, const http_limits *limits, const char *bytes,
                             size_t length, size_t *consumed, http_slice *content) {
    size_t at = 0;
    *content = (http_slice){0, 0};
    *consumed = 0;
    if (self->stage == IS_REFUSED)
        return HTTP_REFUSED;
    while (at < length && self->stage != IS_COMPLETE) {
        if (self->stage == CHUNK || self->stage == COUNTED || self->stage == UNTIL_CLOSE) {
            if (content->length > 0)
                break; /* a second piece: for the next call */
            at = take_content(self, at, length, content);
            continue;
        }
        http_refusal refusal = take_framing(self, limits, bytes[at]);
        *consumed = at;
        if (refusal != HTTP_NOT_REFUSED)
            return refuse(self, refusal);
        at++;
    }
    *consumed = at;
    return self->stage == IS_COMPLETE ? HTTP_COMPLETE : HTTP_MORE;
}

http_progress http_body_end_of_stream(http_body *self) {
    if (self->stage == UNTIL_CLOSE)
        self->stage = IS_COMPLETE;
    if (self->stage == IS_COMPLETE)
        return HTTP_COMPLETE;
    return self->stage == IS_REFUSED ? HTTP_REFUSED : refuse(self, HTTP_REFUSED_TRUNCATED_BODY);
}
