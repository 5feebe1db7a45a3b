/* What one series gathered in each window of the run, in order of the windows.
 *
 * A window is named by its first second. A cell takes 24 bytes, and a sketch's its encoding too;
 * windows without a sample take nothing.
 */
#ifndef ATLAS_COLUMN_H
#define ATLAS_COLUMN_H

#include "sketch.h"

typedef enum {
    COLUMN_TALLY, /* samples and their total: counters and rates */
    COLUMN_LEVEL, /* the newest value: gauges */
    COLUMN_SKETCH,
} column_kind;

typedef struct {
    uint32_t window;
    union {
        struct {
            uint64_t samples;
            double total;
        } tally;
        struct {
            int64_t at_ns;
            double value;
        } level;
        struct {
            size_t offset;
            size_t length;
        } encoded; /* place in `bytes` */
    } of;
} column_cell;

typedef struct {
    column_kind kind;
    column_cell *cells;
    size_t count;
    size_t allocated;
    uint8_t *bytes;
    size_t bytes_used;
    size_t bytes_wasted; /* of those used: encodings that no cell refers to any more */
    size_t bytes_allocated;
} column;

/* Windows from `fine_from` on are one second long, those before are `width` seconds long.
 * `fine_from` is a multiple of `width`. */
typedef struct {
    uint32_t fine_from;
    uint32_t width;
} column_grid;

void column_init(column *self, column_kind kind);
void column_free(column *self);
/* Bytes of memory that the column holds. */
size_t column_bytes(const column *self);

/* On SKETCH_NO_MEMORY the column is as before. */
sketch_status column_add_tally(column *self, uint32_t window, uint64_t samples, double total);
/* Of two values in one window the one taken later stays, or the larger of two taken at once. */
sketch_status column_set_level(column *self, uint32_t window, int64_t at_ns, double value);
/* `scratch` is any sketch; its content is lost. */
sketch_status column_add_sketch(column *self, uint32_t window, const sketch *addition,
                                sketch *scratch);

/* The cell of a window, or NULL. Valid until the column is next changed. */
const column_cell *column_find(const column *self, uint32_t window);
/* The cell of a window or the nearest one before it, or NULL. */
const column_cell *column_find_until(const column *self, uint32_t window);
/* Replaces `into` with the sketch of a cell. */
sketch_status column_read_sketch(const column *self, const column_cell *cell, sketch *into);

uint32_t column_window(column_grid grid, uint32_t second);
/* Merges the cells that a coarser grid puts into one window. */
sketch_status column_coarsen(column *self, column_grid grid, sketch *scratch, sketch *other_scratch);

#endif
