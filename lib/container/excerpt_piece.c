/* SPDX-License-Identifier: Apache-2.0 */
/* One piece of an excerpt: whether it can be what it says it is (E-SRC-2 to E-SRC-6). */
#include "excerpt_internal.h"

#include "failure.h"

const char *svms_piece_fault(const svms_piece *piece, uint64_t first, uint64_t limit)
{
    bool segment = piece->kind == SVMS_PIECE_SEGMENT;
    bool fragment = piece->kind == SVMS_PIECE_FRAGMENT;
    if (piece->kind < SVMS_PIECE_SEGMENT || piece->kind > SVMS_PIECE_FRAGMENT) {
        return "a piece of a kind that does not exist";
    }
    if ((piece->body_size != 0) != (segment || fragment) ||
        (piece->closing_size != 0) == fragment || piece->closing_size > SVMS_PIECE_CLOSING_MAX) {
        return "the sizes of a piece are wrong (E-FRM-1, E-OVR-5)";
    }
    if (piece->offset < first) {
        return "pieces overlap or are out of order (E-SRC-2)";
    }
    if (piece->offset > limit || piece->body_size > limit - piece->offset ||
        piece->closing_size > limit - piece->offset - piece->body_size) {
        return "a piece ends behind the end of what is carried";
    }
    return NULL;
}

void svms_front_bound(svms_front *front, uint64_t end)
{
    front->window.size = end;
    front->written_end = end;
    front->written_size = end;
}

static void note(svms_segment *segment, svms_status status, uint64_t offset, const char *text)
{
    if (segment->problem.status == SVMS_OK) {
        (void)svms_fail_at(&segment->problem, status, offset, "%s", text);
    }
}

/* What piece and manifest say of the same things. */
static void compare(const svms_scanner *scanner, const svms_piece *piece, svms_segment *segment)
{
    const svms_manifest *manifest = &segment->manifest;
    uint64_t closing = piece->offset + piece->body_size;
    if (segment->truncated) {
        note(segment, SVMS_E_NOT_AUTHENTIC, piece->offset, "the piece ends within what it holds");
    }
    if (segment->problem.status != SVMS_OK || !segment->believed) {
        note(segment, SVMS_E_NOT_AUTHENTIC, piece->offset, "the piece holds no whole manifest");
        return;
    }
    if (segment->manifest_offset != closing || segment->end != closing + piece->closing_size) {
        note(segment, SVMS_E_NOT_AUTHENTIC, piece->offset,
             "the piece is longer or shorter than what it holds (E-SRC-3)");
    }
    if (manifest->segment != piece->number || manifest->first_utc_ns != piece->first_utc_ns ||
        manifest->last_utc_ns != piece->last_utc_ns) {
        note(segment, SVMS_E_NOT_AUTHENTIC, piece->offset,
             "number or times of the piece are not those of its manifest (E-DIR-3)");
    }
    if (piece->kind == SVMS_PIECE_SEGMENT &&
        (scanner->removed == 0 ? manifest->bytes != piece->body_size
                               : manifest->bytes < piece->body_size)) {
        note(segment, SVMS_E_NOT_AUTHENTIC, piece->offset,
             "the piece has not the size that was signed (E-SRC-3)");
    }
}

svms_status svms_piece_manifest(svms_scanner *scanner, const svms_piece *piece, svms_segment *out,
                                svms_error *err)
{
    svms_front *front = scanner->front;
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_record record = { 0 };
    svms_error found = SVMS_ERROR_INIT;
    uint64_t at = piece->offset + piece->body_size;
    *out = (svms_segment){ 0 };
    out->offset = piece->offset;
    out->problem = (svms_error)SVMS_ERROR_INIT;
    out->late_attested = SVMS_NO_SEGMENT;
    out->has_start = true;
    out->start.segment = piece->number;
    out->unread = true;
    svms_front_bound(front, at + piece->closing_size);
    svms_status status =
        svms_window_peek(&front->window, at, SVMS_SAMPLE_HEADER_MAX, &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_record_parse(&record, bytes, got, at, &found);
    if (status != SVMS_OK || record.type != SVMS_RECORD_MANIFEST) {
        note(out, SVMS_E_NOT_AUTHENTIC, at,
             status != SVMS_OK ? found.message : "what stands here is no manifest (E-SRC-4)");
        return SVMS_OK;
    }
    if (record.body_size > piece->closing_size - record.header_size) {
        out->truncated = true;
    } else {
        status = svms_segment_take_manifest(scanner, &record, at, out, err);
    }
    if (status == SVMS_OK && out->believed && out->manifest.records != record.number) {
        note(out, SVMS_E_NOT_AUTHENTIC, at + 8, "the manifest is not the last record (C-REC-1)");
    }
    compare(scanner, piece, out);
    return status;
}

svms_status svms_piece_scan(svms_scanner *scanner, const svms_piece *piece, uint64_t expected,
                            const uint8_t *previous, svms_segment *out, svms_error *err)
{
    svms_front_bound(scanner->front, piece->offset + piece->body_size + piece->closing_size);
    svms_status status = svms_segment_scan(scanner, piece->offset, expected, previous, out, err);
    if (status == SVMS_OK) {
        compare(scanner, piece, out);
    }
    return status;
}
