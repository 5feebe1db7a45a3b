#include "sketch_codec.h"

#include <math.h>
#include <stdlib.h>

#include "byte_order.h"

#define VERSION 0x01
#define FLAG_COLLAPSED 0x01
#define RAW_REAL 0x01
#define MAX_VARINT_BYTES 10
#define MAX_WHOLE 9007199254740992.0 /* 2^53 */
/* version, flags; accuracy and four reals; count, zero count, used and lowest key */
#define MAX_HEADER_BYTES (2 + 5 * MAX_VARINT_BYTES + 4 * MAX_VARINT_BYTES)
#define MAX_BIN_BYTES (MAX_VARINT_BYTES + 2)

static uint8_t *put_varint(uint8_t *at, uint64_t number) {
    while (number >= 0x80) {
        *at++ = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    *at++ = (uint8_t)number;
    return at;
}

static bool is_whole(double number) {
    return number >= 0 && number <= MAX_WHOLE && number == floor(number) && !signbit(number);
}

static uint8_t *put_real(uint8_t *at, double number) {
    if (is_whole(number))
        return put_varint(at, (uint64_t)number << 1);
    *at++ = RAW_REAL;
    store_f64_le(at, number);
    return at + 8;
}

static uint64_t zigzag(int32_t number) {
    return number < 0 ? ((uint64_t)(-(int64_t)number) << 1) - 1 : (uint64_t)number << 1;
}

size_t sketch_encoded_bound(const sketch *self) {
    size_t span = self->lowest <= self->highest ? (size_t)(self->highest - self->lowest + 1) : 0;
    return MAX_HEADER_BYTES + span * MAX_BIN_BYTES;
}

static uint8_t *put_bins(uint8_t *at, const sketch *self) {
    uint64_t used = 0;
    for (int32_t key = self->lowest; key <= self->highest; key++)
        used += sketch_bin(self, key) != 0;
    at = put_varint(at, used);
    if (used == 0)
        return at;
    at = put_varint(at, zigzag(self->lowest));
    for (int32_t key = self->lowest; key <= self->highest;) {
        uint64_t count = sketch_bin(self, key);
        int32_t next = key + 1;
        while (next <= self->highest && sketch_bin(self, next) == 0)
            next++;
        uint64_t skipped = (uint64_t)(next - key - 1);
        at = put_varint(at, count << 1 | (skipped != 0));
        if (skipped != 0)
            at = put_varint(at, skipped - 1);
        key = next;
    }
    return at;
}

size_t sketch_encode(const sketch *self, uint8_t *into) {
    uint8_t *at = into;
    *at++ = VERSION;
    *at++ = self->collapsed ? FLAG_COLLAPSED : 0;
    at = put_real(at, self->relative_accuracy);
    at = put_varint(at, self->count);
    if (self->count == 0)
        return (size_t)(at - into);
    at = put_varint(at, self->zero_count);
    at = put_real(at, self->min);
    at = put_real(at, self->max);
    exact_sum sum = exact_sum_settled(self->sum);
    at = put_real(at, sum.high);
    at = put_real(at, sum.low);
    at = put_bins(at, self);
    return (size_t)(at - into);
}

/* What is left to read. The first thing that is wrong sets `bad`; everything read after is 0. */
typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
} reader;

static uint64_t refuse(reader *from) {
    from->bad = true;
    from->at = from->end;
    return 0;
}

static uint64_t take_byte(reader *from) {
    return from->at < from->end ? *from->at++ : refuse(from);
}

static uint64_t take_varint(reader *from) {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        uint64_t byte = take_byte(from);
        if (from->bad)
            return 0;
        if (shift == 63 && byte > 1)
            return refuse(from);
        number |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return byte == 0 && shift > 0 ? refuse(from) : number;
    }
    return refuse(from);
}

static double take_real(reader *from) {
    if (from->at < from->end && *from->at == RAW_REAL) {
        if (from->end - from->at < 9)
            return (double)refuse(from);
        double number = load_f64_le(from->at + 1);
        from->at += 9;
        if (is_whole(number) || !isfinite(number))
            return (double)refuse(from);
        return number;
    }
    uint64_t whole = take_varint(from);
    if (whole & 1 || whole >> 1 > (uint64_t)MAX_WHOLE)
        return (double)refuse(from);
    return (double)(whole >> 1);
}

static bool take_key(reader *from, int32_t *key) {
    uint64_t folded = take_varint(from);
    if (folded > INT32_MAX)
        refuse(from);
    *key = folded & 1 ? -(int32_t)((folded >> 1) + 1) : (int32_t)(folded >> 1);
    return !from->bad;
}

static sketch_status take_bins(reader *from, sketch *self) {
    uint64_t used = take_varint(from);
    if (from->bad || used > SKETCH_MAX_BINS)
        return SKETCH_MALFORMED;
    if (used == 0)
        return self->zero_count == self->count ? SKETCH_OK : SKETCH_MALFORMED;
    int32_t key;
    int32_t least = sketch_key(self, self->min_indexable) - 1;
    int32_t greatest = sketch_key(self, SKETCH_MAX_VALUE) + 1;
    if (!take_key(from, &key) || key < least || key > greatest)
        return SKETCH_MALFORMED;
    int32_t lowest = key;
    uint64_t left = self->count - self->zero_count;
    for (uint64_t i = 0; i < used; i++) {
        uint64_t entry = take_varint(from);
        uint64_t count = entry >> 1;
        if (from->bad || count == 0 || count > left || key - lowest >= SKETCH_MAX_BINS)
            return SKETCH_MALFORMED;
        sketch_status status = sketch_reserve(self, key, key);
        if (status != SKETCH_OK)
            return status;
        self->bins[key - self->first_key] = count;
        if (i == 0)
            self->lowest = key;
        self->highest = key;
        left -= count;
        uint64_t skipped = 0;
        if (entry & 1) {
            skipped = take_varint(from) + 1;
            if (from->bad || skipped > SKETCH_MAX_BINS || i + 1 == used)
                return SKETCH_MALFORMED;
        }
        key += 1 + (int32_t)skipped;
    }
    return left == 0 && self->highest <= greatest ? SKETCH_OK : SKETCH_MALFORMED;
}

/* The extremes lie in the outermost bins. One bin of slack: another host's log may round the
 * other way at an edge. */
static bool extremes_fit_bins(const sketch *self) {
    bool least_is_zero = self->min <= self->min_indexable;
    bool greatest_is_zero = self->max <= self->min_indexable;
    if (least_is_zero != (self->zero_count > 0))
        return false;
    if (greatest_is_zero || self->lowest > self->highest)
        return greatest_is_zero && self->lowest > self->highest;
    if (abs(sketch_key(self, self->max) - self->highest) > 1)
        return false;
    if (least_is_zero || self->collapsed)
        return true;
    return abs(sketch_key(self, self->min) - self->lowest) <= 1;
}

static bool sum_fits(const sketch *self) {
    static const double rounding = 1e-12;
    double count = (double)self->count;
    double sum = self->sum.high;
    return sum + self->sum.low == sum && sum >= self->min * count * (1 - rounding) &&
           sum <= self->max * count * (1 + rounding);
}

static sketch_status decode(sketch *self, reader *from) {
    uint64_t version = take_byte(from);
    uint64_t flags = take_byte(from);
    double accuracy = take_real(from);
    if (from->bad || version != VERSION || flags > FLAG_COLLAPSED)
        return SKETCH_MALFORMED;
    if (accuracy != self->relative_accuracy) {
        sketch other;
        if (sketch_init(&other, accuracy) != SKETCH_OK)
            return SKETCH_MALFORMED;
        sketch_free(self);
        *self = other;
    }
    uint64_t count = take_varint(from);
    if (from->bad || count > SKETCH_MAX_COUNT)
        return SKETCH_MALFORMED;
    if (count == 0)
        return from->at == from->end && flags == 0 ? SKETCH_OK : SKETCH_MALFORMED;
    self->count = count;
    self->collapsed = flags != 0;
    self->zero_count = take_varint(from);
    self->min = take_real(from);
    self->max = take_real(from);
    self->sum.high = take_real(from);
    self->sum.low = take_real(from);
    if (from->bad || self->zero_count > count || !(self->min >= 0 && self->min <= self->max) ||
        signbit(self->min) ||
        signbit(self->max) || self->max > SKETCH_MAX_VALUE || !sum_fits(self))
        return SKETCH_MALFORMED;
    sketch_status status = take_bins(from, self);
    if (status != SKETCH_OK)
        return status;
    return from->at == from->end && extremes_fit_bins(self) ? SKETCH_OK : SKETCH_MALFORMED;
}

sketch_status sketch_decode(sketch *self, const uint8_t *bytes, size_t length) {
    reader from = {bytes, bytes + length, false};
    sketch_clear(self);
    sketch_status status = decode(self, &from);
    if (status != SKETCH_OK)
        sketch_clear(self);
    return status;
}
