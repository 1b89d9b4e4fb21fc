/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "failure.h"
#include "options.h"
#include "privacy_internal.h"

#define COORDINATE_MAX 16.0
#define SAMPLE_MAX ((size_t)1 << 30)

static svms_status check_strength(const svms_mask *mask, svms_error *err)
{
    switch (mask->kind) {
    case SVMS_MASK_SOLID:
        return SVMS_OK;
    case SVMS_MASK_PIXELATE:
        return mask->strength >= 2 && mask->strength <= 128 && mask->strength % 2 == 0
                   ? SVMS_OK
                   : svms_fail(err, SVMS_E_USAGE, "blocks have 2 to 128 pixels, even (V-PUT-2)");
    case SVMS_MASK_BLUR:
        return mask->strength >= 1 && mask->strength <= 64
                   ? SVMS_OK
                   : svms_fail(err, SVMS_E_USAGE, "a blur has a radius of 1 to 64 (V-PUT-3)");
    }
    return svms_fail(err, SVMS_E_USAGE, "the kind of a mask is unknown");
}

static svms_status check_mask(const svms_mask *mask, svms_error *err)
{
    if (mask->point_count > SVMS_MASK_POINTS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a mask has %u points at most", SVMS_MASK_POINTS_MAX);
    }
    if (!mask->points || mask->point_count < 3 || mask->reserved != 0) {
        return svms_fail(err, SVMS_E_USAGE, "a mask has 3 points at least (V-AREA-1)");
    }
    for (size_t i = 0; i < mask->point_count; i++) {
        const svms_mask_point *point = &mask->points[i];
        /* Written so that what is no number is refused. */
        if (!(point->x >= -COORDINATE_MAX && point->x <= COORDINATE_MAX &&
              point->y >= -COORDINATE_MAX && point->y <= COORDINATE_MAX)) {
            return svms_fail(err, SVMS_E_USAGE, "point %zu of a mask is out of range (V-AREA-1)",
                             i);
        }
    }
    return check_strength(mask, err);
}

static svms_status copy_masks(svms_privacy *self, const svms_mask *masks, svms_error *err)
{
    svms_mask_point *next = self->points;
    for (size_t i = 0; i < self->count; i++) {
        svms_mask *mask = &self->masks[i].mask;
        svms_status status = check_mask(&masks[i], err);
        if (status != SVMS_OK) {
            return status;
        }
        *mask = masks[i];
        memcpy(next, masks[i].points, mask->point_count * sizeof *next);
        mask->points = next;
        next += mask->point_count;
    }
    return SVMS_OK;
}

static svms_status take_masks(svms_privacy *self, const svms_mask *masks, size_t count,
                              svms_error *err)
{
    if (count == 0) {
        return SVMS_OK;
    }
    self->masks = svms_alloc_array(self->ctx, count, sizeof *self->masks);
    self->points = svms_alloc_array(self->ctx, count * SVMS_MASK_POINTS_MAX, sizeof *self->points);
    if (!self->masks || !self->points) {
        return svms_fail_memory(err);
    }
    self->count = count;
    for (size_t i = 0; i < count; i++) {
        if (masks[i].struct_size != sizeof masks[i]) {
            return svms_fail(err, SVMS_E_USAGE, "a mask has not the size of its struct");
        }
        self->masks[i].luma.ctx = self->ctx;
        self->masks[i].chroma.ctx = self->ctx;
    }
    return copy_masks(self, masks, err);
}

svms_status svms_privacy_new(svms_privacy **out, svms_ctx *ctx, const svms_mask *masks,
                             size_t count, svms_error *err)
{
    if (!out || !ctx || (!masks && count > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "out, ctx and masks must not be NULL");
    }
    *out = NULL;
    if (count > SVMS_MASKS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "there are %u masks at most", SVMS_MASKS_MAX);
    }
    svms_privacy *self = svms_alloc(ctx, sizeof *self);
    if (!self) {
        return svms_fail_memory(err);
    }
    self->ctx = ctx;
    self->luma.ctx = ctx;
    self->chroma.ctx = ctx;
    self->room.ctx = ctx;
    self->sample = svms_builder_new(ctx, SAMPLE_MAX);
    svms_status status = take_masks(self, masks, count, err);
    if (status != SVMS_OK) {
        svms_privacy_free(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

static void forget(svms_privacy *self)
{
    for (size_t i = 0; i < self->count; i++) {
        svms_runs_free(&self->masks[i].luma);
        svms_runs_free(&self->masks[i].chroma);
    }
    svms_runs_free(&self->luma);
    svms_runs_free(&self->chroma);
    self->width = 0;
    self->height = 0;
}

void svms_privacy_free(svms_privacy **privacy)
{
    if (!privacy || !*privacy) {
        return;
    }
    svms_privacy *self = *privacy;
    *privacy = NULL;
    forget(self);
    svms_cover_room_free(&self->room);
    svms_builder_clear(&self->sample);
    svms_release(self->ctx, self->points);
    svms_release(self->ctx, self->masks);
    svms_release(self->ctx, self);
}

static svms_status prepare_mask(svms_privacy *self, svms_privacy_mask *mask, uint32_t width,
                                uint32_t height, svms_error *err)
{
    svms_runs joined = { self->ctx, NULL, 0, 0 };
    svms_status status = svms_runs_of_polygon(&mask->luma, self->ctx, mask->mask.points,
                                              mask->mask.point_count, width, height, err);
    if (status == SVMS_OK) {
        status = svms_runs_of_chroma(&mask->chroma, &mask->luma, err);
    }
    if (status == SVMS_OK) {
        status = svms_runs_join(&joined, &self->luma, &mask->luma, err);
    }
    if (status != SVMS_OK) {
        svms_runs_free(&joined);
        return status;
    }
    svms_runs_free(&self->luma);
    self->luma = joined;
    return SVMS_OK;
}

svms_status svms_privacy_prepare(svms_privacy *privacy, uint32_t width, uint32_t height,
                                 svms_error *err)
{
    svms_status status = SVMS_OK;
    if (privacy->width == width && privacy->height == height) {
        return SVMS_OK;
    }
    forget(privacy);
    for (size_t i = 0; status == SVMS_OK && i < privacy->count; i++) {
        status = prepare_mask(privacy, &privacy->masks[i], width, height, err);
    }
    if (status == SVMS_OK) {
        status = svms_runs_of_chroma(&privacy->chroma, &privacy->luma, err);
    }
    if (status != SVMS_OK) {
        forget(privacy);
        return status;
    }
    privacy->width = width;
    privacy->height = height;
    return SVMS_OK;
}

static void put_solid(const svms_privacy_mask *it, const svms_plane *plane, uint32_t index)
{
    const svms_mask *mask = &it->mask;
    const uint8_t luma[2] = { mask->luma, 0 };
    const uint8_t chroma[2] = { index == 2 ? mask->chroma_v : mask->chroma_u, mask->chroma_v };
    svms_cover_solid(plane, index == 0 ? &it->luma : &it->chroma, index == 0 ? luma : chroma);
}

static svms_status put(svms_privacy *self, const svms_privacy_mask *it, const svms_plane *plane,
                       uint32_t index, svms_error *err)
{
    const svms_runs *runs = index == 0 ? &it->luma : &it->chroma;
    uint32_t strength = index == 0 ? it->mask.strength : it->mask.strength / 2;
    if (it->mask.kind == SVMS_MASK_PIXELATE) {
        return svms_cover_pixelate(plane, runs, strength, &self->room, err);
    }
    return svms_cover_blur(plane, runs, strength == 0 ? 1 : strength, &self->room, err);
}

/* V-PUT-4. */
static svms_status cover_plane(svms_privacy *self, const svms_picture *picture, uint32_t index,
                               svms_error *err)
{
    svms_plane plane = svms_picture_plane(picture, index);
    svms_status status = SVMS_OK;
    bool others = false;
    for (size_t i = 0; i < self->count; i++) {
        if (self->masks[i].mask.kind == SVMS_MASK_SOLID) {
            put_solid(&self->masks[i], &plane, index);
        }
    }
    for (size_t i = 0; status == SVMS_OK && i < self->count; i++) {
        if (self->masks[i].mask.kind != SVMS_MASK_SOLID) {
            status = put(self, &self->masks[i], &plane, index, err);
            others = true;
        }
    }
    for (size_t i = 0; others && i < self->count; i++) {
        if (self->masks[i].mask.kind == SVMS_MASK_SOLID) {
            put_solid(&self->masks[i], &plane, index);
        }
    }
    return status;
}

svms_status svms_privacy_apply(svms_privacy *privacy, const svms_picture *picture, svms_error *err)
{
    svms_picture given;
    if (!privacy || !picture) {
        return svms_fail(err, SVMS_E_USAGE, "privacy and picture must not be NULL");
    }
    svms_status status = svms_picture_read(&given, picture, err);
    if (status == SVMS_OK) {
        status = svms_privacy_prepare(privacy, given.width, given.height, err);
    }
    for (uint32_t i = 0; status == SVMS_OK && i < svms_picture_planes(&given); i++) {
        status = cover_plane(privacy, &given, i, err);
    }
    return status;
}
