/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <svms/external_key.h>
#include <svms/time.h>

#include "fixture.h"
#include "key_internal.h"

#define PEM_SIZE 8192

static svms_ctx *ctx;
static svms_private_key *ca_key;
static svms_chain *ca;

static svms_certificate_options options_for(svms_role role, const char *name)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    options.role = role;
    options.common_name = name;
    options.not_before_utc_ns = fixture_time("2026-01-01T00:00:00Z");
    options.not_after_utc_ns = fixture_time("2036-01-01T00:00:00Z");
    return options;
}

static svms_private_key *generate(const char *type, const char *parameter)
{
    EVP_PKEY *pkey = NULL;
    if (strcmp(type, "EC") == 0) {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", parameter);
    } else if (strcmp(type, "RSA") == 0) {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    } else {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, type);
    }
    assert_non_null(pkey);
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_from_evp(&key, ctx, pkey, NULL), SVMS_OK);
    EVP_PKEY_free(pkey);
    return key;
}

static svms_chain *issue_chain(const svms_certificate_options *options, const svms_private_key *key,
                               const svms_chain *issuer, const svms_private_key *issuer_key)
{
    char pem[PEM_SIZE];
    size_t size = sizeof pem;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_certificate_issue(ctx, options, key, issuer, issuer_key, pem, &size, &err) !=
        SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(strlen(pem), size);
    svms_chain *chain = NULL;
    assert_int_equal(svms_chain_from_pem(&chain, ctx, pem, size, NULL), SVMS_OK);
    return chain;
}

static X509 *issue_x509(const svms_certificate_options *options, const svms_private_key *key,
                        const svms_chain *issuer, const svms_private_key *issuer_key)
{
    char pem[PEM_SIZE];
    size_t size = sizeof pem;
    assert_int_equal(
        svms_certificate_issue(ctx, options, key, issuer, issuer_key, pem, &size, NULL), SVMS_OK);
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_non_null(certificate);
    BIO_free(bio);
    return certificate;
}

static int make_authority(void **state)
{
    (void)state;
    ctx = fixture_context(NULL);
    svms_certificate_options options = options_for(SVMS_ROLE_NONE, "Demonstration CA");
    assert_int_equal(svms_private_key_generate(&ca_key, ctx, NULL), SVMS_OK);
    ca = issue_chain(&options, ca_key, NULL, NULL);
    return 0;
}

static int free_authority(void **state)
{
    (void)state;
    svms_chain_free(&ca);
    svms_private_key_free(&ca_key);
    svms_ctx_free(&ctx);
    return 0;
}

/* Critical flag and DER of an extension as hexadecimal digits; "" when it is absent. */
static void expect_extension(X509 *certificate, int nid, int critical, const char *hex)
{
    int index = X509_get_ext_by_NID(certificate, nid, -1);
    if (!hex) {
        assert_int_equal(index, -1);
        return;
    }
    assert_true(index >= 0);
    X509_EXTENSION *extension = X509_get_ext(certificate, index);
    assert_int_equal(X509_EXTENSION_get_critical(extension), critical);
    const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(extension);
    char *text = OPENSSL_buf2hexstr(ASN1_STRING_get0_data(data), ASN1_STRING_length(data));
    char plain[256] = { 0 };
    for (size_t i = 0, j = 0; text[i] && j + 1 < sizeof plain; i++) {
        if (text[i] != ':') {
            plain[j++] = text[i];
        }
    }
    assert_string_equal(plain, hex);
    OPENSSL_free(text);
}

static void a_ca_certificate_says_so(void **state)
{
    (void)state;
    svms_certificate_options options = options_for(SVMS_ROLE_NONE, "Root");
    X509 *root = issue_x509(&options, ca_key, NULL, NULL);
    assert_int_equal(X509_get_version(root), 2);
    expect_extension(root, NID_basic_constraints, 1, "30060101FF020101");
    expect_extension(root, NID_key_usage, 1, "03020106");
    expect_extension(root, NID_ext_key_usage, 0, NULL);
    assert_int_equal(X509_self_signed(root, 1), 1);
    X509_free(root);

    X509 *below = issue_x509(&options, ca_key, ca, ca_key);
    expect_extension(below, NID_basic_constraints, 1, "30060101FF020100");
    X509_free(below);
}

/* The object identifier's DER was made with `openssl asn1parse -genstr OID:...`. */
static void a_leaf_certificate_names_its_role(void **state)
{
    (void)state;
    svms_certificate_options options = options_for(SVMS_ROLE_EXPORTER, "Exporter");
    X509 *leaf = issue_x509(&options, ca_key, ca, ca_key);
    expect_extension(leaf, NID_basic_constraints, 1, "3000");
    expect_extension(leaf, NID_key_usage, 1, "03020780");
    expect_extension(leaf, NID_ext_key_usage, 0,
                     "301706156981C78DF6E2F685BA9C8F80DBE980A6F8FEE56103");
    X509_free(leaf);
}

static void key_identifiers_link_leaf_and_ca(void **state)
{
    (void)state;
    svms_certificate_options options = options_for(SVMS_ROLE_CAMERA, "Camera");
    svms_private_key *key = generate("EC", "P-256");
    X509 *leaf = issue_x509(&options, key, ca, ca_key);
    options.role = SVMS_ROLE_NONE;
    X509 *root = issue_x509(&options, ca_key, NULL, NULL);
    unsigned char digest[EVP_MAX_MD_SIZE];
    assert_int_equal(X509_pubkey_digest(leaf, EVP_sha256(), digest, NULL), 1);
    const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(leaf);
    assert_int_equal(ASN1_STRING_length(own), 20);
    assert_memory_equal(ASN1_STRING_get0_data(own), digest, 20);
    assert_int_equal(
        ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(leaf), X509_get0_subject_key_id(root)), 0);
    assert_int_equal(
        ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(root), X509_get0_subject_key_id(root)), 0);
    X509_free(leaf);
    X509_free(root);
    svms_private_key_free(&key);
}

/* Its identifier is then made from the key, as this library would have made it. */
static void an_issuer_without_key_identifier_can_issue(void **state)
{
    (void)state;
    X509 *bare = X509_new();
    EVP_PKEY *pkey = svms_private_key_evp(ca_key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(bare), "CN", MBSTRING_UTF8,
                               (const unsigned char *)"bare", -1, -1, 0);
    X509_set_version(bare, X509_VERSION_3);
    X509_set_issuer_name(bare, X509_get_subject_name(bare));
    ASN1_TIME_set_string_X509(X509_getm_notBefore(bare), "20260101000000Z");
    ASN1_TIME_set_string_X509(X509_getm_notAfter(bare), "20360101000000Z");
    X509_set_pubkey(bare, pkey);
    X509_EXTENSION *constraints =
        X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(bare, constraints, -1);
    X509_EXTENSION_free(constraints);
    assert_true(X509_sign(bare, pkey, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, bare);
    char *pem = NULL;
    long size = BIO_get_mem_data(bio, &pem);
    svms_chain *issuer = NULL;
    assert_int_equal(svms_chain_from_pem(&issuer, ctx, pem, (size_t)size, NULL), SVMS_OK);
    svms_certificate_options options = options_for(SVMS_ROLE_CAMERA, "Camera");
    X509 *leaf = issue_x509(&options, ca_key, issuer, ca_key);
    const ASN1_OCTET_STRING *identifier = X509_get0_authority_key_id(leaf);
    unsigned char digest[EVP_MAX_MD_SIZE];
    assert_int_equal(X509_pubkey_digest(bare, EVP_sha256(), digest, NULL), 1);
    assert_memory_equal(ASN1_STRING_get0_data(identifier), digest, 20);
    X509_free(leaf);
    svms_chain_free(&issuer);
    BIO_free(bio);
    X509_free(bare);
}

static void serial_numbers_are_large_and_differ(void **state)
{
    (void)state;
    svms_certificate_options options = options_for(SVMS_ROLE_CAMERA, "Camera");
    BIGNUM *before = BN_new();
    for (int i = 0; i < 8; i++) {
        X509 *leaf = issue_x509(&options, ca_key, ca, ca_key);
        BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf), NULL);
        assert_false(BN_is_negative(serial));
        assert_in_range(BN_num_bits(serial), 96, 128);
        assert_int_not_equal(BN_cmp(serial, before), 0);
        BN_free(before);
        before = serial;
        X509_free(leaf);
    }
    BN_free(before);
}

static int all_ones(void *user, uint8_t *out, size_t size)
{
    (void)user;
    memset(out, 0xFF, size);
    return 0;
}

static int all_zeros(void *user, uint8_t *out, size_t size)
{
    (void)user;
    memset(out, 0, size);
    return 0;
}

static int no_randomness(void *user, uint8_t *out, size_t size)
{
    (void)user;
    (void)out;
    (void)size;
    return -1;
}

static svms_status issue_with_randomness(int (*random_bytes)(void *, uint8_t *, size_t), char *pem,
                                         size_t *size)
{
    svms_ctx_options ctx_options = SVMS_CTX_OPTIONS_INIT;
    ctx_options.random_bytes = random_bytes;
    svms_ctx *other = NULL;
    assert_int_equal(svms_ctx_new(&other, &ctx_options, NULL), SVMS_OK);
    svms_certificate_options options = options_for(SVMS_ROLE_NONE, "Root");
    svms_status status =
        svms_certificate_issue(other, &options, ca_key, NULL, NULL, pem, size, NULL);
    svms_ctx_free(&other);
    return status;
}

static void a_serial_number_is_positive_or_none(void **state)
{
    (void)state;
    char pem[PEM_SIZE];
    size_t size = sizeof pem;
    assert_int_equal(issue_with_randomness(all_ones, pem, &size), SVMS_OK);
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_int_equal(ASN1_STRING_type(X509_get0_serialNumber(certificate)), V_ASN1_INTEGER);
    assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(certificate)), 16);
    X509_free(certificate);
    BIO_free(bio);
    size = sizeof pem;
    assert_int_equal(issue_with_randomness(all_zeros, pem, &size), SVMS_E_CRYPTO);
    assert_int_equal(issue_with_randomness(no_randomness, pem, &size), SVMS_E_CRYPTO);
}

static void every_kind_of_key_can_be_certified_and_certify(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const char *parameter;
        int signature;
    } kinds[] = {
        { "EC", "P-256", NID_ecdsa_with_SHA256 },
        { "EC", "P-384", NID_ecdsa_with_SHA384 },
        { "ED25519", NULL, NID_ED25519 },
        { "RSA", NULL, NID_rsassaPss },
    };
    int64_t then = fixture_time("2027-01-01T00:00:00Z");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        svms_private_key *key = generate(kinds[i].type, kinds[i].parameter);
        svms_certificate_options options = options_for(SVMS_ROLE_NONE, "Root of this kind");
        X509 *certificate = issue_x509(&options, key, NULL, NULL);
        assert_int_equal(X509_get_signature_nid(certificate), kinds[i].signature);
        X509_free(certificate);

        char pem[PEM_SIZE];
        size_t size = sizeof pem;
        assert_int_equal(svms_certificate_issue(ctx, &options, key, NULL, NULL, pem, &size, NULL),
                         SVMS_OK);
        svms_chain *root = NULL;
        svms_trust *trust = NULL;
        assert_int_equal(svms_chain_from_pem(&root, ctx, pem, size, NULL), SVMS_OK);
        assert_int_equal(svms_trust_from_pem(&trust, ctx, pem, size, NULL), SVMS_OK);
        options = options_for(SVMS_ROLE_RECORDER, "Recorder of this kind");
        svms_chain *leaf = issue_chain(&options, key, root, key);
        assert_string_equal(svms_chain_subject(leaf), "CN=Recorder of this kind");
        svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
        svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
        question.role = SVMS_ROLE_RECORDER;
        question.from_utc_ns = then;
        question.to_utc_ns = then;
        question.now_utc_ns = then;
        assert_int_equal(svms_identity_check(trust, leaf, &question, &result, NULL), SVMS_OK);
        assert_int_equal(result.verdict, SVMS_IDENTITY_TRUSTED);
        svms_chain_free(&leaf);
        svms_trust_free(&trust);
        svms_chain_free(&root);
        svms_private_key_free(&key);
    }
}

static void names_and_dates_are_written_as_given(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        const char *last;
        int first_type;
        const char *first_text;
        int last_type;
        const char *last_text;
    } cases[] = {
        { "1950-01-01T00:00:00Z", "2049-12-31T23:59:59Z", V_ASN1_UTCTIME, "500101000000Z",
          V_ASN1_UTCTIME, "491231235959Z" },
        { "1949-12-31T23:59:59Z", "2050-01-01T00:00:00Z", V_ASN1_GENERALIZEDTIME, "19491231235959Z",
          V_ASN1_GENERALIZEDTIME, "20500101000000Z" },
        { "2026-11-21T10:20:30Z", "2200-02-28T23:59:59Z", V_ASN1_UTCTIME, "261121102030Z",
          V_ASN1_GENERALIZEDTIME, "22000228235959Z" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_certificate_options options = options_for(SVMS_ROLE_CAMERA, "Tür № 7");
        options.not_before_utc_ns = fixture_time(cases[i].first);
        options.not_after_utc_ns = fixture_time(cases[i].last);
        X509 *leaf = issue_x509(&options, ca_key, ca, ca_key);
        const ASN1_TIME *first = X509_get0_notBefore(leaf);
        const ASN1_TIME *last = X509_get0_notAfter(leaf);
        assert_int_equal(ASN1_STRING_type(first), cases[i].first_type);
        assert_int_equal(ASN1_STRING_type(last), cases[i].last_type);
        assert_string_equal((const char *)ASN1_STRING_get0_data(first), cases[i].first_text);
        assert_string_equal((const char *)ASN1_STRING_get0_data(last), cases[i].last_text);
        X509_NAME_ENTRY *entry = X509_NAME_get_entry(X509_get_subject_name(leaf), 0);
        assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(leaf)), 1);
        assert_int_equal(ASN1_STRING_type(X509_NAME_ENTRY_get_data(entry)), V_ASN1_UTF8STRING);
        assert_int_equal(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)), NID_commonName);
        X509_free(leaf);
    }
}

static void a_name_may_have_64_characters(void **state)
{
    (void)state;
    char name[64 * 4 + 2] = { 0 };
    for (size_t i = 0; i < 64; i++) {
        memcpy(name + 4 * i, "\xF0\x9F\x93\xB9", 4);
    }
    svms_certificate_options options = options_for(SVMS_ROLE_CAMERA, name);
    svms_chain *chain = issue_chain(&options, ca_key, ca, ca_key);
    assert_string_equal(svms_chain_subject(chain) + 3, name);
    svms_chain_free(&chain);
    name[256] = 'x';
    char pem[PEM_SIZE];
    size_t size = sizeof pem;
    assert_int_equal(svms_certificate_issue(ctx, &options, ca_key, ca, ca_key, pem, &size, NULL),
                     SVMS_E_USAGE);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    static const char long_name[] =
        "12345678901234567890123456789012345678901234567890123456789012345";
    static const struct {
        int role;
        const char *name;
        int64_t first;
        int64_t last;
        const char *words;
    } cases[] = {
        { 6, "a", 0, 0, "6 is no role that signs evidence" },
        { 16, "a", 0, 0, "16 is no role that signs evidence" },
        { -1, "a", 0, 0, "-1 is no role that signs evidence" },
        { 1, NULL, 0, 0, "a common name has 1 to 64 characters of UTF-8, none of them a control" },
        { 1, "", 0, 0, "a common name has 1 to 64 characters of UTF-8, none of them a control" },
        { 1, long_name, 0, 0,
          "a common name has 1 to 64 characters of UTF-8, none of them a control" },
        { 1, "a\n", 0, 0, "a common name has 1 to 64 characters of UTF-8, none of them a control" },
        { 1, "a\x7F", 0, 0,
          "a common name has 1 to 64 characters of UTF-8, none of them a control" },
        { 1, "a\xC2\x85", 0, 0,
          "a common name has 1 to 64 characters of UTF-8, none of them a control" },
        { 1, "a\xFF", 0, 0,
          "a common name has 1 to 64 characters of UTF-8, none of them a control" },
        { 1, "a", 1, 2000000000, "a period of validity begins before it ends, in whole seconds" },
        { 1, "a", 0, 1, "a period of validity begins before it ends, in whole seconds" },
        { 1, "a", 1000000000, 0, "a period of validity begins before it ends, in whole seconds" },
        { 1, "a", INT64_MIN, 0, "a period of validity begins before it ends, in whole seconds" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
        options.role = (svms_role)cases[i].role;
        options.common_name = cases[i].name;
        options.not_before_utc_ns = cases[i].first;
        options.not_after_utc_ns = cases[i].last;
        svms_error err = SVMS_ERROR_INIT;
        char pem[PEM_SIZE] = "untouched";
        size_t size = sizeof pem;
        assert_int_equal(
            svms_certificate_issue(ctx, &options, ca_key, ca, ca_key, pem, &size, &err),
            SVMS_E_USAGE);
        assert_string_equal(err.message, cases[i].words);
        assert_string_equal(pem, "untouched");
        assert_int_equal(size, sizeof pem);
    }
}

static void expect_refusal(svms_role role, const svms_private_key *key, const svms_chain *issuer,
                           const svms_private_key *issuer_key, svms_status status,
                           const char *words)
{
    svms_certificate_options options = options_for(role, "x");
    svms_error err = SVMS_ERROR_INIT;
    char pem[PEM_SIZE];
    size_t size = sizeof pem;
    assert_int_equal(
        svms_certificate_issue(ctx, &options, key, issuer, issuer_key, pem, &size, &err), status);
    assert_string_equal(err.message, words);
}

static void wrong_issuers_are_refused(void **state)
{
    (void)state;
    svms_private_key *other = generate("EC", "P-256");
    svms_private_key *exchange = generate("X25519", NULL);
    svms_certificate_options options = options_for(SVMS_ROLE_NONE, "below");
    svms_chain *below = issue_chain(&options, other, ca, ca_key);
    options.role = SVMS_ROLE_CAMERA;
    svms_chain *leaf = issue_chain(&options, other, ca, ca_key);
    svms_chain *foreign = fixture_chain(ctx, "recorder");

    expect_refusal(SVMS_ROLE_CAMERA, other, NULL, NULL, SVMS_E_USAGE,
                   "only a CA certificate can be self-signed");
    expect_refusal(SVMS_ROLE_CAMERA, other, ca, NULL, SVMS_E_USAGE,
                   "an issuer's certificate and key go together");
    expect_refusal(SVMS_ROLE_CAMERA, other, NULL, ca_key, SVMS_E_USAGE,
                   "an issuer's certificate and key go together");
    expect_refusal(SVMS_ROLE_CAMERA, other, leaf, other, SVMS_E_USAGE, "the issuer is no CA");
    expect_refusal(SVMS_ROLE_CAMERA, other, foreign, other, SVMS_E_USAGE, "the issuer is no CA");
    expect_refusal(SVMS_ROLE_NONE, other, below, other, SVMS_E_USAGE,
                   "the issuer may not issue CA certificates");
    expect_refusal(SVMS_ROLE_CAMERA, other, ca, other, SVMS_E_CRYPTO,
                   "the issuer's certificate and key do not belong together");
    expect_refusal(SVMS_ROLE_CAMERA, exchange, ca, ca_key, SVMS_E_USAGE,
                   "a certificate needs a key that can sign");
    svms_chain_free(&foreign);
    svms_chain_free(&leaf);
    svms_chain_free(&below);
    svms_private_key_free(&exchange);
    svms_private_key_free(&other);
}

static svms_status cannot_sign(void *user, svms_sign_request *request,
                               const svms_sign_message *message)
{
    (void)user;
    (void)request;
    (void)message;
    return SVMS_E_CANCELLED;
}

static void a_key_behind_callbacks_is_certified_and_asked_to_certify(void **state)
{
    (void)state;
    svms_private_key *inside = generate("EC", "P-256");
    svms_public_key *half = NULL;
    svms_private_key *outside = NULL;
    svms_signer signer = SVMS_SIGNER_INIT;
    signer.begin = cannot_sign;
    assert_int_equal(svms_public_key_from_evp(&half, ctx, svms_private_key_evp(inside), NULL),
                     SVMS_OK);
    assert_int_equal(svms_private_key_from_signer(&outside, ctx, half, &signer, NULL), SVMS_OK);
    svms_certificate_options options = options_for(SVMS_ROLE_CAMERA, "camera with a module");
    X509 *certificate = issue_x509(&options, outside, ca, ca_key);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(certificate), svms_private_key_evp(inside)), 1);
    assert_int_equal(X509_verify(certificate, svms_private_key_evp(ca_key)), 1);
    X509_free(certificate);
    expect_refusal(SVMS_ROLE_NONE, outside, NULL, NULL, SVMS_E_CANCELLED,
                   "who holds the key refused the request: cancelled");
    svms_private_key_free(&outside);
    svms_public_key_free(&half);
    svms_private_key_free(&inside);
}

static void null_is_no_argument(void **state)
{
    (void)state;
    svms_certificate_options options = options_for(SVMS_ROLE_NONE, "x");
    char pem[PEM_SIZE];
    size_t size = sizeof pem;
    assert_int_equal(svms_certificate_issue(NULL, &options, ca_key, NULL, NULL, pem, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_certificate_issue(ctx, NULL, ca_key, NULL, NULL, pem, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_certificate_issue(ctx, &options, NULL, NULL, NULL, pem, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_certificate_issue(ctx, &options, ca_key, NULL, NULL, NULL, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_certificate_issue(ctx, &options, ca_key, NULL, NULL, pem, NULL, NULL),
                     SVMS_E_USAGE);
    options.struct_size = 0;
    assert_int_equal(svms_certificate_issue(ctx, &options, ca_key, NULL, NULL, pem, &size, NULL),
                     SVMS_E_USAGE);
}

static void the_capacity_that_is_asked_for_suffices(void **state)
{
    (void)state;
    svms_certificate_options options = options_for(SVMS_ROLE_NONE, "Root");
    for (int i = 0; i < 20; i++) {
        size_t size = 0;
        assert_int_equal(
            svms_certificate_issue(ctx, &options, ca_key, NULL, NULL, NULL, &size, NULL),
            SVMS_E_LIMIT);
        char *pem = malloc(size);
        assert_non_null(pem);
        assert_int_equal(
            svms_certificate_issue(ctx, &options, ca_key, NULL, NULL, pem, &size, NULL), SVMS_OK);
        assert_int_equal(pem[size], 0);
        free(pem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ca_certificate_says_so),
        cmocka_unit_test(a_leaf_certificate_names_its_role),
        cmocka_unit_test(key_identifiers_link_leaf_and_ca),
        cmocka_unit_test(an_issuer_without_key_identifier_can_issue),
        cmocka_unit_test(serial_numbers_are_large_and_differ),
        cmocka_unit_test(a_serial_number_is_positive_or_none),
        cmocka_unit_test(every_kind_of_key_can_be_certified_and_certify),
        cmocka_unit_test(names_and_dates_are_written_as_given),
        cmocka_unit_test(a_name_may_have_64_characters),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(wrong_issuers_are_refused),
        cmocka_unit_test(a_key_behind_callbacks_is_certified_and_asked_to_certify),
        cmocka_unit_test(null_is_no_argument),
        cmocka_unit_test(the_capacity_that_is_asked_for_suffices),
    };
    return cmocka_run_group_tests(tests, make_authority, free_authority);
}
