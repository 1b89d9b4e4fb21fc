/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a=rtpmap (P-FMT-1). */
#include <string.h>

#include "failure.h"
#include "format_internal.h"
#include "text_piece.h"

enum { PAYLOAD_TYPE_MAX = 127, PCMU = 0, PCMA = 8, JPEG = 26 };

typedef struct encoding {
    const char *name;
    uint32_t codec; /* 0: known, and not supported */
    bool audio;
    bool gzip;
} encoding;

static const encoding encodings[] = {
    { "H264", SVMS_CODEC_H264, false, false },
    { "H265", SVMS_CODEC_H265, false, false },
    { "JPEG", SVMS_CODEC_MJPEG, false, false },
    { "MPEG4-GENERIC", SVMS_CODEC_AAC, true, false },
    { "PCMU", SVMS_CODEC_PCMU, true, false },
    { "PCMA", SVMS_CODEC_PCMA, true, false },
    { "VND.ONVIF.METADATA", SVMS_CODEC_ONVIF_METADATA, false, false },
    { "VND.ONVIF.METADATA+GZIP", SVMS_CODEC_ONVIF_METADATA, false, true },
    /* The first two stood in earlier editions of ONVIF Streaming. */
    { "VND.ONVIF.METADATA.EXI", 0, false, false },
    { "VND.ONVIF.METADATA.EXI.ONVIF", 0, false, false },
    { "VND.ONVIF.METADATA.EXI.EXT", 0, false, false },
};

typedef struct mapping {
    const encoding *encoding;
    uint32_t clock_rate;
    uint32_t channels; /* of audio */
} mapping;

static const encoding *encoding_named(svms_text_piece name)
{
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        if (svms_text_piece_is(name, encodings[i].name)) {
            return &encodings[i];
        }
    }
    return NULL;
}

static const char *static_mapping(uint32_t payload_type)
{
    switch (payload_type) {
    case PCMU:
        return "PCMU/8000";
    case PCMA:
        return "PCMA/8000";
    case JPEG:
        return "JPEG/90000";
    default:
        return NULL;
    }
}

static svms_status read_mapping(mapping *out, const char *text, svms_error *err)
{
    svms_text_piece rest = svms_text_piece_trim((svms_text_piece){ text, strlen(text) });
    svms_text_piece name = svms_text_piece_cut(&rest, '/');
    svms_text_piece rate = svms_text_piece_cut(&rest, '/');
    out->encoding = encoding_named(name);
    if (!svms_text_piece_number(rate, SVMS_RTP_CLOCK_RATE_MAX, &out->clock_rate) ||
        out->clock_rate == 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "a=rtpmap has no clock rate from 1 to %d",
                         SVMS_RTP_CLOCK_RATE_MAX);
    }
    if (!out->encoding) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "an encoding that is not supported");
    }
    if (out->encoding->codec == 0) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "ONVIF metadata in EXI, a binary form of XML that is not supported; the "
                         "camera must be set to plain or gzip");
    }
    out->channels = out->encoding->audio ? 1 : 0;
    if (out->encoding->audio && rest.size > 0 &&
        (!svms_text_piece_number(rest, SVMS_RTP_CHANNELS_MAX, &out->channels) ||
         out->channels == 0)) {
        return svms_fail(err, SVMS_E_MALFORMED, "a=rtpmap has a channel count that is not 1 to %d",
                         SVMS_RTP_CHANNELS_MAX);
    }
    return SVMS_OK;
}

static svms_status check_texts(const char *rtpmap, const char *fmtp, svms_error *err)
{
    if ((rtpmap && strlen(rtpmap) > SVMS_RTP_TEXT_MAX) ||
        (fmtp && strlen(fmtp) > SVMS_RTP_TEXT_MAX)) {
        return svms_fail(err, SVMS_E_LIMIT, "a format of more than %d bytes", SVMS_RTP_TEXT_MAX);
    }
    return SVMS_OK;
}

svms_status svms_rtp_format_read(svms_rtp_format **out, svms_ctx *ctx, uint32_t payload_type,
                                 const char *rtpmap, const char *fmtp, svms_error *err)
{
    if (!out || !ctx || payload_type > PAYLOAD_TYPE_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL or out of range");
    }
    svms_status status = check_texts(rtpmap, fmtp, err);
    if (status != SVMS_OK) {
        return status;
    }
    const char *text = rtpmap ? rtpmap : static_mapping(payload_type);
    if (!text) {
        return svms_fail(err, SVMS_E_MALFORMED, "payload type %u needs a=rtpmap",
                         (unsigned)payload_type);
    }
    mapping map = { NULL, 0, 0 };
    status = read_mapping(&map, text, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_rtp_format *format = NULL;
    status = svms_rtp_format_new(&format, ctx, payload_type, map.encoding->codec, err);
    if (status != SVMS_OK) {
        return status;
    }
    format->clock_rate = map.clock_rate;
    format->channels = map.channels;
    format->is_gzip = map.encoding->gzip;
    status = svms_rtp_format_take_fmtp(format, fmtp ? fmtp : "", err);
    if (status != SVMS_OK) {
        svms_rtp_format_free(&format);
        return status;
    }
    *out = format;
    return SVMS_OK;
}
