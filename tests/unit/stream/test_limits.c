/* SPDX-License-Identifier: Apache-2.0 */
/* What connections cost that are only opened, or opened again and again: not those who watch. */
#include "serve_stage.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FLOOD = 1000, ALLOWED = 32, TRIES = 2000 };

static void allow_many_files(void)
{
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_cur < 2 * FLOOD) {
        files.rlim_cur = files.rlim_max < 2 * FLOOD ? files.rlim_max : 2 * FLOOD;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    }
    assert_true(files.rlim_cur >= FLOOD + 200);
}

static bool is_closed(stage *s, int handle)
{
    char byte;
    for (int i = 0; i < TRIES; i++) {
        struct pollfd until = { handle, POLLIN, 0 };
        stage_work(s);
        if (poll(&until, 1, 1) > 0) {
            return recv(handle, &byte, 1, MSG_DONTWAIT) <= 0;
        }
        if (i == 100) {
            return false;
        }
    }
    return false;
}

static void a_thousand_who_say_nothing_keep_nobody_out(void **state)
{
    static int idle[FLOOD];
    (void)state;
    stage s;
    allow_many_files();
    stage_open(&s);
    viewer *early = viewer_from(&s, 2, 0);
    assert_int_equal(viewer_play(&s, early, "/live", 1, ""), 200);
    unsigned given = 0;
    for (unsigned i = 0; i < FLOOD; i++) {
        idle[i] = stage_connect(&s, 1, 0);
        if (i % 10 == 0) {
            stage_give(&s, s.live, true);
            given++;
        }
        if (i % 100 == 0) {
            stage_now += STREAM_SECOND;
        }
    }
    /* Nothing was lost by who watches. */
    viewer_take_packets(&s, early, given);
    viewer_take_all(&s, early);
    unsigned whole = 0;
    for (size_t i = 0; i < early->count; i++) {
        whole += early->packets[i].rtp.marker;
    }
    assert_int_equal(whole, given);
    assert_int_equal(s.notes[STREAM_SERVE_IS_BEHIND], 0);
    /* From another address one comes in at once, from the same one when a second has passed. */
    viewer *late = viewer_from(&s, 3, 0);
    assert_int_equal(viewer_play(&s, late, "/live", 1, ""), 200);
    stage_now += STREAM_SECOND;
    viewer *same = viewer_from(&s, 1, 0);
    assert_int_equal(viewer_play(&s, same, "/live", 1, ""), 200);
    assert_int_equal(stream_serve_watchers(s.serve), 3);
    for (unsigned i = 0; i < FLOOD; i++) {
        close(idle[i]);
    }
    viewer_free(early);
    viewer_free(late);
    viewer_free(same);
    stage_close(&s);
}

static void one_address_does_not_take_all_places(void **state)
{
    (void)state;
    stage s;
    viewer *many[ALLOWED];
    stage_open(&s);
    for (unsigned i = 0; i < ALLOWED; i++) {
        many[i] = viewer_from(&s, 1, 0);
        assert_int_equal(viewer_play(&s, many[i], "/live", 1, ""), 200);
    }
    stage_now += 2 * STREAM_SECOND;
    int more = stage_connect(&s, 1, 0);
    assert_true(is_closed(&s, more));
    close(more);
    viewer *other = viewer_from(&s, 2, 0);
    assert_int_equal(viewer_play(&s, other, "/live", 1, ""), 200);
    assert_int_equal(stream_serve_watchers(s.serve), ALLOWED + 1);
    for (unsigned i = 0; i < ALLOWED; i++) {
        viewer_free(many[i]);
    }
    viewer_free(other);
    stage_close(&s);
}

static void limits_are_as_they_were_set(void **state)
{
    (void)state;
    stage s;
    stream_serve_options options;
    stage_options(&s, &options);
    options.max_clients = 4;
    options.max_per_address = 2;
    options.max_strangers = 1;
    options.stranger_seconds = 3;
    stage_begin(&s, &options);
    viewer *first = viewer_from(&s, 1, 0);
    assert_int_equal(viewer_play(&s, first, "/live", 1, ""), 200);
    /* One stranger: the next one takes its place. */
    int stranger = stage_connect(&s, 1, 0);
    stage_work(&s);
    int next = stage_connect(&s, 2, 0);
    assert_true(is_closed(&s, stranger));
    assert_false(is_closed(&s, next));
    /* Three seconds, and not ten. */
    stage_now += 4 * STREAM_SECOND;
    assert_true(is_closed(&s, next));
    close(stranger);
    close(next);
    viewer_free(first);
    stage_close(&s);
}

static void a_connection_has_one_session_however_many_are_asked_for(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    unsigned given = 0;
    for (unsigned i = 0; i < 64; i++) {
        unsigned code =
            viewer_say(&s, v, "SETUP", "/replay/track0", "Transport: RTP/AVP/TCP;unicast\r\n");
        assert_true(code == 200 || code == 503);
        given += code == 200 ? 1 : 0;
    }
    assert_int_equal(given, 1);
    /* Nor does it open more recordings than what it watches and what was described last. */
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(viewer_say(&s, v, "DESCRIBE", "/replay", ""), 200);
        assert_int_equal(viewer_say(&s, v, "DESCRIBE", "/live", ""), 200);
    }
    assert_true(s.opened - s.closed <= 2);
    viewer_free(v);
    stage_close(&s);
}

static void sixty_four_connections_that_watch_cost_the_others_nothing(void **state)
{
    (void)state;
    stage s;
    viewer *many[64];
    stage_open(&s);
    s.sample_size = 20000;
    viewer *quick = viewer_from(&s, 2, 0);
    assert_int_equal(viewer_play(&s, quick, "/live", 1, ""), 200);
    unsigned playing = 0;
    for (unsigned i = 0; i < 64; i++) {
        many[i] = viewer_from(&s, 1, 0);
        playing += viewer_play(&s, many[i], "/replay", 1,
                               "Require: onvif-replay\r\nRate-Control: no\r\n") == 200
                       ? 1
                       : 0;
    }
    assert_int_equal(playing, ALLOWED);
    /* None of them takes anything. */
    for (unsigned i = 0; i < 50; i++) {
        stage_give(&s, s.live, true);
    }
    viewer_take_all(&s, quick);
    unsigned whole = 0;
    for (size_t i = 0; i < quick->count; i++) {
        whole += quick->packets[i].rtp.marker;
    }
    assert_int_equal(whole, 50);
    assert_int_equal(s.notes[STREAM_SERVE_IS_BEHIND], 0);
    for (unsigned i = 0; i < 64; i++) {
        viewer_free(many[i]);
    }
    viewer_free(quick);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_who_say_nothing_keep_nobody_out),
        cmocka_unit_test(one_address_does_not_take_all_places),
        cmocka_unit_test(limits_are_as_they_were_set),
        cmocka_unit_test(a_connection_has_one_session_however_many_are_asked_for),
        cmocka_unit_test(sixty_four_connections_that_watch_cost_the_others_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
