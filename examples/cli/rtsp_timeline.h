/* SPDX-License-Identifier: Apache-2.0 */
/* From RTP times, which begin anywhere and tell when a picture is shown, to time stamps of a
 * recording, which all tracks share and which have an order of decoding. */
#ifndef SVMS_CLI_RTSP_TIMELINE_H
#define SVMS_CLI_RTSP_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

/* More pictures than H.264 and H.265 let overtake one another. */
#define TIMELINE_DEPTH_MAX 16

typedef struct rtsp_timeline {
    svms_track clock; /* time base */
    bool is_anchored;
    int64_t offset;                         /* time stamp minus RTP time */
    int64_t recent[TIMELINE_DEPTH_MAX + 1]; /* the greatest times of presentation, ascending */
    unsigned recent_count;
    unsigned depth; /* how many pictures one overtakes at most, as far as was seen */
    bool has_last;
    int64_t last_dts;
} rtsp_timeline;

void rtsp_timeline_begin(rtsp_timeline *line, const svms_track *track);
/* Another source, or the same one anew: its RTP times mean something else. */
void rtsp_timeline_break(rtsp_timeline *line);
/* This RTP time is so many nanoseconds after time stamp 0. */
void rtsp_timeline_anchor(rtsp_timeline *line, int64_t rtp_time, int64_t ns);
/* RTP times that will be placed later, in their order, so that the first ones are placed well. */
void rtsp_timeline_foresee(rtsp_timeline *line, const int64_t *rtp_times, unsigned count);
/* Times of a sample: decoding never after presentation, once the depth is known, and always after
 * the sample before. */
void rtsp_timeline_place(rtsp_timeline *line, int64_t rtp_time, svms_sample *sample);

#endif
