/* SPDX-License-Identifier: Apache-2.0 */
#include "light_plan.h"

#include <string.h>

#include "failure.h"
#include "light_codec.h"

struct svms_light_planner {
    svms_ctx *ctx;
    uint32_t codec;
    bool always_whole; /* not worth a look: opaque, unreadable configuration, or intra refresh */
    bool intra_seen;
    uint32_t pictures; /* searched for start codes by turns, see SEARCH_ALWAYS */
    svms_h264_sets *h264;
    svms_h265_sets *h265;
};

/* Start codes within a NAL unit mean that somebody joined units without saying so, and a slice may
 * then hide in a clear tail. Who does so does it all the time, so the first pictures are searched
 * to their last byte, later ones by turns (a full search costs a twentieth of the whole writing),
 * and one find protects the track for good. */
enum { SEARCH_ALWAYS = 64, SEARCH_EVERY = 16 };

typedef struct {
    svms_range *ranges;
    size_t count;
    bool full;
} range_list;

static bool learn_config(svms_light_planner *planner, const svms_track *track)
{
    if (track->config_size == 0) {
        return true;
    }
    if (planner->h264) {
        return svms_h264_learn_config(planner->h264, track->config, track->config_size);
    }
    return svms_h265_learn_config(planner->h265, track->config, track->config_size);
}

svms_status svms_light_planner_new(svms_light_planner **out, svms_ctx *ctx, const svms_track *track,
                                   svms_error *err)
{
    if (!out || !ctx || !track || (!track->config && track->config_size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "a light planner needs a place, a context and a track");
    }
    svms_light_planner *planner = svms_alloc(ctx, sizeof *planner);
    if (!planner) {
        return svms_fail_memory(err);
    }
    planner->ctx = ctx;
    planner->codec = track->codec;
    if (track->codec == SVMS_CODEC_H264) {
        planner->h264 = svms_alloc(ctx, sizeof *planner->h264);
    } else if (track->codec == SVMS_CODEC_H265) {
        planner->h265 = svms_alloc(ctx, sizeof *planner->h265);
    } else {
        planner->always_whole = true;
    }
    if (!planner->always_whole) {
        if (!planner->h264 && !planner->h265) {
            svms_light_planner_free(&planner);
            return svms_fail_memory(err);
        }
        planner->always_whole = !learn_config(planner, track);
    }
    *out = planner;
    return SVMS_OK;
}

void svms_light_planner_free(svms_light_planner **planner)
{
    if (!planner || !*planner) {
        return;
    }
    svms_ctx *ctx = (*planner)->ctx;
    svms_release(ctx, (*planner)->h264);
    svms_release(ctx, (*planner)->h265);
    svms_release_secret(ctx, *planner, sizeof **planner);
    *planner = NULL;
}

static void add_range(range_list *list, size_t offset, size_t size)
{
    svms_range *last = list->count > 0 ? &list->ranges[list->count - 1] : NULL;
    if (last && (size_t)last->offset + last->size == offset) {
        last->size += (uint32_t)size;
    } else if (list->count < SVMS_LIGHT_MAX_RANGES) {
        list->ranges[list->count].offset = (uint32_t)offset;
        list->ranges[list->count].size = (uint32_t)size;
        list->count++;
    } else {
        list->full = true;
    }
}

/* What could not be read may have changed any parameter set. */
static void forget_sets(svms_light_planner *planner)
{
    if (planner->h264) {
        memset(planner->h264, 0, sizeof *planner->h264);
    }
    if (planner->h265) {
        memset(planner->h265, 0, sizeof *planner->h265);
    }
}

/* False when the sample does not consist of NAL units to its last byte. */
static bool look_through(svms_light_planner *planner, const uint8_t *data, size_t size,
                         svms_light_findings *found, range_list *list)
{
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    if (svms_nal_begin(&it, planner->codec, SVMS_NAL_LENGTH4, data, size) != SVMS_OK) {
        return false;
    }
    svms_status status;
    while ((status = svms_nal_next(&it, &nal, NULL)) == SVMS_OK) {
        if (planner->h264) {
            svms_light_look_h264(planner->h264, &nal, found);
        } else {
            svms_light_look_h265(planner->h265, &nal, found);
        }
        bool tail_stays_clear = found->vcl && nal.framed_size > SVMS_LIGHT_NAL_BYTES;
        add_range(list, nal.framed_offset,
                  tail_stays_clear ? SVMS_LIGHT_NAL_BYTES : nal.framed_size);
    }
    return status == SVMS_END;
}

/* Fills list and tells whether it is enough; otherwise the whole sample must be protected. */
static bool plan_parts(svms_light_planner *planner, const uint8_t *data, size_t size, bool sync,
                       range_list *list)
{
    svms_light_findings found = { 0 };
    if (planner->always_whole) {
        return false;
    }
    found.search = planner->pictures < SEARCH_ALWAYS || planner->pictures % SEARCH_EVERY == 0;
    planner->pictures++;
    if (!look_through(planner, data, size, &found, list)) {
        forget_sets(planner);
        return false;
    }
    planner->intra_seen |= found.intra;
    /* Where decoding may begin without an intra picture, intra blocks are spread over all of them.
     */
    if ((found.refresh && !found.intra) || found.unescaped) {
        planner->always_whole = true;
    }
    return planner->intra_seen && !planner->always_whole && !sync && !found.intra &&
           !found.exposed && !list->full;
}

size_t svms_light_plan(svms_light_planner *planner, const uint8_t *data, size_t size, bool sync,
                       svms_range ranges[SVMS_LIGHT_MAX_RANGES])
{
    if (size == 0) {
        return 0;
    }
    range_list list = { ranges, 0, false };
    if (plan_parts(planner, data, size, sync, &list)) {
        return list.count;
    }
    ranges[0].offset = 0;
    ranges[0].size = (uint32_t)size;
    return 1;
}
