/* SPDX-License-Identifier: Apache-2.0 */
/* What was recorded comes back, in order and only where it may; what is damaged is told. */
#include "film_stage.h"

#include <sys/stat.h>
#include <unistd.h>

/* Long ago, so that it is complete. */
#define LONG_AGO (INT64_C(1767225600) * FILM_SECOND)

static playback *open_ranges(film *f, const svms_time_range *ranges, size_t count)
{
    const playback_options options = { &f->parts, f->keys, FILM_CAMERA, ranges, count };
    playback *play = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (playback_open(&play, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return play;
}

static playback *open_all(film *f)
{
    return open_ranges(f, NULL, 0);
}

static void seek(playback *play, int64_t utc_ns, bool is_backwards, bool sync_only)
{
    svms_error err = SVMS_ERROR_INIT;
    if (playback_seek(play, utc_ns, is_backwards, sync_only, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

/* The next picture; sounds before it are counted. */
static unsigned sounds;
static playback_sample last;

static svms_status next(playback *play, unsigned *number)
{
    svms_error err = SVMS_ERROR_INIT;
    bool follows_gap = false;
    for (;;) {
        svms_status status = playback_next(play, &last, &err);
        if (status != SVMS_OK) {
            return status;
        }
        follows_gap = follows_gap || last.is_after_gap;
        last.is_after_gap = follows_gap;
        assert_true(last.sample.utc_ns != SVMS_NO_TIME);
        *number = film_number(last.sample.data, last.sample.size);
        if (last.sample.track == 0) {
            return SVMS_OK;
        }
        sounds++;
    }
}

static void expect(playback *play, unsigned number)
{
    unsigned is = 0;
    assert_int_equal(next(play, &is), SVMS_OK);
    assert_int_equal(is, number);
}

static void expect_all(playback *play, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        expect(play, i);
    }
}

static void expect_status(playback *play, svms_status status)
{
    unsigned number = 0;
    assert_int_equal(next(play, &number), status);
}

static void all_containers_come_as_one(void **state)
{
    film *f = *state;
    film_make(f, FILM_CAMERA, LONG_AGO, 10, 3);
    assert_int_equal(f->count, 4);
    playback *play = open_all(f);
    playback_media media;
    playback_look(play, &media);
    assert_int_equal(media.track_count, 2);
    assert_int_equal(media.tracks[0].codec, SVMS_CODEC_H264);
    assert_memory_equal(media.tracks[0].config, f->tracks[0].config, f->tracks[0].config_size);
    assert_int_equal(media.first_utc_ns, LONG_AGO);
    assert_int_equal(media.last_utc_ns, film_utc(f, 100));
    seek(play, SVMS_NO_TIME, false, false);
    sounds = 0;
    for (unsigned i = 0; i < 100; i++) {
        expect(play, i);
        assert_int_equal(last.sample.utc_ns, film_utc(f, i));
        assert_false(last.is_after_gap);
        assert_false(last.tracks_changed);
        assert_null(last.config);
    }
    expect_status(play, SVMS_END);
    assert_int_equal(sounds, 20);
    playback_close(&play);
    assert_null(play);
}

static void nothing_recorded_is_an_end(void **state)
{
    film *f = *state;
    const playback_options options = { &f->parts, f->keys, FILM_CAMERA, NULL, 0 };
    playback *play = NULL;
    assert_int_equal(playback_open(&play, &options, NULL), SVMS_END);
    film_make(f, FILM_OTHER, LONG_AGO, 2, 60);
    assert_int_equal(playback_open(&play, &options, NULL), SVMS_END);
    assert_null(play);
}

static void a_moment_begins_with_the_picture_that_stands_alone_before_it(void **state)
{
    film *f = *state;
    static const struct {
        int64_t at;
        unsigned first;
    } cases[] = { { 0, 0 },
                  { 1, 0 },
                  { 9 * FILM_PICTURE, 0 },
                  { 10, 0 },
                  { FILM_SECOND, 10 },
                  { FILM_SECOND - 1, 0 },
                  { 35 * FILM_PICTURE, 30 },
                  { 60 * FILM_PICTURE, 60 },
                  { 99 * FILM_PICTURE, 90 } };
    film_make(f, FILM_CAMERA, LONG_AGO, 10, 3);
    playback *play = open_all(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        seek(play, LONG_AGO + cases[i].at, false, false);
        expect_all(play, cases[i].first, 100);
        expect_status(play, SVMS_END);
    }
    seek(play, LONG_AGO - FILM_SECOND, false, false);
    expect(play, 0);
    assert_int_equal(playback_seek(play, LONG_AGO + 20 * FILM_SECOND, false, false, NULL),
                     SVMS_END);
    playback_close(&play);
}

static void groups_longer_than_segments_are_found(void **state)
{
    film *f = *state;
    f->group = 40;
    film_make(f, FILM_CAMERA, LONG_AGO, 20, 60);
    playback *play = open_all(f);
    seek(play, film_utc(f, 79), false, false);
    expect_all(play, 40, 200);
    seek(play, film_utc(f, 79), true, false);
    expect_all(play, 40, 80);
    expect_all(play, 0, 40);
    expect_status(play, SVMS_END);
    playback_close(&play);
}

static void a_gap_is_passed_over_and_told(void **state)
{
    film *f = *state;
    film_begin(f, FILM_CAMERA, LONG_AGO, 60);
    film_take(f, 0, 30);
    film_take(f, 300, 330);
    film_end(f);
    playback *play = open_all(f);
    seek(play, SVMS_NO_TIME, false, false);
    expect_all(play, 0, 30);
    expect(play, 300);
    assert_true(last.is_after_gap);
    expect(play, 301);
    assert_false(last.is_after_gap);
    /* Into the gap: what is behind it; backwards what is before it. */
    seek(play, film_utc(f, 100), false, false);
    expect_all(play, 300, 330);
    expect_status(play, SVMS_END);
    seek(play, film_utc(f, 100), true, false);
    expect_all(play, 20, 30);
    playback_close(&play);
}

static void backwards_groups_come_in_reverse_and_their_pictures_in_order(void **state)
{
    film *f = *state;
    film_begin(f, FILM_CAMERA, LONG_AGO, 3);
    film_take(f, 0, 70);
    film_take(f, 300, 320);
    film_end(f);
    playback *play = open_all(f);
    seek(play, SVMS_NO_TIME, true, false);
    expect_all(play, 310, 320);
    expect_all(play, 300, 310);
    for (int group = 6; group >= 0; group--) {
        for (unsigned i = 0; i < 10; i++) {
            expect(play, (unsigned)group * 10 + i);
            assert_int_equal(last.is_after_gap, group == 6 && i == 0);
        }
    }
    expect_status(play, SVMS_END);
    seek(play, film_utc(f, 25), true, false);
    expect_all(play, 20, 30);
    expect_all(play, 10, 20);
    assert_int_equal(playback_seek(play, LONG_AGO - 1, true, false, NULL), SVMS_END);
    playback_close(&play);
}

static void thumbnails_are_pictures_that_stand_alone(void **state)
{
    film *f = *state;
    film_make(f, FILM_CAMERA, LONG_AGO, 5, 2);
    playback *play = open_all(f);
    seek(play, SVMS_NO_TIME, false, true);
    sounds = 0;
    for (unsigned i = 0; i < 5; i++) {
        expect(play, i * 10);
    }
    expect_status(play, SVMS_END);
    seek(play, SVMS_NO_TIME, true, true);
    for (unsigned i = 5; i > 0; i--) {
        expect(play, (i - 1) * 10);
    }
    expect_status(play, SVMS_END);
    assert_int_equal(sounds, 0);
    playback_close(&play);
}

/* All that comes lies in the ranges, and what is a picture can be decoded. */
static unsigned count_inside(playback *play, const svms_time_range *ranges, size_t count)
{
    unsigned pictures = 0;
    int64_t before = -1;
    playback_sample got;
    svms_status status;
    while ((status = playback_next(play, &got, NULL)) == SVMS_OK) {
        bool is_inside = false;
        for (size_t i = 0; i < count; i++) {
            is_inside = is_inside || (got.sample.utc_ns >= ranges[i].from_utc_ns &&
                                      got.sample.utc_ns < ranges[i].to_utc_ns);
        }
        assert_true(is_inside);
        if (got.sample.track == 0) {
            int64_t number = film_number(got.sample.data, got.sample.size);
            assert_true((got.sample.flags & SVMS_SAMPLE_SYNC) != 0 || number == before + 1);
            before = number;
            pictures++;
        }
    }
    assert_int_equal(status, SVMS_END);
    return pictures;
}

static void ranges_are_never_left(void **state)
{
    film *f = *state;
    film_make(f, FILM_CAMERA, LONG_AGO, 60, 7);
    /* Each begins and ends within a group. */
    const svms_time_range ranges[] = {
        { film_utc(f, 415), film_utc(f, 435) },
        { film_utc(f, 15), film_utc(f, 38) },
    };
    playback *play = open_ranges(f, ranges, 2);
    playback_media media;
    playback_look(play, &media);
    assert_int_equal(media.first_utc_ns, film_utc(f, 15));
    assert_int_equal(media.last_utc_ns, film_utc(f, 435) - 1);
    seek(play, SVMS_NO_TIME, false, false);
    assert_int_equal(count_inside(play, ranges, 2), 18 + 15);
    seek(play, SVMS_NO_TIME, true, false);
    assert_int_equal(count_inside(play, ranges, 2), 18 + 15);
    /* Its lead-in lies outside: the first behind it. */
    seek(play, film_utc(f, 17), false, false);
    expect_all(play, 20, 38);
    expect(play, 420);
    assert_true(last.is_after_gap);
    /* Its lead-in lies inside. */
    seek(play, film_utc(f, 25), false, false);
    expect(play, 20);
    /* Between the ranges. */
    seek(play, film_utc(f, 200), false, false);
    expect(play, 420);
    seek(play, film_utc(f, 200), true, false);
    expect(play, 30);
    playback_close(&play);
}

static void other_ranges_count_from_the_next_sample_on(void **state)
{
    film *f = *state;
    film_make(f, FILM_CAMERA, LONG_AGO, 10, 60);
    const svms_time_range one = { film_utc(f, 0), film_utc(f, 100) };
    const svms_time_range less = { film_utc(f, 30), film_utc(f, 45) };
    const svms_time_range wrong = { film_utc(f, 30), film_utc(f, 30) };
    playback *play = open_ranges(f, &one, 1);
    seek(play, SVMS_NO_TIME, false, false);
    expect_all(play, 0, 15);
    assert_int_equal(playback_allow(play, &wrong, 1, NULL), SVMS_E_USAGE);
    assert_int_equal(playback_allow(play, &less, 1, NULL), SVMS_OK);
    expect_all(play, 30, 45);
    expect_status(play, SVMS_END);
    playback_close(&play);
}

static void what_is_being_recorded_comes_as_it_grows(void **state)
{
    film *f = *state;
    film_begin(f, FILM_CAMERA, recorder_now() - 10 * FILM_SECOND, 3);
    film_take(f, 0, 10);
    film_flush(f);
    playback *play = open_all(f);
    seek(play, SVMS_NO_TIME, false, false);
    expect_all(play, 0, 10);
    expect_status(play, SVMS_AGAIN);
    film_take(f, 10, 25);
    film_flush(f);
    expect_all(play, 10, 25);
    expect_status(play, SVMS_AGAIN);
    /* Over the ends of containers. */
    film_take(f, 25, 75);
    film_flush(f);
    assert_true(f->count > 2);
    expect_all(play, 25, 75);
    expect_status(play, SVMS_AGAIN);
    seek(play, film_utc(f, 72), false, false);
    expect_all(play, 70, 75);
    expect_status(play, SVMS_AGAIN);
    /* Its end may be followed by another container. */
    film_end(f);
    expect_status(play, SVMS_AGAIN);
    playback_close(&play);
}

static void a_container_is_not_left_before_it_has_its_end(void **state)
{
    film *f = *state;
    film_begin(f, FILM_CAMERA, recorder_now() - 10 * FILM_SECOND, 60);
    film_take(f, 0, 10);
    film_flush(f);
    playback *play = open_all(f);
    seek(play, SVMS_NO_TIME, false, false);
    expect_all(play, 0, 10);
    /* The next one is begun while the last segment of this one is not there yet. */
    indexed_container next_one = { .storage = "disk",
                                   .camera = FILM_CAMERA,
                                   .file = "door/next.svms.part",
                                   .head = SVMS_HEAD_INIT,
                                   .first_utc_ns = film_utc(f, 20),
                                   .last_utc_ns = SVMS_NO_TIME };
    next_one.head.container_id[0] = 1;
    assert_int_equal(recorder_index_put(f->index, &next_one, NULL), SVMS_OK);
    expect_status(play, SVMS_AGAIN);
    film_take(f, 10, 20);
    film_end(f);
    expect_all(play, 10, 20);
    expect_status(play, SVMS_AGAIN);
    playback_close(&play);
}

static void a_range_that_is_over_ends_also_while_it_is_recorded(void **state)
{
    film *f = *state;
    film_begin(f, FILM_CAMERA, recorder_now() - 200 * FILM_SECOND, 60);
    film_take(f, 0, 30);
    film_flush(f);
    const svms_time_range over = { film_utc(f, 0), film_utc(f, 50) };
    playback *play = open_ranges(f, &over, 1);
    seek(play, SVMS_NO_TIME, false, false);
    expect_all(play, 0, 30);
    expect_status(play, SVMS_END);
    playback_close(&play);
}

static void containers_are_renamed_while_they_are_read(void **state)
{
    film *f = *state;
    film_begin(f, FILM_CAMERA, LONG_AGO, 3);
    film_take(f, 0, 75);
    film_flush(f);
    playback *play = open_all(f);
    seek(play, SVMS_NO_TIME, false, false);
    expect_all(play, 0, 5);
    film_end(f);
    expect_all(play, 5, 75);
    expect_status(play, SVMS_END);
    playback_close(&play);
}

static void a_name_that_is_not_known_yet_is_asked_for(void **state)
{
    film *f = *state;
    film_begin(f, FILM_CAMERA, LONG_AGO, 60);
    film_take(f, 0, 30);
    film_flush(f);
    playback *play = open_all(f);
    f->is_late = true;
    film_end(f);
    film_tell(f);
    /* The list of the playback says .part still. */
    seek(play, SVMS_NO_TIME, false, false);
    expect_all(play, 0, 30);
    playback_close(&play);
}

static void what_was_pruned_is_a_gap(void **state)
{
    film *f = *state;
    film_make(f, FILM_CAMERA, LONG_AGO, 12, 3);
    playback *play = open_all(f);
    film_remove(f, 1);
    assert_int_equal(recorder_index_drop(f->index, f->written[1].head.container_id, NULL), SVMS_OK);
    seek(play, SVMS_NO_TIME, false, false);
    expect_all(play, 0, 30);
    expect(play, 60);
    assert_true(last.is_after_gap);
    seek(play, film_utc(f, 65), true, false);
    expect_all(play, 60, 70);
    expect_all(play, 20, 30);
    playback_close(&play);
}

/* Everything but one segment comes, which is told once. */
static void expect_damage(playback *play, unsigned most, bool is_backwards)
{
    unsigned pictures = 0;
    unsigned told = 0;
    bool must_tell_gap = false;
    seek(play, SVMS_NO_TIME, is_backwards, false);
    for (;;) {
        unsigned number = 0;
        svms_status status = next(play, &number);
        if (status == SVMS_END) {
            break;
        }
        if (status != SVMS_OK) {
            assert_int_equal(status, SVMS_E_NOT_AUTHENTIC);
            told++;
            must_tell_gap = true;
            continue;
        }
        if (must_tell_gap) {
            assert_true((last.sample.flags & SVMS_SAMPLE_SYNC) != 0);
            must_tell_gap = false;
        }
        pictures++;
    }
    assert_int_equal(told, 1);
    assert_int_equal(pictures, most - 10);
}

static void a_damaged_segment_is_told_and_passed_over(void **state)
{
    film *f = *state;
    film_make(f, FILM_CAMERA, LONG_AGO, 12, 6);
    film_damage(f, 0, 0.5);
    playback *play = open_all(f);
    expect_damage(play, 120, false);
    expect_damage(play, 120, true);
    playback_close(&play);
}

static void a_container_that_does_not_open_is_told_once(void **state)
{
    film *f = *state;
    unsigned number = 0;
    film_make(f, FILM_CAMERA, LONG_AGO, 9, 3);
    film_damage(f, 1, 0.0);
    playback *play = open_all(f);
    seek(play, SVMS_NO_TIME, false, false);
    expect_all(play, 0, 30);
    assert_int_equal(next(play, &number), SVMS_E_MALFORMED);
    expect(play, 60);
    assert_true(last.is_after_gap);
    seek(play, SVMS_NO_TIME, true, false);
    expect_all(play, 80, 90);
    expect_all(play, 70, 80);
    expect_all(play, 60, 70);
    assert_int_equal(next(play, &number), SVMS_E_MALFORMED);
    expect_all(play, 20, 30);
    /* Into it. */
    seek(play, film_utc(f, 45), false, false);
    assert_int_equal(next(play, &number), SVMS_E_MALFORMED);
    expect(play, 60);
    playback_close(&play);
}

static void without_its_key_nothing_opens(void **state)
{
    film *f = *state;
    playback *play = NULL;
    svms_error err = SVMS_ERROR_INIT;
    film_make(f, FILM_CAMERA, LONG_AGO, 3, 60);
    svms_public_key_free(&f->recipient);
    svms_private_key *stranger = NULL;
    assert_int_equal(svms_private_key_generate(&stranger, f->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_public(&f->recipient, f->ctx, stranger, NULL), SVMS_OK);
    film_make(f, FILM_OTHER, LONG_AGO, 3, 60);
    const playback_options options = { &f->parts, f->keys, FILM_OTHER, NULL, 0 };
    assert_int_equal(playback_open(&play, &options, &err), SVMS_E_WRONG_KEY);
    assert_null(play);
    svms_private_key_free(&stranger);
}

static void what_the_camera_recorded_itself_fills_gaps(void **state)
{
    film *f = *state;
    film_begin(f, FILM_CAMERA, LONG_AGO, 60);
    film_take(f, 0, 50);
    film_take(f, 200, 250);
    film_end(f);
    /* Overlaps both ends of the gap. */
    f->is_edge = true;
    film_begin(f, FILM_CAMERA, LONG_AGO, 60);
    film_take(f, 30, 220);
    film_end(f);
    playback *play = open_all(f);
    seek(play, SVMS_NO_TIME, false, false);
    expect_all(play, 0, 50);
    expect_all(play, 50, 200);
    expect_all(play, 200, 250);
    expect_status(play, SVMS_END);
    seek(play, film_utc(f, 105), false, false);
    expect_all(play, 100, 250);
    seek(play, SVMS_NO_TIME, true, false);
    for (unsigned group = 25; group > 0; group--) {
        expect_all(play, (group - 1) * 10, group * 10);
    }
    expect_status(play, SVMS_END);
    playback_close(&play);
}

static void what_the_camera_has_before_and_behind_comes(void **state)
{
    film *f = *state;
    film_begin(f, FILM_CAMERA, LONG_AGO, 60);
    film_take(f, 100, 150);
    film_end(f);
    f->is_edge = true;
    film_begin(f, FILM_CAMERA, LONG_AGO, 5);
    film_take(f, 0, 50);
    film_take(f, 200, 250);
    film_end(f);
    playback *play = open_all(f);
    seek(play, SVMS_NO_TIME, false, false);
    expect_all(play, 0, 50);
    expect_all(play, 100, 150);
    expect_all(play, 200, 250);
    expect_status(play, SVMS_END);
    seek(play, film_utc(f, 225), false, false);
    expect_all(play, 220, 250);
    seek(play, SVMS_NO_TIME, true, false);
    expect_all(play, 240, 250);
    playback_close(&play);
}

static void other_tracks_and_configurations_are_told(void **state)
{
    film *f = *state;
    static const uint8_t other[] = { 1, 0x42, 0x00, 0x0B, 0xFF, 0xE0, 0 };
    film_make(f, FILM_CAMERA, LONG_AGO, 2, 60);
    f->tracks[0].config = other;
    f->tracks[0].config_size = sizeof other;
    film_make(f, FILM_CAMERA, LONG_AGO + 2 * FILM_SECOND, 2, 60);
    f->without_sound = true;
    film_make(f, FILM_CAMERA, LONG_AGO + 4 * FILM_SECOND, 2, 60);
    playback *play = open_all(f);
    playback_media media;
    seek(play, SVMS_NO_TIME, false, false);
    expect(play, 0);
    assert_true(last.tracks_changed);
    assert_non_null(last.config);
    playback_look(play, &media);
    assert_int_equal(media.track_count, 2);
    expect_all(play, 1, 20);
    assert_null(last.config);
    expect(play, 0);
    assert_false(last.tracks_changed);
    assert_int_equal(last.config_size, sizeof other);
    assert_memory_equal(last.config, other, sizeof other);
    expect_all(play, 1, 20);
    expect(play, 0);
    assert_true(last.tracks_changed);
    assert_null(last.config);
    playback_look(play, &media);
    assert_int_equal(media.track_count, 1);
    playback_close(&play);
}

/* One after the other fails: that is told, and nothing else happens. */
static void memory_that_fails_is_told(void **state)
{
    film *f = *state;
    film_memory memory = { 0, 0 };
    svms_ctx *ctx = film_failing_ctx(&memory);
    unsigned failures = 0;
    bool is_whole = false;
    film_make(f, FILM_CAMERA, LONG_AGO, 4, 2);
    f->parts.ctx = ctx;
    for (unsigned at = 1; !is_whole; at++) {
        const playback_options options = { &f->parts, f->keys, FILM_CAMERA, NULL, 0 };
        playback *play = NULL;
        unsigned pictures = 0;
        unsigned number = 0;
        memory = (film_memory){ 0, at };
        svms_status status = playback_open(&play, &options, NULL);
        if (status == SVMS_OK) {
            status = playback_seek(play, film_utc(f, 5), at % 2 == 0, false, NULL);
        }
        while (status == SVMS_OK && (status = next(play, &number)) == SVMS_OK) {
            pictures++;
        }
        is_whole = memory.count < at;
        if (!is_whole && status != SVMS_E_NO_MEMORY) {
            fail_msg("allocation %u of %u: %d", at, memory.count, (int)status);
        }
        assert_int_equal(status, is_whole ? SVMS_END : SVMS_E_NO_MEMORY);
        assert_true(!is_whole || pictures == (at % 2 == 0 ? 10 : 40));
        failures += is_whole ? 0 : 1;
        memory.fails_at = 0;
        playback_close(&play);
    }
    assert_true(failures > 10);
    f->parts.ctx = f->ctx;
    svms_ctx_free(&ctx);
}

static void keys_of_others_are_refused(void **state)
{
    film *f = *state;
    playback_keys *keys = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(chmod(f->key_path, 0640), 0);
    assert_int_equal(playback_keys_load(&keys, &f->parts, &err), SVMS_E_POLICY);
    assert_non_null(strstr(err.message, f->key_path));
    assert_int_equal(chmod(f->key_path, 0600), 0);
    assert_int_equal(truncate(f->key_path, 10), 0);
    assert_int_equal(playback_keys_load(&keys, &f->parts, &err), SVMS_E_MALFORMED);
    f->settings.playback_key = "/nowhere";
    assert_int_equal(playback_keys_load(&keys, &f->parts, &err), SVMS_E_IO);
    f->settings.playback_key = NULL;
    assert_int_equal(playback_keys_load(&keys, &f->parts, &err), SVMS_E_STATE);
    assert_null(keys);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, film_set_up, film_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(all_containers_come_as_one),
        CASE(nothing_recorded_is_an_end),
        CASE(a_moment_begins_with_the_picture_that_stands_alone_before_it),
        CASE(groups_longer_than_segments_are_found),
        CASE(a_gap_is_passed_over_and_told),
        CASE(backwards_groups_come_in_reverse_and_their_pictures_in_order),
        CASE(thumbnails_are_pictures_that_stand_alone),
        CASE(ranges_are_never_left),
        CASE(other_ranges_count_from_the_next_sample_on),
        CASE(what_is_being_recorded_comes_as_it_grows),
        CASE(a_container_is_not_left_before_it_has_its_end),
        CASE(a_range_that_is_over_ends_also_while_it_is_recorded),
        CASE(containers_are_renamed_while_they_are_read),
        CASE(a_name_that_is_not_known_yet_is_asked_for),
        CASE(what_was_pruned_is_a_gap),
        CASE(a_damaged_segment_is_told_and_passed_over),
        CASE(a_container_that_does_not_open_is_told_once),
        CASE(without_its_key_nothing_opens),
        CASE(what_the_camera_recorded_itself_fills_gaps),
        CASE(what_the_camera_has_before_and_behind_comes),
        CASE(other_tracks_and_configurations_are_told),
        CASE(memory_that_fails_is_told),
        CASE(keys_of_others_are_refused),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
