/* SPDX-License-Identifier: Apache-2.0 */
/* Many presentations on one server: who may watch which, until when, and what is told of it. */
#include "serve_stage.h"

#include <time.h>

static int64_t utc_now(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * (int64_t)STREAM_SECOND + now.tv_nsec;
}

static stream_presentation *add(stage *s, const char *path)
{
    stream_presentation *added = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_track track = SVMS_TRACK_INIT;
    const stream_live_options options = { path, "another", &track, 1 };
    track.kind = SVMS_TRACK_METADATA;
    track.codec = SVMS_CODEC_ONVIF_METADATA;
    assert_int_equal(stream_serve_add_live(&added, s->serve, &options, &err), SVMS_OK);
    assert_non_null(added);
    return added;
}

static void each_path_shows_its_own_samples(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    stream_presentation *other = add(&s, "/live/2");
    viewer *first = viewer_new(&s, 0);
    viewer *second = viewer_new(&s, 0);
    assert_int_equal(viewer_play(&s, first, "/live", 1, ""), 200);
    assert_int_equal(viewer_play(&s, second, "/live/2", 1, ""), 200);
    assert_int_equal(stream_serve_watchers(s.serve), 2);
    assert_int_equal(stream_presentation_watchers(s.live), 1);
    assert_int_equal(stream_presentation_watchers(other), 1);
    stage_give(&s, s.live, true);
    viewer_take_packets(&s, first, 1);
    viewer_take_all(&s, second);
    assert_int_equal(second->count, 0);
    stage_give(&s, other, true);
    viewer_take_packets(&s, second, 1);
    viewer_take_all(&s, first);
    assert_int_equal(first->count, 1);
    viewer_free(first);
    viewer_free(second);
    stage_close(&s);
}

static void a_path_is_taken_once(void **state)
{
    (void)state;
    stage s;
    stream_presentation *none = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_track track = SVMS_TRACK_INIT;
    stream_live_options options = { "/replay", NULL, &track, 1 };
    stage_open(&s);
    track.kind = SVMS_TRACK_METADATA;
    track.codec = SVMS_CODEC_ONVIF_METADATA;
    assert_int_equal(stream_serve_add_live(&none, s.serve, &options, &err), SVMS_E_EXISTS);
    options.path = "live";
    assert_int_equal(stream_serve_add_live(&none, s.serve, &options, &err), SVMS_E_USAGE);
    options.path = "/opaque";
    track.codec = 0x6F706171;
    assert_int_equal(stream_serve_add_live(&none, s.serve, &options, &err), SVMS_E_UNSUPPORTED);
    assert_null(none);
    stage_close(&s);
}

static void who_watches_what_is_removed_hears_of_it(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    stream_presentation *other = add(&s, "/live/2");
    viewer *v = viewer_new(&s, 0);
    viewer *described = viewer_new(&s, 0);
    assert_int_equal(viewer_play(&s, v, "/live/2", 1, ""), 200);
    assert_int_equal(viewer_say(&s, described, "DESCRIBE", "/live/2", ""), 200);
    stage_give(&s, other, true);
    viewer_take_packets(&s, v, 1);
    stream_serve_remove(s.serve, &other);
    assert_null(other);
    viewer_take_all(&s, v);
    assert_int_equal(v->byes[1], 1);
    assert_int_equal(s.ended, 1);
    assert_string_equal(s.why, "the presentation is over");
    assert_int_equal(viewer_say(&s, v, "GET_PARAMETER", "/live/2", ""), 454);
    assert_int_equal(viewer_say(&s, described, "DESCRIBE", "/live/2", ""), 404);
    /* The connection goes on, and so does the path. */
    v->session[0] = '\0';
    other = add(&s, "/live/2");
    assert_int_equal(viewer_play(&s, v, "/live/2", 1, ""), 200);
    assert_int_equal(stream_presentation_watchers(other), 1);
    viewer_free(v);
    viewer_free(described);
    stage_close(&s);
}

static void refusals_say_what_the_owner_wants_and_no_more(void **state)
{
    static const struct {
        bool allowed;
        stream_serve_refusal refusal;
        unsigned code;   /* of what is there */
        unsigned absent; /* and of what is not */
    } cases[] = {
        { false, STREAM_SERVE_UNKNOWN, 404, 404 },
        { false, STREAM_SERVE_FORBIDDEN, 403, 403 },
        { false, STREAM_SERVE_STRANGER, 403, 403 }, /* nobody can authenticate here */
        { true, STREAM_SERVE_UNKNOWN, 200, 404 },
    };
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        s.verdict = (stream_serve_verdict){ .is_allowed = cases[i].allowed,
                                            .refusal = cases[i].refusal,
                                            .valid_until_utc_ns = INT64_MAX,
                                            .words = "not he" };
        assert_int_equal(viewer_say(&s, v, "DESCRIBE", "/live", ""), cases[i].code);
        assert_int_equal(s.question.kind, STREAM_SERVE_LIVE);
        assert_int_equal(viewer_say(&s, v, "DESCRIBE", "/replay?x=1", ""), cases[i].code);
        assert_int_equal(s.question.kind, STREAM_SERVE_REPLAY);
        assert_int_equal(viewer_say(&s, v, "DESCRIBE", "/nothing", ""), cases[i].absent);
        assert_int_equal(s.question.kind, STREAM_SERVE_NOTHING);
        assert_string_equal(s.asked_path, "/nothing");
        assert_int_equal(viewer_say(&s, v, "SETUP", "/live/track7", "Transport: RTP/AVP/TCP\r\n"),
                         cases[i].code == 200 ? 404 : cases[i].code);
    }
    assert_int_equal(s.notes[STREAM_SERVE_REFUSED], 3 * 4);
    /* Nothing of a recording is touched for who may not. */
    assert_int_equal(s.opened, 1);
    viewer_free(v);
    stage_close(&s);
}

static void permission_that_has_ended_is_none(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    s.verdict.valid_until_utc_ns = utc_now() - 1;
    assert_int_equal(viewer_say(&s, v, "DESCRIBE", "/live", ""), 404);
    viewer_free(v);
    stage_close(&s);
}

static void play_may_be_refused_after_set_up(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    assert_int_equal(viewer_play(&s, v, "/live", 1, ""), 200);
    assert_int_equal(viewer_say(&s, v, "PAUSE", "/live", ""), 200);
    s.verdict.is_allowed = false;
    s.verdict.refusal = STREAM_SERVE_FORBIDDEN;
    assert_int_equal(viewer_say(&s, v, "PLAY", "/live", ""), 403);
    assert_int_equal(stream_serve_watchers(s.serve), 0);
    viewer_free(v);
    stage_close(&s);
}

static void watching_ends_when_permission_does(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    /* Asked again at once, for it is near. */
    s.verdict.valid_until_utc_ns = utc_now() + (int64_t)STREAM_SECOND;
    assert_int_equal(viewer_play(&s, v, "/live", 1, ""), 200);
    stage_give(&s, s.live, true);
    assert_int_equal(s.asked[STREAM_SERVE_CONTINUES], 1);
    assert_int_equal(s.question.watch, 1);
    stage_give(&s, s.live, false);
    assert_int_equal(s.asked[STREAM_SERVE_CONTINUES], 1);
    while (utc_now() < s.verdict.valid_until_utc_ns) {
        assert_int_equal(s.ended, 0);
        stage_work(&s);
    }
    viewer_take_all(&s, v);
    assert_int_equal(s.ended, 1);
    assert_string_equal(s.why, "the time for which it was allowed has ended");
    assert_int_equal(v->byes[1], 1);
    assert_int_equal(stream_serve_watchers(s.serve), 0);
    viewer_free(v);
    stage_close(&s);
}

static void who_is_allowed_anew_in_time_goes_on(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    s.verdict.valid_until_utc_ns = utc_now() + 11 * (int64_t)STREAM_SECOND;
    assert_int_equal(viewer_play(&s, v, "/live", 1, ""), 200);
    int64_t before = s.verdict.valid_until_utc_ns;
    s.verdict.valid_until_utc_ns = INT64_MAX;
    while (s.asked[STREAM_SERVE_CONTINUES] == 0) {
        assert_true(utc_now() < before);
        stage_work(&s);
    }
    assert_true(utc_now() >= before - 10 * (int64_t)STREAM_SECOND);
    stage_work(&s);
    assert_int_equal(s.asked[STREAM_SERVE_CONTINUES], 1);
    assert_int_equal(stream_serve_watchers(s.serve), 1);
    viewer_free(v);
    stage_close(&s);
}

static void who_is_judged_again_may_lose_it(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    assert_int_equal(viewer_play(&s, v, "/live", 1, ""), 200);
    stream_serve_judge_again(s.serve);
    stage_work(&s);
    assert_int_equal(s.asked[STREAM_SERVE_CONTINUES], 1);
    assert_int_equal(stream_serve_watchers(s.serve), 1);
    s.verdict = (stream_serve_verdict){ .words = "his right was revoked" };
    stream_serve_judge_again(s.serve);
    stage_work(&s);
    assert_int_equal(stream_serve_watchers(s.serve), 0);
    assert_string_equal(s.why, "his right was revoked");
    assert_string_equal(s.words, "his right was revoked");
    viewer_free(v);
    stage_close(&s);
}

static void who_may_not_listen_only_sees(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    assert_int_equal(viewer_say(&s, v, "DESCRIBE", "/live", ""), 200);
    assert_true(s.question.has_sound);
    assert_non_null(strstr(v->answer, "m=audio"));
    s.verdict.without_sound = true;
    assert_int_equal(viewer_say(&s, v, "DESCRIBE", "/live", ""), 200);
    assert_null(strstr(v->answer, "m=audio"));
    assert_non_null(strstr(v->answer, "m=video"));
    assert_int_equal(viewer_play(&s, v, "/live", 2, ""), 404);
    /* The right is lost while he listens. */
    s.verdict.without_sound = false;
    assert_int_equal(viewer_play(&s, v, "/live", 2, ""), 200);
    svms_error err = SVMS_ERROR_INIT;
    svms_sample sound = SVMS_SAMPLE_INIT;
    const uint8_t data[160] = { 0 };
    sound.track = STAGE_SOUND;
    sound.data = data;
    sound.size = sizeof data;
    assert_int_equal(stream_presentation_sample(s.live, &sound, &err), SVMS_OK);
    viewer_take_packets(&s, v, 1);
    s.verdict.without_sound = true;
    stream_serve_judge_again(s.serve);
    stage_work(&s);
    assert_int_equal(stream_presentation_sample(s.live, &sound, &err), SVMS_OK);
    stage_give(&s, s.live, true);
    viewer_take_all(&s, v);
    assert_int_equal(v->count, 2);
    assert_int_equal(v->packets[0].channel, 2);
    assert_int_equal(v->packets[1].channel, 0);
    viewer_free(v);
    stage_close(&s);
}

static void the_audit_log_hears_who_watched_what_and_how_much(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    int64_t before = utc_now();
    assert_int_equal(viewer_play(&s, v, "/live", 1, ""), 200);
    assert_int_equal(s.begun, 1);
    assert_int_equal(s.told.number, 1);
    assert_string_equal(s.path, "/live");
    assert_true(s.told.began_utc_ns >= before && s.told.began_utc_ns <= utc_now());
    /* Not sent: it does not stand alone. */
    stage_give(&s, s.live, false);
    stage_give(&s, s.live, true);
    stage_give(&s, s.live, false);
    /* Watching goes on while it is paused. */
    assert_int_equal(viewer_say(&s, v, "PAUSE", "/live", ""), 200);
    stage_give(&s, s.live, true);
    assert_int_equal(viewer_say(&s, v, "PLAY", "/live", ""), 200);
    assert_int_equal(s.begun, 1);
    assert_int_equal(viewer_say(&s, v, "TEARDOWN", "/live", ""), 200);
    assert_int_equal(s.ended, 1);
    assert_int_equal(s.told.samples, 2);
    assert_int_equal(s.told.bytes, 2000);
    assert_true(s.told.first_utc_ns >= before && s.told.last_utc_ns >= s.told.first_utc_ns);
    assert_string_equal(s.why, "the client ended it");
    /* Another watching has another number; this one's connection breaks. */
    v->session[0] = '\0';
    assert_int_equal(viewer_play(&s, v, "/live", 1, ""), 200);
    assert_int_equal(s.told.number, 2);
    viewer_free(v);
    for (int i = 0; i < 1000 && s.ended < 2; i++) {
        stage_work(&s);
    }
    assert_int_equal(s.ended, 2);
    stage_close(&s);
}

static void one_connection_watches_one_thing_at_a_time(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    char session[64];
    assert_int_equal(viewer_play(&s, v, "/live", 1, ""), 200);
    /* Another may be described meanwhile, and a track of it is not of this session. */
    assert_int_equal(viewer_say(&s, v, "DESCRIBE", "/replay", ""), 200);
    assert_int_equal(viewer_say(&s, v, "PAUSE", "/live", ""), 200);
    assert_int_equal(viewer_say(&s, v, "SETUP", "/replay/track0", "Transport: RTP/AVP/TCP\r\n"),
                     459);
    (void)snprintf(session, sizeof session, "%s", v->session);
    v->session[0] = '\0';
    assert_int_equal(viewer_say(&s, v, "SETUP", "/replay/track0", "Transport: RTP/AVP/TCP\r\n"),
                     503);
    (void)snprintf(v->session, sizeof v->session, "%s", session);
    assert_int_equal(viewer_say(&s, v, "TEARDOWN", "/live", ""), 200);
    v->session[0] = '\0';
    assert_int_equal(viewer_play(&s, v, "/replay", 1, ""), 200);
    assert_string_equal(s.path, "/replay");
    viewer_free(v);
    stage_close(&s);
}

static void an_encoder_hears_who_waits_for_a_picture(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    assert_false(stream_presentation_wants_sync(s.live));
    assert_int_equal(viewer_play(&s, v, "/live", 1, ""), 200);
    assert_true(stream_presentation_wants_sync(s.live));
    stage_give(&s, s.live, true);
    assert_false(stream_presentation_wants_sync(s.live));
    viewer_free(v);
    stage_close(&s);
}

static void another_configuration_keeps_source_and_numbers(void **state)
{
    static const uint8_t other[] = { 1,    0x42, 0x00, 0x0A, 0xFF, 0xE1, 0,    10,   0x67,
                                     0x42, 0x00, 0x0A, 0x96, 0x53, 0x05, 0x89, 0x88, 0x80,
                                     1,    0,    4,    0x68, 0xC9, 0x63, 0x88 };
    (void)state;
    stage s;
    stage_open(&s);
    svms_error err = SVMS_ERROR_INIT;
    svms_track track = SVMS_TRACK_INIT;
    viewer *v = viewer_new(&s, 0);
    assert_int_equal(viewer_play(&s, v, "/live", 1, ""), 200);
    stage_give(&s, s.live, true);
    viewer_take_all(&s, v);
    size_t before = v->count;
    assert_true(before > 0);
    track.codec = SVMS_CODEC_H264;
    track.config = other;
    track.config_size = sizeof other;
    assert_int_equal(stream_presentation_change(s.live, 0, &track, &err), SVMS_OK);
    stage_give(&s, s.live, true);
    viewer_take_all(&s, v);
    assert_true(v->count > before);
    const svms_rtp_packet *last = &v->packets[before - 1].rtp;
    const svms_rtp_packet *next = &v->packets[before].rtp;
    assert_int_equal(next->ssrc, last->ssrc);
    assert_int_equal(next->sequence, (last->sequence + 1) & 0xFFFF);
    assert_int_equal(next->timestamp, last->timestamp + 3600);
    track.timebase_den = 1000;
    assert_int_equal(stream_presentation_change(s.live, 0, &track, &err), SVMS_E_USAGE);
    assert_int_equal(stream_presentation_change(s.live, 7, &track, &err), SVMS_E_USAGE);
    viewer_free(v);
    stage_close(&s);
}

static void who_is_woken_is_woken_once(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    stage_work(&s);
    assert_int_equal(s.woken, 0);
    for (int i = 0; i < 100; i++) {
        stream_serve_wake(s.serve);
    }
    stage_work(&s);
    stage_work(&s);
    assert_int_equal(s.woken, 1);
    /* More than a pipe takes. */
    for (int i = 0; i < 200000; i++) {
        stream_serve_wake(s.serve);
    }
    stage_work(&s);
    assert_true(s.woken > 1);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_path_shows_its_own_samples),
        cmocka_unit_test(a_path_is_taken_once),
        cmocka_unit_test(who_watches_what_is_removed_hears_of_it),
        cmocka_unit_test(refusals_say_what_the_owner_wants_and_no_more),
        cmocka_unit_test(permission_that_has_ended_is_none),
        cmocka_unit_test(play_may_be_refused_after_set_up),
        cmocka_unit_test(watching_ends_when_permission_does),
        cmocka_unit_test(who_is_allowed_anew_in_time_goes_on),
        cmocka_unit_test(who_is_judged_again_may_lose_it),
        cmocka_unit_test(who_may_not_listen_only_sees),
        cmocka_unit_test(the_audit_log_hears_who_watched_what_and_how_much),
        cmocka_unit_test(one_connection_watches_one_thing_at_a_time),
        cmocka_unit_test(an_encoder_hears_who_waits_for_a_picture),
        cmocka_unit_test(another_configuration_keeps_source_and_numbers),
        cmocka_unit_test(who_is_woken_is_woken_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
