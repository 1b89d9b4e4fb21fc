/* SPDX-License-Identifier: Apache-2.0 */
/* Writing compound packets (RFC 3550 section 6.1; P-RTC-3). */
#ifndef SVMS_RTCP_WRITE_H
#define SVMS_RTCP_WRITE_H

#include "builder.h"

#include <svms/rtcp.h>

typedef struct svms_rtcp_report {
    uint32_t ssrc;     /* ours */
    const char *cname; /* 1 to 255 bytes */
    bool sends;        /* SR, with the four numbers below; otherwise RR */
    bool bye;          /* ends in BYE */
    bool pli;          /* asks pli_about for a sync sample */
    uint32_t pli_about;
    uint64_t ntp;
    uint32_t rtp_time;
    uint32_t packets;
    uint32_t bytes;
    const svms_rtcp_block *block; /* or NULL */
} svms_rtcp_report;

/* Copies the compound packet to out; *size is its capacity on entry. */
SVMS_MUST_CHECK svms_status svms_rtcp_write(svms_ctx *ctx, const svms_rtcp_report *report,
                                            uint8_t *out, size_t *size, svms_error *err);

#endif
