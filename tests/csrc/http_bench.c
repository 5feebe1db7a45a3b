/* Nanoseconds to read typical responses, head and body, out of one buffer: printed, not judged.
 *
 * usage: http_bench [rounds]
 */
#define _POSIX_C_SOURCE 199309L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http_response.h"

#define REPEATS 9

typedef struct {
    const char *name;
    const char *bytes;
} sample;

static const sample SAMPLES[] = {
    {"nginx, 7 fields", "HTTP/1.1 200 OK\r\n"
                        "Server: nginx/1.22.1\r\n"
                        "Date: Mon, 23 Nov 2026 14:18:20 GMT\r\n"
                        "Content-Type: text/plain\r\n"
                        "Content-Length: 12\r\n"
                        "Last-Modified: Mon, 23 Nov 2026 13:40:01 GMT\r\n"
                        "Connection: keep-alive\r\n"
                        "Accept-Ranges: bytes\r\n"
                        "\r\n"
                        "hello world\n"},
    {"aiohttp, 5 fields", "HTTP/1.1 200 OK\r\n"
                          "Content-Type: application/json; charset=utf-8\r\n"
                          "Content-Length: 27\r\n"
                          "Date: Mon, 23 Nov 2026 14:18:20 GMT\r\n"
                          "X-Request-Id: 6b1c2f0e-2f59-4c4e-8a51-0f4f7a1f2a33\r\n"
                          "Server: Python/3.11 aiohttp/3.14.5\r\n"
                          "\r\n"
                          "{\"status\": \"ok\", \"n\": 12345}"},
    {"uvicorn, 4 fields", "HTTP/1.1 200 OK\r\n"
                          "date: Mon, 23 Nov 2026 14:18:20 GMT\r\n"
                          "server: uvicorn\r\n"
                          "content-length: 2\r\n"
                          "content-type: application/json\r\n"
                          "\r\n"
                          "{}"},
    {"node, chunked, 6 fields", "HTTP/1.1 200 OK\r\n"
                                "Content-Type: text/html; charset=utf-8\r\n"
                                "ETag: W/\"5-iqfG8kFxhLYGXb0R9Mh3YhRkFJQ\"\r\n"
                                "Date: Mon, 23 Nov 2026 14:18:20 GMT\r\n"
                                "Connection: keep-alive\r\n"
                                "Keep-Alive: timeout=5\r\n"
                                "Transfer-Encoding: chunked\r\n"
                                "\r\n"
                                "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"},
};
enum { SAMPLE_COUNT = sizeof SAMPLES / sizeof SAMPLES[0] };

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Bytes of content, so that no compiler can leave the work out. */
static size_t read_head(const char *bytes, size_t length) {
    http_head head;
    http_head_start(&head, HTTP_ASKED_ANY);
    if (http_head_feed(&head, &http_default_limits, bytes, length) != HTTP_COMPLETE)
        abort();
    return head.length;
}

static size_t read_response(const char *bytes, size_t length) {
    http_response response;
    size_t at = 0;
    size_t total = 0;
    http_response_start(&response, &http_default_limits, HTTP_ASKED_ANY);
    for (;;) {
        size_t consumed;
        http_slice content;
        http_event event = http_response_next(&response, bytes + at, length - at, &consumed,
                                              &content);
        at += consumed;
        total += content.length;
        if (event == HTTP_EVENT_END)
            return total;
        if (event == HTTP_EVENT_MORE || event == HTTP_EVENT_REFUSED)
            abort();
    }
}

/* The least of some repeats: what the code takes when nothing else runs. */
static double ns_each(size_t (*read)(const char *, size_t), const char *bytes, long rounds) {
    volatile size_t sink = 0;
    double best = 1e18;
    size_t length = strlen(bytes);
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double started = now_ns();
        for (long round = 0; round < rounds; round++)
            sink += read(bytes, length);
        double each = (now_ns() - started) / (double)rounds;
        best = each < best ? each : best;
    }
    return best;
}

/* One field as long as a head may be, received byte by byte: as many calls as bytes. Were bytes
 * looked at twice, each call would take as long as the field so far. */
static double ns_each_of_single_bytes(void) {
    static const char beginning[] = "HTTP/1.1 200 OK\r\nName: ";
    const size_t length = http_default_limits.head_bytes - 1;
    char *bytes = malloc(length);
    if (bytes == NULL)
        abort();
    memset(bytes, 'v', length);
    memcpy(bytes, beginning, sizeof beginning - 1);
    http_head head;
    http_head_start(&head, HTTP_ASKED_ANY);
    double started = now_ns();
    for (size_t arrived = 1; arrived <= length; arrived++)
        if (http_head_feed(&head, &http_default_limits, bytes, arrived) != HTTP_MORE)
            abort();
    double each = (now_ns() - started) / (double)length;
    free(bytes);
    return each;
}

int main(int count, char **arguments) {
    long rounds = count > 1 ? strtol(arguments[1], NULL, 10) : 200000;
    for (int i = 0; i < SAMPLE_COUNT; i++)
        printf("%-24s %4zu bytes: head %6.1f ns, whole response %6.1f ns\n", SAMPLES[i].name,
               strlen(SAMPLES[i].bytes), ns_each(read_head, SAMPLES[i].bytes, rounds),
               ns_each(read_response, SAMPLES[i].bytes, rounds));
    printf("%u bytes of head, one at a time: %.1f ns each\n", http_default_limits.head_bytes - 1,
           ns_each_of_single_bytes());
    return 0;
}
