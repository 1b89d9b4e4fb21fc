/* SPDX-License-Identifier: Apache-2.0 */
#include "file_decoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

#include "camera_failure.h"
#include "lens_internal.h"

#define SIDE_MAX 8192u
/* A piece of sound in a file is no longer than that. */
#define SOUND_MAX (1u << 20)
/* So that a file that decodes to nothing cannot keep a thread for long. */
#define EMPTY_PACKETS_MAX 10000u

struct file_decoder {
    AVFormatContext *in;
    AVCodecContext *video;
    AVCodecContext *audio; /* NULL: no sound */
    int video_index;
    int audio_index;
    AVPacket *packet;
    AVFrame *frame;
    struct SwsContext *scaler;
    int seen_width; /* what the scaler was made for */
    int seen_height;
    int seen_format;
    SwrContext *resampler;
    uint32_t sample_rate;
    int heard_rate; /* what the resampler was made for */
    int heard_format;
    AVChannelLayout heard_channels;
    bool at_end; /* of the file; decoders may still hold something */
    svms_picture shown;
    int16_t *sound;
    size_t sound_capacity;
};

static int open_codec(AVCodecContext **out, const AVStream *stream)
{
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    *out = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!*out) {
        return codec ? AVERROR(ENOMEM) : AVERROR_DECODER_NOT_FOUND;
    }
    int result = avcodec_parameters_to_context(*out, stream->codecpar);
    (*out)->pkt_timebase = stream->time_base;
    (*out)->max_pixels = (int64_t)SIDE_MAX * SIDE_MAX;
    return result < 0 ? result : avcodec_open2(*out, codec, NULL);
}

/* Only files: a playlist must not send us to the network. */
static int open_input(file_decoder *self, const char *path)
{
    char name[4200];
    AVDictionary *settings = NULL;
    int size = snprintf(name, sizeof name, "file:%s", path);
    if (size < 0 || (size_t)size >= sizeof name) {
        return AVERROR(ENAMETOOLONG);
    }
    int result = av_dict_set(&settings, "protocol_whitelist", "file", 0);
    if (result >= 0) {
        result = avformat_open_input(&self->in, name, NULL, &settings);
    }
    av_dict_free(&settings);
    return result < 0 ? result : avformat_find_stream_info(self->in, NULL);
}

static int open_streams(file_decoder *self)
{
    self->video_index = av_find_best_stream(self->in, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (self->video_index < 0) {
        return self->video_index;
    }
    int result = open_codec(&self->video, self->in->streams[self->video_index]);
    self->audio_index = -1;
    if (result >= 0 && self->sample_rate != 0) {
        self->audio_index = av_find_best_stream(self->in, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
    }
    if (self->audio_index >= 0) {
        result = open_codec(&self->audio, self->in->streams[self->audio_index]);
    }
    for (unsigned i = 0; i < self->in->nb_streams; i++) {
        bool is_used = (int)i == self->video_index || (int)i == self->audio_index;
        self->in->streams[i]->discard = is_used ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
    return result;
}

static svms_status describe(const file_decoder *self, const lens_file_options *options,
                            lens_format *format, svms_error *err)
{
    const AVStream *stream = self->in->streams[self->video_index];
    int width = stream->codecpar->width;
    int height = stream->codecpar->height;
    if (width < 2 || height < 2 || width > (int)SIDE_MAX || height > (int)SIDE_MAX) {
        return camera_fail(err, SVMS_E_MALFORMED, 0, "%s has pictures of %d x %d pixels",
                           options->path, width, height);
    }
    AVRational rate = stream->avg_frame_rate;
    bool is_told =
        rate.num > 0 && rate.den > 0 && lens_rate_fits((uint32_t)rate.num, (uint32_t)rate.den);
    memset(format, 0, sizeof *format);
    format->layout = SVMS_PICTURE_I420;
    format->width = options->width ? options->width : (uint32_t)width & ~1u;
    format->height = options->height ? options->height : (uint32_t)height & ~1u;
    format->rate_num = is_told ? (uint32_t)rate.num : 25;
    format->rate_den = is_told ? (uint32_t)rate.den : 1;
    format->sample_rate = self->audio ? self->sample_rate : 0;
    return SVMS_OK;
}

svms_status file_decoder_open(file_decoder **out, const lens_file_options *options,
                              lens_format *format, svms_error *err)
{
    file_decoder *self = calloc(1, sizeof *self);
    int result = AVERROR(ENOMEM);
    if (self) {
        self->sample_rate = options->sample_rate;
        self->packet = av_packet_alloc();
        self->frame = av_frame_alloc();
        result = self->packet && self->frame ? open_input(self, options->path) : result;
    }
    if (result >= 0) {
        result = open_streams(self);
    }
    svms_status status = SVMS_OK;
    if (result < 0) {
        char what[200];
        (void)snprintf(what, sizeof what, "cannot play %.160s", options->path);
        status = camera_fail_ffmpeg(err, result, what);
    } else {
        status = describe(self, options, format, err);
    }
    if (status == SVMS_OK && !lens_picture_new(&self->shown, format->width, format->height)) {
        status = camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a picture");
    }
    if (status != SVMS_OK) {
        file_decoder_close(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

void file_decoder_close(file_decoder **decoder)
{
    file_decoder *own = decoder ? *decoder : NULL;
    if (!own) {
        return;
    }
    sws_freeContext(own->scaler);
    swr_free(&own->resampler);
    av_channel_layout_uninit(&own->heard_channels);
    avcodec_free_context(&own->video);
    avcodec_free_context(&own->audio);
    avformat_close_input(&own->in);
    av_packet_free(&own->packet);
    av_frame_free(&own->frame);
    free(own->shown.planes[0]);
    free(own->sound);
    free(own);
    *decoder = NULL;
}

/* Since the beginning of the file, whatever its own times begin with. */
static void put_time(const file_decoder *self, int index, file_piece *out)
{
    const AVStream *stream = self->in->streams[index];
    int64_t time = self->frame->best_effort_timestamp;
    out->has_time = false;
    if (time == AV_NOPTS_VALUE) {
        return;
    }
    static const AVRational nanosecond = { 1, 1000000000 };
    static const AVRational microsecond = { 1, 1000000 };
    int64_t begin = self->in->start_time == AV_NOPTS_VALUE ? 0 : self->in->start_time;
    int64_t since = av_rescale_q(time, stream->time_base, nanosecond) -
                    av_rescale_q(begin, microsecond, nanosecond);
    out->has_time = true;
    out->time_ns = since > 0 ? (uint64_t)since : 0;
}

/* Pictures of JPEG use all values of a byte, ours 16 to 235. Formats of their own once said so; the
 * scaler wants to be told instead. */
static int plain_format(int format, bool *is_full)
{
    static const struct {
        int full;
        int plain;
    } formats[] = {
        { AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P }, { AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P },
        { AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P }, { AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P },
        { AV_PIX_FMT_YUVJ411P, AV_PIX_FMT_YUV411P },
    };
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (formats[i].full == format) {
            *is_full = true;
            return formats[i].plain;
        }
    }
    return format;
}

/* Files may change what their pictures are like on the way, too. */
static int make_scaler(file_decoder *self)
{
    const AVFrame *in = self->frame;
    if (self->scaler && self->seen_width == in->width && self->seen_height == in->height &&
        self->seen_format == in->format) {
        return 0;
    }
    bool is_full = in->color_range == AVCOL_RANGE_JPEG;
    const int *matrix = sws_getCoefficients(SWS_CS_DEFAULT);
    sws_freeContext(self->scaler);
    self->scaler = sws_getContext(in->width, in->height, plain_format(in->format, &is_full),
                                  (int)self->shown.width, (int)self->shown.height,
                                  AV_PIX_FMT_YUV420P, SWS_BICUBIC, NULL, NULL, NULL);
    if (!self->scaler) {
        return AVERROR_INVALIDDATA;
    }
    self->seen_width = in->width;
    self->seen_height = in->height;
    self->seen_format = in->format;
    /* Fails where there is nothing to convert, and that is fine. */
    (void)sws_setColorspaceDetails(self->scaler, matrix, is_full, matrix, 0, 0, 1 << 16, 1 << 16);
    return 0;
}

static int make_picture(file_decoder *self, file_piece *out)
{
    const AVFrame *in = self->frame;
    int result = make_scaler(self);
    if (result < 0) {
        return result;
    }
    const int strides[3] = { (int)self->shown.strides[0], (int)self->shown.strides[1],
                             (int)self->shown.strides[2] };
    result = sws_scale(self->scaler, (const uint8_t *const *)in->data, in->linesize, 0, in->height,
                       self->shown.planes, strides);
    out->kind = LENS_PICTURE;
    out->picture = self->shown;
    put_time(self, self->video_index, out);
    return result < 0 ? result : 1;
}

/* Files may change what their sound is like on the way. */
static int make_resampler(file_decoder *self)
{
    AVFrame *in = self->frame;
    if (self->resampler && self->heard_rate == in->sample_rate &&
        self->heard_format == in->format &&
        av_channel_layout_compare(&self->heard_channels, &in->ch_layout) == 0) {
        return 0;
    }
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    swr_free(&self->resampler);
    int result =
        swr_alloc_set_opts2(&self->resampler, &mono, AV_SAMPLE_FMT_S16, (int)self->sample_rate,
                            &in->ch_layout, in->format, in->sample_rate, 0, NULL);
    if (result >= 0) {
        result = swr_init(self->resampler);
    }
    if (result >= 0) {
        result = av_channel_layout_copy(&self->heard_channels, &in->ch_layout);
    }
    self->heard_rate = in->sample_rate;
    self->heard_format = in->format;
    return result;
}

static int make_sound(file_decoder *self, file_piece *out)
{
    if (self->frame->ch_layout.nb_channels > AV_NUM_DATA_POINTERS) {
        return AVERROR_INVALIDDATA;
    }
    int result = make_resampler(self);
    int room = result < 0 ? result : swr_get_out_samples(self->resampler, self->frame->nb_samples);
    if (room < 0 || (size_t)room > SOUND_MAX) {
        return room < 0 ? room : AVERROR_INVALIDDATA;
    }
    if ((size_t)room > self->sound_capacity) {
        int16_t *more = realloc(self->sound, (size_t)room * sizeof *more);
        if (!more) {
            return AVERROR(ENOMEM);
        }
        self->sound = more;
        self->sound_capacity = (size_t)room;
    }
    uint8_t *to[1] = { (uint8_t *)self->sound };
    const uint8_t *from[AV_NUM_DATA_POINTERS] = { NULL };
    for (size_t i = 0; i < AV_NUM_DATA_POINTERS; i++) {
        from[i] = self->frame->data[i];
    }
    result = swr_convert(self->resampler, to, room, from, self->frame->nb_samples);
    out->kind = LENS_SOUND;
    out->sound = self->sound;
    out->sound_count = result > 0 ? (size_t)result : 0;
    put_time(self, self->audio_index, out);
    return result > 0 ? 1 : result;
}

/* 1: a piece; 0: the decoder has none. */
static int receive(file_decoder *self, AVCodecContext *codec, file_piece *out)
{
    int result = codec ? avcodec_receive_frame(codec, self->frame) : AVERROR_EOF;
    if (result == AVERROR(ENOMEM)) {
        return result;
    }
    if (result < 0) {
        return 0;
    }
    result = codec == self->video ? make_picture(self, out) : make_sound(self, out);
    av_frame_unref(self->frame);
    /* Damage in a file is no end of it. */
    return result == AVERROR_INVALIDDATA || result == AVERROR(EINVAL) ? 0 : result;
}

static int feed(file_decoder *self)
{
    int result = av_read_frame(self->in, self->packet);
    if (result == AVERROR_EOF) {
        self->at_end = true;
        (void)avcodec_send_packet(self->video, NULL);
        return self->audio ? avcodec_send_packet(self->audio, NULL) : 0;
    }
    if (result < 0) {
        return result;
    }
    AVCodecContext *codec = self->packet->stream_index == self->video_index   ? self->video
                            : self->packet->stream_index == self->audio_index ? self->audio
                                                                              : NULL;
    result = codec ? avcodec_send_packet(codec, self->packet) : 0;
    av_packet_unref(self->packet);
    return result == AVERROR(ENOMEM) ? result : 0;
}

svms_status file_decoder_next(file_decoder *decoder, file_piece *out, svms_error *err)
{
    int result = 0;
    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < EMPTY_PACKETS_MAX; i++) {
        result = receive(decoder, decoder->video, out);
        if (result == 0) {
            result = receive(decoder, decoder->audio, out);
        }
        if (result > 0) {
            return SVMS_OK;
        }
        if (result == 0 && decoder->at_end) {
            return SVMS_END;
        }
        if (result == 0) {
            result = feed(decoder);
        }
        if (result < 0) {
            return camera_fail_ffmpeg(err, result, "cannot play the file");
        }
    }
    return camera_fail(err, SVMS_E_MALFORMED, 0, "nothing in the file can be decoded");
}

svms_status file_decoder_restart(file_decoder *decoder, svms_error *err)
{
    int64_t begin = decoder->in->start_time == AV_NOPTS_VALUE ? 0 : decoder->in->start_time;
    int result = avformat_seek_file(decoder->in, -1, INT64_MIN, begin, begin, 0);
    if (result < 0) {
        return camera_fail_ffmpeg(err, result, "the file cannot be played again");
    }
    avcodec_flush_buffers(decoder->video);
    if (decoder->audio) {
        avcodec_flush_buffers(decoder->audio);
    }
    decoder->at_end = false;
    return SVMS_OK;
}
