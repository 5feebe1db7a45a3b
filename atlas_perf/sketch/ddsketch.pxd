from atlas_perf.sketch.csketch cimport sketch, sketch_status


cdef class Sketch:
    cdef sketch _sketch

    cdef int _must_hold_values(self, str asked_for) except -1


cdef bytes encoded(const sketch *source)
cdef int check(sketch_status status) except -1
