/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, lists and OCSP responses as a test wants them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include "workshop.h"

static EVP_PKEY *make_key(const char *kind)
{
    if (!kind || strcmp(kind, "P-256") == 0) {
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    }
    if (strncmp(kind, "P-", 2) == 0) {
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    }
    if (strncmp(kind, "RSA-", 4) == 0) {
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)atoi(kind + 4));
    }
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void set_names(X509 *certificate, const card_order *order)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                                (const unsigned char *)order->name, -1, -1, 0),
                     1);
    X509_set_issuer_name(certificate,
                         order->issuer ? X509_get_subject_name(order->issuer->certificate) : name);
}

static void set_period(X509 *certificate, const card_order *order)
{
    int64_t from = order->from != 0 ? order->from : -1;
    int64_t until = order->until != 0 ? order->until : 365;
    ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(WORKSHOP_NOW + from * DAY));
    ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(WORKSHOP_NOW + until * DAY));
}

identity_card *card_make(const card_order *order)
{
    static long serial = 1000;
    identity_card *card = calloc(1, sizeof *card);
    card->issuer = order->issuer;
    card->key = make_key(order->key);
    card->certificate = X509_new();
    assert_non_null(card->key);
    X509 *certificate = card->certificate;
    X509 *issuer = order->issuer ? order->issuer->certificate : certificate;
    EVP_PKEY *signer = order->issuer ? order->issuer->key : card->key;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_set_pubkey(certificate, card->key);
    set_names(certificate, order);
    set_period(certificate, order);
    add_extension(certificate, issuer, NID_basic_constraints,
                  order->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(certificate, issuer, NID_key_usage,
                  order->key_usage ? order->key_usage
                  : order->is_ca   ? "critical,keyCertSign,cRLSign"
                                   : "critical,digitalSignature");
    add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
    add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
    if (order->usages) {
        add_extension(certificate, issuer, NID_ext_key_usage, order->usages);
    }
    if (order->hosts) {
        add_extension(certificate, issuer, NID_subject_alt_name, order->hosts);
    }
    bool has_own_digest = EVP_PKEY_get_id(signer) == EVP_PKEY_ED25519;
    assert_true(X509_sign(certificate, signer, has_own_digest ? NULL : EVP_sha256()) > 0);
    return card;
}

void card_free(identity_card **card)
{
    if (*card) {
        X509_free((*card)->certificate);
        EVP_PKEY_free((*card)->key);
        free(*card);
        *card = NULL;
    }
}

/* What was written to a BIO, with a NUL; the BIO goes. */
static char *text_of(BIO *bio)
{
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);
    char *text = calloc(1, (size_t)size + 1);
    memcpy(text, data, (size_t)size);
    BIO_free(bio);
    return text;
}

char *card_pem(const identity_card *card)
{
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(bio, card->certificate), 1);
    return text_of(bio);
}

svms_chain *card_chain(svms_ctx *ctx, const identity_card *card)
{
    svms_chain *chain = NULL;
    svms_error err = SVMS_ERROR_INIT;
    BIO *bio = BIO_new(BIO_s_mem());
    for (const identity_card *c = card; c && (c == card || c->issuer); c = c->issuer) {
        assert_int_equal(PEM_write_bio_X509(bio, c->certificate), 1);
    }
    char *text = text_of(bio);
    if (svms_chain_from_pem(&chain, ctx, text, strlen(text), &err) != SVMS_OK) {
        fail_msg("no chain: %s", err.message);
    }
    free(text);
    return chain;
}

svms_private_key *card_key(svms_ctx *ctx, const identity_card *card)
{
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, card->key, NULL, NULL, 0, NULL, NULL), 1);
    char *text = text_of(bio);
    if (svms_private_key_from_pem(&key, ctx, text, strlen(text), &err) != SVMS_OK) {
        fail_msg("no key: %s", err.message);
    }
    free(text);
    return key;
}

static ASN1_TIME *days_from_now(int64_t days)
{
    return ASN1_TIME_set(NULL, (time_t)(WORKSHOP_NOW + days * DAY));
}

char *card_list(const identity_card *authority, const identity_card *revoked)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *from = days_from_now(-1);
    ASN1_TIME *until = days_from_now(7);
    X509_CRL_set_version(list, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(authority->certificate));
    X509_CRL_set1_lastUpdate(list, from);
    X509_CRL_set1_nextUpdate(list, until);
    if (revoked) {
        X509_REVOKED *entry = X509_REVOKED_new();
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->certificate));
        X509_REVOKED_set_revocationDate(entry, from);
        assert_int_equal(X509_CRL_add0_revoked(list, entry), 1);
    }
    X509V3_CTX context;
    X509V3_set_ctx(&context, authority->certificate, NULL, NULL, list, 0);
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
    assert_non_null(extension);
    X509_CRL_add_ext(list, extension, -1);
    X509_EXTENSION_free(extension);
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    ASN1_INTEGER_set(number, 7);
    assert_int_equal(X509_CRL_add1_ext_i2d(list, NID_crl_number, number, 0, 0), 1);
    ASN1_INTEGER_free(number);
    assert_true(X509_CRL_sign(list, authority->key, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509_CRL(bio, list), 1);
    X509_CRL_free(list);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return text_of(bio);
}

uint8_t *card_ocsp(const identity_card *card, int status, int64_t until_days, size_t *size)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha256(), card->certificate, card->issuer->certificate);
    ASN1_TIME *from = days_from_now(-1);
    ASN1_TIME *until = days_from_now(until_days);
    ASN1_TIME *revoked = status == V_OCSP_CERTSTATUS_REVOKED ? from : NULL;
    assert_non_null(OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_UNSPECIFIED,
                                           revoked, from, until));
    assert_int_equal(OCSP_basic_sign(basic, card->issuer->certificate, card->issuer->key,
                                     EVP_sha256(), NULL, OCSP_NOCERTS),
                     1);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char *der = NULL;
    int length = i2d_OCSP_RESPONSE(response, &der);
    assert_true(length > 0);
    uint8_t *copy = malloc((size_t)length);
    memcpy(copy, der, (size_t)length);
    *size = (size_t)length;
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return copy;
}
