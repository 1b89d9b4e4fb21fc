/* SPDX-License-Identifier: Apache-2.0 */
/* What masks cover and what they put there, compared with a plain reading of the rules, pixel by
 * pixel. */
#include "../base/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include <svms/privacy.h>

#include "../base/failing_allocator.h"

typedef struct frame {
    svms_picture picture;
    uint8_t *bytes;
    size_t size;
} frame;

static uint32_t state_of_random = 1;

static uint32_t random_number(uint32_t below)
{
    state_of_random = state_of_random * 1664525u + 1013904223u;
    return (state_of_random >> 8) % below;
}

static double random_part(void)
{
    return (double)random_number(1 << 20) / (1 << 20) * 1.6 - 0.3;
}

static uint32_t half(uint32_t size)
{
    return (size + 1) / 2;
}

/* Rows have some bytes more than they need, which nobody may touch. */
static frame make_frame(svms_picture_layout layout, uint32_t width, uint32_t height)
{
    frame it = { SVMS_PICTURE_INIT, NULL, 0 };
    uint32_t pair = layout == SVMS_PICTURE_NV12 ? 2 : 1;
    size_t luma = (size_t)(width + 5) * height;
    size_t stride = (size_t)half(width) * pair + 3;
    size_t chroma = stride * half(height);
    it.size = luma + chroma * (pair == 2 ? 1 : 2);
    it.bytes = test_malloc(it.size);
    for (size_t i = 0; i < it.size; i++) {
        it.bytes[i] = (uint8_t)random_number(256);
    }
    it.picture.layout = layout;
    it.picture.width = width;
    it.picture.height = height;
    it.picture.planes[0] = it.bytes;
    it.picture.strides[0] = width + 5;
    it.picture.planes[1] = it.bytes + luma;
    it.picture.strides[1] = stride;
    it.picture.planes[2] = pair == 2 ? NULL : it.bytes + luma + chroma;
    it.picture.strides[2] = pair == 2 ? 0 : stride;
    return it;
}

static frame copy_frame(const frame *other)
{
    frame it = *other;
    it.bytes = test_malloc(it.size);
    memcpy(it.bytes, other->bytes, it.size);
    for (size_t p = 0; p < 3; p++) {
        if (other->picture.planes[p]) {
            it.picture.planes[p] = it.bytes + (other->picture.planes[p] - other->bytes);
        }
    }
    return it;
}

static void free_frame(frame *it)
{
    test_free(it->bytes);
}

/* Component 0: luma, 1: U, 2: V. */
static uint8_t *sample_at(const frame *it, int component, uint32_t row, uint32_t column)
{
    const svms_picture *picture = &it->picture;
    if (component == 0) {
        return picture->planes[0] + row * picture->strides[0] + column;
    }
    if (picture->layout == SVMS_PICTURE_NV12) {
        return picture->planes[1] + row * picture->strides[1] + 2 * (size_t)column +
               (component - 1);
    }
    return picture->planes[component] + row * picture->strides[component] + column;
}

/* Plain geometry ------------------------------------------------------------------------------ */

/* Whether a line from a to b has a point in the square of a pixel (Liang and Barsky). */
static bool touches(svms_mask_point a, svms_mask_point b, double left, double top)
{
    double p[4] = { a.x - b.x, b.x - a.x, a.y - b.y, b.y - a.y };
    double q[4] = { a.x - left, left + 1 - a.x, a.y - top, top + 1 - a.y };
    double from = 0;
    double to = 1;
    for (int i = 0; i < 4; i++) {
        if (p[i] == 0) {
            if (q[i] < 0) {
                return false;
            }
            continue;
        }
        double at = q[i] / p[i];
        if (p[i] < 0 && at > from) {
            from = at;
        } else if (p[i] > 0 && at < to) {
            to = at;
        }
    }
    return from <= to;
}

static int winding(const svms_mask_point *points, size_t count, double x, double y)
{
    int turns = 0;
    for (size_t i = 0; i < count; i++) {
        svms_mask_point a = points[i];
        svms_mask_point b = points[(i + 1) % count];
        double side = (b.x - a.x) * (y - a.y) - (x - a.x) * (b.y - a.y);
        if (a.y <= y && b.y > y && side > 0) {
            turns++;
        } else if (a.y > y && b.y <= y && side < 0) {
            turns--;
        }
    }
    return turns;
}

static bool covers(const svms_mask *mask, const svms_picture *picture, uint32_t row,
                   uint32_t column)
{
    svms_mask_point scaled[SVMS_MASK_POINTS_MAX];
    for (size_t i = 0; i < mask->point_count; i++) {
        scaled[i].x = mask->points[i].x * picture->width;
        scaled[i].y = mask->points[i].y * picture->height;
    }
    if (winding(scaled, mask->point_count, column + 0.5, row + 0.5) != 0) {
        return true;
    }
    for (size_t i = 0; i < mask->point_count; i++) {
        if (touches(scaled[i], scaled[(i + 1) % mask->point_count], column, row)) {
            return true;
        }
    }
    return false;
}

static bool covers_chroma(const svms_mask *mask, const svms_picture *picture, uint32_t row,
                          uint32_t column)
{
    for (uint32_t y = 2 * row; y < 2 * row + 2 && y < picture->height; y++) {
        for (uint32_t x = 2 * column; x < 2 * column + 2 && x < picture->width; x++) {
            if (covers(mask, picture, y, x)) {
                return true;
            }
        }
    }
    return false;
}

/* Plain masks --------------------------------------------------------------------------------- */

static uint32_t clamp(int64_t value, uint32_t size)
{
    return value < 0 ? 0 : (value >= size ? size - 1 : (uint32_t)value);
}

static uint8_t plain_blur(const frame *from, int component, uint32_t width, uint32_t height,
                          uint32_t row, uint32_t column, int32_t radius)
{
    uint32_t sum = 0;
    uint32_t count = 0;
    for (int32_t y = -radius; y <= radius; y++) {
        for (int32_t x = -radius; x <= radius; x++) {
            sum += *sample_at(from, component, clamp((int64_t)row + y, height),
                              clamp((int64_t)column + x, width));
            count++;
        }
    }
    return (uint8_t)((sum + count / 2) / count);
}

static uint8_t plain_pixel(const frame *from, int component, uint32_t width, uint32_t height,
                           uint32_t row, uint32_t column, uint32_t block)
{
    uint32_t sum = 0;
    uint32_t count = 0;
    for (uint32_t y = row / block * block; y < height && y < row / block * block + block; y++) {
        for (uint32_t x = column / block * block; x < width && x < column / block * block + block;
             x++) {
            sum += *sample_at(from, component, y, x);
            count++;
        }
    }
    return (uint8_t)((sum + count / 2) / count);
}

static uint8_t plain(const svms_mask *mask, const frame *from, int component, uint32_t width,
                     uint32_t height, uint32_t row, uint32_t column)
{
    const uint8_t colour[3] = { mask->luma, mask->chroma_u, mask->chroma_v };
    uint32_t strength = component == 0 ? mask->strength : mask->strength / 2;
    switch (mask->kind) {
    case SVMS_MASK_SOLID:
        return colour[component];
    case SVMS_MASK_PIXELATE:
        return plain_pixel(from, component, width, height, row, column, strength);
    case SVMS_MASK_BLUR:
        return plain_blur(from, component, width, height, row, column,
                          strength == 0 ? 1 : (int32_t)strength);
    }
    return 0;
}

static void put_plainly(const svms_mask *mask, frame *it)
{
    frame from = copy_frame(it);
    for (int component = 0; component < 3; component++) {
        uint32_t width = component ? half(it->picture.width) : it->picture.width;
        uint32_t height = component ? half(it->picture.height) : it->picture.height;
        for (uint32_t row = 0; row < height; row++) {
            for (uint32_t column = 0; column < width; column++) {
                if (component ? covers_chroma(mask, &it->picture, row, column)
                              : covers(mask, &it->picture, row, column)) {
                    *sample_at(it, component, row, column) =
                        plain(mask, &from, component, width, height, row, column);
                }
            }
        }
    }
    free_frame(&from);
}

static void put_all_plainly(const svms_mask *masks, size_t count, frame *it)
{
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < count; i++) {
            if ((masks[i].kind == SVMS_MASK_SOLID) == (pass != 1)) {
                put_plainly(&masks[i], it);
            }
        }
    }
}

/* Tests --------------------------------------------------------------------------------------- */

static svms_mask random_mask(svms_mask_point *points)
{
    svms_mask mask = SVMS_MASK_INIT;
    mask.kind = (svms_mask_kind)(1 + random_number(3));
    mask.strength =
        mask.kind == SVMS_MASK_PIXELATE ? 2 * (1 + random_number(12)) : 1 + random_number(9);
    mask.luma = (uint8_t)random_number(256);
    mask.chroma_u = (uint8_t)random_number(256);
    mask.chroma_v = (uint8_t)random_number(256);
    mask.point_count = 3 + random_number(6);
    for (size_t i = 0; i < mask.point_count; i++) {
        points[i].x = random_part();
        points[i].y = random_part();
    }
    mask.points = points;
    return mask;
}

static void compare(const svms_mask *masks, size_t count, svms_picture_layout layout,
                    uint32_t width, uint32_t height)
{
    svms_ctx *ctx = NULL;
    svms_privacy *privacy = NULL;
    frame fast = make_frame(layout, width, height);
    frame slow = copy_frame(&fast);
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_privacy_new(&privacy, ctx, masks, count, NULL), SVMS_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(svms_privacy_apply(privacy, &fast.picture, NULL), SVMS_OK);
        put_all_plainly(masks, count, &slow);
        assert_memory_equal(fast.bytes, slow.bytes, fast.size);
    }
    svms_privacy_free(&privacy);
    svms_ctx_free(&ctx);
    free_frame(&fast);
    free_frame(&slow);
}

static void random_masks_are_put_as_the_rules_say(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = { { 1, 1 },  { 2, 2 },  { 3, 5 },   { 16, 9 },
                                         { 33, 1 }, { 1, 40 }, { 64, 48 }, { 47, 31 } };
    svms_mask_point points[4][16];
    for (size_t round = 0; round < 160; round++) {
        svms_mask masks[4];
        size_t count = 1 + random_number(4);
        for (size_t i = 0; i < count; i++) {
            masks[i] = random_mask(points[i]);
        }
        compare(masks, count, round % 2 ? SVMS_PICTURE_NV12 : SVMS_PICTURE_I420,
                sizes[round % 8][0], sizes[round % 8][1]);
    }
}

static void strong_masks_are_put_as_the_rules_say(void **state)
{
    (void)state;
    static const svms_mask_point points[] = { { 0.1, 0.2 }, { 0.9, 0.1 }, { 0.5, 1.2 } };
    static const struct {
        svms_mask_kind kind;
        uint32_t strength;
    } cases[] = { { SVMS_MASK_BLUR, 64 }, { SVMS_MASK_PIXELATE, 128 }, { SVMS_MASK_BLUR, 31 } };
    for (size_t i = 0; i < 3; i++) {
        svms_mask mask = SVMS_MASK_INIT;
        mask.kind = cases[i].kind;
        mask.strength = cases[i].strength;
        mask.points = points;
        mask.point_count = 3;
        compare(&mask, 1, SVMS_PICTURE_NV12, 61, 39);
    }
}

/* Extreme samples, so that every rounding of a mean is met. */
static void means_are_exact_for_every_radius(void **state)
{
    (void)state;
    static const svms_mask_point all[] = { { 0, 0 }, { 1, 0 }, { 1, 1 }, { 0, 1 } };
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    for (uint32_t radius = 1; radius <= 64; radius++) {
        svms_mask mask = SVMS_MASK_INIT;
        svms_privacy *privacy = NULL;
        frame it = make_frame(SVMS_PICTURE_I420, 9, 9);
        mask.kind = SVMS_MASK_BLUR;
        mask.strength = radius;
        mask.points = all;
        mask.point_count = 4;
        memset(it.bytes, 255, it.size);
        assert_int_equal(svms_privacy_new(&privacy, ctx, &mask, 1, NULL), SVMS_OK);
        assert_int_equal(svms_privacy_apply(privacy, &it.picture, NULL), SVMS_OK);
        for (size_t i = 0; i < it.size; i++) {
            assert_int_equal(it.bytes[i], 255);
        }
        svms_privacy_free(&privacy);
        free_frame(&it);
    }
    svms_ctx_free(&ctx);
}

/* Whatever was under it, beside blurs and blocks that reach beneath it: the pictures are the same
 * afterwards. */
static void a_solid_mask_leaves_nothing(void **state)
{
    (void)state;
    static const svms_mask_point secret[] = { { 0.3, 0.3 }, { 0.7, 0.25 }, { 0.6, 0.8 } };
    static const svms_mask_point beside[] = {
        { 0.1, 0.1 }, { 0.9, 0.1 }, { 0.9, 0.9 }, { 0.1, 0.9 }
    };
    svms_mask masks[3] = { SVMS_MASK_INIT, SVMS_MASK_INIT, SVMS_MASK_INIT };
    svms_ctx *ctx = NULL;
    svms_privacy *privacy = NULL;
    masks[0].kind = SVMS_MASK_BLUR;
    masks[0].strength = 9;
    masks[1].points = secret;
    masks[1].point_count = 3;
    masks[2].kind = SVMS_MASK_PIXELATE;
    masks[2].strength = 12;
    masks[0].points = masks[2].points = beside;
    masks[0].point_count = masks[2].point_count = 4;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_privacy_new(&privacy, ctx, masks, 3, NULL), SVMS_OK);
    frame one = make_frame(SVMS_PICTURE_I420, 75, 61);
    frame other = copy_frame(&one);
    for (int component = 0; component < 3; component++) {
        for (uint32_t row = 0; row < (component ? 31u : 61u); row++) {
            for (uint32_t column = 0; column < (component ? 38u : 75u); column++) {
                if (component ? covers_chroma(&masks[1], &one.picture, row, column)
                              : covers(&masks[1], &one.picture, row, column)) {
                    *sample_at(&other, component, row, column) ^= 0xFF;
                }
            }
        }
    }
    assert_memory_not_equal(one.bytes, other.bytes, one.size);
    assert_int_equal(svms_privacy_apply(privacy, &one.picture, NULL), SVMS_OK);
    assert_int_equal(svms_privacy_apply(privacy, &other.picture, NULL), SVMS_OK);
    assert_memory_equal(one.bytes, other.bytes, one.size);
    svms_privacy_free(&privacy);
    svms_ctx_free(&ctx);
    free_frame(&one);
    free_frame(&other);
}

static void a_polygon_may_be_a_line_or_a_point(void **state)
{
    (void)state;
    static const svms_mask_point point[] = { { 0.5, 0.5 }, { 0.5, 0.5 }, { 0.5, 0.5 } };
    static const svms_mask_point line[] = { { 0, 0.26 }, { 1, 0.26 }, { 0.5, 0.26 } };
    static const svms_mask_point far[] = { { 2, 2 }, { 3, 2 }, { 3, 3 } };
    static const svms_mask_point around[] = { { -16, -16 }, { 16, -16 }, { 16, 16 }, { -16, 16 } };
    svms_mask mask = SVMS_MASK_INIT;
    const struct {
        const svms_mask_point *points;
        size_t count;
    } cases[] = { { point, 3 }, { line, 3 }, { far, 3 }, { around, 4 } };
    for (size_t i = 0; i < 4; i++) {
        mask.points = cases[i].points;
        mask.point_count = cases[i].count;
        compare(&mask, 1, SVMS_PICTURE_I420, 10, 10);
    }
}

static void no_masks_change_nothing(void **state)
{
    (void)state;
    compare(NULL, 0, SVMS_PICTURE_NV12, 8, 8);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const svms_mask_point points[] = { { 0, 0 }, { 1, 0 }, { 1, 1 } };
    svms_mask_point bad_points[3] = { { 0, 0 }, { 1, 0 }, { 17, 1 } };
    svms_ctx *ctx = NULL;
    svms_privacy *privacy = NULL;
    svms_mask good = SVMS_MASK_INIT;
    good.points = points;
    good.point_count = 3;
    svms_mask bad[11];
    for (size_t i = 0; i < 11; i++) {
        bad[i] = good;
    }
    bad[0].point_count = 2;
    bad[1].points = NULL;
    bad[2].kind = (svms_mask_kind)4;
    bad[3].kind = SVMS_MASK_PIXELATE;
    bad[3].strength = 3;
    bad[4].kind = SVMS_MASK_PIXELATE;
    bad[4].strength = 130;
    bad[5].kind = SVMS_MASK_BLUR;
    bad[6].kind = SVMS_MASK_BLUR;
    bad[6].strength = 65;
    bad[7].points = bad_points;
    bad[8].reserved = 1;
    bad[9].struct_size--;
    bad[10].point_count = SVMS_MASK_POINTS_MAX + 1;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    for (size_t i = 0; i < 11; i++) {
        assert_int_equal(svms_privacy_new(&privacy, ctx, &bad[i], 1, NULL),
                         i == 10 ? SVMS_E_LIMIT : SVMS_E_USAGE);
        assert_null(privacy);
    }
    bad_points[2].x = 0.0 / (bad_points[0].x + 0.0);
    assert_int_equal(svms_privacy_new(&privacy, ctx, &bad[7], 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_privacy_new(&privacy, ctx, &good, SVMS_MASKS_MAX + 1, NULL),
                     SVMS_E_LIMIT);
    assert_int_equal(svms_privacy_new(&privacy, ctx, &good, 1, NULL), SVMS_OK);
    frame it = make_frame(SVMS_PICTURE_I420, 8, 8);
    for (int i = 0; i < 6; i++) {
        svms_picture picture = it.picture;
        picture.layout = i == 0 ? (svms_picture_layout)3 : picture.layout;
        picture.width = i == 1 ? 0 : picture.width;
        picture.height = i == 2 ? SVMS_PICTURE_SIZE_MAX + 1 : picture.height;
        picture.planes[2] = i == 3 ? NULL : picture.planes[2];
        picture.strides[0] = i == 4 ? 7 : picture.strides[0];
        picture.strides[1] = i == 5 ? 3 : picture.strides[1];
        assert_int_equal(svms_privacy_apply(privacy, &picture, NULL), SVMS_E_USAGE);
    }
    assert_int_equal(svms_privacy_apply(NULL, &it.picture, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_privacy_apply(privacy, NULL, NULL), SVMS_E_USAGE);
    free_frame(&it);
    svms_privacy_free(&privacy);
    svms_privacy_free(&privacy);
    svms_privacy_free(NULL);
    svms_ctx_free(&ctx);
}

/* Covered pixels ------------------------------------------------------------------------------ */

static void what_was_covered_is_lifted_to_the_bit(void **state)
{
    (void)state;
    svms_mask_point points[4][16];
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    for (size_t round = 0; round < 60; round++) {
        svms_mask masks[4];
        svms_privacy *privacy = NULL;
        const uint8_t *sample = NULL;
        size_t size = 0;
        for (size_t i = 0; i < 4; i++) {
            masks[i] = random_mask(points[i]);
            masks[i].kind = SVMS_MASK_SOLID;
        }
        frame it = make_frame(round % 2 ? SVMS_PICTURE_NV12 : SVMS_PICTURE_I420,
                              1 + random_number(90), 1 + random_number(60));
        frame before = copy_frame(&it);
        assert_int_equal(svms_privacy_new(&privacy, ctx, masks, 1 + round % 4, NULL), SVMS_OK);
        assert_int_equal(svms_privacy_take(privacy, &it.picture, &sample, &size, NULL), SVMS_OK);
        assert_memory_equal(it.bytes, before.bytes, it.size);
        assert_int_equal(svms_privacy_apply(privacy, &it.picture, NULL), SVMS_OK);
        assert_int_equal(svms_privacy_lift(ctx, &it.picture, sample, size, NULL), SVMS_OK);
        assert_memory_equal(it.bytes, before.bytes, it.size);
        svms_privacy_free(&privacy);
        free_frame(&it);
        free_frame(&before);
    }
    svms_ctx_free(&ctx);
}

/* Nothing of a picture changes unless all of the sample is good. */
static void a_damaged_sample_changes_nothing(void **state)
{
    (void)state;
    static const svms_mask_point points[] = { { 0.1, 0.1 }, { 0.9, 0.2 }, { 0.4, 0.9 } };
    svms_ctx *ctx = NULL;
    svms_privacy *privacy = NULL;
    const uint8_t *sample = NULL;
    size_t size = 0;
    svms_mask mask = SVMS_MASK_INIT;
    mask.points = points;
    mask.point_count = 3;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_privacy_new(&privacy, ctx, &mask, 1, NULL), SVMS_OK);
    frame it = make_frame(SVMS_PICTURE_I420, 30, 22);
    assert_int_equal(svms_privacy_take(privacy, &it.picture, &sample, &size, NULL), SVMS_OK);
    uint8_t *damaged = test_malloc(size + 1);
    memset(it.bytes, 7, it.size);
    frame before = copy_frame(&it);
    for (size_t cut = 0; cut < size; cut++) {
        svms_status status = svms_privacy_lift(ctx, &it.picture, sample, cut, NULL);
        assert_true(status == SVMS_E_TRUNCATED || status == SVMS_E_MALFORMED);
        assert_memory_equal(it.bytes, before.bytes, it.size);
    }
    for (size_t at = 0; at < size; at++) {
        memcpy(damaged, sample, size);
        damaged[at] ^= 0x41;
        assert_int_not_equal(svms_privacy_lift(ctx, &it.picture, damaged, size, NULL), SVMS_OK);
        assert_memory_equal(it.bytes, before.bytes, it.size);
    }
    memcpy(damaged, sample, size);
    damaged[size] = 0;
    assert_int_equal(svms_privacy_lift(ctx, &it.picture, damaged, size + 1, NULL),
                     SVMS_E_MALFORMED);
    frame other = make_frame(SVMS_PICTURE_I420, 30, 23);
    assert_int_equal(svms_privacy_lift(ctx, &other.picture, sample, size, NULL), SVMS_E_STATE);
    frame interleaved = make_frame(SVMS_PICTURE_NV12, 30, 22);
    assert_int_equal(svms_privacy_lift(ctx, &interleaved.picture, sample, size, NULL),
                     SVMS_E_STATE);
    test_free(damaged);
    free_frame(&interleaved);
    free_frame(&other);
    free_frame(&it);
    free_frame(&before);
    svms_privacy_free(&privacy);
    svms_ctx_free(&ctx);
}

static svms_status cover_and_lift(svms_ctx *ctx, svms_error *err)
{
    static const svms_mask_point points[] = { { 0.1, 0.1 }, { 0.9, 0.2 }, { 0.4, 0.9 } };
    static uint8_t bytes[64 * 64 * 3];
    svms_mask masks[3] = { SVMS_MASK_INIT, SVMS_MASK_INIT, SVMS_MASK_INIT };
    svms_picture picture = SVMS_PICTURE_INIT;
    svms_privacy *privacy = NULL;
    const uint8_t *sample = NULL;
    size_t size = 0;
    masks[1].kind = SVMS_MASK_BLUR;
    masks[2].kind = SVMS_MASK_PIXELATE;
    masks[1].strength = masks[2].strength = 8;
    for (size_t i = 0; i < 3; i++) {
        masks[i].points = points;
        masks[i].point_count = 3;
        picture.planes[i] = bytes + i * 4096;
        picture.strides[i] = 64;
    }
    picture.width = picture.height = 64;
    svms_status status = svms_privacy_new(&privacy, ctx, masks, 3, err);
    if (status == SVMS_OK) {
        status = svms_privacy_take(privacy, &picture, &sample, &size, err);
    }
    if (status == SVMS_OK) {
        status = svms_privacy_apply(privacy, &picture, err);
    }
    if (status == SVMS_OK) {
        status = svms_privacy_lift(ctx, &picture, sample, size, err);
    }
    svms_privacy_free(&privacy);
    return status;
}

static void a_failing_allocation_is_told_and_loses_nothing(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(cover_and_lift);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_masks_are_put_as_the_rules_say),
        cmocka_unit_test(strong_masks_are_put_as_the_rules_say),
        cmocka_unit_test(means_are_exact_for_every_radius),
        cmocka_unit_test(a_solid_mask_leaves_nothing),
        cmocka_unit_test(a_polygon_may_be_a_line_or_a_point),
        cmocka_unit_test(no_masks_change_nothing),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(what_was_covered_is_lifted_to_the_bit),
        cmocka_unit_test(a_damaged_sample_changes_nothing),
        cmocka_unit_test(a_failing_allocation_is_told_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
