/* SPDX-License-Identifier: Apache-2.0 */
#include "mask_video.h"

#include <stdlib.h>

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>

#include "ffmpeg_codec.h"
#include "message.h"

/* Nobody sees the difference, and the file stays reasonable. */
#define QUALITY "18"

struct mask_video {
    svms_privacy *privacy;
    AVCodecContext *decoder;
    AVCodecContext *encoder;
    AVFormatContext *to;
    AVStream *stream;
    AVFrame *decoded;
    AVFrame *plain; /* in a layout that masks know, and ours to change */
    AVPacket *packet;
    struct SwsContext *scaler;
    uint64_t pictures;
};

static int open_decoder(mask_video *self, const AVStream *in)
{
    const AVCodec *codec = avcodec_find_decoder(in->codecpar->codec_id);
    self->decoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!self->decoder) {
        return codec ? AVERROR(ENOMEM) : AVERROR_DECODER_NOT_FOUND;
    }
    int result = avcodec_parameters_to_context(self->decoder, in->codecpar);
    self->decoder->pkt_timebase = in->time_base;
    return result < 0 ? result : avcodec_open2(self->decoder, codec, NULL);
}

static int open_encoder(mask_video *self, const AVStream *in)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_H264);
    self->encoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!self->encoder) {
        return codec ? AVERROR(ENOMEM) : AVERROR_ENCODER_NOT_FOUND;
    }
    AVCodecContext *encoder = self->encoder;
    encoder->width = in->codecpar->width;
    encoder->height = in->codecpar->height;
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder->time_base = in->time_base;
    encoder->framerate = in->avg_frame_rate;
    encoder->sample_aspect_ratio = in->codecpar->sample_aspect_ratio;
    encoder->color_range = in->codecpar->color_range;
    encoder->colorspace = in->codecpar->color_space;
    encoder->color_primaries = in->codecpar->color_primaries;
    encoder->color_trc = in->codecpar->color_trc;
    if (self->to->oformat->flags & AVFMT_GLOBALHEADER) {
        encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    }
    (void)av_opt_set(encoder->priv_data, "crf", QUALITY, 0);
    return avcodec_open2(encoder, codec, NULL);
}

static int make_stream(mask_video *self, const AVStream *in)
{
    self->stream = avformat_new_stream(self->to, NULL);
    if (!self->stream) {
        return AVERROR(ENOMEM);
    }
    self->stream->time_base = in->time_base;
    self->stream->avg_frame_rate = in->avg_frame_rate;
    return avcodec_parameters_from_context(self->stream->codecpar, self->encoder);
}

exit_status mask_video_open(mask_video **out, svms_privacy *privacy, const AVStream *in,
                            AVFormatContext *to)
{
    mask_video *self = calloc(1, sizeof *self);
    int result = AVERROR(ENOMEM);
    if (self) {
        self->privacy = privacy;
        self->to = to;
        self->decoded = av_frame_alloc();
        self->plain = av_frame_alloc();
        self->packet = av_packet_alloc();
        result = self->decoded && self->plain && self->packet ? open_decoder(self, in) : result;
    }
    if (result >= 0) {
        result = open_encoder(self, in);
    }
    if (result >= 0) {
        result = make_stream(self, in);
    }
    if (result < 0) {
        mask_video_close(&self);
        return complain_ffmpeg(result, "cannot mask the video");
    }
    *out = self;
    return EXIT_GOOD;
}

void mask_video_close(mask_video **video)
{
    mask_video *own = *video;
    if (!own) {
        return;
    }
    avcodec_free_context(&own->decoder);
    avcodec_free_context(&own->encoder);
    av_frame_free(&own->decoded);
    av_frame_free(&own->plain);
    av_packet_free(&own->packet);
    sws_freeContext(own->scaler);
    free(own);
    *video = NULL;
}

uint64_t mask_video_pictures(const mask_video *video)
{
    return video->pictures;
}

static exit_status write_packets(mask_video *self)
{
    for (;;) {
        int result = avcodec_receive_packet(self->encoder, self->packet);
        if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) {
            return EXIT_GOOD;
        }
        if (result >= 0) {
            self->packet->stream_index = self->stream->index;
            av_packet_rescale_ts(self->packet, self->encoder->time_base, self->stream->time_base);
            result = av_interleaved_write_frame(self->to, self->packet);
        }
        if (result < 0) {
            return complain_ffmpeg(result, "cannot write the masked video");
        }
    }
}

/* A copy, since what was decoded may still be needed for the pictures that follow. */
static int make_plain(mask_video *self)
{
    const AVFrame *in = self->decoded;
    AVFrame *out = self->plain;
    av_frame_unref(out);
    out->format = AV_PIX_FMT_YUV420P;
    out->width = self->encoder->width;
    out->height = self->encoder->height;
    int result = av_frame_get_buffer(out, 0);
    if (result < 0) {
        return result;
    }
    self->scaler = sws_getCachedContext(self->scaler, in->width, in->height, in->format, out->width,
                                        out->height, out->format, SWS_BICUBIC, NULL, NULL, NULL);
    if (!self->scaler) {
        return AVERROR(EINVAL);
    }
    result = sws_scale(self->scaler, (const uint8_t *const *)in->data, in->linesize, 0, in->height,
                       out->data, out->linesize);
    out->pts = in->best_effort_timestamp;
    out->sample_aspect_ratio = in->sample_aspect_ratio;
    out->color_range = in->color_range;
    out->colorspace = in->colorspace;
    return result < 0 ? result : 0;
}

static exit_status put_masks(mask_video *self)
{
    svms_picture picture = SVMS_PICTURE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    picture.width = (uint32_t)self->plain->width;
    picture.height = (uint32_t)self->plain->height;
    for (size_t i = 0; i < 3; i++) {
        picture.planes[i] = self->plain->data[i];
        picture.strides[i] = (size_t)self->plain->linesize[i];
    }
    svms_status status = svms_privacy_apply(self->privacy, &picture, &err);
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot mask a picture");
}

static exit_status mask_picture(mask_video *self)
{
    int result = make_plain(self);
    if (result < 0) {
        return complain_ffmpeg(result, "cannot mask a picture");
    }
    exit_status status = put_masks(self);
    if (status != EXIT_GOOD) {
        return status;
    }
    result = avcodec_send_frame(self->encoder, self->plain);
    self->pictures++;
    return result < 0 ? complain_ffmpeg(result, "cannot encode a picture") : write_packets(self);
}

static exit_status take_pictures(mask_video *self)
{
    exit_status status = EXIT_GOOD;
    while (status == EXIT_GOOD) {
        int result = avcodec_receive_frame(self->decoder, self->decoded);
        if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) {
            return EXIT_GOOD;
        }
        if (result < 0) {
            return complain_ffmpeg(result, "cannot decode the video");
        }
        status = mask_picture(self);
        av_frame_unref(self->decoded);
    }
    return status;
}

exit_status mask_video_feed(mask_video *video, const AVPacket *packet)
{
    int result = avcodec_send_packet(video->decoder, packet);
    /* What does not decode may still be followed by what does. */
    if (result < 0 && result != AVERROR_INVALIDDATA && result != AVERROR_EOF) {
        return complain_ffmpeg(result, "cannot decode the video");
    }
    exit_status status = take_pictures(video);
    if (status != EXIT_GOOD || packet) {
        return status;
    }
    result = avcodec_send_frame(video->encoder, NULL);
    return result < 0 ? complain_ffmpeg(result, "cannot encode the video") : write_packets(video);
}
