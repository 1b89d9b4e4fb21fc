/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be carried besides segments, so that they are attested, their period is seen to be
 * complete, and their time is attested: manifests behind them, late signatures, evidence, index
 * records, the end record with its trailers (E-SRC-4 to E-SRC-7). */
#include <stdlib.h>
#include <string.h>

#include "excerpt_internal.h"
#include "failure.h"

/* Manifests and evidence lie within this distance (C-EVI-1); and each segment may have a late
 * signature. */
#define MOST_PIECES (3u * SVMS_MAX_EVIDENCE_DISTANCE + 2u * SVMS_INDEX_LEVELS + 2u)

typedef struct tail_piece {
    svms_piece piece;
    uint8_t hash[SVMS_DIGEST_SIZE]; /* of a manifest */
} tail_piece;

typedef struct tail_walk {
    svms_collecting *self;
    svms_verification *verification;
    svms_front *front;
    bool closed; /* end is the signed end record (or media are unsigned) */
    svms_end end;
    bool end_told;
    uint32_t count;
    tail_piece *pieces;
} tail_walk;

static tail_piece *add(tail_walk *walk, svms_piece_kind kind, uint64_t number, uint64_t offset,
                       uint64_t size)
{
    for (uint32_t i = 0; i < walk->count; i++) {
        if (walk->pieces[i].piece.offset == offset) {
            return &walk->pieces[i];
        }
    }
    /* What lies within a carried segment is there already. */
    if (walk->count == MOST_PIECES || offset < walk->self->told_end ||
        size > SVMS_PIECE_CLOSING_MAX) {
        return NULL;
    }
    tail_piece *added = &walk->pieces[walk->count++];
    memset(added, 0, sizeof(*added));
    added->piece.kind = kind;
    added->piece.number = number;
    added->piece.offset = offset;
    added->piece.closing_size = (uint32_t)size;
    added->piece.first_utc_ns = SVMS_NO_TIME;
    added->piece.last_utc_ns = SVMS_NO_TIME;
    return added;
}

/* Size of the whole record at offset. */
static svms_status record_size(tail_walk *walk, uint64_t offset, uint64_t *size, uint32_t *number,
                               svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_record record = { 0 };
    svms_status status =
        svms_window_peek(&walk->front->window, offset, SVMS_SAMPLE_HEADER_MAX, &bytes, &got, err);
    if (status == SVMS_OK) {
        status = svms_record_parse(&record, bytes, got, offset, err);
    }
    *size = (uint64_t)record.header_size + record.body_size;
    *number = record.number;
    return status;
}

static svms_status add_manifest(tail_walk *walk, const svms_known_manifest *known, svms_error *err)
{
    uint64_t size = known->size;
    uint64_t signature = 0;
    uint32_t number = 0;
    svms_status status = SVMS_OK;
    if (walk->front->verifier != NULL && !known->lacks_signature && known->late_offset == 0) {
        status = record_size(walk, known->offset + size, &signature, &number, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    tail_piece *added =
        add(walk, SVMS_PIECE_MANIFEST, known->number, known->offset, size + signature);
    if (added != NULL) {
        memcpy(added->hash, known->hash, sizeof(added->hash));
    }
    return SVMS_OK;
}

/* True when the manifests of segments first + 1 to last are all known. */
static bool knows_chain(const tail_walk *walk, uint64_t first, uint64_t last)
{
    for (uint64_t n = first; n < last; n++) {
        if (svms_known_find(&walk->verification->known, n + 1) == NULL) {
            return false;
        }
    }
    return true;
}

static svms_status add_chain(tail_walk *walk, uint64_t first, uint64_t last, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint64_t n = first; n < last && status == SVMS_OK; n++) {
        const svms_known_manifest *known = svms_known_find(&walk->verification->known, n + 1);
        status = known == NULL ? SVMS_OK : add_manifest(walk, known, err);
    }
    return status;
}

/* The segment in which a record behind the carried ones stands. */
static uint64_t holder_of(const tail_walk *walk, uint64_t from, uint64_t offset)
{
    for (uint64_t n = from + 1;; n++) {
        const svms_known_manifest *known = svms_known_find(&walk->verification->known, n);
        if (known == NULL || known->offset > offset) {
            return n;
        }
    }
}

static svms_status add_late_signature(tail_walk *walk, const svms_known_manifest *known,
                                      svms_error *err)
{
    uint64_t size = 0;
    uint32_t number = 0;
    svms_status status = record_size(walk, known->late_offset, &size, &number, err);
    if (status == SVMS_OK) {
        (void)add(walk, SVMS_PIECE_RECORD,
                  number == 0 ? SVMS_NO_SEGMENT
                              : holder_of(walk, known->number, known->late_offset),
                  known->late_offset, size);
    }
    return status;
}

/* What attests a segment by a signature over its manifest or a later one of the chain. */
static svms_status attest_by_chain(tail_walk *walk, uint64_t number, bool *attested,
                                   svms_error *err)
{
    *attested = false;
    for (uint64_t n = number;; n++) {
        const svms_known_manifest *known = svms_known_find(&walk->verification->known, n);
        if (known == NULL) {
            return SVMS_OK;
        }
        if (known->lacks_signature) {
            continue;
        }
        svms_status status = add_chain(walk, number, n, err);
        *attested = status == SVMS_OK;
        return status == SVMS_OK && known->late_offset != 0 ? add_late_signature(walk, known, err)
                                                            : status;
    }
}

/* The end record, up to the last whole tail record that a piece has room for. *stamped: trailers
 * are there. */
static svms_status measure_end(tail_walk *walk, uint64_t *size, bool *stamped, svms_error *err)
{
    svms_verification *verification = walk->verification;
    svms_front *front = walk->front;
    uint64_t file = front->window.size;
    uint64_t position = verification->position;
    uint32_t trailers = verification->trailer_count;
    uint64_t tail = 0;
    bool torn = false;
    svms_status status = svms_front_end_size(front, &walk->end, &tail, err);
    svms_report *report = svms_alloc(verification->ctx, sizeof(*report));
    if (report == NULL) {
        return svms_fail_memory(err);
    }
    /* The verifier's own rules say how far they hold; what it finds behind that is no finding of
     * this range. */
    void (*finding)(void *, const svms_finding *) = verification->options.finding;
    *report = verification->report;
    verification->options.finding = NULL;
    verification->position = walk->end.offset;
    if (file - walk->end.offset > SVMS_PIECE_CLOSING_MAX) {
        front->window.size = walk->end.offset + SVMS_PIECE_CLOSING_MAX;
    }
    if (status == SVMS_OK) {
        status = svms_verify_trailers(verification, walk->end.offset, walk->end.offset + tail,
                                      &torn, err);
    }
    *size = verification->position - walk->end.offset;
    *stamped = *size > tail + SVMS_RECORD_HEADER_SIZE + SVMS_TAIL_BODY_SIZE;
    front->window.size = file;
    verification->trailer_count = trailers;
    verification->position = position;
    verification->options.finding = finding;
    verification->report = *report;
    svms_release(verification->ctx, report);
    return status;
}

static void add_path(tail_walk *walk, const svms_index_path *path)
{
    for (uint32_t i = 0; i < path->count; i++) {
        (void)add(walk, SVMS_PIECE_RECORD, path->steps[i].holder, path->steps[i].offset,
                  path->steps[i].size);
    }
}

/* The end record and what leads from it to a segment: the chain, where it is known to reach the
 * end, otherwise the index. */
static svms_status attest_by_end(tail_walk *walk, uint64_t number, const uint8_t *hash,
                                 bool *attested, svms_error *err)
{
    svms_index_path path = { 0 };
    svms_attestation found = SVMS_NEVER;
    *attested = false;
    if (!walk->closed || walk->end.segments <= number) {
        return SVMS_OK;
    }
    if (walk->end.segments == number + 1) {
        *attested = memcmp(walk->end.last_manifest, hash, SVMS_DIGEST_SIZE) == 0;
        return SVMS_OK;
    }
    svms_status status =
        svms_attest_by_path(walk->front, &walk->end, number, hash, &found, &path, err);
    if (status == SVMS_OK && found == SVMS_ATTESTED) {
        *attested = true;
        add_path(walk, &path);
    } else if (status == SVMS_OK && walk->end.segments - number <= SVMS_MAX_EVIDENCE_DISTANCE &&
               knows_chain(walk, number, walk->end.segments - 1)) {
        const svms_known_manifest *last =
            svms_known_find(&walk->verification->known, walk->end.segments - 1);
        *attested = memcmp(last->hash, walk->end.last_manifest, SVMS_DIGEST_SIZE) == 0;
        status = *attested ? add_chain(walk, number, walk->end.segments - 1, err) : SVMS_OK;
    }
    return status;
}

/* Whatever attests one segment, and with it those before. */
static svms_status attest(tail_walk *walk, uint64_t number, const uint8_t *hash, bool *attested,
                          svms_error *err)
{
    svms_status status = attest_by_chain(walk, number, attested, err);
    if (status == SVMS_OK && !*attested && walk->front->verifier != NULL) {
        status = attest_by_end(walk, number, hash, attested, err);
        walk->end_told = walk->end_told || *attested;
    }
    return status;
}

static bool is_ahead(const tail_walk *walk, const svms_stamp *stamp)
{
    const svms_verification *verification = walk->verification;
    return stamp->run == verification->last_inside_run &&
           stamp->holder > verification->last_inside && stamp->segment >= walk->self->first &&
           stamp->offset > walk->self->told_end;
}

/* Of the stamps in the segments behind the range, the one that shows best how old it is: the
 * earliest that holds, or where none was judged the first. NULL when none attests all of it. */
static const svms_stamp *best_stamp(const tail_walk *walk)
{
    const svms_verification *verification = walk->verification;
    const svms_stamp *best = NULL;
    for (uint32_t i = 0; i < SVMS_NEWEST_STAMPS && i < verification->newest_count; i++) {
        const svms_stamp *stamp = &verification->newest[i];
        if (!is_ahead(walk, stamp) || stamp->segment < verification->last_inside ||
            !knows_chain(walk, verification->last_inside, stamp->segment)) {
            continue;
        }
        bool judged = stamp->valid_utc_ns != SVMS_NO_TIME;
        bool better = best == NULL || (judged && best->valid_utc_ns == SVMS_NO_TIME) ||
                      (judged && stamp->valid_utc_ns < best->valid_utc_ns) ||
                      (judged == (best->valid_utc_ns != SVMS_NO_TIME) &&
                       stamp->valid_utc_ns == best->valid_utc_ns && stamp->offset < best->offset);
        best = better ? stamp : best;
    }
    return best;
}

/* Evidence behind the range that names a segment of which the manifest is carried. */
static svms_status add_evidence(tail_walk *walk, uint64_t last, svms_error *err)
{
    const svms_verification *verification = walk->verification;
    const svms_stamp *best = best_stamp(walk);
    svms_status status = SVMS_OK;
    if (best != NULL) {
        status = add_chain(walk, verification->last_inside, best->segment, err);
        last = best->segment > last ? best->segment : last;
    }
    for (uint32_t i = 0; i < SVMS_NEWEST_STAMPS && i < verification->newest_count; i++) {
        const svms_stamp *stamp = &verification->newest[i];
        const uint64_t fixed = SVMS_RECORD_HEADER_SIZE + SVMS_EVIDENCE_FIXED_SIZE;
        if (is_ahead(walk, stamp) && stamp->segment <= last) {
            (void)add(walk, SVMS_PIECE_RECORD, stamp->holder, stamp->offset - fixed,
                      fixed + stamp->size);
        }
    }
    return status;
}

static svms_status add_end(tail_walk *walk, svms_error *err)
{
    svms_verification *verification = walk->verification;
    uint64_t size = 0;
    bool stamped = false;
    bool attested = false;
    if (!walk->closed) {
        return SVMS_OK;
    }
    bool something = verification->last_inside != SVMS_NO_SEGMENT;
    bool touched = something ? walk->end.segments == verification->last_inside + 1 &&
                                   memcmp(walk->end.last_manifest, verification->last_inside_hash,
                                          SVMS_DIGEST_SIZE) == 0
                             : !verification->range;
    svms_status status = measure_end(walk, &size, &stamped, err);
    if (status != SVMS_OK || size == 0) {
        return status;
    }
    walk->end_told = walk->end_told || touched;
    if (stamped && something && !touched && walk->front->verifier != NULL) {
        status = attest_by_end(walk, verification->last_inside, verification->last_inside_hash,
                               &attested, err);
        walk->end_told = walk->end_told || attested;
    }
    if (status == SVMS_OK && walk->end_told) {
        (void)add(walk, SVMS_PIECE_END, SVMS_NO_SEGMENT, walk->end.offset, size);
    }
    return status;
}

static svms_status find_end(tail_walk *walk, svms_error *err)
{
    svms_front *front = walk->front;
    svms_status status = svms_front_find_end(front, &walk->closed, &walk->end, err);
    if (status == SVMS_OK && !walk->closed && walk->verification->report.closed) {
        status = svms_front_find_torn_end(front, &walk->closed, &walk->end, err);
    }
    if (status == SVMS_OK && walk->closed && front->verifier != NULL) {
        status = svms_front_believe_end(front, &walk->end, &walk->closed, err);
    }
    return status;
}

/* Manifest behind the range, where the last segment ends before it does. */
static svms_status gather(tail_walk *walk, svms_error *err)
{
    svms_verification *verification = walk->verification;
    const svms_manifest_place *behind = &walk->self->behind;
    int64_t to = verification->options.to_utc_ns;
    uint64_t last = verification->last_inside;
    bool attested = false;
    svms_status status = find_end(walk, err);
    if (status != SVMS_OK || last == SVMS_NO_SEGMENT) {
        return status == SVMS_OK ? add_end(walk, err) : status;
    }
    bool needed = to != SVMS_NO_TIME && behind->known &&
                  behind->run == verification->last_inside_run && behind->number == last + 1 &&
                  walk->self->last_utc_ns < to;
    if (needed) {
        tail_piece *added = add(walk, SVMS_PIECE_MANIFEST, behind->number, behind->offset,
                                behind->end - behind->offset);
        if (added != NULL) {
            memcpy(added->hash, behind->hash, SVMS_DIGEST_SIZE);
        }
        status = attest(walk, behind->number, behind->hash, &attested, err);
    }
    if (status == SVMS_OK && !attested) {
        status = attest(walk, last, verification->last_inside_hash, &attested, err);
    }
    if (status == SVMS_OK) {
        status = add_evidence(walk, needed ? behind->number : last, err);
    }
    return status == SVMS_OK ? add_end(walk, err) : status;
}

static int by_offset(const void *a, const void *b)
{
    const tail_piece *left = a;
    const tail_piece *right = b;
    return left->piece.offset < right->piece.offset ? -1 : left->piece.offset > right->piece.offset;
}

static svms_status tell(tail_walk *walk, tail_piece *item, svms_error *err)
{
    svms_collecting *self = walk->self;
    if (item->piece.kind != SVMS_PIECE_MANIFEST) {
        return svms_collect_tell(self, &item->piece, NULL, err);
    }
    svms_manifest_place place = { .known = true,
                                  .number = item->piece.number,
                                  .offset = item->piece.offset,
                                  .end = item->piece.offset + item->piece.closing_size };
    memcpy(place.hash, item->hash, sizeof(place.hash));
    svms_status status = svms_collect_manifest(self, walk->front, &place, err);
    if (status != SVMS_OK) {
        return status;
    }
    item->piece.first_utc_ns = self->manifest.first_utc_ns;
    item->piece.last_utc_ns = self->manifest.last_utc_ns;
    return svms_collect_tell(self, &item->piece, &self->manifest, err);
}

svms_status svms_collect_tail(svms_collecting *self, svms_verification *verification,
                              svms_error *err)
{
    tail_walk walk = { 0 };
    walk.self = self;
    walk.verification = verification;
    walk.front = &verification->front;
    walk.pieces = svms_alloc_array(verification->ctx, MOST_PIECES, sizeof(*walk.pieces));
    if (walk.pieces == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = gather(&walk, err);
    if (status == SVMS_OK) {
        qsort(walk.pieces, walk.count, sizeof(*walk.pieces), by_offset);
    }
    for (uint32_t i = 0; i < walk.count && status == SVMS_OK; i++) {
        status = tell(&walk, &walk.pieces[i], err);
    }
    svms_release(verification->ctx, walk.pieces);
    return status;
}
