/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind the last segment: index, end record, tail (container.md, sections 11 to 13).
 */
#include <string.h>

#include "failure.h"
#include "verify_internal.h"

typedef struct svms_tail_walk {
    uint64_t at;
    uint64_t root_offset;
    bool comparing; /* the index can be recomputed: every segment was seen and held */
    bool open;      /* the file ends here */
    bool failed;    /* a finding has been recorded */
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
    status = svms_record_parse(record, bytes, got, walk->at, &found);
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
    if (record.type != SVMS_RECORD_INDEX || size != verification->index_record.size) {
        fail_tail(verification, walk, walk->at,
                  "the index is missing or of wrong length (C-IDX-3)");
        return SVMS_OK;
    }
    status = svms_window_get(&verification->front.window, walk->at, size, &bytes, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (memcmp(bytes, verification->index_record.data, size) != 0) {
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
        svms_index_step step =
            svms_index_closing_step(&verification->index, level, &walk->root_offset);
        if (step == SVMS_INDEX_EMIT_ROOT) {
            walk->root_offset = walk->at;
        }
        if (step == SVMS_INDEX_EMIT || step == SVMS_INDEX_EMIT_ROOT) {
            status = expect_level(verification, walk, level, err);
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
                            end->last_utc_ns != verification->latest_utc_ns)) {
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
        return svms_fail(err, status, "%s", found.message);
    }
    const char *contradiction = status == SVMS_OK ? compare_end(verification, walk, &end) : NULL;
    if (status == SVMS_E_TRUNCATED) {
        walk->open = true;
    } else if (status != SVMS_OK || contradiction != NULL) {
        fail_tail(verification, walk, status != SVMS_OK ? found.offset : walk->at,
                  contradiction != NULL ? contradiction : found.message);
    }
    walk->root_offset = walk->at; /* from here on: where the end record stands */
    walk->at = behind + signature_size;
    return SVMS_OK;
}

/* C-END-1: the tail record, and then nothing (this version knows no trailer). */
static svms_status check_tail_record(svms_verification *verification, svms_tail_walk *walk,
                                     svms_error *err)
{
    svms_window *window = &verification->front.window;
    uint8_t expected[SVMS_RECORD_HEADER_SIZE + SVMS_TAIL_BODY_SIZE];
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_record_encode(SVMS_RECORD_TAIL, SVMS_TAIL_BODY_SIZE, 0, expected);
    svms_store_u64(expected + SVMS_RECORD_HEADER_SIZE, walk->root_offset);
    memcpy(expected + SVMS_RECORD_HEADER_SIZE + 8, "SVMSTAIL", 8);
    svms_status status = svms_window_peek(window, walk->at, sizeof(expected), &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (memcmp(bytes, expected, got) != 0) {
        fail_tail(verification, walk, walk->at, "the tail record is damaged");
    } else if (got < sizeof(expected)) {
        walk->open = true;
    } else if (walk->at + sizeof(expected) != window->size) {
        fail_tail(verification, walk, walk->at + sizeof(expected),
                  "bytes behind the end of the container (C-END-1)");
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
    if (status == SVMS_OK) {
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
    if (status == SVMS_OK && !walk.open && !walk.failed) {
        status = check_tail_record(verification, &walk, err);
    }
    *open = walk.open;
    if (status == SVMS_OK && !walk.open && !walk.failed) {
        verification->report.closed = 1;
        verification->report.bytes_verified +=
            verification->front.window.size - verification->position;
    }
    return status;
}
