/* A sum carried in two doubles: `high` is the rounded total, `low` what rounding left over.
 *
 * With some 106 significant bits, sums of whole nanoseconds or bytes are exact, so the total does
 * not depend on the order or grouping of the additions. Knuth's TwoSum, Dekker's FastTwoSum.
 */
#ifndef ATLAS_EXACT_SUM_H
#define ATLAS_EXACT_SUM_H

#include <math.h>
#include <stdint.h>

typedef struct {
    double high;
    double low;
} exact_sum;

static inline exact_sum exact_sum_plus(exact_sum left, exact_sum right) {
    double high = left.high + right.high;
    double shadow = high - left.high;
    double lost = (left.high - (high - shadow)) + (right.high - shadow);
    double low = lost + (left.low + right.low);
    exact_sum total;
    total.high = high + low;
    total.low = low - (total.high - high);
    return total;
}

/* value * times without rounding; `times` must be below 2^53 + 1. */
static inline exact_sum exact_product(double value, uint64_t times) {
    double factor = (double)times;
    exact_sum product;
    product.high = value * factor;
    product.low = times == 1 ? 0.0 : fma(value, factor, -product.high);
    return product;
}

#endif
