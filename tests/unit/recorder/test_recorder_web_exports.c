/* SPDX-License-Identifier: Apache-2.0 */
/* Exports over HTTPS: a package that verifies and opens for whom it is for, or none at all, and
 * both on the record. */
#include "web_case.h"

#include <poll.h>
#include <unistd.h>

#define RANGE "\"from\": \"2026-01-01T00:01:05Z\", \"to\": \"2026-01-01T00:01:25Z\""
#define ALL "\"from\": \"2026-01-01T00:00:00Z\", \"to\": \"2026-01-01T01:00:00Z\""
#define DOOR "{\"cameras\": [\"door\"], "

static web_reply export(web_case *c, const char *body)
{
    return web_ask(c, "POST", "/v1/exports", body);
}

/* Body with a recipient of this key. */
static char *body_for(const web_case *c, const svms_private_key *key, const char *more)
{
    char pem[4096];
    size_t size = sizeof pem;
    svms_public_key *half = NULL;
    assert_int_equal(svms_private_key_public(&half, c->film->ctx, key, NULL), SVMS_OK);
    assert_int_equal(svms_public_key_to_pem(half, pem, &size, NULL), SVMS_OK);
    svms_public_key_free(&half);
    json_error_t where;
    json_t *body = json_loads(more, 0, &where);
    assert_non_null(body);
    assert_int_equal(
        json_object_set_new(body, "recipients", json_pack("[o]", json_stringn(pem, strlen(pem)))),
        0);
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return text;
}

/* Who can open it can read so many samples of a package that verifies. */
static unsigned expect_package(web_case *c, const web_reply *reply, const svms_keyring *ring,
                               uint32_t policy)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_evidence *evidence = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_evidence_options options = SVMS_EVIDENCE_OPTIONS_INIT;
    svms_export_verify_options how = SVMS_EXPORT_VERIFY_INIT;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_evidence_info info = SVMS_EVIDENCE_INFO_INIT;
    unsigned samples = 0;
    svms_ctx *ctx = c->film->ctx;
    assert_int_equal(reply->status, 200);
    assert_true(reply->is_whole);
    assert_int_equal(svms_source_from_memory(&source, ctx, reply->body, reply->size, &err),
                     SVMS_OK);
    options.keys = ring;
    if (svms_export_open(&evidence, ctx, &source, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    how.trust = c->trust;
    how.open_samples = 1;
    svms_status status = svms_export_verify(evidence, &how, &report, &err);
    if (status != SVMS_OK && status != SVMS_E_INCOMPLETE) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(report.links, SVMS_VERDICT_AUTHENTIC);
    assert_int_equal(report.policy, policy);
    assert_int_equal(svms_export_get_info(evidence, &info, &err), SVMS_OK);
    for (uint32_t i = 0; i < info.sources; i++) {
        svms_reader *reader = NULL;
        svms_sample sample = SVMS_SAMPLE_INIT;
        assert_int_equal(svms_export_extract(&reader, evidence, i, NULL, &err), SVMS_OK);
        while (svms_reader_next(reader, &sample, &err) == SVMS_OK) {
            samples += sample.track == 0 ? 1 : 0;
        }
        svms_reader_close(&reader);
    }
    svms_export_close(&evidence);
    svms_source_close(&source);
    return samples;
}

static void a_package_is_for_its_recipient(void **state)
{
    web_case *c = *state;
    svms_keyring *ring = NULL;
    svms_private_key *key = NULL;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 30, 10);
    web_case_start(c);
    assert_int_equal(svms_private_key_generate(&key, c->film->ctx, NULL), SVMS_OK);
    char *body = body_for(c, key, DOOR RANGE ", \"reason\": \"caf\xc3\xa9\", \"case\": \"7/26\"}");
    web_reply reply = export(c, body);
    if (reply.status != 200) {
        fail_msg("%s", reply.body);
    }
    assert_non_null(strstr(reply.head, "attachment; filename=\"evidence.svmx\""));
    assert_int_equal(svms_keyring_new(&ring, c->film->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_key(ring, key, NULL), SVMS_OK);
    unsigned samples = expect_package(c, &reply, ring, 0);
    assert_true(samples >= 200 && samples <= 220);
    assert_true(atomic_load(&c->fleet.flushes) == 1);
    svms_keyring_free(&ring);
    svms_private_key_free(&key);
    web_reply_free(&reply);
    free(body);
    assert_int_equal(web_case_records(c, "export.create", "\"outcome\":\"success\""), 1);
    assert_int_equal(web_case_records(c, "export.create", "\"reason\":\"caf"), 1);
    assert_int_equal(web_case_records(c, "export.create", "\"id\":\"anna\""), 1);
}

static void a_package_opens_with_its_password(void **state)
{
    web_case *c = *state;
    svms_keyring *ring = NULL;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 30, 10);
    web_case_start(c);
    web_reply reply =
        export(c, DOOR ALL ", \"password\": \"correct horse battery\", \"no_reexport\": true}");
    if (reply.status != 200) {
        fail_msg("%s", reply.body);
    }
    assert_int_equal(svms_keyring_new(&ring, c->film->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_password(ring, "correct horse battery", 21, NULL), SVMS_OK);
    assert_int_equal(expect_package(c, &reply, ring, SVMS_EXPORT_NO_REEXPORT), 300);
    svms_keyring_free(&ring);
    web_reply_free(&reply);
    assert_int_equal(web_case_records(c, "export.create", "correct horse"), 0);
    assert_int_equal(web_case_records(c, "export.create", "\"password\":true"), 1);
}

static void what_policy_obliges_to_is_in_the_package(void **state)
{
    web_case *c = *state;
    svms_keyring *ring = NULL;
    web_case_write_policy(c, 2, "\"playback.*\", \"export.*\"", "\"door\"",
                          ", \"obligations\": [\"no-reexport\", \"audit-each\"]");
    web_case_open_gate(c);
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 30, 10);
    web_case_start(c);
    web_reply reply = export(c, DOOR ALL ", \"password\": \"correct horse battery\"}");
    assert_int_equal(svms_keyring_new(&ring, c->film->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_password(ring, "correct horse battery", 21, NULL), SVMS_OK);
    assert_int_equal(expect_package(c, &reply, ring, SVMS_EXPORT_NO_REEXPORT), 300);
    web_reply_free(&reply);
    svms_keyring_free(&ring);
    /* What is watched can be taken along: then it is not shown. */
    reply = web_ask(c, "GET", "/v1/cameras/door/playback", NULL);
    assert_int_equal(reply.status, 404);
    web_reply_free(&reply);
    assert_int_equal(web_case_records(c, "access.decide", "\"action\":\"export.create\""), 1);
}

static void expect_refusal(web_case *c, const char *body, int status)
{
    web_reply reply = export(c, body);
    if (reply.status != status) {
        fail_msg("%s: %d, not %d: %s", body, reply.status, status, reply.body);
    }
    web_reply_free(&reply);
}

static void what_is_none_is_not_exported(void **state)
{
    static const struct {
        const char *body;
        int status;
    } cases[] = {
        { DOOR ALL "}", 400 },
        { DOOR ALL ", \"recipients\": []}", 400 },
        { DOOR ALL ", \"recipients\": [\"x\"]}", 400 },
        { DOOR ALL ", \"recipients\": [1]}", 400 },
        { DOOR ALL ", \"recipients\": \"x\"}", 400 },
        { DOOR ALL ", \"password\": \"\"}", 400 },
        { DOOR ALL ", \"password\": 5}", 400 },
        { DOOR ALL ", \"password\": \"correct horse\", \"no_reexport\": \"yes\"}", 400 },
        { DOOR ALL ", \"password\": \"correct horse\", \"reason\": 5}", 400 },
        { DOOR ALL ", \"password\": \"correct horse\", \"unsealed\": true}", 400 },
        { DOOR "\"from\": \"2026-01-02T00:00:00Z\", \"to\": \"2026-01-01T00:00:00Z\", "
               "\"password\": \"correct horse\"}",
          400 },
        { "{\"cameras\": [], " ALL ", \"password\": \"correct horse\"}", 400 },
        { "{\"cameras\": [\"door\", \"door\"], " ALL ", \"password\": \"correct horse\"}", 400 },
        { "{\"cameras\": [7], " ALL ", \"password\": \"correct horse\"}", 404 },
        { "{\"cameras\": [\"door\", \"yard\"], " ALL ", \"password\": \"correct horse\"}", 404 },
        { "{\"cameras\": [\"attic\"], " ALL ", \"password\": \"correct horse\"}", 404 },
        { DOOR "\"from\": \"2026-02-02T00:00:00Z\", \"to\": \"2026-02-03T00:00:00Z\", "
               "\"password\": \"correct horse\"}",
          404 },
    };
    web_case *c = *state;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 30, 10);
    film_make(c->film, FILM_OTHER, WEB_LONG_AGO, 3, 10);
    web_case_start(c);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_refusal(c, cases[i].body, cases[i].status);
    }
    assert_int_equal(web_case_records(c, "export.create", "\"outcome\":\"success\""), 0);
    assert_int_equal(web_case_records(c, "export.create", "\"outcome\":\"denied\""), 1);
    assert_int_equal(web_case_records(c, "export.create", "nothing was recorded"), 1);
}

/* The policy allows only a part of the time: a package is never quietly shorter. */
static void only_all_of_the_time_is_exported(void **state)
{
    web_case *c = *state;
    web_case_write_policy(c, 2, "\"export.*\"", "\"door\"",
                          ", \"recorded\": [{\"from\": \"00:01\", \"to\": \"00:02\"}]");
    web_case_open_gate(c);
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 30, 10);
    web_case_start(c);
    expect_refusal(c, DOOR ALL ", \"password\": \"correct horse\"}", 403);
    expect_refusal(c, DOOR RANGE ", \"password\": \"correct horse\"}", 200);
}

static void what_is_being_recorded_is_exported_as_far_as_it_goes(void **state)
{
    web_case *c = *state;
    svms_keyring *ring = NULL;
    film_begin(c->film, FILM_CAMERA, WEB_LONG_AGO, 60);
    film_take(c->film, 0, 100);
    film_flush(c->film);
    web_case_start(c);
    web_reply reply = export(c, DOOR ALL ", \"password\": \"correct horse battery\"}");
    assert_int_equal(svms_keyring_new(&ring, c->film->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_password(ring, "correct horse battery", 21, NULL), SVMS_OK);
    assert_int_equal(expect_package(c, &reply, ring, 0), 100);
    svms_keyring_free(&ring);
    web_reply_free(&reply);
    film_end(c->film);
}

static void a_damaged_recording_gives_no_package(void **state)
{
    web_case *c = *state;
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 30, 10);
    film_damage(c->film, 1, 0.5);
    web_case_start(c);
    web_reply reply = export(c, DOOR ALL ", \"password\": \"correct horse battery\"}");
    assert_true(reply.status != 200 || !reply.is_whole);
    web_reply_free(&reply);
    assert_int_equal(web_case_records(c, "export.create", "\"outcome\":\"error\""), 1);
}

static web_client *begin_one(web_case *c)
{
    static char head[20000];
    char token[WEB_TOKEN_SIZE];
    web_client *client = web_connect(c, 0);
    web_case_issue(c, &(web_ticket){ .subject = "anna" }, token);
    web_send(client, "POST", "/v1/exports", token,
             DOOR ALL ", \"password\": \"correct horse battery\"}", "");
    assert_int_equal(web_read_head(client, head, sizeof head), 200);
    return client;
}

/* Of more than fits anywhere on the way; the first bytes have come. */
static web_client *begin_large(web_case *c)
{
    film_make(c->film, FILM_CAMERA, WEB_LONG_AGO, 900, 60);
    web_case_start(c);
    return begin_one(c);
}

static void two_exports_run_at_once_and_no_more(void **state)
{
    web_case *c = *state;
    web_client *one = begin_large(c);
    web_client *other = begin_one(c);
    expect_refusal(c, DOOR ALL ", \"password\": \"correct horse\"}", 503);
    web_leave(&one);
    web_leave(&other);
}

static void who_leaves_has_no_package_and_it_is_on_the_record(void **state)
{
    web_case *c = *state;
    web_client *client = begin_large(c);
    web_leave(&client);
    (void)poll(NULL, 0, 500);
    assert_int_equal(web_case_records(c, "export.create", "\"outcome\":\"error\""), 1);
    assert_int_equal(web_case_records(c, "export.create", "\"outcome\":\"success\""), 0);
}

static void an_export_ends_with_the_recorder_and_is_seen_to_be_cut(void **state)
{
    web_case *c = *state;
    web_client *client = begin_large(c);
    recorder_web_stop(&c->web);
    web_reply reply = web_read(client);
    assert_false(client->is_whole);
    web_reply_free(&reply);
    web_leave(&client);
    assert_int_equal(web_case_records(c, "export.create", "the recorder ended"), 1);
}

static void an_export_ends_with_the_permission(void **state)
{
    web_case *c = *state;
    web_client *client = begin_large(c);
    web_case_change_policy(c, 2, "\"playback.*\"", "\"door\"", "");
    web_reply reply = web_read(client);
    assert_false(client->is_whole);
    web_reply_free(&reply);
    web_leave(&client);
    assert_int_equal(web_case_records(c, "export.create", "permission ended"), 1);
}

#define ON_A_RECORDER(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, web_case_set_up, web_case_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_RECORDER(a_package_is_for_its_recipient),
        ON_A_RECORDER(a_package_opens_with_its_password),
        ON_A_RECORDER(what_policy_obliges_to_is_in_the_package),
        ON_A_RECORDER(what_is_none_is_not_exported),
        ON_A_RECORDER(only_all_of_the_time_is_exported),
        ON_A_RECORDER(what_is_being_recorded_is_exported_as_far_as_it_goes),
        ON_A_RECORDER(a_damaged_recording_gives_no_package),
        ON_A_RECORDER(two_exports_run_at_once_and_no_more),
        ON_A_RECORDER(who_leaves_has_no_package_and_it_is_on_the_record),
        ON_A_RECORDER(an_export_ends_with_the_recorder_and_is_seen_to_be_cut),
        ON_A_RECORDER(an_export_ends_with_the_permission),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
