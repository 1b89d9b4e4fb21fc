/* SPDX-License-Identifier: Apache-2.0 */
#include "rtsp_gaps.h"

#include "json_output.h"

#define LISTED_MAX 10000

void rtsp_gap_widen(rtsp_gap *gap, const svms_rtp_event *event)
{
    gap->is_open = true;
    gap->reasons |= event->reasons;
    gap->lost += event->lost;
    gap->dropped += event->dropped;
}

void rtsp_gap_lose_camera(rtsp_gap *gap)
{
    gap->is_open = true;
    gap->camera_was_lost = true;
}

static json_t *name_reasons(const rtsp_gap *gap)
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

static json_t *describe(size_t track, const rtsp_gap *gap, int64_t to_utc_ns)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:I, s:I}", "track", (json_int_t)track, "from",
                     json_time(gap->from_utc_ns), "to", json_time(to_utc_ns), "reasons",
                     name_reasons(gap), "packets_lost", (json_int_t)gap->lost, "packets_dropped",
                     (json_int_t)gap->dropped);
}

void rtsp_gaps_close(rtsp_gaps *gaps, size_t track, rtsp_gap *gap, int64_t to_utc_ns)
{
    if (!gap->is_open) {
        return;
    }
    if (!gaps->listed) {
        gaps->listed = json_array();
    }
    bool is_listed = json_array_size(gaps->listed) < LISTED_MAX &&
                     json_array_append_new(gaps->listed, describe(track, gap, to_utc_ns)) == 0;
    gaps->unlisted += is_listed ? 0 : 1;
    *gap = (rtsp_gap){ .from_utc_ns = gap->from_utc_ns };
}

json_t *rtsp_gaps_report(const rtsp_gaps *gaps)
{
    json_t *listed = gaps->listed ? json_copy(gaps->listed) : json_array();
    return json_pack("{s:o, s:I}", "gaps", listed, "gaps_unlisted", (json_int_t)gaps->unlisted);
}

void rtsp_gaps_report_open(json_t *report, size_t track, const rtsp_gap *gap)
{
    if (gap->is_open) {
        (void)json_array_append_new(json_object_get(report, "gaps"),
                                    describe(track, gap, SVMS_NO_TIME));
    }
}

void rtsp_gaps_free(rtsp_gaps *gaps)
{
    json_decref(gaps->listed);
    gaps->listed = NULL;
}
