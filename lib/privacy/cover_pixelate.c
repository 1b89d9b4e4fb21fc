/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cover.h"

static uint32_t sum_of(const uint8_t *samples, size_t count, size_t step)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i += step) {
        sum += samples[i];
    }
    return sum;
}

/* Sums of a row of blocks: for each block, of each byte of a unit. */
static void sum_blocks(const svms_plane *plane, uint32_t top, uint32_t bottom, uint32_t left_block,
                       uint32_t right_block, uint32_t block, uint32_t *sums)
{
    uint32_t unit = plane->unit;
    memset(sums, 0, (size_t)(right_block - left_block) * unit * sizeof *sums);
    for (uint32_t row = top; row < bottom; row++) {
        for (uint32_t b = left_block; b < right_block; b++) {
            uint32_t from = b * block;
            uint32_t to = from + block < plane->width ? from + block : plane->width;
            const uint8_t *at = svms_plane_at(plane, row, from);
            uint32_t *sum = sums + (size_t)(b - left_block) * unit;
            if (unit == 1) {
                sum[0] += sum_of(at, to - from, 1);
            } else {
                sum[0] += sum_of(at, (size_t)(to - from) * 2, 2);
                sum[1] += sum_of(at + 1, (size_t)(to - from) * 2 - 1, 2);
            }
        }
    }
}

static void divide(const svms_plane *plane, uint32_t rows, uint32_t left_block,
                   uint32_t right_block, uint32_t block, uint32_t *sums)
{
    for (uint32_t b = left_block; b < right_block; b++) {
        uint32_t from = b * block;
        uint32_t columns = from + block < plane->width ? block : plane->width - from;
        uint32_t samples = rows * columns;
        if (samples == 0) {
            continue;
        }
        for (uint32_t k = 0; k < plane->unit; k++) {
            uint32_t *sum = &sums[(size_t)(b - left_block) * plane->unit + k];
            *sum = (*sum + samples / 2) / samples;
        }
    }
}

static void put(const svms_plane *plane, const svms_run *run, uint32_t left_block, uint32_t block,
                const uint32_t *means)
{
    for (uint32_t column = run->from; column < run->to;) {
        uint32_t b = column / block;
        uint32_t end = (b + 1) * block < run->to ? (b + 1) * block : run->to;
        const uint32_t *mean = means + (size_t)(b - left_block) * plane->unit;
        uint8_t *at = svms_plane_at(plane, run->row, column);
        size_t bytes = (size_t)(end - column) * plane->unit;
        if (plane->unit == 1) {
            memset(at, (int)mean[0], bytes);
        }
        for (size_t k = 0; plane->unit == 2 && k < bytes; k += 2) {
            at[k] = (uint8_t)mean[0];
            at[k + 1] = (uint8_t)mean[1];
        }
        column = end;
    }
}

svms_status svms_cover_pixelate(const svms_plane *plane, const svms_runs *runs, uint32_t block,
                                svms_cover_room *room, svms_error *err)
{
    svms_runs_box box = svms_runs_bounds(runs);
    uint32_t left = box.left / block;
    uint32_t right = (box.right + block - 1) / block;
    if (runs->count == 0) {
        return SVMS_OK;
    }
    svms_status status =
        svms_cover_room_take(room, (size_t)(right - left) * plane->unit * sizeof(uint32_t), err);
    for (size_t i = 0; status == SVMS_OK && i < runs->count;) {
        uint32_t top = runs->items[i].row / block * block;
        uint32_t bottom = top + block < plane->height ? top + block : plane->height;
        sum_blocks(plane, top, bottom, left, right, block, room->bytes);
        divide(plane, bottom - top, left, right, block, room->bytes);
        for (; i < runs->count && runs->items[i].row < bottom; i++) {
            put(plane, &runs->items[i], left, block, room->bytes);
        }
    }
    return status;
}
