/* SPDX-License-Identifier: Apache-2.0 */
/* Authorities: what their certificates and those they issue say, and what they refuse to sign. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ca_workshop.h"
#include "certificate.h"
#include "fixture.h"
#include "key_internal.h"

static svms_ctx *ctx;
static workshop_ca root;
static workshop_ca issuing;
static svms_private_key *key;
static svms_request *request;

static X509 *x509_of(const workshop_text *text)
{
    BIO *bio = BIO_new_mem_buf(text->data, (int)text->size);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_non_null(certificate);
    BIO_free(bio);
    return certificate;
}

static X509 *issue(const svms_issue_options *options)
{
    workshop_text text;
    workshop_issue_pem(&issuing, options, request, &text);
    return x509_of(&text);
}

static bool is_critical(const X509 *certificate, int nid)
{
    int at = X509_get_ext_by_NID(certificate, nid, -1);
    assert_true(at >= 0);
    return X509_EXTENSION_get_critical(X509_get_ext(certificate, at)) != 0;
}

/* The extended key usages, with blanks between them. */
static void usages(char *out, size_t room, const X509 *certificate)
{
    EXTENDED_KEY_USAGE *all = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < sk_ASN1_OBJECT_num(all); i++) {
        char one[80];
        OBJ_obj2txt(one, sizeof one, sk_ASN1_OBJECT_value(all, i), 1);
        used += (size_t)snprintf(out + used, room - used, "%s%s", i > 0 ? " " : "", one);
    }
    EXTENDED_KEY_USAGE_free(all);
}

#define SERVER "1.3.6.1.5.5.7.3.1"
#define CLIENT "1.3.6.1.5.5.7.3.2"
#define ARC "2.25.132330503438125610743018859333830030049"

static void every_role_has_its_profile(void **state)
{
    (void)state;
    static const char *const name = "host.site.example";
    static const struct {
        svms_role role;
        const char *usages;
        bool with_name;
    } cases[] = {
        { SVMS_ROLE_CAMERA, ARC ".1 " SERVER " " CLIENT, true },
        { SVMS_ROLE_CAMERA, ARC ".1 " SERVER " " CLIENT, false },
        { SVMS_ROLE_RECORDER, ARC ".2 " SERVER " " CLIENT, true },
        { SVMS_ROLE_EXPORTER, ARC ".3", false },
        { SVMS_ROLE_CUSTODIAN, ARC ".4", false },
        { SVMS_ROLE_KEY_OFFICER, ARC ".5", false },
        { SVMS_ROLE_SERVER, ARC ".16 " SERVER " " CLIENT, true },
        { SVMS_ROLE_CLIENT_DEVICE, ARC ".17 " CLIENT, true },
        { SVMS_ROLE_USER, ARC ".18 " CLIENT, false },
        { SVMS_ROLE_TIME_STAMPER, "1.3.6.1.5.5.7.3.8", false },
        { SVMS_ROLE_UPDATE, ARC ".20", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_issue_options options = workshop_issue_options(cases[i].role);
        char found[256];
        options.names = &name;
        options.name_count = cases[i].with_name;
        options.crl_uri = "http://ca.site.example/list.crl";
        X509 *leaf = issue(&options);
        usages(found, sizeof found, leaf);
        assert_string_equal(found, cases[i].usages);
        assert_int_equal(X509_get_version(leaf), X509_VERSION_3);
        assert_int_equal(is_critical(leaf, NID_ext_key_usage),
                         cases[i].role == SVMS_ROLE_TIME_STAMPER);
        assert_true(is_critical(leaf, NID_basic_constraints));
        assert_true(is_critical(leaf, NID_key_usage));
        assert_false(is_critical(leaf, NID_crl_distribution_points));
        assert_int_equal(X509_check_ca(leaf), 0);
        assert_int_equal(X509_get_key_usage(leaf), X509v3_KU_DIGITAL_SIGNATURE);
        assert_int_equal(X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1) >= 0,
                         cases[i].with_name);
        assert_int_equal(X509_check_host(leaf, name, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL),
                         cases[i].with_name);
        assert_int_equal(X509_verify(leaf, svms_private_key_evp(issuing.key)), 1);
        assert_int_equal(X509_check_issued(sk_X509_value(issuing.chain->certificates, 0), leaf),
                         X509_V_OK);
        assert_non_null(X509_get0_subject_key_id(leaf));
        assert_non_null(X509_get0_authority_key_id(leaf));
        X509_free(leaf);
    }
}

static void what_is_issued_is_trusted_in_its_role_and_no_other(void **state)
{
    (void)state;
    svms_trust *trust = NULL;
    int64_t then = fixture_time("2027-01-01T00:00:00Z");
    assert_int_equal(svms_trust_from_pem(&trust, ctx, root.pem.data, root.pem.size, NULL), SVMS_OK);
    for (svms_role role = SVMS_ROLE_CAMERA; role <= SVMS_ROLE_KEY_OFFICER; role++) {
        svms_issue_options options = workshop_issue_options(role);
        svms_chain *chain = workshop_issue(ctx, &issuing, &options, request);
        for (svms_role asked = SVMS_ROLE_CAMERA; asked <= SVMS_ROLE_KEY_OFFICER; asked++) {
            svms_identity_question question = fixture_question(asked, then, then, then);
            svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
            svms_status status = svms_identity_check(trust, chain, &question, &result, NULL);
            assert_int_equal(status, asked == role ? SVMS_OK : SVMS_E_UNTRUSTED);
        }
        svms_chain_free(&chain);
    }
    svms_trust_free(&trust);
}

static void every_kind_of_key_is_an_authority(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        int signature;
    } kinds[] = { { "P-256", NID_ecdsa_with_SHA256 },
                  { "P-384", NID_ecdsa_with_SHA384 },
                  { "ED25519", NID_ED25519 },
                  { "RSA", NID_rsassaPss },
                  { "P-256/callbacks", NID_ecdsa_with_SHA256 },
                  { "P-384/callbacks", NID_ecdsa_with_SHA384 },
                  { "ED25519/callbacks", NID_ED25519 },
                  { "RSA/callbacks", NID_rsassaPss } };
    int64_t then = fixture_time("2027-01-01T00:00:00Z");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        workshop_ca own;
        svms_trust *trust = NULL;
        svms_issue_options options = workshop_issue_options(SVMS_ROLE_RECORDER);
        svms_identity_question question = fixture_question(SVMS_ROLE_RECORDER, then, then, then);
        svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
        workshop_text list = { .size = sizeof list.data };
        workshop_open(&own, ctx, kinds[i].kind, NULL, NULL);
        assert_int_equal(svms_ca_list(own.ca, 1, then, then + 86400000000000, NULL, 0, list.data,
                                      &list.size, NULL),
                         SVMS_OK);
        assert_int_equal(svms_trust_from_pem_and_crls(&trust, ctx, own.pem.data, own.pem.size,
                                                      list.data, list.size, NULL),
                         SVMS_OK);
        svms_chain *chain = workshop_issue(ctx, &own, &options, request);
        assert_int_equal(X509_get_signature_nid(sk_X509_value(chain->certificates, 0)),
                         kinds[i].signature);
        assert_int_equal(svms_identity_check(trust, chain, &question, &result, NULL), SVMS_OK);
        assert_int_equal(result.revocation, SVMS_REVOCATION_GOOD);
        svms_chain_free(&chain);
        svms_trust_free(&trust);
        workshop_close(&own);
    }
}

/* One option that is wrong, and the words for it. */
static void expect_refusal(const svms_issue_options *options, svms_status expected,
                           const char *words)
{
    svms_error err = SVMS_ERROR_INIT;
    workshop_text text = { "untouched", sizeof text.data };
    svms_status status = svms_ca_issue(issuing.ca, options, request, text.data, &text.size, &err);
    if (status != expected || strcmp(err.message, words) != 0) {
        fail_msg("%s: %s, not: %s", svms_status_name(status), err.message, words);
    }
    assert_string_equal(text.data, "untouched");
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    static const char *const host = "a.site.example";
    static const char *const wildcard = "*.site.example";
    svms_issue_options options = workshop_issue_options(SVMS_ROLE_NONE);
    expect_refusal(&options, SVMS_E_USAGE, "0 is no role");
    options.role = (svms_role)6;
    expect_refusal(&options, SVMS_E_USAGE, "6 is no role");
    options.role = SVMS_ROLE_SERVER;
    expect_refusal(&options, SVMS_E_USAGE,
                   "a server's certificate needs a DNS name or an IP address");
    options.names = &wildcard;
    options.name_count = 1;
    expect_refusal(&options, SVMS_E_USAGE,
                   "'*.site.example' has a wildcard, and a certificate here is for one host");
    options.name_count = SVMS_NAMES_MAX + 1;
    expect_refusal(&options, SVMS_E_LIMIT, "a certificate has at most 32 names");
    options.names = &host;
    options.name_count = 1;
    options.role = SVMS_ROLE_USER;
    expect_refusal(&options, SVMS_E_USAGE, "a certificate of role user has no host names");
    options.role = SVMS_ROLE_CAMERA;
    options.common_name = "";
    expect_refusal(&options, SVMS_E_USAGE,
                   "a common name has 1 to 64 characters of UTF-8, none of them a control");
    options.common_name = "x\xE2\x80\xAE";
    expect_refusal(&options, SVMS_E_USAGE,
                   "a common name has 1 to 64 characters of UTF-8, none of them a control");
    options.common_name = NULL;
    static const char *const uris[] = {
        "", "http://", "https://a/", "ldap://a/", "http://a b/", "http://a/\n", "http://\xC3\xBC/"
    };
    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
        options.crl_uri = uris[i];
        expect_refusal(&options, SVMS_E_USAGE,
                       "where lists are published is an http:// URI of at most 1024 characters");
    }
}

static void a_period_stays_within_that_of_the_authority(void **state)
{
    (void)state;
    svms_issue_options options = workshop_issue_options(SVMS_ROLE_CAMERA);
    options.not_before_utc_ns = fixture_time("2025-12-31T23:59:59Z");
    expect_refusal(&options, SVMS_E_USAGE,
                   "the certificate would begin at 2025-12-31T23:59:59.000Z, before that of the "
                   "authority, at 2026-01-01T00:00:00.000Z");
    options = workshop_issue_options(SVMS_ROLE_CAMERA);
    options.not_after_utc_ns = fixture_time("2046-01-01T00:00:01Z");
    expect_refusal(&options, SVMS_E_USAGE,
                   "the certificate would end at 2046-01-01T00:00:01.000Z, after that of the "
                   "authority, at 2046-01-01T00:00:00.000Z");
    options.not_after_utc_ns = options.not_before_utc_ns - 1000000000;
    expect_refusal(&options, SVMS_E_USAGE,
                   "a period of validity begins before it ends, in whole seconds");
    options.not_after_utc_ns = options.not_before_utc_ns + 1;
    expect_refusal(&options, SVMS_E_USAGE,
                   "a period of validity begins before it ends, in whole seconds");
    options.not_after_utc_ns = options.not_before_utc_ns;
    X509_free(issue(&options));
}

static void an_authoritys_key_is_certified_for_nothing_else(void **state)
{
    (void)state;
    const workshop_ca *const all[] = { &root, &issuing };
    svms_issue_options options = workshop_issue_options(SVMS_ROLE_CAMERA);
    svms_ca_options below = workshop_ca_options("Again", 0);
    for (size_t i = 0; i < 2; i++) {
        svms_request *own = workshop_request(ctx, all[i]->key, "x");
        svms_error err = SVMS_ERROR_INIT;
        workshop_text text = { .size = sizeof text.data };
        assert_int_equal(svms_ca_issue(issuing.ca, &options, own, text.data, &text.size, &err),
                         SVMS_E_USAGE);
        assert_string_equal(err.message, "the key that is to be certified is that of an authority");
        svms_request_free(&own);
    }
    workshop_text text = { .size = sizeof text.data };
    assert_int_equal(svms_ca_create(ctx, &below, root.key, root.ca, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
}

static void constraints_bind_what_is_issued(void **state)
{
    (void)state;
    static const char *const permitted[] = { "site.example", "10.0.0.0/8", "fd00::/8" };
    static const char *const excluded[] = { "secret.site.example", "10.9.0.0/16" };
    static const struct {
        const char *common_name;
        const char *name;
        const char *words; /* NULL: issued */
    } cases[] = {
        { "x", "site.example", NULL },
        { "x", "a.b.SITE.example", NULL },
        { "x", "10.1.2.3", NULL },
        { "x", "fd12::1", NULL },
        { "x", NULL, NULL },
        { "front door", NULL, NULL },
        { "evil.example", "a.site.example", NULL },
        { "x", "mysite.example", "CN=Constrained is not permitted to certify such a name" },
        { "x", "example", "CN=Constrained is not permitted to certify such a name" },
        { "x", "11.0.0.1", "CN=Constrained is not permitted to certify such a name" },
        { "x", "2001:db8::1", "CN=Constrained is not permitted to certify such a name" },
        { "x", "a.secret.site.example", "CN=Constrained is excluded from certifying such a name" },
        { "x", "10.9.1.1", "CN=Constrained is excluded from certifying such a name" },
        { "evil.example", NULL, "CN=Constrained is not permitted to certify such a name" },
        { "evil.example", "10.1.2.3", "CN=Constrained is not permitted to certify such a name" },
    };
    workshop_ca constrained;
    svms_ca_options limits = workshop_ca_options("Constrained", 0);
    limits.permitted = permitted;
    limits.permitted_count = 3;
    limits.excluded = excluded;
    limits.excluded_count = 2;
    workshop_open(&constrained, ctx, "P-256", &limits, &root);
    assert_true(
        is_critical(sk_X509_value(constrained.chain->certificates, 0), NID_name_constraints));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_issue_options options = workshop_issue_options(SVMS_ROLE_CAMERA);
        svms_error err = SVMS_ERROR_INIT;
        workshop_text text = { .size = sizeof text.data };
        options.common_name = cases[i].common_name;
        options.names = &cases[i].name;
        options.name_count = cases[i].name != NULL;
        svms_status status =
            svms_ca_issue(constrained.ca, &options, request, text.data, &text.size, &err);
        if ((status == SVMS_OK) != (cases[i].words == NULL) ||
            (cases[i].words && strcmp(err.message, cases[i].words) != 0)) {
            fail_msg("case %zu: %s", i, err.message);
        }
    }
    workshop_close(&constrained);
}

static void wrong_constraints_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",           "a..b",        ".site.example",
                                         "10.0.0.1",   "10.0.0.0/",   "10.0.0.0/33",
                                         "10.0.0.1/8", "10.0.0.0/08", "fd00::/129",
                                         "fd00::1/64", "a.b/8",       "10.0.0.0/8x",
                                         "*.example",  "/8",          "::/-1" };
    static const char *const right[] = { "site.example", "com",      "10.0.0.0/8", "0.0.0.0/0",
                                         "::/0",         "fd00::/8", "10.1.2.3/32" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        svms_ca_options options = workshop_ca_options("x", 0);
        svms_error err = SVMS_ERROR_INIT;
        workshop_text text = { .size = sizeof text.data };
        char words[128];
        options.permitted = &wrong[i];
        options.permitted_count = 1;
        snprintf(words, sizeof words,
                 "'%s' is neither a DNS suffix nor a network such as 10.0.0.0/8", wrong[i]);
        assert_int_equal(svms_ca_create(ctx, &options, key, NULL, text.data, &text.size, &err),
                         SVMS_E_USAGE);
        assert_string_equal(err.message, words);
        options.excluded = &wrong[i];
        options.excluded_count = 1;
        options.permitted_count = 0;
        assert_int_equal(svms_ca_create(ctx, &options, key, NULL, text.data, &text.size, &err),
                         SVMS_E_USAGE);
    }
    svms_ca_options options = workshop_ca_options("x", 0);
    workshop_text text = { .size = sizeof text.data };
    options.permitted = right;
    options.permitted_count = sizeof right / sizeof right[0];
    assert_int_equal(svms_ca_create(ctx, &options, key, NULL, text.data, &text.size, NULL),
                     SVMS_OK);
}

static void an_authority_does_not_exceed_those_above(void **state)
{
    (void)state;
    static const char *const upper[] = { "site.example", "10.0.0.0/8" };
    static const char *const not_there = "secret.site.example";
    static const struct {
        const char *permitted;
        int32_t path_length;
        const char *words; /* NULL: made */
    } cases[] = {
        { "a.site.example", 0, NULL },
        { "site.example", 0, NULL },
        { "10.2.0.0/16", 0, NULL },
        { "fd00::/8", 0, "'fd00::/8' is not within what the authority above may certify" },
        { NULL, 0, NULL },
        { NULL, 1, "this authority allows at most 0 CAs below the new one" },
        { NULL, -1, "this authority allows at most 0 CAs below the new one" },
        { NULL, 9, "the number of CAs below a CA is 0 to 8, or -1 for any" },
        { "example", 0, "'example' is not within what the authority above may certify" },
        { "mysite.example", 0,
          "'mysite.example' is not within what the authority above may certify" },
        { "10.0.0.0/7", 0, "'10.0.0.0/7' is not within what the authority above may certify" },
        { "11.0.0.0/8", 0, "'11.0.0.0/8' is not within what the authority above may certify" },
        { "a.secret.site.example", 0,
          "'a.secret.site.example' is not within what the authority above may certify" },
    };
    workshop_ca limited;
    svms_ca_options options = workshop_ca_options("Limited", 1);
    options.permitted = upper;
    options.permitted_count = 2;
    options.excluded = &not_there;
    options.excluded_count = 1;
    workshop_open(&limited, ctx, "P-256", &options, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_ca_options below = workshop_ca_options("Below", cases[i].path_length);
        svms_error err = SVMS_ERROR_INIT;
        workshop_text text = { .size = sizeof text.data };
        const char *words = cases[i].words;
        below.permitted = &cases[i].permitted;
        below.permitted_count = cases[i].permitted != NULL;
        svms_status status =
            svms_ca_create(ctx, &below, key, limited.ca, text.data, &text.size, &err);
        if ((status == SVMS_OK) != (words == NULL) || (words && strcmp(err.message, words) != 0)) {
            fail_msg("case %zu: %s", i, err.message);
        }
    }
    workshop_close(&limited);
    svms_ca_options third = workshop_ca_options("Third", 0);
    svms_error err = SVMS_ERROR_INIT;
    workshop_text text = { .size = sizeof text.data };
    assert_int_equal(svms_ca_create(ctx, &third, key, issuing.ca, text.data, &text.size, &err),
                     SVMS_E_USAGE);
    assert_string_equal(err.message, "the authority may have no CA below it");
}

static void an_authority_is_opened_with_its_own_key_and_chain(void **state)
{
    (void)state;
    svms_ca *ca = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_issue_options options = workshop_issue_options(SVMS_ROLE_CAMERA);
    svms_chain *leaf = workshop_issue(ctx, &issuing, &options, request);
    workshop_ca stranger;
    workshop_text mixed = issuing.certificate;
    svms_chain *wrong = NULL;
    workshop_open(&stranger, ctx, "P-256", NULL, NULL);
    assert_int_equal(svms_ca_open(&ca, ctx, leaf, key, &err), SVMS_E_USAGE);
    assert_string_equal(err.message, "CN=Somebody is no CA");
    assert_int_equal(svms_ca_open(&ca, ctx, issuing.chain, root.key, &err), SVMS_E_WRONG_KEY);
    assert_string_equal(err.message, "the key does not belong to the certificate of the authority");
    /* The stranger has the same name as the root. */
    memcpy(mixed.data + mixed.size, stranger.pem.data, stranger.pem.size);
    mixed.size += stranger.pem.size;
    assert_int_equal(svms_chain_from_pem(&wrong, ctx, mixed.data, mixed.size, NULL), SVMS_OK);
    assert_int_equal(svms_ca_open(&ca, ctx, wrong, issuing.key, &err), SVMS_E_USAGE);
    assert_string_equal(err.message,
                        "CN=Issuing was not issued by the next certificate of the chain");
    assert_int_equal(svms_ca_open(NULL, ctx, root.chain, root.key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_ca_open(&ca, NULL, root.chain, root.key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_ca_open(&ca, ctx, NULL, root.key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_ca_open(&ca, ctx, root.chain, NULL, NULL), SVMS_E_USAGE);
    assert_null(ca);
    svms_ca_free(NULL);
    svms_ca_free(&ca);
    svms_chain_free(&wrong);
    svms_chain_free(&leaf);
    workshop_close(&stranger);
}

static void serial_numbers_are_large_and_differ(void **state)
{
    (void)state;
    enum { COUNT = 50 };
    char seen[COUNT][48];
    svms_issue_options options = workshop_issue_options(SVMS_ROLE_CAMERA);
    for (size_t i = 0; i < COUNT; i++) {
        X509 *leaf = issue(&options);
        const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf);
        BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
        char *text = BN_bn2hex(number);
        assert_int_equal(ASN1_STRING_type(serial), V_ASN1_INTEGER);
        assert_true(BN_num_bits(number) > 64 && BN_num_bits(number) <= 128);
        snprintf(seen[i], sizeof seen[i], "%s", text);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(seen[k], seen[i]);
        }
        OPENSSL_free(text);
        BN_free(number);
        X509_free(leaf);
    }
}

static void the_requests_wishes_are_not_taken_over(void **state)
{
    (void)state;
    static const char *const evil = "evil.example";
    svms_request_options wishes = SVMS_REQUEST_OPTIONS_INIT;
    svms_issue_options options = workshop_issue_options(SVMS_ROLE_USER);
    svms_request *greedy = NULL;
    workshop_text text = { .size = sizeof text.data };
    char found[256];
    wishes.role = SVMS_ROLE_KEY_OFFICER;
    wishes.common_name = "greedy";
    wishes.names = &evil;
    wishes.name_count = 1;
    assert_int_equal(svms_request_create(ctx, &wishes, key, text.data, &text.size, NULL), SVMS_OK);
    assert_int_equal(svms_request_parse(&greedy, ctx, text.data, text.size, NULL), SVMS_OK);
    options.common_name = "modest";
    workshop_issue_pem(&issuing, &options, greedy, &text);
    X509 *leaf = x509_of(&text);
    usages(found, sizeof found, leaf);
    assert_string_equal(found, ARC ".18 " CLIENT);
    assert_int_equal(X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1), -1);
    X509_NAME_oneline(X509_get_subject_name(leaf), found, sizeof found);
    assert_string_equal(found, "/CN=modest");
    X509_free(leaf);
    svms_request_free(&greedy);
}

static void null_is_no_argument(void **state)
{
    (void)state;
    svms_issue_options options = workshop_issue_options(SVMS_ROLE_CAMERA);
    svms_ca_options about = workshop_ca_options("x", 0);
    workshop_text text = { .size = sizeof text.data };
    assert_int_equal(svms_ca_issue(NULL, &options, request, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_ca_issue(root.ca, NULL, request, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_ca_issue(root.ca, &options, NULL, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_ca_issue(root.ca, &options, request, NULL, &text.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_ca_issue(root.ca, &options, request, text.data, NULL, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_ca_create(NULL, &about, key, NULL, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_ca_create(ctx, NULL, key, NULL, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_ca_create(ctx, &about, NULL, NULL, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
    options.struct_size = 0;
    assert_int_equal(svms_ca_issue(root.ca, &options, request, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
}

static int set_up(void **state)
{
    (void)state;
    svms_ca_options below = workshop_ca_options("Issuing", 0);
    ctx = fixture_context(NULL);
    key = workshop_key(ctx, "P-256");
    request = workshop_request(ctx, key, "Somebody");
    workshop_open(&root, ctx, "P-256", NULL, NULL);
    workshop_open(&issuing, ctx, "P-256", &below, &root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    workshop_close(&issuing);
    workshop_close(&root);
    svms_request_free(&request);
    svms_private_key_free(&key);
    svms_ctx_free(&ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_has_its_profile),
        cmocka_unit_test(what_is_issued_is_trusted_in_its_role_and_no_other),
        cmocka_unit_test(every_kind_of_key_is_an_authority),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(a_period_stays_within_that_of_the_authority),
        cmocka_unit_test(an_authoritys_key_is_certified_for_nothing_else),
        cmocka_unit_test(constraints_bind_what_is_issued),
        cmocka_unit_test(wrong_constraints_are_refused),
        cmocka_unit_test(an_authority_does_not_exceed_those_above),
        cmocka_unit_test(an_authority_is_opened_with_its_own_key_and_chain),
        cmocka_unit_test(serial_numbers_are_large_and_differ),
        cmocka_unit_test(the_requests_wishes_are_not_taken_over),
        cmocka_unit_test(null_is_no_argument),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
