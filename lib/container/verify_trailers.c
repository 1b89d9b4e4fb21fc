/* SPDX-License-Identifier: Apache-2.0 */
/* Tail record and trailers (container.md, sections 12 and 13). */
#include <string.h>

#include "failure.h"
#include "verify_internal.h"

#define TAIL_SIZE (SVMS_RECORD_HEADER_SIZE + SVMS_TAIL_BODY_SIZE)
#define FIRST_CAPACITY 8u

typedef struct trailer_walk {
    svms_verification *verification;
    uint64_t at;
    uint64_t hashed; /* everything from the end record to here is in covered */
    svms_hasher *covered;
    svms_hasher *content;
    bool cut; /* the file ends here */
    bool failed;
    uint8_t tail[TAIL_SIZE];
} trailer_walk;

static void fail_trailer(trailer_walk *walk, uint64_t offset, const char *reason)
{
    walk->failed = true;
    svms_verification_find(walk->verification, SVMS_VERDICT_NOT_AUTHENTIC, SVMS_NO_SEGMENT,
                           SVMS_NO_TIME, offset, reason);
}

/* The tail record at walk->at. What a power failure left of it is no failure (C-TRL-4). */
static svms_status take_tail(trailer_walk *walk, svms_error *err)
{
    svms_front *front = &walk->verification->front;
    const uint8_t *bytes = NULL;
    size_t got = 0;
    bool unwritten = false;
    svms_status status = svms_window_peek(&front->window, walk->at, TAIL_SIZE, &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    size_t same = 0;
    while (same < got && bytes[same] == walk->tail[same]) {
        same++;
    }
    if (same < got) {
        status = svms_front_is_unwritten(front, walk->at + same, &unwritten, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    walk->cut = unwritten || (same == got && got < TAIL_SIZE);
    if (!walk->cut && same < TAIL_SIZE) {
        fail_trailer(walk, walk->at, "the tail record is damaged");
    } else if (!walk->cut) {
        walk->at += TAIL_SIZE;
    }
    return SVMS_OK;
}

static svms_status hash_piecewise(svms_window *window, svms_hasher *hasher, uint64_t offset,
                                  uint64_t size, svms_error *err)
{
    while (size > 0) {
        const uint8_t *bytes = NULL;
        size_t piece = 0;
        svms_status status = svms_window_piece(window, offset, size, &bytes, &piece, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!svms_hasher_update(hasher, bytes, piece)) {
            return svms_fail_crypto(err, "hashing a trailer");
        }
        offset += piece;
        size -= piece;
    }
    return SVMS_OK;
}

static svms_status remember(svms_verification *verification, const svms_stamp *stamp,
                            svms_error *err)
{
    if (verification->trailer_count == verification->trailer_capacity) {
        uint32_t capacity = verification->trailer_capacity == 0
                                ? FIRST_CAPACITY
                                : 2 * verification->trailer_capacity;
        svms_stamp *stamps = svms_alloc_array(verification->ctx, capacity, sizeof(*stamps));
        if (stamps == NULL) {
            return svms_fail_memory(err);
        }
        if (verification->trailer_count != 0) {
            memcpy(stamps, verification->trailers, verification->trailer_count * sizeof(*stamps));
        }
        svms_release(verification->ctx, verification->trailers);
        verification->trailers = stamps;
        verification->trailer_capacity = capacity;
    }
    verification->trailers[verification->trailer_count++] = *stamp;
    return SVMS_OK;
}

/* A trailer that does not hold: altered, or never written as a whole. */
static svms_status doubt_trailer(trailer_walk *walk, uint64_t last_byte, svms_error *err)
{
    svms_status status =
        svms_front_is_unwritten(&walk->verification->front, last_byte, &walk->cut, err);
    if (status == SVMS_OK && !walk->cut) {
        fail_trailer(walk, walk->at, "a trailer was altered (C-TRL-2)");
    }
    return status;
}

/* Fixed part and content of the trailer whose record header has been read (C-TRL-1, C-TRL-2). */
static svms_status take_body(trailer_walk *walk, const svms_record *record, svms_error *err)
{
    svms_window *window = &walk->verification->front.window;
    svms_stamp stamp = { .segment = SVMS_NO_SEGMENT };
    uint8_t fixed[SVMS_TRAILER_FIXED_SIZE];
    uint8_t digest[SVMS_DIGEST_SIZE];
    uint64_t at = walk->at + record->header_size;
    uint64_t end = at + record->body_size;
    if (record->body_size < sizeof(fixed)) {
        fail_trailer(walk, walk->at, "a trailer is too short (C-TRL-2)");
        return SVMS_OK;
    }
    svms_status status = svms_window_copy(window, at, sizeof(fixed), fixed, err);
    if (status == SVMS_OK) {
        status = hash_piecewise(window, walk->covered, walk->hashed, walk->at - walk->hashed, err);
    }
    walk->hashed = walk->at;
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(fixed, sizeof(fixed), at);
    uint16_t kind = svms_read_u16(&cursor);
    uint16_t zero = svms_read_u16(&cursor);
    const uint8_t *previous = svms_read_bytes(&cursor, SVMS_DIGEST_SIZE);
    stamp.size = svms_read_u32(&cursor);
    const uint8_t *claimed = svms_read_bytes(&cursor, SVMS_DIGEST_SIZE);
    stamp.offset = at + sizeof(fixed);
    if (!svms_hasher_copy(walk->content, walk->covered) ||
        !svms_hasher_finish(walk->content, stamp.digest) || !svms_hasher_start(walk->content)) {
        return svms_fail_crypto(err, "hashing a trailer");
    }
    status =
        hash_piecewise(window, walk->content, stamp.offset, record->body_size - sizeof(fixed), err);
    if (status == SVMS_OK && !svms_hasher_finish(walk->content, digest)) {
        status = svms_fail_crypto(err, "hashing a trailer");
    }
    if (status != SVMS_OK) {
        return status;
    }
    stamp.kind = kind;
    if ((kind != SVMS_EVIDENCE_RFC3161 && kind != SVMS_EVIDENCE_AUDIT) || zero != 0 ||
        stamp.size == 0 || stamp.size != record->body_size - sizeof(fixed) ||
        memcmp(previous, stamp.digest, SVMS_DIGEST_SIZE) != 0 ||
        memcmp(claimed, digest, SVMS_DIGEST_SIZE) != 0) {
        return doubt_trailer(walk, end - 1, err);
    }
    walk->at = end;
    return remember(walk->verification, &stamp, err);
}

/* One trailer and the tail record behind it. walk->at moves on only over both. */
static svms_status take_trailer(trailer_walk *walk, svms_error *err)
{
    svms_front *front = &walk->verification->front;
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_record record = { 0 };
    svms_error found = SVMS_ERROR_INIT;
    uint64_t began = walk->at;
    uint32_t count = walk->verification->trailer_count;
    svms_status status =
        svms_window_peek(&front->window, walk->at, SVMS_RECORD_HEADER_SIZE, &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_front_parse_record(front, &record, bytes, got, walk->at, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    bool trailer = status == SVMS_OK && record.type == SVMS_RECORD_TRAILER && record.number == 0;
    walk->cut = status == SVMS_E_TRUNCATED ||
                (trailer &&
                 (uint64_t)record.header_size + record.body_size > front->window.size - walk->at);
    if (walk->cut && status == SVMS_E_TRUNCATED && got != 0 && bytes[0] != 0 &&
        bytes[0] != SVMS_RECORD_TRAILER) {
        walk->cut = false; /* too short for a record, and not the beginning of a trailer */
    }
    if (!walk->cut && (!trailer || count == SVMS_MAX_TRAILERS)) {
        fail_trailer(walk, walk->at, "bytes behind the end of the container (C-END-1)");
    }
    status = SVMS_OK;
    if (!walk->cut && !walk->failed) {
        status = take_body(walk, &record, err);
    }
    if (status == SVMS_OK && !walk->cut && !walk->failed) {
        status = take_tail(walk, err);
    }
    if (walk->cut) {
        walk->at = began;
        walk->verification->trailer_count = count;
    }
    return status;
}

static svms_status walk_trailers(trailer_walk *walk, svms_error *err)
{
    svms_verification *verification = walk->verification;
    if (!svms_hasher_start(walk->covered)) {
        return svms_fail_crypto(err, "hashing a trailer");
    }
    svms_status status = take_tail(walk, err);
    if (status != SVMS_OK || walk->failed || walk->cut) {
        return status;
    }
    verification->report.closed = 1;
    verification->position = walk->at;
    while (status == SVMS_OK && !walk->failed && !walk->cut &&
           walk->at < verification->front.window.size) {
        status = take_trailer(walk, err);
        if (status == SVMS_OK && !walk->failed && !walk->cut) {
            verification->position = walk->at;
        }
    }
    return status;
}

svms_status svms_verify_trailers(svms_verification *verification, uint64_t end_offset,
                                 uint64_t offset, bool *open, svms_error *err)
{
    trailer_walk walk = { 0 };
    walk.verification = verification;
    walk.at = offset;
    walk.hashed = end_offset;
    svms_record_encode(SVMS_RECORD_TAIL, SVMS_TAIL_BODY_SIZE, 0, walk.tail);
    svms_store_u64(walk.tail + SVMS_RECORD_HEADER_SIZE, end_offset);
    memcpy(walk.tail + SVMS_RECORD_HEADER_SIZE + 8, "SVMSTAIL", 8);
    svms_status status = svms_hasher_new(&walk.covered, verification->ctx, err);
    if (status == SVMS_OK) {
        status = svms_hasher_new(&walk.content, verification->ctx, err);
    }
    if (status == SVMS_OK) {
        status = walk_trailers(&walk, err);
    }
    svms_hasher_free(&walk.covered);
    svms_hasher_free(&walk.content);
    *open = walk.cut;
    return status;
}
