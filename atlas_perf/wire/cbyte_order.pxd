"""Mirror of csrc/byte_order.h."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t


cdef extern from "byte_order.h" nogil:
    void store_u32_le(uint8_t *at, uint32_t number)
    void store_u64_le(uint8_t *at, uint64_t number)
    uint64_t load_u64_le(const uint8_t *at)
    void store_f64_le(uint8_t *at, double number)
    double load_f64_le(const uint8_t *at)
