/* SPDX-License-Identifier: Apache-2.0 */
/* A recorder fetches what it missed: stream_pull.h's replay from a server, both on one thread, over
 * 127.0.0.1. */
#include "pull_stage.h"

static void begin(fetch *f, stage *s, const stream_pull_replay *replay)
{
    stream_pull_options options;
    memset(&options, 0, sizeof options);
    options.replay = replay;
    fetch_begin(f, s, "/replay", &options);
}

static void all_that_was_missed_comes_once_with_its_time(void **state)
{
    (void)state;
    stage s;
    fetch f;
    const stream_pull_replay all = { SVMS_NO_TIME, SVMS_NO_TIME, false, false };
    stage_open(&s);
    stage_now = 0;
    begin(&f, &s, &all);
    fetch_all(&f, &s);
    fetch_expect(&f, STREAM_PULL_COMPLETE);
    assert_int_equal(f.tracks, 2);
    assert_int_equal(f.gaps, 0);
    for (size_t track = 0; track < 2; track++) {
        assert_int_equal(f.count[track], STAGE_PICTURES);
        for (unsigned i = 0; i < STAGE_PICTURES; i++) {
            assert_int_equal(f.utc[track][i], stage_utc(i));
        }
    }
    assert_true(s.sought.is_free);
    for (int i = 0; i < FETCH_ROUNDS && s.ended == 0; i++) {
        stage_work(&s);
    }
    assert_string_equal(s.why, "the client ended it");
    stream_pull_free(&f.pull);
    stage_close(&s);
}

static void a_range_is_asked_for_to_the_nanosecond(void **state)
{
    (void)state;
    stage s;
    fetch f;
    const stream_pull_replay part = { stage_utc(30), stage_utc(60), false, false };
    stage_open(&s);
    stage_now = 0;
    begin(&f, &s, &part);
    fetch_all(&f, &s);
    fetch_expect(&f, STREAM_PULL_COMPLETE);
    assert_int_equal(s.sought.from_utc_ns, stage_utc(30));
    assert_int_equal(s.sought.to_utc_ns, stage_utc(60));
    assert_int_equal(f.count[0], 60 - 25 + 1);
    assert_int_equal(f.utc[0][0], stage_utc(25));
    assert_int_equal(f.utc[0][f.count[0] - 1], stage_utc(60));
    stream_pull_free(&f.pull);
    stage_close(&s);
}

static void a_track_that_has_nothing_there_does_not_keep_it_waiting(void **state)
{
    (void)state;
    stage s;
    fetch f;
    const stream_pull_replay keys = { SVMS_NO_TIME, SVMS_NO_TIME, false, true };
    stage_open(&s);
    stage_now = 0;
    s.verdict.without_sound = false;
    begin(&f, &s, &keys);
    /* Sound is there when it is described, and then forbidden: nothing of it ever comes. */
    for (int i = 0; i < FETCH_ROUNDS && s.asked[STREAM_SERVE_SETS_UP] < 2 && fetch_step(&f, &s);
         i++) {
    }
    s.verdict.without_sound = true;
    fetch_all(&f, &s);
    fetch_expect(&f, STREAM_PULL_COMPLETE);
    assert_int_equal(f.count[0], STAGE_GROUPS);
    assert_int_equal(f.count[1], 0);
    stream_pull_free(&f.pull);
    stage_close(&s);
}

static void who_takes_nothing_makes_it_stand_still(void **state)
{
    (void)state;
    stage s;
    fetch f;
    const stream_pull_replay all = { SVMS_NO_TIME, SVMS_NO_TIME, false, false };
    stage_open(&s);
    stage_now = 0;
    s.sample_size = 200000;
    begin(&f, &s, &all);
    while (f.count[0] == 0) {
        assert_true(fetch_step(&f, &s));
    }
    stream_pull_take(f.pull, false);
    size_t before = f.count[0];
    for (int i = 0; i < 300; i++) {
        assert_true(fetch_step(&f, &s));
    }
    assert_int_equal(f.count[0], before);
    stream_pull_take(f.pull, true);
    fetch_all(&f, &s);
    fetch_expect(&f, STREAM_PULL_COMPLETE);
    assert_int_equal(f.count[0], STAGE_PICTURES);
    assert_int_equal(f.gaps, 0);
    stream_pull_free(&f.pull);
    stage_close(&s);
}

static void what_was_not_recorded_is_a_refusal(void **state)
{
    (void)state;
    stage s;
    fetch f;
    const stream_pull_replay later = { stage_utc(STAGE_PICTURES - 1) + INT64_C(3600000000000),
                                       SVMS_NO_TIME, false, false };
    stage_open(&s);
    stage_now = 0;
    begin(&f, &s, &later);
    fetch_all(&f, &s);
    fetch_expect(&f, STREAM_PULL_REFUSED);
    assert_non_null(strstr(stream_pull_why(f.pull)->message, "457"));
    stream_pull_free(&f.pull);
    stage_close(&s);
}

static void udp_without_a_pace_is_refused(void **state)
{
    (void)state;
    stage s;
    stream_pull *none = NULL;
    svms_error err = SVMS_ERROR_INIT;
    stream_pull_options options;
    const stream_pull_replay all = { SVMS_NO_TIME, SVMS_NO_TIME, false, false };
    stage_open(&s);
    memset(&options, 0, sizeof options);
    options.url = "rtsp://127.0.0.1:1/replay";
    options.clear = true;
    options.udp = true;
    options.replay = &all;
    assert_int_equal(stream_pull_open(&none, s.ctx, &options, &err), SVMS_E_USAGE);
    assert_null(none);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_was_missed_comes_once_with_its_time),
        cmocka_unit_test(a_range_is_asked_for_to_the_nanosecond),
        cmocka_unit_test(a_track_that_has_nothing_there_does_not_keep_it_waiting),
        cmocka_unit_test(who_takes_nothing_makes_it_stand_still),
        cmocka_unit_test(what_was_not_recorded_is_a_refusal),
        cmocka_unit_test(udp_without_a_pace_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
