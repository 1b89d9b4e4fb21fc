/* SPDX-License-Identifier: Apache-2.0 */
/* Keys from and to JSON, as callers see them. */
#include <string.h>

#include "base64.h"
#include "digest.h"
#include "failure.h"
#include "token_internal.h"
#include "utf8.h"

#define JWK_TEXT_MAX 16384

const char *svms_token_algorithm_name(svms_token_algorithm algorithm)
{
    static const char *const names[] = {
        [SVMS_TOKEN_ES256] = "ES256", [SVMS_TOKEN_ES384] = "ES384", [SVMS_TOKEN_EDDSA] = "EdDSA",
        [SVMS_TOKEN_RS256] = "RS256", [SVMS_TOKEN_PS256] = "PS256",
    };
    size_t index = (size_t)algorithm;
    bool known = index < sizeof names / sizeof names[0] && names[index];
    return known ? names[index] : "none of these";
}

svms_token_algorithm svms_token_algorithm_named(const char *name)
{
    for (svms_token_algorithm known = SVMS_TOKEN_ES256; known <= SVMS_TOKEN_PS256; known++) {
        if (strcmp(name, svms_token_algorithm_name(known)) == 0) {
            return known;
        }
    }
    return SVMS_TOKEN_NO_ALGORITHM;
}

const char *svms_token_verdict_name(svms_token_verdict verdict)
{
    static const char *const names[] = {
        "good",      "form",     "header",  "critical", "profile",  "algorithm", "key",
        "signature", "payload",  "claim",   "issuer",   "audience", "time",      "expired",
        "not yet",   "lifetime", "binding", "revoked",  "replayed", "busy",      "approval",
    };
    size_t index = (size_t)verdict;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}

/* What is not UTF-8 would be written as something else, and two subjects could become one. */
bool svms_claim_is_text(const char *text)
{
    size_t size = text ? strnlen(text, SVMS_CLAIM_MAX + 1) : 0;
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    unsigned long character = 0;
    if (size == 0 || size > SVMS_CLAIM_MAX) {
        return false;
    }
    for (size_t step = svms_utf8_peek(&cursor, &character); step > 0;
         step = svms_utf8_peek(&cursor, &character)) {
        (void)svms_skip(&cursor, step);
    }
    return svms_cursor_at_end(&cursor);
}

static svms_status thumbprint_of(svms_ctx *ctx, EVP_PKEY *pkey, svms_key_kind kind,
                                 char out[SVMS_THUMBPRINT_SIZE], svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_builder text = svms_builder_new(ctx, JWK_TEXT_MAX);
    svms_status status = svms_jwk_put_required(&text, pkey, kind, err);
    if (status == SVMS_OK) {
        svms_iovec run = { text.data, text.size };
        status = svms_sha256(ctx, &run, 1, digest, err);
    }
    svms_builder_reset(&text);
    if (status == SVMS_OK) {
        svms_put_base64url(&text, digest, sizeof digest);
        svms_put_u8(&text, 0);
        status = svms_builder_check(&text, "a thumbprint", err);
    }
    if (status == SVMS_OK) {
        memcpy(out, text.data, SVMS_THUMBPRINT_SIZE);
    }
    svms_builder_clear(&text);
    return status;
}

svms_status svms_public_key_thumbprint(svms_ctx *ctx, const svms_public_key *key,
                                       char out[SVMS_THUMBPRINT_SIZE], svms_error *err)
{
    if (!ctx || !key || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_key_kind kind = svms_public_key_kind(key);
    if (svms_token_algorithm_of(kind) == SVMS_TOKEN_NO_ALGORITHM) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "%s keys sign no tokens",
                         svms_key_kind_name(kind));
    }
    return thumbprint_of(ctx, svms_public_key_evp(key), kind, out, err);
}

/* Fills algorithm where it was left open, and refuses what does not belong to the key. */
static svms_status settle_algorithm(svms_jwk_text *what, svms_error *err)
{
    svms_token_algorithm own = svms_token_algorithm_of(what->kind);
    if (own == SVMS_TOKEN_NO_ALGORITHM) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "%s keys sign no tokens",
                         svms_key_kind_name(what->kind));
    }
    if (what->algorithm == SVMS_TOKEN_NO_ALGORITHM) {
        what->algorithm = own;
    }
    bool is_pss = what->kind == SVMS_KEY_RSA && what->algorithm == SVMS_TOKEN_PS256;
    if (what->algorithm != own && !is_pss) {
        return svms_fail(err, SVMS_E_USAGE, "%s keys do not sign by %s",
                         svms_key_kind_name(what->kind),
                         svms_token_algorithm_name(what->algorithm));
    }
    return SVMS_OK;
}

/* The algorithm, and the thumbprint where no other name was given. */
static svms_status settle_name(svms_ctx *ctx, svms_jwk_text *what,
                               char thumbprint[SVMS_THUMBPRINT_SIZE], svms_error *err)
{
    svms_status status = settle_algorithm(what, err);
    if (status == SVMS_OK && what->kid &&
        (!svms_claim_is_text(what->kid) || strlen(what->kid) > SVMS_KID_MAX)) {
        return svms_fail(err, SVMS_E_USAGE, "the name of a key has 1 to %d bytes of UTF-8",
                         SVMS_KID_MAX);
    }
    if (status == SVMS_OK && !what->kid) {
        status = thumbprint_of(ctx, what->pkey, what->kind, thumbprint, err);
        what->kid = thumbprint;
    }
    return status;
}

svms_status svms_token_signer_settle(svms_jws_signer *signer, svms_ctx *ctx,
                                     char thumbprint[SVMS_THUMBPRINT_SIZE], svms_error *err)
{
    svms_jwk_text what = { svms_private_key_public_evp(signer->key),
                           svms_private_key_kind(signer->key), signer->algorithm, signer->kid,
                           false };
    svms_status status = settle_name(ctx, &what, thumbprint, err);
    signer->algorithm = what.algorithm;
    signer->kid = what.kid;
    return status;
}

static svms_status write(svms_ctx *ctx, const svms_jwk_text *asked, char *out, size_t *size,
                         svms_error *err)
{
    char thumbprint[SVMS_THUMBPRINT_SIZE];
    svms_jwk_text what = *asked;
    svms_status status = settle_name(ctx, &what, thumbprint, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder text = svms_builder_new(ctx, JWK_TEXT_MAX);
    status = svms_jwk_put(&text, &what, err);
    if (status == SVMS_OK) {
        status = svms_builder_hand_out(&text, "the key", out, size, err);
    }
    svms_builder_clear(&text);
    return status;
}

svms_status svms_public_key_to_jwk(svms_ctx *ctx, const svms_public_key *key,
                                   svms_token_algorithm algorithm, const char *kid, char *out,
                                   size_t *size, svms_error *err)
{
    if (!ctx || !key || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_jwk_text what = { svms_public_key_evp(key), svms_public_key_kind(key), algorithm, kid,
                           false };
    return write(ctx, &what, out, size, err);
}

svms_status svms_private_key_to_jwk(svms_ctx *ctx, const svms_private_key *key,
                                    svms_token_algorithm algorithm, const char *kid, char *out,
                                    size_t *size, svms_error *err)
{
    if (!ctx || !key || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (svms_private_key_is_external(key)) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "the private half of the key is not in the process, so it cannot be "
                         "written");
    }
    svms_jwk_text what = { svms_private_key_evp(key), svms_private_key_kind(key), algorithm, kid,
                           true };
    return write(ctx, &what, out, size, err);
}

svms_status svms_private_key_public(svms_public_key **out, svms_ctx *ctx,
                                    const svms_private_key *key, svms_error *err)
{
    if (!out || !ctx || !key) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    return svms_public_key_from_evp(out, ctx, svms_private_key_public_evp(key), err);
}
