/* SPDX-License-Identifier: Apache-2.0 */
/* What a walk over all records finds, and what stands behind the last of them. */
#include "aead.h"
#include "recover_internal.h"

/* Where the zeros begin that the file ends with, at or behind from. */
static svms_status find_zeros(svms_front *front, uint64_t from, uint64_t *begin, svms_error *err)
{
    uint8_t bytes[4096];
    uint64_t end = front->window.size;
    while (end > from) {
        size_t step = end - from < sizeof(bytes) ? (size_t)(end - from) : sizeof(bytes);
        svms_status status = svms_window_copy(&front->window, end - step, step, bytes, err);
        if (status != SVMS_OK) {
            return status;
        }
        while (step > 0 && bytes[step - 1] == 0) {
            step--;
            end--;
        }
        if (step != 0) {
            break;
        }
    }
    *begin = end;
    return SVMS_OK;
}

/* What the size bytes behind the last whole record are; size is not 0. */
static svms_status classify(svms_walker *walker, svms_outline *outline, uint64_t size,
                            svms_error *err)
{
    svms_window *window = &walker->front->window;
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_record record;
    if (walker->at != outline->whole) {
        outline->trailer = size; /* whole, but the tail record that belongs to it is not */
        return SVMS_OK;
    }
    size_t wanted = size < SVMS_SAMPLE_HEADER_MAX ? (size_t)size : SVMS_SAMPLE_HEADER_MAX;
    svms_status status = svms_window_peek(window, outline->whole, wanted, &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    uint8_t type = got == 0 ? 0 : bytes[0];
    status = svms_record_parse(&record, bytes, got, outline->whole, NULL);
    uint64_t record_size = (uint64_t)record.header_size + record.body_size;
    bool cut = status == SVMS_E_TRUNCATED || (status == SVMS_OK && record_size > size);
    if (!cut || (walker->after_tail && type != SVMS_RECORD_TRAILER)) {
        outline->other = size;
    } else if (walker->after_tail) {
        outline->trailer = size;
    } else {
        outline->torn = size;
    }
    return SVMS_OK;
}

static void note(svms_outline *outline, const svms_walker *walker)
{
    const svms_record *record = &walker->passed;
    bool ends = record->type == SVMS_RECORD_END || record->type == SVMS_RECORD_TAIL ||
                (record->type == SVMS_RECORD_INDEX && record->number == 0);
    if (record->type == SVMS_RECORD_START) {
        outline->end_offset = 0;
    } else if (ends && outline->end_offset == 0) {
        outline->end_offset = walker->at - record->header_size - record->body_size;
    }
    /* A trailer counts when the tail record behind it is there (C-TRL-4). */
    if (record->type != 0 && record->type != SVMS_RECORD_TRAILER) {
        outline->whole = walker->at;
    }
}

/* A sealed sample ends with a tag. One of nothing but zeros, with zeros behind it to the end, was
 * never written. */
static bool is_unwritten(const svms_walker *walker, uint64_t zeros)
{
    const svms_record *record = &walker->passed;
    return record->type == SVMS_RECORD_SAMPLE && record->body_size > SVMS_AEAD_TAG_SIZE &&
           walker->front->header.tracks[record->track].protection == SVMS_PROTECT_STRONG &&
           walker->at >= zeros + SVMS_AEAD_TAG_SIZE && walker->at < walker->front->window.size;
}

svms_status svms_outline_find(svms_walker *walker, svms_outline *out, svms_error *err)
{
    svms_outline outline = { 0 };
    svms_walked walked = SVMS_WALKED_RECORD;
    uint64_t zeros = 0;
    outline.whole = walker->at;
    svms_status status = find_zeros(walker->front, walker->at, &zeros, err);
    while (status == SVMS_OK && walked != SVMS_WALKED_NOTHING) {
        status = svms_walker_step(walker, &walked, err);
        if (status == SVMS_OK && walked == SVMS_WALKED_RECORD && is_unwritten(walker, zeros)) {
            walker->at = outline.whole;
            break;
        }
        if (status == SVMS_OK && walked != SVMS_WALKED_NOTHING) {
            note(&outline, walker);
        }
    }
    if (status != SVMS_OK) {
        return status;
    }
    outline.unfinished = walker->inside ? walker->segment_start : 0;
    zeros = zeros < outline.whole ? outline.whole : zeros;
    outline.zero = walker->front->window.size - zeros;
    if (zeros != outline.whole) {
        status = classify(walker, &outline, zeros - outline.whole, err);
    }
    *out = outline;
    return status;
}
