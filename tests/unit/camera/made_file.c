/* SPDX-License-Identifier: Apache-2.0 */
#include "made_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <libavformat/avformat.h>

#include "encoder.h"
#include "lens_scene.h"

typedef struct film {
    AVFormatContext *out;
    lens *source;
    video_encoder *video;
    sound_encoder *sound;
    int video_index;
    int sound_index;
    uint64_t begun;
} film;

bool made_file_is_possible(void)
{
    if (avcodec_find_encoder_by_name("libx264")) {
        return true;
    }
    fprintf(stderr, "SKIPPED: FFmpeg here has no libx264\n");
    return false;
}

static int add_stream(film *self, const svms_track *track)
{
    AVStream *stream = avformat_new_stream(self->out, NULL);
    assert_non_null(stream);
    AVCodecParameters *codec = stream->codecpar;
    codec->extradata = av_mallocz(track->config_size + AV_INPUT_BUFFER_PADDING_SIZE);
    assert_non_null(codec->extradata);
    memcpy(codec->extradata, track->config, track->config_size);
    codec->extradata_size = (int)track->config_size;
    stream->time_base = (AVRational){ 1, (int)track->timebase_den };
    if (track->kind == SVMS_TRACK_VIDEO) {
        codec->codec_type = AVMEDIA_TYPE_VIDEO;
        codec->codec_id = AV_CODEC_ID_H264;
        codec->width = (int)track->width;
        codec->height = (int)track->height;
        stream->avg_frame_rate = (AVRational){ (int)MADE_RATE, 1 };
    } else {
        codec->codec_type = AVMEDIA_TYPE_AUDIO;
        codec->codec_id = AV_CODEC_ID_AAC;
        codec->sample_rate = (int)track->sample_rate;
        av_channel_layout_default(&codec->ch_layout, 1);
    }
    return stream->index;
}

static void open_film(film *self, const char *path, bool with_video, bool with_sound)
{
    const lens_scene_options scene = { .width = MADE_WIDTH,
                                       .height = MADE_HEIGHT,
                                       .rate_num = MADE_RATE,
                                       .rate_den = 1,
                                       .sample_rate = MADE_SAMPLE_RATE,
                                       .seed = 5,
                                       .is_hurried = true };
    const video_encoder_options video = { .layout = SVMS_PICTURE_I420,
                                          .width = MADE_WIDTH,
                                          .height = MADE_HEIGHT,
                                          .rate_num = MADE_RATE,
                                          .rate_den = 1,
                                          .gop = MADE_RATE,
                                          .bit_rate = 300000,
                                          .preset = "ultrafast" };
    memset(self, 0, sizeof *self);
    assert_int_equal(lens_open_scene(&self->source, &scene, NULL), SVMS_OK);
    assert_true(avformat_alloc_output_context2(&self->out, NULL, "matroska", path) >= 0);
    if (with_video) {
        assert_int_equal(video_encoder_open(&self->video, &video, NULL), SVMS_OK);
        self->video_index = add_stream(self, video_encoder_track(self->video));
    }
    if (with_sound) {
        assert_int_equal(sound_encoder_open(&self->sound, MADE_SAMPLE_RATE, 32000, NULL), SVMS_OK);
        self->sound_index = add_stream(self, sound_encoder_track(self->sound));
    }
    assert_true(avio_open(&self->out->pb, path, AVIO_FLAG_WRITE) >= 0);
    assert_true(avformat_write_header(self->out, NULL) >= 0);
}

static void write_sample(film *self, int index, uint32_t ticks, const svms_sample *sample)
{
    AVPacket *packet = av_packet_alloc();
    assert_non_null(packet);
    assert_true(av_new_packet(packet, (int)sample->size) >= 0);
    memcpy(packet->data, sample->data, sample->size);
    packet->stream_index = index;
    packet->pts = sample->pts;
    packet->dts = sample->dts;
    packet->duration = sample->duration;
    packet->flags = sample->flags & SVMS_SAMPLE_SYNC ? AV_PKT_FLAG_KEY : 0;
    av_packet_rescale_ts(packet, (AVRational){ 1, (int)ticks },
                         self->out->streams[index]->time_base);
    assert_true(av_interleaved_write_frame(self->out, packet) >= 0);
    av_packet_free(&packet);
}

static void write_shot(film *self, const lens_shot *shot)
{
    svms_sample sample;
    uint64_t since = shot->monotonic_ns - self->begun;
    if (shot->kind == LENS_PICTURE && self->video) {
        int64_t pts = (int64_t)(since * ENCODER_VIDEO_TICKS / LENS_SECOND);
        assert_int_equal(
            video_encoder_encode(self->video, &shot->picture, pts, false, &sample, NULL), SVMS_OK);
        write_sample(self, self->video_index, ENCODER_VIDEO_TICKS, &sample);
    } else if (shot->kind == LENS_SOUND && self->sound) {
        int64_t pts = (int64_t)(since * MADE_SAMPLE_RATE / LENS_SECOND);
        assert_int_equal(sound_encoder_feed(self->sound, shot->sound, shot->sound_count, pts, NULL),
                         SVMS_OK);
        while (sound_encoder_take(self->sound, &sample, NULL) == SVMS_OK) {
            write_sample(self, self->sound_index, MADE_SAMPLE_RATE, &sample);
        }
    }
}

void made_file_write(const char *path, bool with_video, bool with_sound)
{
    film self;
    lens_shot shot;
    open_film(&self, path, with_video, with_sound);
    assert_int_equal(lens_next(self.source, &shot, NULL), SVMS_OK);
    self.begun = shot.monotonic_ns;
    while (shot.monotonic_ns - self.begun < MADE_SECONDS * LENS_SECOND) {
        write_shot(&self, &shot);
        assert_int_equal(lens_next(self.source, &shot, NULL), SVMS_OK);
    }
    assert_true(av_write_trailer(self.out) >= 0);
    assert_true(avio_closep(&self.out->pb) >= 0);
    avformat_free_context(self.out);
    video_encoder_close(&self.video);
    sound_encoder_close(&self.sound);
    lens_close(&self.source);
}
