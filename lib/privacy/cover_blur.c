/* SPDX-License-Identifier: Apache-2.0 */
/* The mean of a square, in two steps: for each row sums of columns that move down with it (which
 * compilers turn into vector instructions), then sums of those that move right. */
#include <string.h>

#include "cover.h"

typedef struct blur {
    const svms_plane *plane;
    const svms_runs *runs;
    int32_t radius;
    int32_t left;  /* unit of the first sum of columns: may be before the picture */
    size_t count;  /* sums of columns, each of unit bytes */
    uint8_t *rows; /* copies of the rows of the window, from left, with the border continued */
    uint32_t *columns;
    uint64_t factor; /* 2^40 / samples, rounded up */
    uint32_t half;
} blur;

static int32_t clamp(int32_t value, uint32_t size)
{
    return value < 0 ? 0 : (value >= (int32_t)size ? (int32_t)size - 1 : value);
}

/* The rows of the window are a ring. */
static uint8_t *kept_row(const blur *self, int32_t row)
{
    int32_t ring = 2 * self->radius + 1;
    size_t place = (size_t)((row % ring + ring) % ring);
    return self->rows + place * self->count * self->plane->unit;
}

/* Rows are copied before they are covered: what was put already must not be blurred again. */
static void keep_row(const blur *self, int32_t row)
{
    const svms_plane *plane = self->plane;
    uint32_t unit = plane->unit;
    uint8_t *kept = kept_row(self, row);
    const uint8_t *source = svms_plane_at(plane, (uint32_t)clamp(row, plane->height), 0);
    int32_t end = self->left + (int32_t)self->count;
    int32_t inner_from = self->left < 0 ? 0 : self->left;
    int32_t inner_to = end > (int32_t)plane->width ? (int32_t)plane->width : end;
    for (int32_t at = self->left; at < inner_from; at++) {
        memcpy(kept + (size_t)(at - self->left) * unit, source, unit);
    }
    memcpy(kept + (size_t)(inner_from - self->left) * unit, source + (size_t)inner_from * unit,
           (size_t)(inner_to - inner_from) * unit);
    for (int32_t at = inner_to; at < end; at++) {
        memcpy(kept + (size_t)(at - self->left) * unit, source + (size_t)(plane->width - 1) * unit,
               unit);
    }
}

static void add_row(const blur *self, const uint8_t *restrict row, uint32_t *restrict columns)
{
    size_t bytes = self->count * self->plane->unit;
    for (size_t i = 0; i < bytes; i++) {
        columns[i] += row[i];
    }
}

static void replace_row(const blur *self, const uint8_t *restrict gone,
                        const uint8_t *restrict come, uint32_t *restrict columns)
{
    size_t bytes = self->count * self->plane->unit;
    for (size_t i = 0; i < bytes; i++) {
        columns[i] += (uint32_t)come[i] - gone[i];
    }
}

/* Exact: sums are below 2^23, so that rounding the factor up adds less than 2^-17, and the fraction
 * that would have to be reached is 1 / 129^2. */
static uint8_t mean(const blur *self, uint32_t sum)
{
    return (uint8_t)(((sum + self->half) * self->factor) >> 40);
}

static void put_run(const blur *self, const svms_run *run)
{
    uint32_t unit = self->plane->unit;
    size_t side = (size_t)(2 * self->radius + 1) * unit;
    uint8_t *out = svms_plane_at(self->plane, run->row, run->from);
    size_t first = (size_t)(run->from - self->radius - self->left) * unit;
    for (uint32_t k = 0; k < unit; k++) {
        const uint32_t *columns = self->columns + first + k;
        size_t bytes = (size_t)(run->to - run->from) * unit;
        uint32_t sum = 0;
        for (size_t i = 0; i < side; i += unit) {
            sum += columns[i];
        }
        for (size_t i = 0; i < bytes; i += unit) {
            out[i + k] = mean(self, sum);
            sum += columns[i + side] - columns[i];
        }
    }
}

static void begin_window(const blur *self, int32_t row)
{
    memset(self->columns, 0, self->count * self->plane->unit * sizeof *self->columns);
    for (int32_t at = row - self->radius; at <= row + self->radius; at++) {
        keep_row(self, at);
        add_row(self, kept_row(self, at), self->columns);
    }
}

/* The row that comes takes the place in the ring of the one that goes. */
static void move_window(const blur *self, int32_t row, uint8_t *gone)
{
    size_t bytes = self->count * self->plane->unit;
    memcpy(gone, kept_row(self, row - self->radius - 1), bytes);
    keep_row(self, row + self->radius);
    replace_row(self, gone, kept_row(self, row + self->radius), self->columns);
}

static void cover_rows(const blur *self, uint8_t *gone)
{
    int32_t row = self->runs->items[0].row;
    begin_window(self, row);
    for (size_t i = 0; i < self->runs->count; i++) {
        const svms_run *run = &self->runs->items[i];
        while (row < run->row) {
            row++;
            move_window(self, row, gone);
        }
        put_run(self, run);
    }
}

svms_status svms_cover_blur(const svms_plane *plane, const svms_runs *runs, uint32_t radius,
                            svms_cover_room *room, svms_error *err)
{
    svms_runs_box box = svms_runs_bounds(runs);
    uint32_t side = 2 * radius + 1;
    uint32_t samples = side * side;
    if (runs->count == 0) {
        return SVMS_OK;
    }
    blur self = { plane, runs, (int32_t)radius, (int32_t)box.left - (int32_t)radius, 0, NULL,
                  NULL,  0,    samples / 2 };
    /* One more, which is added behind the last run and never used. */
    self.count = (size_t)(box.right - box.left) + 2 * (size_t)radius + 1;
    self.factor = ((UINT64_C(1) << 40) + samples - 1) / samples;
    size_t bytes = self.count * plane->unit;
    svms_status status = svms_cover_room_take(room, bytes * (sizeof(uint32_t) + side + 1), err);
    if (status != SVMS_OK) {
        return status;
    }
    self.columns = room->bytes;
    self.rows = (uint8_t *)room->bytes + bytes * sizeof(uint32_t);
    cover_rows(&self, self.rows + bytes * side);
    return SVMS_OK;
}
