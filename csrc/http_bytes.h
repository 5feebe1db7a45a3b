/* The classes of bytes that HTTP/1.1 is made of, and how to skip long runs of them. */
#ifndef ATLAS_HTTP_BYTES_H
#define ATLAS_HTTP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    HTTP_TOKEN = 1,   /* RFC 9110 tchar: names, codings, chunk extensions */
    HTTP_TEXT = 2,    /* HTAB, SP, VCHAR, obs-text: values and reason phrases */
    HTTP_QUOTED = 4,  /* qdtext: HTTP_TEXT without the quote and the backslash */
};

extern const uint8_t http_byte_class[256];

static inline bool http_is(char byte, uint8_t classes) {
    return http_byte_class[(uint8_t)byte] & classes;
}

static inline bool http_is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

static inline bool http_is_digit(char byte) {
    return (uint8_t)(byte - '0') < 10;
}

/* Right for the letters and the hyphen, which is all that known names are made of: no other token
 * byte becomes one of them. */
static inline char http_lower(char byte) {
    return (char)(byte | 0x20);
}

/* The first place from `at` on that holds no token byte; `end` if there is none. */
static inline size_t http_skip_token(const char *bytes, size_t at, size_t end) {
    while (at < end && http_is(bytes[at], HTTP_TOKEN))
        at++;
    return at;
}

/* The first place from `at` on that holds a control character, HTAB aside; `end` if none.
 *
 * Values are most of a head, so they are looked at eight bytes a time: a word with a byte below
 * 0x20 or of 0x7F (Mycroft's tests for a byte less than n and for a zero byte) is then searched. */
static inline size_t http_skip_text(const char *bytes, size_t at, size_t end) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = UINT64_C(0x8080808080808080);
    for (;;) {
        while (end - at >= 8) {
            uint64_t word;
            memcpy(&word, bytes + at, 8);
            uint64_t deletes = word ^ (ones * 0x7f);
            uint64_t below_space = (word - ones * 0x20) & ~word;
            uint64_t is_delete = (deletes - ones) & ~deletes;
            if ((below_space | is_delete) & tops)
                break;
            at += 8;
        }
        size_t searched = end - at >= 8 ? at + 8 : end;
        while (at < searched && http_is(bytes[at], HTTP_TEXT))
            at++;
        /* A tab makes a word suspicious and is no reason to stop. */
        if (at == end || at < searched)
            return at;
    }
}

#endif
