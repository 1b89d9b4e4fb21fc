/* SPDX-License-Identifier: Apache-2.0 */
/* What the certificates of a chain say, for people and for those who watch over them. */
#include <stdio.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "certificate.h"
#include "failure.h"
#include "host.h"
#include "options.h"

/* A name may be escaped throughout: four bytes for one. */
#define NAME_TEXT_MAX ((size_t)SVMS_CHAIN_MAX_SIZE * 4)

size_t svms_chain_count(const svms_chain *chain)
{
    return chain ? (size_t)sk_X509_num(chain->certificates) : 0;
}

svms_host_names svms_certificate_hosts(const X509 *certificate)
{
    svms_host_names none = { svms_cursor_over("", 0, 0) };
    int index = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
    if (index < 0 || X509_get_ext_by_NID(certificate, NID_subject_alt_name, index) >= 0) {
        return none;
    }
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(certificate, index));
    const uint8_t *der = ASN1_STRING_get0_data(value);
    size_t size = (size_t)ASN1_STRING_length(value);
    svms_cursor cursor = svms_cursor_over(der, size, 0);
    svms_der names;
    if (!svms_der_is_well_formed(der, size) || !svms_der_take(&cursor, SVMS_DER_SEQUENCE, &names)) {
        return none;
    }
    return (svms_host_names){ names.content };
}

bool svms_host_names_next(svms_host_names *names, svms_der *out)
{
    while (!svms_cursor_at_end(&names->left) && svms_der_next(&names->left, out)) {
        size_t size = svms_cursor_left(&out->content);
        if (out->tag == SVMS_NAME_DNS ||
            (out->tag == SVMS_NAME_ADDRESS && (size == 4 || size == SVMS_ADDRESS_MAX))) {
            return true;
        }
    }
    return false;
}

/* Two digits for each byte; what does not fit is left out behind dots. */
static void write_serial(char *out, size_t room, const ASN1_INTEGER *serial)
{
    const uint8_t *bytes = ASN1_STRING_get0_data(serial);
    size_t size = (size_t)ASN1_STRING_length(serial);
    bool negative = (ASN1_STRING_type(serial) & V_ASN1_NEG) != 0;
    size_t used = 0;
    out[0] = '\0';
    if (negative) {
        out[used++] = '-';
    }
    for (size_t i = 0; i < size; i++) {
        if (room - used < sizeof "00..." && i + 1 < size) {
            snprintf(out + used, room - used, "...");
            return;
        }
        snprintf(out + used, room - used, "%02x", bytes[i]);
        used += 2;
    }
}

static void write_key(char *out, size_t room, const X509 *certificate)
{
    char curve[24] = "";
    size_t length = 0;
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    const char *kind = key ? EVP_PKEY_get0_type_name(key) : NULL;
    if (!kind) {
        snprintf(out, room, "unknown");
    } else if (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448")) {
        snprintf(out, room, "%s", EVP_PKEY_is_a(key, "ED448") ? "Ed448" : "Ed25519");
    } else if (!EVP_PKEY_is_a(key, "EC")) {
        snprintf(out, room, "%s-%d", kind, EVP_PKEY_get_bits(key));
    } else if (EVP_PKEY_get_group_name(key, curve, sizeof curve, &length) != 1) {
        snprintf(out, room, "EC-%d", EVP_PKEY_get_bits(key));
    } else {
        const char *known = EC_curve_nid2nist(OBJ_txt2nid(curve));
        snprintf(out, room, "%s", known ? known : curve);
    }
    ERR_clear_error();
}

static void write_signature(char *out, size_t room, const X509 *certificate)
{
    int nid = X509_get_signature_nid(certificate);
    const char *name = nid == NID_undef ? NULL : OBJ_nid2ln(nid);
    snprintf(out, room, "%s", name ? name : "unknown");
}

static svms_status write_dates(svms_certificate_info *out, const X509 *certificate, svms_error *err)
{
    return svms_certificate_validity(certificate, &out->not_before_utc_ns, &out->not_after_utc_ns,
                                     err);
}

static uint32_t count_hosts(const X509 *certificate)
{
    svms_host_names names = svms_certificate_hosts(certificate);
    svms_der name;
    uint32_t count = 0;
    while (svms_host_names_next(&names, &name)) {
        count++;
    }
    return count;
}

svms_status svms_certificate_describe(svms_certificate_info *out, svms_ctx *ctx, X509 *certificate,
                                      svms_error *err)
{
    unsigned roles = 0;
    svms_status status = svms_certificate_digest(out->sha256, ctx, certificate, err);
    if (status == SVMS_OK) {
        status = svms_certificate_roles(&roles, certificate, err);
    }
    if (status == SVMS_OK) {
        status = write_dates(out, certificate, err);
    }
    if (status == SVMS_OK) {
        status = svms_name_cut(out->subject, sizeof out->subject, ctx,
                               X509_get_subject_name(certificate), err);
    }
    if (status == SVMS_OK) {
        status = svms_name_cut(out->issuer, sizeof out->issuer, ctx,
                               X509_get_issuer_name(certificate), err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    out->roles = roles;
    out->is_ca = X509_check_ca(certificate) == 1;
    out->name_count = count_hosts(certificate);
    write_serial(out->serial, sizeof out->serial, X509_get0_serialNumber(certificate));
    write_key(out->key, sizeof out->key, certificate);
    write_signature(out->signature, sizeof out->signature, certificate);
    return SVMS_OK;
}

svms_status svms_chain_certificate(const svms_chain *chain, size_t index,
                                   svms_certificate_info *out, svms_error *err)
{
    svms_certificate_info found = SVMS_CERTIFICATE_INFO_INIT;
    if (!chain || !out) {
        return svms_fail(err, SVMS_E_USAGE, "a certificate needs a chain and a place for it");
    }
    if (index >= svms_chain_count(chain)) {
        return svms_fail(err, SVMS_E_USAGE, "the chain has no certificate %zu", index);
    }
    X509 *certificate = sk_X509_value(chain->certificates, (int)index);
    svms_status status = svms_certificate_describe(&found, chain->ctx, certificate, err);
    return status == SVMS_OK
               ? svms_result_write(out, &found, sizeof found, "svms_certificate_info", err)
               : status;
}

svms_status svms_host_name_text(char out[SVMS_CERTIFICATE_NAME_SIZE], svms_ctx *ctx,
                                const svms_der *name, svms_error *err)
{
    svms_cursor content = name->content;
    size_t size = svms_cursor_left(&content);
    const uint8_t *bytes = svms_read_bytes(&content, size);
    if (name->tag == SVMS_NAME_ADDRESS) {
        svms_address_text(out, bytes, size);
        return SVMS_OK;
    }
    svms_builder text = svms_builder_new(ctx, NAME_TEXT_MAX);
    svms_name_put(&text, bytes, size);
    svms_put_u8(&text, 0);
    svms_status status = svms_builder_check(&text, "a name in a certificate", err);
    if (status == SVMS_OK) {
        svms_name_fit(out, SVMS_CERTIFICATE_NAME_SIZE, &text);
    }
    svms_builder_clear(&text);
    return status;
}

svms_status svms_chain_certificate_name(const svms_chain *chain, size_t index, size_t name,
                                        char out[SVMS_CERTIFICATE_NAME_SIZE], svms_error *err)
{
    svms_der found;
    if (!chain || !out) {
        return svms_fail(err, SVMS_E_USAGE, "a name needs a chain and a place for it");
    }
    if (index >= svms_chain_count(chain)) {
        return svms_fail(err, SVMS_E_USAGE, "the chain has no certificate %zu", index);
    }
    svms_host_names names = svms_certificate_hosts(sk_X509_value(chain->certificates, (int)index));
    do {
        if (!svms_host_names_next(&names, &found)) {
            return SVMS_END;
        }
    } while (name-- > 0);
    return svms_host_name_text(out, chain->ctx, &found, err);
}

svms_status svms_chain_to_pem(const svms_chain *chain, char *out, size_t *size, svms_error *err)
{
    if (!chain || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "PEM text needs a chain and a buffer");
    }
    ERR_clear_error();
    BIO *bio = BIO_new(BIO_s_mem());
    bool written = bio != NULL;
    for (size_t i = 0; written && i < svms_chain_count(chain); i++) {
        size_t der_size = 0;
        const uint8_t *der = svms_chain_der(chain, i, &der_size);
        written = PEM_write_bio(bio, PEM_STRING_X509, "", der, (long)der_size) > 0;
    }
    char *text = NULL;
    long length = written ? BIO_get_mem_data(bio, &text) : 0;
    svms_status status = SVMS_OK;
    if (length <= 0) {
        status = svms_fail_crypto(err, "cannot write a chain");
    } else if ((size_t)length >= *size) {
        *size = (size_t)length + 1;
        status = svms_fail(err, SVMS_E_LIMIT, "the chain needs a buffer of %zu bytes", *size);
    } else {
        memcpy(out, text, (size_t)length);
        out[length] = '\0';
        *size = (size_t)length;
    }
    BIO_free(bio);
    return status;
}
