/* SPDX-License-Identifier: Apache-2.0 */
/* The way to a segment of an open container: from the end of the file back to the last segment
 * start, which names the newest checkpoint, and from there by the checkpoints (C-IDX-5). Everything
 * here is a hint: whoever uses it verifies what it leads to. */
#include <string.h>

#include "failure.h"
#include "front.h"
#include "record.h"
#include "stream.h"

#define START_RECORD_SIZE (SVMS_RECORD_HEADER_SIZE + SVMS_START_BODY_SIZE)
#define MARKER_SIZE 16u
#define STEP 65536u
#define INDEX_RECORD_LARGEST                                                                       \
    (SVMS_RECORD_HEADER_SIZE + SVMS_INDEX_FIXED_SIZE + SVMS_INDEX_FANOUT * SVMS_INDEX_ENTRY_SIZE)

/* A whole start record whose marker stands at offset. */
static svms_status read_start(svms_front *front, uint64_t marker_offset, bool *found,
                              svms_segment_start *start, svms_error *err)
{
    uint8_t bytes[START_RECORD_SIZE];
    svms_record record;
    size_t got = 0;
    *found = false;
    if (marker_offset < front->first_record + SVMS_RECORD_HEADER_SIZE) {
        return SVMS_OK;
    }
    uint64_t offset = marker_offset - SVMS_RECORD_HEADER_SIZE;
    svms_status status =
        svms_source_read_some(&front->window.source, offset, bytes, sizeof(bytes), &got, err);
    if (status == SVMS_OK && got == sizeof(bytes)) {
        *found = svms_record_parse(&record, bytes, got, offset, NULL) == SVMS_OK &&
                 record.type == SVMS_RECORD_START && record.body_size == SVMS_START_BODY_SIZE &&
                 svms_start_parse(start, &front->header, bytes + SVMS_RECORD_HEADER_SIZE,
                                  SVMS_START_BODY_SIZE, offset, NULL) == SVMS_OK;
    }
    return status;
}

/* Looks through one step of the file, backwards. */
static svms_status search_step(svms_front *front, const uint8_t *bytes, size_t size, uint64_t base,
                               bool *found, svms_segment_start *start, uint64_t *offset,
                               svms_error *err)
{
    uint8_t marker[MARKER_SIZE];
    memcpy(marker, "SVMSSEG1", 8);
    memcpy(marker + 8, front->header.hash, 8);
    for (size_t at = size < MARKER_SIZE ? 0 : size - MARKER_SIZE + 1; at > 0; at--) {
        if (bytes[at - 1] != marker[0] || memcmp(bytes + at - 1, marker, MARKER_SIZE) != 0) {
            continue;
        }
        svms_status status = read_start(front, base + at - 1, found, start, err);
        if (status != SVMS_OK || *found) {
            *offset = base + at - 1 - SVMS_RECORD_HEADER_SIZE;
            return status;
        }
    }
    return SVMS_OK;
}

svms_status svms_front_find_last_start(svms_front *front, bool *found, svms_segment_start *start,
                                       uint64_t *offset, svms_error *err)
{
    uint64_t end = front->window.size;
    svms_status status = SVMS_OK;
    *found = false;
    uint8_t *bytes = svms_alloc(front->ctx, STEP);
    if (bytes == NULL) {
        return svms_fail_memory(err);
    }
    while (status == SVMS_OK && !*found && end > front->first_record) {
        uint64_t begin = end - front->first_record > STEP ? end - STEP : front->first_record;
        size_t size = (size_t)(end - begin);
        status = svms_source_read(&front->window.source, begin, bytes, size, err);
        if (status == SVMS_OK) {
            status = search_step(front, bytes, size, begin, found, start, offset, err);
        }
        /* A marker may lie across the border of two steps. */
        end = begin > front->first_record ? begin + MARKER_SIZE - 1 : begin;
    }
    svms_release_secret(front->ctx, bytes, STEP);
    return status;
}

static svms_status read_checkpoint(svms_front *front, uint8_t *buffer, uint64_t offset, bool *found,
                                   svms_index_view *view, svms_error *err)
{
    svms_record record;
    size_t got = 0;
    *found = false;
    svms_status status = svms_source_read_some(&front->window.source, offset, buffer,
                                               INDEX_RECORD_LARGEST, &got, err);
    if (status == SVMS_OK && got > SVMS_RECORD_HEADER_SIZE) {
        *found = svms_record_parse(&record, buffer, got, offset, NULL) == SVMS_OK &&
                 record.type == SVMS_RECORD_INDEX &&
                 got - SVMS_RECORD_HEADER_SIZE >= record.body_size &&
                 svms_index_parse(view, &front->header, offset, buffer + SVMS_RECORD_HEADER_SIZE,
                                  record.body_size);
    }
    return status;
}

/* The last entry at or before the time; the last of all without one. */
static bool choose_entry(const svms_index_view *view, const int64_t *utc_ns,
                         svms_index_entry *entry)
{
    for (uint32_t i = view->count; i > 0; i--) {
        *entry = svms_index_entry_at(view, i - 1);
        if (utc_ns == NULL || entry->first_utc_ns <= *utc_ns) {
            return true;
        }
    }
    return false;
}

/* Passes checkpoints that begin later than the time by looking at their first entries alone: in a
 * long container there may be hundreds. */
static svms_status pass_later(svms_front *front, const int64_t *utc_ns, uint64_t *offset,
                              svms_error *err)
{
    uint8_t bytes[SVMS_RECORD_HEADER_SIZE + SVMS_INDEX_GLANCE_SIZE];
    svms_status status = SVMS_OK;
    while (utc_ns != NULL && *offset != 0) {
        svms_index_view view = { 0 };
        size_t got = 0;
        status =
            svms_source_read_some(&front->window.source, *offset, bytes, sizeof(bytes), &got, err);
        if (status != SVMS_OK || got != sizeof(bytes) || bytes[0] != SVMS_RECORD_INDEX ||
            !svms_index_glance(&view, &front->header, *offset, bytes + SVMS_RECORD_HEADER_SIZE) ||
            svms_index_entry_at(&view, 0).first_utc_ns <= *utc_ns || view.before >= *offset) {
            break; /* whoever reads it whole decides */
        }
        *offset = view.before;
    }
    return status;
}

svms_status svms_front_look_up_open(svms_front *front, uint64_t checkpoint, const int64_t *utc_ns,
                                    bool *found, svms_index_entry *entry, svms_error *err)
{
    svms_status status = SVMS_OK;
    uint64_t offset = checkpoint;
    unsigned below = SVMS_INDEX_LEVELS;
    *found = false;
    uint8_t *buffer = svms_alloc(front->ctx, INDEX_RECORD_LARGEST);
    if (buffer == NULL) {
        return svms_fail_memory(err);
    }
    while (offset != 0) {
        svms_index_view view = { 0 };
        bool usable = false;
        status = pass_later(front, utc_ns, &offset, err);
        if (status != SVMS_OK || offset == 0) {
            break;
        }
        status = read_checkpoint(front, buffer, offset, &usable, &view, err);
        if (status != SVMS_OK || !usable || view.level >= below) {
            break;
        }
        bool here = choose_entry(&view, utc_ns, entry);
        if (here && view.level == 0) {
            *found = true;
            break;
        }
        /* Down into the record that holds it, or back to what an older checkpoint holds: both lie
         * before this one, so the way ends. */
        uint64_t next = here ? entry->offset : view.before;
        if (next >= offset) {
            break;
        }
        below = here ? view.level : below;
        offset = next;
    }
    svms_release_secret(front->ctx, buffer, INDEX_RECORD_LARGEST);
    return status;
}
