/* SPDX-License-Identifier: Apache-2.0 */
/* A row of pixels is a band. A pixel of it has a part inside of the polygon when a side goes
 * through it, or when it lies wholly inside; then the middle of its band does. */
#include <string.h>

#include "failure.h"
#include "runs.h"

/* Of a row: from each side its extent in the band, and at most as many pieces that are inside. */
#define EXTENTS_MAX (2 * SVMS_MASK_POINTS_MAX)
/* In pixels: what numbers of this kind may be wrong by falls to the mask. */
#define ROUNDING 1e-6

typedef struct crossing {
    double x;
    int direction;
} crossing;

typedef struct band {
    svms_mask_point points[SVMS_MASK_POINTS_MAX]; /* in pixels */
    double top;
    uint32_t width;
    size_t extent_count;
    svms_run extents[EXTENTS_MAX];
    size_t crossing_count;
    crossing crossings[SVMS_MASK_POINTS_MAX];
} band;

/* Coordinates are small enough for all of this: 16 pictures of the largest size. */
static int32_t floor_of(double x)
{
    int32_t whole = (int32_t)x;
    return whole - (whole > x);
}

static int32_t ceil_of(double x)
{
    return -floor_of(-x);
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double greater(double a, double b)
{
    return a > b ? a : b;
}

static uint32_t within(int32_t place, uint32_t size)
{
    return place <= 0 ? 0 : ((uint32_t)place < size ? (uint32_t)place : size);
}

/* Borders belong to both pixels beside them (V-AREA-2). */
static void add_extent(band *self, double left, double right)
{
    uint16_t row = (uint16_t)self->top;
    uint32_t from = within(ceil_of(left - ROUNDING) - 1, self->width);
    uint32_t to = within(floor_of(right + ROUNDING) + 1, self->width);
    if (from < to) {
        svms_run run = { row, (uint16_t)from, (uint16_t)to };
        self->extents[self->extent_count++] = run;
    }
}

static double x_at(const svms_mask_point *a, const svms_mask_point *b, double y)
{
    return a->x + (b->x - a->x) * ((y - a->y) / (b->y - a->y));
}

/* Where a side goes through the band, if it does. */
static void add_side(band *self, const svms_mask_point *a, const svms_mask_point *b)
{
    const svms_mask_point *upper = a->y <= b->y ? a : b;
    const svms_mask_point *lower = a->y <= b->y ? b : a;
    double top = self->top - ROUNDING;
    double bottom = self->top + 1 + ROUNDING;
    double middle = self->top + 0.5;
    if (lower->y < top || upper->y > bottom) {
        return;
    }
    double first = upper->y >= top ? upper->x : x_at(upper, lower, top);
    double last = lower->y <= bottom ? lower->x : x_at(upper, lower, bottom);
    add_extent(self, smaller(first, last), greater(first, last));
    if (upper->y <= middle && lower->y > middle) {
        crossing it = { x_at(upper, lower, middle), a->y <= b->y ? 1 : -1 };
        self->crossings[self->crossing_count++] = it;
    }
}

static void sort_crossings(band *self)
{
    for (size_t i = 1; i < self->crossing_count; i++) {
        crossing moved = self->crossings[i];
        size_t k = i;
        for (; k > 0 && self->crossings[k - 1].x > moved.x; k--) {
            self->crossings[k] = self->crossings[k - 1];
        }
        self->crossings[k] = moved;
    }
}

static void add_inside(band *self)
{
    int winding = 0;
    sort_crossings(self);
    for (size_t i = 0; i + 1 < self->crossing_count; i++) {
        winding += self->crossings[i].direction;
        if (winding != 0) {
            add_extent(self, self->crossings[i].x, self->crossings[i + 1].x);
        }
    }
}

static void sort_extents(band *self)
{
    for (size_t i = 1; i < self->extent_count; i++) {
        svms_run moved = self->extents[i];
        size_t k = i;
        for (; k > 0 && self->extents[k - 1].from > moved.from; k--) {
            self->extents[k] = self->extents[k - 1];
        }
        self->extents[k] = moved;
    }
}

static svms_status add_row(svms_runs *out, band *self, size_t count, svms_error *err)
{
    svms_status status = SVMS_OK;
    self->extent_count = 0;
    self->crossing_count = 0;
    for (size_t i = 0; i < count; i++) {
        add_side(self, &self->points[i], &self->points[(i + 1) % count]);
    }
    add_inside(self);
    sort_extents(self);
    for (size_t i = 0; status == SVMS_OK && i < self->extent_count; i++) {
        status = svms_runs_add(out, self->extents[i], err);
    }
    return status;
}

/* Rows that the polygon touches. */
static void find_rows(const svms_mask_point *points, size_t count, uint32_t height, uint32_t *first,
                      uint32_t *end)
{
    double top = points[0].y;
    double bottom = top;
    for (size_t i = 1; i < count; i++) {
        top = smaller(top, points[i].y);
        bottom = greater(bottom, points[i].y);
    }
    *first = within(ceil_of(top - ROUNDING) - 1, height);
    *end = within(floor_of(bottom + ROUNDING) + 1, height);
}

svms_status svms_runs_of_polygon(svms_runs *out, svms_ctx *ctx, const svms_mask_point *points,
                                 size_t count, uint32_t width, uint32_t height, svms_error *err)
{
    uint32_t row = 0;
    uint32_t end = 0;
    svms_status status = SVMS_OK;
    band *self = svms_alloc(ctx, sizeof *self);
    out->ctx = ctx;
    if (!self) {
        return svms_fail_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        self->points[i].x = points[i].x * width;
        self->points[i].y = points[i].y * height;
    }
    self->width = width;
    find_rows(self->points, count, height, &row, &end);
    for (; status == SVMS_OK && row < end; row++) {
        self->top = row;
        status = add_row(out, self, count, err);
    }
    svms_release(ctx, self);
    return status;
}
