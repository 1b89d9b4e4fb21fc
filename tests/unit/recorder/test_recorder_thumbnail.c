/* SPDX-License-Identifier: Apache-2.0 */
/* Small pictures of what was recorded: of the right moment, of the right size, and none of what is
 * no picture. */
#include "picture_film.h"

#include "thumbnail.h"

#define WIDTH 640
#define HEIGHT 360
#define LONG_AGO PICTURE_FILM_START
#define DARK 40
#define BRIGHT 200

/* The next NAL unit behind a start code; NULL: no more. */
static const uint8_t *next_unit(const uint8_t *at, const uint8_t *end, size_t *size)
{
    const uint8_t *start = NULL;
    for (; at + 3 <= end; at++) {
        bool is_code = at[0] == 0 && at[1] == 0 && at[2] == 1;
        if (is_code && start) {
            break;
        }
        if (is_code) {
            start = at + 3;
            at += 2;
        }
    }
    end = at + 3 <= end ? at : end;
    while (start && end > start && end[-1] == 0) {
        end--;
    }
    *size = start ? (size_t)(end - start) : 0;
    return start;
}

static void put_set(made_picture *to, const uint8_t *unit, size_t size)
{
    uint8_t *at = to->config + to->config_size;
    assert_true(to->config_size + 3 + size < PICTURE_CONFIG_SIZE);
    at[0] = (unit[0] & 31) == 7 ? 0xE1 : 1;
    at[1] = (uint8_t)(size >> 8);
    at[2] = (uint8_t)size;
    memcpy(at + 3, unit, size);
    to->config_size += 3 + size;
}

/* As containers have it: an AVCDecoderConfigurationRecord, and units with their lengths. */
static void to_lengths(made_picture *to, const AVCodecContext *codec, const AVPacket *packet)
{
    size_t size = 0;
    const uint8_t *end = codec->extradata + codec->extradata_size;
    to->config_size = 5;
    for (const uint8_t *unit = next_unit(codec->extradata, end, &size); unit;
         unit = next_unit(unit + size, end, &size)) {
        if ((unit[0] & 31) == 7) {
            const uint8_t head[5] = { 1, unit[1], unit[2], unit[3], 0xFF };
            memcpy(to->config, head, sizeof head);
        }
        put_set(to, unit, size);
    }
    end = packet->data + packet->size;
    to->data = malloc((size_t)packet->size * 2);
    assert_non_null(to->data);
    for (const uint8_t *unit = next_unit(packet->data, end, &size); unit;
         unit = next_unit(unit + size, end, &size)) {
        for (unsigned i = 0; i < 4; i++) {
            to->data[to->size++] = (uint8_t)(size >> (24 - 8 * i));
        }
        memcpy(to->data + to->size, unit, size);
        to->size += size;
    }
}

static made_picture make_h264(const AVCodec *kind, int left, int right)
{
    made_picture made = { NULL, 0, { 0 }, 0 };
    AVCodecContext *codec = NULL;
    AVFrame *frame = picture_paint(WIDTH, HEIGHT, left, right, AV_PIX_FMT_YUV420P);
    AVPacket *packet = picture_encode(&codec, kind, frame);
    to_lengths(&made, codec, packet);
    av_packet_free(&packet);
    av_frame_free(&frame);
    avcodec_free_context(&codec);
    return made;
}

static svms_track track_of(uint32_t codec, const made_picture *picture)
{
    svms_track track = SVMS_TRACK_INIT;
    track.codec = codec;
    track.config = picture->config;
    track.config_size = picture->config_size;
    return track;
}

/* How bright it is in the middle of its left and right half. */
static void look(const thumbnail *made, int *left, int *right)
{
    AVCodecContext *codec = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_MJPEG));
    AVFrame *frame = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    assert_non_null(codec);
    assert_non_null(frame);
    assert_int_equal(av_new_packet(packet, (int)made->size), 0);
    memcpy(packet->data, made->jpeg, made->size);
    assert_int_equal(avcodec_open2(codec, NULL, NULL), 0);
    assert_int_equal(avcodec_send_packet(codec, packet), 0);
    assert_int_equal(avcodec_send_packet(codec, NULL), 0);
    assert_int_equal(avcodec_receive_frame(codec, frame), 0);
    assert_int_equal(frame->width, made->width);
    assert_int_equal(frame->height, made->height);
    const uint8_t *line = frame->data[0] + frame->height / 2 * frame->linesize[0];
    *left = line[frame->width / 4];
    *right = line[frame->width * 3 / 4];
    av_packet_free(&packet);
    av_frame_free(&frame);
    avcodec_free_context(&codec);
}

static void assert_near(int is, int wanted)
{
    if (is < wanted - 6 || is > wanted + 6) {
        fail_msg("%d, not about %d", is, wanted);
    }
}

static void it_is_the_picture_and_small(void **state)
{
    int left = 0;
    int right = 0;
    thumbnail made;
    made_picture picture = picture_jpeg(WIDTH, HEIGHT, DARK, BRIGHT);
    svms_track track = track_of(SVMS_CODEC_MJPEG, &picture);
    svms_sample sample = picture_sample(&picture);
    (void)state;
    assert_true(thumbnail_is_possible());
    assert_int_equal(thumbnail_make(&made, &track, &sample, 160, NULL), SVMS_OK);
    assert_int_equal(made.width, 160);
    assert_int_equal(made.height, 90);
    assert_int_equal(made.utc_ns, LONG_AGO);
    look(&made, &left, &right);
    assert_near(left, DARK);
    assert_near(right, BRIGHT);
    thumbnail_clear(&made);
    assert_null(made.jpeg);
    free(picture.data);
}

static void it_is_never_enlarged(void **state)
{
    static const int sizes[][2] = { { 64, 48 }, { 33, 21 }, { 2, 2 }, { 16, 400 } };
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        thumbnail made;
        made_picture picture = picture_jpeg(sizes[i][0], sizes[i][1], DARK, DARK);
        svms_track track = track_of(SVMS_CODEC_MJPEG, &picture);
        svms_sample sample = picture_sample(&picture);
        assert_int_equal(thumbnail_make(&made, &track, &sample, THUMBNAIL_WIDTH_MAX, NULL),
                         SVMS_OK);
        assert_int_equal(made.width, sizes[i][0] / 2 * 2);
        assert_int_equal(made.height, sizes[i][1] / 2 * 2);
        thumbnail_clear(&made);
        free(picture.data);
    }
}

/* Limited range becomes the whole one of JPEG. */
static void pictures_of_h264_keep_their_brightness(void **state)
{
    int left = 0;
    int right = 0;
    thumbnail made;
    const AVCodec *kind = avcodec_find_encoder_by_name("libx264");
    (void)state;
    if (!kind) {
        print_message("FFmpeg has no libx264 here: left out\n");
        skip();
    }
    made_picture picture = make_h264(kind, 16, 235);
    svms_track track = track_of(SVMS_CODEC_H264, &picture);
    svms_sample sample = picture_sample(&picture);
    svms_error err = SVMS_ERROR_INIT;
    if (thumbnail_make(&made, &track, &sample, 320, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(made.width, 320);
    assert_int_equal(made.height, 180);
    look(&made, &left, &right);
    assert_near(left, 0);
    assert_near(right, 255);
    thumbnail_clear(&made);
    /* Its parameter sets are needed, and may be anything. */
    track.config_size = 0;
    assert_int_not_equal(thumbnail_make(&made, &track, &sample, 320, NULL), SVMS_OK);
    track.config_size = 7;
    assert_int_not_equal(thumbnail_make(&made, &track, &sample, 320, NULL), SVMS_OK);
    assert_null(made.jpeg);
    free(picture.data);
}

static void what_is_no_picture_gives_none(void **state)
{
    static const uint32_t codecs[] = { SVMS_CODEC_MJPEG, SVMS_CODEC_H264, SVMS_CODEC_H265 };
    uint8_t noise[3000];
    (void)state;
    for (size_t i = 0; i < sizeof noise; i++) {
        noise[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        for (size_t size = 0; size <= sizeof noise; size = size * 3 + 1) {
            thumbnail made;
            made_picture picture = { noise, size, { 0 }, 0 };
            svms_track track = track_of(codecs[i], &picture);
            svms_sample sample = picture_sample(&picture);
            svms_error err = SVMS_ERROR_INIT;
            assert_int_equal(thumbnail_make(&made, &track, &sample, 320, &err), SVMS_E_UNSUPPORTED);
            assert_null(made.jpeg);
            assert_true(strlen(err.message) > 0);
        }
    }
}

static void other_codecs_are_refused(void **state)
{
    thumbnail made;
    made_picture picture = picture_jpeg(64, 48, DARK, DARK);
    svms_track track = track_of(SVMS_FOURCC('v', 'p', '0', '9'), &picture);
    svms_sample sample = picture_sample(&picture);
    (void)state;
    assert_int_equal(thumbnail_make(&made, &track, &sample, 320, NULL), SVMS_E_UNSUPPORTED);
    assert_null(made.jpeg);
    free(picture.data);
}

static svms_status find(const film *f, int64_t at, const svms_time_range *range, thumbnail *out)
{
    const svms_time_range all = { LONG_AGO - 3600 * FILM_SECOND, at + 1 };
    const thumbnail_wish wish = { .parts = &f->parts,
                                  .keys = f->keys,
                                  .camera = FILM_CAMERA,
                                  .ranges = range ? range : &all,
                                  .range_count = 1,
                                  .at_utc_ns = at,
                                  .width = 320 };
    return thumbnail_find(out, &wish, NULL);
}

static void expect_second(const film *f, int64_t at, unsigned second)
{
    thumbnail made;
    int left = 0;
    int right = 0;
    assert_int_equal(find(f, at, NULL, &made), SVMS_OK);
    assert_int_equal(made.utc_ns, film_utc(f, second * FILM_GROUP));
    look(&made, &left, &right);
    assert_near(left, (int)(20 * second));
    thumbnail_clear(&made);
}

static void expect_none(const film *f, int64_t at, const svms_time_range *range)
{
    thumbnail made;
    assert_int_equal(find(f, at, range, &made), SVMS_END);
    assert_null(made.jpeg);
}

static void it_is_the_last_before_the_moment(void **state)
{
    film *f = *state;
    picture_film_begin(f, LONG_AGO);
    picture_film_take(f, 0, 9);
    film_end(f);
    expect_second(f, film_utc(f, 35), 3);
    expect_second(f, film_utc(f, 30), 3);
    expect_second(f, film_utc(f, 30) - 1, 2);
    expect_second(f, LONG_AGO, 0);
    /* Behind the end, in what comes to be a gap. */
    expect_second(f, LONG_AGO + 600 * FILM_SECOND, 8);
    expect_none(f, LONG_AGO - 1, NULL);
}

static void nothing_outside_the_ranges_is_shown(void **state)
{
    film *f = *state;
    picture_film_begin(f, LONG_AGO);
    picture_film_take(f, 0, 9);
    film_end(f);
    thumbnail made;
    const svms_time_range later = { film_utc(f, 40), film_utc(f, 60) };
    const svms_time_range within = { film_utc(f, 41), film_utc(f, 49) };
    const svms_time_range before = { LONG_AGO - 60 * FILM_SECOND, LONG_AGO };
    expect_none(f, film_utc(f, 35), &later);
    expect_none(f, film_utc(f, 45), &within);
    expect_none(f, film_utc(f, 45), &before);
    assert_int_equal(find(f, film_utc(f, 75), &later, &made), SVMS_OK);
    assert_int_equal(made.utc_ns, film_utc(f, 50));
    thumbnail_clear(&made);
}

static void what_is_being_recorded_has_pictures(void **state)
{
    film *f = *state;
    picture_film_begin(f, LONG_AGO);
    picture_film_take(f, 0, 3);
    film_flush(f);
    expect_second(f, film_utc(f, 15), 1);
    picture_film_take(f, 3, 6);
    film_flush(f);
    expect_second(f, film_utc(f, 45), 4);
    film_end(f);
}

static void damage_is_passed_over(void **state)
{
    film *f = *state;
    thumbnail made;
    picture_film_begin(f, LONG_AGO);
    picture_film_take(f, 0, 9);
    film_end(f);
    film_damage(f, 0, 0.5);
    assert_int_equal(find(f, film_utc(f, 89), NULL, &made), SVMS_OK);
    thumbnail_clear(&made);
    int found = 0;
    for (unsigned second = 0; second < 9; second++) {
        svms_status status = find(f, film_utc(f, second * FILM_GROUP), NULL, &made);
        assert_true(status == SVMS_OK || status == SVMS_E_NOT_AUTHENTIC);
        found += status == SVMS_OK && made.utc_ns == film_utc(f, second * FILM_GROUP) ? 1 : 0;
        thumbnail_clear(&made);
    }
    assert_int_equal(found, 8);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, film_set_up, film_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_picture_and_small),
        cmocka_unit_test(it_is_never_enlarged),
        cmocka_unit_test(pictures_of_h264_keep_their_brightness),
        cmocka_unit_test(what_is_no_picture_gives_none),
        cmocka_unit_test(other_codecs_are_refused),
        CASE(it_is_the_last_before_the_moment),
        CASE(nothing_outside_the_ranges_is_shown),
        CASE(what_is_being_recorded_has_pictures),
        CASE(damage_is_passed_over),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
