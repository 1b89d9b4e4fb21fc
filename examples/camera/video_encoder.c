/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

#include "camera_failure.h"
#include "encoder.h"

#define SIDE_MIN 16u
#define SIDE_MAX 8192u
#define GOP_MAX 3600u
#define BIT_RATE_MIN 32000u
#define BIT_RATE_MAX 100000000u
#define THREADS_MAX 16u
/* x264 shall never begin a GOP by itself: that is counted here, so that it can be changed. */
#define GOP_OF_X264 (1 << 30)
#define NAL_IDR 5u
#define NAL_SEI 6u
#define NAL_SPS 7u
#define NAL_PPS 8u
#define FRAME_SIZE sizeof(uint32_t)
#define PARAMETER_MAX 1024u

typedef struct parameter_set {
    uint8_t bytes[PARAMETER_MAX];
    size_t size;
} parameter_set;

struct video_encoder {
    video_encoder_options options;
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
    parameter_set sps;
    parameter_set pps;
    uint8_t config[2 * PARAMETER_MAX + 16]; /* avcC */
    svms_track track;
    uint32_t since_idr; /* pictures, that one included; 0: none yet */
    int64_t last_pts;
    bool has_pts;
    uint8_t *bytes; /* of the sample handed out */
    size_t capacity;
};

static svms_status check(const video_encoder_options *options, svms_error *err)
{
    bool is_even = options->width % 2 == 0 && options->height % 2 == 0;
    if (!is_even || options->width < SIDE_MIN || options->height < SIDE_MIN ||
        options->width > SIDE_MAX || options->height > SIDE_MAX) {
        return camera_fail(err, SVMS_E_USAGE, 0, "pictures of %u x %u pixels cannot be encoded",
                           options->width, options->height);
    }
    if (options->rate_num == 0 || options->rate_den == 0 || options->rate_num > INT32_MAX ||
        options->rate_den > INT32_MAX) {
        return camera_fail(err, SVMS_E_USAGE, 0, "no pictures come at a rate of %u/%u",
                           options->rate_num, options->rate_den);
    }
    if (options->framing != SVMS_NAL_LENGTH4 && options->framing != SVMS_NAL_ANNEX_B) {
        return camera_fail(err, SVMS_E_USAGE, 0, "NAL units have start codes or four-byte lengths");
    }
    if (options->threads > THREADS_MAX) {
        return camera_fail(err, SVMS_E_USAGE, 0, "an encoder has up to %u threads", THREADS_MAX);
    }
    return SVMS_OK;
}

static uint32_t most_bits(const video_encoder_options *options)
{
    return options->bit_rate_max ? options->bit_rate_max : options->bit_rate;
}

/* The bucket of a second: no second may have more than the bit rate, but for what it holds. */
static void set_bit_rate(AVCodecContext *codec, uint32_t bit_rate)
{
    codec->bit_rate = bit_rate;
    codec->rc_max_rate = bit_rate;
    codec->rc_buffer_size = (int)bit_rate;
}

static svms_status check_rate(const video_encoder_options *options, uint32_t gop, uint32_t bit_rate,
                              svms_error *err)
{
    uint32_t most = most_bits(options) < BIT_RATE_MAX ? most_bits(options) : BIT_RATE_MAX;
    if (gop < 1 || gop > GOP_MAX || bit_rate < BIT_RATE_MIN || bit_rate > most) {
        return camera_fail(err, SVMS_E_USAGE, 0,
                           "a GOP has 1 to %u pictures, a second %u to %u bits", GOP_MAX,
                           BIT_RATE_MIN, most);
    }
    return SVMS_OK;
}

/* Preset and tuning stand for many settings; those that others rely on are set by name as well. */
static int set_x264(AVCodecContext *codec, const char *preset)
{
    int result = av_opt_set(codec->priv_data, "preset", preset, 0);
    if (result >= 0) {
        result = av_opt_set(codec->priv_data, "tune", "zerolatency", 0);
    }
    if (result >= 0) {
        result = av_opt_set(codec->priv_data, "forced-idr", "1", 0);
    }
    if (result >= 0) {
        result = av_opt_set(codec->priv_data, "x264-params", "scenecut=0:open-gop=0", 0);
    }
    return result;
}

static int open_codec(video_encoder *self)
{
    const video_encoder_options *options = &self->options;
    const AVCodec *found = avcodec_find_encoder_by_name("libx264");
    self->codec = found ? avcodec_alloc_context3(found) : NULL;
    self->frame = av_frame_alloc();
    self->packet = av_packet_alloc();
    if (!self->codec || !self->frame || !self->packet) {
        return found ? AVERROR(ENOMEM) : AVERROR_ENCODER_NOT_FOUND;
    }
    AVCodecContext *codec = self->codec;
    codec->width = (int)options->width;
    codec->height = (int)options->height;
    codec->pix_fmt = options->layout == SVMS_PICTURE_NV12 ? AV_PIX_FMT_NV12 : AV_PIX_FMT_YUV420P;
    codec->time_base = (AVRational){ 1, ENCODER_VIDEO_TICKS };
    codec->framerate = (AVRational){ (int)options->rate_num, (int)options->rate_den };
    codec->color_range = AVCOL_RANGE_MPEG;
    codec->gop_size = GOP_OF_X264;
    codec->keyint_min = 1;
    codec->max_b_frames = 0;
    codec->thread_count = options->threads ? (int)options->threads : 1;
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    set_bit_rate(codec, most_bits(options));
    int result = set_x264(codec, options->preset ? options->preset : "veryfast");
    if (result >= 0) {
        result = avcodec_open2(codec, found, NULL);
    }
    /* x264 chose the level for the most that will come; from the first picture on, it is this. */
    set_bit_rate(codec, options->bit_rate);
    return result;
}

static svms_status take_parameter(parameter_set *out, const svms_nal *nal, svms_error *err)
{
    if (nal->size < 4 || nal->size > sizeof out->bytes) {
        return camera_fail(err, SVMS_E_LIMIT, 0, "the encoder made a parameter set of %zu bytes",
                           nal->size);
    }
    memcpy(out->bytes, nal->data, nal->size);
    out->size = nal->size;
    return SVMS_OK;
}

static svms_status find_parameters(video_encoder *self, svms_error *err)
{
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    svms_status status =
        svms_nal_begin(&it, SVMS_CODEC_H264, SVMS_NAL_ANNEX_B, self->codec->extradata,
                       (size_t)self->codec->extradata_size);
    while (status == SVMS_OK && (status = svms_nal_next(&it, &nal, err)) == SVMS_OK) {
        if (nal.type == NAL_SPS) {
            status = take_parameter(&self->sps, &nal, err);
        } else if (nal.type == NAL_PPS) {
            status = take_parameter(&self->pps, &nal, err);
        }
    }
    if (status == SVMS_END && (self->sps.size == 0 || self->pps.size == 0)) {
        return camera_fail(err, SVMS_E_MALFORMED, 0, "the encoder made no parameter sets");
    }
    return status == SVMS_END ? SVMS_OK : status;
}

static size_t put_parameter(uint8_t *to, const parameter_set *set)
{
    to[0] = (uint8_t)(set->size >> 8);
    to[1] = (uint8_t)set->size;
    memcpy(to + 2, set->bytes, set->size);
    return set->size + 2;
}

/* ISO/IEC 14496-15, 5.3.3.1.2; profiles from High on say what x264 always makes: 4:2:0, 8 bits. */
static void make_track(video_encoder *self)
{
    static const uint8_t high[] = { 0xfd, 0xf8, 0xf8, 0x00 };
    uint8_t *config = self->config;
    size_t size = 6;
    config[0] = 1;
    memcpy(config + 1, self->sps.bytes + 1, 3);
    config[4] = 0xff;
    config[5] = 0xe1;
    size += put_parameter(config + size, &self->sps);
    config[size++] = 1;
    size += put_parameter(config + size, &self->pps);
    if (config[1] >= 100) {
        memcpy(config + size, high, sizeof high);
        size += sizeof high;
    }
    self->track = (svms_track)SVMS_TRACK_INIT;
    self->track.codec = SVMS_CODEC_H264;
    self->track.timebase_den = ENCODER_VIDEO_TICKS;
    self->track.default_duration =
        (uint32_t)((uint64_t)ENCODER_VIDEO_TICKS * self->options.rate_den / self->options.rate_num);
    self->track.width = self->options.width;
    self->track.height = self->options.height;
    self->track.config = config;
    self->track.config_size = (uint32_t)size;
}

svms_status video_encoder_open(video_encoder **out, const video_encoder_options *options,
                               svms_error *err)
{
    svms_status status = check(options, err);
    if (status == SVMS_OK) {
        status = check_rate(options, options->gop, options->bit_rate, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    video_encoder *self = calloc(1, sizeof *self);
    if (!self) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for an encoder");
    }
    self->options = *options;
    int result = open_codec(self);
    if (result < 0) {
        status = camera_fail_ffmpeg(err, result, "no encoder of H.264");
    } else {
        status = find_parameters(self, err);
    }
    if (status != SVMS_OK) {
        video_encoder_close(&self);
        return status;
    }
    make_track(self);
    *out = self;
    return SVMS_OK;
}

void video_encoder_close(video_encoder **encoder)
{
    video_encoder *own = encoder ? *encoder : NULL;
    if (!own) {
        return;
    }
    avcodec_free_context(&own->codec);
    av_frame_free(&own->frame);
    av_packet_free(&own->packet);
    free(own->bytes);
    free(own);
    *encoder = NULL;
}

const svms_track *video_encoder_track(const video_encoder *encoder)
{
    return &encoder->track;
}

svms_status video_encoder_change(video_encoder *encoder, uint32_t gop, uint32_t bit_rate,
                                 svms_error *err)
{
    svms_status status = check_rate(&encoder->options, gop, bit_rate, err);
    if (status == SVMS_OK) {
        encoder->options.gop = gop;
        encoder->options.bit_rate = bit_rate;
        set_bit_rate(encoder->codec, bit_rate);
    }
    return status;
}

static svms_status check_picture(const video_encoder *self, const svms_picture *picture,
                                 int64_t pts, svms_error *err)
{
    const video_encoder_options *options = &self->options;
    if (picture->layout != options->layout || picture->width != options->width ||
        picture->height != options->height) {
        return camera_fail(err, SVMS_E_USAGE, 0,
                           "a picture of %u x %u pixels for an encoder of %u x %u", picture->width,
                           picture->height, options->width, options->height);
    }
    if (self->has_pts && pts <= self->last_pts) {
        return camera_fail(err, SVMS_E_USAGE, 0, "a picture of %" PRId64 " behind one of %" PRId64,
                           pts, self->last_pts);
    }
    return SVMS_OK;
}

/* The planes are lent: FFmpeg copies what has no owner. */
static int send(video_encoder *self, const svms_picture *picture, int64_t pts, bool is_idr)
{
    AVFrame *frame = self->frame;
    frame->format = self->codec->pix_fmt;
    frame->width = (int)picture->width;
    frame->height = (int)picture->height;
    frame->pts = pts;
    frame->pict_type = is_idr ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    for (size_t i = 0; i < (picture->layout == SVMS_PICTURE_NV12 ? 2 : 3); i++) {
        frame->data[i] = picture->planes[i];
        frame->linesize[i] = (int)picture->strides[i];
    }
    int result = avcodec_send_frame(self->codec, frame);
    av_frame_unref(frame);
    return result < 0 ? result : avcodec_receive_packet(self->codec, self->packet);
}

static bool make_room(video_encoder *self, size_t size)
{
    if (size > self->capacity) {
        uint8_t *more = realloc(self->bytes, size);
        if (!more) {
            return false;
        }
        self->bytes = more;
        self->capacity = size;
    }
    return true;
}

static size_t put_nal(const video_encoder *self, size_t at, const uint8_t *data, size_t size)
{
    static const uint8_t start_code[FRAME_SIZE] = { 0, 0, 0, 1 };
    uint8_t *to = self->bytes + at;
    if (self->options.framing == SVMS_NAL_ANNEX_B) {
        memcpy(to, start_code, FRAME_SIZE);
    } else {
        to[0] = (uint8_t)(size >> 24);
        to[1] = (uint8_t)(size >> 16);
        to[2] = (uint8_t)(size >> 8);
        to[3] = (uint8_t)size;
    }
    memcpy(to + FRAME_SIZE, data, size);
    return at + FRAME_SIZE + size;
}

/* A start code of three bytes becomes four, so a NAL unit may grow by one. */
static svms_status frame_sample(video_encoder *self, svms_sample *out, svms_error *err)
{
    const AVPacket *packet = self->packet;
    size_t size = 0;
    bool is_idr = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    size_t room = (size_t)packet->size + (size_t)packet->size / 3 + self->sps.size +
                  self->pps.size + 4 * FRAME_SIZE;
    if (!make_room(self, room)) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a picture");
    }
    if (is_idr) {
        size = put_nal(self, size, self->sps.bytes, self->sps.size);
        size = put_nal(self, size, self->pps.bytes, self->pps.size);
    }
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    svms_status status =
        svms_nal_begin(&it, SVMS_CODEC_H264, SVMS_NAL_ANNEX_B, packet->data, (size_t)packet->size);
    while (status == SVMS_OK && (status = svms_nal_next(&it, &nal, err)) == SVMS_OK) {
        /* In its SEI x264 tells about itself, and nothing else with these settings. */
        if (nal.type != NAL_SEI && nal.type != NAL_SPS && nal.type != NAL_PPS) {
            size = put_nal(self, size, nal.data, nal.size);
        }
    }
    out->data = self->bytes;
    out->size = size;
    out->flags = is_idr ? SVMS_SAMPLE_SYNC : 0;
    return status == SVMS_END ? SVMS_OK : status;
}

svms_status video_encoder_encode(video_encoder *encoder, const svms_picture *picture, int64_t pts,
                                 bool is_idr_wanted, svms_sample *out, svms_error *err)
{
    svms_status status = check_picture(encoder, picture, pts, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool is_idr =
        is_idr_wanted || encoder->since_idr == 0 || encoder->since_idr >= encoder->options.gop;
    int result = send(encoder, picture, pts, is_idr);
    if (result < 0) {
        return camera_fail_ffmpeg(err, result, "a picture cannot be encoded");
    }
    *out = (svms_sample)SVMS_SAMPLE_INIT;
    out->pts = pts;
    out->dts = pts;
    out->duration = encoder->track.default_duration;
    encoder->since_idr = is_idr ? 1 : encoder->since_idr + 1;
    encoder->last_pts = pts;
    encoder->has_pts = true;
    status = frame_sample(encoder, out, err);
    av_packet_unref(encoder->packet);
    return status;
}
