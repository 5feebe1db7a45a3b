"""Mirror of csrc/sketch_codec.h."""

from libc.stdint cimport uint8_t

from atlas_perf.sketch.csketch cimport sketch, sketch_status


cdef extern from "sketch_codec.h" nogil:
    size_t sketch_encoded_bound(const sketch *self)
    size_t sketch_encode(const sketch *self, uint8_t *into)
    sketch_status sketch_decode(sketch *self, const uint8_t *bytes, size_t length)
