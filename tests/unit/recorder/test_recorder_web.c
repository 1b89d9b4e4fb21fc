/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder's API: who may ask, what he is told, and what of it is on the record. */
#include "web_case.h"

#include <poll.h>
#include <unistd.h>

static void expect(web_reply *reply, int status)
{
    if (reply->status != status) {
        fail_msg("%d, not %d: %s", reply->status, status, reply->body ? reply->body : "");
    }
    assert_true(reply->is_whole);
}

/* Asks as anna, and forgets what was said. */
static void expect_only(web_case *c, int status, const char *method, const char *target,
                        const char *body)
{
    web_reply reply = web_ask(c, method, target, body);
    if (reply.status != status) {
        fail_msg("%s %s %s: %d, not %d: %s", method, target, body ? body : "", reply.status, status,
                 reply.body ? reply.body : "");
    }
    web_reply_free(&reply);
}

static size_t count_of(const web_reply *reply, const char *name)
{
    return json_array_size(json_object_get(reply->json, name));
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void only_what_one_may_see_is_listed(void **state)
{
    web_case *c = *state;
    web_case_start(c);
    web_reply reply = web_ask(c, "GET", "/v1/cameras", NULL);
    expect(&reply, 200);
    assert_int_equal(count_of(&reply, "cameras"), 1);
    const json_t *door = json_array_get(json_object_get(reply.json, "cameras"), 0);
    assert_string_equal(text_of(door, "id"), "door");
    assert_string_equal(text_of(door, "name"), "Front door");
    assert_true(json_is_true(json_object_get(door, "live")));
    assert_true(json_is_true(json_object_get(door, "playback")));
    web_reply_free(&reply);
    reply = web_ask(c, "GET", "/v1/cameras/door", NULL);
    expect(&reply, 200);
    assert_int_equal(json_integer_value(json_object_get(reply.json, "packets")), 7);
    web_reply_free(&reply);
    reply = web_ask_as(c, &(web_ticket){ .subject = "berta" }, 0, "GET", "/v1/cameras", NULL);
    expect(&reply, 200);
    assert_int_equal(count_of(&reply, "cameras"), 0);
    web_reply_free(&reply);
}

/* Not even that it is there. */
static void what_one_may_not_see_is_as_if_it_were_not_there(void **state)
{
    static const char *const places[] = { "", "/recorded", "/live", "/playback" };
    web_case *c = *state;
    film_make(c->film, FILM_OTHER, WEB_LONG_AGO, 3, 60);
    web_case_start(c);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char there[96];
        char nowhere[96];
        snprintf(there, sizeof there, "/v1/cameras/yard%s", places[i]);
        snprintf(nowhere, sizeof nowhere, "/v1/cameras/attic%s", places[i]);
        web_reply one = web_ask(c, "GET", there, NULL);
        web_reply other = web_ask(c, "GET", nowhere, NULL);
        expect(&one, 404);
        expect(&other, 404);
        assert_string_equal(one.body, other.body);
        web_reply_free(&one);
        web_reply_free(&other);
    }
    expect_only(c, 404, "GET", "/v1/events?camera=yard", NULL);
    expect_only(c, 403, "GET", "/v1/status", NULL);
    assert_int_equal(web_case_records(c, "playback.start", "\"outcome\":\"denied\""), 1);
    assert_int_equal(web_case_records(c, "playback.search", "\"outcome\":\"denied\""), 1);
    assert_int_equal(web_case_records(c, "live.start", "\"outcome\":\"denied\""), 1);
}

static void a_token_that_does_not_hold_opens_nothing(void **state)
{
    web_case *c = *state;
    const web_ticket bad[] = { { .is_forged = true },
                               { .audience = "recorder-2" },
                               { .now_utc_ns = recorder_now() - 86400 * FILM_SECOND,
                                 .life_s = 60 } };
    web_case_start(c);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        web_reply reply = web_ask_as(c, &bad[i], 0, "GET", "/v1/cameras", NULL);
        expect(&reply, 401);
        assert_non_null(strstr(reply.head, "WWW-Authenticate: Bearer"));
        web_reply_free(&reply);
    }
    web_reply reply = web_ask_as(c, NULL, 0, "GET", "/v1/cameras", NULL);
    expect(&reply, 401);
    web_reply_free(&reply);
    expect_only(c, 200, "GET", "/v1/cameras", NULL);
    assert_int_equal(web_case_records(c, "token.refuse", ""), 3);
}

static void a_stolen_token_is_of_no_use(void **state)
{
    web_case *c = *state;
    const web_ticket bound = { .bound_to = c->client_cards[0] };
    c->gate_options.demand_binding = true;
    web_case_open_gate(c);
    web_case_start(c);
    web_reply reply = web_ask_as(c, &bound, 1, "GET", "/v1/cameras", NULL);
    expect(&reply, 401);
    web_reply_free(&reply);
    reply = web_ask_as(c, &bound, 0, "GET", "/v1/cameras", NULL);
    expect(&reply, 200);
    web_reply_free(&reply);
    expect_only(c, 401, "GET", "/v1/cameras", NULL);
    assert_int_equal(web_case_records(c, "token.refuse", ""), 2);
}

/* Ten in half a minute close it; what holds is then as little use as what does not. */
static void who_tries_too_often_is_not_listened_to(void **state)
{
    web_case *c = *state;
    const web_ticket forged = { .is_forged = true };
    web_case_start(c);
    for (int i = 0; i < 10; i++) {
        web_reply reply = web_ask_as(c, &forged, 0, "GET", "/v1/cameras", NULL);
        expect(&reply, 401);
        web_reply_free(&reply);
    }
    expect_only(c, 401, "GET", "/v1/cameras", NULL);
    assert_int_equal(web_case_records(c, "account.locked", ""), 1);
    assert_int_equal(web_case_records(c, "token.refuse", ""), 10);
}

static void what_was_recorded_is_cut_to_what_may_be_seen(void **state)
{
    web_case *c = *state;
    web_case_write_policy(c, 2, "\"playback.*\"", "\"door\"",
                          ", \"recorded\": [{\"from\": \"00:01\", \"to\": \"00:02\"}]");
    web_case_open_gate(c);
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO - 15 * FILM_SECOND, 30, 10);
    web_case_start(c);
    web_reply reply = web_ask(
        c, "GET", "/v1/cameras/door/recorded?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z",
        NULL);
    expect(&reply, 200);
    assert_int_equal(count_of(&reply, "recorded"), 2);
    const json_t *one = json_array_get(json_object_get(reply.json, "recorded"), 0);
    assert_string_equal(text_of(one, "from"), "2026-01-01T00:01:00.000Z");
    assert_true(json_is_false(json_object_get(reply.json, "cut")));
    web_reply_free(&reply);
    expect_only(c, 200, "GET", "/v1/cameras", NULL);
    /* A window for each day since then: too many pieces to be looked at at once. */
    expect_only(c, 400, "GET", "/v1/cameras/door/recorded", NULL);
    assert_int_equal(web_case_records(c, "playback.search", "\"found\":2"), 1);
}

static void hostile_parameters_are_refused(void **state)
{
    static const char *const bad[] = {
        "recorded?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "recorded?from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z",
        "recorded?from=yesterday",
        "recorded?from=9999-01-01T00:00:00Z",
        "recorded?form=2026-01-02T00:00:00Z",
        "recorded?from=",
        "playback?speed=65",
        "playback?speed=-1",
        "playback?speed=99999999999999999999999",
        "playback?speed=1e3",
        "playback?backwards=2",
        "playback?sync=yes",
        "playback?backward=1",
        "live?from=2026-01-02T00:00:00Z",
        "recorded?from=2026-01-01T00:00:00Z&from=2026-01-01T00:00:00Z",
    };
    web_case *c = *state;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 3, 60);
    web_case_start(c);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char target[160];
        snprintf(target, sizeof target, "/v1/cameras/door/%s", bad[i]);
        expect_only(c, 400, "GET", target, NULL);
    }
    expect_only(c, 400, "GET", "/v1/events?after=-1", NULL);
    expect_only(c, 400, "GET", "/v1/events?wait=56", NULL);
    expect_only(c, 200, "GET",
                "/v1/cameras/door/recorded?from=1678-01-01T00:00:00Z&to=2261-01-01T00:00:00Z",
                NULL);
    expect_only(c, 405, "DELETE", "/v1/cameras", NULL);
    expect_only(c, 404, "GET", "/v1/nothing", NULL);
}

static void hostile_bodies_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{",
        "{\"camera\": \"door\"}",
        "{\"camera\": 1, \"from\": \"2026-01-01T00:00:00Z\", \"to\": \"2026-01-02T00:00:00Z\"}",
        "{\"camera\": \"door\", \"from\": 1, \"to\": 2}",
        "{\"camera\": \"door\", \"from\": \"2026-01-02T00:00:00Z\", \"to\": "
        "\"2026-01-01T00:00:00Z\"}",
        "{\"camera\": \"door\", \"from\": \"2026-01-01T00:00:00Z\", \"to\": "
        "\"2026-01-02T00:00:00Z\", \"whom\": \"x\"}",
        "{\"camera\": \"door\", \"camera\": \"yard\", \"from\": \"2026-01-01T00:00:00Z\", \"to\": "
        "\"2026-01-02T00:00:00Z\"}",
        "{\"camera\": \"door\", \"from\": \"2026-01-01T00:00:00Z\", \"to\": "
        "\"2026-01-02T00:00:00Z\", \"why\": \"a\\nb\"}",
        "{\"camera\": \"door\", \"from\": \"2026-01-01T00:00:00Z\", \"to\": "
        "\"2026-01-02T00:00:00Z\", \"why\": 5}",
        "{\"camera\": \"door\", \"from\": \"2026-01-01T00:00:00Z\", \"to\": "
        "\"2026-01-02T00:00:00Z\", \"why\": \"\\ud800\"}",
        "{\"camera\": \"door\", \"from\": \"2026-01-01T00:00:00Z\", \"to\": "
        "\"2026-01-02T00:00:00Z\", \"why\": \"\xff\"}",
    };
    static char large[300001];
    char text[2000];
    web_case *c = *state;
    web_case_start(c);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_only(c, 400, "POST", "/v1/locks", bad[i]);
    }
    memset(large, '[', 200000);
    large[200000] = '\0';
    expect_only(c, 400, "POST", "/v1/locks", large);
    memset(large, ' ', 300000);
    expect_only(c, 413, "POST", "/v1/locks", large);
    snprintf(text, sizeof text,
             "{\"camera\": \"door\", \"from\": \"2026-01-01T00:00:00Z\", \"to\": "
             "\"2026-01-02T00:00:00Z\", \"why\": \"%01100d\"}",
             0);
    expect_only(c, 400, "POST", "/v1/locks", text);
    web_reply reply = web_ask(c, "GET", "/v1/locks", NULL);
    expect(&reply, 200);
    assert_int_equal(count_of(&reply, "locks"), 0);
    web_reply_free(&reply);
    assert_int_equal(web_case_records(c, "evidence.lock", ""), 0);
}

static void tell(web_case *c, const char *camera, const char *kind)
{
    recorder_event(&c->film->parts, SERVICE_INFO, camera, kind, "{\"n\": 1}", "told");
}

static void events_are_those_of_what_one_may_see(void **state)
{
    web_case *c = *state;
    tell(c, FILM_CAMERA, "camera.lost");
    tell(c, FILM_OTHER, "camera.lost");
    tell(c, NULL, "storage.full");
    tell(c, FILM_CAMERA, "camera.found");
    web_case_start(c);
    web_reply reply = web_ask(c, "GET", "/v1/events", NULL);
    expect(&reply, 200);
    assert_int_equal(count_of(&reply, "events"), 2);
    const json_t *one = json_array_get(json_object_get(reply.json, "events"), 1);
    assert_string_equal(text_of(one, "kind"), "camera.found");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(one, "data"), "n")), 1);
    assert_int_equal(json_integer_value(json_object_get(reply.json, "last")), 4);
    web_reply_free(&reply);
    reply = web_ask(c, "GET", "/v1/events?after=4&camera=door", NULL);
    expect(&reply, 200);
    assert_int_equal(count_of(&reply, "events"), 0);
    web_reply_free(&reply);
}

static web_client *wait_for_events(web_case *c)
{
    char token[WEB_TOKEN_SIZE];
    web_client *client = web_connect(c, 0);
    web_case_issue(c, &(web_ticket){ .subject = "anna" }, token);
    web_send(client, "GET", "/v1/events?wait=50&camera=door", token, NULL, "");
    return client;
}

static void who_waits_for_an_event_gets_it_when_it_comes(void **state)
{
    web_case *c = *state;
    web_case_start(c);
    web_client *client = wait_for_events(c);
    (void)poll(NULL, 0, 700);
    tell(c, FILM_OTHER, "camera.lost");
    tell(c, FILM_CAMERA, "camera.found");
    web_reply reply = web_read(client);
    expect(&reply, 200);
    assert_int_equal(count_of(&reply, "events"), 1);
    assert_string_equal(text_of(json_array_get(json_object_get(reply.json, "events"), 0), "camera"),
                        "door");
    web_reply_free(&reply);
    web_leave(&client);
}

/* Whoever waits is told that there is nothing, or leaves; nothing remains of him. */
static void a_server_that_stops_answers_who_waits(void **state)
{
    web_case *c = *state;
    web_case_start(c);
    web_client *gone = wait_for_events(c);
    web_leave(&gone);
    web_client *client = wait_for_events(c);
    (void)poll(NULL, 0, 300);
    recorder_web_stop(&c->web);
    web_reply reply = web_read(client);
    expect(&reply, 200);
    assert_int_equal(count_of(&reply, "events"), 0);
    web_reply_free(&reply);
    web_leave(&client);
}

#define LOCK_BODY                                                                                  \
    "{\"camera\": \"door\", \"from\": \"2026-01-01T00:01:00Z\", \"to\": "                          \
    "\"2026-01-01T00:01:15Z\", \"why\": \"caf\xc3\xa9\"}"
#define ERASE_BODY "{\"from\": \"2026-01-01T00:00:00Z\", \"to\": \"2026-01-01T00:02:00Z\"}"

static void evidence_is_locked_let_go_and_erased_on_the_record(void **state)
{
    web_case *c = *state;
    char target[96];
    char mark[LEDGER_MARK_SIZE];
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 30, 10);
    web_case_start(c);
    web_reply reply = web_ask(c, "POST", "/v1/locks", LOCK_BODY);
    expect(&reply, 201);
    snprintf(target, sizeof target, "/v1/locks/%s?why=done", text_of(reply.json, "id"));
    web_reply_free(&reply);
    reply = web_ask(c, "GET", "/v1/locks", NULL);
    expect(&reply, 200);
    const json_t *one = json_array_get(json_object_get(reply.json, "locks"), 0);
    assert_string_equal(text_of(one, "who"), "anna");
    assert_string_equal(text_of(one, "why"), "caf\xc3\xa9");
    web_reply_free(&reply);
    reply = web_ask(c, "GET", "/v1/cameras/door/recorded", NULL);
    expect(&reply, 200);
    assert_int_equal(count_of(&reply, "locks"), 1);
    web_reply_free(&reply);
    expect_only(c, 409, "POST", "/v1/cameras/door/erase", ERASE_BODY);
    expect_only(c, 204, "DELETE", target, NULL);
    expect_only(c, 404, "DELETE", target, NULL);
    reply = web_ask(c, "POST", "/v1/cameras/door/erase", ERASE_BODY);
    expect(&reply, 200);
    assert_int_equal(json_integer_value(json_object_get(reply.json, "erased")), 3);
    web_reply_free(&reply);
    keeper_mark(c->keeper, mark);
    assert_int_equal(web_case_records(c, "evidence.lock", "\"reason\":\"caf"), 1);
    assert_int_equal(web_case_records(c, "evidence.unlock", "\"reason\":\"done\""), 1);
    assert_int_equal(web_case_records(c, "evidence.delete", "\"outcome\":\"failure\""), 1);
    assert_int_equal(web_case_records(c, "evidence.delete", mark), 1);
    assert_int_equal(web_case_records(c, "evidence.delete", "\"outcome\":\"success\""), 1);
}

static void evidence_is_locked_as_a_whole_or_not_at_all(void **state)
{
    web_case *c = *state;
    web_case_write_policy(c, 2, "\"playback.*\"", "\"door\"", "");
    web_case_open_gate(c);
    web_case_start(c);
    expect_only(c, 404, "POST", "/v1/locks", LOCK_BODY);
    expect_only(c, 404, "POST", "/v1/cameras/door/erase", ERASE_BODY);
    assert_int_equal(web_case_records(c, "evidence.lock", "\"outcome\":\"denied\""), 1);
    assert_int_equal(web_case_records(c, "evidence.delete", "\"outcome\":\"denied\""), 1);
}

static void the_head_alone_can_be_asked_for(void **state)
{
    static const char *const targets[] = { "/v1/cameras", "/v1/cameras/door/live",
                                           "/v1/cameras/door/playback", "/v1/events" };
    web_case *c = *state;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 3, 60);
    web_case_start(c);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        static char head[20000];
        char token[WEB_TOKEN_SIZE];
        web_client *client = web_connect(c, 0);
        web_case_issue(c, &(web_ticket){ .subject = "anna" }, token);
        web_send(client, "HEAD", targets[i], token, NULL, "Connection: close\r\n");
        assert_int_equal(web_read_head(client, head, sizeof head), 200);
        web_leave(&client);
    }
    assert_int_equal(web_case_records(c, "live.start", ""), 0);
    assert_int_equal(web_case_records(c, "playback.start", ""), 0);
}

#define ON_A_RECORDER(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, web_case_set_up, web_case_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_RECORDER(only_what_one_may_see_is_listed),
        ON_A_RECORDER(what_one_may_not_see_is_as_if_it_were_not_there),
        ON_A_RECORDER(a_token_that_does_not_hold_opens_nothing),
        ON_A_RECORDER(a_stolen_token_is_of_no_use),
        ON_A_RECORDER(who_tries_too_often_is_not_listened_to),
        ON_A_RECORDER(what_was_recorded_is_cut_to_what_may_be_seen),
        ON_A_RECORDER(hostile_parameters_are_refused),
        ON_A_RECORDER(hostile_bodies_are_refused),
        ON_A_RECORDER(events_are_those_of_what_one_may_see),
        ON_A_RECORDER(who_waits_for_an_event_gets_it_when_it_comes),
        ON_A_RECORDER(a_server_that_stops_answers_who_waits),
        ON_A_RECORDER(evidence_is_locked_let_go_and_erased_on_the_record),
        ON_A_RECORDER(evidence_is_locked_as_a_whole_or_not_at_all),
        ON_A_RECORDER(the_head_alone_can_be_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
