/* SPDX-License-Identifier: Apache-2.0 */
#include "still_picture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libswscale/swscale.h>

#include "ffmpeg_codec.h"
#include "message.h"

/* Of MPEG's quantiser scale, where 1 is the best; nobody sees the difference. */
#define JPEG_QUANTISER 2
#define NEUTRAL (1 << 16) /* brightness stays, contrast and saturation too */

struct still_decoder {
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    AVFrame *kept;
    bool found;
};

static int take_configuration(AVCodecContext *codec, const svms_track *track)
{
    codec->width = (int)track->width;
    codec->height = (int)track->height;
    /* One picture is wanted, and with threads it would come late. */
    codec->thread_count = 1;
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

exit_status still_decoder_open(still_decoder **out, const svms_track *track)
{
    const AVCodec *codec = avcodec_find_decoder(codec_of_fourcc(track->codec));
    still_decoder *self = calloc(1, sizeof *self);
    ffmpeg_log_to_messages();
    if (!codec) {
        free(self);
        complain("nothing here decodes the video");
        return EXIT_ENVIRONMENT;
    }
    if (self) {
        self->codec = avcodec_alloc_context3(codec);
        self->packet = av_packet_alloc();
        self->frame = av_frame_alloc();
        self->kept = av_frame_alloc();
    }
    int result = self && self->codec && self->packet && self->frame && self->kept
                     ? take_configuration(self->codec, track)
                     : AVERROR(ENOMEM);
    if (result >= 0) {
        result = avcodec_open2(self->codec, codec, NULL);
    }
    if (result < 0) {
        still_decoder_close(&self);
        return complain_ffmpeg(result, "cannot decode the video");
    }
    *out = self;
    return EXIT_GOOD;
}

static exit_status take_pictures(still_decoder *decoder, int64_t wanted_pts)
{
    for (;;) {
        int result = avcodec_receive_frame(decoder->codec, decoder->frame);
        if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) {
            return EXIT_GOOD;
        }
        if (result < 0) {
            return complain_ffmpeg(result, "cannot decode the video");
        }
        if (decoder->frame->pts == wanted_pts && !decoder->found) {
            av_frame_move_ref(decoder->kept, decoder->frame);
            decoder->found = true;
        }
        av_frame_unref(decoder->frame);
    }
}

exit_status still_decoder_feed(still_decoder *decoder, const svms_sample *sample,
                               int64_t wanted_pts)
{
    int result = av_new_packet(decoder->packet, (int)sample->size);
    if (result < 0) {
        return complain_ffmpeg(result, "cannot decode the video");
    }
    if (sample->size > 0) {
        memcpy(decoder->packet->data, sample->data, sample->size);
    }
    decoder->packet->pts = sample->pts;
    decoder->packet->dts = sample->dts;
    decoder->packet->flags |= (sample->flags & SVMS_SAMPLE_SYNC) ? AV_PKT_FLAG_KEY : 0;
    result = avcodec_send_packet(decoder->codec, decoder->packet);
    av_packet_unref(decoder->packet);
    /* What does not decode may still be followed by what does. */
    if (result < 0 && result != AVERROR_INVALIDDATA) {
        return complain_ffmpeg(result, "cannot decode the video");
    }
    return take_pictures(decoder, wanted_pts);
}

exit_status still_decoder_end(still_decoder *decoder, int64_t wanted_pts)
{
    int result = avcodec_send_packet(decoder->codec, NULL);
    if (result < 0 && result != AVERROR_EOF) {
        return complain_ffmpeg(result, "cannot decode the video");
    }
    return take_pictures(decoder, wanted_pts);
}

bool still_decoder_has_picture(const still_decoder *decoder)
{
    return decoder->found;
}

void still_decoder_close(still_decoder **decoder)
{
    still_decoder *own = *decoder;
    if (!own) {
        return;
    }
    avcodec_free_context(&own->codec);
    av_packet_free(&own->packet);
    av_frame_free(&own->frame);
    av_frame_free(&own->kept);
    free(own);
    *decoder = NULL;
}

/* The picture in the colours of the file, for which the video's own are taken into account. */
static int convert(AVFrame *out, const AVFrame *in, enum AVPixelFormat format)
{
    bool full = in->color_range == AVCOL_RANGE_JPEG;
    out->format = format;
    out->width = in->width;
    out->height = in->height;
    int result = av_frame_get_buffer(out, 0);
    if (result < 0) {
        return result;
    }
    struct SwsContext *scaler =
        sws_getContext(in->width, in->height, in->format, out->width, out->height, format,
                       SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, NULL, NULL, NULL);
    if (!scaler) {
        return AVERROR(ENOMEM);
    }
    /* Where there is nothing to set (from RGB to RGB) this fails, and does not matter. */
    (void)sws_setColorspaceDetails(scaler, sws_getCoefficients(in->colorspace), full ? 1 : 0,
                                   sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, NEUTRAL, NEUTRAL);
    result = sws_scale(scaler, (const uint8_t *const *)in->data, in->linesize, 0, in->height,
                       out->data, out->linesize);
    sws_freeContext(scaler);
    return result < 0 ? result : 0;
}

static int encode(AVPacket *out, AVFrame *picture, enum AVCodecID id)
{
    const AVCodec *codec = avcodec_find_encoder(id);
    AVCodecContext *encoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!encoder) {
        return codec ? AVERROR(ENOMEM) : AVERROR_ENCODER_NOT_FOUND;
    }
    encoder->width = picture->width;
    encoder->height = picture->height;
    encoder->pix_fmt = (enum AVPixelFormat)picture->format;
    encoder->color_range = AVCOL_RANGE_JPEG;
    encoder->time_base = (AVRational){ 1, 1 };
    encoder->thread_count = 1;
    encoder->flags |= AV_CODEC_FLAG_QSCALE;
    encoder->global_quality = FF_QP2LAMBDA * JPEG_QUANTISER;
    picture->quality = encoder->global_quality;
    picture->pts = 0;
    int result = avcodec_open2(encoder, codec, NULL);
    if (result >= 0) {
        result = avcodec_send_frame(encoder, picture);
    }
    if (result >= 0) {
        result = avcodec_send_frame(encoder, NULL);
    }
    if (result >= 0) {
        result = avcodec_receive_packet(encoder, out);
    }
    avcodec_free_context(&encoder);
    return result;
}

exit_status still_write_bytes(const void *bytes, size_t size, const char *path)
{
    const uint8_t *at = bytes;
    int handle = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (handle < 0) {
        return complain_system(errno, "cannot create %s", path);
    }
    while (size > 0) {
        ssize_t count = write(handle, at, size);
        if (count < 0 && errno != EINTR) {
            exit_status status = complain_system(errno, "cannot write %s", path);
            close(handle);
            return status;
        }
        at += count > 0 ? count : 0;
        size -= count > 0 ? (size_t)count : 0;
    }
    int synced = fsync(handle);
    int os_error = errno;
    close(handle);
    return synced == 0 ? EXIT_GOOD : complain_system(os_error, "cannot make %s durable", path);
}

exit_status still_write_picture(const still_decoder *decoder, still_format format, const char *path)
{
    bool png = format == STILL_PNG;
    exit_status status = EXIT_GOOD;
    AVFrame *picture = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    int result = AVERROR(ENOMEM);
    if (picture && packet) {
        result = convert(picture, decoder->kept, png ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_YUVJ420P);
    }
    if (result >= 0) {
        result = encode(packet, picture, png ? AV_CODEC_ID_PNG : AV_CODEC_ID_MJPEG);
    }
    if (result >= 0) {
        status = still_write_bytes(packet->data, (size_t)packet->size, path);
    } else {
        status = complain_ffmpeg(result, "cannot encode the picture");
    }
    av_packet_free(&packet);
    av_frame_free(&picture);
    return status;
}
