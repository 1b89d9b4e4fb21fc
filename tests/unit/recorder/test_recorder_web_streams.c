/* SPDX-License-Identifier: Apache-2.0 */
/* Live and playback over HTTPS: each sample as it was, only as long as it may be, and an end that
 * says why. */
#include "web_case.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <api_internal.h>

#define PICTURE_SIZE 1200

static int64_t now_ms(void)
{
    struct timespec now = { 0, 0 };
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What came until the end. */
typedef struct seen {
    unsigned pictures;
    unsigned sounds;
    unsigned gaps;
    unsigned tracks; /* parts that tell them */
    unsigned missing;
    unsigned first;
    unsigned last;
    unsigned steps_back; /* pictures that are older than the one before */
    char end[64];
} seen;

static void note_json(seen *self, const json_t *json)
{
    self->tracks += json_object_get(json, "tracks") ? 1 : 0;
    self->missing += json_object_get(json, "missing") ? 1 : 0;
    const char *why = json_string_value(json_object_get(json, "end"));
    if (why) {
        snprintf(self->end, sizeof self->end, "%s", why);
    }
}

static void note_picture(seen *self, const web_piece *piece)
{
    unsigned number = film_number(piece->data, piece->size);
    self->first = self->pictures == 0 ? number : self->first;
    self->steps_back += self->pictures > 0 && number < self->last ? 1 : 0;
    self->last = number;
    self->pictures++;
}

static seen watch_all(web_client *client)
{
    seen all;
    web_piece piece;
    memset(&all, 0, sizeof all);
    while (web_next_part(client, &piece)) {
        all.gaps += piece.is_after_gap ? 1 : 0;
        if (piece.json) {
            note_json(&all, piece.json);
            json_decref(piece.json);
        } else if (piece.track == 0) {
            note_picture(&all, &piece);
        } else {
            all.sounds++;
        }
    }
    return all;
}

static seen play(web_case *c, const char *query)
{
    char target[200];
    web_client *client = NULL;
    snprintf(target, sizeof target, "/v1/cameras/door/playback?%s", query);
    assert_int_equal(web_begin_stream(c, &client, target), 200);
    seen all = watch_all(client);
    assert_true(client->is_whole);
    web_leave(&client);
    return all;
}

/* So many pictures, the first of which stands alone. */
static void watch_door(web_client *client, unsigned pictures)
{
    web_piece piece;
    assert_true(web_next_part(client, &piece));
    assert_int_equal(json_array_size(json_object_get(piece.json, "tracks")), 2);
    json_decref(piece.json);
    for (unsigned i = 0; i < pictures; i++) {
        assert_true(web_next_part(client, &piece));
        assert_null(piece.json);
        assert_int_equal(piece.size, PICTURE_SIZE);
        assert_int_equal(piece.data[4], piece.is_sync ? 0x65 : 0x41);
        assert_true(i > 0 || piece.is_sync);
        assert_true(recorder_now() - piece.utc_ns < 60 * FILM_SECOND);
    }
}

static web_client *begin_live(web_case *c)
{
    web_client *client = NULL;
    web_case_film_the_door(c);
    web_case_start(c);
    assert_int_equal(web_begin_stream(c, &client, "/v1/cameras/door/live"), 200);
    watch_door(client, 25);
    return client;
}

static void live_is_what_the_camera_sends(void **state)
{
    web_case *c = *state;
    live_stats stats;
    web_client *client = begin_live(c);
    web_leave(&client);
    assert_int_equal(web_case_records(c, "live.start", "\"id\":\"anna\""), 1);
    assert_int_equal(web_case_records(c, "live.stop", "\"records\":"), 1);
    live_hub_count(c->fleet.door, &stats);
    assert_int_equal(stats.viewers, 0);
}

static void live_is_on_the_record_when_it_lasts(void **state)
{
    web_case *c = *state;
    viewing_rule *rule = &c->film->settings.viewing;
    *rule = (viewing_rule){ true, true, 1, 0 };
    web_client *client = begin_live(c);
    (void)poll(NULL, 0, 3000);
    web_leave(&client);
    assert_int_equal(web_case_records(c, "live.start", "\"id\":\"anna\""), 1);
    assert_int_equal(web_case_records(c, "live.stop", ""), 1);
}

static void live_that_is_switched_off_is_not_on_the_record(void **state)
{
    web_case *c = *state;
    c->film->settings.viewing.live = false;
    web_client *client = begin_live(c);
    web_leave(&client);
    assert_int_equal(web_case_records(c, "live.start", ""), 0);
    assert_int_equal(web_case_records(c, "live.stop", ""), 0);
}

static void put_one(web_case *c, unsigned number)
{
    uint8_t data[8] = { 0, 0, 0, 4, 0x65, 0, 0, (uint8_t)number };
    svms_sample sample = SVMS_SAMPLE_INIT;
    sample.flags = SVMS_SAMPLE_SYNC;
    sample.data = data;
    sample.size = sizeof data;
    sample.utc_ns = recorder_now();
    live_hub_put(c->fleet.door, &sample);
}

static void next_is_tracks(web_client *client, unsigned width)
{
    web_piece piece;
    assert_true(web_next_part(client, &piece));
    const json_t *track = json_array_get(json_object_get(piece.json, "tracks"), 0);
    assert_int_equal(json_integer_value(json_object_get(track, "width")), width);
    json_decref(piece.json);
}

static void next_is_picture(web_client *client, unsigned number)
{
    web_piece piece;
    assert_true(web_next_part(client, &piece));
    assert_null(piece.json);
    assert_int_equal(film_number(piece.data, piece.size), number);
}

static void other_tracks_of_a_camera_are_told_before_its_samples(void **state)
{
    web_case *c = *state;
    web_client *client = NULL;
    c->film->tracks[0].width = 640;
    assert_int_equal(live_hub_begin(c->fleet.door, c->film->tracks, 2, NULL), SVMS_OK);
    put_one(c, 1);
    web_case_start(c);
    assert_int_equal(web_begin_stream(c, &client, "/v1/cameras/door/live"), 200);
    next_is_tracks(client, 640);
    next_is_picture(client, 1);
    c->film->tracks[0].width = 1280;
    assert_int_equal(live_hub_begin(c->fleet.door, c->film->tracks, 2, NULL), SVMS_OK);
    put_one(c, 2);
    next_is_tracks(client, 1280);
    next_is_picture(client, 2);
    web_leave(&client);
}

/* The camera goes on; who is too slow has a gap when he takes something again. */
static void a_slow_viewer_holds_nobody_up(void **state)
{
    static uint8_t data[200000];
    web_case *c = *state;
    web_client *slow = NULL;
    web_piece piece;
    unsigned gaps = 0;
    assert_int_equal(live_hub_begin(c->fleet.door, c->film->tracks, 2, NULL), SVMS_OK);
    web_case_start(c);
    assert_int_equal(web_begin_stream(c, &slow, "/v1/cameras/door/live"), 200);
    for (int i = 0; i < 300; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample.flags = i % 10 == 0 ? SVMS_SAMPLE_SYNC : 0;
        sample.data = data;
        sample.size = sizeof data;
        sample.utc_ns = recorder_now();
        live_hub_put(c->fleet.door, &sample);
        (void)poll(NULL, 0, i % 20 == 0 ? 5 : 0);
    }
    for (int i = 0; i < 300 && gaps == 0; i++) {
        put_one(c, 9);
        assert_true(web_next_part(slow, &piece));
        gaps += piece.is_after_gap ? 1 : 0;
        json_decref(piece.json);
    }
    assert_int_equal(gaps, 1);
    web_leave(&slow);
}

static void one_person_watches_so_much_at_once_and_no_more(void **state)
{
    static char head[20000];
    char token[WEB_TOKEN_SIZE];
    web_case *c = *state;
    web_client *clients[API_STREAMS_PER_SUBJECT];
    web_case_film_the_door(c);
    web_case_start(c);
    for (unsigned i = 0; i < API_STREAMS_PER_SUBJECT; i++) {
        assert_int_equal(web_begin_stream(c, &clients[i], "/v1/cameras/door/live"), 200);
    }
    web_client *another = web_connect(c, 0);
    web_case_issue(c, &(web_ticket){ .subject = "anna" }, token);
    web_send(another, "GET", "/v1/cameras/door/live", token, NULL, "");
    assert_int_equal(web_read_head(another, head, sizeof head), 503);
    assert_non_null(strstr(head, "Retry-After: "));
    web_leave(&another);
    for (unsigned i = 0; i < API_STREAMS_PER_SUBJECT; i++) {
        web_leave(&clients[i]);
    }
    assert_int_equal(web_case_records(c, "live.start", ""), API_STREAMS_PER_SUBJECT);
    assert_int_equal(web_case_records(c, "live.stop", ""), API_STREAMS_PER_SUBJECT);
}

static void live_ends_with_the_permission_and_says_so(void **state)
{
    web_case *c = *state;
    web_client *client = begin_live(c);
    web_case_change_policy(c, 2, "\"playback.*\"", "\"door\"", "");
    seen all = watch_all(client);
    assert_string_equal(all.end, "permission has ended");
    assert_true(client->is_whole);
    web_leave(&client);
    assert_int_equal(web_case_records(c, "live.stop", "permission has ended"), 1);
}

static void live_ends_with_the_recorder_and_says_so(void **state)
{
    web_case *c = *state;
    web_client *client = begin_live(c);
    recorder_web_stop(&c->web);
    seen all = watch_all(client);
    assert_string_equal(all.end, "the recorder ends");
    assert_true(client->is_whole);
    web_leave(&client);
}

static void all_that_was_recorded_is_played(void **state)
{
    web_case *c = *state;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 30, 10);
    web_case_start(c);
    seen all = play(c, "speed=0");
    assert_int_equal(all.pictures, 300);
    assert_int_equal(all.sounds, 60);
    assert_int_equal(all.first, 0);
    assert_int_equal(all.last, 299);
    assert_int_equal(all.steps_back, 0);
    assert_int_equal(all.tracks, 1);
    assert_string_equal(all.end, "that was all");
    all = play(c, "speed=0&from=2026-01-01T00:01:05Z&to=2026-01-01T00:01:07Z");
    assert_int_equal(all.first, 50);
    assert_int_equal(all.pictures, 20);
    assert_int_equal(web_case_records(c, "playback.start", "\"speed\":\"0\""), 2);
    assert_int_equal(web_case_records(c, "playback.stop", "\"records\":\"360\"") +
                         web_case_records(c, "playback.stop", "\"records\":360"),
                     1);
}

/* A-EVT-1: sequence length, records seen, and the switch. */
static void expect_told(web_case *c, const viewing_rule *rule, unsigned due)
{
    c->film->settings.viewing = *rule;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 30, 10);
    web_case_start(c);
    seen all = play(c, "speed=0");
    assert_int_equal(all.pictures, 300);
    assert_int_equal(web_case_records(c, "playback.start", ""), due);
    assert_int_equal(web_case_records(c, "playback.stop", ""), due);
}

static void what_was_too_short_is_not_on_the_record(void **state)
{
    expect_told(*state, &(viewing_rule){ true, true, 3600, 0 }, 0);
}

static void what_showed_too_little_is_not_on_the_record(void **state)
{
    expect_told(*state, &(viewing_rule){ true, true, 0, 361 }, 0);
}

static void what_is_switched_off_is_not_on_the_record(void **state)
{
    expect_told(*state, &(viewing_rule){ true, false, 0, 0 }, 0);
}

static void what_showed_enough_is_on_the_record(void **state)
{
    expect_told(*state, &(viewing_rule){ false, true, 0, 360 }, 1);
}

static void it_is_played_backwards_by_groups_and_by_single_pictures(void **state)
{
    web_case *c = *state;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 10, 60);
    web_case_start(c);
    seen all = play(c, "speed=0&backwards=1");
    assert_int_equal(all.pictures, 100);
    assert_int_equal(all.first, 90);
    assert_int_equal(all.last, 9);
    assert_int_equal(all.steps_back, 9);
    all = play(c, "speed=0&backwards=1&sync=1");
    assert_int_equal(all.pictures, 10);
    assert_int_equal(all.first, 90);
    assert_int_equal(all.last, 0);
    all = play(c, "speed=0&sync=1");
    assert_int_equal(all.pictures, 10);
    assert_int_equal(all.last, 90);
}

/* No timing but a lower bound: it was not faster than it was recorded. */
/* What a picture is decoded from comes before it, where it may be seen; no sound of it. */
static void it_begins_where_decoding_can_begin(void **state)
{
    static const char range[] = "&from=2026-01-01T00:01:05.450Z&to=2026-01-01T00:01:07Z";
    char query[160];
    web_case *c = *state;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 10, 60);
    web_case_start(c);
    snprintf(query, sizeof query, "speed=0%s", range);
    seen all = play(c, query);
    assert_int_equal(all.first, 50);
    assert_int_equal(all.pictures, 20);
    assert_int_equal(all.sounds, 3);
    snprintf(query, sizeof query, "speed=0&backwards=1%s", range);
    all = play(c, query);
    assert_int_equal(all.first, 60);
    assert_int_equal(all.pictures, 20);
    assert_int_equal(all.last, 59);
    snprintf(query, sizeof query, "speed=0&backwards=1&sync=1%s", range);
    all = play(c, query);
    assert_int_equal(all.pictures, 1);
}

static void it_is_played_as_fast_as_is_wished(void **state)
{
    web_case *c = *state;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 4, 60);
    web_case_start(c);
    int64_t began = now_ms();
    seen all = play(c, "speed=4");
    assert_int_equal(all.pictures, 40);
    assert_true(now_ms() - began >= 900);
}

static void a_gap_is_told_and_not_waited_for(void **state)
{
    web_case *c = *state;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 1, 60);
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO + 3600 * FILM_SECOND, 1, 60);
    web_case_start(c);
    seen all = play(c, "speed=1");
    assert_int_equal(all.pictures, 20);
    assert_int_equal(all.gaps, 1);
}

static void what_is_damaged_is_told_and_the_rest_is_played(void **state)
{
    web_case *c = *state;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 20, 10);
    film_damage(c->film, 0, 0.5);
    web_case_start(c);
    seen all = play(c, "speed=0");
    assert_true(all.missing >= 1);
    assert_int_equal(all.last, 199);
    assert_true(all.pictures >= 150 && all.pictures < 200);
}

static void nothing_is_played_of_what_was_not_recorded_or_may_not_be_seen(void **state)
{
    web_case *c = *state;
    web_client *client = NULL;
    web_case_write_policy(c, 2, "\"playback.view\"", "\"door\"",
                          ", \"recorded\": [{\"from\": \"00:01\", \"to\": \"00:02\"}]");
    web_case_open_gate(c);
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO - 5 * FILM_SECOND, 10, 60);
    web_case_start(c);
    static const char *const none[] = {
        "/v1/cameras/door/playback?from=2026-02-01T00:00:00Z&to=2026-02-02T00:00:00Z",
        "/v1/cameras/door/playback?from=2026-01-01T00:00:00Z&to=2026-01-01T00:01:00Z",
    };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(web_begin_stream(c, &client, none[i]), 404);
        web_leave(&client);
    }
    seen all = play(c, "speed=0&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z");
    assert_int_equal(all.first, 50);
    assert_int_equal(all.pictures, 50);
    assert_int_equal(all.sounds, 0);
}

static web_client *begin_playback(web_case *c)
{
    web_client *client = NULL;
    web_piece piece;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 60, 10);
    web_case_start(c);
    assert_int_equal(web_begin_stream(c, &client, "/v1/cameras/door/playback"), 200);
    for (int i = 0; i < 5; i++) {
        assert_true(web_next_part(client, &piece));
        json_decref(piece.json);
    }
    return client;
}

static void playback_ends_with_the_permission_and_says_so(void **state)
{
    web_case *c = *state;
    web_client *client = begin_playback(c);
    web_case_change_policy(c, 2, "\"live.*\"", "\"door\"", "");
    seen all = watch_all(client);
    assert_string_equal(all.end, "permission has ended");
    assert_true(client->is_whole);
    assert_true(all.pictures < 500);
    web_leave(&client);
    assert_int_equal(web_case_records(c, "playback.stop", "permission has ended"), 1);
}

static void playback_goes_on_where_less_is_allowed(void **state)
{
    web_case *c = *state;
    web_client *client = NULL;
    web_piece piece;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO + 55 * FILM_SECOND, 10, 60);
    web_case_start(c);
    assert_int_equal(
        web_begin_stream(
            c, &client,
            "/v1/cameras/door/playback?speed=2&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z"),
        200);
    assert_true(web_next_part(client, &piece));
    json_decref(piece.json);
    web_case_change_policy(c, 2, "\"playback.*\"", "\"door\"",
                           ", \"recorded\": [{\"from\": \"00:01\", \"to\": \"00:02\"}]");
    seen all = watch_all(client);
    assert_string_equal(all.end, "that was all");
    assert_true(all.last < 50);
    web_leave(&client);
}

static void playback_ends_with_the_recorder_and_says_so(void **state)
{
    web_case *c = *state;
    web_client *client = begin_playback(c);
    recorder_web_stop(&c->web);
    seen all = watch_all(client);
    assert_string_equal(all.end, "the recorder ends");
    web_leave(&client);
    assert_int_equal(web_case_records(c, "playback.stop", "the recorder ends"), 1);
}

static void next_pictures(web_client *client, unsigned from, unsigned to)
{
    web_piece piece;
    for (unsigned i = from; i < to;) {
        assert_true(web_next_part(client, &piece));
        if (!piece.json && piece.track == 0) {
            assert_int_equal(film_number(piece.data, piece.size), i);
            i++;
        }
        json_decref(piece.json);
    }
}

static void what_is_being_recorded_is_followed(void **state)
{
    web_case *c = *state;
    web_client *client = NULL;
    char target[200];
    char to[SVMS_TIME_TEXT_SIZE];
    film *f = c->film;
    film_begin(f, FILM_CAMERA, recorder_now() - 2 * FILM_SECOND, 2);
    film_take(f, 0, 20);
    film_flush(f);
    web_case_start(c);
    svms_time_format(recorder_now() + 3600 * FILM_SECOND, to);
    snprintf(target, sizeof target, "/v1/cameras/door/playback?speed=0&to=%s", to);
    assert_int_equal(web_begin_stream(c, &client, target), 200);
    next_pictures(client, 0, 20);
    film_take(f, 20, 50);
    film_flush(f);
    next_pictures(client, 20, 50);
    recorder_web_stop(&c->web);
    web_leave(&client);
    film_end(f);
}

/* He takes nothing, while more than fits anywhere is to be sent. */
static void a_server_stops_though_nobody_takes_what_it_sends(void **state)
{
    web_case *c = *state;
    web_client *client = NULL;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 600, 60);
    web_case_start(c);
    assert_int_equal(web_begin_stream(c, &client, "/v1/cameras/door/playback?speed=0"), 200);
    (void)poll(NULL, 0, 300);
    recorder_web_stop(&c->web);
    web_leave(&client);
    assert_int_equal(web_case_records(c, "playback.stop", ""), 1);
}

static void who_leaves_is_noticed(void **state)
{
    web_case *c = *state;
    web_client *client = begin_playback(c);
    web_leave(&client);
    assert_int_equal(web_case_records(c, "playback.stop", ""), 1);
}

#define ON_A_RECORDER(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, web_case_set_up, web_case_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_RECORDER(live_is_what_the_camera_sends),
        ON_A_RECORDER(live_is_on_the_record_when_it_lasts),
        ON_A_RECORDER(live_that_is_switched_off_is_not_on_the_record),
        ON_A_RECORDER(other_tracks_of_a_camera_are_told_before_its_samples),
        ON_A_RECORDER(a_slow_viewer_holds_nobody_up),
        ON_A_RECORDER(one_person_watches_so_much_at_once_and_no_more),
        ON_A_RECORDER(live_ends_with_the_permission_and_says_so),
        ON_A_RECORDER(live_ends_with_the_recorder_and_says_so),
        ON_A_RECORDER(all_that_was_recorded_is_played),
        ON_A_RECORDER(what_was_too_short_is_not_on_the_record),
        ON_A_RECORDER(what_showed_too_little_is_not_on_the_record),
        ON_A_RECORDER(what_is_switched_off_is_not_on_the_record),
        ON_A_RECORDER(what_showed_enough_is_on_the_record),
        ON_A_RECORDER(it_is_played_backwards_by_groups_and_by_single_pictures),
        ON_A_RECORDER(it_begins_where_decoding_can_begin),
        ON_A_RECORDER(it_is_played_as_fast_as_is_wished),
        ON_A_RECORDER(a_gap_is_told_and_not_waited_for),
        ON_A_RECORDER(what_is_damaged_is_told_and_the_rest_is_played),
        ON_A_RECORDER(nothing_is_played_of_what_was_not_recorded_or_may_not_be_seen),
        ON_A_RECORDER(playback_ends_with_the_permission_and_says_so),
        ON_A_RECORDER(playback_goes_on_where_less_is_allowed),
        ON_A_RECORDER(playback_ends_with_the_recorder_and_says_so),
        ON_A_RECORDER(a_server_stops_though_nobody_takes_what_it_sends),
        ON_A_RECORDER(what_is_being_recorded_is_followed),
        ON_A_RECORDER(who_leaves_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
