/* SPDX-License-Identifier: Apache-2.0 */
/* Putting covered pixels back: all of a sample is checked before any of the picture is changed. */
#include <string.h>

#include "covered.h"
#include "cursor.h"
#include "failure.h"
#include "picture.h"
#include "runs.h"
#include "zlib_memory.h"

typedef struct covered {
    svms_picture_layout layout;
    uint32_t width;
    uint32_t height;
    uint32_t run_count;
    uint32_t size; /* unpacked */
    const uint8_t *packed;
    size_t packed_size;
} covered;

static svms_status malformed(const char *what, svms_error *err)
{
    return svms_fail(err, SVMS_E_MALFORMED, "covered pixels: %s (V-CUT)", what);
}

static svms_status read_head(covered *out, const void *sample, size_t size, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(sample, size, 0);
    uint8_t version = svms_read_u8(&cursor);
    out->layout = (svms_picture_layout)svms_read_u8(&cursor);
    out->width = svms_read_u16(&cursor);
    out->height = svms_read_u16(&cursor);
    out->run_count = svms_read_u32(&cursor);
    out->size = svms_read_u32(&cursor);
    if (cursor.failed) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, size, "covered pixels end within their head");
    }
    if (version != SVMS_COVERED_VERSION) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "covered pixels have version %u, and this knows %d", version,
                         SVMS_COVERED_VERSION);
    }
    if (out->width == 0 || out->height == 0 || out->width > SVMS_PICTURE_SIZE_MAX ||
        out->height > SVMS_PICTURE_SIZE_MAX ||
        (out->layout != SVMS_PICTURE_I420 && out->layout != SVMS_PICTURE_NV12)) {
        return malformed("no picture has that size or layout", err);
    }
    if (out->run_count > svms_covered_runs_max(out->height) || out->size > SVMS_COVERED_MAX ||
        out->size > (uint64_t)out->run_count * 6 + (uint64_t)out->width * out->height * 3) {
        return svms_fail(err, SVMS_E_LIMIT,
                         "covered pixels have more runs or bytes than a "
                         "picture of their size can have (V-CUT-3)");
    }
    out->packed_size = svms_cursor_left(&cursor);
    out->packed = svms_read_bytes(&cursor, out->packed_size);
    return SVMS_OK;
}

static svms_status unpack(svms_ctx *ctx, const covered *it, uint8_t *bytes, svms_error *err)
{
    z_stream stream = svms_zlib_stream(ctx);
    uint8_t extra = 0;
    if (inflateInit(&stream) != Z_OK) {
        return svms_fail_memory(err);
    }
    /* inflate() takes what it does not change by a pointer to what may change. */
    stream.next_in = (Bytef *)(uintptr_t)it->packed;
    stream.avail_in = (uInt)it->packed_size;
    stream.next_out = it->size > 0 ? bytes : &extra;
    stream.avail_out = it->size > 0 ? it->size : 1;
    int result = inflate(&stream, Z_FINISH);
    uint64_t got = stream.total_out;
    size_t left = stream.avail_in;
    (void)inflateEnd(&stream);
    if (result == Z_MEM_ERROR) {
        return svms_fail_memory(err);
    }
    if (result == Z_BUF_ERROR && got < it->size) {
        return svms_fail(err, SVMS_E_TRUNCATED, "covered pixels end early");
    }
    return result == Z_STREAM_END && got == it->size && left == 0
               ? SVMS_OK
               : malformed("what is packed is damaged, or of another size", err);
}

static svms_status read_runs(svms_runs *out, const covered *it, svms_cursor *cursor,
                             svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; status == SVMS_OK && i < it->run_count; i++) {
        svms_run run = { 0, 0, 0 };
        const svms_run *last = out->count > 0 ? &out->items[out->count - 1] : NULL;
        run.row = svms_read_u16(cursor);
        run.from = svms_read_u16(cursor);
        run.to = svms_read_u16(cursor);
        bool follows =
            !last || run.row > last->row || (run.row == last->row && run.from > last->to);
        if (cursor->failed || !follows || run.from >= run.to || run.to > it->width ||
            run.row >= it->height) {
            return malformed("a run is out of order or out of the picture", err);
        }
        status = svms_runs_add(out, run, err);
    }
    return status;
}

static void put_back(const svms_picture *picture, const svms_runs *luma, const svms_runs *chroma,
                     svms_cursor *cursor)
{
    for (uint32_t p = 0; p < svms_picture_planes(picture); p++) {
        const svms_runs *runs = p == 0 ? luma : chroma;
        svms_plane plane = svms_picture_plane(picture, p);
        for (size_t i = 0; i < runs->count; i++) {
            const svms_run *run = &runs->items[i];
            svms_read_copy(cursor, svms_plane_at(&plane, run->row, run->from),
                           (size_t)(run->to - run->from) * plane.unit);
        }
    }
}

static svms_status lift(svms_ctx *ctx, const svms_picture *picture, const covered *it,
                        const uint8_t *bytes, svms_error *err)
{
    svms_runs luma = { ctx, NULL, 0, 0 };
    svms_runs chroma = { ctx, NULL, 0, 0 };
    svms_cursor cursor = svms_cursor_over(bytes, it->size, 0);
    svms_status status = read_runs(&luma, it, &cursor, err);
    if (status == SVMS_OK) {
        status = svms_runs_of_chroma(&chroma, &luma, err);
    }
    if (status == SVMS_OK &&
        svms_runs_samples(&luma) + 2 * svms_runs_samples(&chroma) != svms_cursor_left(&cursor)) {
        status = malformed("runs and bytes do not fit together", err);
    }
    if (status == SVMS_OK) {
        put_back(picture, &luma, &chroma, &cursor);
    }
    svms_runs_free(&luma);
    svms_runs_free(&chroma);
    return status;
}

static svms_status check_fit(const svms_picture *picture, const covered *it, svms_error *err)
{
    if (picture->width != it->width || picture->height != it->height ||
        picture->layout != it->layout) {
        return svms_fail(err, SVMS_E_STATE,
                         "the covered pixels are of a picture of %u x %u, or of another layout",
                         it->width, it->height);
    }
    return SVMS_OK;
}

svms_status svms_privacy_lift(svms_ctx *ctx, const svms_picture *picture, const void *sample,
                              size_t size, svms_error *err)
{
    svms_picture given;
    covered it = { .size = 0 };
    if (!ctx || !picture || !sample) {
        return svms_fail(err, SVMS_E_USAGE, "ctx, picture and sample must not be NULL");
    }
    svms_status status = svms_picture_read(&given, picture, err);
    if (status == SVMS_OK && size > SVMS_COVERED_MAX) {
        status = svms_fail(err, SVMS_E_LIMIT, "covered pixels have too many bytes (V-CUT-3)");
    }
    if (status == SVMS_OK) {
        status = read_head(&it, sample, size, err);
    }
    if (status == SVMS_OK) {
        status = check_fit(&given, &it, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    uint8_t *bytes = svms_alloc(ctx, (size_t)it.size + 1);
    if (!bytes) {
        return svms_fail_memory(err);
    }
    status = unpack(ctx, &it, bytes, err);
    if (status == SVMS_OK) {
        status = lift(ctx, &given, &it, bytes, err);
    }
    svms_release_secret(ctx, bytes, (size_t)it.size + 1);
    return status;
}
