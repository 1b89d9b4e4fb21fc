/* SPDX-License-Identifier: Apache-2.0 */
/* A source of a package as a container of which only some bytes are there (evidence.md, section 5):
 * header and pieces at their own offsets, zeros where access slots were, FF elsewhere. */
#include <stdio.h>
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"
#include "options.h"
#include "segment.h"
#include "stream.h"

#define MISSING 0xFF

void svms_evidence_front_clear(svms_evidence *evidence)
{
    svms_release(evidence->ctx, evidence->front.raw);
    evidence->front.raw = NULL;
    evidence->front.number = UINT32_MAX;
}

/* One signature record, and nothing else; whether it is right, whoever verifies the source says. */
static bool is_signature(const uint8_t *bytes, size_t size)
{
    svms_record record = { 0 };
    return svms_record_parse(&record, bytes, size, 0, NULL) == SVMS_OK &&
           record.type == SVMS_RECORD_SIGNATURE && record.number == 0 &&
           (uint64_t)record.header_size + record.body_size == size;
}

/* Source info, header and header signature fill part C exactly. */
static svms_status parse_front(svms_evidence *evidence, svms_evidence_part *part,
                               const svms_evidence_frame *frame, svms_error *err)
{
    svms_evidence_front *front = &evidence->front;
    svms_cursor cursor = svms_cursor_over(front->raw, front->raw_size, frame->c_offset);
    part->removed_tracks = svms_read_u32(&cursor);
    (void)svms_read_zeros(&cursor, 4);
    part->from_utc_ns = svms_read_i64(&cursor);
    part->to_utc_ns = svms_read_i64(&cursor);
    part->container_size = svms_read_u64(&cursor);
    size_t left = svms_cursor_left(&cursor);
    const uint8_t *raw = svms_read_bytes(&cursor, left);
    uint32_t size = 0;
    bool backwards = part->from_utc_ns != SVMS_NO_TIME && part->to_utc_ns != SVMS_NO_TIME &&
                     part->to_utc_ns <= part->from_utc_ns;
    if (cursor.failed || left < SVMS_HEADER_PREFIX_OFFSET || backwards) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, frame->c_offset,
                            "the info of a source is malformed (section 5)");
    }
    svms_status status = svms_header_peek(raw, &size, err);
    if (status == SVMS_OK && size > left) {
        status = svms_fail(err, SVMS_E_MALFORMED, "the header of a source is cut off (E-SRC-1)");
    }
    memset(&front->header, 0, sizeof(front->header));
    if (status == SVMS_OK) {
        status = svms_header_parse_signer(&front->header, raw, size, err);
    }
    if (status == SVMS_OK) {
        status = svms_header_parse_fields(&front->header, raw, size, err);
    }
    if (status == SVMS_OK) {
        svms_iovec run = { raw, size };
        status = svms_sha256(evidence->ctx, &run, 1, front->header.hash, err); /* C-HDR-7 */
    }
    if (status != SVMS_OK) {
        return status;
    }
    bool signed_right = front->header.signer.role == SVMS_ROLE_NONE
                            ? left == size
                            : is_signature(raw + size, left - size);
    if (!signed_right || (uint64_t)part->removed_tracks >> front->header.track_count != 0) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, frame->c_offset,
                            "a source removes tracks that are not there, or bytes stand behind its "
                            "header (E-SRC)");
    }
    part->front_size = left;
    part->first_record =
        left + (front->header.has_keys ? 2 * (uint64_t)front->header.slot_size : 0);
    part->all_strong = true;
    part->all_tracks = (uint32_t)((UINT64_C(1) << front->header.track_count) - 1);
    for (uint32_t i = 0; i < front->header.track_count; i++) {
        part->all_strong =
            part->all_strong && front->header.tracks[i].protection == SVMS_PROTECT_STRONG;
    }
    part->front_known = true;
    return SVMS_OK;
}

svms_status svms_evidence_header_of(svms_evidence *evidence, uint32_t s, const svms_header **header,
                                    svms_error *err)
{
    svms_evidence_part *part = &evidence->parts[s];
    svms_evidence_front *front = &evidence->front;
    const svms_evidence_frame *held = NULL;
    svms_error found = SVMS_ERROR_INIT;
    if (front->number == s) {
        *header = &front->header;
        return SVMS_OK;
    }
    svms_status status = svms_evidence_need_frame(evidence, part->first, &held, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_evidence_frame frame = *held;
    svms_evidence_front_clear(evidence);
    evidence->leaves_entry = SVMS_NO_ENTRY; /* its header is about to go */
    status = svms_evidence_take_closing(evidence, &frame, &front->raw, err);
    if (status != SVMS_OK) {
        return status;
    }
    front->raw_size = frame.frame.c_size;
    status = parse_front(evidence, part, &frame, &found);
    if (status == SVMS_OK) {
        front->number = s;
        *header = &front->header;
        return SVMS_OK;
    }
    svms_evidence_front_clear(evidence);
    if (svms_is_grave(status) || status == SVMS_E_UNSUPPORTED) {
        return svms_fail_as(err, status, &found);
    }
    return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, frame.c_offset, "%s", found.message);
}

/* Where the last piece ends, or the header. */
static svms_status find_end(svms_evidence_part *part, uint64_t *end, svms_error *err)
{
    const svms_evidence_frame *frame = NULL;
    svms_status status = SVMS_OK;
    if (part->carried_end == 0) {
        part->carried_end = part->first_record;
        if (part->end > part->first + 1) {
            part->carried_end = 0;
            status = svms_evidence_check_frame(part->evidence, part->end - 1, &frame, err);
        }
    }
    if (status == SVMS_OK && part->carried_end == 0) {
        uint64_t origin = frame->listed.origin;
        uint64_t size = frame->holds ? frame->body_size + frame->frame.c_size : 0;
        part->carried_end = origin + size < origin ? UINT64_MAX : origin + size;
    }
    *end = part->carried_end;
    return status;
}

static svms_status know_front(svms_evidence_part *part, svms_error *err)
{
    const svms_header *header = NULL;
    return part->front_known ? SVMS_OK
                             : svms_evidence_header_of(part->evidence, part->number, &header, err);
}

static svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    svms_evidence_part *part = user;
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = know_front(part, &found);
    if (status == SVMS_OK) {
        status = find_end(part, size, &found);
    }
    *os_error = found.os_error;
    return status;
}

/* The piece that holds offset, or *frame NULL; *gap: bytes up to the next piece then. */
static svms_status find_piece(svms_evidence_part *part, uint64_t offset,
                              const svms_evidence_frame **frame, uint64_t *gap, svms_error *err)
{
    svms_evidence *evidence = part->evidence;
    const svms_evidence_frame *near = NULL;
    svms_frame_entry next = { 0 };
    uint64_t e = 0;
    bool found = false;
    *frame = NULL;
    for (uint32_t i = 0; i < SVMS_EVIDENCE_FRAMES; i++) {
        near = &evidence->frames[i];
        if (near->entry > part->first && near->entry < part->end && near->holds &&
            offset >= near->listed.origin &&
            offset - near->listed.origin < near->body_size + near->frame.c_size) {
            *frame = near;
            return SVMS_OK;
        }
    }
    svms_status status = svms_evidence_find_origin(part, offset, &found, &e, err);
    if (status != SVMS_OK) {
        return status;
    }
    uint64_t following = found ? e + 1 : part->first + 1;
    if (found) {
        status = svms_evidence_check_frame(evidence, e, &near, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (near->holds && offset - near->listed.origin < near->body_size + near->frame.c_size) {
            *frame = near;
            return SVMS_OK;
        }
    }
    *gap = UINT64_MAX;
    if (following < part->end) {
        status = svms_evidence_entry_at(evidence, following, &next, err);
        *gap = next.origin - offset;
    }
    return status;
}

static bool hides(const svms_evidence_part *part, const svms_evidence_frame *frame)
{
    return !svms_evidence_can_read(part->evidence, &frame->frame) ||
           (part->hide_bodies && (frame->frame.flags & SVMS_FRAME_SEALED) != 0);
}

/* As much of one piece as there is, at most size. */
static svms_status read_piece(svms_evidence_part *part, const svms_evidence_frame *frame,
                              uint64_t within, uint8_t *out, size_t *size, svms_error *err)
{
    svms_evidence *evidence = part->evidence;
    uint64_t left = 0;
    if (within >= frame->body_size) {
        left = frame->body_size + frame->frame.c_size - within;
        *size = left < *size ? (size_t)left : *size;
        return svms_source_read(&evidence->window.source,
                                frame->c_offset + (within - frame->body_size), out, *size, err);
    }
    left = frame->body_size - within;
    *size = left < *size ? (size_t)left : *size;
    if (hides(part, frame)) {
        memset(out, MISSING, *size);
        return SVMS_OK;
    }
    uint64_t entry = frame->entry;
    svms_status status = svms_evidence_read_body(evidence, frame, within, out, *size, err);
    if (status == SVMS_E_UNDECRYPTABLE) {
        part->shut = true;
        part->shut_entry = entry;
    }
    return status;
}

/* Header and its signature, from the bytes that were compared. */
static svms_status read_front(svms_evidence_part *part, uint64_t offset, uint8_t *out, size_t *size,
                              svms_error *err)
{
    svms_evidence *evidence = part->evidence;
    const svms_header *header = NULL;
    svms_status status = svms_evidence_header_of(evidence, part->number, &header, err);
    if (status != SVMS_OK) {
        return status;
    }
    uint64_t left = part->front_size - offset;
    *size = left < *size ? (size_t)left : *size;
    svms_cursor cursor = svms_cursor_over(evidence->front.raw, evidence->front.raw_size, 0);
    (void)svms_skip(&cursor, SVMS_SOURCE_INFO_SIZE + (size_t)offset);
    svms_read_copy(&cursor, out, *size);
    return SVMS_OK;
}

/* Header, slots, or a piece and what lies behind it. */
static svms_status read_run(svms_evidence_part *part, uint64_t offset, uint8_t *out, size_t *size,
                            svms_error *err)
{
    const svms_evidence_frame *frame = NULL;
    uint64_t gap = 0;
    if (offset < part->front_size) {
        return read_front(part, offset, out, size, err);
    }
    if (offset < part->first_record) {
        uint64_t left = part->first_record - offset;
        *size = left < *size ? (size_t)left : *size;
        memset(out, 0, *size);
        return SVMS_OK;
    }
    svms_status status = find_piece(part, offset, &frame, &gap, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (frame != NULL) {
        return read_piece(part, frame, offset - frame->listed.origin, out, size, err);
    }
    *size = gap < *size ? (size_t)gap : *size;
    memset(out, MISSING, *size);
    return SVMS_OK;
}

static svms_status read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                           int *os_error)
{
    svms_evidence_part *part = user;
    svms_error found = SVMS_ERROR_INIT;
    uint64_t end = 0;
    uint8_t *to = out;
    size_t done = 0;
    svms_status status = know_front(part, &found);
    if (status == SVMS_OK) {
        status = find_end(part, &end, &found);
    }
    if (status == SVMS_OK && offset < end && end - offset < size) {
        size = (size_t)(end - offset);
    }
    while (status == SVMS_OK && offset < end && done < size) {
        size_t piece = size - done;
        status = read_run(part, offset, to + done, &piece, &found);
        done += piece;
        offset += piece;
    }
    *got = status == SVMS_OK ? done : 0;
    *os_error = found.os_error;
    return status;
}

/* Bytes of one part of a piece that the package's own source has in place. */
static const uint8_t *view(void *user, uint64_t offset, size_t size)
{
    svms_evidence_part *part = user;
    const svms_source *file = &part->evidence->window.source;
    const svms_evidence_frame *frame = NULL;
    uint64_t gap = 0;
    if (file->view == NULL || offset < part->first_record ||
        find_piece(part, offset, &frame, &gap, NULL) != SVMS_OK || frame == NULL) {
        return NULL;
    }
    uint64_t within = offset - frame->listed.origin;
    if (within >= frame->body_size) {
        return within - frame->body_size + size <= frame->frame.c_size
                   ? file->view(file->user, frame->c_offset + (within - frame->body_size), size)
                   : NULL;
    }
    bool plain =
        frame->frame.kind != SVMS_FRAME_LEAVES && (frame->frame.flags & SVMS_FRAME_SEALED) == 0;
    return plain && size <= frame->body_size - within
               ? file->view(file->user, frame->b_offset + within, size)
               : NULL;
}

/* A frame whose bytes cannot be believed: only that something stands there. */
static void tell_broken(svms_piece *out)
{
    out->kind = SVMS_PIECE_FRAGMENT;
    out->unverified = true;
    out->hidden = true;
}

static svms_status piece_at(void *user, uint64_t n, bool *found, svms_piece *out, svms_error *err)
{
    svms_evidence_part *part = user;
    const svms_evidence_frame *frame = NULL;
    svms_piece piece = { 0 };
    *found = n < part->end - part->first - 1;
    if (!*found) {
        return SVMS_OK;
    }
    svms_status status =
        svms_evidence_check_frame(part->evidence, part->first + 1 + n, &frame, err);
    if (status != SVMS_OK) {
        return status;
    }
    piece.number = frame->listed.number;
    piece.offset = frame->listed.origin;
    piece.first_utc_ns = frame->listed.first_utc_ns;
    piece.last_utc_ns = frame->listed.last_utc_ns;
    if (!frame->holds) {
        tell_broken(&piece);
    } else {
        bool leaves = frame->frame.kind == SVMS_FRAME_LEAVES;
        piece.kind = leaves ? SVMS_PIECE_SEGMENT : (svms_piece_kind)frame->frame.kind;
        piece.unverified = (frame->frame.flags & SVMS_FRAME_UNVERIFIED) != 0;
        piece.hidden = hides(part, frame);
        piece.body_size = frame->body_size;
        piece.closing_size = frame->frame.c_size;
    }
    *out = piece;
    return SVMS_OK;
}

static svms_status find(void *user, int64_t utc_ns, bool *found, uint64_t *n, svms_error *err)
{
    svms_evidence_part *part = user;
    uint64_t e = 0;
    svms_status status = svms_evidence_find_time(part, utc_ns, found, &e, err);
    if (status == SVMS_OK && *found) {
        *n = e - part->first - 1;
    }
    return status;
}

/* Looks a track up among the secrets of a segment (E-FRM-3). */
static svms_status secret(void *user, uint64_t n, uint8_t track, bool *found,
                          uint8_t out[SVMS_SECRET_SIZE], svms_error *err)
{
    svms_evidence_part *part = user;
    const svms_evidence_frame *frame = NULL;
    uint8_t content[SVMS_MAX_PART_A];
    size_t size = 0;
    *found = false;
    svms_status status =
        svms_evidence_check_frame(part->evidence, part->first + 1 + n, &frame, err);
    if (status != SVMS_OK || !frame->holds || frame->frame.a_size == 0 || part->hide_bodies ||
        (part->evidence->header.sealed && !part->evidence->unlocked)) {
        return status;
    }
    uint64_t entry = frame->entry;
    status = svms_evidence_read_secrets(part->evidence, frame, content, &size, err);
    if (status == SVMS_E_UNDECRYPTABLE) {
        part->shut = true;
        part->shut_entry = entry;
    }
    svms_cursor cursor = svms_cursor_over(content, size, 0);
    while (status == SVMS_OK && !*found && !svms_cursor_at_end(&cursor)) {
        *found = svms_read_u8(&cursor) == track;
        svms_read_copy(&cursor, out, SVMS_SECRET_SIZE);
    }
    svms_wipe(content, sizeof(content));
    return status;
}

void svms_evidence_excerpt(svms_evidence_part *part, int64_t attested_utc_ns, svms_excerpt *out)
{
    svms_source *source = &part->source;
    *source = (svms_source)SVMS_SOURCE_INIT;
    source->user = part;
    source->read_at = read_at;
    source->get_size = get_size;
    source->view = part->evidence->window.source.view == NULL ? NULL : view;
    memset(out, 0, sizeof(*out));
    out->source = source;
    /* Of a proof nothing but the auxiliary records is at hand. */
    out->removed_tracks =
        part->evidence->header.kind == SVMS_EXPORT_PROOF ? part->all_tracks : part->removed_tracks;
    out->attested_utc_ns = attested_utc_ns;
    out->user = part;
    out->piece_at = piece_at;
    out->find = find;
    /* Secrets of a proof are for its presentation: here no track is there. */
    out->secret = part->evidence->header.kind == SVMS_EXPORT_PROOF ? NULL : secret;
}

svms_status svms_evidence_period(svms_evidence *evidence, uint32_t s, svms_export_period *out,
                                 svms_error *err)
{
    const svms_header *header = NULL;
    const svms_evidence_part *part = &evidence->parts[s];
    svms_status status = svms_evidence_header_of(evidence, s, &header, err);
    if (status != SVMS_OK || header == NULL) {
        return status;
    }
    *out = (svms_export_period)SVMS_EXPORT_PERIOD_INIT;
    out->number = s;
    memcpy(out->device_id, header->device_id, 16);
    memcpy(out->recording_id, header->recording_id, 16);
    memcpy(out->container_id, header->container_id, 16);
    out->recording_sequence = header->recording_sequence;
    out->from_utc_ns = part->from_utc_ns;
    out->to_utc_ns = part->to_utc_ns;
    out->first_utc_ns = part->first_utc_ns;
    out->last_utc_ns = part->last_utc_ns;
    out->first_segment = part->first_segment;
    out->last_segment = part->last_segment;
    out->segments = part->segments;
    out->track_count = header->track_count;
    out->removed_tracks = part->removed_tracks;
    out->unverified = (part->flags & SVMS_FRAME_UNVERIFIED) != 0;
    out->verdict = part->verdict;
    return SVMS_OK;
}

svms_status svms_export_get_source(svms_evidence *evidence, uint32_t number,
                                   svms_export_period *period, svms_error *err)
{
    svms_export_period known;
    if (evidence == NULL || period == NULL || number >= evidence->first.sources) {
        return svms_fail(err, SVMS_E_USAGE, "there is no such source, or no place for it");
    }
    svms_status status = svms_evidence_period(evidence, number, &known, err);
    if (status == SVMS_OK) {
        status = svms_result_write(period, &known, sizeof(known), "svms_export_period", err);
    }
    return status;
}

svms_status svms_export_extract(svms_reader **out, svms_evidence *evidence, uint32_t number,
                                const svms_reader_options *options, svms_error *err)
{
    svms_excerpt excerpt;
    const svms_header *header = NULL;
    svms_reader_options given = SVMS_READER_OPTIONS_INIT;
    if (out == NULL || evidence == NULL || number >= evidence->first.sources ||
        evidence->header.kind != SVMS_EXPORT_PACKAGE) {
        return svms_fail(err, SVMS_E_USAGE, "there is no such source, or it is a proof");
    }
    svms_status status =
        svms_options_read(&given, sizeof(given), options, "svms_reader_options", err);
    if (status == SVMS_OK && given.keys != NULL) {
        status = svms_fail(err, SVMS_E_USAGE, "the package's own keys open it");
    }
    if (status == SVMS_OK && evidence->header.sealed && !evidence->unlocked) {
        status = svms_fail(err, SVMS_E_WRONG_KEY,
                           "the package is sealed, and nothing that was given opens it");
    }
    if (status == SVMS_OK) {
        status = svms_evidence_header_of(evidence, number, &header, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_evidence_excerpt(&evidence->parts[number], SVMS_NO_TIME, &excerpt);
    return svms_reader_open_excerpt(out, evidence->ctx, &excerpt, &given, err);
}
