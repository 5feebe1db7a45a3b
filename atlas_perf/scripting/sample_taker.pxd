cdef class SampleTaker:
    cdef int take(self, object metric, str name, double value, object tags) except -1
