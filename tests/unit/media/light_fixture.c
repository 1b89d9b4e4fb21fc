/* SPDX-License-Identifier: Apache-2.0 */
#include "light_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void open_planner(fixture *f, uint32_t codec, const uint8_t *config, size_t size)
{
    svms_track track = SVMS_TRACK_INIT;
    memset(f, 0, sizeof *f);
    track.codec = codec;
    track.config = config;
    track.config_size = (uint32_t)size;
    f->sample = new_sample();
    assert_int_equal(svms_ctx_new(&f->ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_light_planner_new(&f->planner, f->ctx, &track, NULL), SVMS_OK);
}

void close_planner(fixture *f)
{
    svms_light_planner_free(&f->planner);
    assert_null(f->planner);
    svms_ctx_free(&f->ctx);
    free_sample(&f->sample);
}

bool plan_is_whole(fixture *f, bool sync)
{
    size_t size = f->sample.size;
    uint8_t *exact = malloc(size > 0 ? size : 1);
    assert_non_null(exact);
    memcpy(exact, f->sample.data, size);
    f->count = svms_light_plan(f->planner, exact, size, sync, f->ranges);
    free(exact);
    assert_int_equal(f->count == 0, size == 0);
    assert_true(f->count <= SVMS_LIGHT_MAX_RANGES);
    for (size_t i = 0; i < f->count; i++) {
        assert_true(f->ranges[i].size > 0);
        assert_true((uint64_t)f->ranges[i].offset + f->ranges[i].size <= size);
        if (i > 0) {
            assert_true(f->ranges[i].offset > f->ranges[i - 1].offset + f->ranges[i - 1].size);
        }
    }
    f->sample.size = 0;
    return f->count == 1 && f->ranges[0].offset == 0 && f->ranges[0].size == size;
}

bool covers(const fixture *f, size_t offset, size_t size)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->ranges[i].offset <= offset &&
            offset + size <= (size_t)f->ranges[i].offset + f->ranges[i].size) {
            return true;
        }
    }
    return false;
}

void begin_h264(fixture *f, h264_options options)
{
    open_planner(f, SVMS_CODEC_H264, NULL, 0);
    append_h264_sps(&f->sample, options);
    append_h264_pps(&f->sample, options);
    append_h264_slice(&f->sample, 5, I_SLICE, options, 0, BIG);
    assert_true(plan_is_whole(f, true));
}

void begin_h265(fixture *f, h265_options options)
{
    open_planner(f, SVMS_CODEC_H265, NULL, 0);
    append_h265_sps(&f->sample, options);
    append_h265_pps(&f->sample, options);
    append_h265_slice(&f->sample, 19, H265_I_SLICE, 0, options, BIG);
    assert_true(plan_is_whole(f, true));
}
