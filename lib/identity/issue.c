/* SPDX-License-Identifier: Apache-2.0 */
/* The demonstration CA. */
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <svms/time.h>

#include "certificate.h"
#include "cursor.h"
#include "failure.h"
#include "key_internal.h"
#include "options.h"

#define COMMON_NAME_MAX_BYTES 256 /* 64 characters of 4 bytes */
#define COMMON_NAME_MAX 64
#define SERIAL_SIZE 16
/* RFC 7093 section 2, method 1: this much of the SHA-256 of the key. */
#define KEY_IDENTIFIER_SIZE 20
/* The next try may be longer: serial number and ECDSA signature vary. */
#define SIZE_SLACK 64

typedef struct request {
    svms_ctx *ctx;
    svms_certificate_options options;
    EVP_PKEY *subject_key; /* its public half is enough */
    X509 *issuer;          /* NULL: self-signed */
    EVP_PKEY *issuer_half;
    EVP_PKEY *signing_key;
    const char *signing_properties;
    svms_error *err;
} request;

static bool is_common_name(const char *name)
{
    size_t size = strnlen(name, COMMON_NAME_MAX_BYTES + 1);
    svms_cursor cursor = svms_cursor_over(name, size, 0);
    size_t count = 0;
    if (size == 0 || size > COMMON_NAME_MAX_BYTES) {
        return false;
    }
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        if (length == 0 || character < 0x20 || (character >= 0x7F && character < 0xA0)) {
            return false;
        }
        svms_skip(&cursor, length);
        count++;
    }
    return count <= COMMON_NAME_MAX;
}

static svms_status check_options(const request *req)
{
    const svms_certificate_options *options = &req->options;
    if (options->role != SVMS_ROLE_NONE && !svms_role_signs_evidence(options->role)) {
        return svms_fail(req->err, SVMS_E_USAGE, "%d is no role that signs evidence",
                         (int)options->role);
    }
    if (!options->common_name || !is_common_name(options->common_name)) {
        return svms_fail(req->err, SVMS_E_USAGE,
                         "a common name has 1 to 64 characters of UTF-8, none of them a control");
    }
    if (options->not_before_utc_ns == SVMS_NO_TIME ||
        options->not_before_utc_ns % 1000000000 != 0 ||
        options->not_after_utc_ns % 1000000000 != 0 ||
        options->not_before_utc_ns > options->not_after_utc_ns) {
        return svms_fail(req->err, SVMS_E_USAGE,
                         "a period of validity begins before it ends, in whole seconds");
    }
    return SVMS_OK;
}

static svms_status check_issuer(const request *req)
{
    bool issues_ca = req->options.role == SVMS_ROLE_NONE;
    if (!req->issuer && !issues_ca) {
        return svms_fail(req->err, SVMS_E_USAGE, "only a CA certificate can be self-signed");
    }
    if (!req->issuer) {
        return SVMS_OK;
    }
    if (X509_check_ca(req->issuer) != 1 ||
        (X509_get_key_usage(req->issuer) & X509v3_KU_KEY_CERT_SIGN) == 0) {
        return svms_fail(req->err, SVMS_E_USAGE, "the issuer is no CA");
    }
    if (issues_ca && X509_get_pathlen(req->issuer) == 0) {
        return svms_fail(req->err, SVMS_E_USAGE, "the issuer may not issue CA certificates");
    }
    if (EVP_PKEY_eq(X509_get0_pubkey(req->issuer), req->issuer_half) != 1) {
        return svms_fail(req->err, SVMS_E_CRYPTO,
                         "the issuer's certificate and key do not belong together");
    }
    return SVMS_OK;
}

static bool set_serial(const request *req, X509 *certificate)
{
    uint8_t random[SERIAL_SIZE];
    if (svms_random(req->ctx, random, sizeof random, NULL) != SVMS_OK) {
        return false;
    }
    BIGNUM *number = BN_bin2bn(random, sizeof random, NULL);
    bool done = number && !BN_is_zero(number) &&
                BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return done;
}

/* By way of text, because time_t may have 32 bits. "2026-11-21T10:00:00.000Z" has the digits of
 * "20261121100000Z" at fixed places. */
static bool set_date(ASN1_TIME *date, int64_t utc_ns)
{
    char text[SVMS_TIME_TEXT_SIZE];
    char digits[32];
    svms_time_format(utc_ns, text);
    snprintf(digits, sizeof digits, "%.4s%.2s%.2s%.2s%.2s%.2sZ", text, text + 5, text + 8,
             text + 11, text + 14, text + 17);
    return ASN1_TIME_set_string_X509(date, digits) == 1;
}

static bool set_names(const request *req, X509 *certificate)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    const unsigned char *text = (const unsigned char *)req->options.common_name;
    if (X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_UTF8STRING, text, -1, -1, 0) !=
        1) {
        return false;
    }
    return X509_set_issuer_name(certificate,
                                req->issuer ? X509_get_subject_name(req->issuer) : subject) == 1;
}

static bool set_fields(const request *req, X509 *certificate)
{
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(req, certificate) &&
           set_date(X509_getm_notBefore(certificate), req->options.not_before_utc_ns) &&
           set_date(X509_getm_notAfter(certificate), req->options.not_after_utc_ns) &&
           set_names(req, certificate) && X509_set_pubkey(certificate, req->subject_key) == 1;
}

/* A self-signed CA may have CAs below it, and those none. */
static bool add_constraints(const request *req, X509 *certificate)
{
    BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
    bool is_ca = req->options.role == SVMS_ROLE_NONE;
    bool done = constraints != NULL;
    if (done && is_ca) {
        constraints->ca = 0xFF;
        constraints->pathlen = ASN1_INTEGER_new();
        done = constraints->pathlen &&
               ASN1_INTEGER_set(constraints->pathlen, req->issuer ? 0 : 1) == 1;
    }
    if (done) {
        done = X509_add1_ext_i2d(certificate, NID_basic_constraints, constraints, 1, 0) == 1;
    }
    BASIC_CONSTRAINTS_free(constraints);
    return done;
}

static bool add_key_usage(const request *req, X509 *certificate)
{
    ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
    bool done = usage != NULL;
    /* Bit numbers of RFC 5280 section 4.2.1.3. */
    if (done && req->options.role == SVMS_ROLE_NONE) {
        done =
            ASN1_BIT_STRING_set_bit(usage, 5, 1) == 1 && ASN1_BIT_STRING_set_bit(usage, 6, 1) == 1;
    } else if (done) {
        done = ASN1_BIT_STRING_set_bit(usage, 0, 1) == 1;
    }
    if (done) {
        done = X509_add1_ext_i2d(certificate, NID_key_usage, usage, 1, 0) == 1;
    }
    ASN1_BIT_STRING_free(usage);
    return done;
}

static ASN1_OBJECT *role_object(svms_role role)
{
    unsigned char der[SVMS_ROLE_DER_SIZE];
    size_t size = 0;
    const uint8_t *known = svms_role_der(role, &size);
    memcpy(der, known, size);
    return ASN1_OBJECT_create(NID_undef, der, (int)size, NULL, NULL);
}

static bool add_role(const request *req, X509 *certificate)
{
    if (req->options.role == SVMS_ROLE_NONE) {
        return true;
    }
    EXTENDED_KEY_USAGE *usage = sk_ASN1_OBJECT_new_null();
    ASN1_OBJECT *purpose = role_object(req->options.role);
    bool done = usage && purpose && sk_ASN1_OBJECT_push(usage, purpose) > 0;
    if (!done) {
        ASN1_OBJECT_free(purpose);
    } else {
        done = X509_add1_ext_i2d(certificate, NID_ext_key_usage, usage, 0, 0) == 1;
    }
    EXTENDED_KEY_USAGE_free(usage);
    return done;
}

static ASN1_OCTET_STRING *key_identifier(const request *req, const X509 *certificate)
{
    EVP_MD *sha256 =
        EVP_MD_fetch(svms_ossl_context(req->ctx), "SHA256", svms_ossl_properties(req->ctx));
    ASN1_OCTET_STRING *identifier = ASN1_OCTET_STRING_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    bool done = sha256 && identifier &&
                X509_pubkey_digest(certificate, sha256, digest, NULL) == 1 &&
                ASN1_OCTET_STRING_set(identifier, digest, KEY_IDENTIFIER_SIZE) == 1;
    EVP_MD_free(sha256);
    if (done) {
        return identifier;
    }
    ASN1_OCTET_STRING_free(identifier);
    return NULL;
}

static bool add_key_identifiers(const request *req, X509 *certificate)
{
    ASN1_OCTET_STRING *own = key_identifier(req, certificate);
    AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
    bool done = own && authority &&
                X509_add1_ext_i2d(certificate, NID_subject_key_identifier, own, 0, 0) == 1;
    if (done) {
        const ASN1_OCTET_STRING *given = req->issuer ? X509_get0_subject_key_id(req->issuer) : own;
        authority->keyid = given ? ASN1_OCTET_STRING_dup(given) : key_identifier(req, req->issuer);
        done = authority->keyid &&
               X509_add1_ext_i2d(certificate, NID_authority_key_identifier, authority, 0, 0) == 1;
    }
    ASN1_OCTET_STRING_free(own);
    AUTHORITY_KEYID_free(authority);
    return done;
}

/* NULL for keys whose algorithm has its digest built in. */
static const char *digest_for(EVP_PKEY *key)
{
    if (EVP_PKEY_is_a(key, "ED25519")) {
        return NULL;
    }
    return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) > 256 ? "SHA384" : "SHA256";
}

static bool sign_certificate(const request *req, X509 *certificate)
{
    EVP_PKEY *key = req->signing_key;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool done = digest &&
                EVP_DigestSignInit_ex(digest, NULL, digest_for(key), svms_ossl_context(req->ctx),
                                      req->signing_properties, key, NULL) == 1 &&
                X509_sign_ctx(certificate, digest) > 0;
    EVP_MD_CTX_free(digest);
    return done;
}

static svms_status write_pem(const request *req, X509 *certificate, char *out, size_t *size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    svms_status status = SVMS_OK;
    char *text = NULL;
    long length = 0;
    if (bio && PEM_write_bio_X509(bio, certificate) == 1) {
        length = BIO_get_mem_data(bio, &text);
    }
    if (length <= 0) {
        status = svms_fail_crypto(req->err, "cannot write a certificate");
    } else if ((size_t)length >= *size) {
        *size = (size_t)length + SIZE_SLACK;
        status =
            svms_fail(req->err, SVMS_E_LIMIT, "the certificate needs a buffer of %zu bytes", *size);
    } else {
        memcpy(out, text, (size_t)length);
        out[length] = '\0';
        *size = (size_t)length;
    }
    BIO_free(bio);
    return status;
}

static svms_status issue(const request *req, char *out, size_t *size)
{
    ERR_clear_error();
    X509 *certificate = X509_new_ex(svms_ossl_context(req->ctx), svms_ossl_properties(req->ctx));
    svms_status status;
    if (certificate && set_fields(req, certificate) && add_constraints(req, certificate) &&
        add_key_usage(req, certificate) && add_role(req, certificate) &&
        add_key_identifiers(req, certificate) && sign_certificate(req, certificate)) {
        status = write_pem(req, certificate, out, size);
    } else {
        status = svms_fail_crypto(req->err, "cannot issue a certificate");
    }
    X509_free(certificate);
    return status;
}

svms_status svms_certificate_issue(svms_ctx *ctx, const svms_certificate_options *options,
                                   const svms_private_key *subject_key, const svms_chain *issuer,
                                   const svms_private_key *issuer_key, char *out, size_t *size,
                                   svms_error *err)
{
    if (!ctx || !options || !subject_key || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a certificate needs a context, options, a key and a buffer");
    }
    if (!issuer != !issuer_key) {
        return svms_fail(err, SVMS_E_USAGE, "an issuer's certificate and key go together");
    }
    request req = { .ctx = ctx, .options = SVMS_CERTIFICATE_OPTIONS_INIT, .err = err };
    svms_status status = svms_options_read(&req.options, sizeof req.options, options,
                                           "svms_certificate_options", err);
    if (status != SVMS_OK) {
        return status;
    }
    req.subject_key = svms_private_key_public_evp(subject_key);
    req.signing_key = svms_private_key_evp(issuer ? issuer_key : subject_key);
    req.signing_properties = svms_private_key_properties(issuer ? issuer_key : subject_key);
    if (issuer) {
        req.issuer = sk_X509_value(issuer->certificates, 0);
        req.issuer_half = svms_private_key_public_evp(issuer_key);
    }
    if (!req.signing_key) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a key behind callbacks cannot issue certificates");
    }
    if (EVP_PKEY_can_sign(req.subject_key) != 1) {
        return svms_fail(err, SVMS_E_USAGE, "a certificate needs a key that can sign");
    }
    status = check_options(&req);
    if (status == SVMS_OK) {
        status = check_issuer(&req);
    }
    if (status == SVMS_OK) {
        status = issue(&req, out, size);
    }
    ERR_clear_error();
    return status;
}
