/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind the last segment: index, end record, tail (container.md, sections 11 to 13).
 */
#include <string.h>

#include "failure.h"
#include "verify_internal.h"

typedef struct svms_tail_walk {
    uint64_t at;
    uint64_t root_offset;
    uint8_t root_hash[SVMS_DIGEST_SIZE];
    uint64_t end_offset; /* of the end record, once it has been checked */
    bool comparing;      /* the index can be recomputed: every segment was seen and held */
    bool open;           /* the file ends here */
    bool failed;         /* a finding has been recorded */
    svms_hasher *hasher;
    uint8_t index_hash[SVMS_DIGEST_SIZE];
} svms_tail_walk;

static void fail_tail(svms_verification *verification, svms_tail_walk *walk, uint64_t offset,
                      const char *reason)
{
    walk->failed = true;
    svms_verification_find(verification, SVMS_VERDICT_NOT_AUTHENTIC, SVMS_NO_SEGMENT, SVMS_NO_TIME,
                           offset, reason);
}

/* Header of the record at walk->at. Sets open or failed when there is no whole record. */
static svms_status next_record(svms_verification *verification, svms_tail_walk *walk,
                               svms_record *record, svms_error *err)
{
    svms_window *window = &verification->front.window;
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_error found = SVMS_ERROR_INIT;
    svms_status status =
        svms_window_peek(window, walk->at, SVMS_SAMPLE_HEADER_MAX, &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_front_parse_record(&verification->front, record, bytes, got, walk->at, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status == SVMS_E_TRUNCATED ||
        (status == SVMS_OK &&
         (uint64_t)record->header_size + record->body_size > window->size - walk->at)) {
        walk->open = true;
    } else if (status != SVMS_OK) {
        fail_tail(verification, walk, found.offset, found.message);
    }
    return SVMS_OK;
}

static svms_status pass_index_record(svms_verification *verification, svms_tail_walk *walk,
                                     const svms_record *record, svms_error *err)
{
    uint64_t left = (uint64_t)record->header_size + record->body_size;
    while (left > 0) {
        const uint8_t *bytes = NULL;
        size_t piece = 0;
        svms_status status =
            svms_window_piece(&verification->front.window, walk->at, left, &bytes, &piece, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!svms_hasher_update(walk->hasher, bytes, piece)) {
            return svms_fail_crypto(err, "hashing the index");
        }
        walk->at += piece;
        left -= piece;
    }
    return SVMS_OK;
}

/* Expects the record of one index level here. */
static svms_status expect_level(svms_verification *verification, svms_tail_walk *walk,
                                unsigned level, svms_error *err)
{
    svms_record record = { 0 };
    const uint8_t *bytes = NULL;
    svms_status status = next_record(verification, walk, &record, err);
    if (status != SVMS_OK || walk->open || walk->failed) {
        return status;
    }
    status = svms_index_emit(&verification->index, level, &verification->front.header, walk->at, 0,
                             &verification->index_record, err);
    if (status != SVMS_OK) {
        return status;
    }
    size_t size = (size_t)record.header_size + record.body_size;
    bool unwritten = false;
    status = svms_front_is_unwritten(&verification->front, walk->at + size - 1, &unwritten, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (record.type != SVMS_RECORD_INDEX || size != verification->index_record.size) {
        fail_tail(verification, walk, walk->at,
                  "the index is missing or of wrong length (C-IDX-3)");
        return SVMS_OK;
    }
    status = svms_window_get(&verification->front.window, walk->at, size, &bytes, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool same = memcmp(bytes, verification->index_record.data, size) == 0;
    walk->open = !same && unwritten;
    if (!same && !unwritten) {
        fail_tail(verification, walk, walk->at, "the index contradicts the segments (C-IDX-4)");
    }
    return pass_index_record(verification, walk, &record, err);
}

/* C-IDX-3, replayed. */
static svms_status compare_index(svms_verification *verification, svms_tail_walk *walk,
                                 svms_error *err)
{
    svms_status status = SVMS_OK;
    bool done = verification->expected == 0;
    for (unsigned level = 0; status == SVMS_OK && !walk->open && !walk->failed &&
                             svms_index_is_full(&verification->index, level);
         level++) {
        status = expect_level(verification, walk, level, err);
    }
    for (unsigned level = 0;
         status == SVMS_OK && !walk->open && !walk->failed && !done && level < SVMS_INDEX_LEVELS;
         level++) {
        svms_index_step step = svms_index_closing_step(&verification->index, level,
                                                       &walk->root_offset, walk->root_hash);
        if (step == SVMS_INDEX_EMIT_ROOT) {
            walk->root_offset = walk->at;
        }
        if (step == SVMS_INDEX_EMIT || step == SVMS_INDEX_EMIT_ROOT) {
            status = expect_level(verification, walk, level, err);
        }
        if (step == SVMS_INDEX_EMIT_ROOT && status == SVMS_OK &&
            !svms_hasher_once(verification->front.proof_hasher, verification->index_record.data,
                              verification->index_record.size, walk->root_hash)) {
            status = svms_fail_crypto(err, "hashing the index");
        }
        done = step == SVMS_INDEX_EMIT_ROOT || step == SVMS_INDEX_ROOT_BELOW;
    }
    return status;
}

/* Passes whatever index records stand here without comparing them: what is hashed, the end record
 * signs. */
static svms_status pass_index(svms_verification *verification, svms_tail_walk *walk,
                              svms_error *err)
{
    for (;;) {
        svms_record record = { 0 };
        svms_status status = next_record(verification, walk, &record, err);
        if (status != SVMS_OK || walk->open || walk->failed || record.type != SVMS_RECORD_INDEX) {
            return status;
        }
        status = pass_index_record(verification, walk, &record, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
}

/* Latest end of a sample in all segments that hold, also where only the end record attests them. */
static int64_t latest_of_all(const svms_verification *verification)
{
    int64_t latest = verification->latest_utc_ns;
    for (uint32_t i = 0; i < verification->pending_count; i++) {
        const svms_pending *pending = &verification->pending[i];
        if (latest == SVMS_NO_TIME || pending->last_utc_ns > latest) {
            latest = pending->last_utc_ns;
        }
    }
    return latest;
}

static const char *compare_end(const svms_verification *verification, const svms_tail_walk *walk,
                               const svms_end *end)
{
    if (end->offset != walk->at ||
        memcmp(end->index_hash, walk->index_hash, SVMS_DIGEST_SIZE) != 0) {
        return "the end record contradicts what stands before it";
    }
    if (verification->expected != SVMS_ANY_SEGMENT && end->segments != verification->expected) {
        return "the end record counts other segments: some were removed or added";
    }
    if (verification->has_previous &&
        memcmp(end->last_manifest, verification->previous, SVMS_DIGEST_SIZE) != 0) {
        return "the end record names another last segment";
    }
    if (walk->comparing && (end->root_offset != walk->root_offset ||
                            memcmp(end->root_hash, walk->root_hash, SVMS_DIGEST_SIZE) != 0 ||
                            end->last_utc_ns != latest_of_all(verification))) {
        return "the end record contradicts the segments";
    }
    return NULL;
}

static svms_status check_end(svms_verification *verification, svms_tail_walk *walk, svms_error *err)
{
    uint8_t body[SVMS_END_BODY_SIZE];
    svms_front *front = &verification->front;
    const uint8_t *bytes = NULL;
    svms_record record = { 0 };
    svms_end end;
    size_t signature_size = 0;
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = next_record(verification, walk, &record, err);
    if (status != SVMS_OK || walk->open || walk->failed) {
        return status;
    }
    if (record.type != SVMS_RECORD_END || record.body_size != sizeof(body) || record.number != 0) {
        fail_tail(verification, walk, walk->at, "the end record is missing or malformed");
        return SVMS_OK;
    }
    uint64_t behind = walk->at + SVMS_RECORD_HEADER_SIZE + sizeof(body);
    status = svms_window_get(&front->window, walk->at + SVMS_RECORD_HEADER_SIZE, sizeof(body),
                             &bytes, err);
    if (status != SVMS_OK) {
        return status;
    }
    memcpy(body, bytes, sizeof(body));
    status = svms_front_check_signature(front, behind, SVMS_SIGNED_END, body, sizeof(body),
                                        &signature_size, NULL, &found);
    if (status == SVMS_OK) {
        status = svms_end_parse(&end, &front->header, body, sizeof(body),
                                walk->at + SVMS_RECORD_HEADER_SIZE, &found);
    }
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    bool unwritten = false;
    if (status != SVMS_OK && status != SVMS_E_TRUNCATED) {
        size_t size = signature_size == 0 ? SVMS_RECORD_HEADER_SIZE : signature_size;
        svms_status asked = svms_front_is_unwritten(front, behind + size - 1, &unwritten, err);
        if (asked != SVMS_OK) {
            return asked;
        }
    }
    const char *contradiction = status == SVMS_OK ? compare_end(verification, walk, &end) : NULL;
    if (status == SVMS_E_TRUNCATED || unwritten) {
        walk->open = true;
    } else if (status != SVMS_OK || contradiction != NULL) {
        fail_tail(verification, walk, status != SVMS_OK ? found.offset : walk->at,
                  contradiction != NULL ? contradiction : found.message);
    }
    walk->end_offset = walk->at;
    walk->at = behind + signature_size;
    if (!walk->open && !walk->failed) {
        verification->end_believed = verification->has_previous;
    }
    if (verification->end_believed) {
        svms_verification_attest(verification, SVMS_NO_SEGMENT);
    }
    return SVMS_OK;
}

/* What a late signature is found to be: attests, is wrong, or was never written as a whole. */
static svms_status judge_late_signature(svms_verification *verification, svms_tail_walk *walk,
                                        const svms_record *record, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    uint64_t number = SVMS_NO_SEGMENT;
    uint64_t last = walk->at + record->header_size + record->body_size - 1;
    svms_status status = svms_late_signature_check(&verification->scanner, record, walk->at,
                                                   verification->expected, &number, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status == SVMS_OK && record->number == 0) {
        if (number != SVMS_NO_SEGMENT) {
            svms_verification_attest(verification, number);
        }
        return SVMS_OK;
    }
    svms_status asked = svms_front_is_unwritten(&verification->front, last, &walk->open, err);
    if (asked != SVMS_OK || walk->open) {
        return asked;
    }
    walk->failed = true;
    verification->report.segments_failed += number != SVMS_NO_SEGMENT;
    svms_verification_find(verification, SVMS_VERDICT_NOT_AUTHENTIC, number,
                           svms_verification_time_of(verification, number), walk->at,
                           status == SVMS_OK ? "a late signature is numbered (C-REC-1)"
                                             : found.message);
    return SVMS_OK;
}

/* Signatures that no segment could take any more (C-SIG-4). */
static svms_status pass_late_signatures(svms_verification *verification, svms_tail_walk *walk,
                                        svms_error *err)
{
    while (!walk->open && !walk->failed) {
        svms_record record = { 0 };
        svms_status status = next_record(verification, walk, &record, err);
        if (status != SVMS_OK || walk->open || walk->failed ||
            record.type != SVMS_RECORD_SIGNATURE) {
            return status;
        }
        status = judge_late_signature(verification, walk, &record, err);
        if (status == SVMS_OK && !walk->open) {
            status = pass_index_record(verification, walk, &record, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

svms_status svms_verify_tail(svms_verification *verification, bool *open, svms_error *err)
{
    svms_tail_walk walk = { 0 };
    walk.at = verification->position;
    walk.comparing = !verification->range && verification->report.segments_failed == 0 &&
                     verification->report.finding_count == 0;
    svms_status status = svms_hasher_new(&walk.hasher, verification->ctx, err);
    if (status == SVMS_OK && !svms_hasher_start(walk.hasher)) {
        status = svms_fail_crypto(err, "hashing the index");
    }
    if (status == SVMS_OK && (verification->front.header.critical & SVMS_CRITICAL_LATE) != 0) {
        status = pass_late_signatures(verification, &walk, err);
    }
    if (status == SVMS_OK && !walk.open && !walk.failed) {
        status = walk.comparing ? compare_index(verification, &walk, err)
                                : pass_index(verification, &walk, err);
    }
    if (status == SVMS_OK && !svms_hasher_finish(walk.hasher, walk.index_hash)) {
        status = svms_fail_crypto(err, "hashing the index");
    }
    svms_hasher_free(&walk.hasher);
    if (status == SVMS_OK && !walk.open && !walk.failed) {
        status = check_end(verification, &walk, err);
    }
    uint64_t began = verification->position;
    if (status == SVMS_OK && !walk.open && !walk.failed) {
        bool torn = false;
        status = svms_verify_trailers(verification, walk.end_offset, walk.at, &torn, err);
        verification->report.bytes_verified += verification->position - began;
        walk.open = torn;
    }
    *open = walk.open;
    return status;
}
