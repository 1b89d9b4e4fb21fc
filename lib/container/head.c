/* SPDX-License-Identifier: Apache-2.0 */
#include "head.h"

#include <string.h>

#include <svms/sequence.h>

#include "failure.h"
#include "options.h"
#include "stream.h"

static svms_status find_by_end(svms_front *front, svms_newest *out, svms_error *err)
{
    svms_end end;
    bool found = false;
    out->closed = false;
    svms_status status = svms_front_find_end(front, &found, &end, err);
    if (status != SVMS_OK || !found) {
        return status;
    }
    if (front->verifier != NULL) {
        status = svms_front_believe_end(front, &end, &found, err);
    }
    if (status == SVMS_OK && found) {
        out->closed = true;
        out->reason = end.reason;
        out->segment = end.segments == 0 ? SVMS_NO_SEGMENT : end.segments - 1;
        out->last_utc_ns = end.segments == 0 ? SVMS_NO_TIME : end.last_utc_ns;
        memcpy(out->hash, end.last_manifest, SVMS_DIGEST_SIZE);
    }
    return status;
}

/* Where to begin to look for the last segment: at the last one that a checkpoint names. */
static svms_status find_base(svms_scanner *scanner, uint64_t *at, svms_error *err)
{
    svms_segment_start start;
    svms_index_entry entry;
    svms_glimpse glimpse;
    uint64_t offset = 0;
    bool found = false;
    *at = scanner->front->first_record;
    svms_status status = svms_front_find_last_start(scanner->front, &found, &start, &offset, err);
    if (status != SVMS_OK || !found || start.checkpoint == 0) {
        return status;
    }
    status = svms_front_look_up_open(scanner->front, start.checkpoint, NULL, &found, &entry, err);
    if (status == SVMS_OK && found) {
        status = svms_glimpse_at(scanner, entry.offset, &glimpse, err);
        found = status == SVMS_OK && glimpse.complete && glimpse.number == entry.segment;
    }
    if (status == SVMS_OK && found) {
        *at = entry.offset;
    }
    return status;
}

typedef struct found_segment {
    bool found;
    uint64_t offset;
    uint64_t number;
} found_segment;

/* The last two segments whose manifests are there: the signature of the last may be cut off. */
static svms_status find_last(svms_scanner *scanner, found_segment last[2], svms_error *err)
{
    uint64_t at = 0;
    bool more = true;
    memset(last, 0, 2 * sizeof(last[0]));
    svms_status status = find_base(scanner, &at, err);
    while (status == SVMS_OK && more) {
        svms_glimpse glimpse;
        status = svms_glimpse_at(scanner, at, &glimpse, err);
        if (status == SVMS_OK && glimpse.complete) {
            last[1] = last[0];
            last[0] = (found_segment){ true, at, glimpse.number };
            at = glimpse.end;
            status = svms_skip_signature(scanner, &at, err);
        } else if (status == SVMS_OK) {
            uint64_t ignored = 0;
            status = svms_segment_search(scanner, at + 1, &more, &at, &ignored, err);
        }
    }
    return status;
}

/* *complete is false when the file ends within the segment. */
static svms_status take_segment(svms_scanner *scanner, const found_segment *at,
                                svms_segment *segment, svms_newest *out, bool *complete,
                                svms_error *err)
{
    svms_status status = svms_segment_scan(scanner, at->offset, at->number, NULL, segment, err);
    *complete = !segment->truncated;
    if (status != SVMS_OK || segment->truncated) {
        return status;
    }
    if (segment->problem.status != SVMS_OK) {
        status = svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, segment->problem.offset,
                              "the newest segment does not hold: %s", segment->problem.message);
        svms_fail_in_segment(err, at->number);
        return status;
    }
    out->segment = at->number;
    out->last_utc_ns = segment->manifest.last_utc_ns;
    memcpy(out->hash, segment->hash, SVMS_DIGEST_SIZE);
    return SVMS_OK;
}

static svms_status find_by_segments(svms_scanner *scanner, svms_newest *out, svms_error *err)
{
    found_segment last[2];
    bool complete = false;
    svms_status status = find_last(scanner, last, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_segment *segment = svms_alloc(scanner->front->ctx, sizeof(*segment));
    if (segment == NULL) {
        return svms_fail_memory(err);
    }
    for (unsigned i = 0; i < 2 && last[i].found && !complete && status == SVMS_OK; i++) {
        status = take_segment(scanner, &last[i], segment, out, &complete, err);
    }
    svms_release(scanner->front->ctx, segment);
    return status;
}

svms_status svms_newest_find(svms_scanner *scanner, svms_newest *out, svms_error *err)
{
    svms_newest newest = { false, 0, SVMS_NO_SEGMENT, { 0 }, SVMS_NO_TIME };
    memcpy(newest.hash, scanner->front->header.hash, SVMS_DIGEST_SIZE);
    svms_status status = find_by_end(scanner->front, &newest, err);
    if (status == SVMS_OK && !newest.closed) {
        status = find_by_segments(scanner, &newest, err);
    }
    if (status == SVMS_OK) {
        *out = newest;
    }
    return status;
}

void svms_newest_head(const svms_newest *newest, const svms_header *header, svms_head *out)
{
    *out = (svms_head)SVMS_HEAD_INIT;
    memcpy(out->container_id, header->container_id, sizeof(out->container_id));
    memcpy(out->recording_id, header->recording_id, sizeof(out->recording_id));
    out->recording_sequence = header->recording_sequence;
    out->segment = newest->segment;
    memcpy(out->manifest_hash, newest->hash, sizeof(out->manifest_hash));
    out->last_utc_ns = newest->last_utc_ns;
}

static svms_status find_head(svms_ctx *ctx, const svms_source *source, svms_head *out,
                             svms_error *err)
{
    svms_front front;
    svms_newest newest;
    svms_scanner *scanner = svms_alloc(ctx, sizeof(*scanner));
    if (scanner == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = svms_front_open(&front, ctx, source, err);
    scanner->front = &front;
    if (status == SVMS_OK) {
        status = svms_newest_find(scanner, &newest, err);
    }
    if (status == SVMS_OK) {
        svms_newest_head(&newest, &front.header, out);
    }
    svms_front_clear(&front);
    svms_release(ctx, scanner);
    return status;
}

svms_status svms_container_head(svms_ctx *ctx, const svms_source *source, svms_head *head,
                                svms_error *err)
{
    svms_source given = SVMS_SOURCE_INIT;
    svms_head found;
    if (ctx == NULL || source == NULL || head == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ctx, source and head must not be NULL");
    }
    svms_status status = svms_options_read(&given, sizeof(given), source, "svms_source", err);
    if (status == SVMS_OK && !svms_source_usable(&given)) {
        status = svms_fail(err, SVMS_E_USAGE, "the source lacks a callback");
    }
    if (status == SVMS_OK) {
        status = find_head(ctx, &given, &found, err);
    }
    return status == SVMS_OK ? svms_result_write(head, &found, sizeof(found), "svms_head", err)
                             : status;
}
