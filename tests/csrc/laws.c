/* The laws of sketches and columns, on random values, for the sanitizers to watch. */
#include <math.h>
#include <string.h>

#include "column.h"
#include "sketch.h"
#include "sketch_codec.h"

#include "expect.h"

#define ROUNDS 400

static uint64_t seed = 20261123;

static double random_value(void) {
    static const double exponents[] = {1, 20, 60, 600};
    double spread = exponents[next_random(&seed) % 4];
    double unit = (double)(next_random(&seed) >> 11) / 9007199254740992.0;
    double value = exp((unit - 0.3) * spread);
    return next_random(&seed) % 16 == 0 ? 0 : value > SKETCH_MAX_VALUE ? SKETCH_MAX_VALUE : value;
}

static void expect_equal(const sketch *left, const sketch *right) {
    EXPECT(left->count == right->count && left->zero_count == right->zero_count);
    EXPECT(left->collapsed == right->collapsed);
    EXPECT(left->lowest == right->lowest && left->highest == right->highest);
    for (int32_t key = left->lowest; key <= left->highest; key++)
        EXPECT(sketch_bin(left, key) == sketch_bin(right, key));
    if (left->count > 0)
        EXPECT(left->min == right->min && left->max == right->max);
}

static void merging_parts_gives_the_whole(void) {
    for (int round = 0; round < ROUNDS; round++) {
        sketch whole, left, right, twin;
        sketch_init(&whole, 0.01);
        sketch_init(&left, 0.01);
        sketch_init(&right, 0.01);
        for (uint64_t i = next_random(&seed) % 100; i > 0; i--) {
            double value = random_value();
            uint64_t times = next_random(&seed) % 3;
            EXPECT(sketch_add(&whole, value, times) == SKETCH_OK);
            EXPECT(sketch_add(i % 2 ? &left : &right, value, times) == SKETCH_OK);
        }
        EXPECT(sketch_copy(&twin, &right) == SKETCH_OK);
        EXPECT(sketch_merge(&right, &left) == SKETCH_OK);
        expect_equal(&right, &whole);
        EXPECT(sketch_merge(&left, &twin) == SKETCH_OK);
        expect_equal(&left, &whole);
        double before = 0;
        for (int percent = 0; percent <= 100 && whole.count > 0; percent++) {
            double value = sketch_quantile(&whole, percent / 100.0);
            EXPECT(value >= before && value >= whole.min && value <= whole.max);
            before = value;
        }
        sketch_free(&whole);
        sketch_free(&left);
        sketch_free(&right);
        sketch_free(&twin);
    }
}

static void clearing_leaves_nothing_behind(void) {
    sketch used, fresh;
    sketch_init(&used, 0.01);
    for (int round = 0; round < ROUNDS; round++) {
        sketch_init(&fresh, 0.01);
        for (uint64_t i = next_random(&seed) % 20; i > 0; i--) {
            double value = random_value();
            EXPECT(sketch_add(&used, value, 1) == SKETCH_OK);
            EXPECT(sketch_add(&fresh, value, 1) == SKETCH_OK);
        }
        expect_equal(&used, &fresh);
        sketch_clear(&used);
        EXPECT(used.count == 0 && used.lowest > used.highest);
        sketch_free(&fresh);
    }
    sketch_free(&used);
}

static void encoding_and_back_is_the_same_sketch(void) {
    for (int round = 0; round < ROUNDS; round++) {
        sketch original, back;
        sketch_init(&original, 0.01);
        sketch_init(&back, 0.02);
        for (uint64_t i = next_random(&seed) % 200; i > 0; i--)
            EXPECT(sketch_add(&original, random_value(), 1) == SKETCH_OK);
        /* Exactly as much memory as was promised to be enough: one byte over is caught. */
        size_t bound = sketch_encoded_bound(&original);
        EXPECT(bound <= SKETCH_MAX_ENCODED_BYTES);
        uint8_t *bytes = malloc(bound);
        size_t length = sketch_encode(&original, bytes);
        EXPECT(length <= bound);
        uint8_t *exact = malloc(length);
        memcpy(exact, bytes, length);
        EXPECT(sketch_decode(&back, exact, length) == SKETCH_OK);
        expect_equal(&original, &back);
        exact_sum sum = exact_sum_settled(original.sum);
        EXPECT(back.sum.high == sum.high && back.sum.low == sum.low);
        free(bytes);
        free(exact);
        sketch_free(&original);
        sketch_free(&back);
    }
}

static void the_largest_encoding_fits_its_bound(void) {
    sketch widest;
    sketch_init(&widest, 0.01);
    for (int32_t key = 0; key < SKETCH_MAX_BINS; key += 2)
        EXPECT(sketch_add(&widest, pow(widest.gamma, key - 0.5), (uint64_t)1 << 41) == SKETCH_OK);
    EXPECT(!widest.collapsed);
    uint8_t *bytes = malloc(sketch_encoded_bound(&widest));
    EXPECT(sketch_encode(&widest, bytes) <= SKETCH_MAX_ENCODED_BYTES);
    EXPECT(sketch_add(&widest, pow(widest.gamma, SKETCH_MAX_BINS + 10), 1) == SKETCH_OK);
    EXPECT(widest.collapsed);
    free(bytes);
    sketch_free(&widest);
}

static void a_column_is_its_sketches_window_by_window(void) {
    enum { WINDOWS = 40 };
    column past;
    sketch expected[WINDOWS], addition, scratch, other_scratch;
    column_init(&past, COLUMN_SKETCH);
    sketch_init(&addition, 0.01);
    sketch_init(&scratch, 0.01);
    sketch_init(&other_scratch, 0.01);
    for (int i = 0; i < WINDOWS; i++)
        sketch_init(&expected[i], 0.01);
    for (int round = 0; round < 4 * ROUNDS; round++) {
        uint32_t window = (uint32_t)(next_random(&seed) % WINDOWS);
        sketch_clear(&addition);
        for (uint64_t i = 1 + next_random(&seed) % 10; i > 0; i--)
            EXPECT(sketch_add(&addition, random_value(), 1) == SKETCH_OK);
        EXPECT(sketch_merge(&expected[window], &addition) == SKETCH_OK);
        EXPECT(column_add_sketch(&past, window, &addition, &scratch) == SKETCH_OK);
    }
    EXPECT(past.count == WINDOWS && column_bytes(&past) > 0);
    for (uint32_t window = 0; window < WINDOWS; window++) {
        EXPECT(column_read_sketch(&past, column_find(&past, window), &scratch) == SKETCH_OK);
        expect_equal(&scratch, &expected[window]);
    }
    column_grid grid = {32, 8};
    EXPECT(column_coarsen(&past, grid, &scratch, &other_scratch) == SKETCH_OK);
    EXPECT(past.count == 4 + 8 && column_find(&past, 9) == NULL);
    for (uint32_t window = 0; window < WINDOWS; window++) {
        uint32_t into = column_window(grid, window);
        if (into != window)
            EXPECT(sketch_merge(&expected[into], &expected[window]) == SKETCH_OK);
    }
    for (size_t i = 0; i < past.count; i++) {
        EXPECT(column_read_sketch(&past, &past.cells[i], &scratch) == SKETCH_OK);
        expect_equal(&scratch, &expected[past.cells[i].window]);
    }
    for (int i = 0; i < WINDOWS; i++)
        sketch_free(&expected[i]);
    sketch_free(&addition);
    sketch_free(&scratch);
    sketch_free(&other_scratch);
    column_free(&past);
}

static void tallies_and_levels_keep_their_windows(void) {
    column tallies, levels;
    column_init(&tallies, COLUMN_TALLY);
    column_init(&levels, COLUMN_LEVEL);
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t window = (i * 37) % 100; /* every one once, out of order */
        EXPECT(column_add_tally(&tallies, window, 1, window) == SKETCH_OK);
        EXPECT(column_set_level(&levels, window, window, window) == SKETCH_OK);
    }
    EXPECT(column_set_level(&levels, 50, 1, 999) == SKETCH_OK); /* taken earlier: ignored */
    EXPECT(column_find(&levels, 50)->of.level.value == 50);
    EXPECT(column_set_level(&levels, 70, 70, 71) == SKETCH_OK); /* at once: the larger stays */
    EXPECT(column_set_level(&levels, 70, 70, 69) == SKETCH_OK);
    EXPECT(column_find(&levels, 70)->of.level.value == 71);
    column_grid grid = {64, 32};
    EXPECT(column_coarsen(&tallies, grid, NULL, NULL) == SKETCH_OK);
    EXPECT(column_coarsen(&levels, grid, NULL, NULL) == SKETCH_OK);
    EXPECT(tallies.count == 2 + 36 && levels.count == 2 + 36);
    EXPECT(column_find(&tallies, 0)->of.tally.total == 31 * 32 / 2);
    EXPECT(column_find(&tallies, 32)->of.tally.samples == 32);
    EXPECT(column_find(&levels, 32)->of.level.value == 63);
    EXPECT(column_find_until(&levels, 40)->window == 32);
    EXPECT(column_find_until(&levels, 4000)->window == 99);
    column_free(&tallies);
    column_free(&levels);
    EXPECT(column_find_until(&levels, 5) == NULL);
}

int main(void) {
    merging_parts_gives_the_whole();
    clearing_leaves_nothing_behind();
    encoding_and_back_is_the_same_sketch();
    the_largest_encoding_fits_its_bound();
    a_column_is_its_sketches_window_by_window();
    tallies_and_levels_keep_their_windows();
    puts("laws hold");
    return 0;
}
