/* A sketch as bytes and back. One sketch has one encoding; every other byte string is refused.
 *
 *   sketch  = version flags accuracy:real count:varint [zero_count:varint extremes bins]
 *             the brackets' content is absent if count is 0
 *   version = 0x01
 *   flags   = 0x00, or 0x01 if bins were collapsed
 *   extremes= min:real max:real sum_high:real sum_low:real
 *   bins    = used:varint [lowest_key:zigzag bin * used]
 *   bin     = (count << 1 | skips):varint [skipped - 1:varint, only if skips]
 *             `skipped` empty keys lie between this bin and the next one
 *   real    = (whole << 1):varint for a whole number in 0 .. 2^53,
 *             or 0x01 and eight bytes, IEEE 754 little-endian
 *   varint  = base 128, low digits first, the top bit set on all bytes but the last, no spare zeros
 *
 * So a bin with a neighbour and a count below 64 takes one byte.
 */
#ifndef ATLAS_SKETCH_CODEC_H
#define ATLAS_SKETCH_CODEC_H

#include "sketch.h"


/* Enough for any sketch: eleven numbers of ten bytes and every bin with a gap of its own. */
#define SKETCH_MAX_ENCODED_BYTES (11 * 10 + SKETCH_MAX_BINS * 12)

/* How many bytes at most this sketch encodes to. */
size_t sketch_encoded_bound(const sketch *self);
/* Writes to `into`, which has room for the bound, and returns the number of bytes written. */
size_t sketch_encode(const sketch *self, uint8_t *into);
/* Replaces the content of an initialised sketch, keeping its memory. After a refusal it is empty.
 * The accuracy encoded becomes the sketch's own. */
sketch_status sketch_decode(sketch *self, const uint8_t *bytes, size_t length);

#endif
