/* Feeds the sketch decoder random and damaged bytes. Whatever it takes must encode to the very
 * same bytes again and be fit for use. */
#include <math.h>
#include <string.h>

#include "sketch.h"
#include "sketch_codec.h"

#include "expect.h"

static uint64_t seed = 42;
static unsigned long accepted;

/* In memory of exactly `length` bytes, so that a read past the end is caught. */
static void decode(const uint8_t *bytes, size_t length) {
    uint8_t *exact = malloc(length ? length : 1);
    memcpy(exact, bytes, length);
    sketch decoded, sum;
    sketch_init(&decoded, 0.01);
    if (sketch_decode(&decoded, exact, length) == SKETCH_OK) {
        accepted++;
        uint8_t *again = malloc(sketch_encoded_bound(&decoded));
        EXPECT(sketch_encode(&decoded, again) == length);
        EXPECT(memcmp(again, exact, length) == 0);
        free(again);
        EXPECT(sketch_copy(&sum, &decoded) == SKETCH_OK);
        sketch_status status = sketch_merge(&sum, &decoded);
        EXPECT(status == SKETCH_OK || status == SKETCH_FULL);
        status = sketch_add(&sum, 1e200, 1);
        EXPECT(status == SKETCH_OK || status == SKETCH_FULL);
        status = sketch_add(&sum, 1e-200, 1);
        EXPECT(status == SKETCH_OK || status == SKETCH_FULL);
        EXPECT(isfinite(sum.sum.high));
        if (decoded.count > 0) {
            double median = sketch_quantile(&decoded, 0.5);
            EXPECT(median >= decoded.min && median <= decoded.max);
        }
        sketch_free(&sum);
    } else {
        EXPECT(decoded.count == 0 && decoded.lowest > decoded.highest);
        EXPECT(sketch_add(&decoded, 5, 1) == SKETCH_OK);
    }
    sketch_free(&decoded);
    free(exact);
}

static void random_bytes(void) {
    uint8_t bytes[64];
    size_t length = next_random(&seed) % sizeof bytes;
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)next_random(&seed);
    /* Half of them begin well, to get past the first checks. */
    static const uint8_t beginning[] = {0x01, 0x00, 0x01, 0x7b, 0x14, 0xae, 0x47, 0xe1,
                                        0x7a, 0x84, 0x3f, 0x01, 0x00};
    if (next_random(&seed) % 2)
        memcpy(bytes, beginning, sizeof beginning < length ? sizeof beginning : length);
    decode(bytes, length);
}

static void damaged_bytes(void) {
    uint8_t bytes[SKETCH_MAX_ENCODED_BYTES];
    sketch original;
    sketch_init(&original, 0.01);
    for (uint64_t i = next_random(&seed) % 30; i > 0; i--) {
        double value = (double)(next_random(&seed) % 100000000);
        EXPECT(sketch_add(&original, value, 1 + next_random(&seed) % 100) == SKETCH_OK);
    }
    size_t length = sketch_encode(&original, bytes);
    decode(bytes, length);
    for (int flips = 1 + (int)(next_random(&seed) % 3); flips > 0; flips--)
        bytes[next_random(&seed) % length] = (uint8_t)next_random(&seed);
    if (next_random(&seed) % 4 == 0)
        length = next_random(&seed) % length;
    decode(bytes, length);
    sketch_free(&original);
}

int main(int argc, char **argv) {
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 20000;
    for (long round = 0; round < rounds; round++) {
        random_bytes();
        damaged_bytes();
    }
    EXPECT(accepted >= (unsigned long)rounds);
    printf("%ld rounds, %lu accepted\n", rounds, accepted);
    return 0;
}
