/* SPDX-License-Identifier: Apache-2.0 */
/* Who the peer is. OpenSSL hands over what was sent and builds no path of its own. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "builder.h"
#include "failure.h"
#include "purpose.h"
#include "tls_internal.h"

void svms_tls_finding_clear(svms_tls_finding *finding)
{
    svms_chain_free(&finding->chain);
    *finding = (svms_tls_finding){ .words = SVMS_ERROR_INIT,
                                   .verdict = SVMS_IDENTITY_UNSIGNED,
                                   .revocation = SVMS_REVOCATION_NOT_CHECKED };
}

static bool is_of_our_own(svms_status status)
{
    return status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO || status == SVMS_E_INTERNAL;
}

/* A path to what is trusted, or the pinned certificate itself; never one that is known as revoked. */
static svms_status check_path(svms_tls *tls, svms_tls_finding *finding,
                              const svms_purpose_question *question, svms_error *err)
{
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_status status = SVMS_E_UNTRUSTED;
    if (tls->state->trust || !tls->pin) {
        status = svms_purpose_check(tls->state->trust, finding->chain, question, &result, err);
    }
    if (tls->pin && status == SVMS_E_UNTRUSTED && result.verdict != SVMS_IDENTITY_REVOKED) {
        svms_revocation known = result.revocation;
        status = svms_purpose_check(tls->pin, finding->chain, question, &result, err);
        result.revocation = known;
    }
    finding->verdict = result.verdict;
    finding->revocation = result.revocation;
    finding->is_trusted = status == SVMS_OK;
    return status;
}

static bool is_pinned(const svms_tls *tls, const svms_chain *chain)
{
    return memcmp(tls->pinned, svms_chain_leaf_digest(chain), SVMS_DIGEST_SIZE) == 0;
}

/* The first thing that is wrong, in the order in which it matters. */
static svms_status judge(svms_tls *tls, svms_tls_finding *finding,
                         const svms_purpose_question *question, svms_error *err)
{
    const svms_tls_rules *rules = &tls->state->rules;
    svms_error name_words = SVMS_ERROR_INIT;
    svms_status named = SVMS_OK;
    if (tls->has_host) {
        named = svms_chain_matches_host(finding->chain, tls->host.name, &name_words);
        if (is_of_our_own(named)) {
            return svms_fail_as(err, named, &name_words);
        }
    }
    finding->name_matches = tls->has_host && named == SVMS_OK;
    if (tls->pin && !is_pinned(tls, finding->chain)) {
        finding->verdict = SVMS_IDENTITY_UNKNOWN_ISSUER;
        return svms_fail(err, SVMS_E_UNTRUSTED,
                         "the server's certificate (%.80s) is not the pinned one",
                         svms_chain_subject(finding->chain));
    }
    svms_status status = check_path(tls, finding, question, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (rules->require_revocation && finding->revocation != SVMS_REVOCATION_GOOD) {
        return svms_fail(err, SVMS_E_UNTRUSTED,
                         "it is not known whether the certificate of %.80s is revoked",
                         svms_chain_subject(finding->chain));
    }
    if (named != SVMS_OK && !tls->pin) {
        return svms_fail_as(err, named, &name_words);
    }
    return SVMS_OK;
}

void svms_tls_judge(svms_tls *tls, svms_tls_finding *finding, const void *staple,
                    size_t staple_size)
{
    const svms_tls_rules *rules = &tls->state->rules;
    svms_purpose_question question = { .purpose = rules->side == SVMS_TLS_SERVER
                                                      ? SVMS_PURPOSE_TLS_CLIENT
                                                      : SVMS_PURPOSE_TLS_SERVER,
                                       .roles = rules->peer_roles,
                                       .now_utc_ns = svms_utc_now(tls->ctx),
                                       .staple = staple,
                                       .staple_size = staple_size,
                                       .stapled = &finding->stapled };
    finding->stapled = false;
    finding->is_trusted = false;
    finding->words = (svms_error)SVMS_ERROR_INIT;
    finding->status = judge(tls, finding, &question, &finding->words);
}
