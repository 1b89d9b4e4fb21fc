/* SPDX-License-Identifier: Apache-2.0 */
/* What is encrypted: by light mode as others have published it, and by ours. */
#include <string.h>

#include "attack.h"
#include "light_plan.h"

enum { PUBLISHED_BYTES = 1000 };

void attack_hide_published(attack_clip *clip)
{
    for (size_t i = 0; i < clip->count; i++) {
        attack_sample *sample = &clip->samples[i];
        memset(sample->hidden, 0, sample->size);
        memset(sample->hidden, 1, sample->size < PUBLISHED_BYTES ? sample->size : PUBLISHED_BYTES);
    }
}

static void hide_sample(svms_light_planner *planner, attack_sample *sample)
{
    svms_range ranges[SVMS_LIGHT_MAX_RANGES];
    memset(sample->hidden, 0, sample->size);
    size_t count = svms_light_plan(planner, sample->data, sample->size, sample->sync, ranges);
    for (size_t i = 0; i < count; i++) {
        memset(sample->hidden + ranges[i].offset, 1, ranges[i].size);
    }
}

bool attack_hide_light(attack_clip *clip)
{
    svms_ctx *ctx = NULL;
    svms_light_planner *planner = NULL;
    svms_track track = SVMS_TRACK_INIT;
    track.codec = clip->codec;
    track.config = clip->parameters->extradata;
    track.config_size = (uint32_t)clip->parameters->extradata_size;
    bool ready = svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK &&
                 svms_light_planner_new(&planner, ctx, &track, NULL) == SVMS_OK;
    for (size_t i = 0; ready && i < clip->count; i++) {
        hide_sample(planner, &clip->samples[i]);
    }
    svms_light_planner_free(&planner);
    svms_ctx_free(&ctx);
    return ready;
}
