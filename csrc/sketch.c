#include "sketch.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Room for a latency that spreads by a factor of three or so before the first growth. */
#define FIRST_CAPACITY 64

static const int32_t NO_LOWEST = INT32_MAX;
static const int32_t NO_HIGHEST = INT32_MIN;

sketch_status sketch_init(sketch *self, double relative_accuracy) {
    memset(self, 0, sizeof *self);
    if (!(relative_accuracy >= SKETCH_MIN_ACCURACY && relative_accuracy <= SKETCH_MAX_ACCURACY))
        return SKETCH_BAD_ACCURACY;
    double mantissa = 2 * relative_accuracy / (1 - relative_accuracy);
    self->relative_accuracy = relative_accuracy;
    self->gamma = 1 + mantissa;
    self->multiplier = 1 / log1p(mantissa);
    self->multiplier *= log(2.0);
    self->min_indexable = DBL_MIN * self->gamma;
    self->lowest = NO_LOWEST;
    self->highest = NO_HIGHEST;
    return SKETCH_OK;
}

void sketch_free(sketch *self) {
    free(self->bins);
    self->bins = NULL;
    self->capacity = 0;
}

void sketch_clear(sketch *self) {
    if (self->lowest <= self->highest)
        memset(self->bins + (self->lowest - self->first_key), 0,
               (size_t)(self->highest - self->lowest + 1) * sizeof *self->bins);
    self->count = 0;
    self->zero_count = 0;
    self->min = 0;
    self->max = 0;
    self->sum = (exact_sum){0, 0};
    self->collapsed = false;
    self->lowest = NO_LOWEST;
    self->highest = NO_HIGHEST;
}

int32_t sketch_key(const sketch *self, double value) {
    /* Operation for operation what ddsketch computes, math.log(value, 2) included: log2(value)
     * or log(value) / log(gamma) round differently at some bin edges. */
    return (int32_t)ceil(log(value) / log(2.0) * self->multiplier);
}

uint64_t sketch_bin(const sketch *self, int32_t key) {
    if (key < self->lowest || key > self->highest)
        return 0;
    return self->bins[key - self->first_key];
}

static bool addressable(const sketch *self, int32_t lowest, int32_t highest) {
    return self->capacity > 0 && lowest >= self->first_key &&
           highest - self->first_key < self->capacity;
}

/* Moves the counts in use so that bins[0] is first_key; there must be room for them. */
static void slide(sketch *self, uint64_t *into, int32_t first_key, int32_t capacity) {
    size_t used = 0;
    if (self->lowest <= self->highest) {
        used = (size_t)(self->highest - self->lowest + 1);
        memmove(into + (self->lowest - first_key), self->bins + (self->lowest - self->first_key),
                used * sizeof *into);
    }
    size_t before = used ? (size_t)(self->lowest - first_key) : (size_t)capacity;
    memset(into, 0, before * sizeof *into);
    if (used)
        memset(into + before + used, 0, ((size_t)capacity - before - used) * sizeof *into);
}

sketch_status sketch_reserve(sketch *self, int32_t lowest, int32_t highest) {
    if (addressable(self, lowest, highest))
        return SKETCH_OK;
    int32_t from = lowest < self->lowest ? lowest : self->lowest;
    int32_t to = highest > self->highest ? highest : self->highest;
    int32_t span = to - from + 1;
    int32_t capacity = self->capacity > FIRST_CAPACITY ? self->capacity : FIRST_CAPACITY;
    while (capacity < span)
        capacity *= 2;
    int32_t first_key = from - (capacity - span) / 2;
    if (capacity == self->capacity) {
        slide(self, self->bins, first_key, capacity);
    } else {
        uint64_t *bins = malloc((size_t)capacity * sizeof *bins);
        if (bins == NULL)
            return SKETCH_NO_MEMORY;
        slide(self, bins, first_key, capacity);
        free(self->bins);
        self->bins = bins;
        self->capacity = capacity;
    }
    self->first_key = first_key;
    return SKETCH_OK;
}

/* Counts everything below `floor_key` in that bin, which becomes the lowest. */
static void collapse_below(sketch *self, int32_t floor_key) {
    uint64_t moved = 0;
    int32_t end = floor_key <= self->highest ? floor_key : self->highest + 1;
    for (int32_t key = self->lowest; key < end; key++) {
        moved += self->bins[key - self->first_key];
        self->bins[key - self->first_key] = 0;
    }
    self->collapsed = true;
    if (end == floor_key && floor_key <= self->highest) {
        self->bins[floor_key - self->first_key] += moved;
        self->lowest = floor_key;
        return;
    }
    /* Every bin was below: the window starts anew with one bin, in memory that exists already. */
    self->first_key = floor_key;
    self->bins[0] = moved;
    self->lowest = floor_key;
    self->highest = floor_key;
}

/* Makes room for keys lowest..highest after collapsing what no longer fits below the highest.
 * Returns through `floor_key` the lowest key that may be counted from now on. */
static sketch_status open_window(sketch *self, int32_t lowest, int32_t highest,
                                 int32_t *floor_key) {
    int32_t top = highest > self->highest ? highest : self->highest;
    *floor_key = top - (SKETCH_MAX_BINS - 1);
    if (lowest < *floor_key)
        lowest = *floor_key;
    if (self->lowest >= *floor_key || self->lowest > self->highest)
        return sketch_reserve(self, lowest, highest < lowest ? lowest : highest);
    /* Memory first, so that a refusal leaves the counts as they were. */
    if (self->capacity < SKETCH_MAX_BINS) {
        uint64_t *bins = calloc(SKETCH_MAX_BINS, sizeof *bins);
        if (bins == NULL)
            return SKETCH_NO_MEMORY;
        memcpy(bins, self->bins + (self->lowest - self->first_key),
               (size_t)(self->highest - self->lowest + 1) * sizeof *bins);
        free(self->bins);
        self->bins = bins;
        self->first_key = self->lowest;
        self->capacity = SKETCH_MAX_BINS;
    }
    collapse_below(self, *floor_key);
    return sketch_reserve(self, lowest, top);
}

static void count_in_bin(sketch *self, int32_t key, uint64_t times) {
    self->bins[key - self->first_key] += times;
    if (key < self->lowest)
        self->lowest = key;
    if (key > self->highest)
        self->highest = key;
}

static void widen_extremes(sketch *self, double min, double max) {
    if (self->count == 0 || min < self->min)
        self->min = min;
    if (self->count == 0 || max > self->max)
        self->max = max;
}

sketch_status sketch_add(sketch *self, double value, uint64_t times) {
    if (!(value >= 0 && value <= SKETCH_MAX_VALUE))
        return SKETCH_BAD_VALUE;
    if (times > SKETCH_MAX_COUNT - self->count)
        return SKETCH_FULL;
    if (times == 0)
        return SKETCH_OK;
    value += 0.0; /* -0.0 becomes 0.0 */
    if (value > self->min_indexable) {
        int32_t key = sketch_key(self, value);
        /* A key between two in use needs neither room nor collapse: the common case. */
        if (key < self->lowest || key > self->highest) {
            int32_t floor_key;
            sketch_status status = open_window(self, key, key, &floor_key);
            if (status != SKETCH_OK)
                return status;
            if (key < floor_key) {
                key = floor_key;
                self->collapsed = true;
            }
        }
        count_in_bin(self, key, times);
    } else {
        self->zero_count += times;
    }
    widen_extremes(self, value, value);
    self->count += times;
    exact_sum_add_times(&self->sum, value, times);
    return SKETCH_OK;
}

sketch_status sketch_merge(sketch *self, const sketch *other) {
    if (self->relative_accuracy != other->relative_accuracy)
        return SKETCH_BAD_ACCURACY;
    if (other->count > SKETCH_MAX_COUNT - self->count)
        return SKETCH_FULL;
    if (other->count == 0)
        return SKETCH_OK;
    if (other->lowest <= other->highest) {
        /* Read before the window opens: `other` may be `self`. */
        int32_t lowest = other->lowest, highest = other->highest, floor_key;
        sketch_status status = open_window(self, lowest, highest, &floor_key);
        if (status != SKETCH_OK)
            return status;
        for (int32_t key = lowest; key <= highest; key++) {
            uint64_t times = sketch_bin(other, key);
            if (times == 0)
                continue;
            if (key < floor_key)
                self->collapsed = true;
            count_in_bin(self, key < floor_key ? floor_key : key, times);
        }
    }
    widen_extremes(self, other->min, other->max);
    self->collapsed = self->collapsed || other->collapsed;
    self->zero_count += other->zero_count;
    self->count += other->count;
    exact_sum_merge(&self->sum, other->sum);
    return SKETCH_OK;
}

sketch_status sketch_copy(sketch *self, const sketch *other) {
    sketch_status status = sketch_init(self, other->relative_accuracy);
    return status == SKETCH_OK ? sketch_merge(self, other) : status;
}

static double bin_value(const sketch *self, int32_t key) {
    return pow(2.0, key / self->multiplier) * (2.0 / (1 + self->gamma));
}

static double value_at_rank(const sketch *self, uint64_t rank) {
    /* The two ends are known exactly, whatever their bins say. */
    if (rank == 0)
        return self->min;
    if (rank == self->count - 1)
        return self->max;
    double value = 0;
    if (rank >= self->zero_count) {
        uint64_t seen = self->zero_count;
        int32_t key = self->lowest;
        for (; key < self->highest; key++) {
            seen += self->bins[key - self->first_key];
            if (seen > rank)
                break;
        }
        value = bin_value(self, key);
    }
    if (value < self->min)
        return self->min;
    return value > self->max ? self->max : value;
}

double sketch_quantile(const sketch *self, double q) {
    double position = q * (double)(self->count - 1);
    uint64_t rank = (uint64_t)position;
    double fraction = position - (double)rank;
    double value = value_at_rank(self, rank);
    if (fraction == 0)
        return value;
    return value + fraction * (value_at_rank(self, rank + 1) - value);
}
