/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of cameras, and signatures with them (CS-DOC-6, CS-VER-10). Keys, certificates and
 * signatures are made by OpenSSL alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#include <svms/time.h>

#include "../identity/authority.h"
#include "../identity/fixture.h"
#include "camera_key.h"
#include "key_internal.h"
#include "nal_internal.h"
#include "sei_maker.h"

#define PEM_ROOM 65536
#define FROM "20260101000000Z"
#define TO "20270101000000Z"
#define CAMERA "1.3.6.1.4.1.99999.1" /* any usage that is no role of ours */

typedef struct key_case {
    fixture_allocator allocator;
    svms_ctx *ctx;
    svms_camera_hasher *hasher;
    bytes elements;
    party root;
    party camera;
    char pem[PEM_ROOM];
} key_case;

static int set_up(void **state)
{
    static key_case fresh;
    memset(&fresh, 0, sizeof fresh);
    fresh.ctx = fixture_context(&fresh.allocator);
    assert_int_equal(svms_camera_hasher_new(&fresh.hasher, fresh.ctx, NULL), SVMS_OK);
    party_plan plan = { .name = "root of a maker", .from = FROM, .to = TO };
    fresh.root = party_make(&plan);
    *state = &fresh;
    return 0;
}

static int tear_down(void **state)
{
    key_case *c = *state;
    bytes_free(&c->elements);
    party_free(&c->camera);
    party_free(&c->root);
    svms_camera_hasher_free(&c->hasher);
    svms_ctx_free(&c->ctx);
    assert_int_equal(c->allocator.live, 0);
    return 0;
}

static svms_camera_text text_of(const char *pem)
{
    svms_camera_text text = { (const uint8_t *)pem, strlen(pem) };
    return text;
}

/* A certificate with a key of that type, and its PEM text. */
static void make_camera_for(key_case *c, const char *type, const char *usage, const char *key_usage)
{
    party_plan plan = { .name = "camera 7",
                        .issuer = &c->root,
                        .from = FROM,
                        .to = TO,
                        .usage = usage,
                        .key_usage = key_usage,
                        .key_type = type };
    party_free(&c->camera);
    c->camera = party_make(&plan);
    (void)party_pem(&c->camera, c->pem, 0, sizeof c->pem);
}

static void make_camera(key_case *c, const char *type)
{
    make_camera_for(c, type, CAMERA, NULL);
}

static svms_camera_key *open_key(key_case *c)
{
    svms_camera_key *key = NULL;
    svms_camera_text text = text_of(c->pem);
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_camera_key_new(&key, c->ctx, &text, &err);
    if (status != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return key;
}

static svms_status refuse_key(key_case *c, const char *words)
{
    svms_camera_key *key = NULL;
    svms_camera_text text = text_of(c->pem);
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_camera_key_new(&key, c->ctx, &text, &err);
    assert_null(key);
    if (!strstr(err.message, words)) {
        fail_msg("\"%s\" instead of \"%s\"", err.message, words);
    }
    return status;
}

typedef struct oid {
    uint8_t data[11];
    size_t size;
} oid;

static const oid none = { { 0 }, 0 };
static const oid ecdsa_sha384 = { { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03 },
                                  10 };
static const oid ec_public_key = { { 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01 }, 9 };
static const oid rsa_encryption = {
    { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01 }, 11
};
static const oid rsa_pss = { { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A },
                             11 };
static const oid rsa_sha256 = {
    { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B }, 11
};
static const oid rsa_sha512 = {
    { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0D }, 11
};
static const oid rsa_sha1 = { { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x05 },
                              11 };

typedef struct signature_case {
    const char *what;
    const char *type;
    unsigned hash; /* 1: SHA-256, 2: SHA-384, 3: SHA-512 */
    const oid *oid;
    const char *padding; /* NULL: PSS */
    const char *salt;
    svms_status expected;
    const char *words;
} signature_case;

static const char no_fit[] = "the signature of a SEI does not fit";

static const signature_case signatures[] = {
    { "P-256", "P-256", 1, &none, NULL, NULL, SVMS_OK, "" },
    { "P-256, SHA-384", "P-256", 2, &ecdsa_sha384, NULL, NULL, SVMS_OK, "" },
    { "P-256, SHA-512", "P-256", 3, &ec_public_key, NULL, NULL, SVMS_OK, "" },
    { "P-384", "P-384", 2, &none, NULL, NULL, SVMS_OK, "" },
    { "P-384, SHA-256", "P-384", 1, &none, NULL, NULL, SVMS_OK, "" },
    { "P-521", "P-521", 3, &none, NULL, NULL, SVMS_OK, "" },
    { "P-521, SHA-256", "P-521", 1, &none, NULL, NULL, SVMS_OK, "" },
    { "RSA, PSS", "RSA", 1, &none, NULL, NULL, SVMS_OK, "" },
    { "RSA, PSS by OID, SHA-512", "RSA", 3, &rsa_pss, NULL, NULL, SVMS_OK, "" },
    { "RSA, PSS, no salt", "RSA", 1, &rsa_pss, NULL, "0", SVMS_OK, "" },
    { "RSA, PSS, all salt", "RSA", 2, &rsa_encryption, NULL, "max", SVMS_OK, "" },
    { "RSA, PKCS #1", "RSA", 1, &rsa_sha256, "pkcs1", NULL, SVMS_OK, "" },
    { "RSA, PKCS #1, SHA-512", "RSA", 3, &rsa_sha512, "pkcs1", NULL, SVMS_OK, "" },
    { "PKCS #1 without its OID", "RSA", 1, &none, "pkcs1", NULL, SVMS_E_NOT_AUTHENTIC, no_fit },
    { "PSS with the OID of PKCS #1", "RSA", 1, &rsa_sha256, NULL, NULL, SVMS_E_NOT_AUTHENTIC,
      no_fit },
    { "ECDSA of another hash", "P-256", 1, &ecdsa_sha384, NULL, NULL, SVMS_E_UNSUPPORTED,
      "with another hash than its own" },
    { "PKCS #1 of another hash", "RSA", 1, &rsa_sha512, "pkcs1", NULL, SVMS_E_UNSUPPORTED,
      "with another hash than its own" },
    { "PSS of an elliptic curve", "P-256", 1, &rsa_pss, NULL, NULL, SVMS_E_UNSUPPORTED,
      "that the camera's elliptic curve key cannot make" },
    { "PKCS #1 of an elliptic curve", "P-521", 1, &rsa_sha256, NULL, NULL, SVMS_E_UNSUPPORTED,
      "that the camera's elliptic curve key cannot make" },
    { "ECDSA of RSA", "RSA", 1, &ec_public_key, NULL, NULL, SVMS_E_UNSUPPORTED,
      "that the camera's RSA key cannot make" },
    { "SHA-1", "RSA", 1, &rsa_sha1, "pkcs1", NULL, SVMS_E_UNSUPPORTED,
      "a signature other than ECDSA, RSASSA-PSS and RSASSA-PKCS1-v1_5" },
};

static bytes signed_sei(key_case *c, const signature_case *how, unsigned reserved)
{
    static const char *const digests[] = { NULL, "SHA256", "SHA384", "SHA512" };
    general_plan general = general_usual();
    general.hash_size = 16 * ((size_t)how->hash + 1);
    bytes_free(&c->elements);
    put_general(&c->elements, &general);
    put_cryptography(&c->elements, how->hash, how->oid->data, how->oid->size);
    sei_plan plan = { .reserved = reserved,
                      .elements = &c->elements,
                      .key = c->camera.key,
                      .digest = digests[how->hash],
                      .padding = how->padding,
                      .salt = how->salt };
    return sei_make(&plan);
}

static svms_status read_sei(key_case *c, const bytes *sei, svms_camera_document *document)
{
    svms_nal nal = SVMS_NAL_INIT;
    assert_true(svms_nal_over(&nal, SVMS_CODEC_H264, sei->data, sei->size));
    svms_camera_nal found = svms_camera_nal_of(SVMS_CODEC_H264, &nal);
    return svms_camera_document_read(document, c->ctx, SVMS_CODEC_H264, &found, NULL);
}

static svms_status verify_document(key_case *c, svms_camera_key *key,
                                   const svms_camera_document *document, svms_error *err)
{
    return svms_camera_key_verify(key, c->hasher, &document->algorithms, document, err);
}

static svms_status verify_sei(key_case *c, svms_camera_key *key, const bytes *sei, svms_error *err)
{
    svms_camera_document document;
    assert_int_equal(read_sei(c, sei, &document), SVMS_OK);
    svms_status status = verify_document(c, key, &document, err);
    svms_camera_document_clear(&document);
    return status;
}

static void each_kind_of_signature_is_verified_or_named(void **state)
{
    key_case *c = *state;
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        const signature_case *how = &signatures[i];
        svms_error err = SVMS_ERROR_INIT;
        make_camera(c, how->type);
        svms_camera_key *key = open_key(c);
        bytes sei = signed_sei(c, how, i & 1 ? 0x40 : 0);
        /* The second time with what was prepared the first time. */
        for (int again = 0; again < 2; again++) {
            svms_status status = verify_sei(c, key, &sei, &err);
            if (status != how->expected ||
                (status != SVMS_OK && !strstr(err.message, how->words))) {
                fail_msg("%s: %s, %s", how->what, svms_status_name(status), err.message);
            }
        }
        bytes_free(&sei);
        svms_camera_key_free(&key);
    }
}

/* Every byte but those of the signature's padding; most are told before the signature is. */
static void whatever_is_changed_does_not_verify(void **state)
{
    static const size_t samples[] = { 0, 4, 6 };
    key_case *c = *state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        make_camera(c, signatures[samples[i]].type);
        svms_camera_key *key = open_key(c);
        bytes sei = signed_sei(c, &signatures[samples[i]], 0);
        size_t told = 0;
        for (size_t at = 1; at < sei.size - 1; at++) {
            svms_camera_document document;
            sei.data[at] ^= 0x04;
            svms_status status = read_sei(c, &sei, &document);
            size_t signature_end = 0;
            if (status == SVMS_OK && document.has_signature) {
                const uint8_t *base = document.bytes ? document.bytes : sei.data;
                signature_end = (size_t)(document.signature + document.signature_size - base);
                status = verify_document(c, key, &document, NULL);
                told += status == SVMS_E_NOT_AUTHENTIC;
            }
            svms_camera_document_clear(&document);
            sei.data[at] ^= 0x04;
            if (status == SVMS_OK && signature_end > 0 && at < signature_end) {
                fail_msg("byte %zu", at);
            }
            assert_int_not_equal(status, SVMS_E_CRYPTO);
        }
        assert_true(told > 64);
        bytes_free(&sei);
        svms_camera_key_free(&key);
    }
}

static void another_key_does_not_verify(void **state)
{
    key_case *c = *state;
    make_camera(c, "P-256");
    svms_camera_key *key = open_key(c);
    make_camera(c, "P-256");
    bytes sei = signed_sei(c, &signatures[0], 0);
    assert_int_equal(verify_sei(c, key, &sei, NULL), SVMS_E_NOT_AUTHENTIC);
    bytes_free(&sei);
    svms_camera_key_free(&key);
}

/* (r, s) and (r, n - s) both are signatures; cameras give either. */
static void both_values_of_s_are_taken(void **state)
{
    key_case *c = *state;
    make_camera(c, "P-256");
    svms_camera_key *key = open_key(c);
    bytes sei = signed_sei(c, &signatures[0], 0);
    svms_camera_document document;
    assert_int_equal(read_sei(c, &sei, &document), SVMS_OK);
    const uint8_t *der = document.signature;
    uint8_t turned[80];
    uint8_t *end = turned;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)document.signature_size);
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *r = BN_dup(ECDSA_SIG_get0_r(pair));
    BIGNUM *s = BN_dup(ECDSA_SIG_get0_s(pair));
    assert_int_equal(BN_sub(s, EC_GROUP_get0_order(group), s), 1);
    assert_int_equal(ECDSA_SIG_set0(pair, r, s), 1);
    assert_int_equal(verify_document(c, key, &document, NULL), SVMS_OK);
    document.signature_size = (size_t)i2d_ECDSA_SIG(pair, &end);
    document.signature = turned;
    assert_int_equal(verify_document(c, key, &document, NULL), SVMS_OK);
    EC_GROUP_free(group);
    ECDSA_SIG_free(pair);
    svms_camera_document_clear(&document);
    bytes_free(&sei);
    svms_camera_key_free(&key);
}

static const struct {
    uint8_t data[16];
    size_t size;
} wrong_forms[] = {
    { { 0 }, 1 },
    { { 0x30, 0x00 }, 2 },
    { { 0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01 }, 7 },                 /* cut */
    { { 0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00 }, 9 },           /* more behind it */
    { { 0x30, 0x07, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00 }, 9 },           /* more in it */
    { { 0x30, 0x81, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01 }, 9 },           /* length too long */
    { { 0x30, 0x07, 0x02, 0x02, 0x00, 0x01, 0x02, 0x01, 0x01 }, 9 },           /* padded */
    { { 0x30, 0x06, 0x02, 0x01, 0x81, 0x02, 0x01, 0x01 }, 8 },                 /* negative */
    { { 0x30, 0x05, 0x02, 0x00, 0x02, 0x01, 0x01 }, 7 },                       /* empty */
    { { 0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x01 }, 8 },                 /* r is 0 */
    { { 0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01 }, 8 },                 /* just wrong */
    { { 0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01 }, 8 },                 /* a set */
    { { 0x30, 0x09, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x02, 0x01, 1 }, 11 }, /* three */
};

static void what_is_no_signature_does_not_verify(void **state)
{
    static const char *const types[] = { "P-256", "RSA" };
    key_case *c = *state;
    for (size_t k = 0; k < 2; k++) {
        make_camera(c, types[k]);
        svms_camera_key *key = open_key(c);
        bytes sei = signed_sei(c, &signatures[0], 0);
        svms_camera_document document;
        assert_int_equal(read_sei(c, &sei, &document), SVMS_OK);
        for (size_t i = 0; i < sizeof wrong_forms / sizeof wrong_forms[0]; i++) {
            svms_error err = SVMS_ERROR_INIT;
            document.signature = wrong_forms[i].data;
            document.signature_size = wrong_forms[i].size;
            svms_status status = verify_document(c, key, &document, &err);
            if (status != SVMS_E_NOT_AUTHENTIC) {
                fail_msg("%s, form %zu: %s, %s", types[k], i, svms_status_name(status),
                         err.message);
            }
        }
        svms_camera_document_clear(&document);
        bytes_free(&sei);
        svms_camera_key_free(&key);
    }
}

/* Tag 4 stood in an earlier SEI. */
static void algorithms_may_come_from_before(void **state)
{
    key_case *c = *state;
    make_camera(c, "RSA");
    svms_camera_key *key = open_key(c);
    svms_camera_algorithms before = { SVMS_CAMERA_SHA384, SVMS_CAMERA_SCHEME_PKCS1,
                                      SVMS_CAMERA_SHA384 };
    general_plan general = general_usual();
    general.hash_size = 48;
    put_general(&c->elements, &general);
    sei_plan plan = {
        .elements = &c->elements, .key = c->camera.key, .digest = "SHA384", .padding = "pkcs1"
    };
    bytes sei = sei_make(&plan);
    svms_camera_document document;
    assert_int_equal(read_sei(c, &sei, &document), SVMS_OK);
    assert_false(document.has_cryptography);
    assert_int_equal(svms_camera_key_verify(key, c->hasher, &before, &document, NULL), SVMS_OK);
    /* Its own say that no hash is known. */
    assert_int_equal(verify_document(c, key, &document, NULL), SVMS_E_UNSUPPORTED);
    before.hash = SVMS_CAMERA_SHA256;
    before.scheme_hash = SVMS_CAMERA_SHA256;
    assert_int_equal(svms_camera_key_verify(key, c->hasher, &before, &document, NULL),
                     SVMS_E_MALFORMED);
    svms_camera_document_clear(&document);
    bytes_free(&sei);
    svms_camera_key_free(&key);
}

static void keys_that_cannot_sign_video_are_named(void **state)
{
    key_case *c = *state;
    make_camera(c, "ED25519");
    assert_int_equal(refuse_key(c, "Ed25519 keys do not sign video"), SVMS_E_UNSUPPORTED);
    make_camera(c, "RSA1024");
    assert_int_equal(refuse_key(c, "RSA keys of 1024 bits are not supported"), SVMS_E_UNSUPPORTED);
    make_camera(c, "secp256k1");
    assert_int_equal(refuse_key(c, "elliptic curve keys on secp256k1 are not supported"),
                     SVMS_E_UNSUPPORTED);
}

/* The rest of the library does not sign with such keys, and says so when it meets one. */
static void a_p521_chain_is_refused_where_it_cannot_serve(void **state)
{
    key_case *c = *state;
    svms_chain *chain = NULL;
    uint8_t id[SVMS_DIGEST_SIZE];
    make_camera(c, "P-521");
    svms_camera_key *key = open_key(c);
    const svms_public_key *leaf = svms_chain_leaf_key(svms_camera_key_chain(key));
    assert_null(leaf);
    assert_int_equal(svms_public_key_id(leaf, id, NULL), SVMS_E_UNSUPPORTED);
    assert_int_equal(svms_chain_from_pem(&chain, c->ctx, c->pem, strlen(c->pem), NULL),
                     SVMS_E_UNSUPPORTED);
    svms_camera_key_free(&key);
}

static void what_is_no_chain_is_malformed(void **state)
{
    key_case *c = *state;
    strcpy(c->pem, "");
    assert_int_equal(refuse_key(c, "empty"), SVMS_E_MALFORMED);
    strcpy(c->pem, " \r\n\t");
    assert_int_equal(refuse_key(c, "empty"), SVMS_E_MALFORMED);
    strcpy(c->pem, "nothing");
    assert_int_equal(refuse_key(c, "no certificate in the text"), SVMS_E_MALFORMED);
    make_camera(c, "P-256");
    c->pem[100] = '!';
    assert_int_equal(refuse_key(c, "damaged"), SVMS_E_MALFORMED);
}

static void what_is_too_long_is_refused(void **state)
{
    key_case *c = *state;
    make_camera(c, "P-256");
    size_t length = strlen(c->pem);
    for (int i = 0; i < 8; i++) {
        length = party_pem(&c->camera, c->pem, length, sizeof c->pem);
    }
    assert_int_equal(refuse_key(c, "more than 8 certificates"), SVMS_E_LIMIT);
    svms_camera_key *key = NULL;
    bytes text = { NULL, 0 };
    put_fill(&text, 'a', 65537);
    svms_camera_text given = { text.data, text.size };
    assert_int_equal(svms_camera_key_new(&key, c->ctx, &given, NULL), SVMS_E_LIMIT);
    bytes_free(&text);
}

static void nul_and_white_space_behind_the_text_are_passed_over(void **state)
{
    key_case *c = *state;
    make_camera(c, "P-256");
    svms_camera_key *key = NULL;
    bytes text = { NULL, 0 };
    put(&text, c->pem, strlen(c->pem));
    put(&text, "\r\n\0\0 \n\0", 7);
    svms_camera_text given = { text.data, text.size };
    assert_int_equal(svms_camera_key_new(&key, c->ctx, &given, NULL), SVMS_OK);
    assert_string_equal(svms_chain_subject(svms_camera_key_chain(key)), "CN=camera 7");
    assert_true(svms_camera_key_is_of(key, &given));
    given.size--;
    assert_false(svms_camera_key_is_of(key, &given));
    given.size++;
    text.data[40] ^= 1;
    assert_false(svms_camera_key_is_of(key, &given));
    svms_camera_key_free(&key);
    bytes_free(&text);
}

static void a_key_lives_as_long_as_somebody_has_it(void **state)
{
    key_case *c = *state;
    make_camera(c, "P-521");
    svms_camera_key *key = open_key(c);
    svms_camera_key *same = svms_camera_key_retain(key);
    bytes sei = signed_sei(c, &signatures[5], 0);
    svms_camera_key_free(&key);
    assert_null(key);
    svms_camera_key_free(&key);
    assert_int_equal(verify_sei(c, same, &sei, NULL), SVMS_OK);
    svms_camera_key_free(&same);
    bytes_free(&sei);
}

typedef struct check_case {
    const char *type;
    const char *usage; /* NULL: our roles */
    bool names_camera;
    bool names_recorder;
    const char *key_usage;
    const char *at; /* of signing */
    svms_identity_verdict expected;
    const char *words;
} check_case;

#define AT_2026 "2026-06-01T00:00:00Z"

static void check_one(key_case *c, const check_case *one, svms_trust *trust)
{
    char roles[200];
    svms_error err = SVMS_ERROR_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    (void)snprintf(roles, sizeof roles, "%s%s%s",
                   one->names_camera ? svms_role_oid(SVMS_ROLE_CAMERA) : "",
                   one->names_camera && one->names_recorder ? "," : "",
                   one->names_recorder ? svms_role_oid(SVMS_ROLE_RECORDER) : "");
    make_camera_for(c, one->type, one->usage ? one->usage : roles, one->key_usage);
    svms_camera_key *key = open_key(c);
    int64_t at = fixture_time(one->at);
    /* The role that is asked about does not matter. */
    svms_identity_question question =
        fixture_question(SVMS_ROLE_NONE, at, at, fixture_time("2026-12-01T00:00:00Z"));
    svms_status status = svms_camera_key_check(key, trust, &question, &result, &err);
    assert_int_equal(result.verdict, one->expected);
    assert_int_equal(status, one->expected == SVMS_IDENTITY_TRUSTED ? SVMS_OK : SVMS_E_UNTRUSTED);
    if (status != SVMS_OK && !strstr(err.message, one->words)) {
        fail_msg("\"%s\" instead of \"%s\"", err.message, one->words);
    }
    svms_camera_key_free(&key);
}

static const check_case checks[] = {
    { "P-256", CAMERA, false, false, NULL, AT_2026, SVMS_IDENTITY_TRUSTED, "" },
    { "P-521", CAMERA, false, false, NULL, AT_2026, SVMS_IDENTITY_TRUSTED, "" },
    { "RSA", "", false, false, NULL, AT_2026, SVMS_IDENTITY_TRUSTED, "" },
    { "P-256", NULL, true, false, NULL, AT_2026, SVMS_IDENTITY_TRUSTED, "" },
    { "P-256", NULL, true, true, NULL, AT_2026, SVMS_IDENTITY_TRUSTED, "" },
    { "P-256", NULL, false, true, NULL, AT_2026, SVMS_IDENTITY_WRONG_ROLE,
      "CN=camera 7 is for other roles than camera: recorder" },
    { "P-256", CAMERA, false, false, "critical,keyAgreement", AT_2026, SVMS_IDENTITY_WRONG_ROLE,
      "does not allow digital signatures (key usage)" },
    { "P-256", CAMERA, false, false, NULL, "2025-06-01T00:00:00Z", SVMS_IDENTITY_NOT_YET_VALID,
      "became valid at" },
};

static void a_camera_is_trusted_by_its_makers_anchor(void **state)
{
    key_case *c = *state;
    svms_trust *trust = NULL;
    svms_trust *other = NULL;
    char root[8192];
    party_plan plan = { .name = "root of another maker", .from = FROM, .to = TO };
    party stranger = party_make(&plan);
    size_t size = party_pem(&c->root, root, 0, sizeof root);
    assert_int_equal(svms_trust_from_pem(&trust, c->ctx, root, size, NULL), SVMS_OK);
    size = party_pem(&stranger, root, 0, sizeof root);
    assert_int_equal(svms_trust_from_pem(&other, c->ctx, root, size, NULL), SVMS_OK);
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        check_one(c, &checks[i], trust);
    }
    check_case unknown = checks[0];
    unknown.expected = SVMS_IDENTITY_UNKNOWN_ISSUER;
    unknown.words = "the issuer of the certificate of CN=camera 7 is unknown";
    check_one(c, &unknown, other);
    unknown.expected = SVMS_IDENTITY_NO_ANCHOR;
    unknown.words = "no trust anchor was given";
    check_one(c, &unknown, NULL);
    svms_trust_free(&trust);
    svms_trust_free(&other);
    party_free(&stranger);
}

/* It has expired by now; only attested time, or the caller, says that it had not then. */
static void what_expired_since_needs_attested_time(void **state)
{
    key_case *c = *state;
    svms_trust *trust = NULL;
    char root[8192];
    make_camera(c, "P-256");
    svms_camera_key *key = open_key(c);
    size_t size = party_pem(&c->root, root, 0, sizeof root);
    assert_int_equal(svms_trust_from_pem(&trust, c->ctx, root, size, NULL), SVMS_OK);
    int64_t at = fixture_time(AT_2026);
    svms_identity_question question =
        fixture_question(SVMS_ROLE_CAMERA, at, at, fixture_time("2030-01-01T00:00:00Z"));
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    assert_int_equal(svms_camera_key_check(key, trust, &question, &result, NULL), SVMS_E_UNTRUSTED);
    assert_int_equal(result.verdict, SVMS_IDENTITY_EXPIRED_NOW);
    question.attested_utc_ns = fixture_time("2026-06-02T00:00:00Z");
    assert_int_equal(svms_camera_key_check(key, trust, &question, &result, NULL), SVMS_OK);
    question.attested_utc_ns = SVMS_NO_TIME;
    question.policy = SVMS_TIME_CLAIMED;
    assert_int_equal(svms_camera_key_check(key, trust, &question, &result, NULL), SVMS_OK);
    svms_trust_free(&trust);
    svms_camera_key_free(&key);
}

static void every_allocation_may_fail(void **state)
{
    static const char *const types[] = { "P-256", "P-521", "RSA" };
    key_case *c = *state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        make_camera(c, types[i]);
        svms_camera_text text = text_of(c->pem);
        svms_status status = SVMS_E_NO_MEMORY;
        size_t failing = 0;
        while (status == SVMS_E_NO_MEMORY && failing < 100) {
            svms_camera_key *key = NULL;
            size_t live = c->allocator.live;
            c->allocator.count = 0;
            c->allocator.failing = ++failing;
            status = svms_camera_key_new(&key, c->ctx, &text, NULL);
            c->allocator.failing = 0;
            svms_camera_key_free(&key);
            assert_int_equal(c->allocator.live, live);
        }
        assert_int_equal(status, SVMS_OK);
        assert_in_range(failing, 4, 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_kind_of_signature_is_verified_or_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(whatever_is_changed_does_not_verify, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_key_does_not_verify, set_up, tear_down),
        cmocka_unit_test_setup_teardown(both_values_of_s_are_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_signature_does_not_verify, set_up, tear_down),
        cmocka_unit_test_setup_teardown(algorithms_may_come_from_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_that_cannot_sign_video_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_p521_chain_is_refused_where_it_cannot_serve, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_chain_is_malformed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_long_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nul_and_white_space_behind_the_text_are_passed_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_key_lives_as_long_as_somebody_has_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_camera_is_trusted_by_its_makers_anchor, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_expired_since_needs_attested_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("signedvideo_key", tests, NULL, NULL);
}
