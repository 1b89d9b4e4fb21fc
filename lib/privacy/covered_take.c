/* SPDX-License-Identifier: Apache-2.0 */
/* Covered pixels as a sample (V-CUT). */
#include <string.h>

#include "covered.h"
#include "failure.h"
#include "privacy_internal.h"
#include "zlib_memory.h"

static void put_samples(svms_builder *out, const svms_plane *plane, const svms_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++) {
        const svms_run *run = &runs->items[i];
        svms_put_bytes(out, svms_plane_at(plane, run->row, run->from),
                       (size_t)(run->to - run->from) * plane->unit);
    }
}

static void put_runs(svms_builder *out, const svms_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++) {
        svms_put_u16(out, runs->items[i].row);
        svms_put_u16(out, runs->items[i].from);
        svms_put_u16(out, runs->items[i].to);
    }
}

static svms_status unpacked(svms_builder *out, const svms_privacy *privacy,
                            const svms_picture *picture, svms_error *err)
{
    put_runs(out, &privacy->luma);
    for (uint32_t i = 0; i < svms_picture_planes(picture); i++) {
        svms_plane plane = svms_picture_plane(picture, i);
        put_samples(out, &plane, i == 0 ? &privacy->luma : &privacy->chroma);
    }
    return svms_builder_check(out, "covered pixels", err);
}

static svms_status pack(svms_builder *out, const svms_builder *bytes, svms_error *err)
{
    z_stream stream = svms_zlib_stream(out->ctx);
    uint8_t block[16384];
    if (deflateInit(&stream, Z_BEST_SPEED) != Z_OK) {
        return svms_fail_memory(err);
    }
    /* deflate() takes what it does not change by a pointer to what may change. */
    stream.next_in = bytes->data;
    stream.avail_in = (uInt)bytes->size;
    int result = Z_OK;
    while (result == Z_OK) {
        stream.next_out = block;
        stream.avail_out = sizeof block;
        result = deflate(&stream, Z_FINISH);
        svms_put_bytes(out, block, sizeof block - stream.avail_out);
    }
    (void)deflateEnd(&stream);
    svms_wipe(block, sizeof block);
    return result == Z_STREAM_END
               ? svms_builder_check(out, "covered pixels", err)
               : svms_fail(err, SVMS_E_INTERNAL, "covered pixels cannot be packed");
}

static svms_status write_sample(svms_privacy *privacy, const svms_picture *picture,
                                svms_builder *bytes, svms_error *err)
{
    svms_builder *out = &privacy->sample;
    svms_status status = unpacked(bytes, privacy, picture, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_put_u8(out, SVMS_COVERED_VERSION);
    svms_put_u8(out, (uint8_t)picture->layout);
    svms_put_u16(out, (uint16_t)picture->width);
    svms_put_u16(out, (uint16_t)picture->height);
    svms_put_u32(out, (uint32_t)privacy->luma.count);
    svms_put_u32(out, (uint32_t)bytes->size);
    return pack(out, bytes, err);
}

svms_status svms_privacy_take(svms_privacy *privacy, const svms_picture *picture,
                              const uint8_t **sample, size_t *size, svms_error *err)
{
    svms_picture given;
    if (!privacy || !picture || !sample || !size) {
        return svms_fail(err, SVMS_E_USAGE, "privacy, picture, sample and size must not be NULL");
    }
    svms_status status = svms_picture_read(&given, picture, err);
    if (status == SVMS_OK) {
        status = svms_privacy_prepare(privacy, given.width, given.height, err);
    }
    if (status == SVMS_OK && privacy->luma.count > svms_covered_runs_max(given.height)) {
        status = svms_fail(err, SVMS_E_LIMIT,
                           "masks cover a picture in more runs than a sample "
                           "has (V-CUT-3)");
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder bytes = svms_builder_new(privacy->ctx, SVMS_COVERED_MAX);
    svms_builder_reset(&privacy->sample);
    status = write_sample(privacy, &given, &bytes, err);
    svms_builder_clear(&bytes);
    if (status == SVMS_OK) {
        *sample = privacy->sample.data;
        *size = privacy->sample.size;
    }
    return status;
}
