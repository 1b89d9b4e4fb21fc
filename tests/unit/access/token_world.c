/* SPDX-License-Identifier: Apache-2.0 */
#include "token_world.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base64.h"

#define JWK_ROOM 8192

const uint8_t world_peer[32] = "the SHA-256 of a certificate...";

static EVP_PKEY *make(svms_ctx *ctx, svms_token_algorithm algorithm)
{
    OSSL_LIB_CTX *library = svms_ossl_context(ctx);
    const char *properties = svms_ossl_properties(ctx);
    switch (algorithm) {
    case SVMS_TOKEN_ES256:
        return EVP_PKEY_Q_keygen(library, properties, "EC", "P-256");
    case SVMS_TOKEN_ES384:
        return EVP_PKEY_Q_keygen(library, properties, "EC", "P-384");
    case SVMS_TOKEN_EDDSA:
        return EVP_PKEY_Q_keygen(library, properties, "ED25519");
    default:
        return EVP_PKEY_Q_keygen(library, properties, "RSA", (size_t)2048);
    }
}

svms_private_key *world_key(svms_ctx *ctx, svms_token_algorithm algorithm)
{
    svms_private_key *key = NULL;
    EVP_PKEY *pkey = make(ctx, algorithm);
    assert_non_null(pkey);
    assert_int_equal(svms_private_key_from_evp(&key, ctx, pkey, NULL), SVMS_OK);
    EVP_PKEY_free(pkey);
    return key;
}

void world_jwks(char *out, size_t room, svms_ctx *ctx, const svms_private_key *key,
                svms_token_algorithm algorithm, const char *kid)
{
    char jwk[JWK_ROOM];
    size_t size = sizeof jwk;
    svms_public_key *half = NULL;
    assert_int_equal(svms_private_key_public(&half, ctx, key, NULL), SVMS_OK);
    assert_int_equal(svms_public_key_to_jwk(ctx, half, algorithm, kid, jwk, &size, NULL), SVMS_OK);
    int length = snprintf(out, room, "{\"keys\":[%s]}", jwk);
    assert_true(length > 0 && (size_t)length < room);
    svms_public_key_free(&half);
}

svms_keyset *world_keyset(svms_ctx *ctx, const svms_private_key *key,
                          svms_token_algorithm algorithm, const char *kid)
{
    char json[JWK_ROOM + 32];
    svms_keyset *keys = NULL;
    world_jwks(json, sizeof json, ctx, key, algorithm, kid);
    assert_int_equal(svms_keyset_from_jwks(&keys, ctx, json, strlen(json), NULL), SVMS_OK);
    return keys;
}

svms_token_rules world_rules(svms_token_profile profile)
{
    svms_token_rules rules = SVMS_TOKEN_RULES_INIT;
    rules.profile = profile;
    rules.audience = WORLD_AUDIENCE;
    return rules;
}

svms_token_verifier *world_verifier(svms_ctx *ctx, const svms_token_rules *rules,
                                    const svms_private_key *key, svms_token_algorithm algorithm)
{
    svms_token_verifier *verifier = NULL;
    svms_keyset *keys = world_keyset(ctx, key, algorithm, "k1");
    assert_int_equal(svms_token_verifier_new(&verifier, ctx, rules, NULL), SVMS_OK);
    assert_int_equal(svms_token_verifier_add(verifier, WORLD_ISSUER, &keys, 0, NULL), SVMS_OK);
    return verifier;
}

svms_token_claims world_claims(const char *rights)
{
    static const char *const methods[] = { "pwd", "otp" };
    svms_token_claims claims = SVMS_TOKEN_CLAIMS_INIT;
    claims.issuer = WORLD_ISSUER;
    claims.audience = WORLD_AUDIENCE;
    claims.subject = "anna";
    claims.client = "web";
    claims.methods = methods;
    claims.method_count = 2;
    claims.certificate_sha256 = world_peer;
    claims.now_utc_ns = WORLD_NOW_S * WORLD_NS;
    claims.rights = rights;
    claims.rights_size = rights ? strlen(rights) : 0;
    return claims;
}

svms_token_question world_question(void)
{
    svms_token_question question = SVMS_TOKEN_QUESTION_INIT;
    question.certificate_sha256 = world_peer;
    question.now_utc_ns = WORLD_NOW_S * WORLD_NS;
    return question;
}

svms_token *world_take(svms_token_verifier *verifier, const char *text, size_t size)
{
    svms_token *token = NULL;
    svms_token_verdict verdict = SVMS_TOKEN_APPROVAL;
    svms_error err = SVMS_ERROR_INIT;
    svms_token_question question = world_question();
    if (svms_token_verify(&token, verifier, text, size, &question, &verdict, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(verdict, SVMS_TOKEN_GOOD);
    return token;
}

size_t world_base64url(char *out, const void *data, size_t size)
{
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    svms_builder text = svms_builder_new(ctx, 2 * size + 4);
    svms_put_base64url(&text, data, size);
    assert_int_equal(text.status, SVMS_OK);
    size_t characters = text.size;
    if (characters > 0) {
        memcpy(out, text.data, characters);
    }
    svms_builder_clear(&text);
    svms_ctx_free(&ctx);
    return characters;
}

/* ECDSA as OpenSSL makes it, in DER, becomes r and s. */
static size_t raw_of(uint8_t *signature, size_t size, int width)
{
    const uint8_t *at = signature;
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &at, (long)size);
    assert_non_null(parts);
    uint8_t raw[96];
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(parts), raw, width), width);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(parts), raw + width, width), width);
    memcpy(signature, raw, 2 * (size_t)width);
    ECDSA_SIG_free(parts);
    return 2 * (size_t)width;
}

size_t world_signature(uint8_t out[SVMS_JWS_SIGNATURE_MAX], svms_ctx *ctx,
                       const svms_private_key *key, svms_token_algorithm algorithm,
                       const char *text, size_t size)
{
    const char *digest = algorithm == SVMS_TOKEN_EDDSA   ? NULL
                         : algorithm == SVMS_TOKEN_ES384 ? "SHA384"
                                                         : "SHA256";
    size_t made = SVMS_JWS_SIGNATURE_MAX;
    EVP_PKEY_CTX *operation = NULL;
    EVP_MD_CTX *signer = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit_ex(signer, &operation, digest, svms_ossl_context(ctx),
                                           svms_ossl_properties(ctx), svms_private_key_evp(key),
                                           NULL),
                     1);
    if (algorithm == SVMS_TOKEN_PS256) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(operation, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(operation, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    assert_int_equal(EVP_DigestSign(signer, out, &made, (const uint8_t *)text, size), 1);
    EVP_MD_CTX_free(signer);
    if (algorithm == SVMS_TOKEN_ES256 || algorithm == SVMS_TOKEN_ES384) {
        made = raw_of(out, made, algorithm == SVMS_TOKEN_ES256 ? 32 : 48);
    }
    return made;
}

size_t world_compact(char *out, size_t room, svms_ctx *ctx, const svms_private_key *key,
                     svms_token_algorithm algorithm, const char *header, const char *payload)
{
    uint8_t signature[SVMS_JWS_SIGNATURE_MAX];
    assert_true((strlen(header) + strlen(payload) + sizeof signature) * 4 / 3 + 8 < room);
    size_t at = world_base64url(out, header, strlen(header));
    out[at++] = '.';
    at += world_base64url(out + at, payload, strlen(payload));
    size_t size = world_signature(signature, ctx, key, algorithm, out, at);
    out[at++] = '.';
    at += world_base64url(out + at, signature, size);
    out[at] = '\0';
    return at;
}

size_t world_sign(char *out, size_t room, svms_ctx *ctx, const svms_private_key *key,
                  svms_token_algorithm algorithm, const char *payload)
{
    svms_jws_signer signer = { key, algorithm, "k1", "at+jwt" };
    svms_builder text = svms_builder_new(ctx, room - 1);
    assert_int_equal(svms_jws_put(&text, &signer, payload, strlen(payload), NULL), SVMS_OK);
    size_t size = text.size;
    memcpy(out, text.data, size);
    out[size] = '\0';
    svms_builder_clear(&text);
    return size;
}
