/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces that are single records, and the end (E-SRC-5, E-SRC-6). */
#include <string.h>

#include "excerpt_internal.h"
#include "failure.h"

static void fail_piece(svms_verification *verification, uint64_t offset, const char *reason)
{
    const svms_piece *piece = &verification->carried->piece;
    svms_verification_find(verification, SVMS_VERDICT_NOT_AUTHENTIC, piece->number,
                           verification->previous_last_utc_ns, offset, reason);
}

/* The record header at the piece's offset; *whole is false when it is not one record. */
static svms_status read_header(svms_verification *verification, svms_record *record, bool *whole,
                               svms_error *err)
{
    svms_front *front = &verification->front;
    const svms_piece *piece = &verification->carried->piece;
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_error found = SVMS_ERROR_INIT;
    *whole = false;
    svms_front_bound(front, piece->offset + piece->closing_size);
    svms_status status =
        svms_window_peek(&front->window, piece->offset, SVMS_SAMPLE_HEADER_MAX, &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_record_parse(record, bytes, got, piece->offset, &found);
    if (status != SVMS_OK) {
        fail_piece(verification, piece->offset, found.message);
    } else if ((uint64_t)record->header_size + record->body_size > piece->closing_size) {
        fail_piece(verification, piece->offset, "the piece ends within its record (E-SRC-5)");
    } else {
        *whole = true;
    }
    return SVMS_OK;
}

/* A signature of a segment that is carried, which came late (C-SIG-4). */
static svms_status take_signature(svms_verification *verification, const svms_record *record,
                                  svms_error *err)
{
    const svms_piece *piece = &verification->carried->piece;
    svms_error found = SVMS_ERROR_INIT;
    uint64_t number = SVMS_NO_SEGMENT;
    uint64_t next = piece->number == SVMS_NO_SEGMENT ? verification->expected : piece->number;
    svms_status status = svms_late_signature_check(&verification->scanner, record, piece->offset,
                                                   next, &number, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status != SVMS_OK) {
        verification->report.segments_failed += number != SVMS_NO_SEGMENT;
        svms_verification_find(verification, SVMS_VERDICT_NOT_AUTHENTIC, number,
                               svms_verification_time_of(verification, number), piece->offset,
                               found.message);
    } else if (number == SVMS_NO_SEGMENT) {
        fail_piece(verification, piece->offset,
                   "a signature of a segment that is not carried (E-SRC-5)");
    } else {
        svms_verification_attest(verification, number);
    }
    return SVMS_OK;
}

static svms_status take_evidence(svms_verification *verification, const svms_record *record,
                                 svms_error *err)
{
    const svms_piece *piece = &verification->carried->piece;
    uint64_t at = piece->offset + record->header_size;
    uint8_t fixed[SVMS_EVIDENCE_FIXED_SIZE];
    svms_error found = SVMS_ERROR_INIT;
    if (record->body_size < sizeof(fixed) || piece->number == SVMS_NO_SEGMENT) {
        fail_piece(verification, piece->offset, "an evidence record is malformed (C-EVI)");
        return SVMS_OK;
    }
    svms_status status =
        svms_window_copy(&verification->front.window, at, sizeof(fixed), fixed, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(fixed, sizeof(fixed), at);
    (void)svms_skip(&cursor, 4);
    uint64_t named = svms_read_u64(&cursor);
    if (svms_known_find(&verification->known, named) == NULL) {
        fail_piece(verification, piece->offset,
                   "evidence of a segment that is not carried (E-SRC-5)");
        return SVMS_OK;
    }
    /* Nothing compares it with the manifest of the segment that holds it. */
    verification->scanner.ahead = true;
    status =
        svms_evidence_check(&verification->scanner, record, piece->offset, piece->number, &found);
    verification->scanner.ahead = false;
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status != SVMS_OK) {
        fail_piece(verification, found.offset, found.message);
    }
    return SVMS_OK;
}

/* What it is worth, the end record says. */
static void take_index(svms_verification *verification, const svms_record *record)
{
    svms_excerpt_walk *walk = verification->carried;
    if (walk->index_count == SVMS_CARRIED_INDEX_RECORDS) {
        svms_verification_find(verification, SVMS_VERDICT_NOT_AUTHENTIC, SVMS_NO_SEGMENT,
                               verification->previous_last_utc_ns, walk->piece.offset,
                               "more index records than lead to any segment (E-SRC-5)");
        return;
    }
    walk->index[walk->index_count++] =
        (svms_carried_index){ walk->piece.offset, record->header_size + record->body_size,
                              walk->piece.number, false };
}

svms_status svms_verify_carried_record(svms_verification *verification, svms_error *err)
{
    const svms_excerpt_walk *walk = verification->carried;
    const svms_piece *piece = &walk->piece;
    svms_record record = { 0 };
    bool whole = false;
    svms_status status = read_header(verification, &record, &whole, err);
    if (status != SVMS_OK || !whole) {
        return status;
    }
    bool numbered = record.number != 0;
    bool misplaced = verification->expected == SVMS_ANY_SEGMENT ||
                     piece->number < verification->expected || piece->offset < walk->next_offset;
    if (record.header_size + record.body_size != piece->closing_size) {
        fail_piece(verification, piece->offset, "the piece is longer than its record (E-SRC-5)");
    } else if (numbered != (piece->number != SVMS_NO_SEGMENT) || misplaced) {
        fail_piece(verification, piece->offset,
                   "a record stands where it cannot come from (E-SRC-5)");
    } else if (record.type == SVMS_RECORD_SIGNATURE) {
        status = take_signature(verification, &record, err);
    } else if (record.type == SVMS_RECORD_EVIDENCE) {
        status = take_evidence(verification, &record, err);
    } else if (record.type == SVMS_RECORD_INDEX) {
        take_index(verification, &record);
    } else {
        fail_piece(verification, piece->offset, "a record of a kind that is not carried (E-SRC-5)");
    }
    return status;
}

/* Whether the chain, as far as it is carried, contradicts the signed end. *reaches: it leads there.
 */
static const char *compare_chain(const svms_verification *verification, const svms_end *end,
                                 bool *reaches)
{
    const svms_excerpt_walk *walk = verification->carried;
    *reaches = false;
    if (end->offset != walk->piece.offset) {
        return "the end record comes from another place than it says (C-END)";
    }
    if (verification->expected == SVMS_ANY_SEGMENT) {
        return NULL;
    }
    if (end->segments < verification->expected ||
        (end->segments != 0 && end->offset < walk->next_offset)) {
        return "the end record counts fewer segments than are carried";
    }
    *reaches = verification->has_previous && end->segments == verification->expected;
    if (*reaches && memcmp(end->last_manifest, verification->previous, SVMS_DIGEST_SIZE) != 0) {
        return "the end record names another last segment";
    }
    return NULL;
}

/* Marks the index records on the way from the end to a segment. */
static svms_status follow_index(svms_verification *verification, uint64_t number,
                                const uint8_t hash[SVMS_DIGEST_SIZE], bool *attested,
                                svms_error *err)
{
    svms_excerpt_walk *walk = verification->carried;
    svms_index_path path = { 0 };
    svms_attestation found = SVMS_NEVER;
    svms_status status =
        svms_attest_by_path(&verification->front, &walk->end, number, hash, &found, &path, err);
    *attested = status == SVMS_OK && found == SVMS_ATTESTED;
    for (uint32_t i = 0; *attested && i < path.count; i++) {
        for (uint32_t k = 0; k < walk->index_count; k++) {
            svms_carried_index *carried = &walk->index[k];
            carried->used = carried->used || (carried->offset == path.steps[i].offset &&
                                              carried->size == path.steps[i].size &&
                                              carried->holder == path.steps[i].holder);
        }
    }
    return status;
}

/* The last segment first: what attests it, attests those before. */
static svms_status attest_pending(svms_verification *verification, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = verification->pending_count; i > 0 && status == SVMS_OK; i--) {
        if (i > verification->pending_count) {
            continue;
        }
        svms_pending last = verification->pending[i - 1];
        bool attested = false;
        if (last.run == verification->run) {
            status = follow_index(verification, last.number, last.hash, &attested, err);
        }
        if (attested) {
            svms_verification_attest(verification, last.number);
        }
    }
    return status;
}

/* Index records may lead to the last segment in question or to the last of all, also where the
 * chain reaches the end without them. */
static svms_status attest_last(svms_verification *verification, bool reaches, svms_error *err)
{
    const svms_excerpt_walk *walk = verification->carried;
    bool follows = walk->index_count != 0;
    bool vouches = !reaches && verification->front.verifier != NULL;
    bool inside = verification->last_inside != SVMS_NO_SEGMENT &&
                  verification->last_inside_run == verification->run;
    bool chain = verification->has_previous && verification->expected != SVMS_ANY_SEGMENT &&
                 verification->expected != 0;
    bool attested = false;
    svms_status status = SVMS_OK;
    if (inside && (vouches || follows)) {
        status = follow_index(verification, verification->last_inside,
                              verification->last_inside_hash, &attested, err);
        verification->end_believed = verification->end_believed || (attested && vouches);
    }
    if (status == SVMS_OK && chain && follows) {
        status = follow_index(verification, verification->expected - 1, verification->previous,
                              &attested, err);
    }
    return status;
}

/* What the end record attests: everything where the chain leads there, otherwise what the index
 * leads to. */
static svms_status attest(svms_verification *verification, bool reaches, svms_error *err)
{
    const svms_excerpt_walk *walk = verification->carried;
    svms_status status = SVMS_OK;
    if (reaches) {
        verification->end_believed = true;
        svms_verification_attest(verification, SVMS_NO_SEGMENT);
        verification->covers_end = verification->covers_end || walk->end.segments == 0 ||
                                   verification->run == verification->begun_run;
    } else if (verification->front.verifier != NULL) {
        status = attest_pending(verification, err);
    }
    return status == SVMS_OK ? attest_last(verification, reaches, err) : status;
}

/* The latest moment of all that is carried, where that is everything (C-MAN-3). */
static const char *compare_times(const svms_verification *verification, bool reaches)
{
    const svms_excerpt_walk *walk = verification->carried;
    bool all = reaches && !verification->range && verification->covers_start &&
               verification->run == 0 && walk->end.segments != 0 &&
               verification->report.finding_count == 0;
    return all && walk->end.last_utc_ns != verification->latest_utc_ns
               ? "the end record contradicts the segments"
               : NULL;
}

/* Tail record and trailers, which end where the piece does. */
static svms_status take_trailers(svms_verification *verification, uint64_t at, svms_error *err)
{
    const svms_piece *piece = &verification->carried->piece;
    uint64_t end = piece->offset + piece->closing_size;
    uint32_t findings = verification->report.finding_count;
    bool torn = false;
    svms_status status = svms_verify_trailers(verification, piece->offset, at, &torn, err);
    bool whole = verification->position == end && !torn;
    verification->position = end;
    if (status == SVMS_OK && !whole && verification->report.finding_count == findings) {
        fail_piece(verification, piece->offset,
                   "the end does not stop behind a tail record (E-SRC-6)");
    }
    return status;
}

svms_status svms_verify_carried_end(svms_verification *verification, svms_error *err)
{
    svms_excerpt_walk *walk = verification->carried;
    svms_front *front = &verification->front;
    uint8_t body[SVMS_END_BODY_SIZE];
    svms_record record = { 0 };
    size_t signature_size = 0;
    bool whole = false;
    bool reaches = false;
    svms_error found = SVMS_ERROR_INIT;
    walk->ended = true;
    svms_status status = read_header(verification, &record, &whole, err);
    if (status != SVMS_OK || !whole) {
        return status;
    }
    uint64_t at = walk->piece.offset + SVMS_RECORD_HEADER_SIZE;
    if (record.type != SVMS_RECORD_END || record.body_size != sizeof(body) || record.number != 0 ||
        walk->piece.number != SVMS_NO_SEGMENT) {
        fail_piece(verification, walk->piece.offset, "the end record is missing or malformed");
        return SVMS_OK;
    }
    status = svms_window_copy(&front->window, at, sizeof(body), body, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_front_check_signature(front, at + sizeof(body), SVMS_SIGNED_END, body,
                                        sizeof(body), &signature_size, NULL, &found);
    if (status == SVMS_OK) {
        status = svms_end_parse(&walk->end, &front->header, body, sizeof(body), at, &found);
    }
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    const char *fault =
        status == SVMS_OK ? compare_chain(verification, &walk->end, &reaches) : found.message;
    if (fault != NULL) {
        fail_piece(verification, status == SVMS_OK ? walk->piece.offset : found.offset, fault);
        return SVMS_OK;
    }
    status = take_trailers(verification, at + sizeof(body) + signature_size, err);
    walk->closed = status == SVMS_OK;
    if (status == SVMS_OK) {
        svms_front_bound(front, walk->size);
        status = attest(verification, reaches, err);
    }
    fault = status == SVMS_OK ? compare_times(verification, reaches) : NULL;
    if (fault != NULL) {
        fail_piece(verification, walk->piece.offset, fault);
    }
    return status;
}

void svms_verify_carried_index(svms_verification *verification)
{
    const svms_excerpt_walk *walk = verification->carried;
    for (uint32_t i = 0; i < walk->index_count; i++) {
        if (!walk->index[i].used) {
            /* An index is of no segment (C-VER-2). */
            svms_verification_find(verification, SVMS_VERDICT_NOT_AUTHENTIC, SVMS_NO_SEGMENT,
                                   SVMS_NO_TIME, walk->index[i].offset,
                                   "an index record leads from no end record to a segment that is "
                                   "carried (E-SRC-5)");
        }
    }
}
