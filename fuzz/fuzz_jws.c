/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens against fixed keys: whatever is changed in a token, it verifies no longer, unless it is
 * the very token that was made; and each refusal has a verdict and a status that fit. Tokens are
 * issued anew in each process, since their keys are: an input of "#N" and more stands for token N,
 * of which the byte at a place becomes another: #, number, then pairs of place (2 bytes) and byte.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <svms/time.h>

#include "jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KINDS 4
#define NOW_NS (INT64_C(1800000000) * INT64_C(1000000000))
#define EDIT 3 /* bytes of an edit */

typedef struct harness {
    svms_ctx *ctx;
    svms_token_verifier *verifier;
    char tokens[KINDS][SVMS_JWS_MAX];
    size_t sizes[KINDS];
} harness;

static void need(bool done)
{
    if (!done) {
        abort();
    }
}

static EVP_PKEY *make_key(size_t kind)
{
    switch (kind) {
    case 0:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    case 1:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    case 2:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    default:
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    }
}

/* One issuer for each key, so that each is found by the name of its key. */
static void add_kind(harness *made, size_t kind)
{
    static const char *const issuers[KINDS] = { "a", "b", "c", "d" };
    static const char rights[] =
        "[{\"type\":\"svms\",\"actions\":[\"live.*\"],\"devices\":[\"*\"]}]";
    char jwk[2048];
    char jwks[2100];
    size_t size = sizeof jwk;
    svms_private_key *key = NULL;
    svms_public_key *half = NULL;
    svms_keyset *keys = NULL;
    svms_token_claims claims = SVMS_TOKEN_CLAIMS_INIT;
    EVP_PKEY *pkey = make_key(kind);
    need(pkey && svms_private_key_from_evp(&key, made->ctx, pkey, NULL) == SVMS_OK &&
         svms_private_key_public(&half, made->ctx, key, NULL) == SVMS_OK &&
         svms_public_key_to_jwk(made->ctx, half, SVMS_TOKEN_NO_ALGORITHM, issuers[kind], jwk, &size,
                                NULL) == SVMS_OK);
    int length = snprintf(jwks, sizeof jwks, "{\"keys\":[%s]}", jwk);
    need(svms_keyset_from_jwks(&keys, made->ctx, jwks, (size_t)length, NULL) == SVMS_OK &&
         svms_token_verifier_add(made->verifier, issuers[kind], &keys, 0, NULL) == SVMS_OK);
    claims.issuer = issuers[kind];
    claims.audience = "here";
    claims.subject = "anna";
    claims.client = "web";
    claims.rights = rights;
    claims.rights_size = sizeof rights - 1;
    claims.now_utc_ns = NOW_NS;
    made->sizes[kind] = sizeof made->tokens[kind];
    need(svms_token_issue(made->ctx, &claims, key, SVMS_TOKEN_NO_ALGORITHM, issuers[kind],
                          made->tokens[kind], &made->sizes[kind], NULL) == SVMS_OK);
    EVP_PKEY_free(pkey);
    svms_public_key_free(&half);
    svms_private_key_free(&key);
}

static void set_up(harness *made)
{
    svms_token_rules rules = SVMS_TOKEN_RULES_INIT;
    rules.audience = "here";
    need(svms_ctx_new(&made->ctx, NULL, NULL) == SVMS_OK &&
         svms_token_verifier_new(&made->verifier, made->ctx, &rules, NULL) == SVMS_OK);
    for (size_t kind = 0; kind < KINDS; kind++) {
        add_kind(made, kind);
    }
}

static bool fits(svms_status status, svms_token_verdict verdict)
{
    switch (verdict) {
    case SVMS_TOKEN_GOOD:
        return status == SVMS_OK;
    case SVMS_TOKEN_FORM:
        return status == SVMS_E_MALFORMED || status == SVMS_E_LIMIT;
    case SVMS_TOKEN_HEADER:
    case SVMS_TOKEN_CRITICAL:
        return status == SVMS_E_MALFORMED;
    case SVMS_TOKEN_PROFILE:
        return status == SVMS_E_POLICY;
    case SVMS_TOKEN_WRONG_ALGORITHM:
    case SVMS_TOKEN_BAD_SIGNATURE:
        return status == SVMS_E_NOT_AUTHENTIC;
    case SVMS_TOKEN_UNKNOWN_KEY:
        return status == SVMS_E_UNTRUSTED;
    default:
        return false; /* nothing behind the signature is ever looked at */
    }
}

static void ask(const harness *made, const char *text, size_t size, bool is_genuine)
{
    svms_token *token = NULL;
    svms_token_verdict verdict = SVMS_TOKEN_APPROVAL;
    svms_token_question question = SVMS_TOKEN_QUESTION_INIT;
    svms_error err = SVMS_ERROR_INIT;
    question.now_utc_ns = NOW_NS;
    svms_status status =
        svms_token_verify(&token, made->verifier, text, size, &question, &verdict, &err);
    need(fits(status, verdict) && (status == SVMS_OK) == is_genuine &&
         (token != NULL) == is_genuine && (is_genuine || err.message[0] != '\0'));
    svms_token_free(&token);
}

/* ECDSA has a second signature for each: n - s. It takes the key's owner to make either. */
static void run_edits(const harness *made, const uint8_t *data, size_t size)
{
    char text[SVMS_JWS_MAX];
    size_t kind = data[0] % KINDS;
    memcpy(text, made->tokens[kind], made->sizes[kind]);
    for (size_t i = 1; i + EDIT <= size; i += EDIT) {
        size_t place = ((size_t)data[i] << 8 | data[i + 1]) % made->sizes[kind];
        text[place] = (char)data[i + 2];
    }
    ask(made, text, made->sizes[kind], memcmp(text, made->tokens[kind], made->sizes[kind]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static harness made;
    if (!made.ctx) {
        set_up(&made);
    }
    if (size > 1 && data[0] == '#') {
        run_edits(&made, data + 1, size - 1);
    } else {
        ask(&made, (const char *)data, size, false);
    }
    return 0;
}
