/* SPDX-License-Identifier: Apache-2.0 */
/* token.md, section 6: an approval counts once, for just what was asked, for just who asks, on just
 * one server. */
#include "token_world.h"

typedef struct scene {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_private_key *stranger;
    svms_token_verifier *verifier; /* of tokens */
    svms_token *asking;
    char token[SVMS_JWS_MAX];
    size_t token_size;
    int64_t clock_ns;
} scene;

static scene world;

static int64_t clock_of_world(void *user)
{
    const scene *s = user;
    return s->clock_ns;
}

static int set_up(void **state)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_token_rules rules = world_rules(SVMS_TOKEN_ACCESS);
    svms_token_claims claims = world_claims(NULL);
    memset(&world, 0, sizeof world);
    world.clock_ns = (WORLD_NOW_S - 3600) * WORLD_NS;
    options.utc_now = clock_of_world;
    options.user = &world;
    assert_int_equal(svms_ctx_new(&world.ctx, &options, NULL), SVMS_OK);
    world.key = world_key(world.ctx, SVMS_TOKEN_ES256);
    world.stranger = world_key(world.ctx, SVMS_TOKEN_ES256);
    world.verifier = world_verifier(world.ctx, &rules, world.key, SVMS_TOKEN_ES256);
    world.token_size = sizeof world.token;
    assert_int_equal(svms_token_issue(world.ctx, &claims, world.key, SVMS_TOKEN_NO_ALGORITHM, "k1",
                                      world.token, &world.token_size, NULL),
                     SVMS_OK);
    world.asking = world_take(world.verifier, world.token, world.token_size);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    scene *s = *state;
    svms_token_free(&s->asking);
    svms_token_verifier_free(&s->verifier);
    svms_private_key_free(&s->key);
    svms_private_key_free(&s->stranger);
    svms_ctx_free(&s->ctx);
    return 0;
}

static svms_approval_request usual_request(void)
{
    static const char *const devices[] = { "gate-1", "gate-2" };
    static const char *const recipients[] = { "age1x", "age1y" };
    svms_approval_request request = SVMS_APPROVAL_REQUEST_INIT;
    request.action = "export.create";
    request.devices = devices;
    request.device_count = 2;
    request.from_utc_ns = (WORLD_NOW_S - 7200) * WORLD_NS;
    request.to_utc_ns = (WORLD_NOW_S - 3600) * WORLD_NS;
    request.parameters = "format=svmx";
    request.recipients = recipients;
    request.recipient_count = 2;
    memset(request.nonce, 7, sizeof request.nonce);
    return request;
}

static void hash_of(uint8_t out[32], const scene *s, const svms_approval_request *request)
{
    assert_int_equal(svms_approval_hash(s->ctx, request, out, NULL), SVMS_OK);
}

static svms_token_claims usual_claims(void)
{
    svms_token_claims claims = world_claims(NULL);
    claims.subject = "chief";
    claims.life_s = 300;
    return claims;
}

static size_t approve(char out[SVMS_JWS_MAX], const scene *s, const svms_token_claims *claims,
                      const svms_private_key *key, const uint8_t hash[32])
{
    size_t size = SVMS_JWS_MAX;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_approval_issue(s->ctx, claims, hash, s->token, s->token_size, key,
                            SVMS_TOKEN_NO_ALGORITHM, "k1", out, &size, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return size;
}

/* A server that has just been started, or has been for long. */
typedef struct server {
    svms_replay *replay;
    svms_token_verifier *verifier;
} server;

static server start(const scene *s, const char *name)
{
    server made = { NULL, NULL };
    svms_token_rules rules = world_rules(SVMS_TOKEN_APPROVING);
    rules.audience = name;
    assert_int_equal(svms_replay_new(&made.replay, s->ctx, 16, NULL), SVMS_OK);
    rules.replay = made.replay;
    made.verifier = world_verifier(s->ctx, &rules, s->key, SVMS_TOKEN_ES256);
    return made;
}

static void stop(server *given)
{
    svms_token_verifier_free(&given->verifier);
    svms_replay_free(&given->replay);
}

static void expect(const server *at, const scene *s, const char *text, size_t size,
                   const svms_token *asking, const uint8_t hash[32], int64_t now_s,
                   svms_token_verdict verdict, const char *words)
{
    svms_token *approval = NULL;
    svms_token_verdict found = SVMS_TOKEN_BUSY;
    svms_error err = SVMS_ERROR_INIT;
    svms_token_question question = SVMS_TOKEN_QUESTION_INIT;
    (void)s;
    question.now_utc_ns = now_s * WORLD_NS;
    svms_status status = svms_approval_check(&approval, at->verifier, text, size, asking, hash,
                                             &question, &found, &err);
    if (found != verdict || (status == SVMS_OK) != (verdict == SVMS_TOKEN_GOOD) ||
        (approval != NULL) != (status == SVMS_OK) || (words && !strstr(err.message, words))) {
        fail_msg("%s, status %d: %s; not %s: %s", svms_token_verdict_name(found), status,
                 err.message, svms_token_verdict_name(verdict), words ? words : "");
    }
    svms_token_free(&approval);
}

#define GOOD SVMS_TOKEN_GOOD, NULL

static void an_approval_counts_once(void **state)
{
    const scene *s = *state;
    char text[SVMS_JWS_MAX];
    uint8_t hash[32];
    server at = start(s, WORLD_AUDIENCE);
    svms_approval_request request = usual_request();
    svms_token_claims claims = usual_claims();
    hash_of(hash, s, &request);
    size_t size = approve(text, s, &claims, s->key, hash);
    expect(&at, s, text, size, s->asking, hash, WORLD_NOW_S, GOOD);
    expect(&at, s, text, size, s->asking, hash, WORLD_NOW_S, SVMS_TOKEN_REPLAYED, "used before");
    expect(&at, s, text, size, s->asking, hash, WORLD_NOW_S + 299, SVMS_TOKEN_REPLAYED,
           "used before");
    /* A second approval of the same is another one. */
    size = approve(text, s, &claims, s->key, hash);
    expect(&at, s, text, size, s->asking, hash, WORLD_NOW_S, GOOD);
    stop(&at);
}

/* What failed has not been used: whoever approves is not asked twice for it. */
static void an_approval_that_was_refused_is_not_used_up(void **state)
{
    const scene *s = *state;
    char text[SVMS_JWS_MAX];
    uint8_t hash[32];
    uint8_t other[32];
    server at = start(s, WORLD_AUDIENCE);
    svms_approval_request request = usual_request();
    svms_token_claims claims = usual_claims();
    hash_of(hash, s, &request);
    memcpy(other, hash, sizeof other);
    other[31] ^= 1;
    size_t size = approve(text, s, &claims, s->key, hash);
    expect(&at, s, text, size, s->asking, other, WORLD_NOW_S, SVMS_TOKEN_APPROVAL,
           "another request");
    expect(&at, s, text, size, s->asking, hash, WORLD_NOW_S, GOOD);
    stop(&at);
}

/* Each part of the request that could be exchanged for another after somebody has approved. */
static void an_approval_is_of_one_request_to_the_last_part(void **state)
{
    static const char *const other_devices[] = { "gate-1", "gate-3" };
    static const char *const turned[] = { "gate-2", "gate-1" };
    static const char *const other_recipients[] = { "age1x", "age1z" };
    const scene *s = *state;
    server at = start(s, WORLD_AUDIENCE);
    for (int i = 0; i < 12; i++) {
        char text[SVMS_JWS_MAX];
        uint8_t approved[32];
        uint8_t asked[32];
        svms_approval_request request = usual_request();
        svms_token_claims claims = usual_claims();
        hash_of(approved, s, &request);
        request.action = i == 0 ? "export.verify" : request.action;
        request.devices = i == 1 ? other_devices : i == 2 ? turned : request.devices;
        request.device_count = i == 3 ? 1 : request.device_count;
        request.from_utc_ns -= i == 4;
        request.to_utc_ns += i == 5;
        request.parameters = i == 6 ? "format=mp4" : i == 7 ? NULL : request.parameters;
        request.recipients = i == 8 ? other_recipients : request.recipients;
        request.recipient_count = i == 9 ? 0 : request.recipient_count;
        request.nonce[15] = i == 10 ? 8 : request.nonce[15];
        hash_of(asked, s, &request);
        size_t size = approve(text, s, &claims, s->key, approved);
        if (i == 11) {
            expect(&at, s, text, size, s->asking, asked, WORLD_NOW_S, GOOD);
        } else {
            expect(&at, s, text, size, s->asking, asked, WORLD_NOW_S, SVMS_TOKEN_APPROVAL,
                   "another request");
        }
    }
    stop(&at);
}

/* Words that are put together elsewhere do not make the same request. */
static void lists_and_texts_do_not_run_into_each_other(void **state)
{
    static const char *const one[] = { "a\",\"b" };
    static const char *const two[] = { "a", "b" };
    const scene *s = *state;
    uint8_t left[32];
    uint8_t right[32];
    svms_approval_request request = SVMS_APPROVAL_REQUEST_INIT;
    request.action = "export.create";
    request.devices = one;
    request.device_count = 1;
    hash_of(left, s, &request);
    request.devices = two;
    request.device_count = 2;
    hash_of(right, s, &request);
    assert_memory_not_equal(left, right, sizeof left);
    request.devices = NULL;
    request.device_count = 0;
    request.recipients = two;
    request.recipient_count = 2;
    hash_of(left, s, &request);
    assert_memory_not_equal(left, right, sizeof left);
}

static void nobody_approves_what_he_asks_for_himself(void **state)
{
    const scene *s = *state;
    static const char payload[] =
        "{\"iss\":\"" WORLD_ISSUER "\",\"sub\":\"anna\",\"aud\":\"" WORLD_AUDIENCE
        "\",\"jti\":\"j\",\"client_id\":\"w\",\"iat\":1800000000,\"nbf\":1800000000,"
        "\"exp\":1800000300,\"act\":{\"sub\":\"portal\",\"act\":{\"sub\":\"chief\"}}}";
    static const char *const subjects[] = { "anna", "portal", "chief", "other" };
    scene through = *s;
    through.token_size =
        world_sign(through.token, sizeof through.token, s->ctx, s->key, SVMS_TOKEN_ES256, payload);
    through.asking = world_take(s->verifier, through.token, through.token_size);
    server at = start(s, WORLD_AUDIENCE);
    svms_approval_request request = usual_request();
    uint8_t hash[32];
    hash_of(hash, s, &request);
    for (size_t i = 0; i < 4; i++) {
        char text[SVMS_JWS_MAX];
        svms_token_claims claims = usual_claims();
        claims.subject = subjects[i];
        size_t size = approve(text, &through, &claims, s->key, hash);
        if (i == 3) {
            expect(&at, s, text, size, through.asking, hash, WORLD_NOW_S, GOOD);
        } else {
            expect(&at, s, text, size, through.asking, hash, WORLD_NOW_S, SVMS_TOKEN_APPROVAL,
                   "for himself");
        }
    }
    stop(&at);
    svms_token_free(&through.asking);
}

static void an_approval_is_for_one_login(void **state)
{
    const scene *s = *state;
    char text[SVMS_JWS_MAX];
    uint8_t hash[32];
    scene again = *s;
    svms_token_claims same_person = world_claims(NULL);
    again.token_size = sizeof again.token;
    assert_int_equal(svms_token_issue(s->ctx, &same_person, s->key, SVMS_TOKEN_NO_ALGORITHM, "k1",
                                      again.token, &again.token_size, NULL),
                     SVMS_OK);
    again.asking = world_take(s->verifier, again.token, again.token_size);
    server at = start(s, WORLD_AUDIENCE);
    svms_approval_request request = usual_request();
    svms_token_claims claims = usual_claims();
    hash_of(hash, s, &request);
    size_t size = approve(text, s, &claims, s->key, hash);
    expect(&at, s, text, size, again.asking, hash, WORLD_NOW_S, SVMS_TOKEN_APPROVAL,
           "another login");
    stop(&at);
    svms_token_free(&again.asking);
}

static void an_approval_ends_after_five_minutes_at_most(void **state)
{
    const scene *s = *state;
    char text[SVMS_JWS_MAX];
    uint8_t hash[32];
    server at = start(s, WORLD_AUDIENCE);
    svms_approval_request request = usual_request();
    svms_token_claims claims = usual_claims();
    hash_of(hash, s, &request);
    size_t size = approve(text, s, &claims, s->key, hash);
    /* The clock skew is a minute. */
    expect(&at, s, text, size, s->asking, hash, WORLD_NOW_S + 360, SVMS_TOKEN_EXPIRED, "expired");
    expect(&at, s, text, size, s->asking, hash, WORLD_NOW_S - 61, SVMS_TOKEN_NOT_YET, "not valid");
    expect(&at, s, text, size, s->asking, hash, WORLD_NOW_S + 359, GOOD);
    /* One that claims more, by an issuer who should know better */
    svms_jws_signer signer = { s->key, SVMS_TOKEN_ES256, "k1", "svms-approval+jwt" };
    svms_builder longer = svms_builder_new(s->ctx, SVMS_JWS_MAX);
    static const char payload[] =
        "{\"iss\":\"" WORLD_ISSUER "\",\"sub\":\"chief\",\"aud\":\"" WORLD_AUDIENCE
        "\",\"jti\":\"j\",\"iat\":1800000000,\"exp\":1800000301,"
        "\"req\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
        "\"ath\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}";
    assert_int_equal(svms_jws_put(&longer, &signer, payload, sizeof payload - 1, NULL), SVMS_OK);
    expect(&at, s, (const char *)longer.data, longer.size, s->asking, hash, WORLD_NOW_S,
           SVMS_TOKEN_LIFETIME, "longer");
    svms_builder_clear(&longer);
    stop(&at);
}

static void an_approval_is_for_one_server(void **state)
{
    static const char list[] =
        "{\"iss\":\"" WORLD_ISSUER "\",\"sub\":\"chief\",\"aud\":[\"" WORLD_AUDIENCE
        "\",\"recorder-2\"],\"jti\":\"j\",\"iat\":1800000000,\"exp\":1800000300,"
        "\"req\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
        "\"ath\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}";
    const scene *s = *state;
    char text[SVMS_JWS_MAX];
    uint8_t hash[32];
    server here = start(s, WORLD_AUDIENCE);
    server there = start(s, "recorder-2");
    svms_approval_request request = usual_request();
    svms_token_claims claims = usual_claims();
    hash_of(hash, s, &request);
    size_t size = approve(text, s, &claims, s->key, hash);
    expect(&there, s, text, size, s->asking, hash, WORLD_NOW_S, SVMS_TOKEN_AUDIENCE,
           "somebody else");
    svms_jws_signer signer = { s->key, SVMS_TOKEN_ES256, "k1", "svms-approval+jwt" };
    svms_builder both = svms_builder_new(s->ctx, SVMS_JWS_MAX);
    assert_int_equal(svms_jws_put(&both, &signer, list, sizeof list - 1, NULL), SVMS_OK);
    expect(&here, s, (const char *)both.data, both.size, s->asking, hash, WORLD_NOW_S,
           SVMS_TOKEN_CLAIM, "one server");
    svms_builder_clear(&both);
    stop(&here);
    stop(&there);
}

/* It may have been used before the server lost its memory. */
static void after_a_restart_older_approvals_are_refused(void **state)
{
    scene *s = *state;
    char text[SVMS_JWS_MAX];
    uint8_t hash[32];
    svms_approval_request request = usual_request();
    svms_token_claims claims = usual_claims();
    hash_of(hash, s, &request);
    size_t size = approve(text, s, &claims, s->key, hash);
    server before = start(s, WORLD_AUDIENCE);
    expect(&before, s, text, size, s->asking, hash, WORLD_NOW_S, GOOD);
    stop(&before);
    s->clock_ns = (WORLD_NOW_S + 10) * WORLD_NS;
    server after = start(s, WORLD_AUDIENCE);
    expect(&after, s, text, size, s->asking, hash, WORLD_NOW_S + 11, SVMS_TOKEN_REPLAYED,
           "before this server began");
    /* The issuer's clock may be ahead by the skew: that far, nobody can tell. */
    claims.now_utc_ns = (WORLD_NOW_S + 70) * WORLD_NS;
    size = approve(text, s, &claims, s->key, hash);
    expect(&after, s, text, size, s->asking, hash, WORLD_NOW_S + 72, SVMS_TOKEN_REPLAYED,
           "before this server began");
    claims.now_utc_ns = (WORLD_NOW_S + 71) * WORLD_NS;
    size = approve(text, s, &claims, s->key, hash);
    expect(&after, s, text, size, s->asking, hash, WORLD_NOW_S + 72, GOOD);
    stop(&after);
}

static void an_approval_by_an_unknown_key_is_none(void **state)
{
    const scene *s = *state;
    char text[SVMS_JWS_MAX];
    uint8_t hash[32];
    server at = start(s, WORLD_AUDIENCE);
    svms_approval_request request = usual_request();
    svms_token_claims claims = usual_claims();
    hash_of(hash, s, &request);
    size_t size = approve(text, s, &claims, s->stranger, hash);
    expect(&at, s, text, size, s->asking, hash, WORLD_NOW_S, SVMS_TOKEN_BAD_SIGNATURE,
           "does not verify");
    /* Nor is a token one, however good. */
    expect(&at, s, s->token, s->token_size, s->asking, hash, WORLD_NOW_S, SVMS_TOKEN_PROFILE,
           "another kind");
    stop(&at);
}

/* When the memory is full of what has not expired, nothing is forgotten. */
static void a_flood_of_approvals_makes_the_server_refuse_and_not_forget(void **state)
{
    const scene *s = *state;
    char texts[17][SVMS_JWS_MAX];
    size_t sizes[17];
    uint8_t hash[32];
    server at = start(s, WORLD_AUDIENCE);
    svms_approval_request request = usual_request();
    svms_token_claims claims = usual_claims();
    hash_of(hash, s, &request);
    for (size_t i = 0; i < 17; i++) {
        sizes[i] = approve(texts[i], s, &claims, s->key, hash);
    }
    for (size_t i = 0; i < 16; i++) {
        expect(&at, s, texts[i], sizes[i], s->asking, hash, WORLD_NOW_S, GOOD);
    }
    expect(&at, s, texts[16], sizes[16], s->asking, hash, WORLD_NOW_S, SVMS_TOKEN_BUSY, "too many");
    expect(&at, s, texts[0], sizes[0], s->asking, hash, WORLD_NOW_S, SVMS_TOKEN_REPLAYED,
           "used before");
    /* When they have expired there is room again, and they are refused for that. */
    claims.now_utc_ns = (WORLD_NOW_S + 361) * WORLD_NS;
    sizes[16] = approve(texts[16], s, &claims, s->key, hash);
    expect(&at, s, texts[16], sizes[16], s->asking, hash, WORLD_NOW_S + 361, GOOD);
    expect(&at, s, texts[0], sizes[0], s->asking, hash, WORLD_NOW_S + 361, SVMS_TOKEN_EXPIRED,
           "expired");
    stop(&at);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_approval_counts_once),
        CASE(an_approval_that_was_refused_is_not_used_up),
        CASE(an_approval_is_of_one_request_to_the_last_part),
        CASE(lists_and_texts_do_not_run_into_each_other),
        CASE(nobody_approves_what_he_asks_for_himself),
        CASE(an_approval_is_for_one_login),
        CASE(an_approval_ends_after_five_minutes_at_most),
        CASE(an_approval_is_for_one_server),
        CASE(after_a_restart_older_approvals_are_refused),
        CASE(an_approval_by_an_unknown_key_is_none),
        CASE(a_flood_of_approvals_makes_the_server_refuse_and_not_forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
