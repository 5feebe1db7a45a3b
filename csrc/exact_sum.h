/* A sum carried in two doubles: `high` is the running total, `low` what rounding took from it.
 *
 * With some 106 significant bits, sums of whole nanoseconds or bytes are exact, so the total does
 * not depend on the order or grouping of the additions. Neumaier's summation on Knuth's TwoSum:
 * the two are only put in order when the sum is read, which keeps one addition between two values.
 */
#ifndef ATLAS_EXACT_SUM_H
#define ATLAS_EXACT_SUM_H

#include <math.h>
#include <stdint.h>

typedef struct {
    double high;
    double low;
} exact_sum;

static inline void exact_sum_add(exact_sum *self, double value) {
    double high = self->high + value;
    double shadow = high - self->high;
    self->low += (self->high - (high - shadow)) + (value - shadow);
    self->high = high;
}

/* Adds value * times; `times` is at most 2^53. */
static inline void exact_sum_add_times(exact_sum *self, double value, uint64_t times) {
    double product = value * (double)times;
    exact_sum_add(self, product);
    if (times != 1)
        self->low += fma(value, (double)times, -product);
}

static inline void exact_sum_merge(exact_sum *self, exact_sum other) {
    exact_sum_add(self, other.high);
    self->low += other.low;
}

/* The same sum with its nearest double in `high`: equal sums are equal structs. */
static inline exact_sum exact_sum_settled(exact_sum self) {
    exact_sum settled;
    settled.high = self.high + self.low;
    settled.low = self.low - (settled.high - self.high);
    return settled;
}

#endif
