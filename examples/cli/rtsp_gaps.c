/* SPDX-License-Identifier: Apache-2.0 */
#include "rtsp_gaps.h"

#include "json_output.h"

#define LISTED_MAX 10000

static json_t *name_reasons(const intake_gap *gap)
{
    /* In the order of SVMS_RTP_GAP_... */
    static const char *const names[] = { "lost",   "malformed", "limit", "memory",
                                         "source", "restart",   "joined" };
    json_t *reasons = json_array();
    if (gap->camera_was_lost) {
        (void)json_array_append_new(reasons, json_string("camera lost"));
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((gap->reasons >> i & 1u) != 0) {
            (void)json_array_append_new(reasons, json_string(names[i]));
        }
    }
    return reasons;
}

static json_t *describe(const intake_gap *gap)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:I, s:I}", "track", (json_int_t)gap->track, "from",
                     json_time(gap->from_utc_ns), "to", json_time(gap->to_utc_ns), "reasons",
                     name_reasons(gap), "packets_lost", (json_int_t)gap->lost, "packets_dropped",
                     (json_int_t)gap->dropped);
}

void rtsp_gaps_take(rtsp_gaps *gaps, const intake_gap *gap)
{
    gaps->is_open[gap->track] = gap->to_utc_ns == SVMS_NO_TIME;
    gaps->open[gap->track] = *gap;
    if (gaps->is_open[gap->track]) {
        return;
    }
    if (!gaps->listed) {
        gaps->listed = json_array();
    }
    bool is_listed = json_array_size(gaps->listed) < LISTED_MAX &&
                     json_array_append_new(gaps->listed, describe(gap)) == 0;
    gaps->unlisted += is_listed ? 0 : 1;
}

json_t *rtsp_gaps_report(const rtsp_gaps *gaps)
{
    json_t *listed = gaps->listed ? json_copy(gaps->listed) : json_array();
    for (size_t i = 0; i < STREAM_PULL_TRACKS_MAX; i++) {
        if (gaps->is_open[i]) {
            (void)json_array_append_new(listed, describe(&gaps->open[i]));
        }
    }
    return json_pack("{s:o, s:I}", "gaps", listed, "gaps_unlisted", (json_int_t)gaps->unlisted);
}

void rtsp_gaps_free(rtsp_gaps *gaps)
{
    json_decref(gaps->listed);
    gaps->listed = NULL;
}
