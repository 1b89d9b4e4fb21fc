/* SPDX-License-Identifier: Apache-2.0 */
/* Examples of RFC 7515, 7517, 7520, 7638 and 8037: keys, signatures, thumbprints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "jws.h"
#include "published.h"

#define ROOM 8192

typedef struct example {
    const char *jwk;
    const char *thumbprint; /* NULL: none was published */
    const char *token;      /* NULL: nothing of it was signed */
} example;

static const example examples[] = {
    { "{" RFC7515_A2_PUBLIC "}", NULL, RFC7515_A2_TOKEN },
    { "{" RFC7515_A3_PUBLIC "}", NULL, RFC7515_A3_TOKEN },
    { "{" RFC7520_RSA "}", NULL, RFC7520_41_TOKEN },
    { "{" RFC8037_PUBLIC "}", RFC8037_THUMBPRINT, RFC8037_TOKEN },
    { "{" RFC7517_RSA "}", RFC7638_THUMBPRINT, NULL },
};

#define EXAMPLES (sizeof examples / sizeof examples[0])

static void read_key(svms_jwk *out, svms_ctx *ctx, const char *json)
{
    svms_error err = SVMS_ERROR_INIT;
    memset(out, 0, sizeof *out);
    svms_status status = svms_public_key_from_jwk(&out->key, ctx, json, strlen(json), &err);
    if (status != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    out->algorithm = svms_token_algorithm_of(svms_public_key_kind(out->key));
    assert_int_equal(svms_jwk_prepare(out, ctx, &err), SVMS_OK);
}

static void published_signatures_verify(void **state)
{
    svms_ctx *ctx = *state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        svms_jwk jwk;
        svms_jws jws;
        svms_token_verdict verdict = SVMS_TOKEN_APPROVAL;
        svms_error err = SVMS_ERROR_INIT;
        if (!examples[i].token) {
            continue;
        }
        read_key(&jwk, ctx, examples[i].jwk);
        assert_int_equal(
            svms_jws_open(&jws, ctx, examples[i].token, strlen(examples[i].token), &verdict, &err),
            SVMS_OK);
        assert_int_equal(verdict, SVMS_TOKEN_GOOD);
        assert_int_equal(svms_jws_verify(&jws, ctx, &jwk, &err), SVMS_OK);
        svms_jwk_clear(&jwk);
    }
}

static void published_thumbprints_are_ours(void **state)
{
    svms_ctx *ctx = *state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        if (!examples[i].thumbprint) {
            continue;
        }
        svms_jwk jwk;
        char thumbprint[SVMS_THUMBPRINT_SIZE];
        read_key(&jwk, ctx, examples[i].jwk);
        assert_int_equal(svms_public_key_thumbprint(ctx, jwk.key, thumbprint, NULL), SVMS_OK);
        assert_string_equal(thumbprint, examples[i].thumbprint);
        svms_jwk_clear(&jwk);
    }
}

static void any_other_character_breaks_a_signature(void **state)
{
    svms_ctx *ctx = *state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        svms_jwk jwk;
        char token[ROOM];
        size_t size = examples[i].token ? strlen(examples[i].token) : 0;
        read_key(&jwk, ctx, examples[i].jwk);
        for (size_t k = 0; k < size; k++) {
            svms_jws jws;
            svms_token_verdict verdict = SVMS_TOKEN_GOOD;
            memcpy(token, examples[i].token, size);
            token[k] = token[k] == 'A' ? 'B' : 'A';
            svms_status status = svms_jws_open(&jws, ctx, token, size, &verdict, NULL);
            if (status == SVMS_OK) {
                status = svms_jws_verify(&jws, ctx, &jwk, NULL);
                assert_int_equal(status, SVMS_E_NOT_AUTHENTIC);
            } else {
                assert_int_equal(status, SVMS_E_MALFORMED);
                assert_int_not_equal(verdict, SVMS_TOKEN_GOOD);
            }
        }
        svms_jwk_clear(&jwk);
    }
}

/* HS256, ES512, none, PS384: whatever key there is, it is not asked. */
static void published_tokens_of_other_algorithms_are_refused(void **state)
{
    static const char *const tokens[] = { RFC7515_A1_TOKEN, RFC7515_A4_TOKEN, RFC7515_A5_TOKEN,
                                          RFC7520_42_TOKEN, RFC7520_43_TOKEN, RFC7520_44_TOKEN };
    svms_ctx *ctx = *state;
    svms_jwk jwk;
    read_key(&jwk, ctx, "{" RFC7520_RSA "}");
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        svms_jws jws;
        svms_token_verdict verdict = SVMS_TOKEN_APPROVAL;
        assert_int_equal(svms_jws_open(&jws, ctx, tokens[i], strlen(tokens[i]), &verdict, NULL),
                         SVMS_OK);
        assert_int_equal(jws.algorithm, SVMS_TOKEN_NO_ALGORITHM);
        assert_int_equal(svms_jws_verify(&jws, ctx, &jwk, NULL), SVMS_E_NOT_AUTHENTIC);
    }
    svms_jwk_clear(&jwk);
}

/* RFC 7515 A.2 and A.3, RFC 7517 A.2, RFC 8037 A.1: and back to the same members. */
static void published_private_keys_are_read_and_written(void **state)
{
    static const char *const keys[] = { "{" RFC7515_A2_PRIVATE "}", "{" RFC7515_A3_PRIVATE "}",
                                        "{" RFC7517_EC RFC7517_EC_D "}",
                                        "{" RFC7517_RSA RFC7517_RSA_D "}",
                                        "{" RFC8037_PRIVATE "}" };
    static const char *const members[] = { "\"d\":\"", "\"p\":\"", "\"qi\":\"" };
    svms_ctx *ctx = *state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char text[ROOM];
        size_t size = sizeof text;
        svms_private_key *key = NULL;
        svms_public_key *half = NULL;
        svms_error err = SVMS_ERROR_INIT;
        if (svms_private_key_from_jwk(&key, ctx, keys[i], strlen(keys[i]), &err) != SVMS_OK) {
            fail_msg("%zu: %s", i, err.message);
        }
        assert_int_equal(
            svms_private_key_to_jwk(ctx, key, SVMS_TOKEN_NO_ALGORITHM, NULL, text, &size, NULL),
            SVMS_OK);
        for (size_t m = 0; m < sizeof members / sizeof members[0]; m++) {
            const char *due = strstr(keys[i], members[m]);
            const char *is = strstr(text, members[m]);
            assert_int_equal(due != NULL, is != NULL);
            if (due) {
                size_t length = (size_t)(strchr(due + strlen(members[m]), '"') - due) + 1;
                assert_memory_equal(is, due, length);
            }
        }
        /* It is none where public keys are due. */
        assert_int_equal(svms_public_key_from_jwk(&half, ctx, keys[i], strlen(keys[i]), &err),
                         SVMS_E_MALFORMED);
        assert_non_null(strstr(err.message, "a private key has been published"));
        assert_null(half);
        svms_private_key_free(&key);
    }
}

typedef struct published_set {
    const char *json;
    size_t count;
    svms_status status;
} published_set;

/* A set is read without what verifies no tokens here, and not at all where it holds a secret. */
static void published_sets_are_read_without_what_is_for_something_else(void **state)
{
    static const published_set sets[] = {
        /* RFC 7517, A.1: one key is for encryption */
        { "{\"keys\":[{" RFC7517_EC ",\"use\":\"enc\",\"kid\":\"1\"},{" RFC7517_RSA "}]}", 1,
          SVMS_OK },
        /* RFC 7517, A.2: both are private */
        { "{\"keys\":[{" RFC7517_EC RFC7517_EC_D
          ",\"use\":\"enc\",\"kid\":\"1\"},{" RFC7517_RSA RFC7517_RSA_D "}]}",
          0, SVMS_E_MALFORMED },
        { "{\"keys\":[{" RFC7520_EC "},{" RFC7520_RSA "},{" RFC8037_X25519 "},{" RFC8037_PUBLIC
          "}]}",
          2, SVMS_OK },
        { "{\"keys\":[{" RFC7520_OCT "}]}", 0, SVMS_E_MALFORMED },
    };
    svms_ctx *ctx = *state;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        svms_keyset *keys = NULL;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status =
            svms_keyset_from_jwks(&keys, ctx, sets[i].json, strlen(sets[i].json), &err);
        if (status != sets[i].status || svms_keyset_count(keys) != sets[i].count) {
            fail_msg("set %zu: %d, %zu keys, %s", i, status, svms_keyset_count(keys), err.message);
        }
        svms_keyset_free(&keys);
    }
}

/* What is signed here is known to verify elsewhere by tests/interop; here, that it comes back. */
static void what_is_signed_verifies_with_the_public_half(void **state)
{
    static const char payload[] = "{\"iss\":\"https://vms.example\"}";
    svms_ctx *ctx = *state;
    svms_private_key *key = NULL;
    svms_jwk jwk = { .algorithm = SVMS_TOKEN_ES256 };
    svms_jws jws;
    svms_token_verdict verdict = SVMS_TOKEN_APPROVAL;
    assert_int_equal(svms_private_key_generate(&key, ctx, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_public(&jwk.key, ctx, key, NULL), SVMS_OK);
    assert_int_equal(svms_jwk_prepare(&jwk, ctx, NULL), SVMS_OK);
    svms_jws_signer signer = { key, SVMS_TOKEN_ES256, "k1", "at+jwt" };
    svms_builder text = svms_builder_new(ctx, SVMS_JWS_MAX);
    assert_int_equal(svms_jws_put(&text, &signer, payload, sizeof payload - 1, NULL), SVMS_OK);
    assert_int_equal(svms_jws_open(&jws, ctx, (const char *)text.data, text.size, &verdict, NULL),
                     SVMS_OK);
    assert_string_equal(jws.kid, "k1");
    assert_string_equal(jws.type, "at+jwt");
    assert_int_equal(svms_jws_verify(&jws, ctx, &jwk, NULL), SVMS_OK);
    svms_builder_clear(&text);
    svms_jwk_clear(&jwk);
    svms_private_key_free(&key);
}

static int open_context(void **state)
{
    return svms_ctx_new((svms_ctx **)state, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int close_context(void **state)
{
    svms_ctx_free((svms_ctx **)state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_signatures_verify),
        cmocka_unit_test(published_thumbprints_are_ours),
        cmocka_unit_test(published_tokens_of_other_algorithms_are_refused),
        cmocka_unit_test(published_private_keys_are_read_and_written),
        cmocka_unit_test(published_sets_are_read_without_what_is_for_something_else),
        cmocka_unit_test(any_other_character_breaks_a_signature),
        cmocka_unit_test(what_is_signed_verifies_with_the_public_half),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
