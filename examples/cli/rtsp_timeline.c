/* SPDX-License-Identifier: Apache-2.0 */
#include "rtsp_timeline.h"

#include <string.h>

#include "media_time.h"

void rtsp_timeline_begin(rtsp_timeline *line, const svms_track *track)
{
    memset(line, 0, sizeof *line);
    line->clock = *track;
    line->clock.config = NULL;
}

void rtsp_timeline_break(rtsp_timeline *line)
{
    line->is_anchored = false;
    line->recent_count = 0;
}

void rtsp_timeline_anchor(rtsp_timeline *line, int64_t rtp_time, int64_t ns)
{
    line->offset = ns_to_ticks(&line->clock, ns) - rtp_time;
    line->is_anchored = true;
}

static void grow_depth(rtsp_timeline *line, unsigned overtaken)
{
    if (overtaken > line->depth && overtaken <= TIMELINE_DEPTH_MAX) {
        line->depth = overtaken;
    }
}

void rtsp_timeline_foresee(rtsp_timeline *line, const int64_t *rtp_times, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned overtaken = 0;
        for (unsigned j = i > TIMELINE_DEPTH_MAX ? i - TIMELINE_DEPTH_MAX : 0; j < i; j++) {
            overtaken += rtp_times[j] > rtp_times[i] ? 1 : 0;
        }
        grow_depth(line, overtaken);
    }
}

/* Keeps the greatest depth + 1 times; returns how many of them this one comes before. */
static unsigned insert(rtsp_timeline *line, int64_t pts)
{
    unsigned place = line->recent_count;
    while (place > 0 && line->recent[place - 1] > pts) {
        place--;
    }
    unsigned overtaken = line->recent_count - place;
    if (line->recent_count <= TIMELINE_DEPTH_MAX) {
        memmove(line->recent + place + 1, line->recent + place,
                (line->recent_count - place) * sizeof *line->recent);
        line->recent_count++;
    } else if (place == 0) {
        return overtaken;
    } else {
        place--;
        memmove(line->recent, line->recent + 1, place * sizeof *line->recent);
    }
    line->recent[place] = pts;
    return overtaken;
}

/* Decoding goes through the times of presentation in their order, as many pictures earlier as one
 * can overtake. */
static int64_t decoding_time(const rtsp_timeline *line)
{
    unsigned behind = line->depth + 1;
    if (line->recent_count >= behind) {
        return line->recent[line->recent_count - behind];
    }
    return line->recent[0] - (int64_t)(behind - line->recent_count);
}

void rtsp_timeline_place(rtsp_timeline *line, int64_t rtp_time, svms_sample *sample)
{
    int64_t pts = rtp_time + line->offset;
    grow_depth(line, insert(line, pts));
    int64_t dts = decoding_time(line);
    if (line->has_last && dts <= line->last_dts) {
        dts = line->last_dts + 1;
    }
    /* Beyond what a container can say: a source that jumps without saying so. */
    if (dts - pts > INT32_MAX || pts - dts > INT32_MAX) {
        pts = dts;
        line->offset = pts - rtp_time;
        line->recent_count = 0;
    }
    sample->pts = pts;
    sample->dts = dts;
    line->last_dts = dts;
    line->has_last = true;
}
