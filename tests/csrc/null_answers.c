/* Requests in random pieces to the null server's answers, on many connections that come and go. */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "expect.h"
#include "null_answers.h"
#include "readiness.h"

enum { RESPONSE_BYTES = 200000, MOST_REQUESTS = 20 };

static const char REQUEST[] = "GET /a HTTP/1.1\r\nX: \r\r\n\r\n";

static char response[RESPONSE_BYTES];
static int set;
static uint64_t seed = 20;

static void *serve(void *unused) {
    (void)unused;
    null_answers_serve(set, response, sizeof response);
    return NULL;
}

static int connected(void) {
    int ends[2];
    EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    EXPECT(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    EXPECT(null_answers_adopt(set, ends[1]) == 0);
    return ends[0];
}

static void send_in_pieces(int client, int requests) {
    for (int i = 0; i < requests; i++) {
        for (size_t at = 0, size; at < sizeof REQUEST - 1; at += size) {
            size = 1 + (size_t)next_random(&seed) % (sizeof REQUEST - 1 - at);
            EXPECT(send(client, REQUEST + at, size, 0) == (ssize_t)size);
        }
    }
}

static void expect_answers(int client, int requests) {
    char bytes[65536];
    size_t at = 0;
    for (ssize_t count; (count = recv(client, bytes, sizeof bytes, 0)) > 0;) {
        for (ssize_t i = 0; i < count; i++, at++)
            EXPECT(bytes[i] == response[at % sizeof response]);
    }
    EXPECT(at == (size_t)requests * sizeof response); /* and then it was closed */
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 100;
    pthread_t thread;
    for (size_t i = 0; i < sizeof response; i++)
        response[i] = (char)(i * 7 % 251);
    set = readiness_open();
    EXPECT(set >= 0);
    EXPECT(pthread_create(&thread, NULL, serve, NULL) == 0);
    for (int round = 0; round < rounds; round++) {
        int client = connected(), requests = (int)(next_random(&seed) % MOST_REQUESTS);
        int leaving = connected();
        send_in_pieces(leaving, 1);
        close(leaving);
        send_in_pieces(client, requests);
        EXPECT(shutdown(client, SHUT_WR) == 0);
        expect_answers(client, requests);
        close(client);
    }
    printf("null_answers: %d rounds\n", rounds);
    return 0;
}
