/* SPDX-License-Identifier: Apache-2.0 */
#include "attest.h"

#include <string.h>

#include "failure.h"
#include "stream.h"

/* A later signature comes within this many segments, or never (C-LIM-1). */
#define LONGEST_WAIT 128u
#define INDEX_RECORD_LARGEST                                                                       \
    (SVMS_RECORD_HEADER_SIZE + SVMS_INDEX_FIXED_SIZE + SVMS_INDEX_FANOUT * SVMS_INDEX_ENTRY_SIZE)

/* The entry for a segment in an index record that must have this hash. *found is false when the
 * record is another, or does not hold the segment. */
static svms_status follow(svms_front *front, uint8_t *buffer, uint64_t number, svms_index_entry *at,
                          uint8_t *level, bool *found, svms_index_step_taken *step, svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_record record;
    svms_index_view view;
    size_t got = 0;
    *found = false;
    svms_status status = svms_source_read_some(&front->window.source, at->offset, buffer,
                                               INDEX_RECORD_LARGEST, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (svms_record_parse(&record, buffer, got, at->offset, NULL) != SVMS_OK ||
        record.type != SVMS_RECORD_INDEX || got - record.header_size < record.body_size) {
        return SVMS_OK;
    }
    if (!svms_hasher_once(front->proof_hasher, buffer,
                          (size_t)record.header_size + record.body_size, digest)) {
        return svms_fail_crypto(err, "hashing an index record");
    }
    if (memcmp(digest, at->hash, sizeof(digest)) != 0 ||
        !svms_index_parse(&view, &front->header, at->offset, buffer + record.header_size,
                          record.body_size)) {
        return SVMS_OK;
    }
    svms_index_entry last = svms_index_entry_at(&view, view.count - 1);
    step->offset = at->offset;
    memcpy(step->hash, digest, sizeof(digest));
    step->size = record.header_size + record.body_size;
    step->holder = record.number == 0 ? SVMS_NO_SEGMENT : last.segment + last.segments;
    for (uint32_t i = 0; i < view.count && !*found; i++) {
        svms_index_entry entry = svms_index_entry_at(&view, i);
        if (number >= entry.segment && number - entry.segment < entry.segments) {
            *at = entry;
            *level = view.level;
            *found = true;
        }
    }
    return SVMS_OK;
}

svms_status svms_attest_by_end(svms_front *front, const svms_end *end, uint64_t number,
                               const uint8_t hash[SVMS_DIGEST_SIZE], svms_attestation *out,
                               svms_error *err)
{
    return svms_attest_by_path(front, end, number, hash, out, NULL, err);
}

svms_status svms_attest_by_path(svms_front *front, const svms_end *end, uint64_t number,
                                const uint8_t hash[SVMS_DIGEST_SIZE], svms_attestation *out,
                                svms_index_path *path, svms_error *err)
{
    svms_index_entry at = { 0 };
    svms_index_path passed = { 0 };
    svms_status status = SVMS_OK;
    *out = SVMS_NEVER;
    at.offset = end->root_offset;
    memcpy(at.hash, end->root_hash, SVMS_DIGEST_SIZE);
    uint8_t *buffer = svms_alloc(front->ctx, INDEX_RECORD_LARGEST);
    if (buffer == NULL) {
        return svms_fail_memory(err);
    }
    for (unsigned below = SVMS_INDEX_LEVELS; below > 0 && status == SVMS_OK;) {
        uint8_t level = 0;
        bool found = false;
        status =
            follow(front, buffer, number, &at, &level, &found, &passed.steps[passed.count], err);
        if (status != SVMS_OK || !found || level >= below) {
            break;
        }
        below = level;
        passed.count++;
        if (level == 0 && at.segment == number && memcmp(at.hash, hash, SVMS_DIGEST_SIZE) == 0) {
            *out = SVMS_ATTESTED;
        }
    }
    svms_release_secret(front->ctx, buffer, INDEX_RECORD_LARGEST);
    if (path != NULL) {
        *path = passed;
    }
    return status;
}

static void note_attested(svms_chain_walk *walk, uint64_t number)
{
    walk->attested_to = walk->attested && walk->attested_to > number ? walk->attested_to : number;
    walk->attested = true;
}

static svms_status take_late(svms_chain_walk *walk, const svms_record *record, uint64_t next,
                             svms_error *err)
{
    uint64_t number = SVMS_NO_SEGMENT;
    svms_error found = SVMS_ERROR_INIT;
    svms_status status =
        svms_late_signature_check(walk->scanner, record, walk->at, next, &number, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    /* Between the segment in question, which may be none, and the last one. */
    if (status == SVMS_OK && number != SVMS_NO_SEGMENT &&
        number - walk->first <= walk->number - walk->first) {
        note_attested(walk, number);
    }
    return SVMS_OK;
}

/* The manifest that ends the segment: continues the chain, and may bring its own signature. */
static svms_status take_manifest(svms_chain_walk *walk, const svms_record *record,
                                 svms_segment *segment, svms_error *err)
{
    svms_status status = svms_segment_take_manifest(walk->scanner, record, walk->at, segment, err);
    if (status != SVMS_OK) {
        return status;
    }
    walk->ended = segment->truncated;
    walk->broken = !segment->truncated &&
                   (!segment->believed || segment->manifest.segment != walk->number + 1 ||
                    memcmp(segment->manifest.previous, walk->hash, SVMS_DIGEST_SIZE) != 0);
    if (walk->ended || walk->broken) {
        return SVMS_OK;
    }
    svms_known_add(walk->scanner->known, segment);
    walk->number++;
    if (!segment->lacks_signature) {
        note_attested(walk, walk->number);
    }
    memcpy(walk->hash, segment->hash, SVMS_DIGEST_SIZE);
    walk->at = segment->end;
    return SVMS_OK;
}

/* A record within a segment; sample bytes are passed over. */
static svms_status take_inner(svms_chain_walk *walk, const svms_record *record, svms_error *err)
{
    svms_status status = SVMS_OK;
    svms_error found = SVMS_ERROR_INIT;
    if (record->type == SVMS_RECORD_SIGNATURE) {
        status = take_late(walk, record, walk->number + 1, err);
    } else if (record->type == SVMS_RECORD_EVIDENCE) {
        status = svms_evidence_check(walk->scanner, record, walk->at, walk->number + 1, &found);
        status = svms_is_grave(status) ? svms_fail_as(err, status, &found) : SVMS_OK;
    }
    walk->at += (uint64_t)record->header_size + record->body_size;
    return status;
}

static svms_status next_record(svms_chain_walk *walk, svms_record *record, svms_error *err)
{
    svms_window *window = &walk->scanner->front->window;
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_status status =
        svms_window_peek(window, walk->at, SVMS_SAMPLE_HEADER_MAX, &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_error found = SVMS_ERROR_INIT;
    status = svms_front_parse_record(walk->scanner->front, record, bytes, got, walk->at, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    walk->ended = status == SVMS_E_TRUNCATED ||
                  (status == SVMS_OK &&
                   (uint64_t)record->header_size + record->body_size > window->size - walk->at);
    walk->broken = !walk->ended && status != SVMS_OK;
    return SVMS_OK;
}

/* One segment of the chain. */
svms_status svms_chain_pass_segment(svms_chain_walk *walk, svms_error *err)
{
    svms_segment segment = { 0 };
    segment.offset = walk->at;
    segment.problem = (svms_error)SVMS_ERROR_INIT;
    segment.has_start = true;
    segment.start.segment = walk->number + 1;
    uint64_t number = walk->number;
    while (!walk->ended && !walk->broken && walk->number == number) {
        svms_record record = { 0 };
        svms_status status = next_record(walk, &record, err);
        if (status != SVMS_OK || walk->ended || walk->broken) {
            return status;
        }
        if (record.type == SVMS_RECORD_MANIFEST) {
            status = take_manifest(walk, &record, &segment, err);
        } else if (record.type > SVMS_RECORD_EVIDENCE ||
                   (record.type == SVMS_RECORD_START) != (walk->at == segment.offset)) {
            walk->broken = true;
        } else {
            status = take_inner(walk, &record, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

svms_status svms_chain_pass_manifest(svms_chain_walk *walk, svms_error *err)
{
    svms_segment segment = { 0 };
    svms_record record = { 0 };
    segment.problem = (svms_error)SVMS_ERROR_INIT;
    segment.has_start = true;
    segment.start.segment = walk->number + 1;
    svms_status status = next_record(walk, &record, err);
    if (status != SVMS_OK || walk->ended || walk->broken) {
        return status;
    }
    walk->broken = record.type != SVMS_RECORD_MANIFEST;
    return walk->broken ? SVMS_OK : take_manifest(walk, &record, &segment, err);
}

svms_status svms_chain_pass_signature(svms_chain_walk *walk, uint64_t next, svms_error *err)
{
    svms_record record = { 0 };
    svms_status status = next_record(walk, &record, err);
    if (status == SVMS_OK && !walk->ended && !walk->broken &&
        record.type == SVMS_RECORD_SIGNATURE) {
        status = take_late(walk, &record, next, err);
    }
    return status;
}

/* What stands behind the last segment: late signatures, index, and the signed end. */
static svms_status pass_end(svms_chain_walk *walk, svms_error *err)
{
    svms_front *front = walk->scanner->front;
    svms_end end;
    bool closed = false;
    while (!walk->ended && !walk->broken && !walk->attested) {
        svms_record record = { 0 };
        svms_status status = next_record(walk, &record, err);
        if (status != SVMS_OK || walk->ended || walk->broken ||
            record.type != SVMS_RECORD_SIGNATURE) {
            break;
        }
        status = take_late(walk, &record, walk->number + 1, err);
        if (status != SVMS_OK) {
            return status;
        }
        walk->at += (uint64_t)record.header_size + record.body_size;
    }
    svms_status status = svms_front_find_end(front, &closed, &end, err);
    if (status == SVMS_OK && closed && !walk->attested) {
        status = svms_front_believe_end(front, &end, &closed, err);
        bool covers = status == SVMS_OK && closed && end.segments == walk->number + 1 &&
                      memcmp(end.last_manifest, walk->hash, SVMS_DIGEST_SIZE) == 0;
        if (covers) {
            note_attested(walk, walk->number);
        }
        walk->broken = !covers;
    }
    return status;
}

svms_status svms_attest_ahead(svms_scanner *scanner, const svms_ahead *ahead, svms_attestation *out,
                              svms_error *err)
{
    svms_chain_walk walk = { 0 };
    walk.scanner = scanner;
    walk.first = ahead->number;
    walk.number = ahead->number;
    walk.at = ahead->offset;
    memcpy(walk.hash, ahead->hash, SVMS_DIGEST_SIZE);
    scanner->ahead = true;
    uint64_t most = ahead->for_evidence ? SVMS_MAX_EVIDENCE_DISTANCE : LONGEST_WAIT;
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && walk.number - walk.first < most && !walk.ended && !walk.broken &&
           (ahead->for_evidence || !walk.attested)) {
        svms_record record = { 0 };
        status = next_record(&walk, &record, err);
        if (status != SVMS_OK || walk.ended || walk.broken) {
            break;
        }
        if (record.type != SVMS_RECORD_START) {
            status = pass_end(&walk, err);
            break;
        }
        status = svms_chain_pass_segment(&walk, err);
    }
    scanner->ahead = false;
    svms_chain_finish(&walk, out);
    return status;
}

void svms_chain_finish(svms_chain_walk *walk, svms_attestation *out)
{
    for (uint64_t n = walk->first; walk->attested && n <= walk->attested_to; n++) {
        svms_known_manifest *known = svms_known_find(walk->scanner->known, n);
        if (known != NULL) {
            known->attested = true;
        }
    }
    *out = walk->attested ? SVMS_ATTESTED : walk->ended ? SVMS_NOT_YET : SVMS_NEVER;
}
