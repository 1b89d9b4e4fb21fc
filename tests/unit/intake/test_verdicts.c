/* SPDX-License-Identifier: Apache-2.0 */
/* The track of verdicts beside a recording: of a camera that does not sign. What is found of those
 * that do is tested with the validator itself, and with whole recordings. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_allocator.h"
#include "verdicts.h"

#define SECOND_NS INT64_C(1000000000)
#define START_NS (INT64_C(1800000000) * SECOND_NS)
#define PICTURES 180 /* one each second */

typedef struct fixture {
    failing_allocator allocator;
    svms_ctx *ctx;
    svms_track tracks[SVMS_MAX_TRACKS + 1];
    uint32_t count;
    verdicts *verdicts;
    unsigned taken;
    svms_sample newest;
    char text[512]; /* of the newest verdict, as far as it fits */
    svms_status take_result;
    unsigned alarms;
    camera_alarm first_alarm;
    unsigned failures;
    svms_status why;
} fixture;

static svms_status take(void *user, const svms_sample *sample, svms_error *err)
{
    fixture *f = user;
    (void)err;
    f->taken++;
    f->newest = *sample;
    size_t size = sample->size < sizeof f->text - 1 ? sample->size : sizeof f->text - 1;
    memcpy(f->text, sample->data, size);
    f->text[size] = '\0';
    return f->take_result;
}

static void take_alarm(void *user, const camera_alarm *alarm)
{
    fixture *f = user;
    if (f->alarms == 0) {
        f->first_alarm = *alarm;
    }
    f->alarms++;
}

static void take_failure(void *user, const svms_error *err)
{
    fixture *f = user;
    f->failures++;
    f->why = err->status;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->allocator.until_failure = NEVER_FAILS;
    svms_ctx_options options = failing_options(&f->allocator);
    assert_int_equal(svms_ctx_new(&f->ctx, &options, NULL), SVMS_OK);
    for (size_t i = 0; i <= SVMS_MAX_TRACKS; i++) {
        f->tracks[i] = (svms_track)SVMS_TRACK_INIT;
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    verdicts_free(&f->verdicts);
    assert_null(f->verdicts);
    svms_ctx_free(&f->ctx);
    assert_int_equal(f->allocator.live, 0);
    free(f);
    return 0;
}

static void add_track(fixture *f, bool video)
{
    svms_track *track = &f->tracks[f->count++];
    track->kind = video ? SVMS_TRACK_VIDEO : SVMS_TRACK_AUDIO;
    track->codec = video ? SVMS_CODEC_H264 : SVMS_CODEC_PCMU;
    track->timebase_num = 1;
    track->timebase_den = video ? 90000 : 8000;
}

static svms_status begin(fixture *f)
{
    svms_error err = SVMS_ERROR_INIT;
    verdicts_options options;
    memset(&options, 0, sizeof options);
    options.is_signed = true;
    options.take = take;
    options.alarm = take_alarm;
    options.failed = take_failure;
    options.user = f;
    svms_status status =
        verdicts_begin(&f->verdicts, f->ctx, f->tracks, &f->count, START_NS, &options, &err);
    assert_int_equal(err.status, status);
    return status;
}

static svms_status follow(fixture *f, uint32_t track, unsigned second)
{
    static const uint8_t key_picture[] = { 0, 0, 0, 5, 0x65, 0x88, 0x84, 0, 0x10 };
    static const uint8_t picture[] = { 0, 0, 0, 5, 0x41, 0x9a, 0x24, 0, 0x10 };
    svms_error err = SVMS_ERROR_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    sample.track = track;
    sample.pts = (int64_t)second * 90000;
    sample.dts = sample.pts;
    sample.utc_ns = START_NS + (int64_t)second * SECOND_NS;
    sample.data = second % 2 == 0 ? key_picture : picture;
    sample.size = sizeof picture;
    return verdicts_follow(f->verdicts, &sample, &err);
}

static svms_status follow_all(fixture *f)
{
    svms_status status = SVMS_OK;
    for (unsigned i = 0; status == SVMS_OK && i < PICTURES; i++) {
        status = follow(f, 0, i);
    }
    return status == SVMS_OK ? verdicts_end(f->verdicts, NULL) : status;
}

static void where_there_is_no_video_there_are_no_verdicts(void **state)
{
    fixture *f = *state;
    add_track(f, false);
    assert_int_equal(begin(f), SVMS_OK);
    assert_null(f->verdicts);
    assert_int_equal(f->count, 1);
    /* Whoever has none may ask all the same. */
    assert_int_equal(follow(f, 0, 0), SVMS_OK);
    assert_int_equal(verdicts_end(f->verdicts, NULL), SVMS_OK);
}

static void beside_too_many_tracks_is_no_room(void **state)
{
    fixture *f = *state;
    for (unsigned i = 0; i < SVMS_MAX_TRACKS; i++) {
        add_track(f, i == 0);
    }
    assert_int_equal(begin(f), SVMS_E_LIMIT);
    assert_null(f->verdicts);
    assert_int_equal(f->count, SVMS_MAX_TRACKS);
}

static void a_camera_that_should_sign_and_does_not_is_an_alarm_and_a_record(void **state)
{
    fixture *f = *state;
    add_track(f, false);
    add_track(f, true);
    assert_int_equal(begin(f), SVMS_OK);
    assert_int_equal(f->count, 3);
    assert_int_equal(f->tracks[2].codec, SVMS_CODEC_CAMERA_VERDICTS);
    assert_int_equal(f->tracks[2].kind, SVMS_TRACK_METADATA);
    for (unsigned i = 0; i < PICTURES; i++) {
        assert_int_equal(follow(f, 0, i), SVMS_OK); /* sound is nobody's to judge */
        assert_int_equal(follow(f, 1, i), SVMS_OK);
    }
    assert_int_equal(verdicts_end(f->verdicts, NULL), SVMS_OK);
    assert_true(f->taken > 0);
    assert_int_equal(f->newest.track, 2);
    assert_int_equal(f->newest.flags, SVMS_SAMPLE_SYNC);
    assert_in_range(f->newest.utc_ns, START_NS, START_NS + PICTURES * SECOND_NS);
    assert_true(f->newest.pts == (f->newest.utc_ns - START_NS) / 1000);
    assert_non_null(strstr(f->text, "unsigned"));
    assert_true(f->alarms > 0);
    assert_int_equal(f->first_alarm.track, 1);
    const camera_watch *watch = verdicts_watch(f->verdicts);
    assert_true(camera_watch_is_bad(watch));
    assert_int_equal(watch->reports, f->taken);
    assert_int_equal(watch->authentic, 0);
    assert_false(verdicts_have_failed(f->verdicts));
    assert_int_equal(f->failures, 0);
    /* The track of verdicts is not fed to itself. */
    assert_int_equal(follow(f, 2, PICTURES), SVMS_OK);
}

static void what_the_owner_cannot_record_is_his_to_know(void **state)
{
    fixture *f = *state;
    add_track(f, true);
    assert_int_equal(begin(f), SVMS_OK);
    f->take_result = SVMS_E_IO;
    assert_int_equal(follow_all(f), SVMS_E_IO);
    assert_int_equal(f->taken, 1);
    assert_int_equal(f->failures, 0);
    assert_false(verdicts_have_failed(f->verdicts));
}

/* The pictures are worth more than what is said of them. */
static void validation_that_fails_is_told_once_and_never_ends_a_recording(void **state)
{
    fixture *f = *state;
    unsigned failed = 0;
    bool over = false;
    add_track(f, true);
    for (long n = 0; !over; n++) {
        assert_in_range(n, 0, 100000);
        f->count = 1;
        f->failures = 0;
        assert_int_equal(begin(f), SVMS_OK);
        f->allocator.until_failure = n;
        assert_int_equal(follow_all(f), SVMS_OK);
        over = f->allocator.until_failure > 0;
        f->allocator.until_failure = NEVER_FAILS;
        assert_int_equal(f->failures, verdicts_have_failed(f->verdicts) ? 1 : 0);
        assert_true(f->failures == 0 || f->why == SVMS_E_NO_MEMORY);
        failed += f->failures;
        verdicts_free(&f->verdicts);
    }
    assert_true(failed > 0);
}

static void a_beginning_without_memory_leaves_nothing(void **state)
{
    fixture *f = *state;
    svms_status status = SVMS_E_NO_MEMORY;
    add_track(f, true);
    for (long n = 0; status != SVMS_OK; n++) {
        assert_in_range(n, 0, 1000);
        f->allocator.until_failure = n;
        status = begin(f);
        f->allocator.until_failure = NEVER_FAILS;
        assert_true(status == SVMS_OK || status == SVMS_E_NO_MEMORY);
        assert_int_equal(f->count, status == SVMS_OK ? 2 : 1);
        assert_true((f->verdicts != NULL) == (status == SVMS_OK));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(where_there_is_no_video_there_are_no_verdicts),
        CASE(beside_too_many_tracks_is_no_room),
        CASE(a_camera_that_should_sign_and_does_not_is_an_alarm_and_a_record),
        CASE(what_the_owner_cannot_record_is_his_to_know),
        CASE(validation_that_fails_is_told_once_and_never_ends_a_recording),
        CASE(a_beginning_without_memory_leaves_nothing),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
