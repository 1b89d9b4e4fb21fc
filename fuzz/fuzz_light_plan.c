/* SPDX-License-Identifier: Apache-2.0 */
/* The light planner over several samples of a track. Input: one byte (bit 0: H.265; bit 1: a
 * configuration comes first), then chunks {u16 length, bytes}: the configuration if there is one,
 * then samples whose first byte is the sync flag. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "light_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool is_vcl(uint32_t codec, const svms_nal *nal)
{
    if (codec == SVMS_CODEC_H265) {
        return nal->type < 32;
    }
    return nal->type == 1 || nal->type == 5;
}

static bool is_covered(const svms_range *ranges, size_t count, size_t offset, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].offset <= offset &&
            offset + size <= (size_t)ranges[i].offset + ranges[i].size) {
            return true;
        }
    }
    return false;
}

static void check_ranges(const svms_range *ranges, size_t count, size_t size)
{
    require(count <= SVMS_LIGHT_MAX_RANGES && (count == 0) == (size == 0));
    for (size_t i = 0; i < count; i++) {
        require(ranges[i].size > 0 && ranges[i].offset < size);
        require(ranges[i].size <= size - ranges[i].offset);
        require(i == 0 || ranges[i].offset > ranges[i - 1].offset + ranges[i - 1].size);
    }
}

/* What is left clear must be the tail of a slice, 1,024 bytes after its length field or more. */
static void check_cover(uint32_t codec, const uint8_t *data, size_t size, bool sync,
                        const svms_range *ranges, size_t count)
{
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    if (is_covered(ranges, count, 0, size)) {
        return;
    }
    require(!sync);
    require(svms_nal_begin(&it, codec, SVMS_NAL_LENGTH4, data, size) == SVMS_OK);
    svms_status status;
    while ((status = svms_nal_next(&it, &nal, NULL)) == SVMS_OK) {
        size_t least = nal.framed_size;
        if (is_vcl(codec, &nal) && least > SVMS_LIGHT_NAL_BYTES) {
            least = SVMS_LIGHT_NAL_BYTES;
        }
        require(is_covered(ranges, count, nal.framed_offset, least));
        require(codec != SVMS_CODEC_H264 || nal.type != 5);
        require(codec != SVMS_CODEC_H265 || nal.type < 16 || nal.type > 31);
    }
    require(status == SVMS_END);
}

static void plan_sample(svms_light_planner *planner, uint32_t codec, svms_cursor chunk)
{
    svms_range ranges[SVMS_LIGHT_MAX_RANGES];
    bool sync = (svms_read_u8(&chunk) & 1) != 0;
    size_t size = svms_cursor_left(&chunk);
    const uint8_t *bytes = svms_read_bytes(&chunk, size);
    uint8_t *exact = malloc(size > 0 ? size : 1);
    require(exact != NULL);
    if (bytes) {
        memcpy(exact, bytes, size);
    }
    memset(ranges, 0xFF, sizeof ranges);
    size_t count = svms_light_plan(planner, exact, size, sync, ranges);
    check_ranges(ranges, count, size);
    if (size > 0) {
        check_cover(codec, exact, size, sync, ranges, count);
    }
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    uint8_t choice = svms_read_u8(&cursor);
    svms_ctx *ctx = NULL;
    svms_light_planner *planner = NULL;
    svms_track track = SVMS_TRACK_INIT;
    track.codec = (choice & 1) != 0 ? SVMS_CODEC_H265 : SVMS_CODEC_H264;
    if ((choice & 2) != 0) {
        svms_cursor config = svms_read_sub(&cursor, svms_read_u16(&cursor));
        track.config_size = (uint32_t)svms_cursor_left(&config);
        track.config = svms_read_bytes(&config, track.config_size);
    }
    if (cursor.failed) {
        return 0;
    }
    require(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    require(svms_light_planner_new(&planner, ctx, &track, NULL) == SVMS_OK);
    while (svms_cursor_left(&cursor) > 0) {
        svms_cursor chunk = svms_read_sub(&cursor, svms_read_u16(&cursor));
        if (!cursor.failed) {
            plan_sample(planner, track.codec, chunk);
        }
    }
    svms_light_planner_free(&planner);
    svms_ctx_free(&ctx);
    return 0;
}
