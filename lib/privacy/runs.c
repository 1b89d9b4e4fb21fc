/* SPDX-License-Identifier: Apache-2.0 */
#include "runs.h"

#include <string.h>

#include "failure.h"

void svms_runs_free(svms_runs *runs)
{
    svms_release(runs->ctx, runs->items);
    runs->items = NULL;
    runs->count = 0;
    runs->room = 0;
}

svms_runs_box svms_runs_bounds(const svms_runs *runs)
{
    svms_runs_box box = { UINT32_MAX, 0, 0, 0 };
    for (size_t i = 0; i < runs->count; i++) {
        const svms_run *run = &runs->items[i];
        box.left = run->from < box.left ? run->from : box.left;
        box.right = run->to > box.right ? run->to : box.right;
    }
    if (runs->count == 0) {
        box.left = 0;
        return box;
    }
    box.top = runs->items[0].row;
    box.bottom = runs->items[runs->count - 1].row + 1u;
    return box;
}

uint64_t svms_runs_samples(const svms_runs *runs)
{
    uint64_t samples = 0;
    for (size_t i = 0; i < runs->count; i++) {
        samples += (uint64_t)runs->items[i].to - runs->items[i].from;
    }
    return samples;
}

static svms_status make_room(svms_runs *runs, svms_error *err)
{
    if (runs->count < runs->room) {
        return SVMS_OK;
    }
    size_t room = runs->room == 0 ? 256 : runs->room * 2;
    svms_run *items =
        svms_grow(runs->ctx, runs->items, runs->room * sizeof *items, room * sizeof *items);
    if (!items) {
        return svms_fail_memory(err);
    }
    runs->items = items;
    runs->room = room;
    return SVMS_OK;
}

svms_status svms_runs_add(svms_runs *runs, svms_run run, svms_error *err)
{
    svms_run *last = runs->count > 0 ? &runs->items[runs->count - 1] : NULL;
    if (run.from >= run.to) {
        return SVMS_OK;
    }
    if (last && last->row == run.row && run.from <= last->to) {
        last->to = run.to > last->to ? run.to : last->to;
        return SVMS_OK;
    }
    svms_status status = make_room(runs, err);
    if (status == SVMS_OK) {
        runs->items[runs->count++] = run;
    }
    return status;
}

/* Whether the next run of one comes before that of the other. */
static bool comes_first(const svms_run *one, const svms_run *other)
{
    return one->row != other->row ? one->row < other->row : one->from < other->from;
}

svms_status svms_runs_join(svms_runs *out, const svms_runs *one, const svms_runs *other,
                           svms_error *err)
{
    size_t i = 0;
    size_t k = 0;
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && (i < one->count || k < other->count)) {
        bool first =
            k == other->count || (i < one->count && comes_first(&one->items[i], &other->items[k]));
        status = svms_runs_add(out, first ? one->items[i++] : other->items[k++], err);
    }
    return status;
}

static svms_run halved(svms_run run)
{
    svms_run half = { (uint16_t)(run.row / 2), (uint16_t)(run.from / 2),
                      (uint16_t)((run.to + 1u) / 2) };
    return half;
}

svms_status svms_runs_of_chroma(svms_runs *out, const svms_runs *luma, svms_error *err)
{
    size_t i = 0;
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && i < luma->count) {
        uint16_t row = luma->items[i].row / 2;
        size_t upper = i;
        while (i < luma->count && luma->items[i].row == row * 2) {
            i++;
        }
        size_t lower = i;
        while (i < luma->count && luma->items[i].row == row * 2 + 1) {
            i++;
        }
        size_t upper_end = lower;
        while (status == SVMS_OK && (upper < upper_end || lower < i)) {
            bool first = lower == i ||
                         (upper < upper_end && luma->items[upper].from <= luma->items[lower].from);
            status = svms_runs_add(out, halved(luma->items[first ? upper++ : lower++]), err);
        }
    }
    return status;
}
