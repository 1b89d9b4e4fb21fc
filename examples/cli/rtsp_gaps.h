/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera's recording lacks, track by track, for the report as JSON. */
#ifndef SVMS_CLI_RTSP_GAPS_H
#define SVMS_CLI_RTSP_GAPS_H

#include <stdbool.h>
#include <stdint.h>

#include <intake.h>
#include <jansson.h>

#include <svms/svms.h>

/* The latest are not listed where there are very many; they are counted. */
typedef struct rtsp_gaps {
    json_t *listed; /* NULL: none so far */
    uint64_t unlisted;
    intake_gap open[STREAM_PULL_TRACKS_MAX]; /* those that last still */
    bool is_open[STREAM_PULL_TRACKS_MAX];
} rtsp_gaps;

/* As the intake tells it. */
void rtsp_gaps_take(rtsp_gaps *gaps, const intake_gap *gap);
/* Members of a report: gaps, and how many are not listed. NULL: out of memory. */
json_t *rtsp_gaps_report(const rtsp_gaps *gaps);
void rtsp_gaps_free(rtsp_gaps *gaps);

#endif
