/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "certificate.h"
#include "failure.h"
#include "ocsp.h"
#include "options.h"
#include "revocation.h"

#define PEM_MAX ((size_t)1024 * 1024)
#define PINS_MAX 1024

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

static svms_status add_pins(svms_trust *trust, const svms_trust_options *options, svms_error *err)
{
    if (options->pin_count == 0) {
        return SVMS_OK;
    }
    trust->pins = svms_alloc_array(trust->ctx, options->pin_count, SVMS_DIGEST_SIZE);
    if (!trust->pins) {
        return svms_fail_memory(err);
    }
    memcpy(trust->pins, options->pins, options->pin_count * SVMS_DIGEST_SIZE);
    trust->pin_count = options->pin_count;
    return SVMS_OK;
}

static svms_status accept(const svms_trust_options *options, svms_error *err)
{
    bool has_ocsp = options->ocsp && options->ocsp_sizes;
    if (options->reserved != 0 || (!options->anchors && options->anchors_size != 0) ||
        (!options->crls && options->crls_size != 0) || (!has_ocsp && options->ocsp_count != 0) ||
        (!options->pins && options->pin_count != 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an option of the trust store is out of range");
    }
    if (!options->anchors && options->pin_count == 0) {
        return svms_fail(err, SVMS_E_USAGE, "a trust store needs trust anchors or pins");
    }
    if (options->anchors_size > PEM_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "more than %zu bytes of PEM text", PEM_MAX);
    }
    if (options->pin_count > PINS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "more than %d pinned fingerprints", PINS_MAX);
    }
    return SVMS_OK;
}

static svms_status fill(svms_trust *trust, const svms_trust_options *options, svms_error *err)
{
    trust->anchors = sk_X509_new_null();
    if (!trust->anchors) {
        return svms_fail_crypto(err, "cannot make a trust store");
    }
    svms_status status = SVMS_OK;
    if (options->anchors) {
        status = svms_certificates_in_pem(options->anchors, options->anchors_size, trust_add, trust,
                                          err);
    }
    if (status == SVMS_OK && options->crls) {
        status = svms_revocation_read(trust, options->crls, options->crls_size, err);
    }
    if (status == SVMS_OK && options->ocsp_count > 0) {
        status =
            svms_ocsp_read(trust, options->ocsp, options->ocsp_sizes, options->ocsp_count, err);
    }
    return status == SVMS_OK ? add_pins(trust, options, err) : status;
}

svms_status svms_trust_new(svms_trust **out, svms_ctx *ctx, const svms_trust_options *given,
                           svms_error *err)
{
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    if (!out || !ctx || !given) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a trust store needs an out pointer, a context and options");
    }
    svms_status status =
        svms_options_read(&options, sizeof options, given, "svms_trust_options", err);
    if (status == SVMS_OK) {
        status = accept(&options, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_trust *trust = svms_alloc(ctx, sizeof *trust);
    if (!trust) {
        return svms_fail_memory(err);
    }
    trust->ctx = ctx;
    atomic_init(&trust->users, 1);
    status = fill(trust, &options, err);
    if (status != SVMS_OK) {
        svms_trust_free(&trust);
        return status;
    }
    *out = trust;
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
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    if (!out || !ctx || !pem || (!crls && crls_size != 0)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a trust store needs an out pointer, a context and text");
    }
    options.anchors = pem;
    options.anchors_size = size;
    options.crls = crls;
    options.crls_size = crls_size;
    return svms_trust_new(out, ctx, &options, err);
}

svms_trust *svms_trust_retain(const svms_trust *trust)
{
    /* It is const for those who share it; who keeps it only counts. */
    svms_trust *kept = (svms_trust *)(uintptr_t)trust;
    (void)atomic_fetch_add(&kept->users, 1);
    return kept;
}

void svms_trust_free(svms_trust **trust)
{
    if (!trust || !*trust) {
        return;
    }
    svms_trust *gone = *trust;
    *trust = NULL;
    if (atomic_fetch_sub(&gone->users, 1) != 1) {
        return;
    }
    sk_X509_pop_free(gone->anchors, X509_free);
    sk_X509_CRL_pop_free(gone->lists, X509_CRL_free);
    svms_ocsp_free(gone);
    svms_release(gone->ctx, gone->pins);
    svms_release(gone->ctx, gone);
}
