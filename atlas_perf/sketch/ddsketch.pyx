"""DDSketch: quantiles within a relative accuracy, exact count, sum, min and max, exact merging."""

from libc.stdint cimport int32_t, uint64_t, uint8_t
from libc.stdlib cimport free, malloc

from atlas_perf.sketch.cexact_sum cimport exact_sum_settled
from atlas_perf.sketch.csketch cimport (
    SKETCH_BAD_ACCURACY,
    SKETCH_BAD_VALUE,
    SKETCH_FULL,
    SKETCH_MALFORMED,
    SKETCH_MAX_ACCURACY,
    SKETCH_MAX_COUNT,
    SKETCH_MAX_VALUE,
    SKETCH_MIN_ACCURACY,
    SKETCH_NO_MEMORY,
    SKETCH_OK,
    sketch,
    sketch_add,
    sketch_bin,
    sketch_copy,
    sketch_free,
    sketch_init,
    sketch_merge,
    sketch_quantile,
    sketch_status,
)
from atlas_perf.sketch.csketch_codec cimport sketch_decode, sketch_encode, sketch_encoded_bound


cdef int check(sketch_status status) except -1:
    """The one translation of a C status into a Python exception."""
    if status == SKETCH_OK:
        return 0
    if status == SKETCH_NO_MEMORY:
        raise MemoryError("no memory left for a sketch's bins")
    if status == SKETCH_BAD_VALUE:
        raise ValueError(f"a sketch takes numbers from 0 to {SKETCH_MAX_VALUE:g}")
    if status == SKETCH_BAD_ACCURACY:
        raise ValueError("sketches of different relative accuracy cannot be merged")
    if status == SKETCH_FULL:
        raise ValueError(f"a sketch holds at most {SKETCH_MAX_COUNT} values")
    if status == SKETCH_MALFORMED:
        raise ValueError("these bytes are not an encoded sketch")
    raise AssertionError(f"unknown sketch status {<int>status}")


cdef bytes encoded(const sketch *source):
    """The bytes of a sketch, as `Sketch.to_bytes` gives them."""
    cdef uint8_t *buffer = <uint8_t *>malloc(sketch_encoded_bound(source))
    if buffer == NULL:
        raise MemoryError("no memory left to encode a sketch")
    try:
        return buffer[:sketch_encode(source, buffer)]
    finally:
        free(buffer)


cdef class Sketch:
    """A distribution in bins of relative width: DDSketch with the logarithmic mapping.

    A quantile differs from the true one by at most `relative_accuracy` (0.01 is 1 %) and never
    lies outside [min, max]; the first and the last value are exact. Count, sum, min and max are
    exact too: the sum of whole numbers does not depend on the order they were added in. Bins are
    those of the `ddsketch` package (Masson, Rim, Lee: "DDSketch", VLDB 2019).

    Memory is 8 bytes a bin: latencies from 1 ns to 1 h at 1 % need at most 1,447 bins. At most
    4,096 neighbouring bins are kept, a factor of 10^35 at 1 %; smaller values than that below the
    largest are counted in the lowest bin kept, and `collapsed` tells.

    Raises:
        ValueError: if `relative_accuracy` is not within 0.0001 to 0.5.
    """

    def __cinit__(self, double relative_accuracy=0.01):
        if sketch_init(&self._sketch, relative_accuracy) != SKETCH_OK:
            raise ValueError(
                f"relative accuracy must lie between {SKETCH_MIN_ACCURACY:g} and "
                f"{SKETCH_MAX_ACCURACY:g}, not {relative_accuracy!r}"
            )

    def __dealloc__(self):
        sketch_free(&self._sketch)

    def add(self, double value, long long count=1):
        """Count `value` `count` times.

        Raises:
            ValueError: for NaN, infinity, a negative value or one above 1e290, for a negative
                count, or when more than 2^53 values would be held. The sketch is then unchanged.
            OverflowError: for a count beyond 2^63.
        """
        if count < 0:
            raise ValueError(f"a value cannot be added {count} times")
        cdef sketch_status status = sketch_add(&self._sketch, value, count)
        if status == SKETCH_BAD_VALUE:
            raise ValueError(
                f"a sketch takes numbers from 0 to {SKETCH_MAX_VALUE:g}, not {value!r}"
            )
        check(status)

    def add_many(self, const double[:] values not None):
        """Count each value of a buffer of doubles, such as `array('d')`, at C speed.

        Raises:
            ValueError: as `add`; the values before the refused one are counted.
        """
        cdef Py_ssize_t position
        cdef sketch_status status = SKETCH_OK
        with nogil:
            for position in range(values.shape[0]):
                status = sketch_add(&self._sketch, values[position], 1)
                if status != SKETCH_OK:
                    break
        check(status)

    def merge(self, Sketch other not None):
        """Add everything `other` holds; `other` keeps it.

        Merging is associative and commutative, bin for bin.

        Raises:
            ValueError: if the relative accuracies differ, or when more than 2^53 values would be
                held. The sketch is then unchanged.
        """
        check(sketch_merge(&self._sketch, &other._sketch))

    def quantile(self, double q):
        """The value at position q · (count - 1) of the sorted values, within `relative_accuracy`.

        Between two values it lies on the straight line from one to the other, as in k6 and numpy.

        Raises:
            ValueError: if `q` is not within 0 to 1, or nothing was added.
        """
        if not 0 <= q <= 1:
            raise ValueError(f"a quantile lies between 0 and 1, not at {q!r}")
        self._must_hold_values("quantile")
        return sketch_quantile(&self._sketch, q)

    cdef int _must_hold_values(self, str asked_for) except -1:
        if self._sketch.count == 0:
            raise ValueError(f"an empty sketch has no {asked_for}")
        return 0

    @property
    def relative_accuracy(self):
        """Largest relative error of a quantile, unless `collapsed`."""
        return self._sketch.relative_accuracy

    @property
    def count(self):
        """Number of values added, exact."""
        return self._sketch.count

    @property
    def sum(self):
        """Sum of all values, exact to the last bit of a double; 0.0 if there are none."""
        return exact_sum_settled(self._sketch.sum).high

    @property
    def min(self):
        """The smallest value, exact.

        Raises:
            ValueError: if nothing was added.
        """
        self._must_hold_values("minimum")
        return self._sketch.min

    @property
    def max(self):
        """The largest value, exact.

        Raises:
            ValueError: if nothing was added.
        """
        self._must_hold_values("maximum")
        return self._sketch.max

    @property
    def zero_count(self):
        """Number of values that are zero or too small for a bin (below 2.3e-308)."""
        return self._sketch.zero_count

    @property
    def collapsed(self):
        """True if small values share a bin that is too wide for the accuracy promised."""
        return self._sketch.collapsed

    def bins(self):
        """Counts by key, without empty bins. Key k counts values in (gamma^(k-1), gamma^k]."""
        cdef dict counts = {}
        cdef int32_t key
        for key in range(self._sketch.lowest, self._sketch.highest + 1):
            if sketch_bin(&self._sketch, key):
                counts[key] = sketch_bin(&self._sketch, key)
        return counts

    def copy(self):
        """An independent sketch with the same content."""
        cdef Sketch twin = Sketch(self._sketch.relative_accuracy)
        check(sketch_copy(&twin._sketch, &self._sketch))
        return twin

    def to_bytes(self):
        """The whole sketch, exact fields included: 20 bytes for one value, some 100 for 100."""
        return encoded(&self._sketch)

    @staticmethod
    def from_bytes(const uint8_t[::1] encoded_sketch not None):
        """The sketch that `to_bytes` gave these bytes for.

        Raises:
            ValueError: if they are anything else: cut short, too long, inconsistent.
        """
        cdef Sketch decoded = Sketch()
        cdef Py_ssize_t length = encoded_sketch.shape[0]
        if length == 0:
            check(SKETCH_MALFORMED)
        check(sketch_decode(&decoded._sketch, &encoded_sketch[0], length))
        return decoded

    def __eq__(self, other):
        if not isinstance(other, Sketch):
            return NotImplemented
        return self.to_bytes() == (<Sketch>other).to_bytes()

    __hash__ = None

    def __reduce__(self):
        return Sketch.from_bytes, (self.to_bytes(),)

    def __repr__(self):
        if self._sketch.count == 0:
            return f"Sketch(relative_accuracy={self._sketch.relative_accuracy}, empty)"
        return (
            f"Sketch(relative_accuracy={self._sketch.relative_accuracy}, count={self.count}, "
            f"min={self.min}, max={self.max})"
        )
