/* SPDX-License-Identifier: Apache-2.0 */
/* What the encoders make, as the library and FFmpeg's decoders see it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libavcodec/avcodec.h>
#include <libavutil/log.h>

#include "encoder.h"
#include "lens_scene.h"
#include "made_file.h"
#include "set_clock.h"

#define WIDTH 320u
#define HEIGHT 240u
#define RATE 25u
#define TICKS (ENCODER_VIDEO_TICKS / RATE)

static video_encoder_options usual(void)
{
    const video_encoder_options options = { .layout = SVMS_PICTURE_I420,
                                            .width = WIDTH,
                                            .height = HEIGHT,
                                            .rate_num = RATE,
                                            .rate_den = 1,
                                            .gop = 20,
                                            .bit_rate = 400000,
                                            .preset = "ultrafast" };
    return options;
}

static video_encoder *open_video(const video_encoder_options *options)
{
    video_encoder *encoder = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(video_encoder_open(&encoder, options, &err), SVMS_OK);
    return encoder;
}

static lens *open_scene(set_clock *clock, uint32_t noise)
{
    lens *source = NULL;
    const lens_scene_options options = { .width = WIDTH,
                                         .height = HEIGHT,
                                         .rate_num = RATE,
                                         .rate_den = 1,
                                         .seed = 3,
                                         .noise = noise,
                                         .is_hurried = true,
                                         .clock = set_clock_of(clock) };
    assert_int_equal(lens_open_scene(&source, &options, NULL), SVMS_OK);
    return source;
}

static svms_picture next_picture(lens *source)
{
    lens_shot shot;
    assert_int_equal(lens_next(source, &shot, NULL), SVMS_OK);
    assert_int_equal(shot.kind, LENS_PICTURE);
    return shot.picture;
}

/* Types of the NAL units, one digit or letter each. */
static void list_types(const svms_sample *sample, svms_nal_framing framing, char *out, size_t size)
{
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    svms_status status = svms_nal_begin(&it, SVMS_CODEC_H264, framing, sample->data, sample->size);
    size_t count = 0;
    while (status == SVMS_OK && (status = svms_nal_next(&it, &nal, NULL)) == SVMS_OK) {
        assert_true(count + 1 < size && nal.type < 16);
        out[count++] = "0123456789abcdef"[nal.type];
    }
    assert_int_equal(status, SVMS_END);
    out[count] = '\0';
}

static void skip_without_x264(void)
{
    if (!made_file_is_possible()) {
        skip();
    }
}

static void each_picture_is_a_sample_and_each_gop_begins_with_its_parameters(void **state)
{
    static const svms_nal_framing framings[] = { SVMS_NAL_LENGTH4, SVMS_NAL_ANNEX_B };
    (void)state;
    skip_without_x264();
    for (size_t k = 0; k < 2; k++) {
        set_clock clock = { 0 };
        lens *source = open_scene(&clock, 0);
        video_encoder_options options = usual();
        options.framing = framings[k];
        video_encoder *encoder = open_video(&options);
        for (int64_t i = 0; i < 50; i++) {
            char types[16];
            svms_sample sample;
            const svms_picture picture = next_picture(source);
            assert_int_equal(
                video_encoder_encode(encoder, &picture, i * TICKS, false, &sample, NULL), SVMS_OK);
            assert_int_equal(sample.pts, i * TICKS);
            assert_int_equal(sample.dts, sample.pts);
            assert_int_equal(sample.duration, TICKS);
            assert_int_equal(sample.flags, i % 20 == 0 ? SVMS_SAMPLE_SYNC : 0);
            list_types(&sample, framings[k], types, sizeof types);
            assert_string_equal(types, i % 20 == 0 ? "785" : "1");
        }
        video_encoder_close(&encoder);
        lens_close(&source);
    }
}

static void a_wanted_idr_comes_at_once_and_begins_a_whole_gop(void **state)
{
    set_clock clock = { 0 };
    (void)state;
    skip_without_x264();
    lens *source = open_scene(&clock, 0);
    const video_encoder_options options = usual();
    video_encoder *encoder = open_video(&options);
    for (int64_t i = 0; i < 60; i++) {
        svms_sample sample;
        const svms_picture picture = next_picture(source);
        if (i == 30) {
            assert_int_equal(video_encoder_change(encoder, 5, options.bit_rate, NULL), SVMS_OK);
        }
        assert_int_equal(video_encoder_encode(encoder, &picture, i * TICKS, i == 7, &sample, NULL),
                         SVMS_OK);
        bool is_sync = i == 0 || i == 7 || i == 27 || (i >= 32 && (i - 32) % 5 == 0);
        assert_int_equal(sample.flags, is_sync ? SVMS_SAMPLE_SYNC : 0);
    }
    video_encoder_close(&encoder);
    lens_close(&source);
}

/* Noise has no end of detail, so that the encoder has to hold back. */
static void the_bit_rate_is_kept_also_when_it_changes(void **state)
{
    static const uint32_t rates[] = { 400000, 150000, 600000 };
    set_clock clock = { 0 };
    (void)state;
    skip_without_x264();
    lens *source = open_scene(&clock, 6);
    video_encoder_options options = usual();
    options.bit_rate_max = 600000;
    video_encoder *encoder = open_video(&options);
    assert_int_equal(video_encoder_change(encoder, 50, 600001, NULL), SVMS_E_USAGE);
    int64_t pts = 0;
    for (size_t k = 0; k < 3; k++) {
        const uint32_t seconds = 5;
        uint64_t bits = 0;
        assert_int_equal(video_encoder_change(encoder, 50, rates[k], NULL), SVMS_OK);
        for (uint32_t i = 0; i < (seconds + 1) * RATE; i++) {
            svms_sample sample;
            const svms_picture picture = next_picture(source);
            assert_int_equal(video_encoder_encode(encoder, &picture, pts, false, &sample, NULL),
                             SVMS_OK);
            pts += TICKS;
            /* The bucket of a second is what the change may still cost. */
            bits += i < RATE ? 0 : sample.size * 8;
        }
        assert_in_range(bits, rates[k] * (uint64_t)seconds * 75 / 100,
                        rates[k] * (uint64_t)seconds * 115 / 100);
    }
    video_encoder_close(&encoder);
    lens_close(&source);
}

typedef struct watcher {
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
} watcher;

static void open_player(watcher *self, const svms_track *track, enum AVCodecID id)
{
    self->codec = avcodec_alloc_context3(avcodec_find_decoder(id));
    self->frame = av_frame_alloc();
    self->packet = av_packet_alloc();
    assert_true(self->codec && self->frame && self->packet);
    self->codec->extradata = av_mallocz(track->config_size + AV_INPUT_BUFFER_PADDING_SIZE);
    assert_non_null(self->codec->extradata);
    memcpy(self->codec->extradata, track->config, track->config_size);
    self->codec->extradata_size = (int)track->config_size;
    self->codec->flags |= AV_CODEC_FLAG_LOW_DELAY;
    assert_true(avcodec_open2(self->codec, NULL, NULL) >= 0);
}

static bool play(watcher *self, const svms_sample *sample)
{
    assert_true(av_new_packet(self->packet, (int)sample->size) >= 0);
    memcpy(self->packet->data, sample->data, sample->size);
    assert_true(avcodec_send_packet(self->codec, self->packet) >= 0);
    av_packet_unref(self->packet);
    return avcodec_receive_frame(self->codec, self->frame) >= 0;
}

static void close_player(watcher *self)
{
    avcodec_free_context(&self->codec);
    av_frame_free(&self->frame);
    av_packet_free(&self->packet);
}

static double distance(const AVFrame *frame, const svms_picture *picture)
{
    double sum = 0;
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < WIDTH; x++) {
            double apart = frame->data[0][y * (size_t)frame->linesize[0] + x] -
                           picture->planes[0][y * picture->strides[0] + x];
            sum += apart * apart;
        }
    }
    return sqrt(sum / (WIDTH * HEIGHT));
}

/* Masks are put between lens and encoder: the coded pictures have nothing of what they cover. */
static void what_a_mask_covers_is_in_no_coded_picture(void **state)
{
    static const svms_mask_point corners[] = {
        { 0.25, 0.25 }, { 0.75, 0.25 }, { 0.75, 0.75 }, { 0.25, 0.75 }
    };
    set_clock clock = { 0 };
    svms_ctx *ctx = NULL;
    svms_privacy *privacy = NULL;
    svms_mask mask = SVMS_MASK_INIT;
    watcher player;
    (void)state;
    skip_without_x264();
    mask.points = corners;
    mask.point_count = 4;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_privacy_new(&privacy, ctx, &mask, 1, NULL), SVMS_OK);
    lens *source = open_scene(&clock, 0);
    video_encoder_options options = usual();
    options.bit_rate = 2000000;
    video_encoder *encoder = open_video(&options);
    open_player(&player, video_encoder_track(encoder), AV_CODEC_ID_H264);
    for (int64_t i = 0; i < 25; i++) {
        svms_sample sample;
        const svms_picture picture = next_picture(source);
        assert_int_equal(svms_privacy_apply(privacy, &picture, NULL), SVMS_OK);
        assert_int_equal(video_encoder_encode(encoder, &picture, i * TICKS, false, &sample, NULL),
                         SVMS_OK);
        assert_true(play(&player, &sample));
        assert_true(distance(player.frame, &picture) < 6);
        for (uint32_t y = HEIGHT / 4 + 8; y < HEIGHT * 3 / 4 - 8; y++) {
            for (uint32_t x = WIDTH / 4 + 8; x < WIDTH * 3 / 4 - 8; x++) {
                assert_in_range(player.frame->data[0][y * (size_t)player.frame->linesize[0] + x],
                                12, 20);
            }
        }
    }
    close_player(&player);
    video_encoder_close(&encoder);
    lens_close(&source);
    svms_privacy_free(&privacy);
    svms_ctx_free(&ctx);
}

static void both_layouts_are_the_same_to_it(void **state)
{
    set_clock clock = { 0 };
    static uint8_t pairs[WIDTH * HEIGHT / 2];
    (void)state;
    skip_without_x264();
    lens *source = open_scene(&clock, 0);
    video_encoder_options options = usual();
    video_encoder *planar = open_video(&options);
    options.layout = SVMS_PICTURE_NV12;
    video_encoder *paired = open_video(&options);
    for (int64_t i = 0; i < 5; i++) {
        svms_sample one;
        svms_sample other;
        svms_picture picture = next_picture(source);
        assert_int_equal(video_encoder_encode(planar, &picture, i, false, &one, NULL), SVMS_OK);
        for (size_t k = 0; k < sizeof pairs / 2; k++) {
            pairs[2 * k] = picture.planes[1][k];
            pairs[2 * k + 1] = picture.planes[2][k];
        }
        picture.layout = SVMS_PICTURE_NV12;
        picture.planes[1] = pairs;
        picture.strides[1] = WIDTH;
        assert_int_equal(video_encoder_encode(paired, &picture, i, false, &other, NULL), SVMS_OK);
        assert_int_equal(one.size, other.size);
        assert_memory_equal(one.data, other.data, one.size);
    }
    video_encoder_close(&planar);
    video_encoder_close(&paired);
    lens_close(&source);
}

static void what_cannot_be_encoded_is_refused(void **state)
{
    static const struct {
        size_t field;
        uint32_t value;
    } cases[] = {
        { offsetof(video_encoder_options, width), 321 },
        { offsetof(video_encoder_options, height), 14 },
        { offsetof(video_encoder_options, width), 8194 },
        { offsetof(video_encoder_options, rate_num), 0 },
        { offsetof(video_encoder_options, rate_den), 0 },
        { offsetof(video_encoder_options, gop), 0 },
        { offsetof(video_encoder_options, gop), 3601 },
        { offsetof(video_encoder_options, bit_rate), 31999 },
        { offsetof(video_encoder_options, bit_rate), 100000001 },
        { offsetof(video_encoder_options, framing), SVMS_NAL_LENGTH2 },
        { offsetof(video_encoder_options, threads), 17 },
    };
    set_clock clock = { 0 };
    svms_sample sample;
    (void)state;
    skip_without_x264();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        video_encoder *encoder = NULL;
        video_encoder_options options = usual();
        svms_error err = SVMS_ERROR_INIT;
        memcpy((char *)&options + cases[i].field, &cases[i].value, sizeof cases[i].value);
        assert_int_equal(video_encoder_open(&encoder, &options, &err), SVMS_E_USAGE);
        assert_null(encoder);
    }
    video_encoder_options options = usual();
    video_encoder *encoder = NULL;
    options.preset = "unheard-of";
    assert_true(video_encoder_open(&encoder, &options, NULL) < 0);
    options = usual();
    encoder = open_video(&options);
    lens *source = open_scene(&clock, 0);
    svms_picture picture = next_picture(source);
    picture.width -= 2;
    assert_int_equal(video_encoder_encode(encoder, &picture, 0, false, &sample, NULL),
                     SVMS_E_USAGE);
    picture.width += 2;
    assert_int_equal(video_encoder_encode(encoder, &picture, 5, false, &sample, NULL), SVMS_OK);
    assert_int_equal(video_encoder_encode(encoder, &picture, 5, false, &sample, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(video_encoder_change(encoder, 0, 400000, NULL), SVMS_E_USAGE);
    video_encoder_close(&encoder);
    video_encoder_close(&encoder);
    lens_close(&source);
}

#define HEARD_RATE 16000

/* Mean square of what is heard, for each AAC frame that is taken. */
static size_t hear(sound_encoder *encoder, watcher *player, double *power, size_t at, int64_t *next)
{
    svms_sample sample;
    while (sound_encoder_take(encoder, &sample, NULL) == SVMS_OK) {
        assert_int_equal(sample.pts, *next);
        assert_int_equal(sample.duration, 1024);
        assert_int_equal(sample.flags, SVMS_SAMPLE_SYNC);
        *next += 1024;
        assert_true(play(player, &sample));
        const float *sound = (const float *)player->frame->extended_data[0];
        power[at] = 0;
        for (int i = 0; i < player->frame->nb_samples; i++) {
            power[at] += (double)sound[i] * sound[i] / player->frame->nb_samples;
        }
        at++;
    }
    return at;
}

/* A tone, a second that never came, and the tone again. */
static void sound_is_heard_again_and_a_gap_becomes_silence(void **state)
{
    static double power[200];
    static int16_t tone[HEARD_RATE];
    sound_encoder *encoder = NULL;
    watcher player;
    int64_t next = 5000 - 1024;
    (void)state;
    for (int i = 0; i < HEARD_RATE; i++) {
        tone[i] = (int16_t)(8000 * sin(i * 0.2));
    }
    assert_int_equal(sound_encoder_open(&encoder, HEARD_RATE, 32000, NULL), SVMS_OK);
    const svms_track *track = sound_encoder_track(encoder);
    assert_int_equal(track->codec, SVMS_CODEC_AAC);
    /* ISO/IEC 14496-3, 1.6.2.1: object type 2, frequency index 8, one channel. */
    assert_true(track->config_size >= 2);
    assert_int_equal(track->config[0], 0x14);
    assert_int_equal(track->config[1], 0x08);
    open_player(&player, track, AV_CODEC_ID_AAC);
    size_t frames = 0;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(sound_encoder_feed(encoder, tone + i * 320, 320, 5000 + i * 320, NULL),
                         SVMS_OK);
        frames = hear(encoder, &player, power, frames, &next);
    }
    assert_int_equal(sound_encoder_feed(encoder, tone, HEARD_RATE, 5000 + 2 * HEARD_RATE, NULL),
                     SVMS_OK);
    frames = hear(encoder, &player, power, frames, &next);
    /* One frame stays in the encoder. */
    assert_int_equal(frames, 3 * HEARD_RATE / 1024 - 1);
    double loud = 8000.0 * 8000 / 32768 / 32768 / 2;
    for (size_t i = 3; i < frames; i++) {
        bool is_gap = i >= 18 && i < 31;
        bool is_tone = i < 14 || i > 34;
        assert_true(!is_tone || fabs(power[i] / loud - 1) < 0.2);
        assert_true(!is_gap || power[i] < loud / 1000);
    }
    close_player(&player);
    sound_encoder_close(&encoder);
}

static void sound_that_comes_twice_or_is_never_taken_is_bounded(void **state)
{
    static const int16_t silence[HEARD_RATE] = { 0 };
    sound_encoder *encoder = NULL;
    svms_sample sample;
    size_t count = 0;
    (void)state;
    assert_int_equal(sound_encoder_open(&encoder, 100, 32000, NULL), SVMS_E_USAGE);
    assert_int_equal(sound_encoder_open(&encoder, HEARD_RATE, 1, NULL), SVMS_E_USAGE);
    assert_int_equal(sound_encoder_open(&encoder, HEARD_RATE, 32000, NULL), SVMS_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(sound_encoder_feed(encoder, silence, HEARD_RATE, 0, NULL), SVMS_OK);
    }
    while (sound_encoder_take(encoder, &sample, NULL) == SVMS_OK) {
        count++;
    }
    assert_int_equal(count, HEARD_RATE / 1024 - 1);
    svms_status status = SVMS_OK;
    for (int i = 1; status == SVMS_OK && i < 100; i++) {
        status = sound_encoder_feed(encoder, silence, HEARD_RATE, i * HEARD_RATE, NULL);
        count = (size_t)i;
    }
    assert_int_equal(status, SVMS_E_LIMIT);
    assert_int_equal(count, 30);
    sound_encoder_close(&encoder);
    sound_encoder_close(&encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_picture_is_a_sample_and_each_gop_begins_with_its_parameters),
        cmocka_unit_test(a_wanted_idr_comes_at_once_and_begins_a_whole_gop),
        cmocka_unit_test(the_bit_rate_is_kept_also_when_it_changes),
        cmocka_unit_test(what_a_mask_covers_is_in_no_coded_picture),
        cmocka_unit_test(both_layouts_are_the_same_to_it),
        cmocka_unit_test(what_cannot_be_encoded_is_refused),
        cmocka_unit_test(sound_is_heard_again_and_a_gap_becomes_silence),
        cmocka_unit_test(sound_that_comes_twice_or_is_never_taken_is_bounded),
    };
    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
