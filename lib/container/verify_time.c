/* SPDX-License-Identifier: Apache-2.0 */
/* What time stamps attest (C-EVI-2, C-EVI-3, C-TRL-3, C-VER-4). */
#include <stdio.h>
#include <string.h>

#include <svms/timestamp.h>

#include "failure.h"
#include "stream.h"
#include "verify_internal.h"

/* By how much clocks may differ (C-VER-4). */
#define CLOCK_TOLERANCE_NS INT64_C(300000000000)

static bool is_taken(const svms_verification *verification, uint64_t offset)
{
    uint64_t kept = verification->newest_count < SVMS_NEWEST_STAMPS ? verification->newest_count
                                                                    : SVMS_NEWEST_STAMPS;
    for (uint64_t i = 0; i < kept; i++) {
        if (verification->newest[i].offset == offset) {
            return true;
        }
    }
    return false;
}

void svms_verification_take_evidence(void *user, const svms_evidence_record *evidence)
{
    svms_verification *verification = user;
    if (is_taken(verification, evidence->offset)) {
        return; /* behind a range the same segments may be passed twice */
    }
    svms_stamp *stamp = &verification->newest[verification->newest_count++ % SVMS_NEWEST_STAMPS];
    stamp->segment = evidence->segment;
    stamp->holder = evidence->holder;
    stamp->kind = SVMS_EVIDENCE_RFC3161;
    stamp->unproven = evidence->unproven;
    /* What is read ahead continues the chain of the last segment in question. */
    stamp->run = evidence->unproven && verification->carried == NULL ? verification->last_inside_run
                                                                     : verification->run;
    stamp->made_utc_ns = evidence->made_utc_ns;
    stamp->valid_utc_ns = SVMS_NO_TIME;
    stamp->judged = false;
    stamp->offset = evidence->offset;
    stamp->size = evidence->size;
    memcpy(stamp->digest, evidence->hash, SVMS_DIGEST_SIZE);
}

void svms_verification_doubt_evidence(svms_verification *verification, uint64_t offset)
{
    for (uint32_t i = 0; i < SVMS_NEWEST_STAMPS && i < verification->newest_count; i++) {
        svms_stamp *stamp = &verification->newest[i];
        stamp->unproven = stamp->unproven || stamp->offset >= offset;
    }
}

static void keep_earlier(int64_t *utc_ns, int64_t other)
{
    if (other != SVMS_NO_TIME && (*utc_ns == SVMS_NO_TIME || other < *utc_ns)) {
        *utc_ns = other;
    }
}

/* What a stamp says, and who. */
typedef struct judged_stamp {
    int64_t utc_ns;
    char by[SVMS_ATTESTED_BY_SIZE];
} judged_stamp;

/* Whether the caller has named somebody by whom such stamps can be judged. */
static bool can_judge(const svms_verification *verification, const svms_stamp *stamp)
{
    return stamp->kind == SVMS_EVIDENCE_AUDIT ? verification->options.attester != NULL
                                              : verification->options.stamp_trust != NULL;
}

static svms_status judge_token(svms_verification *verification, const svms_stamp *stamp,
                               const uint8_t *token, int64_t later, judged_stamp *out,
                               svms_error *found)
{
    /* Whoever accepts a signer's claim of the time accepts no expired authority by that. */
    svms_timestamp_question question = SVMS_TIMESTAMP_QUESTION_INIT;
    svms_timestamp_info info = SVMS_TIMESTAMP_INFO_INIT;
    question.now_utc_ns = svms_utc_now(verification->ctx);
    question.attested_utc_ns = later;
    svms_status status = svms_timestamp_check(verification->options.stamp_trust, token, stamp->size,
                                              stamp->digest, &question, &info, found);
    out->utc_ns = info.gen_time_utc_ns;
    (void)snprintf(out->by, sizeof(out->by), "%s", info.authority);
    return status;
}

static svms_status judge_proof(svms_verification *verification, const svms_stamp *stamp,
                               const uint8_t *proof, judged_stamp *out, svms_error *found)
{
    const svms_attester *attester = verification->options.attester;
    svms_status status = attester->attest(attester->user, proof, stamp->size, stamp->digest,
                                          &out->utc_ns, out->by, found);
    return status == SVMS_OK && out->utc_ns == SVMS_NO_TIME
               ? svms_fail(found, SVMS_E_UNTRUSTED, "it attests no time")
               : status;
}

/* Judges one stamp: valid_utc_ns receives the moment that it attests, if it does. later: when it is
 * attested itself to have existed, or SVMS_NO_TIME. */
static svms_status judge(svms_verification *verification, svms_stamp *stamp, int64_t later,
                         judged_stamp *out, svms_error *err)
{
    svms_report *report = &verification->report;
    svms_error found = SVMS_ERROR_INIT;
    *out = (judged_stamp){ SVMS_NO_TIME, "" };
    stamp->valid_utc_ns = SVMS_NO_TIME;
    if (!can_judge(verification, stamp)) {
        return SVMS_OK;
    }
    uint8_t *token = svms_alloc(verification->ctx, (size_t)stamp->size + 1); /* may be empty */
    if (token == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = svms_source_read(&verification->front.window.source, stamp->offset, token,
                                          stamp->size, &found);
    if (status == SVMS_OK &&
        !svms_hasher_once(verification->front.proof_hasher, token, stamp->size, stamp->token)) {
        status = svms_fail_crypto(&found, "hashing a time stamp");
    }
    stamp->judged = status == SVMS_OK;
    if (status == SVMS_OK) {
        status = stamp->kind == SVMS_EVIDENCE_AUDIT
                     ? judge_proof(verification, stamp, token, out, &found)
                     : judge_token(verification, stamp, token, later, out, &found);
        report->stamps++;
    }
    svms_release(verification->ctx, token);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status == SVMS_OK) {
        stamp->valid_utc_ns = out->utc_ns;
        report->stamps_valid++;
    } else {
        (void)snprintf(report->stamp_reason, sizeof(report->stamp_reason), "%s", found.message);
    }
    return SVMS_OK;
}

static void name_authority(svms_report *report, const judged_stamp *judged)
{
    (void)snprintf(report->authority, sizeof(report->authority), "%s", judged->by);
}

/* From the last to the first: each one may lean on those behind it. */
static svms_status judge_trailers(svms_verification *verification, int64_t *attested,
                                  svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = verification->trailer_count; i > 0 && status == SVMS_OK; i--) {
        judged_stamp judged;
        svms_stamp *stamp = &verification->trailers[i - 1];
        int64_t before = *attested;
        status = judge(verification, stamp, *attested, &judged, err);
        keep_earlier(attested, stamp->valid_utc_ns);
        if (*attested != before) {
            name_authority(&verification->report, &judged);
        }
    }
    return status;
}

static svms_stamp *newest_stamp(svms_verification *verification, uint64_t back)
{
    return &verification->newest[(verification->newest_count - back) % SVMS_NEWEST_STAMPS];
}

/* When the stamp that stands `back` places before the end is attested to have existed: by trailers,
 * and by newer stamps that attest the segment which holds it. One whose segment was not compared
 * with its manifest could have been put there by anybody, at any time. */
static int64_t attested_time_of(svms_verification *verification, uint64_t back, int64_t whole)
{
    const svms_stamp *stamp = newest_stamp(verification, back);
    int64_t later = whole;
    if (stamp->unproven) {
        return verification->carried_utc_ns; /* of whoever attests all that is carried (E-VER-5) */
    }
    for (uint64_t i = 1; i < back; i++) {
        const svms_stamp *newer = newest_stamp(verification, i);
        if (newer->run == stamp->run && newer->segment >= stamp->holder) {
            keep_earlier(&later, newer->valid_utc_ns);
        }
    }
    return later;
}

/* What a valid stamp says about the segments before it. */
static void apply(svms_verification *verification, const svms_stamp *stamp,
                  const judged_stamp *judged, int64_t *attested)
{
    svms_report *report = &verification->report;
    int64_t utc = stamp->valid_utc_ns;
    int64_t before = *attested;
    if (report->attested_segment == SVMS_NO_SEGMENT || stamp->segment > report->attested_segment) {
        report->attested_segment = stamp->segment;
        report->attested_segment_utc_ns = utc;
    }
    if (stamp->run == verification->last_inside_run &&
        stamp->segment >= verification->last_inside) {
        keep_earlier(attested, utc);
    }
    if (*attested != before || report->authority[0] == '\0') {
        name_authority(report, judged);
    }
    if (stamp->made_utc_ns > utc && stamp->made_utc_ns - utc > CLOCK_TOLERANCE_NS) {
        verification->contradicted = stamp->segment;
    }
}

/* Stamps within the recording, newest first. */
static svms_status judge_newest(svms_verification *verification, int64_t whole, int64_t *attested,
                                svms_error *err)
{
    uint64_t kept = verification->newest_count < SVMS_NEWEST_STAMPS ? verification->newest_count
                                                                    : SVMS_NEWEST_STAMPS;
    for (uint64_t back = 1; back <= kept; back++) {
        judged_stamp judged;
        svms_stamp *stamp = newest_stamp(verification, back);
        int64_t later = attested_time_of(verification, back, whole);
        svms_status status = judge(verification, stamp, later, &judged, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (stamp->valid_utc_ns != SVMS_NO_TIME) {
            apply(verification, stamp, &judged, attested);
        }
    }
    return SVMS_OK;
}

/* Whether the signer is not trusted without attested time, so that it is worth while to read on. */
static svms_status needs_time(svms_verification *verification, bool *needed, svms_error *err)
{
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = svms_verification_ask_identity(verification, &result, &found);
    *needed = status == SVMS_E_UNTRUSTED && (result.verdict == SVMS_IDENTITY_EXPIRED_NOW ||
                                             result.verdict == SVMS_IDENTITY_REVOKED);
    return status == SVMS_OK || status == SVMS_E_UNTRUSTED ? SVMS_OK
                                                           : svms_fail_as(err, status, &found);
}

/* For a range: whether the signed end record, and so the trailers, cover it. */
static svms_status look_at_end(svms_verification *verification, svms_error *err)
{
    bool believed = false;
    bool torn = false;
    svms_attestation found = SVMS_NEVER;
    if (!verification->closed_hint || verification->end_believed) {
        return SVMS_OK;
    }
    svms_status status =
        svms_front_believe_end(&verification->front, &verification->hint, &believed, err);
    if (status == SVMS_OK && believed) {
        status =
            svms_attest_by_end(&verification->front, &verification->hint, verification->last_inside,
                               verification->last_inside_hash, &found, err);
    }
    if (status == SVMS_OK && found == SVMS_ATTESTED) {
        uint64_t position = verification->position;
        uint64_t tail = 0;
        status = svms_front_end_size(&verification->front, &verification->hint, &tail, err);
        if (status == SVMS_OK) {
            status = svms_verify_trailers(verification, verification->hint.offset,
                                          verification->hint.offset + tail, &torn, err);
        }
        verification->position = position;
        verification->end_believed = true;
    }
    return status;
}

/* For a range: stamps that stand in the segments behind it. */
static svms_status look_ahead(svms_verification *verification, svms_error *err)
{
    svms_attestation found = SVMS_NEVER;
    svms_ahead ahead = { verification->last_inside_end, verification->last_inside,
                         verification->last_inside_hash, true };
    bool needed = false;
    svms_status status = needs_time(verification, &needed, err);
    if (status != SVMS_OK || (!needed && verification->newest_count == 0)) {
        return status;
    }
    return svms_attest_ahead(&verification->scanner, &ahead, &found, err);
}

/* All the stamps, once those that matter have been found. whole: when everything is attested to
 * have existed. */
static svms_status judge_all(svms_verification *verification, int64_t *whole, int64_t *attested,
                             svms_error *err)
{
    svms_report *report = &verification->report;
    bool has_authorities = verification->options.stamp_trust != NULL;
    svms_status status = SVMS_OK;
    if (verification->end_believed) {
        status = judge_trailers(verification, whole, err);
    }
    *attested = *whole;
    if (status == SVMS_OK && *whole != SVMS_NO_TIME &&
        verification->last_inside != SVMS_NO_SEGMENT) {
        report->attested_segment = verification->last_inside;
        report->attested_segment_utc_ns = *whole;
    }
    if (has_authorities && status == SVMS_OK) {
        status = judge_newest(verification, *whole, attested, err);
    }
    return status;
}

svms_status svms_verify_time(svms_verification *verification, svms_error *err)
{
    svms_report *report = &verification->report;
    int64_t whole = verification->carried_utc_ns;
    int64_t attested = SVMS_NO_TIME;
    svms_status status = SVMS_OK;
    bool carried = verification->carried != NULL;
    bool nothing_inside = verification->last_inside == SVMS_NO_SEGMENT;
    bool is_nobody_named =
        verification->options.stamp_trust == NULL && verification->options.attester == NULL;
    if ((is_nobody_named && whole == SVMS_NO_TIME) ||
        ((verification->range || carried) && nothing_inside)) {
        return SVMS_OK;
    }
    if (verification->range && !carried) {
        status = look_at_end(verification, err);
        if (status == SVMS_OK) {
            status = look_ahead(verification, err);
        }
    }
    if (status == SVMS_OK) {
        status = judge_all(verification, &whole, &attested, err);
    }
    report->attested_utc_ns = attested;
    report->time_attested = attested != SVMS_NO_TIME;
    return status;
}
