/* SPDX-License-Identifier: Apache-2.0 */
/* How an association begins, and whom it takes for its peer. */
#include "dtls_internal.h"

#include "failure.h"
#include "options.h"

/* A svms_tls_judgement. */
static svms_status judge_fingerprint(void *user, const svms_chain *chain, svms_error *err)
{
    const svms_dtls *dtls = user;
    bool matches = false;
    svms_status status = svms_dtls_fingerprints_match(
        &matches, dtls->tls.ctx, chain, dtls->fingerprints, dtls->fingerprint_count, err);
    if (status == SVMS_OK && !matches) {
        char subject[SVMS_NAME_WORDS_SIZE];
        svms_tls_name(subject, chain);
        return svms_fail(err, SVMS_E_UNTRUSTED,
                         "the peer's certificate (%s) does not have the fingerprint that was named",
                         subject);
    }
    return status;
}

static svms_status take_fingerprints(svms_dtls *dtls, const svms_dtls_target *target,
                                     svms_error *err)
{
    const uint8_t *next = (const uint8_t *)target->fingerprints;
    if (target->fingerprint_count > SVMS_DTLS_FINGERPRINTS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "more than %u fingerprints of one peer",
                         SVMS_DTLS_FINGERPRINTS_MAX);
    }
    for (uint32_t i = 0; i < target->fingerprint_count; i++) {
        svms_dtls_fingerprint *own = &dtls->fingerprints[i];
        *own = (svms_dtls_fingerprint)SVMS_DTLS_FINGERPRINT_INIT;
        /* An array of a caller who knows a longer struct has longer steps. */
        uint32_t step = target->fingerprints->struct_size;
        svms_status status = svms_options_read(own, sizeof *own, next + (size_t)step * i,
                                               "svms_dtls_fingerprint", err);
        if (status == SVMS_OK && svms_dtls_hash_size(own->hash) == 0) {
            status = svms_fail(err, SVMS_E_USAGE, "a fingerprint without a hash function");
        }
        if (status != SVMS_OK) {
            return status;
        }
    }
    dtls->fingerprint_count = target->fingerprint_count;
    return SVMS_OK;
}

/* Either by fingerprints, or by a path to what the context trusts. */
static svms_status check_target(const svms_tls_rules *rules, const svms_dtls_target *target,
                                svms_error *err)
{
    bool has_fingerprints = target->fingerprint_count > 0 && target->fingerprints;
    if ((target->fingerprint_count > 0) != (target->fingerprints != NULL)) {
        return svms_fail(err, SVMS_E_USAGE, "fingerprints and their number do not agree");
    }
    if (rules->names_peers != has_fingerprints) {
        return svms_fail(err, SVMS_E_USAGE,
                         has_fingerprints
                             ? "peers are judged by the trust store: fingerprints do not count"
                             : "without a trust store the peer's fingerprint is needed");
    }
    bool needs_host = !rules->names_peers && rules->side == SVMS_TLS_CLIENT;
    if (needs_host != (target->host != NULL)) {
        return svms_fail(err, SVMS_E_USAGE,
                         needs_host ? "a client with a trust store needs the host it means"
                                    : "a host is for clients with a trust store");
    }
    return SVMS_OK;
}

static svms_status fill(svms_dtls *dtls, svms_dtls_context *context, const svms_dtls_target *target,
                        svms_error *err)
{
    svms_tls_target host = SVMS_TLS_TARGET_INIT;
    bool is_client = context->state->rules.side == SVMS_TLS_CLIENT;
    host.host = target->host;
    svms_status status = svms_tls_begin(&dtls->tls, svms_tls_state_retain(context->state),
                                        is_client ? &host : NULL, -1, err);
    if (status != SVMS_OK) {
        return status;
    }
    dtls->tls.user = dtls;
    if (context->state->rules.names_peers) {
        dtls->tls.judge = judge_fingerprint;
        return take_fingerprints(dtls, target, err);
    }
    return SVMS_OK;
}

svms_status svms_dtls_begin(svms_dtls **out, svms_dtls_context *context,
                            const svms_dtls_target *given, svms_error *err)
{
    svms_dtls_target target = SVMS_DTLS_TARGET_INIT;
    svms_status status =
        given ? svms_options_read(&target, sizeof target, given, "svms_dtls_target", err) : SVMS_OK;
    if (status == SVMS_OK) {
        status = check_target(&context->state->rules, &target, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_dtls *dtls = svms_alloc(context->ctx, sizeof *dtls);
    if (!dtls) {
        return svms_fail_memory(err);
    }
    status = fill(dtls, context, &target, err);
    if (status != SVMS_OK) {
        svms_dtls_free(&dtls);
        return status;
    }
    *out = dtls;
    return SVMS_OK;
}

svms_status svms_dtls_open(svms_dtls **out, svms_dtls_context *context,
                           const svms_dtls_target *target, svms_error *err)
{
    svms_dtls *dtls = NULL;
    if (!out || !context) {
        return svms_fail(err, SVMS_E_USAGE, "an association needs an out pointer and a context");
    }
    svms_status status = svms_dtls_begin(&dtls, context, target, err);
    if (status == SVMS_OK && context->state->rules.side == SVMS_TLS_CLIENT) {
        status = svms_dtls_go_on(dtls, err);
    }
    if (status != SVMS_OK) {
        svms_dtls_free(&dtls);
        return status;
    }
    *out = dtls;
    return SVMS_OK;
}

void svms_dtls_free(svms_dtls **dtls)
{
    if (!dtls || !*dtls) {
        return;
    }
    svms_dtls *gone = *dtls;
    *dtls = NULL;
    svms_tls_end(&gone->tls);
    svms_release_secret(gone->tls.ctx, gone, sizeof *gone);
}
