/* SPDX-License-Identifier: Apache-2.0 */
/* token.md, sections 2 to 4: each refusal is its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svms/time.h>

#include "jws.h"

#define ISSUER "https://id.example"
#define AUDIENCE "recorder-1"
#define NOW_S INT64_C(1800000000)
#define NS INT64_C(1000000000)
#define JWK_ROOM 2048

typedef struct world {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_private_key *other;
    svms_token_verifier *verifier;
} world;

static const uint8_t peer[32] = "the SHA-256 of a certificate...";

static svms_keyset *set_of(world *w, const svms_private_key *key, const char *kid)
{
    char jwk[JWK_ROOM];
    char json[JWK_ROOM + 32];
    size_t size = sizeof jwk;
    svms_public_key *half = NULL;
    svms_keyset *keys = NULL;
    assert_int_equal(svms_private_key_public(&half, w->ctx, key, NULL), SVMS_OK);
    assert_int_equal(
        svms_public_key_to_jwk(w->ctx, half, SVMS_TOKEN_NO_ALGORITHM, kid, jwk, &size, NULL),
        SVMS_OK);
    int length = snprintf(json, sizeof json, "{\"keys\":[%s]}", jwk);
    assert_int_equal(svms_keyset_from_jwks(&keys, w->ctx, json, (size_t)length, NULL), SVMS_OK);
    svms_public_key_free(&half);
    return keys;
}

static svms_token_rules rules_of(svms_token_profile profile)
{
    svms_token_rules rules = SVMS_TOKEN_RULES_INIT;
    rules.profile = profile;
    rules.audience = AUDIENCE;
    return rules;
}

static svms_token_verifier *verifier_of(world *w, const svms_token_rules *rules)
{
    svms_token_verifier *verifier = NULL;
    svms_keyset *keys = set_of(w, w->key, "k1");
    assert_int_equal(svms_token_verifier_new(&verifier, w->ctx, rules, NULL), SVMS_OK);
    assert_int_equal(svms_token_verifier_add(verifier, ISSUER, &keys, 0, NULL), SVMS_OK);
    assert_null(keys);
    return verifier;
}

/* Well before the tokens were issued, whenever this runs. */
static int64_t an_hour_before(void *user)
{
    (void)user;
    return (NOW_S - 3600) * NS;
}

static int set_up(void **state)
{
    static world w;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.utc_now = an_hour_before;
    memset(&w, 0, sizeof w);
    assert_int_equal(svms_ctx_new(&w.ctx, &options, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_generate(&w.key, w.ctx, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_generate(&w.other, w.ctx, NULL), SVMS_OK);
    svms_token_rules rules = rules_of(SVMS_TOKEN_ACCESS);
    w.verifier = verifier_of(&w, &rules);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    svms_token_verifier_free(&w->verifier);
    svms_private_key_free(&w->key);
    svms_private_key_free(&w->other);
    svms_ctx_free(&w->ctx);
    return 0;
}

static svms_builder token_of(world *w, const svms_private_key *key, const char *type,
                             const char *kid, const char *payload)
{
    svms_jws_signer signer = { key, SVMS_TOKEN_ES256, kid, type };
    svms_builder text = svms_builder_new(w->ctx, SVMS_JWS_MAX);
    assert_int_equal(svms_jws_put(&text, &signer, payload, strlen(payload), NULL), SVMS_OK);
    return text;
}

static svms_token_verdict ask(svms_token_verifier *verifier, const char *text, size_t size,
                              svms_token **out)
{
    svms_token_question question = SVMS_TOKEN_QUESTION_INIT;
    svms_token_verdict verdict = SVMS_TOKEN_APPROVAL;
    svms_token *token = NULL;
    svms_error err = SVMS_ERROR_INIT;
    question.certificate_sha256 = peer;
    question.now_utc_ns = NOW_S * NS;
    svms_status status = svms_token_verify(&token, verifier, text, size, &question, &verdict, &err);
    assert_int_equal(status == SVMS_OK, verdict == SVMS_TOKEN_GOOD);
    assert_int_equal(status == SVMS_OK, token != NULL);
    if (status != SVMS_OK) {
        assert_int_equal(err.status, status);
        assert_string_not_equal(err.message, "");
    }
    if (out) {
        *out = token;
    } else {
        svms_token_free(&token);
    }
    return verdict;
}

static svms_token_verdict verdict_on(world *w, const char *payload)
{
    svms_builder text = token_of(w, w->key, "at+jwt", "k1", payload);
    svms_token_verdict verdict = ask(w->verifier, (const char *)text.data, text.size, NULL);
    svms_builder_clear(&text);
    return verdict;
}

#define WHO                                                                                        \
    "\"iss\":\"" ISSUER "\",\"sub\":\"anna\",\"aud\":\"" AUDIENCE                                  \
    "\",\"jti\":\"j1\",\"client_id\":\"web\""
#define WHEN "\"iat\":1799999900,\"nbf\":1799999900,\"exp\":1800000500"

typedef struct claim_case {
    const char *payload;
    svms_token_verdict verdict;
} claim_case;

static const claim_case claim_cases[] = {
    { "{" WHO "," WHEN "}", SVMS_TOKEN_GOOD },
    { "{" WHO "," WHEN ",\"unknown\":{\"x\":[1,null]}}", SVMS_TOKEN_GOOD },
    { "[]", SVMS_TOKEN_PAYLOAD },
    { "{" WHO "," WHEN, SVMS_TOKEN_PAYLOAD },
    { "{" WHO "," WHEN "} ,", SVMS_TOKEN_PAYLOAD },
    { "{" WHO "," WHEN ",\"sub\":\"eve\"}", SVMS_TOKEN_PAYLOAD },
    { "{" WHO "," WHEN ",\"x\":{\"a\":1,\"a\":2}}", SVMS_TOKEN_PAYLOAD },
    { "{" WHO "," WHEN ",\"x\":\"\\u0000\"}", SVMS_TOKEN_PAYLOAD },
    { "{" WHO "," WHEN ",\"x\":\"\xC3\x28\"}", SVMS_TOKEN_PAYLOAD },
    { "{" WHO "," WHEN ",\"x\":[[[[[[[[[1]]]]]]]]]}", SVMS_TOKEN_PAYLOAD },
    { "{\"sub\":\"anna\",\"aud\":\"" AUDIENCE "\",\"jti\":\"j\",\"client_id\":\"w\"," WHEN "}",
      SVMS_TOKEN_CLAIM },
    { "{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\",\"jti\":\"j\",\"client_id\":\"w\"," WHEN
      "}",
      SVMS_TOKEN_CLAIM },
    { "{\"iss\":\"" ISSUER "\",\"sub\":\"\",\"aud\":\"" AUDIENCE
      "\",\"jti\":\"j\",\"client_id\":\"w\"," WHEN "}",
      SVMS_TOKEN_CLAIM },
    { "{\"iss\":\"" ISSUER "\",\"sub\":7,\"aud\":\"" AUDIENCE
      "\",\"jti\":\"j\",\"client_id\":\"w\"," WHEN "}",
      SVMS_TOKEN_CLAIM },
    { "{\"iss\":\"" ISSUER "/\",\"sub\":\"a\",\"aud\":\"" AUDIENCE
      "\",\"jti\":\"j\",\"client_id\":\"w\"," WHEN "}",
      SVMS_TOKEN_ISSUER },
    { "{\"iss\":\"" ISSUER "\",\"sub\":\"a\",\"jti\":\"j\",\"client_id\":\"w\"," WHEN "}",
      SVMS_TOKEN_CLAIM },
    { "{\"iss\":\"" ISSUER "\",\"sub\":\"a\",\"aud\":[],\"jti\":\"j\",\"client_id\":\"w\"," WHEN
      "}",
      SVMS_TOKEN_CLAIM },
    { "{\"iss\":\"" ISSUER
      "\",\"sub\":\"a\",\"aud\":\"Recorder-1\",\"jti\":\"j\",\"client_id\":\"w\"," WHEN "}",
      SVMS_TOKEN_AUDIENCE },
    { "{\"iss\":\"" ISSUER "\",\"sub\":\"a\",\"aud\":[\"x\",\"" AUDIENCE
      "\"],\"jti\":\"j\",\"client_id\":\"w\"," WHEN "}",
      SVMS_TOKEN_GOOD },
    { "{\"iss\":\"" ISSUER
      "\",\"sub\":\"a\",\"aud\":[\"x\",7],\"jti\":\"j\",\"client_id\":\"w\"," WHEN "}",
      SVMS_TOKEN_CLAIM },
    /* Times */
    { "{" WHO ",\"iat\":1799999900,\"nbf\":1799999900}", SVMS_TOKEN_TIME },
    { "{" WHO ",\"iat\":1799999900,\"exp\":1800000500}", SVMS_TOKEN_TIME },
    { "{" WHO ",\"nbf\":1799999900,\"exp\":1800000500}", SVMS_TOKEN_TIME },
    { "{" WHO ",\"iat\":1799999900,\"nbf\":1799999900,\"exp\":\"1800000500\"}", SVMS_TOKEN_TIME },
    { "{" WHO ",\"iat\":1799999900,\"nbf\":1799999900,\"exp\":-1}", SVMS_TOKEN_TIME },
    { "{" WHO ",\"iat\":1799999900,\"nbf\":-0.5,\"exp\":1800000500}", SVMS_TOKEN_TIME },
    { "{" WHO ",\"iat\":1799999900,\"nbf\":1799999900,\"exp\":9007199254740992}", SVMS_TOKEN_TIME },
    { "{" WHO ",\"iat\":1799999900,\"nbf\":1799999900,\"exp\":1e300}", SVMS_TOKEN_TIME },
    { "{" WHO ",\"iat\":1800000100,\"nbf\":1800000050,\"exp\":1800000100}", SVMS_TOKEN_TIME },
    { "{" WHO ",\"iat\":1799990000,\"nbf\":1799990000,\"exp\":1799999940}", SVMS_TOKEN_EXPIRED },
    { "{" WHO ",\"iat\":1799990000,\"nbf\":1799990000,\"exp\":1799999941}", SVMS_TOKEN_GOOD },
    { "{" WHO ",\"iat\":1799990000,\"nbf\":1799990000,\"exp\":1799999940.9}", SVMS_TOKEN_EXPIRED },
    { "{" WHO ",\"iat\":1800000000,\"nbf\":1800000061,\"exp\":1800000500}", SVMS_TOKEN_NOT_YET },
    { "{" WHO ",\"iat\":1800000000,\"nbf\":1800000060,\"exp\":1800000500}", SVMS_TOKEN_GOOD },
    { "{" WHO ",\"iat\":1800000000,\"nbf\":1800000060.1,\"exp\":1800000500}", SVMS_TOKEN_NOT_YET },
    { "{" WHO ",\"iat\":1800000061,\"nbf\":1800000000,\"exp\":1800000500}", SVMS_TOKEN_NOT_YET },
    { "{" WHO ",\"iat\":1799999900,\"nbf\":1799999900,\"exp\":1800086300}", SVMS_TOKEN_GOOD },
    { "{" WHO ",\"iat\":1799999900,\"nbf\":1799999900,\"exp\":1800086301}", SVMS_TOKEN_LIFETIME },
    /* Binding: base64url of the peer above, of something else, and of nothing like it */
    { "{" WHO "," WHEN ",\"cnf\":{\"x5t#S256\":\"dGhlIFNIQS0yNTYgb2YgYSBjZXJ0aWZpY2F0ZS4uLgA\"}}",
      SVMS_TOKEN_GOOD },
    { "{" WHO "," WHEN ",\"cnf\":{\"x5t#S256\":\"AGhlIFNIQS0yNTYgb2YgYSBjZXJ0aWZpY2F0ZS4uLgA\"}}",
      SVMS_TOKEN_BINDING },
    { "{" WHO "," WHEN ",\"cnf\":{\"x5t#S256\":\"dGhl\"}}", SVMS_TOKEN_BINDING },
    { "{" WHO "," WHEN ",\"cnf\":{\"jkt\":\"x\"}}", SVMS_TOKEN_BINDING },
    { "{" WHO "," WHEN ",\"cnf\":{}}", SVMS_TOKEN_BINDING },
    { "{" WHO "," WHEN ",\"cnf\":7}", SVMS_TOKEN_BINDING },
    /* The rest */
    { "{" WHO "," WHEN ",\"amr\":\"pwd\"}", SVMS_TOKEN_CLAIM },
    { "{" WHO "," WHEN ",\"amr\":[1]}", SVMS_TOKEN_CLAIM },
    { "{" WHO "," WHEN ",\"act\":{\"sub\":\"g\",\"act\":{\"sub\":\"h\"}}}", SVMS_TOKEN_GOOD },
    { "{" WHO "," WHEN ",\"act\":{}}", SVMS_TOKEN_CLAIM },
    { "{" WHO "," WHEN
      ",\"act\":{\"sub\":\"1\",\"act\":{\"sub\":\"2\",\"act\":{\"sub\":\"3\",\"act\":{\"sub\":"
      "\"4\",\"act\":{\"sub\":\"5\"}}}}}}",
      SVMS_TOKEN_CLAIM },
};

static void each_claim_that_breaks_a_rule_has_its_verdict(void **state)
{
    for (size_t i = 0; i < sizeof claim_cases / sizeof claim_cases[0]; i++) {
        svms_token_verdict verdict = verdict_on(*state, claim_cases[i].payload);
        if (verdict != claim_cases[i].verdict) {
            fail_msg("%s: %s, not %s", claim_cases[i].payload, svms_token_verdict_name(verdict),
                     svms_token_verdict_name(claim_cases[i].verdict));
        }
    }
}

static void what_a_token_says_is_told(void **state)
{
    world *w = *state;
    svms_token *token = NULL;
    svms_token_info info = SVMS_TOKEN_INFO_INIT;
    svms_builder text =
        token_of(w, w->key, "application/AT+JWT", "k1",
                 "{" WHO "," WHEN ",\"amr\":[\"pwd\",\"otp\"],\"roles\":[\"op\"],"
                 "\"sid\":\"s\",\"auth_time\":1799999000.5,\"act\":{\"sub\":\"g\"}}");
    assert_int_equal(ask(w->verifier, (const char *)text.data, text.size, &token), SVMS_TOKEN_GOOD);
    svms_builder_clear(&text);
    assert_int_equal(svms_token_describe(token, &info, NULL), SVMS_OK);
    assert_string_equal(info.issuer, ISSUER);
    assert_string_equal(info.subject, "anna");
    assert_string_equal(info.id, "j1");
    assert_string_equal(info.client, "web");
    assert_string_equal(info.session, "s");
    assert_true(info.issued_utc_ns == INT64_C(1799999900) * NS);
    assert_true(info.expires_utc_ns == INT64_C(1800000500) * NS);
    assert_true(info.authenticated_utc_ns == INT64_C(1799999000) * NS);
    assert_int_equal(info.is_bound, 0);
    assert_int_equal(info.method_count, 2);
    assert_string_equal(svms_token_method(token, 1), "otp");
    assert_null(svms_token_method(token, 2));
    assert_string_equal(svms_token_role(token, 0), "op");
    assert_string_equal(svms_token_actor(token, 0), "g");
    svms_token_free(&token);
    assert_null(token);
}

/* Headers are spelled by hand: nothing here would write them. {"sub":"x"} follows, and a signature
 * of the right size. */
typedef struct header_case {
    const char *header;
    svms_token_verdict verdict;
} header_case;

static const header_case header_cases[] = {
    /* {"alg":"none","typ":"at+jwt"} and with other spellings of algorithms */
    { "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0", SVMS_TOKEN_WRONG_ALGORITHM },
    { "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9", SVMS_TOKEN_WRONG_ALGORITHM },
    { "eyJhbGciOiJlczI1NiIsInR5cCI6ImF0K2p3dCJ9", SVMS_TOKEN_WRONG_ALGORITHM },
    /* {"alg":"ES256"}, {"alg":"ES256","typ":"JWT"} */
    { "eyJhbGciOiJFUzI1NiJ9", SVMS_TOKEN_PROFILE },
    { "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9", SVMS_TOKEN_PROFILE },
    /* {"alg":"ES256","typ":"at+jwt","kid":"k2"}; with "jku":""; with "crit":["x"]; with alg twice
     */
    { "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsyIn0", SVMS_TOKEN_UNKNOWN_KEY },
    { "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImprdSI6IiJ9", SVMS_TOKEN_HEADER },
    { "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImNyaXQiOiJ4In0", SVMS_TOKEN_CRITICAL },
    { "eyJhbGciOiJFUzI1NiIsImFsZyI6Im5vbmUiLCJ0eXAiOiJhdCtqd3QifQ", SVMS_TOKEN_HEADER },
    /* {"alg":"EdDSA","typ":"at+jwt","kid":"k1"} */
    { "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0", SVMS_TOKEN_WRONG_ALGORITHM },
    /* {"alg":"ES256","typ":"at+jwt","kid":"k1"}, and the signature is none */
    { "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0", SVMS_TOKEN_BAD_SIGNATURE },
    { "", SVMS_TOKEN_HEADER },
    { "e30", SVMS_TOKEN_HEADER },
    { "e30=", SVMS_TOKEN_FORM },
};

static void each_header_that_breaks_a_rule_has_its_verdict(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof header_cases / sizeof header_cases[0]; i++) {
        char text[1024];
        char signature[87];
        memset(signature, 'A', 86);
        signature[86] = '\0';
        int size =
            snprintf(text, sizeof text, "%s.eyJzdWIiOiJ4In0.%s", header_cases[i].header, signature);
        svms_token_verdict verdict = ask(w->verifier, text, (size_t)size, NULL);
        if (verdict != header_cases[i].verdict) {
            fail_msg("%s: %s, not %s", header_cases[i].header, svms_token_verdict_name(verdict),
                     svms_token_verdict_name(header_cases[i].verdict));
        }
    }
}

static void what_is_no_token_is_refused_by_its_form(void **state)
{
    static const char *const texts[] = { "",           ".", "..", "a.b", "a.b.c.d", "e30.e30.AA==",
                                         "e30.e30 .AA" };
    world *w = *state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        svms_token_verdict verdict = ask(w->verifier, texts[i], strlen(texts[i]), NULL);
        assert_true(verdict == SVMS_TOKEN_FORM || verdict == SVMS_TOKEN_HEADER);
    }
    static char longest[SVMS_JWS_MAX + 1];
    memset(longest, 'A', sizeof longest);
    assert_int_equal(ask(w->verifier, longest, sizeof longest, NULL), SVMS_TOKEN_FORM);
}

static void a_token_of_another_key_is_refused(void **state)
{
    world *w = *state;
    svms_builder text = token_of(w, w->other, "at+jwt", "k1", "{" WHO "," WHEN "}");
    assert_int_equal(ask(w->verifier, (const char *)text.data, text.size, NULL),
                     SVMS_TOKEN_BAD_SIGNATURE);
    svms_builder_clear(&text);
}

static void a_withdrawn_key_is_good_for_its_time_of_grace_only(void **state)
{
    world *w = *state;
    const uint32_t graces[] = { 600, 0 };
    for (size_t i = 0; i < 2; i++) {
        svms_token_rules rules = rules_of(SVMS_TOKEN_ACCESS);
        rules.grace_s = graces[i];
        svms_token_verifier *verifier = verifier_of(w, &rules);
        svms_keyset *keys = set_of(w, w->other, "k2");
        svms_builder old = token_of(w, w->key, "at+jwt", "k1", "{" WHO "," WHEN "}");
        svms_builder fresh = token_of(w, w->other, "at+jwt", "k2", "{" WHO "," WHEN "}");
        assert_int_equal(svms_token_verifier_replace(verifier, ISSUER, &keys, NULL), SVMS_OK);
        assert_null(keys);
        assert_int_equal(ask(verifier, (const char *)fresh.data, fresh.size, NULL),
                         SVMS_TOKEN_GOOD);
        assert_int_equal(ask(verifier, (const char *)old.data, old.size, NULL),
                         graces[i] > 0 ? SVMS_TOKEN_GOOD : SVMS_TOKEN_UNKNOWN_KEY);
        svms_builder_clear(&old);
        svms_builder_clear(&fresh);
        svms_token_verifier_free(&verifier);
    }
}

typedef struct source {
    world *w;
    unsigned asked;
    bool fails;
} source;

static svms_status fetch(void *user, const char *issuer, svms_keyset **out, svms_error *err)
{
    source *from = user;
    (void)err;
    assert_string_equal(issuer, ISSUER);
    from->asked++;
    if (from->fails) {
        return SVMS_E_IO;
    }
    *out = set_of(from->w, from->w->other, "k2");
    return SVMS_OK;
}

static void unknown_keys_are_fetched_once_in_a_while(void **state)
{
    world *w = *state;
    for (int fails = 0; fails < 2; fails++) {
        source from = { w, 0, fails == 1 };
        svms_token_rules rules = rules_of(SVMS_TOKEN_ACCESS);
        rules.fetch = fetch;
        rules.user = &from;
        svms_token_verifier *verifier = verifier_of(w, &rules);
        svms_builder known = token_of(w, w->other, "at+jwt", "k2", "{" WHO "," WHEN "}");
        svms_builder unknown = token_of(w, w->other, "at+jwt", "k3", "{" WHO "," WHEN "}");
        assert_int_equal(ask(verifier, (const char *)known.data, known.size, NULL),
                         fails ? SVMS_TOKEN_UNKNOWN_KEY : SVMS_TOKEN_GOOD);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(ask(verifier, (const char *)unknown.data, unknown.size, NULL),
                             SVMS_TOKEN_UNKNOWN_KEY);
        }
        assert_int_equal(from.asked, 1);
        svms_builder_clear(&known);
        svms_builder_clear(&unknown);
        svms_token_verifier_free(&verifier);
    }
}

static void two_issuers_may_use_one_name_for_their_keys(void **state)
{
    world *w = *state;
    svms_token_rules rules = rules_of(SVMS_TOKEN_ACCESS);
    svms_token_verifier *verifier = verifier_of(w, &rules);
    svms_keyset *keys = set_of(w, w->other, "k1");
    assert_int_equal(svms_token_verifier_add(verifier, "https://gateway.example", &keys, 1, NULL),
                     SVMS_OK);
    svms_builder own = token_of(w, w->key, "at+jwt", "k1", "{" WHO "," WHEN "}");
    svms_builder forged = token_of(w, w->other, "at+jwt", "k1", "{" WHO "," WHEN "}");
    svms_builder exchanged =
        token_of(w, w->other, "at+jwt", "k1",
                 "{\"iss\":\"https://gateway.example\",\"sub\":\"anna\",\"aud\":\"" AUDIENCE
                 "\",\"jti\":\"j\",\"client_id\":\"g\"," WHEN ",\"act\":{\"sub\":\"gateway\"}}");
    svms_builder alone =
        token_of(w, w->other, "at+jwt", "k1",
                 "{\"iss\":\"https://gateway.example\",\"sub\":\"anna\",\"aud\":\"" AUDIENCE
                 "\",\"jti\":\"j\",\"client_id\":\"g\"," WHEN "}");
    assert_int_equal(ask(verifier, (const char *)own.data, own.size, NULL), SVMS_TOKEN_GOOD);
    assert_int_equal(ask(verifier, (const char *)forged.data, forged.size, NULL),
                     SVMS_TOKEN_ISSUER);
    assert_int_equal(ask(verifier, (const char *)exchanged.data, exchanged.size, NULL),
                     SVMS_TOKEN_GOOD);
    assert_int_equal(ask(verifier, (const char *)alone.data, alone.size, NULL), SVMS_TOKEN_ISSUER);
    svms_builder_clear(&own);
    svms_builder_clear(&forged);
    svms_builder_clear(&exchanged);
    svms_builder_clear(&alone);
    svms_token_verifier_free(&verifier);
}

static svms_token_claims operator_claims(void)
{
    static const char *const methods[] = { "pwd", "otp" };
    svms_token_claims claims = SVMS_TOKEN_CLAIMS_INIT;
    claims.issuer = ISSUER;
    claims.audience = AUDIENCE;
    claims.subject = "operator.anna@security.example";
    claims.client = "web";
    claims.methods = methods;
    claims.method_count = 2;
    claims.certificate_sha256 = peer;
    claims.now_utc_ns = NOW_S * NS;
    claims.rights =
        "[{\"type\":\"svms\",\"actions\":[\"live.view\",\"playback.view\"],\"devices\":["
        "\"00112233445566778899aabbccddeeff\",\"10112233445566778899aabbccddeeff\","
        "\"20112233445566778899aabbccddeeff\",\"30112233445566778899aabbccddeeff\","
        "\"40112233445566778899aabbccddeeff\"],\"when\":[{\"from\":\"06:00\",\"to\":\"22:00\"}]}]";
    claims.rights_size = strlen(claims.rights);
    return claims;
}

/* J-ISS-2 */
static void a_token_for_five_cameras_is_short_and_verifies(void **state)
{
    world *w = *state;
    char text[SVMS_JWS_MAX];
    size_t size = sizeof text;
    svms_token *token = NULL;
    svms_token_info info = SVMS_TOKEN_INFO_INIT;
    svms_token_claims claims = operator_claims();
    svms_error err = SVMS_ERROR_INIT;
    if (svms_token_issue(w->ctx, &claims, w->key, SVMS_TOKEN_NO_ALGORITHM, "k1", text, &size,
                         &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_true(size < 1000);
    assert_int_equal(strlen(text), size);
    assert_int_equal(ask(w->verifier, text, size, &token), SVMS_TOKEN_GOOD);
    assert_int_equal(svms_token_describe(token, &info, NULL), SVMS_OK);
    assert_string_equal(info.subject, claims.subject);
    assert_int_equal(info.is_bound, 1);
    assert_true(info.expires_utc_ns == (NOW_S + 600) * NS);
    assert_int_equal(strlen(info.id), 22);
    svms_token_free(&token);
}

static void a_key_without_a_name_goes_by_its_thumbprint(void **state)
{
    world *w = *state;
    char text[SVMS_JWS_MAX];
    size_t size = sizeof text;
    svms_token_verifier *verifier = NULL;
    svms_token_rules rules = rules_of(SVMS_TOKEN_ACCESS);
    svms_keyset *keys = set_of(w, w->key, NULL);
    svms_token_claims claims = operator_claims();
    assert_int_equal(svms_token_verifier_new(&verifier, w->ctx, &rules, NULL), SVMS_OK);
    assert_int_equal(svms_token_verifier_add(verifier, ISSUER, &keys, 0, NULL), SVMS_OK);
    assert_int_equal(
        svms_token_issue(w->ctx, &claims, w->key, SVMS_TOKEN_NO_ALGORITHM, NULL, text, &size, NULL),
        SVMS_OK);
    assert_int_equal(ask(verifier, text, size, NULL), SVMS_TOKEN_GOOD);
    svms_token_verifier_free(&verifier);
}

static void what_no_verifier_would_take_is_not_issued(void **state)
{
    static const char *const bad[] = {
        "{}",
        "[],\"act\":{\"sub\":\"x\"}",
        "[{\"type\":\"svms\",\"devices\":[\"*\"]}]",
        "[{\"type\":\"svms\",\"actions\":[\"*\"],\"moon\":1}]",
        "[{\"type\":\"svms\",\"actions\":[\"*\"],\"clients\":[\"toaster\"]}]",
        "[",
        "",
    };
    world *w = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[SVMS_JWS_MAX];
        size_t size = sizeof text;
        svms_token_claims claims = operator_claims();
        claims.rights = bad[i];
        claims.rights_size = strlen(bad[i]);
        assert_int_equal(svms_token_issue(w->ctx, &claims, w->key, SVMS_TOKEN_NO_ALGORITHM, "k1",
                                          text, &size, NULL),
                         SVMS_E_MALFORMED);
    }
}

static void a_token_for_single_use_is_used_once(void **state)
{
    world *w = *state;
    svms_replay *replay = NULL;
    svms_token_rules rules = rules_of(SVMS_TOKEN_ACCESS);
    assert_int_equal(svms_replay_new(&replay, w->ctx, 2, NULL), SVMS_OK);
    rules.replay = replay;
    svms_token_verifier *verifier = verifier_of(w, &rules);
    const svms_token_verdict due[] = { SVMS_TOKEN_GOOD, SVMS_TOKEN_GOOD, SVMS_TOKEN_BUSY };
    for (size_t i = 0; i < 3; i++) {
        char text[SVMS_JWS_MAX];
        size_t size = sizeof text;
        svms_token_claims claims = operator_claims();
        assert_int_equal(svms_token_issue(w->ctx, &claims, w->key, SVMS_TOKEN_NO_ALGORITHM, "k1",
                                          text, &size, NULL),
                         SVMS_OK);
        assert_int_equal(ask(verifier, text, size, NULL), due[i]);
        assert_int_equal(ask(verifier, text, size, NULL),
                         i < 2 ? SVMS_TOKEN_REPLAYED : SVMS_TOKEN_BUSY);
    }
    svms_token_verifier_free(&verifier);
    svms_replay_free(&replay);
}

/* It may have been used before the memory was lost. */
static void a_token_from_before_the_memory_is_refused(void **state)
{
    world *w = *state;
    char text[SVMS_JWS_MAX];
    size_t size = sizeof text;
    svms_replay *replay = NULL;
    svms_token *token = NULL;
    svms_token_verdict verdict = SVMS_TOKEN_GOOD;
    svms_token_question question = SVMS_TOKEN_QUESTION_INIT;
    svms_token_rules rules = rules_of(SVMS_TOKEN_ACCESS);
    svms_token_claims claims = operator_claims();
    claims.now_utc_ns = SVMS_NO_TIME;
    assert_int_equal(
        svms_token_issue(w->ctx, &claims, w->key, SVMS_TOKEN_NO_ALGORITHM, "k1", text, &size, NULL),
        SVMS_OK);
    assert_int_equal(svms_replay_new(&replay, w->ctx, 8, NULL), SVMS_OK);
    rules.replay = replay;
    svms_token_verifier *verifier = verifier_of(w, &rules);
    question.certificate_sha256 = peer;
    assert_int_equal(svms_token_verify(&token, verifier, text, size, &question, &verdict, NULL),
                     SVMS_E_POLICY);
    assert_int_equal(verdict, SVMS_TOKEN_REPLAYED);
    svms_token_verifier_free(&verifier);
    svms_replay_free(&replay);
}

typedef struct revoked_case {
    svms_revoke_kind kind;
    const char *value;
    int64_t before_s;
    svms_token_verdict verdict;
} revoked_case;

static void what_is_revoked_is_refused_on_every_server(void **state)
{
    static const revoked_case cases[] = {
        { SVMS_REVOKE_TOKEN, "j1", 0, SVMS_TOKEN_REVOKED },
        { SVMS_REVOKE_TOKEN, "j2", 0, SVMS_TOKEN_GOOD },
        { SVMS_REVOKE_SUBJECT, "anna", 1799999901, SVMS_TOKEN_REVOKED },
        { SVMS_REVOKE_SUBJECT, "anna", 1799999900, SVMS_TOKEN_GOOD },
        { SVMS_REVOKE_SUBJECT, "bert", 1799999901, SVMS_TOKEN_GOOD },
        { SVMS_REVOKE_EPOCH, NULL, 1799999901, SVMS_TOKEN_REVOKED },
        { SVMS_REVOKE_EPOCH, NULL, 1799999900, SVMS_TOKEN_GOOD },
    };
    world *w = *state;
    svms_builder text = token_of(w, w->key, "at+jwt", "k1", "{" WHO "," WHEN "}");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_revocations *here = NULL;
        svms_revocations *there = NULL;
        char list[1024];
        size_t size = sizeof list;
        svms_revocation_entry entry = SVMS_REVOCATION_ENTRY_INIT;
        svms_token_rules rules = rules_of(SVMS_TOKEN_ACCESS);
        entry.kind = cases[i].kind;
        entry.issuer = ISSUER;
        entry.value = cases[i].value;
        entry.before_utc_ns = cases[i].before_s * NS;
        assert_int_equal(svms_revocations_new(&here, w->ctx, NULL), SVMS_OK);
        assert_int_equal(svms_revocations_new(&there, w->ctx, NULL), SVMS_OK);
        assert_int_equal(svms_revocations_add(here, &entry, NULL), SVMS_OK);
        assert_int_equal(svms_revocations_write(here, list, &size, NULL), SVMS_OK);
        for (int twice = 0; twice < 2; twice++) {
            assert_int_equal(svms_revocations_merge(there, list, size, NULL), SVMS_OK);
        }
        assert_int_equal(svms_revocations_count(there), 1);
        rules.revocations = there;
        svms_token_verifier *verifier = verifier_of(w, &rules);
        if (ask(verifier, (const char *)text.data, text.size, NULL) != cases[i].verdict) {
            fail_msg("case %zu", i);
        }
        svms_token_verifier_free(&verifier);
        svms_revocations_free(&here);
        svms_revocations_free(&there);
    }
    svms_builder_clear(&text);
}

/* Refused for its size, before anybody looks at it. */
static void a_list_of_revocations_has_a_bound(void **state)
{
    static const char beginning[] =
        "{\"format\":\"svms-revocations\",\"version\":1,\"entries\":[]}";
    const size_t most = (size_t)64 * 1024 * 1024;
    world *w = *state;
    svms_revocations *list = NULL;
    svms_error err = SVMS_ERROR_INIT;
    char *text = malloc(most + 1);
    assert_non_null(text);
    memset(text, ' ', most + 1);
    memcpy(text, beginning, sizeof beginning - 1);
    assert_int_equal(svms_revocations_new(&list, w->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_revocations_merge(list, text, most, &err), SVMS_OK);
    assert_int_equal(svms_revocations_merge(list, text, most + 1, &err), SVMS_E_MALFORMED);
    assert_non_null(strstr(err.message, "67108864"));
    svms_revocations_free(&list);
    free(text);
}

/* Somebody else's yes, and ways in which it is none. */
typedef struct approval_case {
    const char *subject;
    bool other_request;
    bool other_token;
    uint32_t life_s;
    svms_token_verdict verdict;
} approval_case;

static svms_token_verdict check_approval(world *w, svms_token_verifier *verifier, const char *text,
                                         size_t size, const svms_token *asking,
                                         const uint8_t hash[32])
{
    svms_token_question question = SVMS_TOKEN_QUESTION_INIT;
    svms_token_verdict verdict = SVMS_TOKEN_GOOD;
    svms_token *approval = NULL;
    question.now_utc_ns = NOW_S * NS;
    (void)w;
    svms_status status = svms_approval_check(&approval, verifier, text, size, asking, hash,
                                             &question, &verdict, NULL);
    assert_int_equal(status == SVMS_OK, verdict == SVMS_TOKEN_GOOD);
    svms_token_free(&approval);
    return verdict;
}

static void an_approval_is_of_one_request_by_somebody_else_and_once(void **state)
{
    static const approval_case cases[] = {
        { "chief", false, false, 300, SVMS_TOKEN_GOOD },
        { "operator.anna@security.example", false, false, 300, SVMS_TOKEN_APPROVAL },
        { "chief", true, false, 300, SVMS_TOKEN_APPROVAL },
        { "chief", false, true, 300, SVMS_TOKEN_APPROVAL },
    };
    static const char *const devices[] = { "gate-1" };
    world *w = *state;
    char first[SVMS_JWS_MAX];
    size_t first_size = sizeof first;
    svms_token *asking = NULL;
    svms_replay *replay = NULL;
    uint8_t hash[32];
    uint8_t other[32];
    svms_approval_request request = SVMS_APPROVAL_REQUEST_INIT;
    svms_token_rules rules = rules_of(SVMS_TOKEN_APPROVING);
    svms_token_claims claims = operator_claims();
    request.action = "mask.lift";
    request.devices = devices;
    request.device_count = 1;
    assert_int_equal(svms_approval_hash(w->ctx, &request, hash, NULL), SVMS_OK);
    request.nonce[15] = 1;
    assert_int_equal(svms_approval_hash(w->ctx, &request, other, NULL), SVMS_OK);
    assert_memory_not_equal(hash, other, sizeof hash);
    assert_int_equal(svms_token_issue(w->ctx, &claims, w->key, SVMS_TOKEN_NO_ALGORITHM, "k1", first,
                                      &first_size, NULL),
                     SVMS_OK);
    assert_int_equal(ask(w->verifier, first, first_size, &asking), SVMS_TOKEN_GOOD);
    assert_int_equal(svms_replay_new(&replay, w->ctx, 16, NULL), SVMS_OK);
    rules.replay = replay;
    svms_token_verifier *verifier = verifier_of(w, &rules);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SVMS_JWS_MAX];
        size_t size = sizeof text;
        svms_token_claims approving = operator_claims();
        approving.subject = cases[i].subject;
        approving.life_s = cases[i].life_s;
        assert_int_equal(svms_approval_issue(w->ctx, &approving,
                                             cases[i].other_request ? other : hash, first,
                                             first_size - cases[i].other_token, w->key,
                                             SVMS_TOKEN_NO_ALGORITHM, "k1", text, &size, NULL),
                         SVMS_OK);
        assert_int_equal(check_approval(w, verifier, text, size, asking, hash), cases[i].verdict);
        if (cases[i].verdict == SVMS_TOKEN_GOOD) {
            assert_int_equal(check_approval(w, verifier, text, size, asking, hash),
                             SVMS_TOKEN_REPLAYED);
        }
        /* And it is no token. */
        assert_int_equal(ask(w->verifier, text, size, NULL), SVMS_TOKEN_PROFILE);
    }
    svms_token_claims longer = operator_claims();
    char text[SVMS_JWS_MAX];
    size_t size = sizeof text;
    longer.life_s = SVMS_APPROVAL_LIFE_MAX + 1;
    assert_int_equal(svms_approval_issue(w->ctx, &longer, hash, first, first_size, w->key,
                                         SVMS_TOKEN_NO_ALGORITHM, "k1", text, &size, NULL),
                     SVMS_E_USAGE);
    svms_token_free(&asking);
    svms_token_verifier_free(&verifier);
    svms_replay_free(&replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_claim_that_breaks_a_rule_has_its_verdict),
        cmocka_unit_test(what_a_token_says_is_told),
        cmocka_unit_test(each_header_that_breaks_a_rule_has_its_verdict),
        cmocka_unit_test(what_is_no_token_is_refused_by_its_form),
        cmocka_unit_test(a_token_of_another_key_is_refused),
        cmocka_unit_test(a_withdrawn_key_is_good_for_its_time_of_grace_only),
        cmocka_unit_test(unknown_keys_are_fetched_once_in_a_while),
        cmocka_unit_test(two_issuers_may_use_one_name_for_their_keys),
        cmocka_unit_test(a_token_for_five_cameras_is_short_and_verifies),
        cmocka_unit_test(a_key_without_a_name_goes_by_its_thumbprint),
        cmocka_unit_test(what_no_verifier_would_take_is_not_issued),
        cmocka_unit_test(a_token_for_single_use_is_used_once),
        cmocka_unit_test(a_token_from_before_the_memory_is_refused),
        cmocka_unit_test(what_is_revoked_is_refused_on_every_server),
        cmocka_unit_test(a_list_of_revocations_has_a_bound),
        cmocka_unit_test(an_approval_is_of_one_request_by_somebody_else_and_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
