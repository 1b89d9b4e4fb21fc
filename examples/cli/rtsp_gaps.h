/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera's recording lacks, track by track, for the report as JSON. */
#ifndef SVMS_CLI_RTSP_GAPS_H
#define SVMS_CLI_RTSP_GAPS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <svms/svms.h>

/* A gap behind the last sample of a track. */
typedef struct rtsp_gap {
    bool is_open;
    bool camera_was_lost;
    int64_t from_utc_ns; /* where the last sample ends, also while there is no gap */
    uint32_t reasons;    /* SVMS_RTP_GAP_... */
    uint64_t lost;       /* packets */
    uint64_t dropped;
} rtsp_gap;

/* The latest are not listed where there are very many; they are counted. */
typedef struct rtsp_gaps {
    json_t *listed; /* NULL: none so far */
    uint64_t unlisted;
} rtsp_gaps;

/* Something is missing behind the last sample. */
void rtsp_gap_widen(rtsp_gap *gap, const svms_rtp_event *event);
void rtsp_gap_lose_camera(rtsp_gap *gap);
/* The next sample is there, of this time. */
void rtsp_gaps_close(rtsp_gaps *gaps, size_t track, rtsp_gap *gap, int64_t to_utc_ns);
/* Members of a report: the gaps that have an end, and how many are not listed. NULL: out of
 * memory. */
json_t *rtsp_gaps_report(const rtsp_gaps *gaps);
/* Adds one without an end, if it is open. */
void rtsp_gaps_report_open(json_t *report, size_t track, const rtsp_gap *gap);
void rtsp_gaps_free(rtsp_gaps *gaps);

#endif
