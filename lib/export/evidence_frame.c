/* SPDX-License-Identifier: Apache-2.0 */
/* One frame: its digest first (E-OVR-3), then everything that the directory says of it (E-DIR-3).
 */
#include <stdio.h>
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"
#include "segment.h"
#include "stream.h"

#define PROGRESS_STEP UINT64_C(1048576)

static bool get_bit(const uint8_t *bits, uint64_t e)
{
    return (bits[e / 8] >> (e % 8) & 1) != 0;
}

static void set_bit(uint8_t *bits, uint64_t e)
{
    bits[e / 8] = (uint8_t)(bits[e / 8] | 1u << (e % 8));
}

bool svms_evidence_is_checked(const svms_evidence *evidence, uint64_t e)
{
    return get_bit(evidence->checked, e);
}

bool svms_evidence_has_failed(const svms_evidence *evidence, uint64_t e)
{
    return get_bit(evidence->failed, e);
}

void svms_evidence_set_failed(svms_evidence *evidence, uint64_t e)
{
    set_bit(evidence->failed, e);
}

bool svms_evidence_tick(svms_evidence *evidence)
{
    svms_evidence_progress *progress = &evidence->progress;
    uint64_t done = progress->done < progress->total ? progress->done : progress->total;
    progress->told = progress->done;
    return progress->callback == NULL ||
           progress->callback(progress->user, done, progress->total) == 0;
}

bool svms_evidence_advance(svms_evidence *evidence, uint64_t bytes)
{
    svms_evidence_progress *progress = &evidence->progress;
    progress->done += bytes;
    return progress->done - progress->told < PROGRESS_STEP || svms_evidence_tick(evidence);
}

static void refuse(svms_evidence_frame *frame, const char *reason)
{
    frame->holds = false;
    (void)snprintf(frame->reason, sizeof(frame->reason), "%s", reason);
}

static svms_status hash_range(svms_evidence *evidence, uint64_t offset, uint64_t size,
                              svms_error *err)
{
    while (size > 0) {
        const uint8_t *bytes = NULL;
        size_t piece = 0;
        uint64_t step = size < PROGRESS_STEP ? size : PROGRESS_STEP;
        svms_status status =
            svms_window_piece(&evidence->window, offset, step, &bytes, &piece, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!svms_hasher_update(evidence->hasher, bytes, piece)) {
            return svms_fail_crypto(err, "hashing a frame");
        }
        if (!svms_evidence_advance(evidence, piece)) {
            return svms_fail(err, SVMS_E_CANCELLED, "cancelled");
        }
        offset += piece;
        size -= piece;
    }
    return SVMS_OK;
}

/* Part C, read once: what is parsed is what was hashed (E-OVR-3). Never NULL. */
static svms_status read_closing(svms_evidence *evidence, const svms_evidence_frame *frame,
                                uint8_t **out, svms_error *err)
{
    size_t size = frame->frame.c_size;
    *out = svms_alloc(evidence->ctx, size + 1);
    if (*out == NULL) {
        return svms_fail_memory(err);
    }
    return svms_source_read(&evidence->window.source, frame->c_offset, *out, size, err);
}

/* E-DIR-2. */
static svms_status hash_frame(svms_evidence *evidence, svms_evidence_frame *out,
                              const uint8_t *closing, uint8_t digest[SVMS_DIGEST_SIZE],
                              svms_error *err)
{
    const svms_frame *frame = &out->frame;
    svms_hasher *hasher = evidence->hasher;
    bool omitted = svms_frame_digest_omits_body(frame);
    if (!svms_hasher_start(hasher) ||
        !svms_hasher_update(hasher, out->header, SVMS_FRAME_HEADER_SIZE)) {
        return svms_fail_crypto(err, "hashing a frame");
    }
    svms_status status =
        hash_range(evidence, out->a_offset, frame->a_size + (omitted ? 0 : frame->b_size), err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_hasher_update(hasher, closing, frame->c_size) ||
        !svms_hasher_finish(hasher, digest) ||
        !svms_hasher_once(hasher, closing, frame->c_size, out->closing_hash)) {
        return svms_fail_crypto(err, "hashing a frame");
    }
    /* A body that was left out is read where its segment is. */
    uint64_t passed = SVMS_FRAME_HEADER_SIZE + frame->c_size + (omitted ? frame->b_size : 0);
    return svms_evidence_advance(evidence, passed) ? SVMS_OK
                                                   : svms_fail(err, SVMS_E_CANCELLED, "cancelled");
}

/* What held once is hashed again where that is quick, or where all of it is parsed again. */
static bool is_settled(const svms_evidence *evidence, const svms_evidence_frame *frame)
{
    return svms_evidence_is_checked(evidence, frame->entry) && frame->frame.b_size != 0 &&
           !svms_frame_digest_omits_body(&frame->frame) && frame->frame.kind != SVMS_FRAME_LEAVES;
}

static svms_status compare_digest(svms_evidence *evidence, svms_evidence_frame *out,
                                  const uint8_t *closing, svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_status status = hash_frame(evidence, out, closing, digest, err);
    if (status != SVMS_OK) {
        return status;
    }
    out->closing_known = memcmp(digest, out->listed.digest, sizeof(digest)) == 0;
    if (!out->closing_known) {
        refuse(out, "the frame is not what was signed (E-DIR-2)");
    } else {
        out->holds = !svms_evidence_has_failed(evidence, out->entry);
    }
    return SVMS_OK;
}

/* Header, place and size against the directory. */
static svms_status read_header(svms_evidence *evidence, svms_evidence_frame *out, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    svms_frame *frame = &out->frame;
    const svms_frame_entry *entry = &out->listed;
    svms_status status = svms_source_read(&evidence->window.source, entry->offset, out->header,
                                          SVMS_FRAME_HEADER_SIZE, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_frame_parse(frame, evidence->header.kind, evidence->header.sealed, out->header,
                              entry->offset, &found);
    if (status != SVMS_OK) {
        refuse(out, found.message);
        return SVMS_OK;
    }
    if (frame->kind != entry->kind || frame->flags != entry->flags ||
        frame->number != entry->number || frame->origin != entry->origin) {
        refuse(out, "the frame is not the one that the directory lists (E-DIR-3)");
        return SVMS_OK;
    }
    if (svms_frame_size(frame) != out->stored) {
        refuse(out, "the frame has another length than its place (E-OVR-1)");
        return SVMS_OK;
    }
    out->a_offset = entry->offset + SVMS_FRAME_HEADER_SIZE;
    out->b_offset = out->a_offset + frame->a_size;
    out->c_offset = out->b_offset + frame->b_size;
    out->body_size = frame->b_size;
    if ((frame->flags & SVMS_FRAME_SEALED) != 0) {
        (void)svms_opened_body_size(frame->b_size, &out->body_size);
    }
    out->holds = true;
    return SVMS_OK;
}

/* Record headers of part C: which records stand there, and that nothing else does (E-FRM-1). */
static bool closing_fits(uint8_t kind, const svms_record *records, uint32_t count)
{
    bool one = count == 1;
    switch (kind) {
    case SVMS_FRAME_RECORD:
        return one &&
               (records[0].type == SVMS_RECORD_SIGNATURE ||
                records[0].type == SVMS_RECORD_EVIDENCE || records[0].type == SVMS_RECORD_INDEX);
    case SVMS_FRAME_END:
        return count >= 2 && records[0].type == SVMS_RECORD_END;
    default:
        return records[0].type == SVMS_RECORD_MANIFEST &&
               (one ||
                (count == 2 && records[1].type == SVMS_RECORD_SIGNATURE && records[1].number == 0));
    }
}

/* At most the first two and their number; count 0 when they do not fill part C. */
static void read_records(const svms_evidence_frame *frame, const uint8_t *closing,
                         svms_record records[2], uint32_t *count)
{
    svms_cursor cursor = svms_cursor_over(closing, frame->frame.c_size, frame->c_offset);
    *count = 0;
    while (!svms_cursor_at_end(&cursor)) {
        svms_record record = { 0 };
        svms_cursor ahead = cursor;
        size_t left = svms_cursor_left(&cursor);
        const uint8_t *bytes = svms_read_bytes(&ahead, left);
        if (svms_record_parse(&record, bytes, left, svms_cursor_offset(&cursor), NULL) != SVMS_OK ||
            !svms_skip(&cursor, record.header_size) || !svms_skip(&cursor, record.body_size)) {
            *count = 0;
            return;
        }
        if (*count < 2) {
            records[*count] = record;
        }
        ++*count;
    }
}

/* Flag 2 stands exactly where a track that was removed had samples. */
static bool removal_fits(const svms_manifest *manifest, uint32_t removed, const svms_frame *frame)
{
    bool lacks = false;
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        uint8_t track = manifest->entries[i].track;
        lacks = lacks || (track < SVMS_MAX_TRACKS && (removed >> track & 1) != 0);
    }
    return lacks == ((frame->flags & SVMS_FRAME_REMOVED) != 0);
}

/* What the directory says of a segment is what its manifest says (E-DIR-3). A manifest that breaks
 * the format is judged with its segment. */
static svms_status compare_manifest(svms_evidence *evidence, svms_evidence_frame *frame,
                                    const uint8_t *closing, const svms_record *record,
                                    const svms_header *header, uint32_t removed, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(closing, frame->frame.c_size, frame->c_offset);
    (void)svms_skip(&cursor, record->header_size);
    const uint8_t *bytes = svms_read_bytes(&cursor, record->body_size);
    uint64_t at = frame->c_offset + record->header_size;
    svms_manifest *manifest = svms_alloc(evidence->ctx, sizeof(*manifest));
    if (manifest == NULL) {
        return svms_fail_memory(err);
    }
    if (svms_manifest_parse(manifest, header, bytes, record->body_size, at, NULL) == SVMS_OK) {
        if (manifest->first_utc_ns != frame->listed.first_utc_ns ||
            manifest->last_utc_ns != frame->listed.last_utc_ns ||
            manifest->segment != frame->listed.number) {
            refuse(frame, "the directory says another time or number than the manifest (E-DIR-3)");
        } else if (frame->frame.kind != SVMS_FRAME_MANIFEST &&
                   !removal_fits(manifest, removed, &frame->frame)) {
            refuse(frame, "a removed track is there, or nothing was removed (E-SRC-3)");
        }
    }
    svms_release(evidence->ctx, manifest);
    return SVMS_OK;
}

/* The source that entry e belongs to. */
static svms_evidence_part *part_of(svms_evidence *evidence, uint64_t e)
{
    uint32_t low = 0;
    uint32_t high = evidence->first.sources;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (evidence->parts[middle].first <= e) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &evidence->parts[low];
}

/* In a sealed package a segment is sealed unless all of its tracks are (E-FRM-5). */
static bool sealing_fits(const svms_evidence *evidence, const svms_evidence_part *part,
                         const svms_frame *frame)
{
    return !evidence->header.sealed || frame->kind != SVMS_FRAME_SEGMENT || part->all_strong ||
           (frame->flags & SVMS_FRAME_SEALED) != 0;
}

static svms_status measure_leaves(svms_evidence *evidence, svms_evidence_frame *frame,
                                  const svms_header *header, uint32_t removed, svms_error *err)
{
    svms_leaves leaves;
    svms_error found = SVMS_ERROR_INIT;
    svms_leaves_open(&leaves, &evidence->window, header, removed, frame->b_offset,
                     frame->frame.b_size);
    svms_status status = svms_leaves_auxiliary_size(&leaves, &frame->body_size, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status != SVMS_OK) {
        refuse(frame, found.message);
    }
    return SVMS_OK;
}

/* A piece of a source: as far as its frame alone, the directory and the header tell. */
static svms_status check_piece(svms_evidence *evidence, svms_evidence_frame *frame,
                               const uint8_t *closing, svms_error *err)
{
    const svms_evidence_part *part = part_of(evidence, frame->entry);
    const svms_header *header = NULL;
    svms_record records[2] = { { 0 } };
    uint32_t count = 0;
    svms_error found = SVMS_ERROR_INIT;
    bool unverified = (frame->frame.flags & SVMS_FRAME_UNVERIFIED) != 0;
    svms_status status = svms_evidence_header_of(evidence, part->number, &header, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status == SVMS_E_UNSUPPORTED) {
        return SVMS_OK; /* nobody here knows what it must be */
    }
    if (status != SVMS_OK) {
        refuse(frame, "the header of its source does not hold");
        return SVMS_OK;
    }
    if (frame->listed.origin < part->first_record) {
        refuse(frame, "a frame overlaps the header of its source (E-SRC-2)");
        return SVMS_OK;
    }
    if (!sealing_fits(evidence, part, &frame->frame)) {
        refuse(frame, "a segment is not sealed (E-FRM-5)");
        return SVMS_OK;
    }
    if (frame->frame.kind == SVMS_FRAME_FRAGMENT || unverified) {
        return SVMS_OK;
    }
    read_records(frame, closing, records, &count);
    if (count == 0 || !closing_fits(frame->frame.kind, records, count)) {
        refuse(frame, "part C of a frame holds something else than it must (E-FRM-1)");
        return SVMS_OK;
    }
    status = SVMS_OK;
    if (records[0].type == SVMS_RECORD_MANIFEST) {
        status = compare_manifest(evidence, frame, closing, &records[0], header,
                                  part->removed_tracks, err);
    }
    if (status == SVMS_OK && frame->holds && frame->frame.kind == SVMS_FRAME_LEAVES) {
        status = measure_leaves(evidence, frame, header, part->removed_tracks, err);
    }
    return status;
}

static bool is_piece(uint8_t kind)
{
    return (kind >= SVMS_FRAME_SEGMENT && kind <= SVMS_FRAME_FRAGMENT) || kind == SVMS_FRAME_LEAVES;
}

/* What a piece fills of its container must end before the next begins (E-SRC-2), and where the
 * container does (E-SRC-1). */
static svms_status check_place(svms_evidence *evidence, svms_evidence_frame *frame, svms_error *err)
{
    svms_frame_entry next = { 0 };
    const svms_evidence_part *part = part_of(evidence, frame->entry);
    uint64_t size = frame->body_size + frame->frame.c_size;
    bool within = frame->listed.origin <= part->container_size &&
                  part->container_size - frame->listed.origin >= size;
    if (part->front_known && !within) {
        refuse(frame, "a frame ends behind the container that it comes from (E-SRC-1)");
        return SVMS_OK;
    }
    if (frame->entry + 1 >= part->end) {
        return SVMS_OK;
    }
    svms_status status = svms_evidence_entry_at(evidence, frame->entry + 1, &next, err);
    if (status == SVMS_OK && next.origin - frame->listed.origin < size) {
        refuse(frame, "frames of a source overlap (E-SRC-2)");
    }
    return status;
}

/* Digest, and what the frame, its directory and its source say of each other. */
static svms_status check_content(svms_evidence *evidence, svms_evidence_frame *frame,
                                 svms_error *err)
{
    uint8_t *closing = NULL;
    bool known = svms_evidence_is_checked(evidence, frame->entry);
    svms_status status = read_closing(evidence, frame, &closing, err);
    if (status == SVMS_OK) {
        status = compare_digest(evidence, frame, closing, err);
    }
    /* What held once is not parsed again; only leaves are measured each time. */
    bool parsed = !known || frame->frame.kind == SVMS_FRAME_LEAVES;
    parsed = parsed && is_piece(frame->frame.kind);
    if (status == SVMS_OK && frame->holds && parsed) {
        status = check_piece(evidence, frame, closing, err);
    }
    if (status == SVMS_OK && frame->holds && parsed) {
        status = check_place(evidence, frame, err);
    }
    svms_release(evidence->ctx, closing);
    return status;
}

static svms_status check(svms_evidence *evidence, svms_evidence_frame *frame, svms_error *err)
{
    uint64_t end = 0;
    svms_status status = svms_evidence_entry_at(evidence, frame->entry, &frame->listed, err);
    if (status == SVMS_OK) {
        status = svms_evidence_entry_end(evidence, frame->entry, &end, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    frame->stored = end - frame->listed.offset;
    status = read_header(evidence, frame, err);
    if (status != SVMS_OK || !frame->holds) {
        return status;
    }
    if (is_settled(evidence, frame)) {
        frame->holds = !svms_evidence_has_failed(evidence, frame->entry);
        return SVMS_OK;
    }
    return check_content(evidence, frame, err);
}

svms_status svms_evidence_check_frame(svms_evidence *evidence, uint64_t e,
                                      const svms_evidence_frame **out, svms_error *err)
{
    for (uint32_t i = 0; i < SVMS_EVIDENCE_FRAMES; i++) {
        if (evidence->frames[i].entry == e) {
            *out = &evidence->frames[i];
            return SVMS_OK;
        }
    }
    /* Checked aside: on the way the frame of the source itself may be asked for. */
    svms_evidence_frame checked = { 0 };
    checked.entry = e;
    svms_status status = check(evidence, &checked, err);
    if (status != SVMS_OK) {
        return status;
    }
    set_bit(evidence->checked, e);
    if (!checked.holds) {
        set_bit(evidence->failed, e);
        if (checked.reason[0] == '\0') {
            refuse(&checked, "the frame does not hold");
        }
    }
    svms_evidence_frame *kept = &evidence->frames[evidence->oldest_frame];
    evidence->oldest_frame = (evidence->oldest_frame + 1) % SVMS_EVIDENCE_FRAMES;
    *kept = checked;
    *out = kept;
    return SVMS_OK;
}

svms_status svms_evidence_need_frame(svms_evidence *evidence, uint64_t e,
                                     const svms_evidence_frame **out, svms_error *err)
{
    svms_status status = svms_evidence_check_frame(evidence, e, out, err);
    if (status == SVMS_OK && !(*out)->holds) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, (*out)->listed.offset, "%s", (*out)->reason);
    }
    return status;
}

svms_status svms_evidence_take_closing(svms_evidence *evidence, const svms_evidence_frame *frame,
                                       uint8_t **out, svms_error *err)
{
    uint8_t hash[SVMS_DIGEST_SIZE];
    size_t size = frame->frame.c_size;
    svms_status status = read_closing(evidence, frame, out, err);
    if (status == SVMS_OK && !svms_hasher_once(evidence->hasher, *out, size, hash)) {
        status = svms_fail_crypto(err, "hashing a frame");
    }
    if (status == SVMS_OK && frame->closing_known &&
        memcmp(hash, frame->closing_hash, sizeof(hash)) != 0) {
        status = svms_fail_at(err, SVMS_E_IO, frame->c_offset, "the file changes while it is read");
    }
    if (status != SVMS_OK) {
        svms_release(evidence->ctx, *out);
        *out = NULL;
    }
    return status;
}

svms_status svms_evidence_closing_hash(svms_evidence *evidence, uint64_t e, bool *holds,
                                       uint8_t hash[SVMS_DIGEST_SIZE], svms_error *err)
{
    const svms_evidence_frame *found = NULL;
    svms_status status = svms_evidence_check_frame(evidence, e, &found, err);
    *holds = status == SVMS_OK && found->holds;
    if (!*holds) {
        return status;
    }
    svms_evidence_frame frame = *found;
    if (!frame.closing_known) {
        uint8_t *closing = NULL;
        status = read_closing(evidence, &frame, &closing, err);
        if (status == SVMS_OK) {
            status = compare_digest(evidence, &frame, closing, err);
        }
        svms_release(evidence->ctx, closing);
    }
    *holds = status == SVMS_OK && frame.closing_known;
    memcpy(hash, frame.closing_hash, SVMS_DIGEST_SIZE);
    return status;
}
