"""Mirror of csrc/sketch.h."""

from libc.stdint cimport int32_t, uint64_t

from atlas_perf.sketch.cexact_sum cimport exact_sum


cdef extern from "sketch.h" nogil:
    const uint64_t SKETCH_MAX_COUNT
    const double SKETCH_MAX_VALUE
    const double SKETCH_MIN_ACCURACY
    const double SKETCH_MAX_ACCURACY

    ctypedef enum sketch_status:
        SKETCH_OK
        SKETCH_NO_MEMORY
        SKETCH_BAD_VALUE
        SKETCH_BAD_ACCURACY
        SKETCH_FULL
        SKETCH_MALFORMED

    ctypedef struct sketch:
        double relative_accuracy
        uint64_t count
        uint64_t zero_count
        double min
        double max
        exact_sum sum
        bint collapsed
        int32_t lowest
        int32_t highest

    sketch_status sketch_init(sketch *self, double relative_accuracy)
    void sketch_free(sketch *self)
    void sketch_clear(sketch *self)
    sketch_status sketch_add(sketch *self, double value, uint64_t times)
    sketch_status sketch_merge(sketch *self, const sketch *other)
    sketch_status sketch_copy(sketch *self, const sketch *other)
    uint64_t sketch_bin(const sketch *self, int32_t key)
    double sketch_quantile(const sketch *self, double q)
