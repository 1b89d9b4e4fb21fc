/* SPDX-License-Identifier: Apache-2.0 */
/* token.md: each way to forge a token, or to make two readers understand two things by it, is
 * refused with the verdict and the status of its own. */
#include "token_world.h"

#include <openssl/pem.h>

#include "base64.h"

#define ROOM 16384
#define KEYS 4

/* A verifier with a key of each kind: p256, p384, ed25519, rsa. */
typedef struct scene {
    svms_ctx *ctx;
    svms_private_key *keys[KEYS];
    svms_token_verifier *verifier;
} scene;

static const svms_token_algorithm algorithms[KEYS] = { SVMS_TOKEN_ES256, SVMS_TOKEN_ES384,
                                                       SVMS_TOKEN_EDDSA, SVMS_TOKEN_RS256 };
static const char *const kids[KEYS] = { "p256", "p384", "ed25519", "rsa" };

static int set_up(void **state)
{
    static scene s;
    static char json[ROOM];
    svms_keyset *keys = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_token_rules rules = world_rules(SVMS_TOKEN_ACCESS);
    size_t at = (size_t)snprintf(json, sizeof json, "{\"keys\":[");
    memset(&s, 0, sizeof s);
    assert_int_equal(svms_ctx_new(&s.ctx, NULL, NULL), SVMS_OK);
    for (size_t i = 0; i < KEYS; i++) {
        char jwk[2048];
        size_t size = sizeof jwk;
        svms_public_key *half = NULL;
        s.keys[i] = world_key(s.ctx, algorithms[i]);
        assert_int_equal(svms_private_key_public(&half, s.ctx, s.keys[i], NULL), SVMS_OK);
        assert_int_equal(
            svms_public_key_to_jwk(s.ctx, half, algorithms[i], kids[i], jwk, &size, NULL), SVMS_OK);
        svms_public_key_free(&half);
        at += (size_t)snprintf(json + at, sizeof json - at, "%s%s", i > 0 ? "," : "", jwk);
    }
    at += (size_t)snprintf(json + at, sizeof json - at, "]}");
    if (svms_keyset_from_jwks(&keys, s.ctx, json, at, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(svms_token_verifier_new(&s.verifier, s.ctx, &rules, NULL), SVMS_OK);
    assert_int_equal(svms_token_verifier_add(s.verifier, WORLD_ISSUER, &keys, 0, NULL), SVMS_OK);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    scene *s = *state;
    svms_token_verifier_free(&s->verifier);
    for (size_t i = 0; i < KEYS; i++) {
        svms_private_key_free(&s->keys[i]);
    }
    svms_ctx_free(&s->ctx);
    return 0;
}

static void expect(const scene *s, const char *text, size_t size, svms_token_verdict verdict,
                   svms_status status, const char *what)
{
    svms_token *token = NULL;
    svms_token_verdict found = SVMS_TOKEN_APPROVAL;
    svms_error err = SVMS_ERROR_INIT;
    svms_token_question question = world_question();
    svms_status got = svms_token_verify(&token, s->verifier, text, size, &question, &found, &err);
    if (got != status || found != verdict || (got == SVMS_OK) != (token != NULL) ||
        (got != SVMS_OK && err.message[0] == '\0')) {
        fail_msg("%s: %s, status %d, %s; not %s, status %d", what, svms_token_verdict_name(found),
                 got, err.message, svms_token_verdict_name(verdict), status);
    }
    svms_token_free(&token);
}

#define HEADER(alg, kid) "{\"alg\":\"" alg "\",\"typ\":\"at+jwt\",\"kid\":\"" kid "\"}"
#define WHO                                                                                        \
    "\"iss\":\"" WORLD_ISSUER "\",\"sub\":\"anna\",\"aud\":\"" WORLD_AUDIENCE                      \
    "\",\"jti\":\"j1\",\"client_id\":\"web\""
#define BEGIN "\"iat\":1799999900,\"nbf\":1799999900"
#define GOOD "{" WHO "," BEGIN ",\"exp\":1800000500}"
#define EXP(text) "{" WHO "," BEGIN ",\"exp\":" text "}"
#define MORE(text) "{" WHO "," BEGIN ",\"exp\":1800000500," text "}"

/* All of these are signed with the key at that place, in its own way: that alone does not make them
 * good. */
typedef struct refusal {
    const char *header;
    const char *payload;
    size_t key;
    svms_token_verdict verdict;
    svms_status status;
} refusal;

#define WRONG SVMS_TOKEN_WRONG_ALGORITHM, SVMS_E_NOT_AUTHENTIC
#define BAD_HEADER SVMS_TOKEN_HEADER, SVMS_E_MALFORMED
#define BAD_PAYLOAD SVMS_TOKEN_PAYLOAD, SVMS_E_MALFORMED
#define BAD_TIME SVMS_TOKEN_TIME, SVMS_E_MALFORMED
#define BAD_SIGNATURE SVMS_TOKEN_BAD_SIGNATURE, SVMS_E_NOT_AUTHENTIC
#define BAD_FORM SVMS_TOKEN_FORM, SVMS_E_MALFORMED

static const refusal refusals[] = {
    { HEADER("ES256", "p256"), GOOD, 0, SVMS_TOKEN_GOOD, SVMS_OK },
    { HEADER("ES384", "p384"), GOOD, 1, SVMS_TOKEN_GOOD, SVMS_OK },
    { HEADER("EdDSA", "ed25519"), GOOD, 2, SVMS_TOKEN_GOOD, SVMS_OK },
    { HEADER("RS256", "rsa"), GOOD, 3, SVMS_TOKEN_GOOD, SVMS_OK },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", GOOD, 0, SVMS_TOKEN_GOOD, SVMS_OK },
    { " {\"alg\":\"ES256\",\t\"typ\":\"at+jwt\",\r\n\"cty\":\"x\"} ", GOOD, 0, SVMS_TOKEN_GOOD,
      SVMS_OK },
    /* Algorithms that are none, or not those of the key */
    { HEADER("none", "p256"), GOOD, 0, WRONG },
    { HEADER("None", "p256"), GOOD, 0, WRONG },
    { HEADER("", "p256"), GOOD, 0, WRONG },
    { HEADER("es256", "p256"), GOOD, 0, WRONG },
    { HEADER("ES256 ", "p256"), GOOD, 0, WRONG },
    { HEADER("HS256", "rsa"), GOOD, 3, WRONG },
    { HEADER("HS512", "rsa"), GOOD, 3, WRONG },
    { HEADER("RS1", "rsa"), GOOD, 3, WRONG },
    { HEADER("RS512", "rsa"), GOOD, 3, WRONG },
    { HEADER("PS384", "rsa"), GOOD, 3, WRONG },
    { HEADER("PS256", "rsa"), GOOD, 3, WRONG },
    { HEADER("ES256K", "p256"), GOOD, 0, WRONG },
    { HEADER("ES512", "p384"), GOOD, 1, WRONG },
    { HEADER("RSA-OAEP", "rsa"), GOOD, 3, WRONG },
    { HEADER("dir", "p256"), GOOD, 0, WRONG },
    /* Curves mixed up: the header is that of the other curve's key, or the signature is */
    { HEADER("ES256", "p384"), GOOD, 1, WRONG },
    { HEADER("ES384", "p256"), GOOD, 0, WRONG },
    { HEADER("ES256", "p256"), GOOD, 1, BAD_SIGNATURE },
    { HEADER("ES384", "p384"), GOOD, 0, BAD_SIGNATURE },
    { HEADER("EdDSA", "p256"), GOOD, 0, WRONG },
    { HEADER("ES256", "ed25519"), GOOD, 2, WRONG },
    { HEADER("EdDSA", "ed25519"), GOOD, 0, BAD_SIGNATURE },
    { HEADER("ES256", "p256"), GOOD, 2, BAD_SIGNATURE },
    { HEADER("RS256", "rsa"), GOOD, 0, BAD_SIGNATURE },
    /* Keys */
    { HEADER("ES256", "P256"), GOOD, 0, SVMS_TOKEN_UNKNOWN_KEY, SVMS_E_UNTRUSTED },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"\"}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":7}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"PS256\",\"typ\":\"at+jwt\"}", GOOD, 3, SVMS_TOKEN_UNKNOWN_KEY, SVMS_E_UNTRUSTED },
    /* What a header must not hold */
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"crit\":[\"exp\"]}", GOOD, 0, SVMS_TOKEN_CRITICAL,
      SVMS_E_MALFORMED },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"crit\":\"exp\"}", GOOD, 0, SVMS_TOKEN_CRITICAL,
      SVMS_E_MALFORMED },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"b64\":false}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"zip\":\"DEF\"}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"jku\":\"https://e\"}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"jwk\":{}}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"jwk\":\"\"}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"x5u\":\"https://e\"}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"x5c\":[]}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"x5t\":\"\"}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"x5t#S256\":\"\"}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"moon\":1}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"\\u0061lg\":\"none\",\"typ\":\"at+jwt\"}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"p256\",\"kid\":\"p384\"}", GOOD, 0,
      BAD_HEADER },
    { "{\"alg\":[\"ES256\"],\"typ\":\"at+jwt\"}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":null,\"typ\":\"at+jwt\"}", GOOD, 0, BAD_HEADER },
    { "{\"typ\":\"at+jwt\"}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}{}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"\xC3\x28\"}", GOOD, 0, BAD_HEADER },
    { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"\\u0000\"}", GOOD, 0, BAD_HEADER },
    { "\xEF\xBB\xBF{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", GOOD, 0, BAD_HEADER },
    { "[]", GOOD, 0, BAD_HEADER },
    { "\"ES256\"", GOOD, 0, BAD_HEADER },
    { HEADER("ES256", "p256"), "", 0, BAD_PAYLOAD },
    /* Payloads that readers may understand in two ways, or not at all */
    { HEADER("ES256", "p256"), "[]", 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), "null", 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), GOOD " x", 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), GOOD GOOD, 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"sub\":\"eve\""), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"s\\u0075b\":\"eve\""), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":{\"y\":[{\"a\":1,\"a\":2}]}"), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":\"\xC3\x28\""), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":\"\xC0\xAF\""), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":\"\xED\xA0\x80\""), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":\"\\ud800\""), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":\"\xF4\x90\x80\x80\""), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":\"\\u0000\""), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":\"\n\""), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":[[[[[[[1]]]]]]]"), 0, SVMS_TOKEN_GOOD, SVMS_OK },
    { HEADER("ES256", "p256"), MORE("\"x\":[[[[[[[[1]]]]]]]]"), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":\"[[[[[[[[[[[[\""), 0, SVMS_TOKEN_GOOD, SVMS_OK },
    { HEADER("ES256", "p256"), MORE("\"x\":01"), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":+1"), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":1,"), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":'y'"), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), MORE("\"x\":/**/1"), 0, BAD_PAYLOAD },
    /* Times */
    { HEADER("ES256", "p256"), EXP("9007199254740992"), 0, BAD_TIME },
    { HEADER("ES256", "p256"), EXP("9007199254740991"), 0, SVMS_TOKEN_LIFETIME, SVMS_E_POLICY },
    { HEADER("ES256", "p256"), EXP("9007199254740993.5"), 0, BAD_TIME },
    { HEADER("ES256", "p256"), EXP("9223372036854775807"), 0, BAD_TIME },
    { HEADER("ES256", "p256"), EXP("9223372036854775808"), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), EXP("-1"), 0, BAD_TIME },
    { HEADER("ES256", "p256"), EXP("-1e-9"), 0, BAD_TIME },
    { HEADER("ES256", "p256"), EXP("-9223372036854775808"), 0, BAD_TIME },
    { HEADER("ES256", "p256"), EXP("1e300"), 0, BAD_TIME },
    { HEADER("ES256", "p256"), EXP("1e400"), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), EXP("NaN"), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), EXP("Infinity"), 0, BAD_PAYLOAD },
    { HEADER("ES256", "p256"), EXP("\"1800000500\""), 0, BAD_TIME },
    { HEADER("ES256", "p256"), EXP("null"), 0, BAD_TIME },
    { HEADER("ES256", "p256"), EXP("true"), 0, BAD_TIME },
    { HEADER("ES256", "p256"), EXP("[1800000500]"), 0, BAD_TIME },
    { HEADER("ES256", "p256"), EXP("18000005e2"), 0, SVMS_TOKEN_GOOD, SVMS_OK },
    { HEADER("ES256", "p256"), EXP("1800000500.0"), 0, SVMS_TOKEN_GOOD, SVMS_OK },
    { HEADER("ES256", "p256"), EXP("0"), 0, BAD_TIME },
    { HEADER("ES256", "p256"), EXP("-0.0"), 0, BAD_TIME },
    { HEADER("ES256", "p256"), MORE("\"auth_time\":-1"), 0, BAD_TIME },
};

static void each_forgery_has_its_verdict(void **state)
{
    const scene *s = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const refusal *r = &refusals[i];
        char text[ROOM];
        char what[ROOM];
        size_t size = world_compact(text, sizeof text, s->ctx, s->keys[r->key], algorithms[r->key],
                                    r->header, r->payload);
        (void)snprintf(what, sizeof what, "case %zu: %s %s", i, r->header, r->payload);
        expect(s, text, size, r->verdict, r->status, what);
    }
}

/* The classic: the public key, which everybody has, is the secret of a MAC. */
static void a_mac_with_a_public_key_as_its_secret_is_no_signature(void **state)
{
    static const char *const headers[] = { HEADER("HS256", "rsa"), HEADER("RS256", "rsa"),
                                           "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}" };
    const scene *s = *state;
    BIO *pem = BIO_new(BIO_s_mem());
    char *secret = NULL;
    assert_int_equal(PEM_write_bio_PUBKEY(pem, svms_private_key_evp(s->keys[3])), 1);
    long secret_size = BIO_get_mem_data(pem, &secret);
    for (size_t i = 0; i < 3; i++) {
        char text[ROOM];
        uint8_t mac[32];
        size_t mac_size = sizeof mac;
        size_t at = world_base64url(text, headers[i], strlen(headers[i]));
        text[at++] = '.';
        at += world_base64url(text + at, GOOD, strlen(GOOD));
        assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, secret, (size_t)secret_size,
                                  (const uint8_t *)text, at, mac, sizeof mac, &mac_size));
        text[at++] = '.';
        at += world_base64url(text + at, mac, mac_size);
        if (i == 1) {
            expect(s, text, at, BAD_SIGNATURE, "a MAC as RS256");
        } else {
            expect(s, text, at, WRONG, headers[i]);
        }
    }
    BIO_free(pem);
}

static void an_unsigned_token_is_refused_for_its_algorithm(void **state)
{
    static const char *const headers[] = { HEADER("none", "p256"), HEADER("NONE", "rsa"),
                                           "{\"alg\":\"nOnE\",\"typ\":\"at+jwt\"}" };
    const scene *s = *state;
    for (size_t i = 0; i < 3; i++) {
        char text[ROOM];
        size_t at = world_base64url(text, headers[i], strlen(headers[i]));
        text[at++] = '.';
        at += world_base64url(text + at, GOOD, strlen(GOOD));
        text[at++] = '.';
        expect(s, text, at, WRONG, headers[i]);
    }
    /* And without a signature under a good header */
    char text[ROOM];
    size_t at = world_base64url(text, HEADER("ES256", "p256"), strlen(HEADER("ES256", "p256")));
    text[at++] = '.';
    at += world_base64url(text + at, GOOD, strlen(GOOD));
    text[at++] = '.';
    expect(s, text, at, BAD_SIGNATURE, "no signature");
}

/* Each character is put in front of, into, and behind each part. */
static void any_character_more_changes_the_form(void **state)
{
    static const char strangers[] = {
        '=', ' ', '\n', '\t', '\r', '+', '/', '.', '\0', '\x80', '"'
    };
    const scene *s = *state;
    char good[ROOM];
    char text[ROOM];
    size_t size = world_compact(good, sizeof good, s->ctx, s->keys[0], SVMS_TOKEN_ES256,
                                HEADER("ES256", "p256"), GOOD);
    size_t first = (size_t)(strchr(good, '.') - good);
    size_t last = (size_t)(strrchr(good, '.') - good);
    const size_t places[] = { 0, 4, first, first + 1, first + 5, last, last + 1, last + 5, size };
    for (size_t c = 0; c < sizeof strangers; c++) {
        for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
            char what[64];
            memcpy(text, good, places[p]);
            text[places[p]] = strangers[c];
            memcpy(text + places[p] + 1, good + places[p], size - places[p]);
            (void)snprintf(what, sizeof what, "character %d at %zu", strangers[c], places[p]);
            expect(s, text, size + 1, BAD_FORM, what);
        }
    }
}

/* The last character of a part of 4n + 2 or 4n + 3 characters holds bits that must be zero. */
static void bits_that_are_left_over_are_refused(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const scene *s = *state;
    char text[ROOM];
    size_t size = world_compact(text, sizeof text, s->ctx, s->keys[0], SVMS_TOKEN_ES256,
                                HEADER("ES256", "p256"), GOOD);
    assert_int_equal((size - 1 - (size_t)(strrchr(text, '.') - text)) % 4, 2);
    size_t value = (size_t)(strchr(alphabet, text[size - 1]) - alphabet);
    assert_int_equal(value % 16, 0);
    for (size_t more = 1; more < 16; more++) {
        text[size - 1] = alphabet[value + more];
        expect(s, text, size, BAD_FORM, "left over");
    }
}

static void what_is_too_long_is_refused_before_it_is_read(void **state)
{
    const scene *s = *state;
    char payload[ROOM];
    char text[ROOM];
    char header[1200];
    size_t kept = 0;
    for (size_t padding = 2500; padding < 3000; padding++) {
        int length =
            snprintf(payload, sizeof payload,
                     "{" WHO "," BEGIN ",\"exp\":1800000500,\"x\":\"%0*d\"}", (int)padding, 0);
        assert_true(length > 0);
        size_t size = world_compact(text, sizeof text, s->ctx, s->keys[0], SVMS_TOKEN_ES256,
                                    HEADER("ES256", "p256"), payload);
        if (size <= SVMS_JWS_MAX) {
            expect(s, text, size, SVMS_TOKEN_GOOD, SVMS_OK, "just short enough");
            kept++;
        } else {
            expect(s, text, size, SVMS_TOKEN_FORM, SVMS_E_LIMIT, "too long");
        }
        padding += size > SVMS_JWS_MAX - 40 ? 0 : 20;
    }
    assert_true(kept > 1);
    /* A header of 1,024 bytes and of one more */
    for (int more = 0; more < 2; more++) {
        size_t frame = strlen("{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"cty\":\"\"}");
        (void)snprintf(header, sizeof header,
                       "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"cty\":\"%0*d\"}",
                       (int)(1024 - frame) + more, 0);
        assert_int_equal(strlen(header), 1024 + more);
        size_t size =
            world_compact(text, sizeof text, s->ctx, s->keys[0], SVMS_TOKEN_ES256, header, GOOD);
        if (more == 0) {
            expect(s, text, size, SVMS_TOKEN_GOOD, SVMS_OK, "a long header");
        } else {
            expect(s, text, size, BAD_HEADER, "a longer header");
        }
    }
}

static void put_signature(char *text, size_t *size, const uint8_t *signature, size_t bytes)
{
    size_t at = (size_t)(strrchr(text, '.') - text) + 1;
    *size = at + world_base64url(text + at, signature, bytes);
    text[*size] = '\0';
}

/* FIPS 186-5, D.1: the orders of P-256 and P-384. */
static const uint8_t order_256[32] = { 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00,
                                       0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                       0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84,
                                       0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51 };
static const uint8_t order_384[48] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                       0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                       0xFF, 0xFF, 0xFF, 0xFF, 0xC7, 0x63, 0x4D, 0x81, 0xF4, 0x37,
                                       0x2D, 0xDF, 0x58, 0x1A, 0x0D, 0xB2, 0x48, 0xB0, 0xA7, 0x7A,
                                       0xEC, 0xEC, 0x19, 0x6A, 0xCC, 0xC5, 0x29, 0x73 };

static void numbers_of_ecdsa_that_are_zero_or_too_large_are_refused(void **state)
{
    const scene *s = *state;
    static const char *const headers[] = { HEADER("ES256", "p256"), HEADER("ES384", "p384") };
    for (size_t k = 0; k < 2; k++) {
        size_t width = k == 0 ? 32 : 48;
        const uint8_t *order = k == 0 ? order_256 : order_384;
        char text[ROOM];
        uint8_t good[SVMS_JWS_SIGNATURE_MAX];
        size_t size =
            world_compact(text, sizeof text, s->ctx, s->keys[k], algorithms[k], headers[k], GOOD);
        size_t signed_size = (size_t)(strrchr(text, '.') - text);
        (void)world_signature(good, s->ctx, s->keys[k], algorithms[k], text, signed_size);
        for (size_t part = 0; part < 2; part++) {
            for (int how = 0; how < 4; how++) {
                uint8_t bad[97];
                memcpy(bad, good, 2 * width);
                uint8_t *number = bad + part * width;
                memset(number, how == 3 ? 0xFF : 0, width);
                if (how == 1 || how == 2) {
                    memcpy(number, order, width);
                    number[width - 1] = (uint8_t)(number[width - 1] + (how == 2));
                }
                put_signature(text, &size, bad, 2 * width);
                expect(s, text, size, BAD_SIGNATURE, headers[k]);
            }
        }
        /* One byte less, one more, and r alone */
        uint8_t longer[97] = { 0 };
        memcpy(longer + 1, good, 2 * width);
        put_signature(text, &size, longer, 2 * width + 1);
        expect(s, text, size, BAD_SIGNATURE, "a zero in front");
        put_signature(text, &size, longer + 1, 2 * width - 1);
        expect(s, text, size, BAD_SIGNATURE, "a byte less");
        put_signature(text, &size, longer + 1, width);
        expect(s, text, size, BAD_SIGNATURE, "r alone");
        put_signature(text, &size, longer + 1, 2 * width);
        expect(s, text, size, SVMS_TOKEN_GOOD, SVMS_OK, headers[k]);
    }
}

/* RFC 8032, 5.1.7: S below the order; 5.1: L. */
static void a_number_of_eddsa_that_is_too_large_is_refused(void **state)
{
    static const uint8_t order[32] = { 0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58,
                                       0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14,
                                       0,    0,    0,    0,    0,    0,    0,    0,
                                       0,    0,    0,    0,    0,    0,    0,    0x10 };
    const scene *s = *state;
    char text[ROOM];
    uint8_t signature[SVMS_JWS_SIGNATURE_MAX];
    size_t size = world_compact(text, sizeof text, s->ctx, s->keys[2], SVMS_TOKEN_EDDSA,
                                HEADER("EdDSA", "ed25519"), GOOD);
    size_t made = world_signature(signature, s->ctx, s->keys[2], SVMS_TOKEN_EDDSA, text,
                                  (size_t)(strrchr(text, '.') - text));
    assert_int_equal(made, 64);
    unsigned carry = 0;
    for (size_t i = 0; i < sizeof order; i++) {
        carry += (unsigned)signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    put_signature(text, &size, signature, made);
    expect(s, text, size, BAD_SIGNATURE, "S + L");
}

static void a_signature_of_rsa_is_as_long_as_the_modulus(void **state)
{
    const scene *s = *state;
    char text[ROOM];
    uint8_t signature[1 + SVMS_JWS_SIGNATURE_MAX] = { 0 };
    size_t size = world_compact(text, sizeof text, s->ctx, s->keys[3], SVMS_TOKEN_RS256,
                                HEADER("RS256", "rsa"), GOOD);
    size_t signed_size = (size_t)(strrchr(text, '.') - text);
    size_t made =
        world_signature(signature + 1, s->ctx, s->keys[3], SVMS_TOKEN_PS256, text, signed_size);
    put_signature(text, &size, signature + 1, made);
    expect(s, text, size, BAD_SIGNATURE, "PS256 as RS256");
    made = world_signature(signature + 1, s->ctx, s->keys[3], SVMS_TOKEN_RS256, text, signed_size);
    put_signature(text, &size, signature, made + 1);
    expect(s, text, size, BAD_SIGNATURE, "a zero in front");
    put_signature(text, &size, signature + 1, made - 1);
    expect(s, text, size, BAD_SIGNATURE, "a byte less");
    put_signature(text, &size, signature + 1, made);
    expect(s, text, size, SVMS_TOKEN_GOOD, SVMS_OK, "RS256");
}

/* J-KEY-1 to J-KEY-4 */
typedef struct set_case {
    const char *json;
    svms_status status;
    const char *words;
} set_case;

#define X "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define ED(more) "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," X more "}"
#define OTHER(more)                                                                                \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"PUAXw-hDiVqStwqnTRt-"                            \
    "vJyYLM8uxJaMwM1V8Sr0Zgw\"" more "}"
#define SET(keys) "{\"keys\":[" keys "]}"

static const set_case sets[] = {
    { SET(ED("")), SVMS_OK, NULL },
    { SET(""), SVMS_OK, NULL },
    { SET(ED(",\"kid\":\"a\"") "," OTHER(",\"kid\":\"b\"")), SVMS_OK, NULL },
    { SET(ED(",\"kid\":\"a\"") "," OTHER(",\"kid\":\"a\"")), SVMS_E_MALFORMED, "kid" },
    { SET(ED(",\"kid\":\"a\"") "," ED(",\"kid\":\"a\"")), SVMS_E_MALFORMED, "kid" },
    { SET(ED("") "," OTHER("")), SVMS_E_MALFORMED, "kid" },
    { SET(ED(",\"kid\":\"\"")), SVMS_E_MALFORMED, "kid" },
    { SET(ED(",\"kid\":1")), SVMS_E_MALFORMED, "kid" },
    { SET(ED(",\"kid\":\"a\",\"kid\":\"b\"")), SVMS_E_MALFORMED, "twice" },
    { SET(ED("," X)), SVMS_E_MALFORMED, "twice" },
    { SET(ED(",\"d\":\"\"")), SVMS_E_MALFORMED, "d is there" },
    { SET("{\"kty\":\"oct\",\"k\":\"AA\"}"), SVMS_E_MALFORMED, "k is there" },
    { SET(ED(",\"alg\":\"ES256\"")), SVMS_E_MALFORMED, "alg" },
    { SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}"), SVMS_E_MALFORMED, "x is missing" },
    { SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}"), SVMS_E_MALFORMED, "length" },
    { SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
          "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"}"),
      SVMS_E_MALFORMED, "keys[0].x" },
    { SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
          "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp\"}"),
      SVMS_E_MALFORMED, "base64url" },
    { SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
          "\"x\":\"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"),
      SVMS_E_MALFORMED, "base64url" },
    /* Not on the curve */
    { SET("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
          "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4\"}"),
      SVMS_E_MALFORMED, "numbers" },
    { SET("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
          "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"),
      SVMS_E_MALFORMED, "numbers" },
    /* Short moduli, small exponents */
    { SET("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"), SVMS_E_MALFORMED, "length" },
    { "{}", SVMS_E_MALFORMED, "keys is missing" },
    { "{\"keys\":{}}", SVMS_E_MALFORMED, "keys" },
    { "[]", SVMS_E_MALFORMED, "object" },
    { SET("7"), SVMS_E_MALFORMED, "keys" },
    { SET(ED("")) " ", SVMS_OK, NULL },
    { SET(ED("")) "x", SVMS_E_MALFORMED, "end" },
    { "{\"x\":[[[[[[[[1]]]]]]]],\"keys\":[]}", SVMS_E_MALFORMED, "deep" },
};

static void each_set_of_keys_that_breaks_a_rule_is_refused_with_words(void **state)
{
    const scene *s = *state;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        svms_keyset *keys = NULL;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status =
            svms_keyset_from_jwks(&keys, s->ctx, sets[i].json, strlen(sets[i].json), &err);
        if (status != sets[i].status || (sets[i].words && !strstr(err.message, sets[i].words))) {
            fail_msg("%s: %d, %s", sets[i].json, status, err.message);
        }
        svms_keyset_free(&keys);
    }
}

static void a_set_has_at_most_64_keys(void **state)
{
    const scene *s = *state;
    for (size_t count = 64; count <= 65; count++) {
        char json[ROOM];
        size_t at = (size_t)snprintf(json, sizeof json, "{\"keys\":[");
        svms_keyset *keys = NULL;
        for (size_t i = 0; i < count; i++) {
            at += (size_t)snprintf(json + at, sizeof json - at,
                                   "%s{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," X ",\"kid\":\"%zu\"}",
                                   i > 0 ? "," : "", i);
        }
        at += (size_t)snprintf(json + at, sizeof json - at, "]}");
        assert_int_equal(svms_keyset_from_jwks(&keys, s->ctx, json, at, NULL),
                         count == 64 ? SVMS_OK : SVMS_E_MALFORMED);
        assert_int_equal(svms_keyset_count(keys), count == 64 ? 64 : 0);
        svms_keyset_free(&keys);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_forgery_has_its_verdict),
        cmocka_unit_test(a_mac_with_a_public_key_as_its_secret_is_no_signature),
        cmocka_unit_test(an_unsigned_token_is_refused_for_its_algorithm),
        cmocka_unit_test(any_character_more_changes_the_form),
        cmocka_unit_test(bits_that_are_left_over_are_refused),
        cmocka_unit_test(what_is_too_long_is_refused_before_it_is_read),
        cmocka_unit_test(numbers_of_ecdsa_that_are_zero_or_too_large_are_refused),
        cmocka_unit_test(a_number_of_eddsa_that_is_too_large_is_refused),
        cmocka_unit_test(a_signature_of_rsa_is_as_long_as_the_modulus),
        cmocka_unit_test(each_set_of_keys_that_breaks_a_rule_is_refused_with_words),
        cmocka_unit_test(a_set_has_at_most_64_keys),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
