/* SPDX-License-Identifier: Apache-2.0 */
#include "token_acts.h"

#include <openssl/crypto.h>

#define ROOM 8192
#define RIGHTS                                                                                     \
    "[{\"type\":\"svms\",\"actions\":[\"live.*\"],\"devices\":[\"a\"],\"clients\":[\"browser\"]}]"
#define NARROWER                                                                                   \
    "[{\"type\":\"svms\",\"actions\":[\"live.view\"],\"devices\":[\"a\"],\"clients\":["            \
    "\"browser\"],\"when\":[{\"from\":\"08:00\"}]}]"

static const svms_token_algorithm algorithms[ACT_ALGORITHMS] = { SVMS_TOKEN_ES256, SVMS_TOKEN_ES384,
                                                                 SVMS_TOKEN_EDDSA, SVMS_TOKEN_RS256,
                                                                 SVMS_TOKEN_PS256 };

/* As text, so that it belongs to no context. */
typedef struct material {
    char private_jwk[ROOM];
    char public_jwk[ROOM];
    char jwks[ROOM + 32];
    char token[SVMS_JWS_MAX];
    char forged[SVMS_JWS_MAX];
    char approval[SVMS_JWS_MAX];
} material;

static material made[ACT_ALGORITHMS];
static uint8_t request_hash[32];
static char revocations[1024];

static int64_t an_hour_before(void *user)
{
    (void)user;
    return (WORLD_NOW_S - 3600) * WORLD_NS;
}

svms_ctx_options token_acts_options(void)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.utc_now = an_hour_before;
    return options;
}

static svms_approval_request request_of(void)
{
    static const char *const devices[] = { "a" };
    svms_approval_request request = SVMS_APPROVAL_REQUEST_INIT;
    request.action = "mask.lift";
    request.devices = devices;
    request.device_count = 1;
    return request;
}

static svms_token_claims approving(void)
{
    svms_token_claims claims = world_claims(NULL);
    claims.subject = "chief";
    claims.life_s = SVMS_APPROVAL_LIFE_MAX;
    return claims;
}

static void prepare(material *out, svms_ctx *ctx, svms_token_algorithm algorithm)
{
    svms_private_key *key = world_key(ctx, algorithm);
    svms_public_key *half = NULL;
    svms_token_claims claims = world_claims(RIGHTS);
    svms_token_claims approval = approving();
    size_t sizes[5] = { ROOM, ROOM, SVMS_JWS_MAX, SVMS_JWS_MAX, SVMS_JWS_MAX };
    assert_int_equal(
        svms_private_key_to_jwk(ctx, key, algorithm, "k1", out->private_jwk, &sizes[0], NULL),
        SVMS_OK);
    assert_int_equal(svms_private_key_public(&half, ctx, key, NULL), SVMS_OK);
    assert_int_equal(
        svms_public_key_to_jwk(ctx, half, algorithm, "k1", out->public_jwk, &sizes[1], NULL),
        SVMS_OK);
    world_jwks(out->jwks, sizeof out->jwks, ctx, key, algorithm, "k1");
    assert_int_equal(
        svms_token_issue(ctx, &claims, key, algorithm, "k1", out->token, &sizes[2], NULL), SVMS_OK);
    /* A signature of the right form, over something else. */
    claims.subject = "eve";
    assert_int_equal(
        svms_token_issue(ctx, &claims, key, algorithm, "k1", out->forged, &sizes[3], NULL),
        SVMS_OK);
    memcpy(strrchr(out->forged, '.'), strrchr(out->token, '.'),
           strlen(strrchr(out->token, '.')) + 1);
    assert_int_equal(svms_approval_issue(ctx, &approval, request_hash, out->token, sizes[2], key,
                                         algorithm, "k1", out->approval, &sizes[4], NULL),
                     SVMS_OK);
    svms_public_key_free(&half);
    svms_private_key_free(&key);
}

void token_acts_prepare(void)
{
    svms_ctx_options options = token_acts_options();
    svms_ctx *ctx = NULL;
    svms_revocations *list = NULL;
    size_t size = sizeof revocations;
    svms_revocation_entry entry = SVMS_REVOCATION_ENTRY_INIT;
    svms_approval_request request = request_of();
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    assert_int_equal(svms_approval_hash(ctx, &request, request_hash, NULL), SVMS_OK);
    for (size_t i = 0; i < ACT_ALGORITHMS; i++) {
        prepare(&made[i], ctx, algorithms[i]);
    }
    entry.issuer = WORLD_ISSUER;
    entry.value = "j2";
    assert_int_equal(svms_revocations_new(&list, ctx, NULL), SVMS_OK);
    assert_int_equal(svms_revocations_add(list, &entry, NULL), SVMS_OK);
    assert_int_equal(svms_revocations_write(list, revocations, &size, NULL), SVMS_OK);
    svms_revocations_free(&list);
    svms_ctx_free(&ctx);
}

static svms_status read_public(svms_ctx *ctx, size_t i, svms_error *err)
{
    char text[ROOM];
    char thumbprint[SVMS_THUMBPRINT_SIZE];
    size_t size = sizeof text;
    svms_public_key *key = NULL;
    svms_status status =
        svms_public_key_from_jwk(&key, ctx, made[i].public_jwk, strlen(made[i].public_jwk), err);
    assert_int_equal(status == SVMS_OK, key != NULL);
    if (status == SVMS_OK) {
        status = svms_public_key_to_jwk(ctx, key, algorithms[i], "k1", text, &size, err);
    }
    if (status == SVMS_OK) {
        assert_string_equal(text, made[i].public_jwk);
        status = svms_public_key_thumbprint(ctx, key, thumbprint, err);
    }
    svms_public_key_free(&key);
    return status;
}

static svms_status read_key(svms_private_key **out, svms_ctx *ctx, size_t i, svms_error *err)
{
    svms_status status =
        svms_private_key_from_jwk(out, ctx, made[i].private_jwk, strlen(made[i].private_jwk), err);
    assert_int_equal(status == SVMS_OK, *out != NULL);
    return status;
}

static svms_status read_private(svms_ctx *ctx, size_t i, svms_error *err)
{
    char text[ROOM] = "untouched";
    size_t size = sizeof text;
    svms_private_key *key = NULL;
    svms_public_key *half = NULL;
    svms_status status = read_key(&key, ctx, i, err);
    if (status == SVMS_OK) {
        status = svms_private_key_to_jwk(ctx, key, algorithms[i], "k1", text, &size, err);
        assert_string_equal(text, status == SVMS_OK ? made[i].private_jwk : "untouched");
    }
    if (status == SVMS_OK) {
        status = svms_private_key_public(&half, ctx, key, err);
    }
    svms_public_key_free(&half);
    svms_private_key_free(&key);
    return status;
}

static svms_status make_verifier(svms_token_verifier **out, svms_ctx *ctx, size_t i,
                                 const svms_token_rules *rules, svms_error *err)
{
    svms_keyset *keys = NULL;
    svms_status status = svms_keyset_from_jwks(&keys, ctx, made[i].jwks, strlen(made[i].jwks), err);
    assert_int_equal(status == SVMS_OK, keys != NULL);
    if (status == SVMS_OK) {
        status = svms_token_verifier_new(out, ctx, rules, err);
    }
    if (status == SVMS_OK) {
        status = svms_token_verifier_add(*out, WORLD_ISSUER, &keys, 0, err);
        assert_int_equal(status == SVMS_OK, keys == NULL);
    }
    svms_keyset_free(&keys);
    return status;
}

static svms_status take(svms_token **out, svms_token_verifier *verifier, const char *text,
                        svms_error *err)
{
    svms_token_verdict verdict = SVMS_TOKEN_APPROVAL;
    svms_token_question question = world_question();
    svms_status status =
        svms_token_verify(out, verifier, text, strlen(text), &question, &verdict, err);
    assert_int_equal(status == SVMS_OK, verdict == SVMS_TOKEN_GOOD);
    assert_int_equal(status == SVMS_OK, *out != NULL);
    return status;
}

static svms_status verify_text(svms_ctx *ctx, size_t i, const char *text, svms_error *err)
{
    svms_token_verifier *verifier = NULL;
    svms_token *token = NULL;
    svms_token_rules rules = world_rules(SVMS_TOKEN_ACCESS);
    svms_status status = make_verifier(&verifier, ctx, i, &rules, err);
    if (status == SVMS_OK) {
        status = take(&token, verifier, text, err);
    }
    svms_token_free(&token);
    svms_token_verifier_free(&verifier);
    return status;
}

static svms_status verify(svms_ctx *ctx, size_t i, svms_error *err)
{
    return verify_text(ctx, i, made[i].token, err);
}

static svms_status refuse_forged(svms_ctx *ctx, size_t i, svms_error *err)
{
    return verify_text(ctx, i, made[i].forged, err);
}

static svms_status replace_keys(svms_ctx *ctx, size_t i, svms_error *err)
{
    svms_token_verifier *verifier = NULL;
    svms_keyset *keys = NULL;
    svms_token_rules rules = world_rules(SVMS_TOKEN_ACCESS);
    svms_status status = make_verifier(&verifier, ctx, i, &rules, err);
    if (status == SVMS_OK) {
        status = svms_keyset_from_jwks(&keys, ctx, made[i].jwks, strlen(made[i].jwks), err);
    }
    if (status == SVMS_OK) {
        status = svms_token_verifier_replace(verifier, WORLD_ISSUER, &keys, err);
        assert_int_equal(status == SVMS_OK, keys == NULL);
    }
    svms_keyset_free(&keys);
    svms_token_verifier_free(&verifier);
    return status;
}

static svms_status issue(svms_ctx *ctx, size_t i, svms_error *err)
{
    char text[SVMS_JWS_MAX] = "untouched";
    size_t size = sizeof text;
    svms_private_key *key = NULL;
    svms_token_claims claims = world_claims(RIGHTS);
    svms_status status = read_key(&key, ctx, i, err);
    if (status == SVMS_OK) {
        status = svms_token_issue(ctx, &claims, key, algorithms[i], NULL, text, &size, err);
    }
    if (status != SVMS_OK) {
        assert_string_equal(text, "untouched");
    }
    svms_private_key_free(&key);
    return status;
}

static svms_status exchange_for(svms_ctx *ctx, size_t i, const char *rights, svms_error *err)
{
    char text[SVMS_JWS_MAX] = "untouched";
    size_t size = sizeof text;
    svms_token_verifier *verifier = NULL;
    svms_token *token = NULL;
    svms_private_key *key = NULL;
    svms_exchange exchange = SVMS_EXCHANGE_INIT;
    svms_token_rules rules = world_rules(SVMS_TOKEN_ACCESS);
    exchange.issuer = WORLD_ISSUER;
    exchange.audience = "archive";
    exchange.actor = "gateway";
    exchange.certificate_sha256 = world_peer;
    exchange.now_utc_ns = WORLD_NOW_S * WORLD_NS;
    exchange.rights = rights;
    exchange.rights_size = rights ? strlen(rights) : 0;
    svms_status status = make_verifier(&verifier, ctx, i, &rules, err);
    if (status == SVMS_OK) {
        status = take(&token, verifier, made[i].token, err);
    }
    if (status == SVMS_OK) {
        status = read_key(&key, ctx, i, err);
    }
    if (status == SVMS_OK) {
        status =
            svms_token_exchange(ctx, token, &exchange, key, algorithms[i], "k1", text, &size, err);
        assert_int_equal(status == SVMS_OK, strcmp(text, "untouched") != 0);
    }
    svms_private_key_free(&key);
    svms_token_free(&token);
    svms_token_verifier_free(&verifier);
    return status;
}

static svms_status exchange(svms_ctx *ctx, size_t i, svms_error *err)
{
    return exchange_for(ctx, i, NARROWER, err);
}

static svms_status exchange_all(svms_ctx *ctx, size_t i, svms_error *err)
{
    return exchange_for(ctx, i, NULL, err);
}

static svms_status issue_approval(svms_ctx *ctx, size_t i, svms_error *err)
{
    char text[SVMS_JWS_MAX] = "untouched";
    uint8_t hash[32];
    size_t size = sizeof text;
    svms_private_key *key = NULL;
    svms_token_claims claims = approving();
    svms_approval_request request = request_of();
    svms_status status = read_key(&key, ctx, i, err);
    if (status == SVMS_OK) {
        status = svms_approval_hash(ctx, &request, hash, err);
    }
    if (status == SVMS_OK) {
        status = svms_approval_issue(ctx, &claims, hash, made[i].token, strlen(made[i].token), key,
                                     algorithms[i], "k1", text, &size, err);
        assert_int_equal(status == SVMS_OK, strcmp(text, "untouched") != 0);
    }
    svms_private_key_free(&key);
    return status;
}

static svms_status check_approval(svms_ctx *ctx, size_t i, svms_error *err)
{
    svms_token_verifier *asked = NULL;
    svms_token_verifier *approver = NULL;
    svms_token *asking = NULL;
    svms_token *approval = NULL;
    svms_replay *replay = NULL;
    svms_token_verdict verdict = SVMS_TOKEN_REVOKED;
    svms_token_question question = world_question();
    svms_token_rules rules = world_rules(SVMS_TOKEN_ACCESS);
    svms_status status = make_verifier(&asked, ctx, i, &rules, err);
    if (status == SVMS_OK) {
        status = take(&asking, asked, made[i].token, err);
    }
    if (status == SVMS_OK) {
        status = svms_replay_new(&replay, ctx, 4, err);
    }
    if (status == SVMS_OK) {
        rules.profile = SVMS_TOKEN_APPROVING;
        rules.replay = replay;
        status = make_verifier(&approver, ctx, i, &rules, err);
    }
    if (status == SVMS_OK) {
        status =
            svms_approval_check(&approval, approver, made[i].approval, strlen(made[i].approval),
                                asking, request_hash, &question, &verdict, err);
        assert_int_equal(status == SVMS_OK, approval != NULL);
        assert_int_equal(status == SVMS_OK, verdict == SVMS_TOKEN_GOOD);
    }
    svms_token_free(&approval);
    svms_token_free(&asking);
    svms_token_verifier_free(&approver);
    svms_token_verifier_free(&asked);
    svms_replay_free(&replay);
    return status;
}

static svms_status revoke(svms_ctx *ctx, size_t i, svms_error *err)
{
    (void)i;
    char text[1024] = "untouched";
    size_t size = sizeof text;
    svms_revocations *list = NULL;
    svms_revocation_entry entry = SVMS_REVOCATION_ENTRY_INIT;
    entry.issuer = WORLD_ISSUER;
    entry.value = "j1";
    svms_status status = svms_revocations_new(&list, ctx, err);
    if (status == SVMS_OK) {
        status = svms_revocations_add(list, &entry, err);
        assert_int_equal(svms_revocations_count(list), status == SVMS_OK);
    }
    if (status == SVMS_OK) {
        status = svms_revocations_merge(list, revocations, strlen(revocations), err);
        assert_int_equal(svms_revocations_count(list), status == SVMS_OK ? 2 : 1);
    }
    if (status == SVMS_OK) {
        status = svms_revocations_write(list, text, &size, err);
        assert_int_equal(status == SVMS_OK, strcmp(text, "untouched") != 0);
    }
    svms_revocations_free(&list);
    return status;
}

const token_act token_acts[] = {
    { "read and write a public key", read_public, SVMS_OK, true },
    { "read and write a private key", read_private, SVMS_OK, true },
    { "verify", verify, SVMS_OK, true },
    { "refuse what is forged", refuse_forged, SVMS_E_NOT_AUTHENTIC, true },
    { "issue", issue, SVMS_OK, true },
    { "replace keys", replace_keys, SVMS_OK, false },
    { "exchange for less", exchange, SVMS_OK, false },
    { "exchange", exchange_all, SVMS_OK, false },
    { "issue an approval", issue_approval, SVMS_OK, false },
    { "check an approval", check_approval, SVMS_OK, false },
    { "revoke", revoke, SVMS_OK, false },
};
const size_t token_act_count = sizeof token_acts / sizeof token_acts[0];
