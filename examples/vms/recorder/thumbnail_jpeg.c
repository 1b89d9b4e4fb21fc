/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures by FFmpeg. What is decoded was signed as it was recorded, but made by a camera: sizes
 * are bounded, and one thread is enough for one picture. */
#include "thumbnail.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/log.h>
#include <libswscale/swscale.h>

#include "recorder_failure.h"

#define QUALITY 4 /* of MPEG's quantiser scale, where 1 is the best */
#define PIXELS_MAX (INT64_C(8192) * 8192)
#define NEUTRAL (1 << 16) /* brightness stays, contrast and saturation too */

bool thumbnail_is_possible(void)
{
    return true;
}

static void log_nothing(void *context, int level, const char *format, va_list arguments)
{
    (void)context;
    (void)level;
    (void)format;
    (void)arguments;
}

/* The lines of a service have a form of their own; what failed is said by the status. */
static void be_quiet(void)
{
    av_log_set_callback(log_nothing);
}

static enum AVCodecID codec_of(uint32_t codec)
{
    switch (codec) {
    case SVMS_CODEC_H264:
        return AV_CODEC_ID_H264;
    case SVMS_CODEC_H265:
        return AV_CODEC_ID_HEVC;
    case SVMS_CODEC_MJPEG:
        return AV_CODEC_ID_MJPEG;
    default:
        return AV_CODEC_ID_NONE;
    }
}

static svms_status fail_ffmpeg(svms_error *err, int result, const char *what)
{
    char why[AV_ERROR_MAX_STRING_SIZE] = "unknown error";
    (void)av_strerror(result, why, sizeof why);
    return recorder_fail(err, result == AVERROR(ENOMEM) ? SVMS_E_NO_MEMORY : SVMS_E_UNSUPPORTED, 0,
                         "%s: %s", what, why);
}

static int take_configuration(AVCodecContext *codec, const svms_track *track)
{
    codec->thread_count = 1;
    codec->max_pixels = PIXELS_MAX;
    if (track->config_size == 0) {
        return 0;
    }
    codec->extradata = av_mallocz(track->config_size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!codec->extradata) {
        return AVERROR(ENOMEM);
    }
    memcpy(codec->extradata, track->config, track->config_size);
    codec->extradata_size = (int)track->config_size;
    return 0;
}

static int take_sample(AVCodecContext *codec, AVPacket *packet, const svms_sample *sample)
{
    int result = av_new_packet(packet, (int)sample->size);
    if (result < 0) {
        return result;
    }
    if (sample->size > 0) {
        memcpy(packet->data, sample->data, sample->size);
    }
    packet->flags |= AV_PKT_FLAG_KEY;
    return avcodec_send_packet(codec, packet);
}

/* The only picture that there is. */
static int decode(AVFrame *out, const svms_track *track, const svms_sample *sample)
{
    const AVCodec *kind = avcodec_find_decoder(codec_of(track->codec));
    AVCodecContext *codec = kind ? avcodec_alloc_context3(kind) : NULL;
    AVPacket *packet = codec ? av_packet_alloc() : NULL;
    int result = kind ? AVERROR(ENOMEM) : AVERROR_DECODER_NOT_FOUND;
    if (packet) {
        result = take_configuration(codec, track);
    }
    if (packet && result >= 0) {
        result = avcodec_open2(codec, kind, NULL);
    }
    if (packet && result >= 0) {
        result = take_sample(codec, packet, sample);
    }
    if (packet && result >= 0) {
        result = avcodec_send_packet(codec, NULL);
    }
    if (packet && result >= 0) {
        result = avcodec_receive_frame(codec, out);
    }
    av_packet_free(&packet);
    avcodec_free_context(&codec);
    return result;
}

/* Of its size; widths and heights of JPEG with halved colours are even. */
static void choose_size(AVFrame *out, const AVFrame *in, uint32_t width)
{
    int wide = (int)width < in->width ? (int)width : in->width;
    int high = (int)((int64_t)in->height * wide / in->width);
    out->width = wide >= 2 ? wide / 2 * 2 : 2;
    out->height = high >= 2 ? high / 2 * 2 : 2;
    out->format = AV_PIX_FMT_YUVJ420P;
}

/* JPEG has the whole range of luma, video mostly does not. */
static int scale(AVFrame *out, const AVFrame *in, uint32_t width)
{
    int full = in->color_range == AVCOL_RANGE_JPEG ? 1 : 0;
    choose_size(out, in, width);
    int result = av_frame_get_buffer(out, 0);
    if (result < 0) {
        return result;
    }
    struct SwsContext *scaler =
        sws_getContext(in->width, in->height, in->format, out->width, out->height, out->format,
                       SWS_AREA, NULL, NULL, NULL);
    if (!scaler) {
        return AVERROR(ENOMEM);
    }
    /* Where there is nothing to set this fails, and does not matter. */
    (void)sws_setColorspaceDetails(scaler, sws_getCoefficients(in->colorspace), full,
                                   sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, NEUTRAL, NEUTRAL);
    result = sws_scale(scaler, (const uint8_t *const *)in->data, in->linesize, 0, in->height,
                       out->data, out->linesize);
    sws_freeContext(scaler);
    return result < 0 ? result : 0;
}

static int encode(AVPacket *out, AVFrame *picture)
{
    const AVCodec *kind = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    AVCodecContext *codec = kind ? avcodec_alloc_context3(kind) : NULL;
    if (!codec) {
        return kind ? AVERROR(ENOMEM) : AVERROR_ENCODER_NOT_FOUND;
    }
    codec->width = picture->width;
    codec->height = picture->height;
    codec->pix_fmt = (enum AVPixelFormat)picture->format;
    codec->color_range = AVCOL_RANGE_JPEG;
    codec->time_base = (AVRational){ 1, 1 };
    codec->thread_count = 1;
    codec->flags |= AV_CODEC_FLAG_QSCALE;
    codec->global_quality = FF_QP2LAMBDA * QUALITY;
    picture->quality = codec->global_quality;
    picture->pts = 0;
    int result = avcodec_open2(codec, kind, NULL);
    if (result >= 0) {
        result = avcodec_send_frame(codec, picture);
    }
    if (result >= 0) {
        result = avcodec_send_frame(codec, NULL);
    }
    if (result >= 0) {
        result = avcodec_receive_packet(codec, out);
    }
    avcodec_free_context(&codec);
    return result;
}

static svms_status take_out(thumbnail *out, const AVPacket *packet, const AVFrame *picture,
                            int64_t utc_ns, svms_error *err)
{
    out->jpeg = malloc((size_t)packet->size);
    if (!out->jpeg) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    memcpy(out->jpeg, packet->data, (size_t)packet->size);
    out->size = (size_t)packet->size;
    out->width = (uint32_t)picture->width;
    out->height = (uint32_t)picture->height;
    out->utc_ns = utc_ns;
    return SVMS_OK;
}

svms_status thumbnail_make(thumbnail *out, const svms_track *track, const svms_sample *sample,
                           uint32_t width, svms_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    AVFrame *decoded = av_frame_alloc();
    AVFrame *small = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    (void)pthread_once(&once, be_quiet);
    memset(out, 0, sizeof *out);
    int result = decoded && small && packet ? decode(decoded, track, sample) : AVERROR(ENOMEM);
    if (result >= 0) {
        result = scale(small, decoded, width);
    }
    if (result >= 0) {
        result = encode(packet, small);
    }
    svms_status status = result >= 0 ? take_out(out, packet, small, sample->utc_ns, err)
                                     : fail_ffmpeg(err, result, "no picture can be made");
    av_packet_free(&packet);
    av_frame_free(&small);
    av_frame_free(&decoded);
    return status;
}
