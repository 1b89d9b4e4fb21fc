/* SPDX-License-Identifier: Apache-2.0 */
/* Small pictures over HTTPS: for who may play that moment, one after the other. */
#include "picture_film.h"
#include "web_case.h"

#include <svms/time.h>

#define TARGET_SIZE 256
#define AT_ONCE 8

/* As anna, of a moment; width 0: none is said. */
static web_reply ask_at(web_case *c, const char *camera, int64_t utc_ns, unsigned width)
{
    char target[TARGET_SIZE];
    char time[SVMS_TIME_TEXT_SIZE];
    char more[32] = "";
    svms_time_format(utc_ns, time);
    if (width > 0) {
        snprintf(more, sizeof more, "&width=%u", width);
    }
    snprintf(target, sizeof target, "/v1/cameras/%s/thumbnail?at=%s%s", camera, time, more);
    return web_ask(c, "GET", target, NULL);
}

static void expect_picture(web_case *c, int64_t at, int64_t taken)
{
    char wanted[SVMS_TIME_TEXT_SIZE + 16];
    char time[SVMS_TIME_TEXT_SIZE];
    web_reply reply = ask_at(c, FILM_CAMERA, at, 32);
    if (reply.status != 200) {
        fail_msg("%d: %s", reply.status, reply.body ? reply.body : "");
    }
    svms_time_format(taken, time);
    snprintf(wanted, sizeof wanted, "Svms-Time: %s\r\n", time);
    assert_non_null(strstr(reply.head, wanted));
    assert_non_null(strstr(reply.head, "Content-Type: image/jpeg\r\n"));
    assert_true(reply.is_whole);
    assert_true(reply.size > 4);
    assert_memory_equal(reply.body, "\xFF\xD8", 2);
    assert_memory_equal(reply.body + reply.size - 2, "\xFF\xD9", 2);
    web_reply_free(&reply);
}

static void expect_only(web_case *c, const char *camera, int64_t at, int status)
{
    web_reply reply = ask_at(c, camera, at, 0);
    assert_int_equal(reply.status, status);
    web_reply_free(&reply);
}

static void record(web_case *c)
{
    picture_film_begin(c->film, PICTURE_FILM_START);
    picture_film_take(c->film, 0, 6);
    film_end(c->film);
}

static void a_picture_comes_and_is_on_the_record(void **state)
{
    web_case *c = *state;
    record(c);
    web_case_start(c);
    expect_picture(c, film_utc(c->film, 35), film_utc(c->film, 30));
    expect_picture(c, PICTURE_FILM_START + 1000 * FILM_SECOND, film_utc(c->film, 50));
    /* An hour is no moment. */
    expect_only(c, FILM_CAMERA, PICTURE_FILM_START + 3700 * FILM_SECOND, 404);
    expect_only(c, FILM_CAMERA, PICTURE_FILM_START - 1, 404);
    assert_int_equal(web_case_records(c, "snapshot.create", "\"format\":\"jpeg\""), 2);
    assert_int_equal(web_case_records(c, "snapshot.create", "\"id\":\"anna\""), 2);
}

static void what_one_may_not_play_is_not_there(void **state)
{
    web_case *c = *state;
    record(c);
    web_case_start(c);
    web_reply unseen = ask_at(c, FILM_OTHER, PICTURE_FILM_START, 0);
    web_reply absent = ask_at(c, "nowhere", PICTURE_FILM_START, 0);
    assert_int_equal(unseen.status, 404);
    assert_int_equal(absent.status, 404);
    assert_string_equal(unseen.body, absent.body);
    web_reply_free(&unseen);
    web_reply_free(&absent);
    web_case_change_policy(c, 2, "\"live.*\"", "\"door\"", "");
    expect_only(c, FILM_CAMERA, film_utc(c->film, 35), 404);
    assert_int_equal(web_case_records(c, "snapshot.create", "\"outcome\":\"denied\""), 2);
    assert_int_equal(web_case_records(c, "snapshot.create", "nowhere"), 0);
    assert_int_equal(web_case_records(c, "snapshot.create", "\"outcome\":\"success\""), 0);
}

static void only_what_was_allowed_then_is_shown(void **state)
{
    web_case *c = *state;
    record(c);
    web_case_start(c);
    /* The recording begins at 00:01. */
    web_case_change_policy(c, 2, "\"playback.*\"", "\"door\"",
                           ", \"recorded\": [{\"from\": \"00:02\", \"to\": \"00:03\"}]");
    expect_only(c, FILM_CAMERA, film_utc(c->film, 35), 404);
    expect_only(c, FILM_CAMERA, PICTURE_FILM_START + 90 * FILM_SECOND, 404);
    web_case_change_policy(c, 3, "\"playback.*\"", "\"door\"",
                           ", \"recorded\": [{\"from\": \"00:01\", \"to\": \"00:02\"}]");
    expect_picture(c, film_utc(c->film, 35), film_utc(c->film, 30));
}

static void who_is_turned_away_may_come_again(void **state)
{
    web_case *c = *state;
    char token[WEB_TOKEN_SIZE];
    web_client *clients[AT_ONCE];
    unsigned made = 0;
    record(c);
    web_case_start(c);
    web_case_issue(c, &(web_ticket){ .subject = "anna" }, token);
    for (int i = 0; i < AT_ONCE; i++) {
        clients[i] = web_connect(c, 0);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        web_send(clients[i], "GET", "/v1/cameras/" FILM_CAMERA "/thumbnail?at=2026-01-01T00:01:03Z",
                 token, NULL, "");
    }
    for (int i = 0; i < AT_ONCE; i++) {
        web_reply reply = web_read(clients[i]);
        made += reply.status == 200 ? 1 : 0;
        if (reply.status != 200) {
            assert_int_equal(reply.status, 503);
            assert_non_null(strstr(reply.head, "Retry-After: 1\r\n"));
        }
        web_reply_free(&reply);
        web_leave(&clients[i]);
    }
    assert_true(made >= 1);
    expect_picture(c, film_utc(c->film, 35), film_utc(c->film, 30));
    assert_int_equal(web_case_records(c, "snapshot.create", ""), made + 1);
}

static void who_leaves_leaves_nothing_behind(void **state)
{
    web_case *c = *state;
    char token[WEB_TOKEN_SIZE];
    record(c);
    web_case_start(c);
    web_case_issue(c, &(web_ticket){ .subject = "anna" }, token);
    for (int i = 0; i < 6; i++) {
        web_client *client = web_connect(c, 0);
        web_send(client, "GET", "/v1/cameras/" FILM_CAMERA "/thumbnail?at=2026-01-01T00:01:03Z",
                 token, NULL, "");
        web_leave(&client);
    }
    expect_only(c, "nowhere", PICTURE_FILM_START, 404);
    /* And it may end while one is being made. */
    web_client *last = web_connect(c, 0);
    web_send(last, "GET", "/v1/cameras/" FILM_CAMERA "/thumbnail", token, NULL, "");
    web_case_stop(c);
    web_leave(&last);
}

static void damaged_recordings_are_no_reason_to_fail(void **state)
{
    web_case *c = *state;
    record(c);
    film_damage(c->film, 0, 0.5);
    web_case_start(c);
    unsigned shown = 0;
    for (unsigned second = 0; second < 6; second++) {
        web_reply reply = ask_at(c, FILM_CAMERA, film_utc(c->film, second * FILM_GROUP), 0);
        shown += reply.status == 200 ? 1 : 0;
        assert_true(reply.status == 200 || reply.status == 500);
        web_reply_free(&reply);
    }
    assert_true(shown >= 5);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, web_case_set_up, web_case_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_picture_comes_and_is_on_the_record), CASE(what_one_may_not_play_is_not_there),
        CASE(only_what_was_allowed_then_is_shown),  CASE(who_is_turned_away_may_come_again),
        CASE(who_leaves_leaves_nothing_behind),     CASE(damaged_recordings_are_no_reason_to_fail),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
