/* SPDX-License-Identifier: Apache-2.0 */
/* Time stamps of what a camera sends: when it is decoded, when shown, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake_order.h"

#define TICK INT64_C(3600) /* of 90,000 in a second: 25 pictures */
#define SECOND_NS INT64_C(1000000000)
#define TAKEN_MAX 512

typedef struct taken {
    svms_rtp_event_kind kind;
    svms_sample sample;
} taken;

typedef struct fixture {
    intake_order order;
    int64_t anchor_ns; /* where the next timeline begins */
    taken taken[TAKEN_MAX];
    size_t count;
} fixture;

static svms_track video_track(void)
{
    svms_track track = SVMS_TRACK_INIT;
    track.kind = SVMS_TRACK_VIDEO;
    track.codec = SVMS_CODEC_H264;
    track.timebase_num = 1;
    track.timebase_den = 90000;
    return track;
}

static void begin(fixture *f, const svms_track *track)
{
    memset(f, 0, sizeof *f);
    intake_order_begin(&f->order, track);
}

static void drain(fixture *f, bool is_end)
{
    const held_event *first = NULL;
    held_event *held = NULL;
    do {
        svms_sample sample = SVMS_SAMPLE_INIT;
        first = intake_order_unanchored(&f->order, is_end);
        if (first) {
            intake_timeline_anchor(&f->order.line, first->event.rtp_time, f->anchor_ns);
        }
        held = intake_order_take(&f->order, is_end, &sample);
        if (held) {
            assert_in_range(f->count, 0, TAKEN_MAX - 1);
            f->taken[f->count].kind = held->event.kind;
            f->taken[f->count++].sample = sample;
        }
        free(held);
    } while (held || intake_order_unanchored(&f->order, is_end));
}

static void add(fixture *f, svms_rtp_event_kind kind, int64_t rtp_time, uint32_t duration)
{
    svms_rtp_event event;
    memset(&event, 0, sizeof event);
    event.struct_size = sizeof event;
    event.kind = kind;
    event.rtp_time = rtp_time;
    event.duration = duration;
    event.data = (const uint8_t *)"x";
    event.size = kind == SVMS_RTP_SAMPLE ? 1 : 0;
    assert_true(intake_order_add(&f->order, &event, 0));
    drain(f, false);
}

static void add_pictures(fixture *f, int64_t base, const int *shown, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(f, SVMS_RTP_SAMPLE, base + (int64_t)shown[i] * TICK, 0);
    }
}

static void new_source(fixture *f, int64_t anchor_ns)
{
    drain(f, true);
    intake_order_break(&f->order);
    f->anchor_ns = anchor_ns;
}

static void check_times(const fixture *f, size_t from, size_t until)
{
    for (size_t i = from; i < until; i++) {
        const svms_sample *sample = &f->taken[i].sample;
        assert_int_equal(f->taken[i].kind, SVMS_RTP_SAMPLE);
        assert_true(sample->dts <= sample->pts);
        assert_true(i == 0 || sample->dts > f->taken[i - 1].sample.dts);
    }
}

static void end(fixture *f)
{
    drain(f, true);
    intake_order_end(&f->order);
}

/* Places in the order of presentation, in the order of decoding. */
static const int in_order[] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19
};
static const int pairs[] = { 0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 18, 17 };
static const int pyramid[] = { 0, 4,  2,  1,  3,  8,  6,  5,  7,  12, 10,
                               9, 11, 16, 14, 13, 15, 20, 18, 17, 19 };
/* An open group of pictures: three are shown before the one that everything begins with. */
static const int open_group[] = { 3, 1,  0,  2,  7,  5,  4,  6,  11, 9,
                                  8, 10, 15, 13, 12, 14, 19, 17, 16, 18 };

static const struct {
    const int *shown;
    size_t count;
    unsigned depth;
} orders[] = {
    { in_order, sizeof in_order / sizeof *in_order, 0 },
    { pairs, sizeof pairs / sizeof *pairs, 1 },
    { pyramid, sizeof pyramid / sizeof *pyramid, 2 },
    { open_group, sizeof open_group / sizeof *open_group, 2 },
};

static void check_order(size_t number, bool told, size_t count)
{
    fixture f;
    svms_track track = video_track();
    const int *shown = orders[number].shown;
    int64_t base = INT64_C(0xFFFFFFFF) - 4 * TICK; /* RTP's 32 bits wrap within */
    begin(&f, &track);
    if (told) {
        intake_timeline_tell_depth(&f.order.line, orders[number].depth);
        intake_timeline_tell_step(&f.order.line, TICK);
    }
    add_pictures(&f, base, shown, count);
    end(&f);
    assert_int_equal(f.count, count);
    check_times(&f, 0, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(f.taken[i].sample.pts, (int64_t)(shown[i] - shown[0]) * TICK);
    }
    if (count > 16) {
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(f.taken[i].sample.duration, TICK);
        }
    }
}

static void decoding_is_never_after_presentation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        check_order(i, true, orders[i].count);
        check_order(i, false, orders[i].count);
    }
}

static void short_recordings_have_times_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        for (size_t count = 1; count < 10; count++) {
            check_order(i, true, count);
            check_order(i, false, count);
        }
    }
}

static void without_reordering_decoding_is_presentation(void **state)
{
    fixture f;
    svms_track track = video_track();
    (void)state;
    begin(&f, &track);
    intake_timeline_tell_depth(&f.order.line, 0);
    add(&f, SVMS_RTP_SAMPLE, 90, 0);
    assert_int_equal(f.count, 0);
    add(&f, SVMS_RTP_SAMPLE, 90 + TICK, 0);
    assert_int_equal(f.count, 1); /* one waits, no more */
    end(&f);
    assert_int_equal(f.taken[1].sample.dts, TICK);
    assert_int_equal(f.taken[1].sample.pts, TICK);
}

static void the_delay_is_bounded(void **state)
{
    fixture f;
    svms_track track = video_track();
    (void)state;
    begin(&f, &track);
    for (int i = 0; i < 200; i++) {
        add(&f, SVMS_RTP_SAMPLE, (int64_t)i * TICK, 0);
        assert_true(f.count + TIMELINE_DEPTH_MAX + 1 > (size_t)i);
    }
    assert_int_equal(f.count, 199);
    end(&f);
}

static void the_last_picture_lasts_as_long_as_the_one_before(void **state)
{
    fixture f;
    svms_track track = video_track();
    (void)state;
    begin(&f, &track);
    add(&f, SVMS_RTP_SAMPLE, 0, 0);
    add(&f, SVMS_RTP_SAMPLE, TICK, 0);
    add(&f, SVMS_RTP_SAMPLE, 3 * TICK, 0);
    add(&f, SVMS_RTP_SAMPLE, 4 * TICK, 0);
    end(&f);
    assert_int_equal(f.count, 4);
    assert_int_equal(f.taken[0].sample.duration, TICK);
    assert_int_equal(f.taken[1].sample.duration, 2 * TICK);
    assert_int_equal(f.taken[2].sample.duration, TICK);
    assert_int_equal(f.taken[3].sample.duration, TICK);
}

static void how_long_a_single_picture_lasts_is_unknown(void **state)
{
    fixture f;
    svms_track track = video_track();
    (void)state;
    begin(&f, &track);
    add(&f, SVMS_RTP_SAMPLE, 5, 0);
    end(&f);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.taken[0].sample.duration, 0);
}

static void a_picture_does_not_last_through_a_gap(void **state)
{
    static const int before[] = { 0, 4, 2, 1, 3, 8 };
    static const int after[] = { 60, 64, 62, 61, 63 };
    fixture f;
    svms_track track = video_track();
    (void)state;
    begin(&f, &track);
    intake_timeline_tell_depth(&f.order.line, 2);
    add_pictures(&f, 0, before, 6);
    add(&f, SVMS_RTP_GAP, SVMS_NO_TIME, 0);
    assert_int_equal(f.count, 7);
    assert_int_equal(f.taken[6].kind, SVMS_RTP_GAP);
    assert_int_equal(f.taken[5].sample.duration, TICK);
    add_pictures(&f, 0, after, 5);
    end(&f);
    assert_int_equal(f.count, 12);
    check_times(&f, 0, 6);
    check_times(&f, 8, 12);
    assert_true(f.taken[7].sample.dts > f.taken[5].sample.dts);
    assert_int_equal(f.taken[7].sample.pts, 60 * TICK);
}

static void another_source_is_placed_by_its_own_anchor(void **state)
{
    fixture f;
    svms_track track = video_track();
    (void)state;
    begin(&f, &track);
    intake_timeline_tell_depth(&f.order.line, 2);
    add_pictures(&f, 1000, pyramid, 9);
    new_source(&f, 10 * SECOND_NS);
    assert_int_equal(f.count, 9);
    add_pictures(&f, -70000, open_group, 20);
    end(&f);
    assert_int_equal(f.count, 29);
    check_times(&f, 0, 29);
    assert_int_equal(f.taken[9].sample.pts, 900000);
    assert_int_equal(f.taken[11].sample.pts, 900000 - 3 * TICK);
    assert_int_equal(f.taken[8].sample.duration, TICK);
}

static void time_goes_on_where_the_cameras_clock_was_set_back(void **state)
{
    fixture f;
    svms_track track = video_track();
    (void)state;
    begin(&f, &track);
    intake_timeline_tell_depth(&f.order.line, 1);
    add_pictures(&f, 0, pairs, 19);
    new_source(&f, -3600 * SECOND_NS);
    add_pictures(&f, 0, pairs, 19);
    end(&f);
    assert_int_equal(f.count, 38);
    check_times(&f, 0, 38);
    assert_int_equal(f.taken[20].sample.pts - f.taken[19].sample.pts, 2 * TICK);
}

static void a_jump_that_is_not_told_begins_a_timeline(void **state)
{
    static const int64_t jumps[] = { -(INT64_C(1) << 31) + 1, -INT64_C(90000) * 600,
                                     INT64_C(90000) * 7200, (INT64_C(1) << 31) - 1 };
    (void)state;
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        fixture f;
        svms_track track = video_track();
        begin(&f, &track);
        add_pictures(&f, 0, pyramid, 21);
        f.anchor_ns = SECOND_NS;
        add_pictures(&f, jumps[i], pyramid, 21);
        end(&f);
        assert_int_equal(f.count, 42);
        check_times(&f, 0, 42);
        assert_int_equal(f.taken[21].sample.pts, 90000);
        for (size_t j = 0; j < f.count; j++) {
            assert_true(f.taken[j].sample.pts - f.taken[j].sample.dts < 10 * TICK);
            assert_int_equal(f.taken[j].sample.duration, TICK);
        }
    }
}

/* What nobody can foresee costs the order of one picture, not the rest. */
static void more_overtaking_than_was_told_is_learned(void **state)
{
    fixture f;
    svms_track track = video_track();
    (void)state;
    begin(&f, &track);
    intake_timeline_tell_depth(&f.order.line, 0);
    add_pictures(&f, 0, in_order, 5);
    add_pictures(&f, 4 * TICK, pairs + 1, 18);
    end(&f);
    assert_int_equal(f.count, 23);
    for (size_t i = 1; i < f.count; i++) {
        assert_true(f.taken[i].sample.dts > f.taken[i - 1].sample.dts);
    }
    assert_int_equal(f.taken[6].sample.pts, 5 * TICK);
    check_times(&f, 7, 23);
}

static void sound_does_not_wait(void **state)
{
    fixture video;
    fixture audio;
    svms_track pictures = video_track();
    svms_track sound = SVMS_TRACK_INIT;
    (void)state;
    sound.kind = SVMS_TRACK_AUDIO;
    sound.codec = SVMS_CODEC_PCMU;
    sound.timebase_num = 1;
    sound.timebase_den = 8000;
    begin(&video, &pictures);
    begin(&audio, &sound);
    video.anchor_ns = SECOND_NS;
    audio.anchor_ns = SECOND_NS + SECOND_NS / 50;
    for (int i = 0; i < 21; i++) {
        add(&video, SVMS_RTP_SAMPLE, 777 + (int64_t)pyramid[i] * TICK, 0);
        add(&audio, SVMS_RTP_SAMPLE, -5 + (int64_t)i * 320, 320);
        assert_int_equal(audio.count, i + 1);
    }
    end(&video);
    end(&audio);
    assert_int_equal(video.count, 21);
    check_times(&video, 0, 21);
    check_times(&audio, 0, 21);
    assert_int_equal(video.taken[0].sample.pts, 90000);
    assert_int_equal(audio.taken[0].sample.pts, 8160);
    assert_int_equal(audio.taken[20].sample.duration, 320);
    assert_int_equal(audio.taken[20].sample.dts, 8160 + 20 * 320);
}

static void what_waits_is_released(void **state)
{
    fixture f;
    svms_track track = video_track();
    (void)state;
    begin(&f, &track);
    add_pictures(&f, 0, pyramid, 5);
    intake_order_end(&f.order);
    begin(&f, &track);
    add_pictures(&f, 0, pyramid, 21);
    intake_order_end(&f.order);
    assert_int_equal(f.count, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoding_is_never_after_presentation),
        cmocka_unit_test(short_recordings_have_times_too),
        cmocka_unit_test(without_reordering_decoding_is_presentation),
        cmocka_unit_test(the_delay_is_bounded),
        cmocka_unit_test(the_last_picture_lasts_as_long_as_the_one_before),
        cmocka_unit_test(how_long_a_single_picture_lasts_is_unknown),
        cmocka_unit_test(a_picture_does_not_last_through_a_gap),
        cmocka_unit_test(another_source_is_placed_by_its_own_anchor),
        cmocka_unit_test(time_goes_on_where_the_cameras_clock_was_set_back),
        cmocka_unit_test(a_jump_that_is_not_told_begins_a_timeline),
        cmocka_unit_test(more_overtaking_than_was_told_is_learned),
        cmocka_unit_test(sound_does_not_wait),
        cmocka_unit_test(what_waits_is_released),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
