/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate.h"
#include "failure.h"
#include "revocation.h"

#define PEM_MAX ((size_t)1024 * 1024)

/* An svms_certificate_found. */
static svms_status trust_add(void *user, const uint8_t *der, size_t size, uint64_t offset,
                             svms_error *err)
{
    svms_trust *trust = user;
    X509 *anchor = NULL;
    svms_status status = svms_certificate_parse(&anchor, trust->ctx, der, size, offset, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (sk_X509_push(trust->anchors, anchor) <= 0) {
        X509_free(anchor);
        return svms_fail_crypto(err, "cannot add a trust anchor");
    }
    return SVMS_OK;
}

svms_status svms_trust_from_pem(svms_trust **out, svms_ctx *ctx, const char *pem, size_t size,
                                svms_error *err)
{
    return svms_trust_from_pem_and_crls(out, ctx, pem, size, NULL, 0, err);
}

svms_status svms_trust_from_pem_and_crls(svms_trust **out, svms_ctx *ctx, const char *pem,
                                         size_t size, const void *crls, size_t crls_size,
                                         svms_error *err)
{
    if (!out || !ctx || !pem || (!crls && crls_size != 0)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a trust store needs an out pointer, a context and text");
    }
    if (size > PEM_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "more than %zu bytes of PEM text", PEM_MAX);
    }
    svms_trust *trust = svms_alloc(ctx, sizeof *trust);
    if (!trust) {
        return svms_fail_memory(err);
    }
    trust->ctx = ctx;
    trust->anchors = sk_X509_new_null();
    svms_status status = trust->anchors ? svms_certificates_in_pem(pem, size, trust_add, trust, err)
                                        : svms_fail_crypto(err, "cannot make a trust store");
    if (status == SVMS_OK && crls) {
        status = svms_revocation_read(trust, crls, crls_size, err);
    }
    if (status != SVMS_OK) {
        svms_trust_free(&trust);
        return status;
    }
    *out = trust;
    return SVMS_OK;
}

void svms_trust_free(svms_trust **trust)
{
    if (!trust || !*trust) {
        return;
    }
    svms_trust *gone = *trust;
    *trust = NULL;
    sk_X509_pop_free(gone->anchors, X509_free);
    sk_X509_CRL_pop_free(gone->lists, X509_CRL_free);
    svms_release(gone->ctx, gone);
}
