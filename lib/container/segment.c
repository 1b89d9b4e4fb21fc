/* SPDX-License-Identifier: Apache-2.0 */
#include "segment.h"

#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "segment_internal.h"

/* Hash large records in steps that stay in the cache. */
#define HASH_STEP 65536u

/* Where the next problem goes: only the first one of a segment is kept. */
static svms_error *problem_slot(svms_segment *segment)
{
    return segment->problem.status == SVMS_OK ? &segment->problem : NULL;
}

static void note_problem(svms_segment *segment, uint64_t offset, svms_status status,
                         const char *text)
{
    (void)svms_fail_at(problem_slot(segment), status, offset, "%s", text);
}

static void begin_scan(svms_scanner *scanner, uint64_t offset, svms_segment *out)
{
    memset(out, 0, sizeof(*out));
    out->offset = offset;
    out->problem = (svms_error)SVMS_ERROR_INIT;
    out->late_attested = SVMS_NO_SEGMENT;
    scanner->first_is_sync = false;
    scanner->first_is_removed = false;
    scanner->auxiliary_count = 0;
    scanner->index_level = 0;
    svms_merkle_reset(&scanner->auxiliary);
    for (uint32_t i = 0; i < scanner->front->header.track_count; i++) {
        svms_merkle_reset(&scanner->tracks[i].tree);
        scanner->tracks[i].first_pts = 0;
        scanner->tracks[i].longest_ns = INT64_MIN;
    }
}

static svms_status hash_record(svms_scanner *scanner, uint64_t offset, uint64_t size,
                               uint8_t leaf[SVMS_DIGEST_SIZE], svms_error *err)
{
    svms_hasher *hasher = scanner->front->hasher;
    bool ok = svms_merkle_leaf_start(hasher);
    while (ok && size > 0) {
        const uint8_t *bytes = NULL;
        size_t piece = 0;
        svms_status status =
            svms_window_piece(&scanner->front->window, offset, size, &bytes, &piece, err);
        if (status != SVMS_OK) {
            return status;
        }
        for (size_t done = 0; done < piece && ok;) {
            size_t step = piece - done < HASH_STEP ? piece - done : HASH_STEP;
            ok = svms_hasher_update(hasher, bytes + done, step);
            done += step;
        }
        offset += piece;
        size -= piece;
    }
    if (!ok || !svms_hasher_finish(hasher, leaf)) {
        return svms_fail_crypto(err, "hashing a record");
    }
    return SVMS_OK;
}

static void account_sample(svms_scanner *scanner, const svms_record *record, svms_segment *out)
{
    const svms_header *header = &scanner->front->header;
    const svms_track *track = &header->tracks[record->track];
    svms_scanned_track *scanned = &scanner->tracks[record->track];
    int64_t pts = (int64_t)((uint64_t)record->dts + (uint64_t)(int64_t)record->composition);
    uint32_t duration =
        (record->flags & SVMS_FLAG_DURATION) ? record->duration : track->default_duration;
    if (scanned->tree.count == 1) {
        scanned->first_pts = pts;
    }
    int64_t begins = svms_utc_of(track, scanned->first_pts, 0, pts);
    int64_t ends = svms_utc_of(track, 0, begins, (int64_t)duration);
    if (ends > scanned->longest_ns) {
        scanned->longest_ns = ends;
    }
    if (out->samples == 0) {
        scanner->first_is_removed = out->missing != 0;
        scanner->first_track = record->track;
        scanner->first_is_sync = (record->flags & SVMS_SAMPLE_SYNC) != 0;
    }
    out->samples++;
}

static void check_sample(svms_scanner *scanner, const svms_record *record, uint64_t offset,
                         const uint8_t *table, size_t available, svms_segment *out)
{
    svms_sample_layout layout;
    const svms_track *track = &scanner->front->header.tracks[record->track];
    svms_status status =
        svms_sample_layout_of(&layout, track, record, table, available, offset, problem_slot(out));
    bool overflow = record->composition > 0 ? record->dts > INT64_MAX - record->composition
                                            : record->dts < INT64_MIN - record->composition;
    if (status == SVMS_OK && overflow) {
        note_problem(out, offset, SVMS_E_MALFORMED, "a sample's presentation time overflows");
    }
    if ((record->flags & SVMS_FLAG_DURATION) && record->duration == track->default_duration) {
        note_problem(out, offset, SVMS_E_MALFORMED, "the default duration is stored");
    }
}

/* Takes one sample record into account; its bytes are known to be there. */
static svms_status take_sample(svms_scanner *scanner, const svms_record *record, uint64_t offset,
                               svms_segment *out, svms_error *err)
{
    uint8_t leaf[SVMS_DIGEST_SIZE];
    const uint8_t *table = NULL;
    size_t available = 0;
    if (record->track >= scanner->front->header.track_count) {
        note_problem(out, offset + 2, SVMS_E_MALFORMED, "a sample of a track that does not exist");
        return SVMS_OK;
    }
    if (svms_track_is_removed(scanner, record->track)) {
        note_problem(out, offset + 2, SVMS_E_NOT_AUTHENTIC,
                     "a sample of a track that was removed (E-SRC-3)");
        return SVMS_OK;
    }
    if (out->samples == SVMS_MAX_SEGMENT_SAMPLES) {
        note_problem(out, offset, SVMS_E_LIMIT, "too many samples in a segment (C-LIM-1)");
        return SVMS_OK;
    }
    size_t wanted =
        record->body_size < SVMS_MAX_RANGE_TABLE ? record->body_size : SVMS_MAX_RANGE_TABLE;
    if (!(record->flags & SVMS_FLAG_RANGES)) {
        wanted = 0;
    }
    svms_status status = svms_window_peek(&scanner->front->window, offset + record->header_size,
                                          wanted, &table, &available, err);
    if (status != SVMS_OK) {
        return status;
    }
    check_sample(scanner, record, offset, table, available, out);
    status =
        hash_record(scanner, offset, (uint64_t)record->header_size + record->body_size, leaf, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_merkle_add(&scanner->tracks[record->track].tree, scanner->front->hasher, leaf)) {
        return svms_fail_crypto(err, "hashing a sample");
    }
    if (scanner->leaves != NULL) {
        memcpy(scanner->leaves[out->samples], leaf, SVMS_DIGEST_SIZE);
    }
    account_sample(scanner, record, out);
    return SVMS_OK;
}

static svms_status take_start(svms_scanner *scanner, const svms_record *record, uint64_t offset,
                              svms_segment *out, svms_error *err)
{
    const uint8_t *body = NULL;
    if (out->records != 0 || record->body_size != SVMS_START_BODY_SIZE) {
        note_problem(out, offset, SVMS_E_MALFORMED, "a segment starts within a segment (C-SEG-1)");
        return SVMS_OK;
    }
    svms_status status = svms_window_get(&scanner->front->window, offset + record->header_size,
                                         record->body_size, &body, err);
    if (status == SVMS_OK) {
        out->has_start =
            svms_start_parse(&out->start, &scanner->front->header, body, record->body_size,
                             offset + record->header_size, problem_slot(out)) == SVMS_OK;
        if (out->has_start && scanner->index != NULL &&
            out->start.checkpoint != svms_index_checkpoint(scanner->index)) {
            note_problem(out, offset, SVMS_E_NOT_AUTHENTIC,
                         "a segment start names a wrong checkpoint (C-IDX-5)");
        }
    }
    return status;
}

static svms_status take_auxiliary(svms_scanner *scanner, const svms_record *record, uint64_t offset,
                                  svms_segment *out, svms_error *err)
{
    uint8_t leaf[SVMS_DIGEST_SIZE];
    if (scanner->auxiliary_count == SVMS_MAX_SEGMENT_AUXILIARY) {
        note_problem(out, offset, SVMS_E_LIMIT,
                     "too many auxiliary records in a segment (C-LIM-1)");
        return SVMS_OK;
    }
    svms_status status =
        hash_record(scanner, offset, (uint64_t)record->header_size + record->body_size, leaf, err);
    if (status == SVMS_OK && !svms_merkle_add(&scanner->auxiliary, scanner->front->hasher, leaf)) {
        status = svms_fail_crypto(err, "hashing a record");
    }
    scanner->auxiliary_count++;
    return status;
}

/* C-IDX-2: full levels, and nothing else, are written directly behind the segment start. */
static svms_status check_index(svms_scanner *scanner, const svms_record *record, uint64_t offset,
                               svms_segment *out, svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t size = (size_t)record->header_size + record->body_size;
    bool is_index = record->type == SVMS_RECORD_INDEX;
    bool due = record->type != SVMS_RECORD_START &&
               svms_index_is_full(scanner->index, scanner->index_level);
    if (!due) {
        if (is_index) {
            note_problem(out, offset, SVMS_E_NOT_AUTHENTIC,
                         "an index record stands where none belongs (C-IDX-2)");
        }
        return SVMS_OK;
    }
    svms_status status =
        svms_index_emit(scanner->index, scanner->index_level++, &scanner->front->header, offset,
                        record->number, scanner->index_record, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!is_index || size != scanner->index_record->size) {
        note_problem(out, offset, SVMS_E_NOT_AUTHENTIC, "an index record is missing (C-IDX-2)");
        return SVMS_OK;
    }
    status = svms_window_get(&scanner->front->window, offset, size, &bytes, err);
    if (status == SVMS_OK && memcmp(bytes, scanner->index_record->data, size) != 0) {
        note_problem(out, offset, SVMS_E_NOT_AUTHENTIC,
                     "the index contradicts the segments (C-IDX-4)");
    }
    return status;
}

static svms_status take_late_signature(svms_scanner *scanner, const svms_record *record,
                                       uint64_t offset, svms_segment *out, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    uint64_t number = SVMS_NO_SEGMENT;
    svms_status status = svms_late_signature_check(
        scanner, record, offset, out->has_start ? out->start.segment : 0, &number, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status == SVMS_OK && number != SVMS_NO_SEGMENT) {
        bool newer = out->late_attested == SVMS_NO_SEGMENT || number > out->late_attested;
        out->late_attested = newer ? number : out->late_attested;
    } else if (status != SVMS_OK && number == SVMS_NO_SEGMENT) {
        note_problem(out, found.offset, status, found.message);
    } else if (status != SVMS_OK && !out->late_failure.found) {
        out->late_failure.found = true;
        out->late_failure.segment = number;
        out->late_failure.offset = offset;
        (void)snprintf(out->late_failure.message, sizeof(out->late_failure.message), "%.127s",
                       found.message);
    }
    return SVMS_OK;
}

static svms_status take_evidence(svms_scanner *scanner, const svms_record *record, uint64_t offset,
                                 svms_segment *out, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = svms_evidence_check(scanner, record, offset,
                                             out->has_start ? out->start.segment : 0, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status != SVMS_OK) {
        note_problem(out, found.offset, status, found.message);
    }
    return SVMS_OK;
}

/* Everything in a segment that is neither sample nor manifest. */
static svms_status take_other_record(svms_scanner *scanner, const svms_record *record,
                                     uint64_t offset, svms_segment *out, svms_error *err)
{
    svms_status status = SVMS_OK;
    if (record->type == SVMS_RECORD_START) {
        status = take_start(scanner, record, offset, out, err);
    } else if (record->type == SVMS_RECORD_EVIDENCE) {
        status = take_evidence(scanner, record, offset, out, err);
    } else if (record->type == SVMS_RECORD_SIGNATURE) {
        status = take_late_signature(scanner, record, offset, out, err);
    }
    return status == SVMS_OK ? take_auxiliary(scanner, record, offset, out, err) : status;
}

static bool is_auxiliary(const svms_header *header, uint8_t type)
{
    return type == SVMS_RECORD_START || type == SVMS_RECORD_INDEX || type == SVMS_RECORD_EVIDENCE ||
           (type == SVMS_RECORD_SIGNATURE && (header->critical & SVMS_CRITICAL_LATE) != 0);
}

/* The number of a record that stands next. Where tracks were removed it may lie further on; how
 * many records are missing by that is compared with the manifest (C-REC-1, E-SRC-3). */
static void take_number(svms_scanner *scanner, const svms_record *record, uint64_t offset,
                        svms_segment *out)
{
    bool ascends = scanner->removed != 0 && record->number > out->records &&
                   record->number <= SVMS_MAX_SEGMENT_SAMPLES + SVMS_MAX_SEGMENT_AUXILIARY;
    if (ascends) {
        out->missing += record->number - out->records;
        out->records = record->number;
    } else if (record->number != out->records) {
        note_problem(out, offset + 8, SVMS_E_NOT_AUTHENTIC,
                     "records were removed, repeated or reordered (C-REC-1)");
    }
}

/* One record before the manifest. *framed is false when the way is lost. */
static svms_status take_record(svms_scanner *scanner, const svms_record *record, uint64_t offset,
                               svms_segment *out, bool *framed, svms_error *err)
{
    svms_status status = SVMS_OK;
    take_number(scanner, record, offset, out);
    if (scanner->index != NULL) {
        status = check_index(scanner, record, offset, out, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (record->type == SVMS_RECORD_SAMPLE) {
        status = take_sample(scanner, record, offset, out, err);
    } else if (is_auxiliary(&scanner->front->header, record->type)) {
        *framed = record->type != SVMS_RECORD_START || out->records == 0;
        status = take_other_record(scanner, record, offset, out, err);
    } else {
        *framed = false;
        note_problem(out, offset, SVMS_E_NOT_AUTHENTIC,
                     "a record that does not belong into a segment (C-SEG-1)");
    }
    out->records++;
    return status;
}

/* The signature record behind the manifest in manifest_raw, where one stands or must stand. */
static svms_status check_own_signature(svms_scanner *scanner, uint64_t offset, uint64_t number,
                                       size_t body_size, svms_segment *out, size_t *signature_size,
                                       svms_error *err)
{
    svms_front *front = scanner->front;
    bool present = true;
    bool unwritten = false;
    svms_status status = svms_front_has_signature(front, offset, number, &present, err);
    if (status != SVMS_OK || !present) {
        out->lacks_signature = status == SVMS_OK && front->verifier != NULL;
        return status;
    }
    status = svms_front_check_signature(front, offset, number,
                                        scanner->manifest_raw + SVMS_RECORD_HEADER_SIZE, body_size,
                                        signature_size, front->hasher, err);
    if (status == SVMS_OK || svms_is_grave(status)) {
        return status;
    }
    svms_error found = SVMS_ERROR_INIT;
    size_t size = *signature_size == 0 ? SVMS_RECORD_HEADER_SIZE : *signature_size;
    if (svms_front_is_unwritten(front, offset + size - 1, &unwritten, &found) != SVMS_OK) {
        return svms_fail_as(err, found.status, &found);
    }
    return unwritten ? SVMS_E_TRUNCATED : status;
}

/* Reads manifest and signature as bounded raw bytes, then checks the signature, then looks inside
 * (C-OBJ-3). */
svms_status svms_segment_take_manifest(svms_scanner *scanner, const svms_record *record,
                                       uint64_t offset, svms_segment *out, svms_error *err)
{
    svms_front *front = scanner->front;
    const uint8_t *bytes = NULL;
    size_t size = SVMS_RECORD_HEADER_SIZE + (size_t)record->body_size;
    size_t signature_size = 0;
    out->manifest_offset = offset;
    out->manifest_size = (uint32_t)size;
    if (size > sizeof(scanner->manifest_raw)) {
        note_problem(out, offset + 4, SVMS_E_MALFORMED,
                     "bytes after the manifest's last entry (C-MAN-7)");
        return SVMS_OK;
    }
    svms_status status = svms_window_get(&front->window, offset, size, &bytes, err);
    if (status != SVMS_OK) {
        return status;
    }
    memcpy(scanner->manifest_raw, bytes, size);
    const uint8_t *body = scanner->manifest_raw + SVMS_RECORD_HEADER_SIZE;
    uint64_t number = out->has_start ? out->start.segment : SVMS_NO_SEGMENT;
    if (!svms_hasher_start(front->hasher) ||
        !svms_hasher_update(front->hasher, scanner->manifest_raw, size)) {
        return svms_fail_crypto(err, "hashing a manifest");
    }
    svms_error found = SVMS_ERROR_INIT;
    status = check_own_signature(scanner, offset + size, number, record->body_size, out,
                                 &signature_size, &found);
    if (status == SVMS_E_TRUNCATED) {
        out->truncated = true;
        return SVMS_OK;
    }
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (signature_size != 0 || out->lacks_signature || front->verifier == NULL) {
        out->end = offset + size + signature_size;
    }
    if (status != SVMS_OK) {
        note_problem(out, found.offset, status, found.message);
    } else {
        out->believed =
            svms_manifest_parse(&out->manifest, &front->header, body, record->body_size,
                                offset + SVMS_RECORD_HEADER_SIZE, problem_slot(out)) == SVMS_OK;
    }
    return svms_hasher_finish(front->hasher, out->hash)
               ? SVMS_OK
               : svms_fail_crypto(err, "hashing a manifest");
}

static void check_chain(svms_segment *out, uint64_t expected, const uint8_t *previous)
{
    uint64_t number = out->manifest.segment;
    if (expected != SVMS_ANY_SEGMENT && number != expected) {
        (void)svms_fail_at(problem_slot(out), SVMS_E_NOT_AUTHENTIC, out->offset,
                           "segment %llu stands where segment %llu belongs: segments were removed, "
                           "repeated or reordered",
                           (unsigned long long)number, (unsigned long long)expected);
        return;
    }
    if (previous != NULL && memcmp(previous, out->manifest.previous, SVMS_DIGEST_SIZE) != 0) {
        note_problem(out, out->manifest_offset, SVMS_E_NOT_AUTHENTIC,
                     "the segment does not continue the one before it (C-MAN-4)");
    }
}

/* A sample whose end the file does not reach may still be seen to be impossible. */
static void check_cut_sample(svms_scanner *scanner, const svms_record *record, uint64_t offset,
                             svms_segment *out)
{
    const svms_header *header = &scanner->front->header;
    if (record->type == SVMS_RECORD_SAMPLE && record->track < header->track_count &&
        header->tracks[record->track].protection != SVMS_PROTECT_LIGHT) {
        check_sample(scanner, record, offset, NULL, 0, out);
    }
}

/* A record that breaks a rule because a power failure left zeros where its end should be is one
 * that the file ends within (C-VER-1). */
static svms_status forgive_unwritten(svms_scanner *scanner, uint64_t end, svms_segment *out,
                                     svms_error *err)
{
    bool unwritten = false;
    svms_status status = svms_front_is_unwritten(scanner->front, end - 1, &unwritten, err);
    if (status == SVMS_OK && unwritten) {
        out->problem = (svms_error)SVMS_ERROR_INIT;
        out->truncated = true;
    }
    return status;
}

/* Walks the records up to the manifest. */
static svms_status walk(svms_scanner *scanner, svms_segment *out, svms_error *err)
{
    svms_front *front = scanner->front;
    uint64_t at = out->offset;
    bool framed = true;
    while (framed) {
        const uint8_t *bytes = NULL;
        size_t got = 0;
        svms_record record = { 0 };
        out->reached = at;
        svms_status status =
            svms_window_peek(&front->window, at, SVMS_SAMPLE_HEADER_MAX, &bytes, &got, err);
        if (status != SVMS_OK) {
            return status;
        }
        svms_error found = SVMS_ERROR_INIT;
        status = svms_front_parse_record(front, &record, bytes, got, at, &found);
        if (svms_is_grave(status)) {
            return svms_fail_as(err, status, &found);
        }
        uint64_t size = (uint64_t)record.header_size + record.body_size;
        if (status == SVMS_E_TRUNCATED || (status == SVMS_OK && size > front->window.size - at)) {
            check_cut_sample(scanner, &record, at, out);
            out->truncated = true;
            return SVMS_OK;
        }
        if (status != SVMS_OK) {
            note_problem(out, found.offset, status, found.message);
            return SVMS_OK;
        }
        if (scanner->tick != NULL && !scanner->tick(scanner->user, at)) {
            return svms_fail(err, SVMS_E_CANCELLED, "cancelled");
        }
        if (record.type == SVMS_RECORD_MANIFEST) {
            take_number(scanner, &record, at, out);
            return svms_segment_take_manifest(scanner, &record, at, out, err);
        }
        svms_status had_problem = out->problem.status;
        status = take_record(scanner, &record, at, out, &framed, err);
        if (status == SVMS_E_TRUNCATED) {
            out->truncated = true; /* the file shrank while it was read */
            return SVMS_OK;
        }
        if (status == SVMS_OK && had_problem == SVMS_OK && out->problem.status != SVMS_OK) {
            status = forgive_unwritten(scanner, at + size, out, err);
        }
        if (status != SVMS_OK || out->truncated) {
            return status;
        }
        at += size;
    }
    return SVMS_OK;
}

svms_status svms_segment_scan(svms_scanner *scanner, uint64_t offset, uint64_t expected,
                              const uint8_t *previous, svms_segment *out, svms_error *err)
{
    begin_scan(scanner, offset, out);
    svms_status status = walk(scanner, out, err);
    if (status != SVMS_OK || !out->believed) {
        return status;
    }
    if (out->samples == 0 && out->missing == 0) {
        note_problem(out, offset, SVMS_E_MALFORMED, "a segment without samples (C-SEG-5)");
    }
    if (out->problem.status == SVMS_OK) {
        svms_error found = SVMS_ERROR_INIT;
        status = svms_segment_compare(scanner, out, &found);
        if (svms_is_grave(status)) {
            return svms_fail_as(err, status, &found);
        }
        if (status != SVMS_OK) {
            note_problem(out, out->offset, status, found.message);
        }
    }
    check_chain(out, expected, previous);
    return SVMS_OK;
}

/* A start record of this container with a right CRC, at a place found by its marker. */
static svms_status is_start(svms_scanner *scanner, uint64_t offset, bool *found, uint64_t *number,
                            svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_record record;
    svms_segment_start start;
    size_t size = SVMS_RECORD_HEADER_SIZE + SVMS_START_BODY_SIZE;
    svms_status status = svms_window_peek(&scanner->front->window, offset, size, &bytes, &got, err);
    *found = status == SVMS_OK && got == size &&
             svms_record_parse(&record, bytes, size, offset, NULL) == SVMS_OK &&
             record.type == SVMS_RECORD_START && record.body_size == SVMS_START_BODY_SIZE &&
             svms_start_parse(&start, &scanner->front->header, bytes + SVMS_RECORD_HEADER_SIZE,
                              record.body_size, offset, NULL) == SVMS_OK;
    if (*found) {
        *number = start.segment;
    }
    return status;
}

/* Position of the marker within bytes, or size when it is not there. */
static size_t find_marker(const uint8_t *bytes, size_t size, const uint8_t marker[16])
{
    size_t at = 0;
    while (size - at >= 16) {
        const uint8_t *hit = memchr(bytes + at, marker[0], size - at - 15);
        if (hit == NULL) {
            return size;
        }
        at = (size_t)(hit - bytes);
        if (memcmp(hit, marker, 16) == 0) {
            return at;
        }
        at++;
    }
    return size;
}

svms_status svms_segment_search(svms_scanner *scanner, uint64_t from, bool *found, uint64_t *offset,
                                uint64_t *number, svms_error *err)
{
    svms_window *window = &scanner->front->window;
    uint8_t marker[16];
    uint64_t at = from + SVMS_RECORD_HEADER_SIZE;
    memcpy(marker, "SVMSSEG1", 8);
    memcpy(marker + 8, scanner->front->header.hash, 8);
    *found = false;
    while (at < window->size) {
        const uint8_t *bytes = NULL;
        size_t got = 0;
        svms_status status = svms_window_peek(window, at, SVMS_WINDOW_SIZE, &bytes, &got, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (got < 16) {
            return SVMS_OK;
        }
        if (scanner->tick != NULL && !scanner->tick(scanner->user, at)) {
            return svms_fail(err, SVMS_E_CANCELLED, "cancelled");
        }
        size_t hit = find_marker(bytes, got, marker);
        if (hit == got) {
            at += got - 15;
            continue;
        }
        status = is_start(scanner, at + hit - SVMS_RECORD_HEADER_SIZE, found, number, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (*found) {
            *offset = at + hit - SVMS_RECORD_HEADER_SIZE;
            return SVMS_OK;
        }
        at += hit + 1;
    }
    return SVMS_OK;
}
