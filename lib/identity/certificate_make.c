/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where certificates are written (RFC 5280 section 4). */
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <svms/time.h>

#include "authority.h"
#include "constraints.h"
#include "failure.h"
#include "role_profile.h"
#include "subject_name.h"

/* Whoever asks for the capacity first meets another serial number the next time, which may be
 * longer. */
#define SERIAL_SLACK 16
#define LABEL "CERTIFICATE"
#define SERIAL_SIZE 16
#define VERSION_3 2

svms_status svms_key_identifier(uint8_t out[SVMS_KEY_IDENTIFIER_SIZE], svms_ctx *ctx, EVP_PKEY *key,
                                svms_error *err)
{
    svms_builder der = svms_builder_new(ctx, SVMS_CHAIN_MAX_SIZE);
    svms_status status = svms_put_public_key(&der, key, err);
    if (status == SVMS_OK) {
        status = svms_builder_check(&der, "a public key", err);
    }
    if (status == SVMS_OK) {
        svms_cursor whole = svms_cursor_over(der.data, der.size, 0);
        svms_der info;
        svms_der bits;
        uint8_t digest[SVMS_DIGEST_SIZE];
        svms_der_take(&whole, SVMS_DER_SEQUENCE, &info);
        svms_der_take(&info.content, SVMS_DER_SEQUENCE, &bits);
        if (svms_der_take(&info.content, SVMS_DER_BITS, &bits) && svms_skip(&bits.content, 1)) {
            size_t size = svms_cursor_left(&bits.content);
            svms_iovec run = { svms_read_bytes(&bits.content, size), size };
            status = svms_sha256(ctx, &run, 1, digest, err);
            memcpy(out, digest, SVMS_KEY_IDENTIFIER_SIZE);
        } else {
            status = svms_fail(err, SVMS_E_CRYPTO, "the provider encodes a public key wrongly");
        }
    }
    svms_builder_clear(&der);
    return status;
}

svms_status svms_put_subject_of(svms_builder *builder, X509 *certificate, svms_error *err)
{
    const unsigned char *der = NULL;
    size_t size = 0;
    if (X509_NAME_get0_der(X509_get_subject_name(certificate), &der, &size) != 1) {
        return svms_fail_crypto(err, "cannot read the name of an authority");
    }
    svms_put_bytes(builder, der, size);
    return SVMS_OK;
}

static void put_authority_key_id(svms_builder *builder, const void *identifier, size_t size)
{
    svms_extension_marks marks = svms_extension_open(builder, SVMS_EXT_AUTHORITY_KEY_ID, false);
    size_t list = svms_der_open(builder, SVMS_DER_SEQUENCE);
    svms_der_put(builder, SVMS_DER_PRIMITIVE(0), identifier, size);
    svms_der_close(builder, list);
    svms_extension_close(builder, marks);
}

svms_status svms_put_authority_key_id(svms_builder *builder, svms_ctx *ctx, X509 *issuer,
                                      svms_error *err)
{
    const ASN1_OCTET_STRING *given = X509_get0_subject_key_id(issuer);
    if (given) {
        put_authority_key_id(builder, ASN1_STRING_get0_data(given),
                             (size_t)ASN1_STRING_length(given));
        return SVMS_OK;
    }
    uint8_t identifier[SVMS_KEY_IDENTIFIER_SIZE];
    svms_status status = svms_key_identifier(identifier, ctx, X509_get0_pubkey(issuer), err);
    if (status == SVMS_OK) {
        put_authority_key_id(builder, identifier, sizeof identifier);
    }
    return status;
}

/* A random number of 128 bits, of which none is spent on the sign. */
static svms_status put_serial(svms_builder *tbs, svms_ctx *ctx, svms_error *err)
{
    static const uint8_t none[SERIAL_SIZE];
    uint8_t random[SERIAL_SIZE];
    svms_status status = svms_random(ctx, random, sizeof random, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (memcmp(random, none, sizeof none) == 0) {
        return svms_fail(err, SVMS_E_CRYPTO, "the random source gives zeros");
    }
    svms_der_put_magnitude(tbs, random, sizeof random);
    return SVMS_OK;
}

static void put_validity(svms_builder *tbs, const svms_certificate_plan *plan)
{
    size_t mark = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    svms_der_put_time(tbs, plan->not_before_utc_ns);
    svms_der_put_time(tbs, plan->not_after_utc_ns);
    svms_der_close(tbs, mark);
}

static void put_basic_constraints(svms_builder *tbs, const svms_certificate_plan *plan)
{
    svms_extension_marks marks = svms_extension_open(tbs, SVMS_EXT_BASIC_CONSTRAINTS, true);
    size_t list = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    if (plan->role == SVMS_ROLE_NONE) {
        svms_der_put_true(tbs);
        if (plan->path_length >= 0) {
            svms_der_put_number(tbs, (uint64_t)plan->path_length);
        }
    }
    svms_der_close(tbs, list);
    svms_extension_close(tbs, marks);
}

/* Named bits of RFC 5280 section 4.2.1.3, without zeros at the end. */
static void put_key_usage(svms_builder *tbs, const svms_certificate_plan *plan)
{
    static const uint8_t cert_sign_and_crl_sign[] = { 1, 0x06 };
    static const uint8_t digital_signature[] = { 7, 0x80 };
    svms_extension_marks marks = svms_extension_open(tbs, SVMS_EXT_KEY_USAGE, true);
    svms_der_put(tbs, SVMS_DER_BITS,
                 plan->role == SVMS_ROLE_NONE ? cert_sign_and_crl_sign : digital_signature, 2);
    svms_extension_close(tbs, marks);
}

/* CRLDistributionPoints with one point, whose full name is a URI. */
static void put_crl_points(svms_builder *tbs, const char *uri)
{
    svms_extension_marks marks = svms_extension_open(tbs, SVMS_EXT_CRL_POINTS, false);
    size_t points = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    size_t point = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    size_t name = svms_der_open(tbs, SVMS_DER_CONSTRUCTED(0));
    size_t full_name = svms_der_open(tbs, SVMS_DER_CONSTRUCTED(0));
    svms_der_put(tbs, SVMS_NAME_URI, uri, strlen(uri));
    svms_der_close(tbs, full_name);
    svms_der_close(tbs, name);
    svms_der_close(tbs, point);
    svms_der_close(tbs, points);
    svms_extension_close(tbs, marks);
}

static svms_status put_key_ids(svms_builder *tbs, const svms_certificate_plan *plan,
                               svms_error *err)
{
    uint8_t own[SVMS_KEY_IDENTIFIER_SIZE];
    svms_status status = svms_key_identifier(own, plan->ctx, plan->subject_key, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_extension_marks marks = svms_extension_open(tbs, SVMS_EXT_SUBJECT_KEY_ID, false);
    svms_der_put(tbs, SVMS_DER_OCTETS, own, sizeof own);
    svms_extension_close(tbs, marks);
    if (plan->issuer) {
        return svms_put_authority_key_id(tbs, plan->ctx, plan->issuer->certificate, err);
    }
    put_authority_key_id(tbs, own, sizeof own);
    return SVMS_OK;
}

static svms_status put_extensions(svms_builder *tbs, const svms_certificate_plan *plan,
                                  svms_error *err)
{
    size_t outer = svms_der_open(tbs, SVMS_DER_CONSTRUCTED(3));
    size_t list = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    put_basic_constraints(tbs, plan);
    put_key_usage(tbs, plan);
    if (plan->role != SVMS_ROLE_NONE) {
        svms_put_purposes(tbs, plan->role, !plan->role_alone);
    }
    svms_status status = put_key_ids(tbs, plan, err);
    if (plan->name_count > 0) {
        svms_put_subject_hosts(tbs, plan->names, plan->name_count);
    }
    if (plan->permitted_count > 0 || plan->excluded_count > 0) {
        svms_put_constraints(tbs, plan);
    }
    if (plan->crl_uri) {
        put_crl_points(tbs, plan->crl_uri);
    }
    svms_der_close(tbs, list);
    svms_der_close(tbs, outer);
    return status;
}

svms_status svms_put_certificate(svms_builder *tbs, const svms_signing *signing,
                                 const svms_certificate_plan *plan, svms_error *err)
{
    size_t whole = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    size_t version = svms_der_open(tbs, SVMS_DER_CONSTRUCTED(0));
    svms_der_put_number(tbs, VERSION_3);
    svms_der_close(tbs, version);
    svms_status status = put_serial(tbs, plan->ctx, err);
    svms_put_algorithm(tbs, signing);
    if (status == SVMS_OK && plan->issuer) {
        status = svms_put_subject_of(tbs, plan->issuer->certificate, err);
    } else {
        svms_put_common_name(tbs, plan->common_name);
    }
    put_validity(tbs, plan);
    svms_put_common_name(tbs, plan->common_name);
    if (status == SVMS_OK) {
        status = svms_put_public_key(tbs, plan->subject_key, err);
    }
    if (status == SVMS_OK) {
        status = put_extensions(tbs, plan, err);
    }
    svms_der_close(tbs, whole);
    return status == SVMS_OK ? svms_builder_check(tbs, "a certificate", err) : status;
}

svms_status svms_make_certificate(const svms_certificate_plan *plan, const svms_private_key *key,
                                  char *out, size_t *size, svms_error *err)
{
    svms_signing signing;
    svms_builder tbs = svms_builder_new(plan->ctx, SVMS_CHAIN_MAX_SIZE);
    svms_status status = svms_signing_open(&signing, plan->ctx, key, err);
    if (status == SVMS_OK) {
        status = svms_put_certificate(&tbs, &signing, plan, err);
    }
    if (status == SVMS_OK && plan->issuer && plan->role != SVMS_ROLE_NONE) {
        status = svms_check_permitted(plan, &tbs, &signing, err);
    }
    if (status == SVMS_OK) {
        status = svms_hand_out_text(&signing, &tbs, LABEL, "the certificate", SERIAL_SLACK, out,
                                    size, err);
    }
    svms_builder_clear(&tbs);
    svms_signing_close(&signing);
    return status;
}

static bool is_whole_second(int64_t utc_ns)
{
    return utc_ns != SVMS_NO_TIME && utc_ns % SVMS_NS_PER_SECOND == 0;
}

svms_status svms_check_dates(const svms_certificate_plan *plan, svms_error *err)
{
    if (!is_whole_second(plan->not_before_utc_ns) || !is_whole_second(plan->not_after_utc_ns) ||
        plan->not_before_utc_ns > plan->not_after_utc_ns) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a period of validity begins before it ends, in whole seconds");
    }
    return SVMS_OK;
}

svms_status svms_check_period(const svms_certificate_plan *plan, svms_error *err)
{
    char own[SVMS_TIME_TEXT_SIZE];
    char limit[SVMS_TIME_TEXT_SIZE];
    svms_status status = svms_check_dates(plan, err);
    if (status != SVMS_OK || !plan->issuer) {
        return status;
    }
    if (plan->not_before_utc_ns < plan->issuer->not_before_utc_ns) {
        svms_time_format(plan->not_before_utc_ns, own);
        svms_time_format(plan->issuer->not_before_utc_ns, limit);
        return svms_fail(err, SVMS_E_USAGE,
                         "the certificate would begin at %s, before that of the authority, at %s",
                         own, limit);
    }
    if (plan->not_after_utc_ns > plan->issuer->not_after_utc_ns) {
        svms_time_format(plan->not_after_utc_ns, own);
        svms_time_format(plan->issuer->not_after_utc_ns, limit);
        return svms_fail(err, SVMS_E_USAGE,
                         "the certificate would end at %s, after that of the authority, at %s", own,
                         limit);
    }
    return SVMS_OK;
}
