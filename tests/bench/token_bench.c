/* SPDX-License-Identifier: Apache-2.0 */
/* How fast tokens are verified, beside OpenSSL that does no more than verify a signature over the
 * same bytes with the same key: one context, initialised for each signature. CPU time, median of
 * rounds in which both take turns. Then, how many tokens are issued. Prints; never judges.
 *
 *   token_bench [tokens of a round] */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <svms/time.h>
#include <svms/token.h>

#define ROUNDS 11
#define TOKEN_ROOM 4097
#define NOW_NS (INT64_C(1800000000) * INT64_C(1000000000))

typedef struct algorithm {
    const char *name;
    const char *type;
    const char *curve; /* or NULL */
    const char *digest;
} algorithm;

typedef struct bench {
    const algorithm *how;
    svms_ctx *ctx;
    EVP_PKEY *pkey;
    svms_private_key *key;
    svms_token_verifier *verifier;
    char token[TOKEN_ROOM];
    size_t size;
    size_t signed_size;
    uint8_t signature[256];
    size_t signature_size;
    size_t count;
} bench;

static void need(bool done, const char *what)
{
    if (!done) {
        fprintf(stderr, "%s failed\n", what);
        exit(1);
    }
}

static void check(svms_status status, const char *what, const svms_error *err)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s failed: %s\n", what, err->message);
        exit(1);
    }
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void make_key(bench *b)
{
    char *text = NULL;
    svms_error err = SVMS_ERROR_INIT;
    BIO *pem = BIO_new(BIO_s_mem());
    b->pkey = b->how->curve ? EVP_PKEY_Q_keygen(NULL, NULL, b->how->type, b->how->curve)
                            : EVP_PKEY_Q_keygen(NULL, NULL, b->how->type);
    need(pem && b->pkey && PEM_write_bio_PrivateKey(pem, b->pkey, NULL, NULL, 0, NULL, NULL) == 1,
         "making a key");
    long size = BIO_get_mem_data(pem, &text);
    check(svms_private_key_from_pem(&b->key, b->ctx, text, (size_t)size, &err), "reading a key",
          &err);
    BIO_free(pem);
}

static void make_verifier(bench *b)
{
    char jwk[1024];
    char jwks[1100];
    size_t size = sizeof jwk;
    svms_error err = SVMS_ERROR_INIT;
    svms_public_key *half = NULL;
    svms_keyset *keys = NULL;
    svms_token_rules rules = SVMS_TOKEN_RULES_INIT;
    rules.audience = "recorder-1";
    check(svms_private_key_public(&half, b->ctx, b->key, &err), "taking the public half", &err);
    check(svms_public_key_to_jwk(b->ctx, half, SVMS_TOKEN_NO_ALGORITHM, NULL, jwk, &size, &err),
          "writing a key", &err);
    int length = snprintf(jwks, sizeof jwks, "{\"keys\":[%s]}", jwk);
    check(svms_keyset_from_jwks(&keys, b->ctx, jwks, (size_t)length, &err), "reading keys", &err);
    check(svms_token_verifier_new(&b->verifier, b->ctx, &rules, &err), "making a verifier", &err);
    check(svms_token_verifier_add(b->verifier, "https://id.example", &keys, 0, &err),
          "adding an issuer", &err);
    svms_public_key_free(&half);
}

static size_t issue(const bench *b, char out[TOKEN_ROOM])
{
    static const char rights[] =
        "[{\"type\":\"svms\",\"actions\":[\"live.view\",\"playback.view\"],\"devices\":["
        "\"00112233445566778899aabbccddeeff\",\"10112233445566778899aabbccddeeff\","
        "\"20112233445566778899aabbccddeeff\",\"30112233445566778899aabbccddeeff\","
        "\"40112233445566778899aabbccddeeff\"],\"when\":[{\"from\":\"06:00\",\"to\":\"22:00\"}]}]";
    svms_error err = SVMS_ERROR_INIT;
    svms_token_claims claims = SVMS_TOKEN_CLAIMS_INIT;
    claims.issuer = "https://id.example";
    claims.audience = "recorder-1";
    claims.subject = "operator.anna@security.example";
    claims.client = "web";
    claims.rights = rights;
    claims.rights_size = sizeof rights - 1;
    claims.now_utc_ns = NOW_NS;
    size_t size = TOKEN_ROOM;
    check(
        svms_token_issue(b->ctx, &claims, b->key, SVMS_TOKEN_NO_ALGORITHM, NULL, out, &size, &err),
        "issuing a token", &err);
    return size;
}

/* The bytes that the token signs, signed once more: ECDSA in DER, as OpenSSL wants it. */
static void sign_raw(bench *b)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    b->signed_size = (size_t)(strrchr(b->token, '.') - b->token);
    b->signature_size = sizeof b->signature;
    need(ctx && EVP_DigestSignInit_ex(ctx, NULL, b->how->digest, NULL, NULL, b->pkey, NULL) == 1 &&
             EVP_DigestSign(ctx, b->signature, &b->signature_size, (const uint8_t *)b->token,
                            b->signed_size) == 1,
         "signing");
    EVP_MD_CTX_free(ctx);
}

static double verify_raw(bench *b)
{
    double begin = cpu_seconds();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    for (size_t i = 0; i < b->count; i++) {
        need(EVP_DigestVerifyInit_ex(ctx, NULL, b->how->digest, NULL, NULL, b->pkey, NULL) == 1 &&
                 EVP_DigestVerify(ctx, b->signature, b->signature_size, (const uint8_t *)b->token,
                                  b->signed_size) == 1,
             "verifying");
        (void)EVP_MD_CTX_reset(ctx);
    }
    EVP_MD_CTX_free(ctx);
    return cpu_seconds() - begin;
}

static double verify_ours(bench *b)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_token_question question = SVMS_TOKEN_QUESTION_INIT;
    question.now_utc_ns = NOW_NS;
    double begin = cpu_seconds();
    for (size_t i = 0; i < b->count; i++) {
        svms_token *token = NULL;
        svms_token_verdict verdict = SVMS_TOKEN_APPROVAL;
        check(svms_token_verify(&token, b->verifier, b->token, b->size, &question, &verdict, &err),
              "verifying a token", &err);
        svms_token_free(&token);
    }
    return cpu_seconds() - begin;
}

static double issue_ours(const bench *b)
{
    char token[TOKEN_ROOM];
    double begin = cpu_seconds();
    for (size_t i = 0; i < b->count; i++) {
        (void)issue(b, token);
    }
    return cpu_seconds() - begin;
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    return values[ROUNDS / 2];
}

static void run(const algorithm *how, size_t count)
{
    static bench b;
    double raw[ROUNDS];
    double ours[ROUNDS];
    double ratio[ROUNDS];
    double issued[ROUNDS];
    memset(&b, 0, sizeof b);
    b.how = how;
    b.count = count;
    check(svms_ctx_new(&b.ctx, NULL, NULL), "making a context", &(svms_error)SVMS_ERROR_INIT);
    make_key(&b);
    make_verifier(&b);
    b.size = issue(&b, b.token);
    sign_raw(&b);
    for (int i = 0; i < ROUNDS; i++) {
        raw[i] = verify_raw(&b);
        ours[i] = verify_ours(&b);
        ratio[i] = raw[i] / ours[i];
        issued[i] = issue_ours(&b);
    }
    double n = (double)count;
    printf("%-6s token of %zu bytes: %8.0f tokens/s verified, %8.0f signatures/s by EVP alone, "
           "ratio %.3f; %8.0f tokens/s issued\n",
           how->name, b.size, n / median(ours), n / median(raw), median(ratio), n / median(issued));
    svms_token_verifier_free(&b.verifier);
    svms_private_key_free(&b.key);
    EVP_PKEY_free(b.pkey);
    svms_ctx_free(&b.ctx);
}

int main(int argc, char **argv)
{
    static const algorithm algorithms[] = {
        { "ES256", "EC", "P-256", "SHA256" },
        { "EdDSA", "ED25519", NULL, NULL },
    };
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 2000;
    if (count < 1 || count > 1000000) {
        fprintf(stderr, "usage: token_bench [tokens of a round]\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        run(&algorithms[i], (size_t)count);
    }
    return 0;
}
