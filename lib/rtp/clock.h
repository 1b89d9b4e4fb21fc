/* SPDX-License-Identifier: Apache-2.0 */
/* RTP times: their extension, and the camera's UTC for them (P-CLK). */
#ifndef SVMS_RTP_CLOCK_H
#define SVMS_RTP_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* One sender report: a moment by both clocks. */
typedef struct svms_clock_mark {
    int64_t rtp; /* extended */
    int64_t utc_ns;
} svms_clock_mark;

typedef struct svms_rtp_clock {
    uint32_t rate;
    bool begun;           /* some RTP time was extended */
    int64_t latest;       /* the one extended last */
    bool known;           /* there was a report */
    svms_clock_mark last; /* the latest report */
    /* Drift is measured from the older of two marks, which take turns. */
    svms_clock_mark from;
    svms_clock_mark next_from;
    int64_t drift_ppb; /* how much longer a tick lasts than the rate says */
    uint64_t steps;
} svms_rtp_clock;

svms_rtp_clock svms_rtp_clock_new(uint32_t rate);
/* Begins anew, as for another source; the number of steps stays. */
void svms_rtp_clock_restart(svms_rtp_clock *clock);
/* The nearest extension to the time before. */
int64_t svms_rtp_clock_extend(svms_rtp_clock *clock, uint32_t timestamp);
/* A sender report. */
void svms_rtp_clock_mark(svms_rtp_clock *clock, uint32_t timestamp, int64_t utc_ns);
/* SVMS_NO_TIME while nothing is known, and for times too far away to be true. */
int64_t svms_rtp_clock_utc(const svms_rtp_clock *clock, int64_t rtp);
/* RTP ticks in a time, modulo 2^32. */
uint32_t svms_rtp_ticks(uint64_t ns, uint32_t rate);

#endif
