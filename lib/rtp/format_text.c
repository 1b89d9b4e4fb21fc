/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a=rtpmap and a=fmtp. */
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "failure.h"
#include "format_internal.h"
#include "h264_syntax.h"
#include "h265_syntax.h"

enum { LINE_MAX_SIZE = 64 };

static const char *encoding_name(const svms_rtp_format *format)
{
    switch (format->codec) {
    case SVMS_CODEC_H264:
        return "H264";
    case SVMS_CODEC_H265:
        return "H265";
    case SVMS_CODEC_MJPEG:
        return "JPEG";
    case SVMS_CODEC_AAC:
        return "mpeg4-generic";
    case SVMS_CODEC_PCMU:
        return "PCMU";
    case SVMS_CODEC_PCMA:
        return "PCMA";
    default:
        return format->is_gzip ? "vnd.onvif.metadata+gzip" : "vnd.onvif.metadata";
    }
}

static void put_text(svms_builder *out, const char *text)
{
    svms_put_bytes(out, text, strlen(text));
}

static void put_number(svms_builder *out, const char *before, uint32_t number)
{
    char line[LINE_MAX_SIZE];
    (void)snprintf(line, sizeof line, "%s%u", before, (unsigned)number);
    put_text(out, line);
}

static void put_hex(svms_builder *out, const uint8_t *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        svms_put_u8(out, (uint8_t)digits[data[i] >> 4]);
        svms_put_u8(out, (uint8_t)digits[data[i] & 15]);
    }
}

/* Behind before, all sets from one type to another; nothing if there are none. */
static void put_sets(svms_builder *out, const svms_parameter_sets *sets, const char *before,
                     uint32_t first, uint32_t last)
{
    const char *separator = before;
    for (uint32_t i = 0; i < sets->count; i++) {
        const svms_parameter_set *set = &sets->items[i];
        if (set->type >= first && set->type <= last) {
            put_text(out, separator);
            svms_put_base64_padded(out, set->data, set->size);
            separator = ",";
        }
    }
}

static void put_h264(svms_builder *out, const svms_rtp_format *format)
{
    put_text(out, format->single_only ? "packetization-mode=0" : "packetization-mode=1");
    for (uint32_t i = 0; i < format->sets.count; i++) {
        const svms_parameter_set *set = &format->sets.items[i];
        if (set->type == SVMS_H264_SPS && set->size >= 4) {
            put_text(out, ";profile-level-id=");
            put_hex(out, set->data + 1, 3);
            break;
        }
    }
    put_sets(out, &format->sets, ";sprop-parameter-sets=", SVMS_H264_SPS, SVMS_H264_PPS);
}

static void put_h265(svms_builder *out, const svms_rtp_format *format)
{
    put_sets(out, &format->sets, "sprop-vps=", SVMS_H265_VPS, SVMS_H265_VPS);
    put_sets(out, &format->sets, out->size > 0 ? ";sprop-sps=" : "sprop-sps=", SVMS_H265_SPS,
             SVMS_H265_SPS);
    put_sets(out, &format->sets, out->size > 0 ? ";sprop-pps=" : "sprop-pps=", SVMS_H265_PPS,
             SVMS_H265_PPS);
}

static void put_aac(svms_builder *out, const svms_rtp_format *format)
{
    /* Other lengths of the fields are a mode of nobody's (RFC 3640 section 4.1). */
    bool high = format->size_bits == 13 && format->index_bits == 3 && format->delta_bits == 3;
    put_text(out, "streamtype=5;profile-level-id=1;mode=");
    put_text(out, high ? "AAC-hbr" : "generic");
    put_number(out, ";sizeLength=", format->size_bits);
    put_number(out, ";indexLength=", format->index_bits);
    put_number(out, ";indexDeltaLength=", format->delta_bits);
    if (format->frame_ticks != 1024) {
        put_number(out, ";constantDuration=", format->frame_ticks);
    }
    if (format->config.size > 0) {
        put_text(out, ";config=");
        put_hex(out, format->config.data, format->config.size);
    }
}

svms_status svms_rtp_format_rtpmap(const svms_rtp_format *format, char *text, size_t *size,
                                   svms_error *err)
{
    if (!format || !text || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_builder out = svms_builder_new(format->ctx, SVMS_RTP_TEXT_MAX);
    put_text(&out, encoding_name(format));
    put_number(&out, "/", format->clock_rate);
    if (format->channels > 1 || format->codec == SVMS_CODEC_AAC) {
        put_number(&out, "/", format->channels);
    }
    svms_status status = svms_builder_hand_out(&out, "the format", text, size, err);
    svms_builder_clear(&out);
    return status;
}

svms_status svms_rtp_format_fmtp(const svms_rtp_format *format, char *text, size_t *size,
                                 svms_error *err)
{
    if (!format || !text || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    /* All parameter sets in base64 fit. */
    svms_builder out = svms_builder_new(format->ctx, (size_t)SVMS_PARAMETER_SETS_MAX *
                                                         SVMS_PARAMETER_SET_BYTES_MAX * 2);
    if (format->codec == SVMS_CODEC_H264) {
        put_h264(&out, format);
    } else if (format->codec == SVMS_CODEC_H265) {
        put_h265(&out, format);
    } else if (format->codec == SVMS_CODEC_AAC) {
        put_aac(&out, format);
    }
    svms_status status = svms_builder_hand_out(&out, "the format", text, size, err);
    svms_builder_clear(&out);
    return status;
}
