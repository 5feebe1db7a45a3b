"""How a custom metric hands a value to its virtual user without a Python call."""


cdef class SampleTaker:
    """Takes samples of custom metrics as `context.SampleSink` does, for compiled code.

    `take` is given the metric and its name, the value in the metric's inner unit, and the call's
    own tags or None.
    """

    cdef int take(self, object metric, str name, double value, object tags) except -1:
        raise NotImplementedError
