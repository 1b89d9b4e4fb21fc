/* SPDX-License-Identifier: Apache-2.0 */
/* What time stamps attest (C-EVI-2, C-EVI-3, C-TRL-3, C-VER-4). */
#include <stdio.h>
#include <string.h>

#include <svms/timestamp.h>

#include "failure.h"
#include "stream.h"
#include "verify_internal.h"

void svms_verification_take_evidence(void *user, const svms_evidence *evidence)
{
    svms_verification *verification = user;
    svms_stamp *stamp = &verification->newest[verification->newest_count++ % SVMS_NEWEST_STAMPS];
    stamp->segment = evidence->segment;
    stamp->offset = evidence->offset;
    stamp->size = evidence->size;
    memcpy(stamp->digest, evidence->hash, SVMS_DIGEST_SIZE);
}

/* Judges one stamp. *valid: it attests something since *utc_ns. later: when it is attested itself
 * to have existed, or SVMS_NO_TIME. */
static svms_status judge(svms_verification *verification, const svms_stamp *stamp, int64_t later,
                         bool *valid, int64_t *utc_ns, svms_error *err)
{
    svms_report *report = &verification->report;
    svms_timestamp_question question = SVMS_TIMESTAMP_QUESTION_INIT;
    svms_timestamp_info info = SVMS_TIMESTAMP_INFO_INIT;
    svms_error found = SVMS_ERROR_INIT;
    *valid = false;
    uint8_t *token = svms_alloc(verification->ctx, stamp->size);
    if (token == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = svms_source_read(&verification->front.window.source, stamp->offset, token,
                                          stamp->size, err);
    if (status == SVMS_OK) {
        question.now_utc_ns = svms_utc_now(verification->ctx);
        question.attested_utc_ns = later;
        question.policy = verification->options.time_policy;
        status = svms_timestamp_check(verification->options.stamp_trust, token, stamp->size,
                                      stamp->digest, &question, &info, &found);
        report->stamps++;
    }
    svms_release(verification->ctx, token);
    if (svms_is_grave(status)) {
        return svms_fail(err, status, "%s", found.message);
    }
    if (status == SVMS_OK) {
        *valid = true;
        *utc_ns = info.gen_time_utc_ns;
        report->stamps_valid++;
        (void)snprintf(report->authority, sizeof(report->authority), "%s", info.authority);
    } else {
        (void)snprintf(report->stamp_reason, sizeof(report->stamp_reason), "%s", found.message);
    }
    return SVMS_OK;
}

/* From the last to the first: each one may lean on those behind it. */
static svms_status judge_trailers(svms_verification *verification, int64_t *attested,
                                  svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = verification->trailer_count; i > 0 && status == SVMS_OK; i--) {
        bool valid = false;
        int64_t utc = 0;
        status = judge(verification, &verification->trailers[i - 1], *attested, &valid, &utc, err);
        if (valid && (*attested == SVMS_NO_TIME || utc < *attested)) {
            *attested = utc;
        }
    }
    return status;
}

/* Stamps within the recording, newest first. */
static svms_status judge_newest(svms_verification *verification, int64_t whole, int64_t *attested,
                                svms_error *err)
{
    svms_report *report = &verification->report;
    uint64_t kept = verification->newest_count < SVMS_NEWEST_STAMPS ? verification->newest_count
                                                                    : SVMS_NEWEST_STAMPS;
    int64_t later = whole;
    for (uint64_t i = 1; i <= kept; i++) {
        const svms_stamp *stamp =
            &verification->newest[(verification->newest_count - i) % SVMS_NEWEST_STAMPS];
        bool valid = false;
        int64_t utc = 0;
        svms_status status = judge(verification, stamp, later, &valid, &utc, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!valid) {
            continue;
        }
        later = utc;
        if (report->attested_segment == SVMS_NO_SEGMENT ||
            stamp->segment > report->attested_segment) {
            report->attested_segment = stamp->segment;
            report->attested_segment_utc_ns = utc;
        }
        bool covers = verification->last_inside != SVMS_NO_SEGMENT &&
                      stamp->segment >= verification->last_inside;
        if (covers && (*attested == SVMS_NO_TIME || utc < *attested)) {
            *attested = utc;
        }
    }
    return SVMS_OK;
}

/* For a range: whether the signed end record, and so the trailers, cover it; and stamps that stand
 * in the segments behind it. */
static svms_status look_behind(svms_verification *verification, svms_error *err)
{
    bool believed = false;
    bool torn = false;
    svms_attestation found = SVMS_NEVER;
    svms_status status = SVMS_OK;
    if (verification->closed_hint && !verification->end_believed) {
        status = svms_front_believe_end(&verification->front, &verification->hint, &believed, err);
    }
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
    if (status == SVMS_OK) {
        svms_ahead ahead = { verification->last_inside_end, verification->last_inside,
                             verification->last_inside_hash, true };
        status = svms_attest_ahead(&verification->scanner, &ahead, &found, err);
    }
    return status;
}

svms_status svms_verify_time(svms_verification *verification, svms_error *err)
{
    svms_report *report = &verification->report;
    int64_t whole = SVMS_NO_TIME;
    svms_status status = SVMS_OK;
    if (verification->options.stamp_trust == NULL || verification->last_inside == SVMS_NO_SEGMENT) {
        return SVMS_OK;
    }
    if (verification->range) {
        status = look_behind(verification, err);
    }
    if (status == SVMS_OK && verification->end_believed) {
        status = judge_trailers(verification, &whole, err);
    }
    int64_t attested = whole;
    if (status == SVMS_OK && whole != SVMS_NO_TIME) {
        report->attested_segment = verification->last_inside;
        report->attested_segment_utc_ns = whole;
    }
    if (status == SVMS_OK) {
        status = judge_newest(verification, whole, &attested, err);
    }
    report->attested_utc_ns = attested;
    report->time_attested = attested != SVMS_NO_TIME;
    return status;
}
