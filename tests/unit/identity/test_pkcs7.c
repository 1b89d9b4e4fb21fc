/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates in PKCS #7: ours and OpenSSL's are read, and what is more than certificates is
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>

#include "ca_workshop.h"
#include "certificate.h"
#include "fixture.h"

static svms_ctx *ctx;
static workshop_ca root;
static workshop_ca issuing;
static svms_private_key *key;
static svms_chain *leaf;
static uint8_t message[WORKSHOP_PEM_SIZE];
static size_t message_size;

static void what_is_written_is_read(void **state)
{
    (void)state;
    svms_private_key *other = workshop_key(ctx, "P-256");
    const svms_private_key *const keys[] = { key, NULL };
    svms_chain *read = NULL;
    svms_error err = SVMS_ERROR_INIT;
    size_t wire_size = 0;
    const uint8_t *wire = svms_chain_wire(leaf, &wire_size);
    for (size_t i = 0; i < 2; i++) {
        size_t read_size = 0;
        assert_int_equal(svms_chain_from_pkcs7(&read, ctx, keys[i], message, message_size, NULL),
                         SVMS_OK);
        const uint8_t *again = svms_chain_wire(read, &read_size);
        assert_int_equal(read_size, wire_size);
        assert_memory_equal(again, wire, wire_size);
        svms_chain_free(&read);
    }
    assert_int_equal(svms_chain_from_pkcs7(&read, ctx, other, message, message_size, &err),
                     SVMS_E_WRONG_KEY);
    assert_string_equal(err.message, "no certificate of the PKCS #7 message belongs to the key");
    svms_private_key_free(&other);
}

static void a_single_certificate_and_a_root_are_read(void **state)
{
    (void)state;
    uint8_t data[4096];
    size_t size = sizeof data;
    svms_chain *read = NULL;
    assert_int_equal(svms_chain_to_pkcs7(root.chain, data, &size, NULL), SVMS_OK);
    assert_int_equal(svms_chain_from_pkcs7(&read, ctx, NULL, data, size, NULL), SVMS_OK);
    assert_string_equal(svms_chain_subject(read), "CN=Root");
    svms_chain_free(&read);
    size = 10;
    assert_int_equal(svms_chain_to_pkcs7(root.chain, data, &size, NULL), SVMS_E_LIMIT);
    assert_int_equal(svms_chain_to_pkcs7(root.chain, data, &size, NULL), SVMS_OK);
    assert_int_equal(svms_chain_to_pkcs7(NULL, data, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_chain_to_pkcs7(root.chain, data, NULL, NULL), SVMS_E_USAGE);
    size = 10;
    assert_int_equal(svms_chain_to_pkcs7(root.chain, NULL, &size, NULL), SVMS_E_USAGE);
}

static PKCS7 *degenerate(void)
{
    PKCS7 *made = PKCS7_new();
    assert_int_equal(PKCS7_set_type(made, NID_pkcs7_signed), 1);
    assert_int_equal(PKCS7_content_new(made, NID_pkcs7_data), 1);
    /* As "openssl crl2pkcs7" has it: no content at all. */
    ASN1_OCTET_STRING_free(made->d.sign->contents->d.data);
    made->d.sign->contents->d.data = NULL;
    return made;
}

static X509 *certificate_of(const svms_chain *chain, int index)
{
    return sk_X509_value(chain->certificates, index);
}

static svms_status read_made(PKCS7 *made, svms_chain **read, svms_error *err)
{
    uint8_t *der = NULL;
    int size = i2d_PKCS7(made, &der);
    assert_true(size > 0);
    svms_status status = svms_chain_from_pkcs7(read, ctx, NULL, der, (size_t)size, err);
    OPENSSL_free(der);
    PKCS7_free(made);
    return status;
}

static void what_openssl_writes_is_read_in_any_order(void **state)
{
    (void)state;
    static const int orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                     { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    for (size_t i = 0; i < 6; i++) {
        PKCS7 *made = degenerate();
        svms_chain *read = NULL;
        for (int k = 0; k < 3; k++) {
            assert_int_equal(PKCS7_add_certificate(made, certificate_of(leaf, orders[i][k])), 1);
        }
        assert_int_equal(read_made(made, &read, NULL), SVMS_OK);
        for (int k = 0; k < 3; k++) {
            assert_int_equal(X509_cmp(certificate_of(read, k), certificate_of(leaf, k)), 0);
        }
        svms_chain_free(&read);
    }
}

static X509_CRL *any_list(void)
{
    workshop_text text = { .size = sizeof text.data };
    int64_t now = fixture_time("2027-01-01T00:00:00Z");
    assert_int_equal(
        svms_ca_list(root.ca, 1, now, now + 86400000000000, NULL, 0, text.data, &text.size, NULL),
        SVMS_OK);
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
    X509_CRL *list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
    assert_non_null(list);
    BIO_free(bio);
    return list;
}

static void lists_alone_are_refused_and_beside_certificates_passed_over(void **state)
{
    (void)state;
    X509_CRL *list = any_list();
    PKCS7 *made = degenerate();
    svms_chain *read = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(PKCS7_add_crl(made, list), 1);
    assert_int_equal(read_made(made, &read, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the PKCS #7 message has lists, but no certificate");
    made = degenerate();
    assert_int_equal(PKCS7_add_crl(made, list), 1);
    assert_int_equal(PKCS7_add_certificate(made, certificate_of(leaf, 0)), 1);
    assert_int_equal(read_made(made, &read, &err), SVMS_OK);
    svms_chain_free(&read);
    X509_CRL_free(list);
    assert_int_equal(read_made(degenerate(), &read, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the PKCS #7 message has no certificate");
}

static void signed_messages_are_refused(void **state)
{
    (void)state;
    EVP_PKEY *own = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *self = X509_dup(certificate_of(root.chain, 0));
    BIO *words = BIO_new_mem_buf("hello", 5);
    svms_chain *read = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(X509_set_pubkey(self, own), 1);
    assert_true(X509_sign(self, own, EVP_sha256()) > 0);
    PKCS7 *made = PKCS7_sign(self, own, NULL, words, PKCS7_BINARY);
    assert_non_null(made);
    assert_int_equal(read_made(made, &read, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the PKCS #7 message has content, where certificates alone "
                                     "are expected");
    BIO_free(words);
    words = BIO_new_mem_buf("hello", 5);
    made = PKCS7_sign(self, own, NULL, words, PKCS7_BINARY | PKCS7_DETACHED);
    assert_int_equal(read_made(made, &read, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the PKCS #7 message has a signer, where certificates alone "
                                     "are expected");
    BIO_free(words);
    X509_free(self);
    EVP_PKEY_free(own);
}

static void too_many_and_the_same_twice_are_refused(void **state)
{
    (void)state;
    PKCS7 *made = degenerate();
    svms_chain *read = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(PKCS7_add_certificate(made, certificate_of(leaf, 0)), 1);
    assert_int_equal(PKCS7_add_certificate(made, certificate_of(leaf, 0)), 1);
    assert_int_equal(read_made(made, &read, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the PKCS #7 message has a certificate twice");
    made = degenerate();
    for (int i = 0; i < 1000; i++) {
        X509 *numbered = X509_dup(certificate_of(leaf, 0));
        ASN1_INTEGER_set(X509_get_serialNumber(numbered), i + 1);
        assert_int_equal(i2d_re_X509_tbs(numbered, NULL) > 0, 1);
        assert_int_equal(PKCS7_add_certificate(made, numbered), 1);
        X509_free(numbered);
    }
    assert_int_equal(read_made(made, &read, &err), SVMS_E_LIMIT);
    assert_string_equal(err.message, "the PKCS #7 message has more than 8 certificates");
}

static void two_beginnings_are_refused(void **state)
{
    (void)state;
    workshop_ca stranger;
    PKCS7 *made = degenerate();
    svms_chain *read = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_ca_options other = workshop_ca_options("Stranger", 1);
    workshop_open(&stranger, ctx, "P-256", &other, NULL);
    assert_int_equal(PKCS7_add_certificate(made, certificate_of(root.chain, 0)), 1);
    assert_int_equal(PKCS7_add_certificate(made, certificate_of(stranger.chain, 0)), 1);
    assert_int_equal(read_made(made, &read, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the PKCS #7 message does not tell which of its certificates "
                                     "is the last");
    workshop_close(&stranger);
}

static void what_is_not_der_is_refused(void **state)
{
    (void)state;
    static const uint8_t indefinite[] = { 0x30, 0x80, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,
                                          0xF7, 0x0D, 0x01, 0x07, 0x02, 0xA0, 0x80, 0x30,
                                          0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 };
    static const uint8_t data_only[] = { 0x30, 0x0B, 0x06, 0x09, 0x2A, 0x86, 0x48,
                                         0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01 };
    svms_chain *read = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_chain_from_pkcs7(&read, ctx, NULL, indefinite, sizeof indefinite, &err),
                     SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the PKCS #7 message is not in DER, or more bytes follow it");
    assert_int_equal(svms_chain_from_pkcs7(&read, ctx, NULL, data_only, sizeof data_only, &err),
                     SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the PKCS #7 message is of another type than signed data");
    message[message_size] = 0;
    assert_int_equal(svms_chain_from_pkcs7(&read, ctx, NULL, message, message_size + 1, &err),
                     SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the PKCS #7 message is not in DER, or more bytes follow it");
    assert_int_equal(svms_chain_from_pkcs7(&read, ctx, NULL, message, 1024 * 1024 + 1, &err),
                     SVMS_E_LIMIT);
    assert_int_equal(svms_chain_from_pkcs7(NULL, ctx, NULL, message, message_size, &err),
                     SVMS_E_USAGE);
    assert_int_equal(svms_chain_from_pkcs7(&read, NULL, NULL, message, message_size, &err),
                     SVMS_E_USAGE);
    assert_int_equal(svms_chain_from_pkcs7(&read, ctx, NULL, NULL, message_size, &err),
                     SVMS_E_USAGE);
}

static void no_changed_byte_crashes_and_no_cut_is_read(void **state)
{
    (void)state;
    uint8_t copy[WORKSHOP_PEM_SIZE];
    for (size_t at = 0; at < message_size; at++) {
        svms_chain *read = NULL;
        memcpy(copy, message, message_size);
        copy[at] ^= (uint8_t)(1u << at % 8);
        if (svms_chain_from_pkcs7(&read, ctx, key, copy, message_size, NULL) == SVMS_OK) {
            assert_in_range(svms_chain_count(read), 1, 3);
        }
        svms_chain_free(&read);
        assert_int_not_equal(svms_chain_from_pkcs7(&read, ctx, key, message, at, NULL), SVMS_OK);
    }
}

static int set_up(void **state)
{
    (void)state;
    svms_ca_options below = workshop_ca_options("Issuing", 0);
    svms_issue_options options = workshop_issue_options(SVMS_ROLE_CAMERA);
    ctx = fixture_context(NULL);
    key = workshop_key(ctx, "P-256");
    workshop_open(&root, ctx, "P-256", NULL, NULL);
    workshop_open(&issuing, ctx, "P-256", &below, &root);
    svms_request *request = workshop_request(ctx, key, "Somebody");
    leaf = workshop_issue(ctx, &issuing, &options, request);
    svms_request_free(&request);
    message_size = sizeof message;
    return svms_chain_to_pkcs7(leaf, message, &message_size, NULL) != SVMS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    svms_chain_free(&leaf);
    workshop_close(&issuing);
    workshop_close(&root);
    svms_private_key_free(&key);
    svms_ctx_free(&ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_single_certificate_and_a_root_are_read),
        cmocka_unit_test(what_openssl_writes_is_read_in_any_order),
        cmocka_unit_test(lists_alone_are_refused_and_beside_certificates_passed_over),
        cmocka_unit_test(signed_messages_are_refused),
        cmocka_unit_test(too_many_and_the_same_twice_are_refused),
        cmocka_unit_test(two_beginnings_are_refused),
        cmocka_unit_test(what_is_not_der_is_refused),
        cmocka_unit_test(no_changed_byte_crashes_and_no_cut_is_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
