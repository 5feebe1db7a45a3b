/* Feeds damaged responses to the parser, whole and in random pieces, and holds that it stays
 * within its bytes, says the same both times and keeps its own promises.
 *
 * usage: http_fuzz SEEDS EXECUTIONS RANDOM_SEED
 *
 * SEEDS holds one response a line, in hexadecimal. Inputs that reach new code are kept and damaged
 * further, so the parser must be compiled with -fsanitize-coverage=trace-pc, which gcc and clang
 * both know. With -DHTTP_FUZZ_LIBFUZZER it is a target for clang's -fsanitize=fuzzer instead.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_response.h"

static const char *current_input;
static size_t current_length;

static void print_current_input(void) {
    fprintf(stderr, "input, %zu bytes: ", current_length);
    for (size_t i = 0; i < current_length; i++)
        fprintf(stderr, "%02x", (unsigned)(uint8_t)current_input[i]);
    fputc('\n', stderr);
}

static void hold(bool holds, const char *promise) {
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", promise);
    print_current_input();
    abort();
}

/* xorshift64*: any stream of bits does, as long as a seed repeats it. */
static uint64_t random_state;

static uint64_t random_bits(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * UINT64_C(2685821657736338717);
}

static size_t random_below(size_t limit) {
    return limit == 0 ? 0 : (size_t)((random_bits() >> 33) % limit);
}

/* ---- what was read, in a form that does not depend on the pieces ---- */

typedef struct {
    uint64_t heads;
    uint64_t content;
    uint32_t interim_responses;
    http_event last;
    http_refusal refusal;
} reading;

#define FNV_START UINT64_C(14695981039346656037)

static uint64_t mixed(uint64_t hash, const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

static uint64_t mixed_number(uint64_t hash, uint64_t number) {
    return mixed(hash, (const char *)&number, sizeof number);
}

static bool is_within(http_span span, uint32_t length) {
    return span.offset <= length && span.length <= length - span.offset;
}

static uint64_t checked_head(const http_head *head, const char *bytes, size_t length) {
    hold(head->length >= 16 && head->length <= length, "a head lies within the bytes");
    hold(memcmp(bytes + head->length - 4, "\r\n\r\n", 4) == 0, "a head ends with a blank line");
    hold(head->status >= 100 && head->status <= 999, "a status has three digits");
    hold(head->minor_version <= 1, "versions are 1.0 and 1.1");
    hold(is_within(head->reason, head->length), "the reason lies within the head");
    hold(!head->keep_alive || head->framing != HTTP_FRAMING_UNTIL_CLOSE,
         "no connection outlives a body that ends with it");
    hold(!head->tunnel || (!head->keep_alive && head->framing == HTTP_FRAMING_NONE),
         "behind a tunnel's head there is no HTTP");
    uint64_t hash = mixed_number(FNV_START, head->status);
    hash = mixed_number(hash, (uint64_t)head->framing << 8 | head->keep_alive);
    hash = mixed_number(hash, head->content_length);
    hash = mixed(hash, bytes, head->length);
    for (int i = 0; i < HTTP_NOTED_FIELDS; i++) {
        hold(is_within(head->noted[i], head->length), "noted values lie within the head");
        hash = mixed_number(hash, head->noted[i].offset);
    }
    http_field field;
    uint32_t at = head->first_field;
    uint32_t count = 0;
    while (http_head_next_field(head, bytes, &at, &field)) {
        hold(is_within(field.name, head->length) && field.name.length > 0, "names are not empty");
        hold(is_within(field.value, head->length), "values lie within the head");
        count++;
    }
    hold(count == head->field_count, "the iterator finds every field");
    return hash;
}

typedef struct {
    const http_limits *limits;
    http_asked asked;
    bool in_pieces;
} manner;

static reading read_input(const char *input, size_t length, manner how) {
    http_response response;
    reading found = {FNV_START, FNV_START, 0, HTTP_EVENT_MORE, HTTP_NOT_REFUSED};
    http_response_start(&response, how.limits, how.asked);
    size_t taken = 0;
    size_t arrived = 0;
    http_event event = HTTP_EVENT_MORE;
    for (;;) {
        if (event == HTTP_EVENT_MORE) {
            if (arrived == length)
                break;
            arrived = how.in_pieces ? arrived + 1 + random_below(length - arrived) : length;
        }
        /* Memory of exactly this size: one byte too far is seen. */
        size_t offered = arrived - taken;
        char *bytes = malloc(offered ? offered : 1);
        if (bytes == NULL)
            abort();
        memcpy(bytes, input + taken, offered);
        size_t consumed;
        http_slice content;
        event = http_response_next(&response, bytes, offered, &consumed, &content);
        hold(consumed <= offered, "no more is consumed than offered");
        hold(content.offset <= consumed && content.length <= consumed - content.offset,
             "content is consumed");
        hold((event == HTTP_EVENT_CONTENT) == (content.length > 0), "content comes with its event");
        if (event == HTTP_EVENT_INTERIM || event == HTTP_EVENT_HEAD)
            found.heads = mixed_number(found.heads, checked_head(&response.head, bytes, offered));
        found.content = mixed(found.content, bytes + content.offset, content.length);
        taken += consumed;
        free(bytes);
        if (event == HTTP_EVENT_END || event == HTTP_EVENT_REFUSED)
            break;
    }
    if (event == HTTP_EVENT_MORE)
        event = http_response_end_of_stream(&response);
    hold((event == HTTP_EVENT_REFUSED) == (response.refusal != HTTP_NOT_REFUSED),
         "what is refused has a reason");
    hold(*http_refusal_name(response.refusal) != '\0' || event == HTTP_EVENT_END,
         "reasons have names");
    size_t consumed;
    http_slice content;
    hold(http_response_next(&response, "HTTP/1.1 200 OK\r\n\r\n", 19, &consumed, &content) ==
                 event && consumed == 0,
         "an end is an end");
    found.last = event;
    found.refusal = response.refusal;
    found.interim_responses = response.interim_responses;
    return found;
}

static void check_input(const char *input, size_t length, http_asked asked,
                        const http_limits *limits) {
    current_input = input;
    current_length = length;
    reading whole = read_input(input, length, (manner){limits, asked, false});
    reading pieces = read_input(input, length, (manner){limits, asked, true});
    hold(whole.last == pieces.last && whole.refusal == pieces.refusal,
         "pieces do not change the verdict");
    hold(whole.heads == pieces.heads && whole.interim_responses == pieces.interim_responses,
         "pieces do not change the heads");
    hold(whole.refusal != HTTP_NOT_REFUSED || whole.content == pieces.content,
         "pieces do not change the content");
}

/* Small limits are reached by small inputs. */
static const http_limits SMALL_LIMITS = {
    .head_bytes = 60,
    .fields = 2,
    .interim_responses = 1,
    .chunk_size_digits = 2,
    .chunk_extension_bytes = 4,
    .trailer_bytes = 24,
};

static void check_in_some_manner(const char *input, size_t length, uint64_t choice) {
    static const http_asked ASKED[] = {HTTP_ASKED_ANY, HTTP_ASKED_ANY, HTTP_ASKED_HEAD,
                                       HTTP_ASKED_CONNECT};
    bool small = choice % 5 == 0;
    check_input(input, length, ASKED[choice / 5 % 4], small ? &SMALL_LIMITS : &http_default_limits);
}

#ifdef HTTP_FUZZ_LIBFUZZER

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length) {
    if (length == 0)
        return 0;
    random_state = UINT64_C(0x9e3779b97f4a7c15) + data[0];
    check_in_some_manner((const char *)data + 1, length - 1, data[0]);
    return 0;
}

#else

/* ---- inputs: seeds, and what they led to ---- */

#define MAX_INPUT 2048
#define MAX_POOL 8192

typedef struct {
    char *bytes;
    size_t length;
} input;

static input pool[MAX_POOL];
static size_t pool_size;

static void keep(const char *bytes, size_t length) {
    if (pool_size == MAX_POOL)
        return;
    char *copy = malloc(length ? length : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, length);
    pool[pool_size++] = (input){copy, length};
}

static void load_seeds(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    char bytes[MAX_INPUT];
    size_t length = 0;
    unsigned value;
    int next;
    while ((next = fgetc(file)) != EOF) {
        if (next == '\n') {
            keep(bytes, length);
            length = 0;
        } else if (ungetc(next, file) != EOF && fscanf(file, "%2x", &value) == 1) {
            if (length < MAX_INPUT)
                bytes[length++] = (char)value;
        } else {
            fprintf(stderr, "%s is no list of seeds\n", path);
            exit(2);
        }
    }
    fclose(file);
}

/* ---- coverage: which pairs of neighbouring places in the parser were reached ---- */

#define EDGES 65536
static bool edge_reached[EDGES];
static size_t edges_reached;
static bool reached_new_edge;
static uintptr_t last_place;

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void) {
    uintptr_t place = (uintptr_t)__builtin_return_address(0) - (uintptr_t)&load_seeds;
    size_t edge = (place ^ (last_place << 5)) % EDGES;
    last_place = place;
    if (!edge_reached[edge]) {
        edge_reached[edge] = true;
        edges_reached++;
        reached_new_edge = true;
    }
}

/* ---- damage ---- */

static const char *const WORDS[] = {
    "\r\n", "\n", "\r", "\r\n\r\n", "\r\n ", "\n\n", " ", "\t", ":", ";", ",", "=", "\"", "\\",
    "0", "00000000", "ffffffffffffffff", "18446744073709551616", "-1", "0x", "0\r\n\r\n",
    "Content-Length: ", "Content-Length: 5\r\n", "content-length:",
    "Transfer-Encoding: chunked\r\n",
    "transfer-encoding: gzip, chunked\r\n", "chunked", "Connection: close\r\n", "keep-alive",
    "close", "HTTP/1.1 200 OK\r\n", "HTTP/1.0 ", "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 204 \r\n", "HTTP/1.1 101 X\r\n", "Location: /\r\n", "Set-Cookie: a=b\r\n",
    "5\r\nhello\r\n", "5;a=\"b\"\r\nhello\r\n", "a;b;c=d\r\n", "0\r\nA: b\r\n\r\n", "\x7f", "\xff",
};
enum { WORD_COUNT = sizeof WORDS / sizeof WORDS[0] };

static size_t inserted(char *bytes, size_t length, size_t at, const char *piece, size_t size) {
    if (size > MAX_INPUT - length)
        size = MAX_INPUT - length;
    memmove(bytes + at + size, bytes + at, length - at);
    memcpy(bytes + at, piece, size);
    return length + size;
}

static size_t cut(char *bytes, size_t length, size_t at, size_t size) {
    if (size > length - at)
        size = length - at;
    memmove(bytes + at, bytes + at + size, length - at - size);
    return length - size;
}

static size_t damaged(char *bytes, size_t length) {
    size_t at = random_below(length + 1);
    const input *other = &pool[random_below(pool_size)];
    char piece[MAX_INPUT];
    size_t size;
    switch (random_below(8)) {
    case 0:
        if (at < length)
            bytes[at] = (char)(bytes[at] ^ (1 << random_below(8)));
        return length;
    case 1:
        if (at < length)
            bytes[at] = (char)random_below(256);
        return length;
    case 2:
    case 3: {
        const char *word = WORDS[random_below(WORD_COUNT)];
        return inserted(bytes, length, at, word, strlen(word));
    }
    case 4:
        return cut(bytes, length, at, 1 + random_below(1 + random_below(40)));
    case 5: /* twice the same */
        size = random_below(length - at + 1) % 64;
        memcpy(piece, bytes + at, size);
        return inserted(bytes, length, random_below(length + 1), piece, size);
    case 6: { /* a part of another */
        size_t from = random_below(other->length + 1);
        size = random_below(other->length - from + 1);
        return inserted(bytes, length, at, other->bytes + from, size);
    }
    default: /* this one's beginning, another's end */
        length = cut(bytes, length, at, length);
        size = random_below(other->length + 1);
        return inserted(bytes, length, length, other->bytes + size, other->length - size);
    }
}

static size_t new_input(char *bytes) {
    const input *start = &pool[random_below(pool_size)];
    size_t length = start->length;
    memcpy(bytes, start->bytes, length);
    for (size_t rounds = 1 + random_below(5); rounds > 0; rounds--)
        length = damaged(bytes, length);
    return length;
}

/* Both sanitizers call it before they end the process. */
void __sanitizer_set_death_callback(void (*callback)(void));

int main(int count, char **arguments) {
    if (count != 4) {
        fprintf(stderr, "usage: http_fuzz SEEDS EXECUTIONS RANDOM_SEED\n");
        return 2;
    }
    unsigned long long executions = strtoull(arguments[2], NULL, 10);
    random_state = strtoull(arguments[3], NULL, 10) * 2 + 1;
    __sanitizer_set_death_callback(print_current_input);
    load_seeds(arguments[1]);
    size_t seeds = pool_size;
    if (seeds == 0) {
        fprintf(stderr, "no seeds in %s\n", arguments[1]);
        return 2;
    }
    char bytes[MAX_INPUT];
    for (unsigned long long i = 0; i < executions; i++) {
        size_t length = i < seeds ? pool[i].length : new_input(bytes);
        const char *chosen = i < seeds ? pool[i].bytes : bytes;
        reached_new_edge = false;
        last_place = 0;
        check_in_some_manner(chosen, length, random_bits() >> 7);
        if (reached_new_edge && i >= seeds)
            keep(chosen, length);
    }
    printf("%llu executions clean, %zu edges reached, %zu inputs kept beside %zu seeds\n",
           executions, edges_reached, pool_size - seeds, seeds);
    return 0;
}

#endif
