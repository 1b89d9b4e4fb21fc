/* SPDX-License-Identifier: Apache-2.0 */
/* What packers and unpackers ask of a payload format. */
#ifndef SVMS_RTP_FORMAT_INTERNAL_H
#define SVMS_RTP_FORMAT_INTERNAL_H

#include "parameter_sets.h"

#include <svms/rtp.h>

enum {
    SVMS_RTP_TEXT_MAX = 16384,
    SVMS_AAC_CONFIG_MAX = 64,
    SVMS_RTP_CHANNELS_MAX = 8,
    SVMS_RTP_CLOCK_RATE_MAX = 1000000
};

struct svms_rtp_format {
    svms_ctx *ctx;
    uint32_t payload_type;
    uint32_t codec;
    uint32_t clock_rate;
    uint32_t channels;
    /* H.264, H.265. */
    svms_parameter_sets sets;
    bool single_only; /* H.264: packetisation mode 0 */
    /* AAC: bits of the fields of an AU header, and ticks of a frame. */
    uint32_t size_bits;
    uint32_t index_bits;
    uint32_t delta_bits;
    uint32_t frame_ticks;
    bool is_gzip; /* metadata */
    /* What svms_track.config holds; empty if not known. */
    svms_builder config;
};

/* An empty format of a codec. */
SVMS_MUST_CHECK svms_status svms_rtp_format_new(svms_rtp_format **out, svms_ctx *ctx,
                                                uint32_t payload_type, uint32_t codec,
                                                svms_error *err);
SVMS_MUST_CHECK svms_status svms_rtp_format_copy(svms_rtp_format **out,
                                                 const svms_rtp_format *format, svms_error *err);
/* Makes the configuration from the parameter sets, if there are enough; one that does not parse is
 * left out: it may come in band. */
SVMS_MUST_CHECK svms_status svms_rtp_format_settle(svms_rtp_format *format, svms_error *err);
/* Takes up what a=fmtp says. */
SVMS_MUST_CHECK svms_status svms_rtp_format_take_fmtp(svms_rtp_format *format, const char *fmtp,
                                                      svms_error *err);

#endif
