#include "column.h"

#include <stdlib.h>
#include <string.h>

#include "sketch_codec.h"

#define FIRST_CELLS 4

void column_init(column *self, column_kind kind) {
    memset(self, 0, sizeof *self);
    self->kind = kind;
}

void column_free(column *self) {
    free(self->cells);
    free(self->bytes);
    column_init(self, self->kind);
}

size_t column_bytes(const column *self) {
    return self->allocated * sizeof *self->cells + self->bytes_allocated;
}

/* Position of the first cell at or after `window`. */
static size_t position_of(const column *self, uint32_t window) {
    /* Nearly always the newest window or the one after it is asked for. */
    if (self->count == 0 || self->cells[self->count - 1].window < window)
        return self->count;
    size_t low = 0, high = self->count - 1;
    if (self->cells[high].window == window)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (self->cells[middle].window < window)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const column_cell *column_find_until(const column *self, uint32_t window) {
    size_t position = position_of(self, window);
    if (position < self->count && self->cells[position].window == window)
        return &self->cells[position];
    return position == 0 ? NULL : &self->cells[position - 1];
}

const column_cell *column_find(const column *self, uint32_t window) {
    const column_cell *cell = column_find_until(self, window);
    return cell != NULL && cell->window == window ? cell : NULL;
}

/* The cell of a window, made if need be: then `*fresh` is true. NULL without memory. */
static column_cell *cell_of(column *self, uint32_t window, bool *fresh) {
    size_t position = position_of(self, window);
    *fresh = position == self->count || self->cells[position].window != window;
    if (!*fresh)
        return &self->cells[position];
    if (self->count == self->allocated) {
        size_t size = self->allocated ? self->allocated + self->allocated / 2 : FIRST_CELLS;
        column_cell *cells = realloc(self->cells, size * sizeof *cells);
        if (cells == NULL)
            return NULL;
        self->cells = cells;
        self->allocated = size;
    }
    column_cell *cell = self->cells + position;
    memmove(cell + 1, cell, (self->count - position) * sizeof *cell);
    memset(cell, 0, sizeof *cell);
    cell->window = window;
    self->count++;
    return cell;
}

sketch_status column_add_tally(column *self, uint32_t window, uint64_t samples, double total) {
    bool fresh;
    column_cell *cell = cell_of(self, window, &fresh);
    if (cell == NULL)
        return SKETCH_NO_MEMORY;
    cell->of.tally.samples += samples;
    cell->of.tally.total += total;
    return SKETCH_OK;
}

sketch_status column_set_level(column *self, uint32_t window, int64_t at_ns, double value) {
    bool fresh;
    column_cell *cell = cell_of(self, window, &fresh);
    if (cell == NULL)
        return SKETCH_NO_MEMORY;
    bool later = at_ns > cell->of.level.at_ns ||
                 (at_ns == cell->of.level.at_ns && value > cell->of.level.value);
    if (fresh || later) {
        cell->of.level.at_ns = at_ns;
        cell->of.level.value = value;
    }
    return SKETCH_OK;
}

/* Makes room for `length` more bytes. */
static bool reserve_bytes(column *self, size_t length) {
    size_t needed = self->bytes_used + length;
    if (needed <= self->bytes_allocated)
        return true;
    size_t size = self->bytes_allocated + self->bytes_allocated / 2;
    if (size < needed)
        size = needed;
    uint8_t *bytes = realloc(self->bytes, size);
    if (bytes == NULL)
        return false;
    self->bytes = bytes;
    self->bytes_allocated = size;
    return true;
}

/* Leaves out what no cell refers to any more. Without memory it stays as it is. */
static void compact(column *self) {
    size_t size = self->bytes_used - self->bytes_wasted;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        return;
    size_t used = 0;
    for (size_t i = 0; i < self->count; i++) {
        column_cell *cell = &self->cells[i];
        memcpy(bytes + used, self->bytes + cell->of.encoded.offset, cell->of.encoded.length);
        cell->of.encoded.offset = used;
        used += cell->of.encoded.length;
    }
    free(self->bytes);
    self->bytes = bytes;
    self->bytes_used = used;
    self->bytes_allocated = size;
    self->bytes_wasted = 0;
}

static sketch_status put_encoded(column *self, uint32_t window, const uint8_t *encoded,
                                 size_t length) {
    bool fresh;
    if (!reserve_bytes(self, length))
        return SKETCH_NO_MEMORY;
    column_cell *cell = cell_of(self, window, &fresh);
    if (cell == NULL)
        return SKETCH_NO_MEMORY;
    if (cell->of.encoded.offset + cell->of.encoded.length == self->bytes_used)
        self->bytes_used -= cell->of.encoded.length; /* the newest one is simply overwritten */
    else
        self->bytes_wasted += cell->of.encoded.length;
    cell->of.encoded.offset = self->bytes_used;
    cell->of.encoded.length = length;
    memcpy(self->bytes + self->bytes_used, encoded, length);
    self->bytes_used += length;
    if (self->bytes_wasted > self->bytes_used / 2)
        compact(self);
    return SKETCH_OK;
}

sketch_status column_read_sketch(const column *self, const column_cell *cell, sketch *into) {
    return sketch_decode(into, self->bytes + cell->of.encoded.offset, cell->of.encoded.length);
}

sketch_status column_add_sketch(column *self, uint32_t window, const sketch *addition,
                                sketch *scratch) {
    uint8_t encoded[SKETCH_MAX_ENCODED_BYTES];
    const column_cell *cell = column_find(self, window);
    if (cell == NULL)
        return put_encoded(self, window, encoded, sketch_encode(addition, encoded));
    sketch_status status = column_read_sketch(self, cell, scratch);
    if (status == SKETCH_OK)
        status = sketch_merge(scratch, addition);
    if (status != SKETCH_OK)
        return status;
    return put_encoded(self, window, encoded, sketch_encode(scratch, encoded));
}

uint32_t column_window(column_grid grid, uint32_t second) {
    return second >= grid.fine_from ? second : second / grid.width * grid.width;
}

static sketch_status put_cell(column *coarse, uint32_t window, const column *fine,
                              const column_cell *cell, sketch *scratch, sketch *other_scratch) {
    if (coarse->kind == COLUMN_TALLY)
        return column_add_tally(coarse, window, cell->of.tally.samples, cell->of.tally.total);
    if (coarse->kind == COLUMN_LEVEL)
        return column_set_level(coarse, window, cell->of.level.at_ns, cell->of.level.value);
    if (column_find(coarse, window) == NULL)
        return put_encoded(coarse, window, fine->bytes + cell->of.encoded.offset,
                           cell->of.encoded.length);
    sketch_status status = column_read_sketch(fine, cell, scratch);
    return status == SKETCH_OK ? column_add_sketch(coarse, window, scratch, other_scratch) : status;
}

sketch_status column_coarsen(column *self, column_grid grid, sketch *scratch,
                             sketch *other_scratch) {
    column coarse;
    column_init(&coarse, self->kind);
    for (size_t i = 0; i < self->count; i++) {
        const column_cell *cell = &self->cells[i];
        uint32_t window = column_window(grid, cell->window);
        sketch_status status = put_cell(&coarse, window, self, cell, scratch, other_scratch);
        if (status != SKETCH_OK) {
            column_free(&coarse);
            return status;
        }
    }
    column_free(self);
    *self = coarse;
    return SKETCH_OK;
}
