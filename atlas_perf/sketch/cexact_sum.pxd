"""Mirror of csrc/exact_sum.h."""

from libc.stdint cimport uint64_t


cdef extern from "exact_sum.h" nogil:
    ctypedef struct exact_sum:
        double high
        double low

    exact_sum exact_sum_plus(exact_sum left, exact_sum right)
    exact_sum exact_product(double value, uint64_t times)
