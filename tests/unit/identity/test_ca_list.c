/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation lists and OCSP responses of an authority. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <svms/time.h>

#include "ca_workshop.h"
#include "certificate.h"
#include "fixture.h"
#include "key_internal.h"

#define DAY INT64_C(86400000000000)

static svms_ctx *ctx;
static workshop_ca root;
static workshop_ca issuing;
static svms_private_key *key;
static svms_request *request;
static svms_chain *leaf;
static int64_t now;

static svms_revoked revoked_number(uint32_t number)
{
    svms_revoked revoked = SVMS_REVOKED_INIT;
    revoked.revoked_utc_ns = now - DAY;
    revoked.serial_size = 4;
    revoked.serial[0] = (uint8_t)(number >> 24);
    revoked.serial[1] = (uint8_t)(number >> 16);
    revoked.serial[2] = (uint8_t)(number >> 8);
    revoked.serial[3] = (uint8_t)number;
    return revoked;
}

static svms_revoked revoked_leaf(void)
{
    svms_revoked revoked = SVMS_REVOKED_INIT;
    const ASN1_INTEGER *serial = X509_get0_serialNumber(sk_X509_value(leaf->certificates, 0));
    revoked.revoked_utc_ns = now - DAY;
    revoked.serial_size = (uint32_t)ASN1_STRING_length(serial);
    memcpy(revoked.serial, ASN1_STRING_get0_data(serial), revoked.serial_size);
    return revoked;
}

static X509_CRL *make_list(uint64_t number, const svms_revoked *revoked, size_t count)
{
    size_t size = 0;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(
        svms_ca_list(issuing.ca, number, now, now + DAY, revoked, count, NULL, &size, NULL),
        SVMS_E_LIMIT);
    char *text = malloc(size);
    assert_non_null(text);
    if (svms_ca_list(issuing.ca, number, now, now + DAY, revoked, count, text, &size, &err) !=
        SVMS_OK) {
        fail_msg("%s", err.message);
    }
    BIO *bio = BIO_new_mem_buf(text, (int)size);
    X509_CRL *list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
    assert_non_null(list);
    BIO_free(bio);
    free(text);
    assert_int_equal(X509_CRL_verify(list, svms_private_key_evp(issuing.key)), 1);
    return list;
}

static void an_empty_list_has_no_entries_but_a_number(void **state)
{
    (void)state;
    X509_CRL *list = make_list(UINT64_MAX, NULL, 0);
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
    uint64_t value = 0;
    assert_int_equal(ASN1_INTEGER_get_uint64(&value, number), 1);
    assert_true(value == UINT64_MAX);
    assert_int_equal(X509_CRL_get_version(list), X509_CRL_VERSION_2);
    assert_null(X509_CRL_get_REVOKED(list));
    assert_true(X509_CRL_get_ext_by_NID(list, NID_authority_key_identifier, -1) >= 0);
    assert_int_equal(X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(sk_X509_value(
                                                                  issuing.chain->certificates, 0))),
                     0);
    ASN1_INTEGER_free(number);
    X509_CRL_free(list);
}

static void entries_come_in_order_and_say_why(void **state)
{
    (void)state;
    svms_revoked all[7];
    for (int reason = 0; reason <= 5; reason++) {
        all[reason] = revoked_number(0x100u - (uint32_t)reason * 7);
        all[reason].reason = (svms_revocation_reason)reason;
    }
    all[6] = revoked_number(3);
    all[6].reason = SVMS_REASON_KEY_COMPROMISE;
    all[6].invalid_utc_ns = now - 30 * DAY;
    X509_CRL *list = make_list(1, all, 7);
    const STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(list);
    assert_int_equal(sk_X509_REVOKED_num(entries), 7);
    int64_t last = 0;
    for (int i = 0; i < 7; i++) {
        const X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i);
        int64_t serial = 0;
        int critical = 0;
        int reason = i == 0 ? 1 : 6 - i;
        assert_int_equal(ASN1_INTEGER_get_int64(&serial, X509_REVOKED_get0_serialNumber(entry)), 1);
        assert_true(serial > last);
        last = serial;
        ASN1_ENUMERATED *found = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, NULL);
        assert_int_equal(found ? ASN1_ENUMERATED_get(found) : 0, reason);
        /* "Unspecified" is left out. */
        assert_int_equal(found == NULL, reason == 0);
        assert_int_equal(X509_REVOKED_get_ext_by_NID(entry, NID_invalidity_date, -1) >= 0, i == 0);
        ASN1_ENUMERATED_free(found);
    }
    X509_CRL_free(list);
}

static void a_large_list_is_made_in_memory_in_proportion(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    svms_revoked *all = malloc(COUNT * sizeof *all);
    assert_non_null(all);
    for (uint32_t i = 0; i < COUNT; i++) {
        /* Each number once, in no order: 7919 is prime to COUNT. */
        all[i] = revoked_number(1 + (uint32_t)((uint64_t)i * 7919 % COUNT));
        all[i].reason = SVMS_REASON_SUPERSEDED;
    }
    fixture_allocator allocator = { 0 };
    svms_ctx *counted = fixture_context(&allocator);
    workshop_ca own;
    workshop_open(&own, counted, "P-256", NULL, NULL);
    size_t size = 0;
    allocator.count = 0;
    assert_int_equal(svms_ca_list(own.ca, 1, now, now + DAY, all, COUNT, NULL, &size, NULL),
                     SVMS_E_LIMIT);
    /* One for each doubling of the list, and a few more; none for each entry. */
    assert_true(allocator.count < 60);
    workshop_close(&own);
    svms_ctx_free(&counted);
    assert_int_equal(allocator.live, 0);
    X509_CRL *list = make_list(1, all, COUNT);
    assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list)), COUNT);
    X509_CRL_free(list);
    free(all);
}

static void expect_refusal(const svms_revoked *revoked, size_t count, svms_status status,
                           const char *words)
{
    workshop_text text = { .size = sizeof text.data };
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(
        svms_ca_list(issuing.ca, 1, now, now + DAY, revoked, count, text.data, &text.size, &err),
        status);
    assert_string_equal(err.message, words);
}

static void wrong_entries_are_refused(void **state)
{
    (void)state;
    svms_revoked pair[2] = { revoked_number(5), revoked_number(5) };
    expect_refusal(pair, 2, SVMS_E_USAGE, "a serial number is revoked twice");
    /* The same number, with zeros in front. */
    memset(pair[1].serial, 0, sizeof pair[1].serial);
    pair[1].serial[9] = 5;
    pair[1].serial_size = 10;
    expect_refusal(pair, 2, SVMS_E_USAGE, "a serial number is revoked twice");
    pair[1].struct_size = 8;
    expect_refusal(pair, 2, SVMS_E_USAGE, "revocations of one list have different sizes");
    svms_revoked one = revoked_number(0);
    expect_refusal(&one, 1, SVMS_E_USAGE, "a serial number is positive and below 2^159");
    one = revoked_number(1);
    one.serial_size = 21;
    expect_refusal(&one, 1, SVMS_E_USAGE, "a serial number has at most 20 bytes");
    memset(one.serial, 0xFF, sizeof one.serial);
    one.serial_size = 20;
    expect_refusal(&one, 1, SVMS_E_USAGE, "a serial number is positive and below 2^159");
    one = revoked_number(1);
    one.reason = (svms_revocation_reason)6;
    expect_refusal(&one, 1, SVMS_E_USAGE, "6 is no reason for a revocation");
    one = revoked_number(1);
    one.revoked_utc_ns = now + 1000000000;
    expect_refusal(&one, 1, SVMS_E_USAGE, "a certificate is said to be revoked later than now");
    one.revoked_utc_ns = SVMS_NO_TIME;
    expect_refusal(&one, 1, SVMS_E_USAGE, "a certificate is said to be revoked later than now");
    expect_refusal(&one, 200001, SVMS_E_LIMIT, "a list has more than 200000 entries");
    expect_refusal(NULL, 1, SVMS_E_USAGE,
                   "a list needs an authority, the revoked certificates and a buffer");
    workshop_text text = { .size = sizeof text.data };
    assert_int_equal(svms_ca_list(issuing.ca, 1, now, now, NULL, 0, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(
        svms_ca_list(issuing.ca, 1, SVMS_NO_TIME, now, NULL, 0, text.data, &text.size, NULL),
        SVMS_E_USAGE);
}

static svms_status judge(const void *lists, size_t lists_size, const void *ocsp, size_t ocsp_size,
                         svms_identity_result *result)
{
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    svms_identity_question question = fixture_question(SVMS_ROLE_CAMERA, now, now, now);
    svms_trust *trust = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.anchors = issuing.certificate.data;
    options.anchors_size = issuing.certificate.size;
    options.crls = lists;
    options.crls_size = lists_size;
    options.ocsp = &ocsp;
    options.ocsp_sizes = &ocsp_size;
    options.ocsp_count = ocsp != NULL;
    *result = (svms_identity_result)SVMS_IDENTITY_RESULT_INIT;
    if (svms_trust_new(&trust, ctx, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    svms_status status = svms_identity_check(trust, leaf, &question, result, NULL);
    svms_trust_free(&trust);
    return status;
}

static void our_own_verifier_believes_lists_and_responses(void **state)
{
    (void)state;
    svms_revoked revoked = revoked_leaf();
    revoked.reason = SVMS_REASON_KEY_COMPROMISE;
    revoked.invalid_utc_ns = now - 10 * DAY;
    for (int bad = 0; bad <= 1; bad++) {
        workshop_text list = { .size = sizeof list.data };
        workshop_text response = { .size = sizeof response.data };
        svms_identity_result result;
        svms_status expected = bad ? SVMS_E_UNTRUSTED : SVMS_OK;
        assert_int_equal(svms_ca_list(issuing.ca, 1, now - 1, now + DAY, bad ? &revoked : NULL,
                                      (size_t)bad, list.data, &list.size, NULL),
                         SVMS_OK);
        assert_int_equal(judge(list.data, list.size, NULL, 0, &result), expected);
        assert_int_equal(result.revocation, bad ? SVMS_REVOCATION_REVOKED : SVMS_REVOCATION_GOOD);
        assert_int_equal(svms_ca_ocsp(issuing.ca, leaf, bad ? &revoked : NULL, now - 1, now + DAY,
                                      response.data, &response.size, NULL),
                         SVMS_OK);
        assert_int_equal(judge(NULL, 0, response.data, response.size, &result), expected);
        assert_int_equal(result.revocation, bad ? SVMS_REVOCATION_REVOKED : SVMS_REVOCATION_GOOD);
        if (bad) {
            assert_true(result.revoked_utc_ns == now - 10 * DAY);
        }
    }
}

static void a_response_is_about_a_certificate_of_the_authority(void **state)
{
    (void)state;
    svms_revoked other = revoked_number(5);
    svms_error err = SVMS_ERROR_INIT;
    workshop_text response = { .size = sizeof response.data };
    assert_int_equal(
        svms_ca_ocsp(root.ca, leaf, NULL, now, now + DAY, response.data, &response.size, &err),
        SVMS_E_USAGE);
    assert_string_equal(err.message, "the authority did not issue this certificate");
    assert_int_equal(
        svms_ca_ocsp(issuing.ca, leaf, &other, now, now + DAY, response.data, &response.size, &err),
        SVMS_E_USAGE);
    assert_string_equal(err.message, "the revocation is that of another certificate");
    assert_int_equal(
        svms_ca_ocsp(issuing.ca, leaf, NULL, now, now, response.data, &response.size, &err),
        SVMS_E_USAGE);
    size_t size = 0;
    assert_int_equal(svms_ca_ocsp(issuing.ca, leaf, NULL, now, now + DAY, NULL, &size, &err),
                     SVMS_E_LIMIT);
    assert_true(size <= sizeof response.data);
    assert_int_equal(
        svms_ca_ocsp(issuing.ca, leaf, NULL, now, now + DAY, response.data, &size, &err), SVMS_OK);
    assert_int_equal(svms_ca_ocsp(NULL, leaf, NULL, now, now + DAY, response.data, &size, &err),
                     SVMS_E_USAGE);
    assert_int_equal(
        svms_ca_ocsp(issuing.ca, NULL, NULL, now, now + DAY, response.data, &size, &err),
        SVMS_E_USAGE);
}

static int set_up(void **state)
{
    (void)state;
    svms_ca_options below = workshop_ca_options("Issuing", 0);
    svms_issue_options options = workshop_issue_options(SVMS_ROLE_CAMERA);
    ctx = fixture_context(NULL);
    now = fixture_time("2027-03-04T05:06:07Z");
    key = workshop_key(ctx, "P-256");
    request = workshop_request(ctx, key, "Somebody");
    workshop_open(&root, ctx, "P-256", NULL, NULL);
    workshop_open(&issuing, ctx, "P-256", &below, &root);
    leaf = workshop_issue(ctx, &issuing, &options, request);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    svms_chain_free(&leaf);
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
        cmocka_unit_test(an_empty_list_has_no_entries_but_a_number),
        cmocka_unit_test(entries_come_in_order_and_say_why),
        cmocka_unit_test(a_large_list_is_made_in_memory_in_proportion),
        cmocka_unit_test(wrong_entries_are_refused),
        cmocka_unit_test(our_own_verifier_believes_lists_and_responses),
        cmocka_unit_test(a_response_is_about_a_certificate_of_the_authority),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
