/* SPDX-License-Identifier: Apache-2.0 */
/* The way to the end and to a segment, by tail and index. Everything here is a hint: whoever
 * uses it verifies what it leads to. */
#include <string.h>

#include "failure.h"
#include "front.h"
#include "record.h"
#include "stream.h"

#define TAIL_RECORD_SIZE (SVMS_RECORD_HEADER_SIZE + SVMS_TAIL_BODY_SIZE)

/* A failure to make sense of a hint is no failure; only the environment's are. */
static bool is_grave(svms_status status)
{
    svms_status_kind kind = svms_status_class(status);
    return kind == SVMS_CLASS_ENVIRONMENT || kind == SVMS_CLASS_INTERNAL;
}

/* A whole record of at most size bytes, into buffer. */
static svms_status read_record(svms_front *front, uint64_t offset, uint8_t type, uint8_t *buffer,
                               size_t capacity, svms_record *record, size_t *size, svms_error *err)
{
    size_t got = 0;
    svms_status status =
        svms_source_read_some(&front->window.source, offset, buffer, capacity, &got, err);
    if (status == SVMS_OK) {
        status = svms_record_parse(record, buffer, got, offset, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    *size = (size_t)record->header_size + record->body_size;
    return record->type == type && *size <= got ? SVMS_OK : SVMS_E_MALFORMED;
}

static bool tail_offset(const uint8_t *tail, uint64_t *end_offset)
{
    svms_record record;
    if (svms_record_parse(&record, tail, TAIL_RECORD_SIZE, 0, NULL) != SVMS_OK ||
        record.type != SVMS_RECORD_TAIL || record.body_size != SVMS_TAIL_BODY_SIZE) {
        return false;
    }
    svms_cursor cursor = svms_cursor_over(tail + SVMS_RECORD_HEADER_SIZE, SVMS_TAIL_BODY_SIZE, 0);
    *end_offset = svms_read_u64(&cursor);
    const uint8_t *marker = svms_read_bytes(&cursor, 8);
    return marker != NULL && memcmp(marker, "SVMSTAIL", 8) == 0;
}

/* What the tail record at an offset leads to, if one is there. */
static svms_status end_by_tail(svms_front *front, uint64_t at, bool *closed, svms_end *end,
                               svms_error *err)
{
    uint8_t tail[TAIL_RECORD_SIZE];
    uint8_t bytes[SVMS_RECORD_HEADER_SIZE + SVMS_END_BODY_SIZE];
    uint64_t offset = 0;
    svms_record record;
    size_t size = 0;
    svms_error found = SVMS_ERROR_INIT;
    *closed = false;
    svms_status status = svms_source_read(&front->window.source, at, tail, sizeof(tail), err);
    if (status != SVMS_OK || !tail_offset(tail, &offset)) {
        return is_grave(status) ? status : SVMS_OK;
    }
    status =
        read_record(front, offset, SVMS_RECORD_END, bytes, sizeof(bytes), &record, &size, &found);
    if (status == SVMS_OK) {
        status = svms_end_parse(end, &front->header, bytes + SVMS_RECORD_HEADER_SIZE,
                                record.body_size, offset, NULL);
    }
    if (is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    *closed = status == SVMS_OK && end->offset == offset;
    return SVMS_OK;
}

svms_status svms_front_find_end(svms_front *front, bool *closed, svms_end *end, svms_error *err)
{
    *closed = false;
    svms_status status = svms_window_refresh(&front->window, err);
    if (status != SVMS_OK || front->window.size < front->first_record + TAIL_RECORD_SIZE) {
        return status;
    }
    return end_by_tail(front, front->window.size - TAIL_RECORD_SIZE, closed, end, err);
}

#define MARK_SIZE 8u
#define SEARCH_STEP 4096u

/* The last tail record that begins in [from, from + step); marks lie at its end. */
static svms_status search_tails(svms_front *front, uint64_t from, size_t step, bool *found,
                                svms_end *end, svms_error *err)
{
    uint8_t bytes[SEARCH_STEP + TAIL_RECORD_SIZE];
    size_t got = 0;
    svms_status status = svms_source_read_some(&front->window.source, from, bytes,
                                               step + TAIL_RECORD_SIZE, &got, err);
    for (size_t i = got < step ? got : step; status == SVMS_OK && i > 0 && !*found; i--) {
        size_t mark = i - 1 + TAIL_RECORD_SIZE - MARK_SIZE;
        if (mark + MARK_SIZE <= got && memcmp(bytes + mark, "SVMSTAIL", MARK_SIZE) == 0) {
            status = end_by_tail(front, from + i - 1, found, end, err);
        }
    }
    return status;
}

svms_status svms_front_find_torn_end(svms_front *front, bool *found, svms_end *end, svms_error *err)
{
    const uint64_t longest = SVMS_RECORD_HEADER_SIZE + SVMS_TRAILER_FIXED_SIZE +
                             SVMS_MAX_TRAILER_CONTENT + 2u * TAIL_RECORD_SIZE;
    uint64_t size = front->window.size;
    uint64_t lowest = size > longest && size - longest > front->first_record ? size - longest
                                                                             : front->first_record;
    svms_status status = SVMS_OK;
    *found = false;
    while (size > lowest && status == SVMS_OK && !*found) {
        size_t step = size - lowest < SEARCH_STEP ? (size_t)(size - lowest) : SEARCH_STEP;
        size -= step;
        status = search_tails(front, size, step, found, end, err);
    }
    return status;
}

svms_status svms_front_same_end(svms_front *front, const svms_end *end, bool *same, svms_error *err)
{
    uint8_t bytes[SVMS_RECORD_HEADER_SIZE + SVMS_END_BODY_SIZE];
    svms_record record;
    svms_end read;
    size_t size = 0;
    svms_error found = SVMS_ERROR_INIT;
    *same = false;
    svms_status status =
        svms_window_copy(&front->window, end->offset, sizeof(bytes), bytes, &found);
    if (status == SVMS_OK) {
        status = svms_record_parse(&record, bytes, sizeof(bytes), end->offset, &found);
    }
    if (status == SVMS_OK &&
        (record.type != SVMS_RECORD_END || record.body_size != SVMS_END_BODY_SIZE)) {
        status = SVMS_E_MALFORMED;
    }
    if (status == SVMS_OK) {
        status = svms_front_check_signature(front, end->offset + sizeof(bytes), SVMS_SIGNED_END,
                                            bytes + SVMS_RECORD_HEADER_SIZE, SVMS_END_BODY_SIZE,
                                            &size, NULL, &found);
    }
    if (status == SVMS_OK) {
        status = svms_end_parse(&read, &front->header, bytes + SVMS_RECORD_HEADER_SIZE,
                                record.body_size, end->offset, &found);
    }
    if (is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    *same = status == SVMS_OK && read.offset == end->offset && read.segments == end->segments &&
            read.root_offset == end->root_offset && read.last_utc_ns == end->last_utc_ns &&
            memcmp(read.root_hash, end->root_hash, SVMS_DIGEST_SIZE) == 0 &&
            memcmp(read.last_manifest, end->last_manifest, SVMS_DIGEST_SIZE) == 0;
    return SVMS_OK;
}

svms_status svms_front_believe_end(svms_front *front, const svms_end *end, bool *believed,
                                   svms_error *err)
{
    bool same = false;
    svms_status status = svms_front_same_end(front, end, &same, err);
    *believed = same && front->verifier != NULL;
    return status;
}

svms_status svms_front_end_size(svms_front *front, const svms_end *end, uint64_t *size,
                                svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_record record = { 0 };
    *size = SVMS_RECORD_HEADER_SIZE + SVMS_END_BODY_SIZE;
    svms_status status = svms_window_peek(&front->window, end->offset + *size,
                                          SVMS_RECORD_HEADER_SIZE, &bytes, &got, err);
    if (status == SVMS_OK && front->verifier != NULL) {
        status = svms_record_parse(&record, bytes, got, end->offset + *size, err);
        *size += (uint64_t)SVMS_RECORD_HEADER_SIZE + record.body_size;
    }
    return status;
}

/* Position of the entry to follow, or count when all come later. */
static uint32_t choose(const svms_index_view *view, uint64_t segment, const int64_t *utc_ns)
{
    uint32_t low = 0;
    uint32_t high = view->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        svms_index_entry entry = svms_index_entry_at(view, middle);
        bool at_or_before =
            utc_ns != NULL ? entry.first_utc_ns <= *utc_ns : entry.segment <= segment;
        if (at_or_before) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? view->count : low - 1;
}

svms_status svms_front_look_up(svms_front *front, const svms_end *end, uint64_t segment,
                               const int64_t *utc_ns, bool *found, svms_index_entry *entry,
                               svms_error *err)
{
    const size_t capacity =
        SVMS_RECORD_HEADER_SIZE + SVMS_INDEX_FIXED_SIZE + SVMS_INDEX_FANOUT * SVMS_INDEX_ENTRY_SIZE;
    uint64_t offset = end->root_offset;
    unsigned level = SVMS_INDEX_LEVELS;
    *found = false;
    if (end->segments == 0) {
        return SVMS_OK;
    }
    uint8_t *buffer = svms_alloc(front->ctx, capacity);
    if (buffer == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = SVMS_OK;
    svms_error why = SVMS_ERROR_INIT;
    while (level > 0) {
        svms_record record;
        svms_index_view view;
        size_t size = 0;
        status =
            read_record(front, offset, SVMS_RECORD_INDEX, buffer, capacity, &record, &size, &why);
        if (status != SVMS_OK ||
            !svms_index_parse(&view, &front->header, offset, buffer + SVMS_RECORD_HEADER_SIZE,
                              record.body_size) ||
            view.level >= level) {
            break;
        }
        uint32_t position = choose(&view, segment, utc_ns);
        if (position == view.count) {
            break;
        }
        *entry = svms_index_entry_at(&view, position);
        offset = entry->offset;
        level = view.level;
        *found = level == 0;
    }
    svms_release_secret(front->ctx, buffer, capacity);
    if (is_grave(status)) {
        return svms_fail_as(err, status, &why);
    }
    *found = *found && (utc_ns != NULL || entry->segment == segment);
    return SVMS_OK;
}
