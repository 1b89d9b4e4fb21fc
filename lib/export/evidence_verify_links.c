/* SPDX-License-Identifier: Apache-2.0 */
/* Judging links: whose, in which role, when (E-VER-2, E-VER-5, E-VER-8). */
#include <stdio.h>
#include <string.h>

#include <svms/timestamp.h>

#include "certificate.h"
#include "evidence_internal.h"
#include "failure.h"
#include "segment.h"

/* What tokens say of one link. */
typedef struct link_time {
    int64_t attested_utc_ns; /* by its own token or a later link's */
    int64_t token_utc_ns;    /* of its own, where that is valid; or SVMS_NO_TIME */
    char authority[256];     /* who says so */
} link_time;

/* Clocks that differ less do not contradict each other (E-VER-11). */
#define TOLERATED (UINT64_C(300) * 1000000000u)

static void find_link(svms_evidence_verification *verification, const svms_evidence_link *link,
                      svms_verdict verdict, const char *reason)
{
    svms_evidence_failure failure = SVMS_EVIDENCE_FAILURE_INIT;
    failure.verdict = verdict;
    failure.offset = link->offset;
    failure.reason = reason;
    svms_evidence_find(verification, &failure, &verification->report.links);
}

/* Judges the token of a link; *later is what later tokens attest, and leaves with this one's time
 * where it is valid and earlier. A token that is bad attests nothing (E-LNK-3, C-EVI-2). */
static svms_status judge_token(const svms_evidence_verification *verification,
                               const svms_link_view *view, link_time *later, svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    svms_timestamp_question question = SVMS_TIMESTAMP_QUESTION_INIT;
    svms_timestamp_info info = SVMS_TIMESTAMP_INFO_INIT;
    svms_error found = SVMS_ERROR_INIT;
    uint8_t imprint[SVMS_DIGEST_SIZE];
    svms_status status = svms_link_imprint(view, evidence->ctx, imprint, err);
    if (status != SVMS_OK) {
        return status;
    }
    question.now_utc_ns = svms_utc_now(evidence->ctx);
    question.attested_utc_ns = later->attested_utc_ns;
    status = svms_timestamp_check(verification->options.stamp_trust, view->token, view->token_size,
                                  imprint, &question, &info, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status == SVMS_OK) {
        later->token_utc_ns = info.gen_time_utc_ns;
    }
    if (status == SVMS_OK &&
        (later->attested_utc_ns == SVMS_NO_TIME || info.gen_time_utc_ns < later->attested_utc_ns)) {
        later->attested_utc_ns = info.gen_time_utc_ns;
        (void)snprintf(later->authority, sizeof(later->authority), "%s", info.authority);
    }
    return SVMS_OK;
}

/* From the last to the first, since each token may lean on those behind it. times: of each link. */
static svms_status judge_tokens(const svms_evidence_verification *verification, link_time *times,
                                svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    link_time later = { SVMS_NO_TIME, SVMS_NO_TIME, { 0 } };
    for (uint32_t n = evidence->link_count; n > 0; n--) {
        const svms_evidence_link *link = &evidence->links[n - 1];
        svms_link_view view = { 0 };
        svms_chain *chain = NULL;
        uint8_t *bytes = NULL;
        later.token_utc_ns = SVMS_NO_TIME;
        if (link->stamped && !link->broken && verification->options.stamp_trust != NULL) {
            svms_status status =
                svms_evidence_reread_link(evidence, n - 1, &view, &chain, &bytes, err);
            if (status == SVMS_OK) {
                status = judge_token(verification, &view, &later, err);
            }
            svms_chain_free(&chain);
            svms_release(evidence->ctx, bytes);
            if (status != SVMS_OK) {
                return status;
            }
        }
        times[n - 1] = later;
    }
    return SVMS_OK;
}

/* Who signed, and whether that is trusted (C-VER-4). */
static svms_status judge_signer(const svms_evidence_verification *verification, uint32_t n,
                                const link_time *time, svms_export_link *out, svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_error found = SVMS_ERROR_INIT;
    svms_link_view view = { 0 };
    svms_chain *chain = NULL;
    uint8_t *bytes = NULL;
    svms_status status = svms_evidence_reread_link(evidence, n, &view, &chain, &bytes, err);
    if (status != SVMS_OK) {
        return status;
    }
    question.role = out->role;
    question.policy = verification->options.time_policy;
    question.from_utc_ns = out->signed_utc_ns;
    question.to_utc_ns = out->signed_utc_ns;
    question.now_utc_ns = svms_utc_now(evidence->ctx);
    question.attested_utc_ns = time->attested_utc_ns;
    (void)snprintf(out->signer, sizeof(out->signer), "%s", svms_chain_subject(chain));
    status = svms_identity_check(verification->options.trust, chain, &question, &result, &found);
    out->identity = result.verdict;
    memcpy(out->anchor, result.anchor, sizeof(out->anchor));
    if (status == SVMS_E_UNTRUSTED) {
        out->verdict = SVMS_VERDICT_UNTRUSTED;
        (void)snprintf(out->reason, sizeof(out->reason), "%s", found.message);
        status = SVMS_OK;
    } else if (status != SVMS_OK) {
        status = svms_fail_as(err, status, &found);
    }
    svms_chain_free(&chain);
    svms_release(evidence->ctx, bytes);
    return status;
}

static bool is_long_before(int64_t utc_ns, int64_t other_utc_ns)
{
    return utc_ns != SVMS_NO_TIME && other_utc_ns != SVMS_NO_TIME && utc_ns < other_utc_ns &&
           (uint64_t)other_utc_ns - (uint64_t)utc_ns > TOLERATED;
}

/* Claims that cannot all be true (E-VER-11). */
static bool contradicts_time(const svms_evidence *evidence, uint32_t n, const link_time *time)
{
    const svms_evidence_link *link = &evidence->links[n];
    int64_t utc_ns = link->utc_ns;
    if (is_long_before(time->token_utc_ns, utc_ns)) {
        return true;
    }
    if (n > 0) {
        const svms_evidence_link *before = &evidence->links[n - 1];
        return !before->unsupported && is_long_before(utc_ns, before->utc_ns);
    }
    for (uint32_t s = 0; s < evidence->first.sources; s++) {
        if (is_long_before(utc_ns, evidence->parts[s].last_utc_ns)) {
            return true;
        }
    }
    return false;
}

static svms_status judge_link(svms_evidence_verification *verification, uint32_t n,
                              const link_time *time, svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    const svms_evidence_link *link = &evidence->links[n];
    svms_export_link out = SVMS_EXPORT_LINK_INIT;
    svms_status status = SVMS_OK;
    out.number = n;
    out.role = link->role;
    out.policy = link->policy;
    out.signed_utc_ns = link->utc_ns;
    out.offset = link->offset;
    out.note = link->note == NULL ? "" : link->note;
    memcpy(out.head, link->head, sizeof(out.head));
    if (link->broken || link->unsupported) {
        out.verdict = link->broken ? SVMS_VERDICT_NOT_AUTHENTIC : SVMS_VERDICT_UNTRUSTED;
        out.identity = SVMS_IDENTITY_BAD_CHAIN;
        (void)snprintf(out.reason, sizeof(out.reason), "%s", link->reason);
    } else {
        out.attested_utc_ns = time->attested_utc_ns;
        (void)snprintf(out.authority, sizeof(out.authority), "%s", time->authority);
        out.contradicts_time = contradicts_time(evidence, n, time);
        status = judge_signer(verification, n, time, &out, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (!link->broken) {
        verification->report.bytes_verified += link->size + SVMS_LINK_TAIL_SIZE;
    }
    if (out.verdict != SVMS_VERDICT_AUTHENTIC) {
        find_link(verification, link, out.verdict, out.reason);
    }
    if (verification->options.link != NULL) {
        verification->options.link(verification->options.user, &out);
    }
    return SVMS_OK;
}

/* E-VER-8. */
static void compare_head(svms_evidence_verification *verification)
{
    const svms_evidence *evidence = verification->evidence;
    svms_export_report *report = &verification->report;
    const uint8_t *expected = verification->options.expected_head;
    if (expected == NULL) {
        return;
    }
    for (uint32_t n = evidence->link_count; n > 0; n--) {
        const svms_evidence_link *link = &evidence->links[n - 1];
        if (!link->broken && memcmp(link->head, expected, SVMS_DIGEST_SIZE) == 0) {
            report->expected_head = 1;
            report->links_since_expected = evidence->link_count - n;
            return;
        }
    }
    find_link(verification, &evidence->links[evidence->link_count - 1], SVMS_VERDICT_NOT_AUTHENTIC,
              "no link has the head that was expected: links were taken away or replaced "
              "(E-VER-8)");
}

/* E-LNK-5. */
static void judge_rest(svms_evidence_verification *verification)
{
    const svms_evidence *evidence = verification->evidence;
    svms_evidence_failure failure = SVMS_EVIDENCE_FAILURE_INIT;
    if (evidence->window.size == evidence->attested_end) {
        return;
    }
    failure.offset = evidence->attested_end;
    failure.verdict = evidence->foreign_rest ? SVMS_VERDICT_NOT_AUTHENTIC : SVMS_VERDICT_INCOMPLETE;
    failure.reason = evidence->foreign_rest
                         ? "bytes behind the last link that nobody has signed (E-LNK-5)"
                         : "a link was interrupted while it was signed (E-LNK-5)";
    svms_evidence_find(verification, &failure, &verification->report.links);
}

svms_status svms_evidence_verify_links(svms_evidence_verification *verification, svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    link_time *times = svms_alloc_array(evidence->ctx, evidence->link_count, sizeof(*times));
    if (times == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = judge_tokens(verification, times, err);
    if (status == SVMS_OK) {
        verification->attested_utc_ns = times[0].attested_utc_ns;
    }
    for (uint32_t n = 0; n < evidence->link_count && status == SVMS_OK; n++) {
        status = judge_link(verification, n, &times[n], err);
    }
    svms_release(evidence->ctx, times);
    if (status == SVMS_OK) {
        compare_head(verification);
        judge_rest(verification);
    }
    return status;
}
