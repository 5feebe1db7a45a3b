/* DDSketch (Masson, Rim, Lee: VLDB 2019): counts of values in bins whose edges grow by gamma.
 *
 * Bin k holds values in (gamma^(k-1), gamma^k]; a quantile is off by at most `relative_accuracy`.
 * Count, sum, min and max are exact. Bins equal those of ddsketch 3.0.1's LogarithmicMapping.
 *
 * At most SKETCH_MAX_BINS neighbouring bins are kept: at 1 % they span a factor of 10^35. Values
 * below the span of the largest one are counted in the lowest bin kept, and `collapsed` is set.
 * What is kept depends on the values alone, so merging is associative whether or not it collapses.
 */
#ifndef ATLAS_SKETCH_H
#define ATLAS_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exact_sum.h"

#define SKETCH_MAX_BINS 4096
/* Up to here counts are exact as doubles, which ranks are computed in. */
#define SKETCH_MAX_COUNT ((uint64_t)1 << 53)
/* SKETCH_MAX_COUNT such values still have a finite sum. */
#define SKETCH_MAX_VALUE 1e290
#define SKETCH_MIN_ACCURACY 1e-4
#define SKETCH_MAX_ACCURACY 0.5

typedef enum {
    SKETCH_OK = 0,
    SKETCH_NO_MEMORY,
    SKETCH_BAD_VALUE,    /* NaN, negative or above SKETCH_MAX_VALUE */
    SKETCH_BAD_ACCURACY, /* out of range, or of two sketches that differ in it */
    SKETCH_FULL,         /* more than SKETCH_MAX_COUNT values */
    SKETCH_MALFORMED,    /* bytes that no sketch encodes to */
} sketch_status;

typedef struct {
    double relative_accuracy;
    double gamma;
    double multiplier; /* log2 of a value times this is its place among the bins */
    double min_indexable; /* values up to here count as zero */

    uint64_t count;
    uint64_t zero_count;
    double min; /* min and max mean something only if count > 0 */
    double max;
    exact_sum sum;
    bool collapsed;

    /* bins[i] counts key first_key + i. Keys outside lowest..highest have no count there;
     * lowest > highest: no bin is in use. */
    uint64_t *bins;
    int32_t capacity;
    int32_t first_key;
    int32_t lowest;
    int32_t highest;
} sketch;

/* An empty sketch without memory of its own, or SKETCH_BAD_ACCURACY. */
sketch_status sketch_init(sketch *self, double relative_accuracy);
void sketch_free(sketch *self);
/* Back to empty, keeping the bins' memory for the values to come. */
void sketch_clear(sketch *self);

/* On any status but SKETCH_OK the sketch is as before. */
sketch_status sketch_add(sketch *self, double value, uint64_t times);
sketch_status sketch_merge(sketch *self, const sketch *other);
sketch_status sketch_copy(sketch *self, const sketch *other);

int32_t sketch_key(const sketch *self, double value);
uint64_t sketch_bin(const sketch *self, int32_t key);
/* The value at position q * (count - 1) among the values in order, on a straight line between the
 * two around it, each known to within the accuracy; never outside [min, max], and the ends are
 * exact. Needs count > 0 and 0 <= q <= 1. */
double sketch_quantile(const sketch *self, double q);

/* For the codec: makes keys lowest..highest, at most SKETCH_MAX_BINS, addressable. */
sketch_status sketch_reserve(sketch *self, int32_t lowest, int32_t highest);

#endif
