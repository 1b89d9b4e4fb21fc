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
    svms_piece piece;        /* hash: of manifests and index records */
    uint64_t signed_by;      /* late signature: the segment that it signs */
    const svms_stamp *stamp; /* evidence */
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
    added->signed_by = SVMS_NO_SEGMENT;
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
        memcpy(added->piece.hash, known->hash, SVMS_DIGEST_SIZE);
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
    if (status != SVMS_OK) {
        return status;
    }
    tail_piece *added =
        add(walk, SVMS_PIECE_RECORD,
            number == 0 ? SVMS_NO_SEGMENT : holder_of(walk, known->number, known->late_offset),
            known->late_offset, size);
    if (added != NULL) {
        added->signed_by = known->number;
    }
    return SVMS_OK;
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
        const svms_index_step_taken *step = &path->steps[i];
        tail_piece *added = add(walk, SVMS_PIECE_RECORD, step->holder, step->offset, step->size);
        if (added != NULL) {
            memcpy(added->piece.hash, step->hash, SVMS_DIGEST_SIZE);
        }
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
            tail_piece *added = add(walk, SVMS_PIECE_RECORD, stamp->holder, stamp->offset - fixed,
                                    fixed + stamp->size);
            if (added != NULL) {
                added->stamp = stamp;
            }
        }
    }
    return status;
}

/* Whether something of the end was verified that is not within these bytes any more. */
static bool end_shrank(const tail_walk *walk, uint64_t size)
{
    const svms_verification *verification = walk->verification;
    bool shrank = size == 0 && verification->report.closed;
    for (uint32_t i = 0; i < verification->trailer_count && !shrank; i++) {
        const svms_stamp *stamp = &verification->trailers[i];
        uint64_t needs = stamp->offset - walk->end.offset + stamp->size + SVMS_RECORD_HEADER_SIZE +
                         SVMS_TAIL_BODY_SIZE;
        shrank = stamp->judged && needs > size && needs <= SVMS_PIECE_CLOSING_MAX;
    }
    return shrank;
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
    if (status == SVMS_OK && end_shrank(walk, size)) {
        status = svms_collect_changed(walk->end.offset, err);
    }
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
    const svms_verification *verification = walk->verification;
    svms_status status = svms_front_find_end(front, &walk->closed, &walk->end, err);
    if (status == SVMS_OK && !walk->closed && verification->report.closed) {
        status = svms_front_find_torn_end(front, &walk->closed, &walk->end, err);
    }
    bool gone = !walk->closed && verification->closed_hint;
    if (status == SVMS_OK && walk->closed && front->verifier != NULL) {
        status = svms_front_believe_end(front, &walk->end, &walk->closed, err);
    }
    gone = gone || (!walk->closed && verification->end_believed);
    return status == SVMS_OK && gone ? svms_collect_changed(front->window.size, err) : status;
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
            memcpy(added->piece.hash, behind->hash, SVMS_DIGEST_SIZE);
        }
        status = attest(walk, behind->number, behind->hash, &attested, err);
    }
    if (status == SVMS_OK && !attested) {
        status = attest(walk, last, verification->last_inside_hash, &attested, err);
    }
    /* What attested it when it was verified, is not there any more. */
    if (status == SVMS_OK && !attested && verification->report.verdict == SVMS_VERDICT_AUTHENTIC) {
        status = svms_collect_changed(verification->last_inside_end, err);
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

/* Checking again ---------------------------------------------------------------------------------
 * What is carried was verified, or found, some time ago, and what is read again may be something
 * else: so it is read once more, for good, and judged as it stands in memory.
 */

/* SHA-256 of a small run of the container. */
static svms_status hash_run(svms_front *front, uint64_t offset, uint64_t size,
                            uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    bool ok = svms_hasher_start(front->proof_hasher);
    while (ok && size != 0) {
        const uint8_t *bytes = NULL;
        size_t got = 0;
        svms_status status = svms_window_piece(&front->window, offset, size, &bytes, &got, err);
        if (status != SVMS_OK) {
            return status;
        }
        ok = svms_hasher_update(front->proof_hasher, bytes, got);
        offset += got;
        size -= got;
    }
    return ok && svms_hasher_finish(front->proof_hasher, out)
               ? SVMS_OK
               : svms_fail_crypto(err, "hashing a record");
}

/* *holds: the token is the one that was judged, if any was. */
static svms_status check_token(tail_walk *walk, const svms_stamp *stamp, bool *holds,
                               svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE] = { 0 };
    *holds = true;
    if (!stamp->judged) {
        return SVMS_OK;
    }
    svms_status status = hash_run(walk->front, stamp->offset, stamp->size, digest, err);
    *holds = memcmp(digest, stamp->token, sizeof(digest)) == 0;
    return status;
}

static svms_status check_evidence(tail_walk *walk, const tail_piece *item,
                                  const svms_record *record, bool *holds, svms_error *err)
{
    svms_scanner *scanner = &walk->verification->scanner;
    void (*told)(void *, const svms_evidence_record *) = scanner->evidence;
    uint8_t fixed[SVMS_EVIDENCE_FIXED_SIZE];
    svms_error found = SVMS_ERROR_INIT;
    *holds = false;
    svms_status copied = svms_window_copy(
        &walk->front->window, item->piece.offset + record->header_size, sizeof(fixed), fixed, err);
    svms_cursor cursor = svms_cursor_over(fixed, sizeof(fixed), item->piece.offset);
    (void)svms_skip(&cursor, 4);
    if (copied != SVMS_OK || svms_read_u64(&cursor) != item->stamp->segment ||
        memcmp(svms_read_bytes(&cursor, SVMS_DIGEST_SIZE), item->stamp->digest, SVMS_DIGEST_SIZE) !=
            0) {
        return copied;
    }
    scanner->evidence = NULL; /* it is known */
    svms_status status =
        svms_evidence_check(scanner, record, item->piece.offset, item->piece.number, &found);
    scanner->evidence = told;
    *holds = status == SVMS_OK;
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    return *holds ? check_token(walk, item->stamp, holds, err) : SVMS_OK;
}

static svms_status check_late_signature(tail_walk *walk, const tail_piece *item,
                                        const svms_record *record, bool *holds, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    uint64_t number = SVMS_NO_SEGMENT;
    svms_status status =
        svms_late_signature_check(&walk->verification->scanner, record, item->piece.offset,
                                  item->signed_by + 1, &number, &found);
    *holds = status == SVMS_OK && number == item->signed_by;
    return svms_is_grave(status) ? svms_fail_as(err, status, &found) : SVMS_OK;
}

static svms_status check_record(tail_walk *walk, const tail_piece *item, bool *holds,
                                svms_error *err)
{
    const svms_piece *piece = &item->piece;
    const uint8_t *bytes = NULL;
    uint8_t digest[SVMS_DIGEST_SIZE];
    size_t got = 0;
    svms_record record;
    *holds = false;
    svms_status status = svms_window_peek(&walk->front->window, piece->offset,
                                          SVMS_SAMPLE_HEADER_MAX, &bytes, &got, err);
    if (status != SVMS_OK ||
        svms_record_parse(&record, bytes, got, piece->offset, NULL) != SVMS_OK ||
        (uint64_t)record.header_size + record.body_size != piece->closing_size ||
        (record.number == 0) != (piece->number == SVMS_NO_SEGMENT)) {
        return status;
    }
    if (item->stamp != NULL) {
        return record.type == SVMS_RECORD_EVIDENCE ? check_evidence(walk, item, &record, holds, err)
                                                   : SVMS_OK;
    }
    if (item->signed_by != SVMS_NO_SEGMENT) {
        return record.type == SVMS_RECORD_SIGNATURE
                   ? check_late_signature(walk, item, &record, holds, err)
                   : SVMS_OK;
    }
    status = hash_run(walk->front, piece->offset, piece->closing_size, digest, err);
    *holds = status == SVMS_OK && memcmp(digest, piece->hash, sizeof(digest)) == 0;
    return status;
}

static svms_status check_end(tail_walk *walk, const tail_piece *item, bool *holds, svms_error *err)
{
    const svms_verification *verification = walk->verification;
    uint64_t size = 0;
    bool stamped = false;
    svms_status status = svms_front_same_end(walk->front, &walk->end, holds, err);
    if (status == SVMS_OK && *holds) {
        status = measure_end(walk, &size, &stamped, err);
        *holds = size == item->piece.closing_size;
    }
    for (uint32_t i = 0; status == SVMS_OK && *holds && i < verification->trailer_count; i++) {
        const svms_stamp *stamp = &verification->trailers[i];
        uint64_t end = item->piece.offset + item->piece.closing_size;
        if (stamp->offset < end && end - stamp->offset >= stamp->size) {
            status = check_token(walk, stamp, holds, err);
        }
    }
    return status;
}

static svms_status tell_record(tail_walk *walk, tail_piece *item, svms_error *err)
{
    svms_piece *piece = &item->piece;
    bool holds = false;
    svms_status status =
        svms_window_keep(&walk->front->window, piece->offset, piece->closing_size, err);
    if (status == SVMS_OK) {
        status = piece->kind == SVMS_PIECE_END ? check_end(walk, item, &holds, err)
                                               : check_record(walk, item, &holds, err);
    }
    if (status == SVMS_OK && !holds) {
        status = svms_collect_changed(piece->offset, err);
    }
    if (status == SVMS_OK) {
        status = hash_run(walk->front, piece->offset, piece->closing_size, piece->hash, err);
    }
    return status == SVMS_OK ? svms_collect_tell(walk->self, piece, NULL, err) : status;
}

static svms_status tell(tail_walk *walk, tail_piece *item, svms_error *err)
{
    svms_collecting *self = walk->self;
    if (item->piece.kind != SVMS_PIECE_MANIFEST) {
        return tell_record(walk, item, err);
    }
    svms_manifest_place place = { .known = true,
                                  .number = item->piece.number,
                                  .offset = item->piece.offset,
                                  .end = item->piece.offset + item->piece.closing_size };
    memcpy(place.hash, item->piece.hash, SVMS_DIGEST_SIZE);
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
