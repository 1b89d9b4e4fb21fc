/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over the records of a container that may be damaged. Where a record is expected and none
 * is, only what names this container's header (or leads back to what does) counts as a place to go
 * on: disks hold remains of other recordings. */
#include <string.h>

#include "failure.h"
#include "recover_internal.h"

/* Header, prefix, h and segment number: what tells whose a record is. */
#define LOOK (SVMS_RECORD_HEADER_SIZE + SVMS_OBJECT_PREFIX_SIZE + SVMS_DIGEST_SIZE + 8)
#define SEARCH_STEP 4096u
#define MARK_SIZE 8u

static const char start_mark[] = "SVMSSEG1";
static const char index_mark[] = "SVMSINDX";
static const char tail_mark[] = "SVMSTAIL";
static const char object_mark[] = "SVMO";

svms_walker svms_walker_at(svms_front *front, uint64_t offset)
{
    svms_walker walker = { 0 };
    walker.front = front;
    walker.at = offset;
    walker.segment = SVMS_NO_SEGMENT;
    return walker;
}

static uint64_t size_of(const svms_record *record)
{
    return (uint64_t)record->header_size + record->body_size;
}

static svms_cursor body_of(const svms_record *record, const uint8_t *bytes, size_t got)
{
    svms_cursor cursor = svms_cursor_over(bytes, got, 0);
    (void)svms_skip(&cursor, record->header_size);
    return cursor;
}

static bool follows(svms_cursor *cursor, const void *expected, size_t size)
{
    const uint8_t *found = svms_read_bytes(cursor, size);
    return found != NULL && memcmp(found, expected, size) == 0;
}

/* True when the body names this container by its header's hash. */
static bool is_bound(const svms_walker *walker, const svms_record *record, const uint8_t *bytes,
                     size_t got)
{
    const uint8_t *h = walker->front->header.hash;
    svms_cursor body = body_of(record, bytes, got);
    switch (record->type) {
    case SVMS_RECORD_START:
        return record->body_size == SVMS_START_BODY_SIZE && record->number == 0 &&
               follows(&body, start_mark, MARK_SIZE) && follows(&body, h, 8);
    case SVMS_RECORD_INDEX:
        return follows(&body, index_mark, MARK_SIZE) && follows(&body, h, 8);
    case SVMS_RECORD_MANIFEST:
    case SVMS_RECORD_END:
        return follows(&body, object_mark, 4) && svms_skip(&body, SVMS_OBJECT_PREFIX_SIZE - 4) &&
               follows(&body, h, SVMS_DIGEST_SIZE);
    default:
        return false;
    }
}

/* A signature that follows what it signs, or a late one (C-SIG-4). */
static bool is_signature_in_place(const svms_walker *walker, const svms_record *record,
                                  const uint8_t *bytes, size_t got)
{
    svms_cursor body = body_of(record, bytes, got);
    (void)svms_skip(&body, 4);
    uint64_t number = svms_read_u64(&body);
    bool late = walker->segment != SVMS_NO_SEGMENT && number <= walker->segment;
    return walker->passed.type == SVMS_RECORD_MANIFEST || walker->passed.type == SVMS_RECORD_END ||
           (late && !walker->after_end);
}

/* True when a record of this kind and number may stand where the walker stands. */
static bool belongs(const svms_walker *walker, const svms_record *record, const uint8_t *bytes,
                    size_t got)
{
    bool next = walker->inside && record->number == walker->expected;
    bool outside = !walker->inside && record->number == 0;
    switch (record->type) {
    case SVMS_RECORD_SAMPLE:
        return next && record->track < walker->front->header.track_count;
    case SVMS_RECORD_EVIDENCE:
    case SVMS_RECORD_MANIFEST:
        return next;
    case SVMS_RECORD_SIGNATURE:
        return next || (outside && is_signature_in_place(walker, record, bytes, got));
    case SVMS_RECORD_INDEX:
        return (next || (outside && !walker->after_end)) && is_bound(walker, record, bytes, got);
    case SVMS_RECORD_START:
        return outside && !walker->after_end && is_bound(walker, record, bytes, got);
    case SVMS_RECORD_END:
        return outside && !walker->after_end && record->body_size == SVMS_END_BODY_SIZE;
    case SVMS_RECORD_TAIL:
        return outside && walker->after_end && record->body_size == SVMS_TAIL_BODY_SIZE;
    case SVMS_RECORD_TRAILER:
        return outside && walker->after_tail;
    default:
        return false;
    }
}

static void enter(svms_walker *walker, svms_cursor *body)
{
    (void)svms_skip(body, MARK_SIZE + 8);
    walker->segment = svms_read_u64(body);
    walker->segment_start = walker->at;
    walker->inside = true;
    walker->after_end = false;
    walker->after_tail = false;
    walker->expected = 1;
}

static void pass(svms_walker *walker, const svms_record *record, const uint8_t *bytes, size_t got)
{
    svms_cursor body = body_of(record, bytes, got);
    switch (record->type) {
    case SVMS_RECORD_START:
        enter(walker, &body);
        break;
    case SVMS_RECORD_MANIFEST:
        walker->inside = false;
        walker->segment_start = 0;
        if (is_bound(walker, record, bytes, got)) {
            (void)svms_skip(&body, SVMS_OBJECT_PREFIX_SIZE + SVMS_DIGEST_SIZE);
            walker->segment = svms_read_u64(&body);
        }
        break;
    case SVMS_RECORD_END:
    case SVMS_RECORD_TAIL:
        walker->inside = false;
        walker->after_end = true;
        walker->after_tail = record->type == SVMS_RECORD_TAIL;
        break;
    default:
        walker->inside = record->number != 0;
        walker->expected = record->number + 1;
        break;
    }
    walker->passed = *record;
    walker->at += size_of(record);
}

/* The record at offset. *whole is false when there is none, or its end is missing; header_size is 0
 * when not even a header makes sense. */
static svms_status look(svms_walker *walker, uint64_t offset, svms_record *record, bool *whole,
                        const uint8_t **bytes, size_t *got, svms_error *err)
{
    svms_window *window = &walker->front->window;
    memset(record, 0, sizeof(*record));
    *whole = false;
    svms_status status = svms_window_peek(window, offset, LOOK, bytes, got, err);
    if (status == SVMS_OK && svms_record_parse(record, *bytes, *got, offset, NULL) == SVMS_OK) {
        *whole = size_of(record) <= window->size - offset;
    }
    return status;
}

/* What the header of a record must have said whose body begins with a mark; its type is 0 when that
 * cannot be told. */
static svms_record presume(const uint8_t *bytes, size_t got)
{
    svms_record record = { 0 };
    svms_cursor body = svms_cursor_over(bytes, got, 0);
    (void)svms_skip(&body, SVMS_RECORD_HEADER_SIZE);
    const uint8_t *mark = svms_read_bytes(&body, MARK_SIZE);
    record.header_size = SVMS_RECORD_HEADER_SIZE;
    if (mark == NULL) {
        return record;
    }
    if (memcmp(mark, start_mark, MARK_SIZE) == 0) {
        record.type = SVMS_RECORD_START;
        record.body_size = SVMS_START_BODY_SIZE;
    } else if (memcmp(mark, object_mark, 4) == 0) {
        (void)svms_skip(&body, 4);
        record.body_size = svms_read_u32(&body);
        record.type = mark[4] == SVMS_OBJECT_MANIFEST ? SVMS_RECORD_MANIFEST
                      : mark[4] == SVMS_OBJECT_END    ? SVMS_RECORD_END
                                                      : 0;
    }
    return record;
}

/* Where the tail record before `behind` says that the end record is, if that is one of this
 * container, or was. */
static svms_status points_back(svms_walker *walker, uint64_t behind, bool *answer, svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_window *window = &walker->front->window;
    svms_status status = svms_window_peek(window, behind - SVMS_TAIL_BODY_SIZE, SVMS_TAIL_BODY_SIZE,
                                          &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, got, 0);
    uint64_t end = svms_read_u64(&cursor);
    *answer = false;
    if (cursor.failed || end < walker->front->first_record || end >= behind) {
        return SVMS_OK;
    }
    status = svms_window_peek(window, end, LOOK, &bytes, &got, err);
    if (status == SVMS_OK) {
        svms_record record = presume(bytes, got);
        *answer = record.type == SVMS_RECORD_END && is_bound(walker, &record, bytes, got);
    }
    return status;
}

/* Behind a tail record another one needs a trailer in between. Whether one whose header is damaged
 * stands at walker->at and fills the place up to the tail record at offset. */
static svms_status is_behind_trailer(svms_walker *walker, uint64_t offset, bool *answer,
                                     svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_status status =
        svms_window_peek(&walker->front->window, walker->at, LOOK, &bytes, &got, err);
    if (status == SVMS_OK) {
        svms_cursor cursor = svms_cursor_over(bytes, got, walker->at);
        (void)svms_skip(&cursor, SVMS_RECORD_HEADER_SIZE + 4 + SVMS_DIGEST_SIZE);
        uint64_t size = SVMS_RECORD_HEADER_SIZE + SVMS_TRAILER_FIXED_SIZE;
        size += svms_read_u32(&cursor);
        *answer = !cursor.failed && walker->at + size == offset;
    }
    return status;
}

/* A mark stands at offset: the first of a tail record's last eight bytes. */
static svms_status try_tail(svms_walker *walker, uint64_t offset, bool *found, svms_error *err)
{
    const svms_record record = { .type = SVMS_RECORD_TAIL,
                                 .header_size = SVMS_RECORD_HEADER_SIZE,
                                 .body_size = SVMS_TAIL_BODY_SIZE };
    uint64_t behind = offset + MARK_SIZE;
    if (behind < walker->at + size_of(&record)) {
        return SVMS_OK;
    }
    svms_status status = points_back(walker, behind, found, err);
    if (status == SVMS_OK && *found && walker->after_tail) {
        status = is_behind_trailer(walker, behind - size_of(&record), found, err);
    }
    if (status == SVMS_OK && *found) {
        walker->at = behind - size_of(&record);
        pass(walker, &record, NULL, 0);
    }
    return status;
}

/* A mark stands at offset: the beginning of a body. Its header may be damaged: then the record is
 * passed, and counts as damage. */
static svms_status try_body(svms_walker *walker, uint64_t offset, bool *found, svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_record record;
    bool whole = false;
    if (offset < walker->at + SVMS_RECORD_HEADER_SIZE) {
        return SVMS_OK;
    }
    uint64_t place = offset - SVMS_RECORD_HEADER_SIZE;
    svms_status status = look(walker, place, &record, &whole, &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (whole && is_bound(walker, &record, bytes, got)) {
        walker->at = place;
        walker->resumed = true;
        *found = true;
        return SVMS_OK;
    }
    record = presume(bytes, got);
    if (record.type != 0 && is_bound(walker, &record, bytes, got) &&
        size_of(&record) <= walker->front->window.size - place) {
        walker->at = place;
        pass(walker, &record, bytes, got);
        *found = true;
    }
    return SVMS_OK;
}

/* Looks for marks that begin in the first `scanned` of size bytes, which stand at offset. */
static svms_status search_piece(svms_walker *walker, const uint8_t *piece, size_t size,
                                size_t scanned, uint64_t offset, bool *found, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (size_t i = 0; status == SVMS_OK && !*found && i < scanned; i++) {
        const uint8_t *hit = memchr(piece + i, 'S', scanned - i);
        if (hit == NULL) {
            return SVMS_OK;
        }
        i = (size_t)(hit - piece);
        svms_cursor cursor = svms_cursor_over(hit, size - i, 0);
        const uint8_t *mark = svms_read_bytes(&cursor, MARK_SIZE);
        if (mark == NULL || memcmp(mark, "SVM", 3) != 0) {
            continue;
        }
        status = memcmp(mark, tail_mark, MARK_SIZE) == 0 ? try_tail(walker, offset + i, found, err)
                                                         : try_body(walker, offset + i, found, err);
    }
    return status;
}

/* The next place from walker->at on where a record of this container surely stands, or stood. */
static svms_status search(svms_walker *walker, bool *found, svms_error *err)
{
    svms_window *window = &walker->front->window;
    uint64_t at = walker->at;
    *found = false;
    memset(&walker->passed, 0, sizeof(walker->passed));
    while (!*found && at < window->size) {
        uint8_t piece[SEARCH_STEP + MARK_SIZE];
        size_t size =
            window->size - at < sizeof(piece) ? (size_t)(window->size - at) : sizeof(piece);
        size_t scanned = size < sizeof(piece) ? size : SEARCH_STEP;
        svms_status status = svms_window_copy(window, at, size, piece, err);
        if (status == SVMS_OK && walker->tick != NULL && !walker->tick(walker->user, at)) {
            status = svms_fail(err, SVMS_E_CANCELLED, "cancelled");
        }
        if (status == SVMS_OK) {
            status = search_piece(walker, piece, size, scanned, at, found, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
        at += scanned;
    }
    return SVMS_OK;
}

svms_status svms_walker_step(svms_walker *walker, svms_walked *walked, svms_error *err)
{
    svms_record record;
    const uint8_t *bytes = NULL;
    size_t got = 0;
    bool whole = false;
    bool found = false;
    *walked = SVMS_WALKED_NOTHING;
    if (walker->at >= walker->front->window.size) {
        return SVMS_OK;
    }
    if (walker->tick != NULL && !walker->tick(walker->user, walker->at)) {
        return svms_fail(err, SVMS_E_CANCELLED, "cancelled");
    }
    svms_status status = look(walker, walker->at, &record, &whole, &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool ours = whole && (walker->resumed || belongs(walker, &record, bytes, got));
    walker->resumed = false;
    if (ours) {
        pass(walker, &record, bytes, got);
        *walked = SVMS_WALKED_RECORD;
        return SVMS_OK;
    }
    status = search(walker, &found, err);
    *walked = found ? SVMS_WALKED_DAMAGE : SVMS_WALKED_NOTHING;
    return status;
}
