/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that wait for the signature that attests them, and the account of those that have it
 * (C-SIG-6). */
#include <string.h>

#include "failure.h"
#include "verify_internal.h"

static void note_gap(svms_verification *verification, const svms_pending *segment)
{
    svms_report *report = &verification->report;
    int64_t from = segment->gap_from_utc_ns;
    bool later = from != SVMS_NO_TIME && segment->first_utc_ns > from;
    /* A frame's worth of rounding is no gap unless the writer says so. */
    if (segment->gap_reason == SVMS_GAP_NONE &&
        (!later || segment->first_utc_ns - from < INT64_C(1000000000))) {
        return;
    }
    if (report->gap_count < SVMS_REPORT_GAPS) {
        svms_gap *gap = &report->gaps[report->gap_count];
        gap->from_utc_ns = from;
        gap->to_utc_ns = segment->first_utc_ns;
        gap->reason = (svms_gap_reason)segment->gap_reason;
    }
    report->gap_count++;
}

static void widen(int64_t *low, int64_t *high, int64_t from, int64_t to)
{
    if (*low == SVMS_NO_TIME || from < *low) {
        *low = from;
    }
    if (*high == SVMS_NO_TIME || to > *high) {
        *high = to;
    }
}

int64_t svms_claimed_time(int64_t utc_ns)
{
    return utc_ns == SVMS_NO_TIME ? SVMS_NO_TIME + 1 : utc_ns;
}

static void tell(svms_verification *verification, const svms_pending *segment)
{
    const svms_segment *current = verification->current;
    const svms_held_segment held = { segment->number,
                                     segment->offset,
                                     segment->end,
                                     segment->hash,
                                     segment->manifest_offset,
                                     segment->run,
                                     current != NULL && current->offset == segment->offset
                                         ? &current->manifest
                                         : NULL,
                                     verification };
    if (verification->listener.held != NULL) {
        verification->listener.held(verification->listener.user, &held);
    }
}

static void count(svms_verification *verification, const svms_pending *segment)
{
    svms_report *report = &verification->report;
    verification->covers_end =
        verification->covers_end || (segment->after && segment->run == verification->begun_run);
    if (!segment->inside) {
        return;
    }
    note_gap(verification, segment);
    tell(verification, segment);
    if (!segment->unread) {
        report->segments_verified++;
        report->samples_verified += segment->samples;
        report->bytes_verified += segment->end - segment->offset;
    }
    widen(&report->first_utc_ns, &report->last_utc_ns, segment->first_utc_ns, segment->last_utc_ns);
    int64_t made = svms_claimed_time(segment->made_utc_ns);
    widen(&report->signed_from_utc_ns, &report->signed_to_utc_ns, made, made);
    if (verification->latest_utc_ns == SVMS_NO_TIME ||
        segment->last_utc_ns > verification->latest_utc_ns) {
        verification->latest_utc_ns = segment->last_utc_ns;
    }
    if (verification->options.to_utc_ns != SVMS_NO_TIME &&
        segment->last_utc_ns >= verification->options.to_utc_ns) {
        verification->covers_end = true;
    }
    verification->last_inside = segment->number;
    verification->last_inside_run = segment->run;
    verification->last_inside_end = segment->end;
    memcpy(verification->last_inside_hash, segment->hash, SVMS_DIGEST_SIZE);
}

static bool precedes(const svms_verification *verification, const svms_pending *segment,
                     uint64_t number)
{
    return segment->run == verification->run && segment->number <= number;
}

void svms_verification_attest(svms_verification *verification, uint64_t number)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < verification->pending_count; i++) {
        if (precedes(verification, &verification->pending[i], number)) {
            count(verification, &verification->pending[i]);
        } else {
            verification->pending[kept++] = verification->pending[i];
        }
    }
    verification->pending_count = kept;
}

void svms_verification_break(svms_verification *verification, uint64_t offset)
{
    svms_verification_doubt_evidence(verification, offset);
    memset(&verification->known, 0, sizeof(verification->known));
    verification->run++;
    verification->lacking = 0;
}

static svms_status check_patience(svms_verification *verification, const svms_segment *segment,
                                  svms_error *err)
{
    const svms_header *header = &verification->front.header;
    verification->lacking = segment->lacks_signature ? verification->lacking + 1 : 0;
    if (!(header->critical & SVMS_CRITICAL_LATE) &&
        verification->lacking >= header->signature_interval && verification->lacking != 0 &&
        segment->end != verification->front.window.size) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, segment->manifest_offset,
                            "the signature is missing: every %uth manifest has one (C-SIG-5)",
                            header->signature_interval);
    }
    if (verification->pending_count == SVMS_MAX_PENDING) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, segment->manifest_offset,
                            "no signature attests the last %u segments (C-LIM-1)",
                            SVMS_MAX_PENDING);
    }
    return SVMS_OK;
}

svms_status svms_verification_push(svms_verification *verification, const svms_segment *segment,
                                   bool inside, bool after, svms_error *err)
{
    const svms_manifest *manifest = &segment->manifest;
    svms_status status = check_patience(verification, segment, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_pending *pending = &verification->pending[verification->pending_count++];
    pending->number = manifest->segment;
    pending->offset = segment->offset;
    pending->end = segment->end;
    pending->manifest_offset = segment->manifest_offset;
    pending->unread = segment->unread;
    pending->run = verification->run;
    pending->samples = segment->samples;
    pending->inside = inside;
    pending->after = after;
    pending->gap_reason = manifest->gap_reason;
    pending->gap_from_utc_ns = verification->previous_last_utc_ns;
    pending->first_utc_ns = manifest->first_utc_ns;
    pending->last_utc_ns = manifest->last_utc_ns;
    pending->made_utc_ns = manifest->made_utc_ns;
    memcpy(pending->hash, segment->hash, SVMS_DIGEST_SIZE);
    if (inside) {
        verification->begun = true;
        verification->begun_run = verification->run;
    }
    if (!inside && verification->listener.beside != NULL) {
        verification->listener.beside(verification->listener.user, verification, segment, after);
    }
    svms_known_add(&verification->known, segment);
    if (!segment->lacks_signature) {
        verification->current = segment;
        svms_verification_attest(verification, manifest->segment);
        verification->current = NULL;
    }
    return SVMS_OK;
}

/* Looks for what attests one pending segment, and with it those before. */
static svms_status settle(svms_verification *verification, const svms_pending *last,
                          svms_error *err)
{
    svms_attestation found = SVMS_NEVER;
    svms_status status = SVMS_OK;
    bool believed = false;
    if (verification->closed_hint) {
        status = svms_front_believe_end(&verification->front, &verification->hint, &believed, err);
    }
    if (status == SVMS_OK && believed) {
        status = svms_attest_by_end(&verification->front, &verification->hint, last->number,
                                    last->hash, &found, err);
    }
    if (status == SVMS_OK && found != SVMS_ATTESTED) {
        svms_ahead ahead = { last->end, last->number, last->hash, false };
        status = svms_attest_ahead(&verification->scanner, &ahead, &found, err);
    }
    if (status == SVMS_OK && found == SVMS_ATTESTED) {
        svms_verification_attest(verification, last->number);
    }
    return status;
}

/* The segment behind a range first: it may be what shows that the range is complete. */
svms_status svms_verification_settle(svms_verification *verification, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = verification->pending_count; i > 0 && status == SVMS_OK; i--) {
        svms_pending last = verification->pending[i - 1];
        if (last.run != verification->run || i > verification->pending_count) {
            continue;
        }
        status = settle(verification, &last, err);
        if (!last.after) {
            break;
        }
    }
    return status;
}

uint64_t svms_verification_attested_end(const svms_verification *verification)
{
    for (uint32_t i = 0; i < verification->pending_count; i++) {
        if (verification->pending[i].run == verification->run) {
            return verification->pending[i].offset;
        }
    }
    return verification->position;
}
