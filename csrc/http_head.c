#include "http_head.h"

#include <string.h>

#include "http_bytes.h"

enum { IN_STATUS, IN_REASON, IN_NAME, IN_VALUE, IS_COMPLETE, IS_REFUSED };

/* "HTTP/1.1 200", and the byte behind it that says whether a reason follows. */
#define STATUS_BYTES 12

void http_head_start(http_head *self, http_asked asked) {
    memset(self, 0, sizeof *self);
    self->asked = (uint8_t)asked;
}

static http_progress refuse(http_head *self, http_refusal refusal, size_t at) {
    self->refusal = refusal;
    self->at = (uint32_t)at;
    self->stage = IS_REFUSED;
    return HTTP_REFUSED;
}

/* What is wrong with the first bytes, at most STATUS_BYTES + 1 of them. */
static http_refusal status_refusal(const char *bytes, size_t length, size_t *at) {
    static const char pattern[] = "HTTP/d.d ddd";
    for (size_t i = 0; i < length && i < STATUS_BYTES; i++) {
        bool fits = pattern[i] == 'd' ? http_is_digit(bytes[i]) : bytes[i] == pattern[i];
        *at = i;
        if (!fits)
            return i < 9 ? HTTP_REFUSED_NOT_HTTP : HTTP_REFUSED_STATUS;
        if (i == 5 && bytes[i] != '1')
            return HTTP_REFUSED_VERSION;
        if (i == 7 && bytes[i] > '1')
            return HTTP_REFUSED_VERSION;
        if (i == 9 && bytes[i] == '0')
            return HTTP_REFUSED_STATUS;
    }
    if (length <= STATUS_BYTES)
        return HTTP_NOT_REFUSED;
    *at = STATUS_BYTES;
    if (bytes[STATUS_BYTES] == ' ' || bytes[STATUS_BYTES] == '\r')
        return HTTP_NOT_REFUSED;
    return bytes[STATUS_BYTES] == '\n' ? HTTP_REFUSED_BARE_LF : HTTP_REFUSED_STATUS;
}

/* True if `name` is `known`, which is in lower case and as long. */
static inline bool is_named(const char *name, const char *known, size_t length) {
    const uint64_t lower = UINT64_C(0x2020202020202020);
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        uint64_t left;
        uint64_t right;
        memcpy(&left, name + i, 8);
        memcpy(&right, known + i, 8);
        if ((left | lower) != right)
            return false;
    }
    for (; i < length; i++)
        if (http_lower(name[i]) != known[i])
            return false;
    return true;
}

#define IS_NAMED(name, literal) is_named(name, literal, sizeof(literal) - 1)

static http_span without_blanks(const char *bytes, uint32_t from, uint32_t to) {
    while (from < to && http_is_blank(bytes[from]))
        from++;
    while (to > from && http_is_blank(bytes[to - 1]))
        to--;
    return (http_span){from, to - from};
}

/* The next member of a comma-separated list that is not empty; false at the end. */
static bool next_member(const char *bytes, http_span *list, http_span *member) {
    while (list->length > 0) {
        const char *comma = memchr(bytes + list->offset, ',', list->length);
        uint32_t size = comma ? (uint32_t)(comma - (bytes + list->offset)) : list->length;
        *member = without_blanks(bytes, list->offset, list->offset + size);
        uint32_t passed = comma ? size + 1 : size;
        list->offset += passed;
        list->length -= passed;
        if (member->length > 0)
            return true;
    }
    return false;
}

static http_refusal take_content_length(http_head *self, const char *bytes, http_span value) {
    if (self->has_transfer_encoding)
        return HTTP_REFUSED_LENGTH_AND_ENCODING;
    if (self->has_content_length)
        return HTTP_REFUSED_CONTENT_LENGTH_REPEATED;
    if (value.length == 0)
        return HTTP_REFUSED_CONTENT_LENGTH;
    uint64_t length = 0;
    for (uint32_t i = 0; i < value.length; i++) {
        char byte = bytes[value.offset + i];
        if (!http_is_digit(byte))
            return HTTP_REFUSED_CONTENT_LENGTH;
        uint64_t digit = (uint64_t)(byte - '0');
        if (length > (UINT64_MAX - digit) / 10)
            return HTTP_REFUSED_CONTENT_LENGTH_OVERFLOW;
        length = length * 10 + digit;
    }
    self->content_length = length;
    self->has_content_length = true;
    return HTTP_NOT_REFUSED;
}

static http_refusal take_transfer_encoding(http_head *self, const char *bytes, http_span value) {
    if (self->has_content_length)
        return HTTP_REFUSED_LENGTH_AND_ENCODING;
    bool names_one = false;
    http_span coding;
    while (next_member(bytes, &value, &coding)) {
        names_one = true;
        self->chunked_is_last =
            coding.length == 7 && IS_NAMED(bytes + coding.offset, "chunked");
        if (!self->chunked_is_last)
            self->other_coding = true;
    }
    self->has_transfer_encoding = true;
    return names_one ? HTTP_NOT_REFUSED : HTTP_REFUSED_TRANSFER_ENCODING;
}

static void take_connection(http_head *self, const char *bytes, http_span value) {
    http_span option;
    while (next_member(bytes, &value, &option)) {
        if (option.length == 5 && IS_NAMED(bytes + option.offset, "close"))
            self->says_close = true;
        else if (option.length == 10 && IS_NAMED(bytes + option.offset, "keep-alive"))
            self->says_keep_alive = true;
    }
}

static void note(http_head *self, http_noted_field field, http_span value) {
    if (self->noted[field].offset != 0)
        self->repeated |= UINT32_C(1) << field;
    else
        self->noted[field] = value;
}

/* Most fields are of no name that matters, and their length alone says so. */
static http_refusal take_field(http_head *self, const char *bytes, uint32_t end) {
    const char *name = bytes + self->line;
    http_span value;
    switch (self->colon - self->line) {
    case 8:
        if (!IS_NAMED(name, "location"))
            break;
        note(self, HTTP_FIELD_LOCATION, without_blanks(bytes, self->colon + 1, end));
        break;
    case 10:
        value = without_blanks(bytes, self->colon + 1, end);
        if (IS_NAMED(name, "connection"))
            take_connection(self, bytes, value);
        else if (IS_NAMED(name, "set-cookie"))
            note(self, HTTP_FIELD_SET_COOKIE, value);
        break;
    case 12:
        if (IS_NAMED(name, "content-type"))
            note(self, HTTP_FIELD_CONTENT_TYPE, without_blanks(bytes, self->colon + 1, end));
        break;
    case 14:
        if (IS_NAMED(name, "content-length"))
            return take_content_length(self, bytes, without_blanks(bytes, self->colon + 1, end));
        break;
    case 16:
        value = without_blanks(bytes, self->colon + 1, end);
        if (IS_NAMED(name, "content-encoding"))
            note(self, HTTP_FIELD_CONTENT_ENCODING, value);
        else if (IS_NAMED(name, "www-authenticate"))
            note(self, HTTP_FIELD_WWW_AUTHENTICATE, value);
        break;
    case 17:
        if (IS_NAMED(name, "transfer-encoding"))
            return take_transfer_encoding(self, bytes,
                                          without_blanks(bytes, self->colon + 1, end));
        break;
    case 18:
        if (IS_NAMED(name, "proxy-authenticate"))
            note(self, HTTP_FIELD_PROXY_AUTHENTICATE,
                 without_blanks(bytes, self->colon + 1, end));
        break;
    default:
        break;
    }
    return HTTP_NOT_REFUSED;
}

/* RFC 9112, 6.3 in its order. */
static http_framing framing_of(const http_head *self) {
    if (self->asked == HTTP_ASKED_HEAD || self->status < 200 || self->status == 204 ||
        self->status == 304 || self->tunnel)
        return HTTP_FRAMING_NONE;
    if (self->has_transfer_encoding)
        return self->chunked_is_last ? HTTP_FRAMING_CHUNKED : HTTP_FRAMING_UNTIL_CLOSE;
    return self->has_content_length ? HTTP_FRAMING_LENGTH : HTTP_FRAMING_UNTIL_CLOSE;
}

static http_progress complete(http_head *self) {
    self->length = self->at;
    self->stage = IS_COMPLETE;
    self->interim = self->status < 200 && self->status != 101;
    self->tunnel = self->status == 101 ||
                   (self->asked == HTTP_ASKED_CONNECT && self->status / 100 == 2);
    self->framing = (uint8_t)framing_of(self);
    self->keep_alive = !self->says_close && !self->tunnel &&
                       self->framing != HTTP_FRAMING_UNTIL_CLOSE &&
                       (self->minor_version == 1 ||
                        /* 1.0 knows no encodings: RFC 9112, 6.1 trusts no such connection. */
                        (self->says_keep_alive && !self->has_transfer_encoding));
    return HTTP_COMPLETE;
}

/* All there is of a head, up to the limit: what is behind that is not looked at, so that the
 * verdict is the same however the bytes arrive. */
typedef struct {
    const char *bytes;
    size_t end;
    bool at_limit;
} head_input;

static http_progress wants_more(http_head *self, const head_input *input, size_t at) {
    if (input->at_limit)
        return refuse(self, HTTP_REFUSED_HEAD_TOO_LONG, at);
    self->at = (uint32_t)at;
    return HTTP_MORE;
}

/* Each of the four reads one part of the head and is COMPLETE when the next part may be read. */

static http_progress read_status(http_head *self, const head_input *input) {
    const char *bytes = input->bytes;
    size_t at = 0;
    http_refusal refusal = status_refusal(bytes, input->end, &at);
    if (refusal != HTTP_NOT_REFUSED)
        return refuse(self, refusal, at);
    if (input->end <= STATUS_BYTES)
        return wants_more(self, input, 0);
    self->minor_version = (uint8_t)(bytes[7] - '0');
    self->status =
        (uint16_t)((bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + (bytes[11] - '0'));
    self->at = bytes[STATUS_BYTES] == ' ' ? STATUS_BYTES + 1 : STATUS_BYTES;
    self->reason.offset = self->at;
    self->stage = IN_REASON;
    return HTTP_COMPLETE;
}

/* To the CR of a line whose LF has come too. `within` is the refusal of a control character. */
static inline http_progress read_text(http_head *self, const head_input *input,
                                      http_refusal within) {
    const char *bytes = input->bytes;
    size_t at = http_skip_text(bytes, self->at, input->end);
    if (at == input->end)
        return wants_more(self, input, at);
    if (bytes[at] == '\n')
        return refuse(self, HTTP_REFUSED_BARE_LF, at);
    if (bytes[at] != '\r')
        return refuse(self, within, at);
    if (at + 1 == input->end)
        return wants_more(self, input, at);
    if (bytes[at + 1] != '\n')
        return refuse(self, HTTP_REFUSED_BARE_CR, at);
    self->at = (uint32_t)at;
    return HTTP_COMPLETE;
}

static inline void next_line(http_head *self) {
    self->at += 2;
    self->line = self->at;
    self->stage = IN_NAME;
}

static http_progress read_reason(http_head *self, const head_input *input) {
    http_progress progress = read_text(self, input, HTTP_REFUSED_REASON_BYTE);
    if (progress != HTTP_COMPLETE)
        return progress;
    self->reason.length = self->at - self->reason.offset;
    next_line(self);
    self->first_field = self->at;
    return HTTP_COMPLETE;
}

/* A line that starts with CR is the blank one, or wrong. */
static http_progress read_blank_line(http_head *self, const head_input *input) {
    size_t at = self->at;
    if (at + 1 == input->end)
        return wants_more(self, input, at);
    if (input->bytes[at + 1] != '\n')
        return refuse(self, HTTP_REFUSED_BARE_CR, at);
    self->at += 2;
    return complete(self);
}

static http_refusal name_refusal(char byte, bool at_start) {
    if (byte == '\n')
        return HTTP_REFUSED_BARE_LF;
    if (http_is_blank(byte))
        return at_start ? HTTP_REFUSED_FOLDED_LINE : HTTP_REFUSED_SPACE_BEFORE_COLON;
    return HTTP_REFUSED_FIELD_NAME;
}

static inline http_progress read_name(http_head *self, const head_input *input,
                                      const http_limits *limits) {
    const char *bytes = input->bytes;
    size_t at = http_skip_token(bytes, self->at, input->end);
    if (at == input->end)
        return wants_more(self, input, at);
    bool at_start = at == self->line;
    if (at_start && bytes[at] == '\r')
        return read_blank_line(self, input);
    if (at_start || bytes[at] != ':')
        return refuse(self, name_refusal(bytes[at], at_start), at);
    if (self->field_count == limits->fields)
        return refuse(self, HTTP_REFUSED_TOO_MANY_FIELDS, self->line);
    self->field_count++;
    self->colon = (uint32_t)at;
    self->at = (uint32_t)at + 1;
    self->stage = IN_VALUE;
    return HTTP_COMPLETE;
}

static inline http_progress read_value(http_head *self, const head_input *input) {
    http_progress progress = read_text(self, input, HTTP_REFUSED_FIELD_VALUE_BYTE);
    if (progress != HTTP_COMPLETE)
        return progress;
    http_refusal refusal = take_field(self, input->bytes, self->at);
    if (refusal != HTTP_NOT_REFUSED)
        return refuse(self, refusal, self->line);
    next_line(self);
    return HTTP_COMPLETE;
}

http_progress http_head_feed(http_head *self, const http_limits *limits, const char *bytes,
                             size_t length) {
    const bool at_limit = length >= limits->head_bytes;
    const head_input input = {bytes, at_limit ? limits->head_bytes : length, at_limit};
    for (;;) {
        http_progress progress;
        switch (self->stage) {
        case IN_STATUS:
            progress = read_status(self, &input);
            break;
        case IN_REASON:
            progress = read_reason(self, &input);
            break;
        case IN_NAME:
            progress = read_name(self, &input, limits);
            break;
        case IN_VALUE:
            progress = read_value(self, &input);
            break;
        case IS_COMPLETE:
            return HTTP_COMPLETE;
        default:
            return HTTP_REFUSED;
        }
        if (progress != HTTP_COMPLETE)
            return progress;
    }
}

bool http_head_next_field(const http_head *self, const char *bytes, uint32_t *at,
                          http_field *field) {
    /* The blank line is the last thing in a head that was accepted. */
    if (self->length < 2 || *at >= self->length - 2)
        return false;
    size_t left = self->length - *at;
    const char *line = bytes + *at;
    const char *colon = memchr(line, ':', left);
    const char *line_end = memchr(line, '\r', left);
    if (colon == NULL || line_end == NULL || colon > line_end)
        return false;
    field->name = (http_span){*at, (uint32_t)(colon - line)};
    field->value = without_blanks(bytes, (uint32_t)(colon + 1 - bytes),
                                  (uint32_t)(line_end - bytes));
    *at = (uint32_t)(line_end - bytes) + 2;
    return true;
}
