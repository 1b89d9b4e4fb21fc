/* SPDX-License-Identifier: Apache-2.0 */
/* Reading certificates from DER and PEM. */
#include "certificate.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "failure.h"
#include "known_answer.h"
#include "pem.h"

static bool encodes_to(const X509 *certificate, const uint8_t *der, size_t size)
{
    unsigned char *again = NULL;
    int again_size = i2d_X509(certificate, &again);
    bool same = again_size > 0 && (size_t)again_size == size && memcmp(again, der, size) == 0;
    OPENSSL_free(again);
    return same;
}

bool svms_provider_lacked_memory(void)
{
    bool lacked = false;
    for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
        lacked = lacked || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    }
    return lacked;
}

/* Another reading of the same bytes finds the extensions readable. */
static bool is_readable_after_all(const X509 *certificate, svms_ctx *ctx)
{
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    const unsigned char *end = der;
    X509 *again = X509_new_ex(svms_ossl_context(ctx), svms_ossl_properties(ctx));
    bool read = size > 0 && again && d2i_X509(&again, &end, size) != NULL;
    bool readable = read && (X509_get_extension_flags(again) & EXFLAG_INVALID) == 0;
    /* d2i_X509 has released it already if it could not read it. */
    if (read || size <= 0) {
        X509_free(again);
    }
    OPENSSL_free(der);
    return readable || !read;
}

static bool key_is_readable(svms_ctx *ctx, const uint8_t *der, size_t size)
{
    const unsigned char *end = der;
    X509 *again = X509_new_ex(svms_ossl_context(ctx), svms_ossl_properties(ctx));
    bool readable = again && d2i_X509(&again, &end, (long)size) != NULL;
    bool has_key = readable && X509_get0_pubkey(again) != NULL;
    if (readable) {
        X509_free(again);
    }
    return has_key;
}

svms_status svms_certificate_settled(X509 *certificate, svms_ctx *ctx, svms_error *err)
{
    static const char failed[] = "cannot read a certificate";
    unsigned char *der = NULL;
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    bool unmeasured = key && (EVP_PKEY_get_bits(key) <= 0 || EVP_PKEY_get_size(key) <= 0);
    if (unmeasured || (X509_get_extension_flags(certificate) & EXFLAG_NO_FINGERPRINT) != 0) {
        return svms_fail_crypto(err, failed);
    }
    if ((X509_get_extension_flags(certificate) & EXFLAG_INVALID) != 0 &&
        is_readable_after_all(certificate, ctx)) {
        return svms_fail_crypto(err, failed);
    }
    ERR_clear_error();
    if (key) {
        return SVMS_OK;
    }
    int size = i2d_X509(certificate, &der);
    bool unknown = size > 0 && !key_is_readable(ctx, der, (size_t)size) &&
                   svms_known_key_is_taken(ctx, SVMS_KEY_P256);
    OPENSSL_free(der);
    if (!unknown || svms_crypto_starved()) {
        return svms_fail_crypto(err, failed);
    }
    ERR_clear_error();
    return SVMS_OK;
}

svms_status svms_certificate_parse(X509 **out, svms_ctx *ctx, const uint8_t *der, size_t size,
                                   uint64_t offset, svms_error *err)
{
    if (size > SVMS_CHAIN_MAX_SIZE) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset, "a certificate has more than %d bytes",
                            SVMS_CHAIN_MAX_SIZE);
    }
    ERR_clear_error();
    X509 *certificate = X509_new_ex(svms_ossl_context(ctx), svms_ossl_properties(ctx));
    if (!certificate) {
        return svms_fail_crypto(err, "cannot make a certificate");
    }
    const unsigned char *end = der;
    bool readable = d2i_X509(&certificate, &end, (long)size) != NULL;
    /* What is signed OpenSSL does not encode again, but gives back as it came. */
    bool canonical =
        readable && encodes_to(certificate, der, size) && svms_der_is_well_formed(der, size);
    /* Decodes the extensions now, before threads share the certificate. What is wrong with them is
     * for a path check to say. */
    if (canonical) {
        X509_check_purpose(certificate, -1, 0);
    }
    bool lacked_memory = svms_provider_lacked_memory();
    if (canonical && !lacked_memory) {
        svms_status status = svms_certificate_settled(certificate, ctx, err);
        if (status != SVMS_OK) {
            X509_free(certificate);
            return status;
        }
        *out = certificate;
        return SVMS_OK;
    }
    /* d2i_X509 has released the certificate already if it could not read it. */
    if (readable) {
        X509_free(certificate);
    }
    if (lacked_memory) {
        return svms_fail_memory(err);
    }
    return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                        readable ? "a certificate is not in canonical DER, or more bytes follow it"
                                 : "a certificate cannot be read");
}

svms_status svms_certificate_digest(uint8_t out[SVMS_DIGEST_SIZE], svms_ctx *ctx,
                                    const X509 *certificate, svms_error *err)
{
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    if (size <= 0) {
        return svms_fail_crypto(err, "cannot write a certificate");
    }
    svms_iovec run = { der, (size_t)size };
    svms_status status = svms_sha256(ctx, &run, 1, out, err);
    OPENSSL_free(der);
    return status;
}

static bool is_certificate(const svms_pem_block *block)
{
    return svms_pem_is(block, PEM_STRING_X509) || svms_pem_is(block, PEM_STRING_X509_OLD);
}

svms_status svms_certificates_in_pem(const char *pem, size_t size, svms_certificate_found found,
                                     void *user, svms_error *err)
{
    BIO *text = BIO_new_mem_buf(pem, (int)size);
    if (!text) {
        return svms_fail_crypto(err, "cannot read PEM text");
    }
    svms_status status = SVMS_OK;
    bool any = false;
    while (status == SVMS_OK) {
        svms_pem_block block;
        uint64_t offset = size - BIO_ctrl_pending(text);
        status = svms_pem_next(text, &block, NULL);
        if (status == SVMS_E_MALFORMED) {
            svms_fail_at(err, status, offset, "a PEM block is damaged");
        }
        if (status != SVMS_OK) {
            break;
        }
        if (is_certificate(&block)) {
            any = true;
            status = found(user, block.der, (size_t)block.size, offset, err);
        }
        svms_pem_block_clear(&block);
    }
    BIO_free(text);
    if (status != SVMS_END) {
        return status;
    }
    if (!any) {
        return svms_fail(err, SVMS_E_MALFORMED, "no certificate in the text");
    }
    return SVMS_OK;
}

static bool usage_names(const EXTENDED_KEY_USAGE *usage, svms_role role)
{
    size_t size = 0;
    const uint8_t *der = svms_role_der(role, &size);
    for (int i = 0; der && i < sk_ASN1_OBJECT_num(usage); i++) {
        const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(usage, i);
        if (OBJ_length(purpose) == size && memcmp(OBJ_get0_data(purpose), der, size) == 0) {
            return true;
        }
    }
    return false;
}

svms_status svms_certificate_roles(unsigned *roles, X509 *certificate, svms_error *err)
{
    ERR_clear_error();
    int critical = -1; /* stays below zero when there is no such extension */
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, NULL);
    if (!usage && critical >= 0 && (X509_get_extension_flags(certificate) & EXFLAG_INVALID) == 0) {
        return svms_fail_crypto(err, "cannot read the extended key usage");
    }
    ERR_clear_error();
    unsigned found = 0;
    for (svms_role role = SVMS_ROLE_FIRST; role <= SVMS_ROLE_LAST; role++) {
        if (usage_names(usage, role)) {
            found |= 1u << role;
        }
    }
    EXTENDED_KEY_USAGE_free(usage);
    *roles = found;
    return SVMS_OK;
}
