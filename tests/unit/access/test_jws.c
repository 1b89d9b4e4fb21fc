/* SPDX-License-Identifier: Apache-2.0 */
/* Examples of RFC 7515, 8037 and 7638: keys, signatures, thumbprints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "jws.h"

#define ROOM 8192

typedef struct example {
    const char *jwk;
    const char *thumbprint; /* NULL: none was published */
    const char *token;
} example;

static const example examples[] = {
    /* RFC 7515, A.3 */
    { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
      "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
      NULL,
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
      "LmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlS"
      "ApmWQxfKTUJqPP3-Kg6NU1Q" },
    /* RFC 8037, A.2 to A.4 */
    { "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
      "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGc"
      "vMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg" },
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
}

static void published_signatures_verify(void **state)
{
    svms_ctx *ctx = *state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        svms_jwk jwk;
        svms_jws jws;
        svms_token_verdict verdict = SVMS_TOKEN_APPROVAL;
        svms_error err = SVMS_ERROR_INIT;
        read_key(&jwk, ctx, examples[i].jwk);
        assert_int_equal(
            svms_jws_open(&jws, examples[i].token, strlen(examples[i].token), &verdict, &err),
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
        size_t size = strlen(examples[i].token);
        read_key(&jwk, ctx, examples[i].jwk);
        for (size_t k = 0; k < size; k++) {
            svms_jws jws;
            svms_token_verdict verdict = SVMS_TOKEN_GOOD;
            memcpy(token, examples[i].token, size);
            token[k] = token[k] == 'A' ? 'B' : 'A';
            svms_status status = svms_jws_open(&jws, token, size, &verdict, NULL);
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

/* What is signed here is known to verify elsewhere by tests/interop; here, that it comes back. */
static void what_is_signed_verifies_with_the_public_half(void **state)
{
    static const char payload[] = "{\"iss\":\"https://vms.example\"}";
    svms_ctx *ctx = *state;
    svms_private_key *key = NULL;
    svms_jwk jwk = { NULL, SVMS_TOKEN_ES256, { 0 } };
    svms_jws jws;
    svms_token_verdict verdict = SVMS_TOKEN_APPROVAL;
    assert_int_equal(svms_private_key_generate(&key, ctx, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_public(&jwk.key, ctx, key, NULL), SVMS_OK);
    svms_jws_signer signer = { key, SVMS_TOKEN_ES256, "k1", "at+jwt" };
    svms_builder text = svms_builder_new(ctx, SVMS_JWS_MAX);
    assert_int_equal(svms_jws_put(&text, &signer, payload, sizeof payload - 1, NULL), SVMS_OK);
    assert_int_equal(svms_jws_open(&jws, (const char *)text.data, text.size, &verdict, NULL),
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
        cmocka_unit_test(any_other_character_breaks_a_signature),
        cmocka_unit_test(what_is_signed_verifies_with_the_public_half),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
