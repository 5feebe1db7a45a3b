"""Mirror of csrc/exact_sum.h."""

from libc.stdint cimport uint64_t


cdef extern from "exact_sum.h" nogil:
    ctypedef struct exact_sum:
        double high
        double low

    void exact_sum_add(exact_sum *self, double value)
    void exact_sum_add_times(exact_sum *self, double value, uint64_t times)
    void exact_sum_merge(exact_sum *self, exact_sum other)
    exact_sum exact_sum_settled(exact_sum self)
