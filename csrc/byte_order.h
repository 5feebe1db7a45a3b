/* Fixed-width little-endian numbers, whatever the host's own order. */
#ifndef ATLAS_BYTE_ORDER_H
#define ATLAS_BYTE_ORDER_H

#include <stdint.h>
#include <string.h>

static inline void store_u32_le(uint8_t *at, uint32_t number) {
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> (8 * i));
}

static inline void store_u64_le(uint8_t *at, uint64_t number) {
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(number >> (8 * i));
}

static inline uint64_t load_u64_le(const uint8_t *at) {
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number |= (uint64_t)at[i] << (8 * i);
    return number;
}

static inline void store_f64_le(uint8_t *at, double number) {
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    store_u64_le(at, bits);
}

static inline double load_f64_le(const uint8_t *at) {
    uint64_t bits = load_u64_le(at);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

#endif
