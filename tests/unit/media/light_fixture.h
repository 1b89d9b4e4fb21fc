/* SPDX-License-Identifier: Apache-2.0 */
/* A planner, and a sample to be planned. */
#ifndef SVMS_TEST_LIGHT_FIXTURE_H
#define SVMS_TEST_LIGHT_FIXTURE_H

#include "light_plan.h"
#include "samples.h"

enum { BIG = 3000 }; /* bytes of a NAL unit that can have a clear tail */

typedef struct {
    svms_ctx *ctx;
    svms_light_planner *planner;
    sample_bytes sample;
    svms_range ranges[SVMS_LIGHT_MAX_RANGES];
    size_t count;
} fixture;

void open_planner(fixture *f, uint32_t codec, const uint8_t *config, size_t size);
void close_planner(fixture *f);
/* Plans in memory that ends where the sample ends, checks what every plan must be, and empties the
 * sample. */
bool plan_is_whole(fixture *f, bool sync);
bool covers(const fixture *f, size_t offset, size_t size);
/* An intra picture with its sets, after which inter pictures can be light. */
void begin_h264(fixture *f, h264_options options);
void begin_h265(fixture *f, h265_options options);

#endif
