/* SPDX-License-Identifier: Apache-2.0 */
/* policy.md: questions with their answers, worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <svms/policy.h>
#include <svms/time.h>

#include "jws.h"

#define ISSUER "https://id.example"
#define AUDIENCE "recorder-1"
#define NS INT64_C(1000000000)
#define ROOM 4096
#define RANGES 16

static const char policy_text[] =
    "{\"format\":\"svms-policy\",\"version\":1,\"revision\":7,\"zone\":\"Europe/Berlin\","
    "\"groups\":{"
    " \"site\":{\"devices\":[\"group:gates\",\"hall\"]},"
    " \"gates\":{\"devices\":[\"gate-1\",\"gate-2\"]},"
    " \"cash\":{\"devices\":[\"till\"]}},"
    "\"roles\":{"
    " \"guard\":{\"subjects\":[\"anna\",\"bert\"]},"
    " \"chief\":{\"subjects\":[\"carla\"],\"claims\":[\"chief\"]}},"
    "\"windows\":{\"day\":{\"from\":\"08:00\",\"to\":\"18:00\"},"
    " \"night\":{\"from\":\"22:00\",\"to\":\"06:00\",\"days\":[\"fri\"]}},"
    "\"rules\":["
    "{\"id\":\"guards-live\",\"roles\":[\"guard\"],\"actions\":[\"live.*\"],"
    "  \"devices\":[\"group:site\"]},"
    "{\"id\":\"guards-day\",\"roles\":[\"guard\"],\"actions\":[\"playback.*\"],"
    "  \"devices\":[\"group:gates\"],\"recorded\":[\"day\"],\"max_age\":604800,"
    "  \"obligations\":[\"watermark\"]},"
    "{\"id\":\"no-talk\",\"effect\":\"deny\",\"actions\":[\"live.talk\"],\"devices\":[\"*\"],"
    "  \"networks\":[\"203.0.113.0/24\"]},"
    "{\"id\":\"chief-all\",\"roles\":[\"chief\"],\"actions\":[\"*\"],\"devices\":[\"*\"],"
    "  \"second\":[\"export.*\",\"mask.lift\"]},"
    "{\"id\":\"till-otp\",\"roles\":[\"guard\"],\"actions\":[\"live.view\"],"
    "  \"devices\":[\"till\"],\"amr\":[[\"pwd\",\"otp\"],[\"hwk\"]]},"
    "{\"id\":\"friday-night\",\"roles\":[\"guard\"],\"actions\":[\"ptz.move\"],"
    "  \"devices\":[\"hall\"],\"when\":[\"night\"]}]}";

/* Everything, so that the policy alone decides. */
#define ALL_RIGHTS "{\"type\":\"svms\",\"actions\":[\"*\"],\"devices\":[\"*\"]}"

typedef struct question {
    const char *subject;
    const char *rights;
    const char *more; /* claims */
    const char *action;
    const char *device;
    const char *address;
    const char *now; /* UTC */
    svms_access_reason reason;
    const char *rule;
} question;

#define NOON "2026-11-18T12:00:00Z" /* a Wednesday */

static const question questions[] = {
    { "anna", ALL_RIGHTS, "", "live.view", "gate-1", NULL, NOON, SVMS_ACCESS_ALLOWED,
      "guards-live" },
    { "anna", ALL_RIGHTS, "", "live.view", "hall", NULL, NOON, SVMS_ACCESS_ALLOWED, "guards-live" },
    { "dora", ALL_RIGHTS, "", "live.view", "hall", NULL, NOON, SVMS_ACCESS_NO_RULE, NULL },
    { "anna", ALL_RIGHTS, "", "live.view", "cellar", NULL, NOON, SVMS_ACCESS_NO_RULE, NULL },
    { "anna", ALL_RIGHTS, "", "ptz.preset", "hall", NULL, NOON, SVMS_ACCESS_NO_RULE, NULL },
    { "anna", "", "", "live.view", "hall", NULL, NOON, SVMS_ACCESS_NO_RIGHT, "guards-live" },
    { "anna", "{\"type\":\"other\",\"actions\":[\"*\"],\"devices\":[\"*\"]}", "", "live.view",
      "hall", NULL, NOON, SVMS_ACCESS_NO_RIGHT, "guards-live" },
    { "anna", "{\"type\":\"svms\",\"actions\":[\"live.view\"],\"devices\":[\"group:site\"]}", "",
      "live.view", "gate-2", NULL, NOON, SVMS_ACCESS_ALLOWED, "guards-live" },
    { "anna", "{\"type\":\"svms\",\"actions\":[\"live.view\"],\"devices\":[\"group:gates\"]}", "",
      "live.view", "hall", NULL, NOON, SVMS_ACCESS_NO_RIGHT, "guards-live" },
    { "anna", "{\"type\":\"svms\",\"actions\":[\"live.view\"],\"devices\":[\"group:moon\"]}", "",
      "live.view", "hall", NULL, NOON, SVMS_ACCESS_NO_RIGHT, "guards-live" },
    { "anna",
      ALL_RIGHTS ",{\"type\":\"svms\",\"effect\":\"deny\",\"actions\":[\"live.*\"],"
                 "\"devices\":[\"group:moon\"]}",
      "", "live.view", "hall", NULL, NOON, SVMS_ACCESS_RIGHT_DENIED, "guards-live" },
    { "anna", "{\"type\":\"svms\",\"actions\":[\"*\"],\"devices\":[\"*\"],\"moon\":\"full\"}", "",
      "live.view", "hall", NULL, NOON, SVMS_ACCESS_NO_RIGHT, "guards-live" },
    { "anna",
      ALL_RIGHTS ",{\"type\":\"svms\",\"effect\":\"deny\",\"actions\":[\"live.*\"],"
                 "\"devices\":[\"*\"],\"moon\":\"full\"}",
      "", "live.view", "hall", NULL, NOON, SVMS_ACCESS_RIGHT_DENIED, "guards-live" },
    /* A deny triggers on what is not known. */
    { "anna", ALL_RIGHTS, "", "live.talk", "hall", "203.0.113.9", NOON, SVMS_ACCESS_DENIED,
      "no-talk" },
    { "anna", ALL_RIGHTS, "", "live.talk", "hall", NULL, NOON, SVMS_ACCESS_DENIED, "no-talk" },
    { "anna", ALL_RIGHTS, "", "live.talk", "hall", "198.51.100.1", NOON, SVMS_ACCESS_ALLOWED,
      "guards-live" },
    /* Second persons */
    { "carla", ALL_RIGHTS, "", "live.view", "till", NULL, NOON, SVMS_ACCESS_ALLOWED, "chief-all" },
    { "carla", ALL_RIGHTS, "", "mask.lift", "till", NULL, NOON, SVMS_ACCESS_APPROVAL_NEEDED, NULL },
    { "eve", ALL_RIGHTS, ",\"roles\":[\"chief\"]", "audit.read", NULL, NULL, NOON,
      SVMS_ACCESS_ALLOWED, "chief-all" },
    /* Ways to log in */
    { "bert", ALL_RIGHTS, "", "live.view", "till", NULL, NOON, SVMS_ACCESS_NO_RULE, NULL },
    { "bert", ALL_RIGHTS, ",\"amr\":[\"pwd\"]", "live.view", "till", NULL, NOON,
      SVMS_ACCESS_NO_RULE, NULL },
    { "bert", ALL_RIGHTS, ",\"amr\":[\"otp\",\"x\",\"pwd\"]", "live.view", "till", NULL, NOON,
      SVMS_ACCESS_ALLOWED, "till-otp" },
    { "bert", ALL_RIGHTS, ",\"amr\":[\"hwk\"]", "live.view", "till", NULL, NOON,
      SVMS_ACCESS_ALLOWED, "till-otp" },
    /* Friday night in Berlin, an hour ahead of UTC in November */
    { "anna", ALL_RIGHTS, "", "ptz.move", "hall", NULL, "2026-11-20T20:59:59Z", SVMS_ACCESS_NO_RULE,
      NULL },
    { "anna", ALL_RIGHTS, "", "ptz.move", "hall", NULL, "2026-11-20T21:00:00Z", SVMS_ACCESS_ALLOWED,
      "friday-night" },
    { "anna", ALL_RIGHTS, "", "ptz.move", "hall", NULL, "2026-11-21T04:59:59Z", SVMS_ACCESS_ALLOWED,
      "friday-night" },
    { "anna", ALL_RIGHTS, "", "ptz.move", "hall", NULL, "2026-11-21T05:00:00Z", SVMS_ACCESS_NO_RULE,
      NULL },
    /* Recorded time is missing from the question. */
    { "anna", ALL_RIGHTS, "", "playback.view", "gate-1", NULL, NOON, SVMS_ACCESS_NO_RULE, NULL },
};

typedef struct world {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_token_verifier *verifier;
    svms_policy *policy;
} world;

static int64_t utc(const char *text)
{
    int64_t ns = 0;
    assert_int_equal(svms_time_parse(&ns, text, NULL), SVMS_OK);
    return ns;
}

static svms_policy *read_policy(world *w, const char *text)
{
    svms_policy *policy = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_policy_read(&policy, w->ctx, text, strlen(text), NULL, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return policy;
}

static int set_up(void **state)
{
    static world w;
    char jwk[ROOM];
    char json[ROOM + 32];
    size_t size = sizeof jwk;
    svms_public_key *half = NULL;
    svms_keyset *keys = NULL;
    svms_token_rules rules = SVMS_TOKEN_RULES_INIT;
    memset(&w, 0, sizeof w);
    rules.audience = AUDIENCE;
    assert_int_equal(svms_ctx_new(&w.ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_generate(&w.key, w.ctx, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_public(&half, w.ctx, w.key, NULL), SVMS_OK);
    assert_int_equal(svms_public_key_to_jwk(w.ctx, half, 0, "k1", jwk, &size, NULL), SVMS_OK);
    int length = snprintf(json, sizeof json, "{\"keys\":[%s]}", jwk);
    assert_int_equal(svms_keyset_from_jwks(&keys, w.ctx, json, (size_t)length, NULL), SVMS_OK);
    assert_int_equal(svms_token_verifier_new(&w.verifier, w.ctx, &rules, NULL), SVMS_OK);
    assert_int_equal(svms_token_verifier_add(w.verifier, ISSUER, &keys, 0, NULL), SVMS_OK);
    svms_public_key_free(&half);
    w.policy = read_policy(&w, policy_text);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    svms_policy_free(&w->policy);
    svms_token_verifier_free(&w->verifier);
    svms_private_key_free(&w->key);
    svms_ctx_free(&w->ctx);
    return 0;
}

/* Good for an hour around a moment. */
static svms_token *login(world *w, const char *subject, const char *rights, const char *more,
                         int64_t now_ns)
{
    char payload[ROOM];
    svms_jws_signer signer = { w->key, SVMS_TOKEN_ES256, "k1", "at+jwt" };
    svms_builder text = svms_builder_new(w->ctx, SVMS_JWS_MAX);
    svms_token_question asked = SVMS_TOKEN_QUESTION_INIT;
    svms_token_verdict verdict = SVMS_TOKEN_GOOD;
    svms_token *token = NULL;
    svms_error err = SVMS_ERROR_INIT;
    long long now_s = (long long)(now_ns / NS);
    int size = snprintf(payload, sizeof payload,
                        "{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE
                        "\",\"sub\":\"%s\",\"jti\":\"j\",\"client_id\":\"c\",\"iat\":%lld,"
                        "\"nbf\":%lld,\"exp\":%lld,\"authorization_details\":[%s]%s}",
                        subject, now_s, now_s, now_s + 3600, rights, more);
    assert_true(size > 0 && (size_t)size < sizeof payload);
    assert_int_equal(svms_jws_put(&text, &signer, payload, (size_t)size, NULL), SVMS_OK);
    asked.now_utc_ns = now_ns;
    if (svms_token_verify(&token, w->verifier, (const char *)text.data, text.size, &asked, &verdict,
                          &err) != SVMS_OK) {
        fail_msg("%s: %s", payload, err.message);
    }
    svms_builder_clear(&text);
    return token;
}

static void each_question_has_its_answer(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        const question *q = &questions[i];
        svms_access_question asked = SVMS_ACCESS_QUESTION_INIT;
        svms_decision answer = SVMS_DECISION_INIT;
        svms_error err = SVMS_ERROR_INIT;
        svms_token *token = login(w, q->subject, q->rights, q->more, utc(q->now));
        asked.action = q->action;
        asked.device = q->device;
        asked.address = q->address;
        asked.now_utc_ns = utc(q->now);
        if (svms_access_decide(w->policy, token, &asked, &answer, &err) != SVMS_OK) {
            fail_msg("%zu: %s", i, err.message);
        }
        if (answer.reason != q->reason) {
            fail_msg("%zu: %s %s %s: %s", i, q->subject, q->action, q->device ? q->device : "-",
                     svms_access_reason_words(answer.reason));
        }
        assert_int_equal(answer.is_allowed, q->reason == SVMS_ACCESS_ALLOWED);
        if (q->rule) {
            assert_string_equal(answer.rule, q->rule);
        }
        svms_token_free(&token);
    }
}

static svms_decision ask_range(world *w, const char *now, const char *from, const char *to,
                               svms_time_range ranges[RANGES])
{
    svms_access_question asked = SVMS_ACCESS_QUESTION_INIT;
    svms_decision answer = SVMS_DECISION_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_token *token = login(w, "anna", ALL_RIGHTS, "", utc(now));
    asked.action = "playback.view";
    asked.device = "gate-1";
    asked.now_utc_ns = utc(now);
    asked.range.from_utc_ns = utc(from);
    asked.range.to_utc_ns = utc(to);
    answer.ranges = ranges;
    answer.range_capacity = RANGES;
    if (svms_access_decide(w->policy, token, &asked, &answer, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    svms_token_free(&token);
    return answer;
}

/* The clock in Berlin went back on the 25th of October 2026, at 01:00 UTC. */
static void a_range_is_cut_by_windows_of_recorded_time(void **state)
{
    svms_time_range ranges[RANGES];
    svms_decision answer = ask_range(*state, "2026-10-26T12:00:00Z", "2026-10-24T12:00:00Z",
                                     "2026-10-26T09:30:00Z", ranges);
    assert_int_equal(answer.is_allowed, 1);
    assert_int_equal(answer.obligations, SVMS_OBLIGED_WATERMARK);
    assert_int_equal(answer.range_count, 3);
    assert_true(ranges[0].from_utc_ns == utc("2026-10-24T12:00:00Z"));
    assert_true(ranges[0].to_utc_ns == utc("2026-10-24T16:00:00Z"));
    assert_true(ranges[1].from_utc_ns == utc("2026-10-25T07:00:00Z"));
    assert_true(ranges[1].to_utc_ns == utc("2026-10-25T17:00:00Z"));
    assert_true(ranges[2].from_utc_ns == utc("2026-10-26T07:00:00Z"));
    assert_true(ranges[2].to_utc_ns == utc("2026-10-26T09:30:00Z"));
    assert_true(answer.valid_until_utc_ns == utc("2026-10-26T12:05:00Z"));
}

static void what_is_too_old_is_cut_off(void **state)
{
    svms_time_range ranges[RANGES];
    svms_decision answer =
        ask_range(*state, NOON, "2026-11-11T10:00:00Z", "2026-11-11T13:00:00Z", ranges);
    assert_int_equal(answer.range_count, 1);
    assert_true(ranges[0].from_utc_ns == utc("2026-11-11T12:00:00Z"));
    assert_true(ranges[0].to_utc_ns == utc("2026-11-11T13:00:00Z"));
    answer = ask_range(*state, NOON, "2026-11-01T10:00:00Z", "2026-11-02T13:00:00Z", ranges);
    assert_int_equal(answer.is_allowed, 0);
    assert_int_equal(answer.reason, SVMS_ACCESS_NO_RULE);
    assert_int_equal(answer.range_count, 0);
}

static void an_answer_ends_when_a_window_does(void **state)
{
    world *w = *state;
    svms_access_question asked = SVMS_ACCESS_QUESTION_INIT;
    svms_decision answer = SVMS_DECISION_INIT;
    int64_t now = utc("2026-11-21T04:30:00Z");
    svms_token *token = login(w, "anna", ALL_RIGHTS, "", now);
    asked.action = "ptz.move";
    asked.device = "hall";
    asked.now_utc_ns = now;
    assert_int_equal(svms_access_decide(w->policy, token, &asked, &answer, NULL), SVMS_OK);
    assert_int_equal(answer.is_allowed, 1);
    assert_true(answer.valid_until_utc_ns == utc("2026-11-21T05:00:00Z"));
    svms_token_free(&token);
}

static void an_approval_lets_the_second_person_rule_apply(void **state)
{
    world *w = *state;
    svms_access_question asked = SVMS_ACCESS_QUESTION_INIT;
    svms_decision answer = SVMS_DECISION_INIT;
    svms_time_range ranges[RANGES];
    int64_t now = utc(NOON);
    svms_token *token = login(w, "carla", ALL_RIGHTS, "", now);
    asked.action = "export.create";
    asked.device = "till";
    asked.now_utc_ns = now;
    asked.range.from_utc_ns = now - 60 * NS;
    asked.range.to_utc_ns = now;
    answer.ranges = ranges;
    answer.range_capacity = RANGES;
    assert_int_equal(svms_access_decide(w->policy, token, &asked, &answer, NULL), SVMS_OK);
    assert_int_equal(answer.reason, SVMS_ACCESS_APPROVAL_NEEDED);
    asked.is_approved = 1;
    asked.approved_until_utc_ns = now + 120 * NS;
    assert_int_equal(svms_access_decide(w->policy, token, &asked, &answer, NULL), SVMS_OK);
    assert_int_equal(answer.reason, SVMS_ACCESS_ALLOWED);
    assert_true(answer.valid_until_utc_ns == now + 120 * NS);
    svms_token_free(&token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_question_has_its_answer),
        cmocka_unit_test(a_range_is_cut_by_windows_of_recorded_time),
        cmocka_unit_test(what_is_too_old_is_cut_off),
        cmocka_unit_test(an_answer_ends_when_a_window_does),
        cmocka_unit_test(an_approval_lets_the_second_person_rule_apply),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
