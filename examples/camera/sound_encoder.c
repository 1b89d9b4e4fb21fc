/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>

#include "camera_failure.h"
#include "encoder.h"

#define BIT_RATE_MIN 8000u
#define BIT_RATE_MAX 256000u
/* Parts of a second that clocks may be apart before anything is done about it. */
#define TOLERANCE 10
#define GAP_SECONDS 10
#define QUEUE_SECONDS 30

struct sound_encoder {
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
    svms_track track;
    int16_t *queue;
    size_t queued;
    size_t capacity;
    bool has_begun;
    int64_t next_pts; /* of the next sample to be fed */
};

static int open_codec(sound_encoder *self, uint32_t sample_rate, uint32_t bit_rate)
{
    const AVCodec *found = avcodec_find_encoder_by_name("aac");
    const AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    self->codec = found ? avcodec_alloc_context3(found) : NULL;
    self->frame = av_frame_alloc();
    self->packet = av_packet_alloc();
    if (!self->codec || !self->frame || !self->packet) {
        return found ? AVERROR(ENOMEM) : AVERROR_ENCODER_NOT_FOUND;
    }
    self->codec->sample_rate = (int)sample_rate;
    self->codec->bit_rate = bit_rate;
    self->codec->sample_fmt = AV_SAMPLE_FMT_FLTP;
    self->codec->time_base = (AVRational){ 1, (int)sample_rate };
    self->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    int result = av_channel_layout_copy(&self->codec->ch_layout, &mono);
    if (result >= 0) {
        result = avcodec_open2(self->codec, found, NULL);
    }
    if (result < 0) {
        return result;
    }
    self->frame->format = self->codec->sample_fmt;
    self->frame->nb_samples = self->codec->frame_size;
    self->frame->sample_rate = self->codec->sample_rate;
    result = av_channel_layout_copy(&self->frame->ch_layout, &mono);
    return result < 0 ? result : av_frame_get_buffer(self->frame, 0);
}

svms_status sound_encoder_open(sound_encoder **out, uint32_t sample_rate, uint32_t bit_rate,
                               svms_error *err)
{
    if (sample_rate < 8000 || sample_rate > 96000 || bit_rate < BIT_RATE_MIN ||
        bit_rate > BIT_RATE_MAX) {
        return camera_fail(err, SVMS_E_USAGE, 0, "no sound of %u samples and %u bits in a second",
                           sample_rate, bit_rate);
    }
    sound_encoder *self = calloc(1, sizeof *self);
    if (!self) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for an encoder");
    }
    int result = open_codec(self, sample_rate, bit_rate);
    if (result < 0) {
        sound_encoder_close(&self);
        return camera_fail_ffmpeg(err, result, "no encoder of AAC");
    }
    self->track = (svms_track)SVMS_TRACK_INIT;
    self->track.codec = SVMS_CODEC_AAC;
    self->track.kind = SVMS_TRACK_AUDIO;
    self->track.timebase_den = sample_rate;
    self->track.default_duration = (uint32_t)self->codec->frame_size;
    self->track.sample_rate = sample_rate;
    self->track.channels = 1;
    self->track.config = self->codec->extradata;
    self->track.config_size = (uint32_t)self->codec->extradata_size;
    *out = self;
    return SVMS_OK;
}

void sound_encoder_close(sound_encoder **encoder)
{
    sound_encoder *own = encoder ? *encoder : NULL;
    if (!own) {
        return;
    }
    avcodec_free_context(&own->codec);
    av_frame_free(&own->frame);
    av_packet_free(&own->packet);
    free(own->queue);
    free(own);
    *encoder = NULL;
}

const svms_track *sound_encoder_track(const sound_encoder *encoder)
{
    return &encoder->track;
}

/* Sound, or silence where it is NULL. */
static svms_status append(sound_encoder *self, const int16_t *sound, size_t count, svms_error *err)
{
    size_t most = (size_t)self->track.sample_rate * QUEUE_SECONDS;
    if (count > most || self->queued + count > most) {
        return camera_fail(err, SVMS_E_LIMIT, 0, "nobody takes the sound");
    }
    if (self->queued + count > self->capacity) {
        size_t capacity = (self->queued + count) * 2;
        int16_t *more = realloc(self->queue, capacity * sizeof *more);
        if (!more) {
            return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for sound");
        }
        self->queue = more;
        self->capacity = capacity;
    }
    if (sound) {
        memcpy(self->queue + self->queued, sound, count * sizeof *sound);
    } else {
        memset(self->queue + self->queued, 0, count * sizeof *self->queue);
    }
    self->queued += count;
    self->next_pts += (int64_t)count;
    return SVMS_OK;
}

svms_status sound_encoder_feed(sound_encoder *encoder, const int16_t *sound, size_t count,
                               int64_t pts, svms_error *err)
{
    int64_t rate = encoder->track.sample_rate;
    if (count == 0) {
        return SVMS_OK;
    }
    if (!encoder->has_begun) {
        encoder->next_pts = pts;
        encoder->has_begun = true;
    }
    int64_t apart = pts - encoder->next_pts;
    if (apart > rate / TOLERANCE) {
        int64_t most = rate * GAP_SECONDS;
        svms_status status = append(encoder, NULL, (size_t)(apart < most ? apart : most), err);
        if (status != SVMS_OK) {
            return status;
        }
    } else if (apart < -rate / TOLERANCE) {
        size_t late = (size_t)-apart < count ? (size_t)-apart : count;
        sound += late;
        count -= late;
    }
    return append(encoder, sound, count, err);
}

static int send(sound_encoder *self)
{
    size_t count = (size_t)self->codec->frame_size;
    int result = av_frame_make_writable(self->frame);
    if (result < 0) {
        return result;
    }
    float *to = (float *)self->frame->extended_data[0];
    for (size_t i = 0; i < count; i++) {
        to[i] = (float)self->queue[i] / 32768.0F;
    }
    self->frame->pts = self->next_pts - (int64_t)self->queued;
    self->queued -= count;
    memmove(self->queue, self->queue + count, self->queued * sizeof *self->queue);
    return avcodec_send_frame(self->codec, self->frame);
}

svms_status sound_encoder_take(sound_encoder *encoder, svms_sample *out, svms_error *err)
{
    int result = 0;
    av_packet_unref(encoder->packet);
    while ((result = avcodec_receive_packet(encoder->codec, encoder->packet)) == AVERROR(EAGAIN)) {
        if (encoder->queued < (size_t)encoder->codec->frame_size) {
            return SVMS_AGAIN;
        }
        result = send(encoder);
        if (result < 0) {
            break;
        }
    }
    if (result < 0) {
        return camera_fail_ffmpeg(err, result, "sound cannot be encoded");
    }
    *out = (svms_sample)SVMS_SAMPLE_INIT;
    out->flags = SVMS_SAMPLE_SYNC;
    out->duration = encoder->track.default_duration;
    out->pts = encoder->packet->pts;
    out->dts = encoder->packet->pts;
    out->data = encoder->packet->data;
    out->size = (size_t)encoder->packet->size;
    return SVMS_OK;
}
