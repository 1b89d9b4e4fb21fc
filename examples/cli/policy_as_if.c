/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_as_if.h"

#include <stdio.h>
#include <string.h>

#include "file.h"
#include "message.h"

#define ISSUER "as-if"
#define AUDIENCE "svms"
#define TOKEN_MAX 4096 /* J-JWS-1 */
#define JWK_MAX 512

static svms_status make_keyset(svms_keyset **out, svms_ctx *ctx, const svms_private_key *key,
                               svms_error *err)
{
    char jwk[JWK_MAX];
    char set[JWK_MAX + 16];
    size_t size = sizeof jwk;
    svms_public_key *half = NULL;
    svms_status status = svms_private_key_public(&half, ctx, key, err);
    if (status == SVMS_OK) {
        status = svms_public_key_to_jwk(ctx, half, SVMS_TOKEN_NO_ALGORITHM, NULL, jwk, &size, err);
    }
    if (status == SVMS_OK) {
        int length = snprintf(set, sizeof set, "{\"keys\":[%s]}", jwk);
        status = svms_keyset_from_jwks(out, ctx, set, (size_t)length, err);
    }
    svms_public_key_free(&half);
    return status;
}

static svms_status verify(svms_token **out, svms_ctx *ctx, const svms_token_claims *claims,
                          const svms_private_key *key, const char *text, svms_error *err)
{
    svms_token_rules rules = SVMS_TOKEN_RULES_INIT;
    svms_token_question question = SVMS_TOKEN_QUESTION_INIT;
    svms_token_verifier *verifier = NULL;
    svms_token_verdict verdict = SVMS_TOKEN_FORM;
    svms_keyset *keys = NULL;
    rules.profile = claims->profile;
    rules.audience = AUDIENCE;
    rules.longest_life_s = AS_IF_LIFE_S;
    question.now_utc_ns = claims->now_utc_ns;
    svms_status status = svms_token_verifier_new(&verifier, ctx, &rules, err);
    if (status == SVMS_OK) {
        status = make_keyset(&keys, ctx, key, err);
    }
    if (status == SVMS_OK) {
        status = svms_token_verifier_add(verifier, ISSUER, &keys, 0, err);
    }
    if (status == SVMS_OK) {
        status = svms_token_verify(out, verifier, text, strlen(text), &question, &verdict, err);
    }
    svms_keyset_free(&keys);
    svms_token_verifier_free(&verifier);
    return status;
}

static exit_status make(svms_token **out, svms_ctx *ctx, const svms_token_claims *claims)
{
    char text[TOKEN_MAX + 1];
    size_t size = sizeof text;
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_private_key_generate(&key, ctx, &err);
    if (status == SVMS_OK) {
        status =
            svms_token_issue(ctx, claims, key, SVMS_TOKEN_NO_ALGORITHM, NULL, text, &size, &err);
    }
    if (status == SVMS_OK) {
        status = verify(out, ctx, claims, key, text, &err);
    }
    svms_private_key_free(&key);
    return status == SVMS_OK ? EXIT_GOOD
                             : complain_error(&err, "nobody can log in as '%s'", claims->subject);
}

exit_status as_if_token(svms_token **out, svms_ctx *ctx, const as_if *who, int64_t now_utc_ns)
{
    svms_token_claims claims = SVMS_TOKEN_CLAIMS_INIT;
    file_text rights = { NULL, 0 };
    exit_status status = EXIT_GOOD;
    claims.profile = who->rights_path ? SVMS_TOKEN_ACCESS : SVMS_TOKEN_ONVIF;
    claims.issuer = ISSUER;
    claims.audience = AUDIENCE;
    claims.subject = who->subject;
    claims.client = who->rights_path ? AUDIENCE : NULL;
    claims.roles = who->roles.items;
    claims.role_count = who->roles.count;
    claims.methods = who->methods.items;
    claims.method_count = who->methods.count;
    claims.now_utc_ns = now_utc_ns;
    claims.life_s = AS_IF_LIFE_S;
    if (who->rights_path) {
        status = file_read(&rights, who->rights_path, TOKEN_MAX, false);
        claims.rights = rights.bytes;
        claims.rights_size = rights.size;
    }
    if (status == EXIT_GOOD) {
        status = make(out, ctx, &claims);
    }
    file_text_free(&rights);
    return status;
}
