"""Mirror of csrc/column.h."""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from atlas_perf.sketch.csketch cimport sketch, sketch_status


cdef extern from "column.h" nogil:
    ctypedef enum column_kind:
        COLUMN_TALLY
        COLUMN_LEVEL
        COLUMN_SKETCH

    ctypedef struct column_tally "tally":
        uint64_t samples
        double total

    ctypedef struct column_level "level":
        int64_t at_ns
        double value

    ctypedef union column_content "of":
        column_tally tally
        column_level level

    ctypedef struct column_cell:
        uint32_t window
        column_content of

    ctypedef struct column:
        size_t count
        column_cell *cells

    ctypedef struct column_grid:
        uint32_t fine_from
        uint32_t width

    void column_init(column *self, column_kind kind)
    void column_free(column *self)
    size_t column_bytes(const column *self)
    sketch_status column_add_tally(
        column *self, uint32_t window, uint64_t samples, double total
    )
    sketch_status column_set_level(
        column *self, uint32_t window, int64_t at_ns, double value
    )
    sketch_status column_add_sketch(
        column *self, uint32_t window, const sketch *addition, sketch *scratch
    )
    const column_cell *column_find(const column *self, uint32_t window)
    const column_cell *column_find_until(const column *self, uint32_t window)
    sketch_status column_read_sketch(const column *self, const column_cell *cell, sketch *into)
    sketch_status column_coarsen(
        column *self, column_grid grid, sketch *scratch, sketch *other_scratch
    )
