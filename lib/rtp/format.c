/* SPDX-License-Identifier: Apache-2.0 */
#include "format_internal.h"

#include "failure.h"
#include "options.h"

enum {
    PAYLOAD_TYPE_MAX = 127,
    CONFIG_MAX = 65536,
    VIDEO_RATE = 90000,
    SPEECH_RATE = 8000,
    AAC_FRAME = 1024,
    HBR_SIZE_BITS = 13,
    HBR_INDEX_BITS = 3
};

svms_status svms_rtp_format_new(svms_rtp_format **out, svms_ctx *ctx, uint32_t payload_type,
                                uint32_t codec, svms_error *err)
{
    svms_rtp_format *format = svms_alloc(ctx, sizeof *format);
    if (!format) {
        return svms_fail_memory(err);
    }
    format->ctx = ctx;
    format->payload_type = payload_type;
    format->codec = codec;
    format->clock_rate = VIDEO_RATE;
    format->frame_ticks = AAC_FRAME;
    format->sets = svms_parameter_sets_new(ctx, codec);
    format->config = svms_builder_new(ctx, CONFIG_MAX);
    *out = format;
    return SVMS_OK;
}

void svms_rtp_format_free(svms_rtp_format **format)
{
    if (!format || !*format) {
        return;
    }
    svms_parameter_sets_clear(&(*format)->sets);
    svms_builder_clear(&(*format)->config);
    svms_release((*format)->ctx, *format);
    *format = NULL;
}

svms_status svms_rtp_format_copy(svms_rtp_format **out, const svms_rtp_format *format,
                                 svms_error *err)
{
    svms_rtp_format *copy = NULL;
    svms_status status =
        svms_rtp_format_new(&copy, format->ctx, format->payload_type, format->codec, err);
    if (status != SVMS_OK) {
        return status;
    }
    copy->clock_rate = format->clock_rate;
    copy->channels = format->channels;
    copy->single_only = format->single_only;
    copy->size_bits = format->size_bits;
    copy->index_bits = format->index_bits;
    copy->delta_bits = format->delta_bits;
    copy->frame_ticks = format->frame_ticks;
    copy->is_gzip = format->is_gzip;
    svms_put_bytes(&copy->config, format->config.data, format->config.size);
    status = svms_builder_check(&copy->config, "the codec configuration", err);
    if (status == SVMS_OK) {
        status = svms_parameter_sets_copy(&copy->sets, &format->sets, err);
    }
    if (status != SVMS_OK) {
        svms_rtp_format_free(&copy);
        return status;
    }
    *out = copy;
    return SVMS_OK;
}

svms_status svms_rtp_format_settle(svms_rtp_format *format, svms_error *err)
{
    if (!svms_parameter_sets_are_complete(&format->sets)) {
        return SVMS_OK;
    }
    svms_builder_reset(&format->config);
    svms_status status = svms_parameter_sets_put_config(&format->sets, &format->config, err);
    if (status == SVMS_E_MALFORMED) {
        svms_builder_reset(&format->config);
        return SVMS_OK;
    }
    return status;
}

static svms_status make_video(svms_rtp_format *format, const svms_track *track, svms_error *err)
{
    if (track->config_size == 0) {
        return SVMS_OK;
    }
    svms_status status =
        svms_parameter_sets_take_config(&format->sets, track->config, track->config_size, err);
    return status == SVMS_OK ? svms_rtp_format_settle(format, err) : status;
}

static svms_status make_aac(svms_rtp_format *format, const svms_track *track, svms_error *err)
{
    if (track->config_size == 0 || track->config_size > SVMS_AAC_CONFIG_MAX ||
        track->sample_rate == 0) {
        return svms_fail(err, SVMS_E_USAGE,
                         "AAC needs a sample rate and a configuration of 1 to %d bytes",
                         SVMS_AAC_CONFIG_MAX);
    }
    format->clock_rate = track->sample_rate;
    format->channels = track->channels != 0 ? track->channels : 1;
    format->size_bits = HBR_SIZE_BITS;
    format->index_bits = HBR_INDEX_BITS;
    format->delta_bits = HBR_INDEX_BITS;
    svms_put_bytes(&format->config, track->config, track->config_size);
    return svms_builder_check(&format->config, "the codec configuration", err);
}

static svms_status make_of_codec(svms_rtp_format *format, const svms_track *track, svms_error *err)
{
    switch (track->codec) {
    case SVMS_CODEC_H264:
    case SVMS_CODEC_H265:
        return make_video(format, track, err);
    case SVMS_CODEC_AAC:
        return make_aac(format, track, err);
    case SVMS_CODEC_PCMU:
    case SVMS_CODEC_PCMA:
        format->clock_rate = track->sample_rate != 0 ? track->sample_rate : SPEECH_RATE;
        format->channels = track->channels != 0 ? track->channels : 1;
        return SVMS_OK;
    case SVMS_CODEC_MJPEG:
    case SVMS_CODEC_ONVIF_METADATA:
        return SVMS_OK;
    default:
        return svms_fail(err, SVMS_E_UNSUPPORTED, "there is no RTP payload format for this codec");
    }
}

svms_status svms_rtp_format_make(svms_rtp_format **out, svms_ctx *ctx, uint32_t payload_type,
                                 const svms_track *track, svms_error *err)
{
    if (!out || !ctx || !track || payload_type > PAYLOAD_TYPE_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL or out of range");
    }
    svms_track known = SVMS_TRACK_INIT;
    svms_status status = svms_options_read(&known, sizeof known, track, "svms_track", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (known.sample_rate > SVMS_RTP_CLOCK_RATE_MAX || known.channels > SVMS_RTP_CHANNELS_MAX ||
        (known.config_size > 0 && !known.config)) {
        return svms_fail(err, SVMS_E_USAGE, "the track is out of range");
    }
    svms_rtp_format *format = NULL;
    status = svms_rtp_format_new(&format, ctx, payload_type, known.codec, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = make_of_codec(format, &known, err);
    if (status != SVMS_OK) {
        svms_rtp_format_free(&format);
        return status;
    }
    *out = format;
    return SVMS_OK;
}

svms_status svms_rtp_format_describe(const svms_rtp_format *format, svms_rtp_format_info *info,
                                     svms_error *err)
{
    if (!format || !info) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_rtp_format_info known = SVMS_RTP_FORMAT_INFO_INIT;
    known.payload_type = format->payload_type;
    known.codec = format->codec;
    known.clock_rate = format->clock_rate;
    known.channels = format->channels;
    known.config_size = (uint32_t)format->config.size;
    known.config = format->config.size > 0 ? format->config.data : NULL;
    return svms_result_write(info, &known, sizeof known, "svms_rtp_format_info", err);
}
