/* SPDX-License-Identifier: Apache-2.0 */
#include "decision_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/time.h>

#include "jws.h"
#include "token_internal.h"

#define ISSUER "https://id.example"
#define AUDIENCE "recorder-1"
#define NS INT64_C(1000000000)
#define ROOM 4096

static void *allocate(void *user, size_t size)
{
    counting_allocator *allocator = user;
    allocator->count++;
    if (allocator->count == allocator->failing) {
        return NULL;
    }
    allocator->live++;
    return malloc(size);
}

static void release(void *user, void *pointer)
{
    counting_allocator *allocator = user;
    if (pointer) {
        allocator->live--;
        free(pointer);
    }
}

static void trust(decision_world *w, svms_token_profile profile, const char *jwks, size_t size)
{
    svms_token_rules rules = SVMS_TOKEN_RULES_INIT;
    svms_keyset *keys = NULL;
    rules.audience = AUDIENCE;
    rules.profile = profile;
    rules.replay = w->replay;
    assert_int_equal(svms_keyset_from_jwks(&keys, w->ctx, jwks, size, NULL), SVMS_OK);
    assert_int_equal(svms_token_verifier_new(&w->verifiers[profile], w->ctx, &rules, NULL),
                     SVMS_OK);
    assert_int_equal(svms_token_verifier_add(w->verifiers[profile], ISSUER, &keys, 0, NULL),
                     SVMS_OK);
}

int world_open(void **state)
{
    static decision_world w;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_public_key *half = NULL;
    char jwk[ROOM];
    char jwks[ROOM + 32];
    size_t size = sizeof jwk;
    memset(&w, 0, sizeof w);
    options.user = &w.allocator;
    options.allocate = allocate;
    options.release = release;
    assert_int_equal(svms_ctx_new(&w.ctx, &options, NULL), SVMS_OK);
    assert_int_equal(svms_replay_new(&w.replay, w.ctx, 16, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_generate(&w.key, w.ctx, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_public(&half, w.ctx, w.key, NULL), SVMS_OK);
    assert_int_equal(svms_public_key_to_jwk(w.ctx, half, 0, "k1", jwk, &size, NULL), SVMS_OK);
    int length = snprintf(jwks, sizeof jwks, "{\"keys\":[%s]}", jwk);
    for (svms_token_profile profile = SVMS_TOKEN_ACCESS; profile <= SVMS_TOKEN_APPROVING;
         profile++) {
        trust(&w, profile, jwks, (size_t)length);
    }
    svms_public_key_free(&half);
    *state = &w;
    return 0;
}

int world_close(void **state)
{
    decision_world *w = *state;
    for (size_t i = 0; i < sizeof w->verifiers / sizeof w->verifiers[0]; i++) {
        svms_token_verifier_free(&w->verifiers[i]);
    }
    svms_replay_free(&w->replay);
    svms_private_key_free(&w->key);
    svms_ctx_free(&w->ctx);
    assert_int_equal(w->allocator.live, 0);
    return 0;
}

int64_t case_time(const char *text)
{
    int64_t ns = 0;
    if (!text || svms_time_parse(&ns, text, NULL) != SVMS_OK) {
        fail_msg("%s is no time", text ? text : "(nothing)");
    }
    return ns;
}

svms_policy *case_policy(decision_world *w, const json_t *policy)
{
    svms_policy *read = NULL;
    svms_error err = SVMS_ERROR_INIT;
    char *text = json_dumps(policy, JSON_COMPACT);
    assert_non_null(text);
    if (svms_policy_read(&read, w->ctx, text, strlen(text), NULL, &err) != SVMS_OK) {
        fail_msg("%s: %s", text, err.message);
    }
    free(text);
    return read;
}

json_t *case_join(const json_t *below, const json_t *above)
{
    json_t *all = below ? json_deep_copy(below) : json_object();
    if (above) {
        assert_int_equal(json_object_update(all, (json_t *)(uintptr_t)above), 0);
    }
    return all;
}

static const char *text_of(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

static svms_token_profile profile_of(const json_t *token)
{
    static const char *const names[] = { "", "access", "onvif", "approval" };
    const char *name = text_of(token, "profile");
    svms_token_profile profile = SVMS_TOKEN_ACCESS;
    while (name && profile <= SVMS_TOKEN_APPROVING && strcmp(names[profile], name) != 0) {
        profile++;
    }
    assert_true(profile <= SVMS_TOKEN_APPROVING);
    return profile;
}

static void copy(json_t *to, const char *member, json_t *value)
{
    if (value && !json_is_null(value)) {
        assert_int_equal(json_object_set(to, member, value), 0);
    }
}

/* The members that the profile wants, and those that the case gives. */
static json_t *payload_of(const json_t *token, svms_token_profile profile, int64_t now_s)
{
    static const char nothing[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    bool is_approval = profile == SVMS_TOKEN_APPROVING;
    const char *end = text_of(token, "exp");
    int64_t end_s = end ? case_time(end) / NS : now_s + (is_approval ? 300 : 3600);
    json_t *payload = json_pack("{ss, ss, ss, sI, sI}", "iss", ISSUER, "aud", AUDIENCE, "jti", "j",
                                "iat", (json_int_t)now_s, "exp", (json_int_t)end_s);
    assert_non_null(payload);
    json_object_set_new(payload, "nbf", json_integer((json_int_t)now_s));
    json_object_set_new(payload, "client_id", json_string("c"));
    static const char *const copied[] = { "sub", "roles", "amr" };
    for (size_t i = 0; i < sizeof copied / sizeof copied[0]; i++) {
        copy(payload, copied[i], json_object_get(token, copied[i]));
    }
    copy(payload, "authorization_details", json_object_get(token, "rights"));
    if (is_approval) {
        json_object_set_new(payload, "req", json_string(nothing));
        json_object_set_new(payload, "ath", json_string(nothing));
    }
    return payload;
}

svms_token *case_token(decision_world *w, const json_t *token, int64_t now_ns)
{
    static const char *const types[] = { "", "at+jwt", "JWT", "svms-approval+jwt" };
    svms_token_question asked = SVMS_TOKEN_QUESTION_INIT;
    svms_token_verdict verdict = SVMS_TOKEN_GOOD;
    svms_token *verified = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (json_is_null(token)) {
        return NULL;
    }
    const char *then = text_of(token, "verified");
    asked.now_utc_ns = then ? case_time(then) : now_ns;
    svms_token_profile profile = profile_of(token);
    json_t *payload = payload_of(token, profile, asked.now_utc_ns / NS);
    char *json = json_dumps(payload, JSON_COMPACT);
    svms_jws_signer signer = { w->key, SVMS_TOKEN_ES256, "k1", types[profile] };
    svms_builder text = svms_builder_new(w->ctx, SVMS_JWS_MAX);
    assert_int_equal(svms_jws_put(&text, &signer, json, strlen(json), NULL), SVMS_OK);
    if (svms_token_examine(&verified, w->verifiers[profile], (const char *)text.data, text.size,
                           &asked, &verdict, &err) != SVMS_OK) {
        fail_msg("%s: %s", json, err.message);
    }
    svms_builder_clear(&text);
    free(json);
    json_decref(payload);
    return verified;
}

/* Place of a word in a list, or 0 where there is none. */
static unsigned word_of(const json_t *ask, const char *member, const char *const *words,
                        unsigned count)
{
    const char *word = text_of(ask, member);
    for (unsigned i = 1; word && i < count; i++) {
        if (strcmp(word, words[i]) == 0) {
            return i;
        }
    }
    assert_null(word);
    return 0;
}

svms_access_question case_question(const json_t *ask)
{
    static const char *const clients[] = {
        "", "browser", "desktop", "mobile", "service", "device"
    };
    static const char *const forms[] = { "", "svmx", "mp4", "onvif", "jpeg", "png" };
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    const json_t *range = json_object_get(ask, "range");
    const char *until = text_of(ask, "approved_until");
    question.action = text_of(ask, "action");
    question.device = text_of(ask, "device");
    question.address = text_of(ask, "address");
    question.destination = text_of(ask, "destination");
    question.client = (svms_client_kind)word_of(ask, "client", clients, 6);
    question.format = (svms_export_form)word_of(ask, "format", forms, 6);
    question.now_utc_ns = case_time(text_of(ask, "now"));
    if (until) {
        question.is_approved = 1;
        question.approved_until_utc_ns = case_time(until);
    }
    if (json_is_array(range)) {
        question.range.from_utc_ns = case_time(json_string_value(json_array_get(range, 0)));
        question.range.to_utc_ns = case_time(json_string_value(json_array_get(range, 1)));
    }
    return question;
}
