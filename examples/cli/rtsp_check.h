/* SPDX-License-Identifier: Apache-2.0 */
/* What svms rtsp check knows of a camera. */
#ifndef SVMS_CLI_RTSP_CHECK_H
#define SVMS_CLI_RTSP_CHECK_H

#include <jansson.h>
#include <stream_pull.h>
#include <svms/svms.h>

#include "rtsp_camera.h"
#include "tls_check.h"

typedef struct rtsp_check_request {
    rtsp_camera_options camera;
    bool json;
} rtsp_check_request;

/* One medium of the description. */
typedef struct rtsp_check_track {
    char kind[32];
    char format[64];   /* rtpmap, or the payload type */
    char protocol[32]; /* RTP/SAVP */
    bool secure;
    bool has_key; /* in the description */
    bool key_is_read;
    bool is_received; /* in a format that svms rtsp record can receive */
    svms_srtp_suite suite;
    uint32_t mki_size;
} rtsp_check_track;

typedef struct rtsp_check_report {
    const char *url;
    bool secure;          /* rtsps */
    check_report *tls;    /* what svms tls check says; NULL without TLS */
    check_report *camera; /* findings about everything else */
    bool has_answered;    /* in RTSP */
    bool asks_who;        /* DESCRIBE needs credentials */
    uint32_t offers;      /* how to give them, SVMS_RTSP_OFFERS_... */
    uint32_t methods;     /* bits 1 << svms_rtsp_method */
    bool is_described;
    rtsp_check_track tracks[SVMS_SDP_MEDIA_MAX];
    size_t track_count;
} rtsp_check_report;

/* rtsp_check_judge.c: what answers and descriptions say, for stream_pull_events. */
void rtsp_check_answer(void *report, const svms_rtsp_client_event *event);
void rtsp_check_described(void *report, const svms_sdp *description);

/* rtsp_check_report.c */
check_weight rtsp_check_worst(const rtsp_check_report *report);
void rtsp_check_print(const rtsp_check_report *report);
json_t *rtsp_check_to_json(const rtsp_check_report *report, int64_t now_utc_ns);

#endif
