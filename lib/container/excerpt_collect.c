/* SPDX-License-Identifier: Apache-2.0 */
/* Taking segments out of a container while it is verified (evidence.md, section 5). */
#include "excerpt_internal.h"

#include <string.h>

#include "failure.h"
#include "options.h"

static void stop(svms_collecting *self, svms_status status, const svms_error *found)
{
    if (!self->stop) {
        self->stop = true;
        self->failure = *found;
        self->failure.status = status;
    }
}

/* After a failure only those who want it all the same are told more. */
static bool is_told(const svms_collecting *self, const svms_verification *verification)
{
    /* An index that led astray: everything is read again from the beginning. */
    bool again = verification->jumped && !verification->covers_start;
    return !self->stop && !again &&
           (self->given->include_unverified ||
            verification->report.verdict != SVMS_VERDICT_NOT_AUTHENTIC);
}

svms_status svms_collect_changed(uint64_t offset, svms_error *err)
{
    return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset,
                        "the source changed while it was exported");
}

/* Reads [from, to), which is small, once: its SHA-256, and its first bytes. */
static svms_status read_span(svms_front *front, uint64_t from, uint64_t to, uint8_t *first,
                             size_t room, uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    svms_hasher *hasher = front->proof_hasher;
    bool ok = svms_hasher_start(hasher);
    while (ok && from < to) {
        const uint8_t *bytes = NULL;
        size_t piece = 0;
        svms_status status =
            svms_window_piece(&front->window, from, to - from, &bytes, &piece, err);
        if (status != SVMS_OK) {
            return status;
        }
        size_t step = piece < room ? piece : room;
        memcpy(first, bytes, step);
        first += step;
        room -= step;
        ok = svms_hasher_update(hasher, bytes, piece);
        from += piece;
    }
    return ok && svms_hasher_finish(hasher, out) ? SVMS_OK
                                                 : svms_fail_crypto(err, "hashing a manifest");
}

svms_status svms_collect_manifest(svms_collecting *self, svms_front *front,
                                  const svms_manifest_place *place, svms_error *err)
{
    svms_record record = { 0 };
    uint8_t digest[SVMS_DIGEST_SIZE];
    uint64_t left = place->end - place->offset;
    size_t size = left < sizeof(self->raw) ? (size_t)left : sizeof(self->raw);
    svms_status status = read_span(front, place->offset, place->end, self->raw, size, digest, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (memcmp(digest, place->hash, sizeof(digest)) != 0) {
        return svms_collect_changed(place->offset, err);
    }
    status = svms_record_parse(&record, self->raw, size, place->offset, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (record.type != SVMS_RECORD_MANIFEST || size - SVMS_RECORD_HEADER_SIZE < record.body_size) {
        return svms_collect_changed(place->offset, err);
    }
    return svms_manifest_parse(&self->manifest, &front->header, self->raw + SVMS_RECORD_HEADER_SIZE,
                               record.body_size, place->offset, err);
}

svms_status svms_collect_hand(const svms_collecting *self, svms_piece *piece,
                              const svms_manifest *manifest, svms_error *err)
{
    const uint8_t *header = self->front->header.hash;
    if (self->given->header_hash != NULL &&
        memcmp(self->given->header_hash, header, SVMS_DIGEST_SIZE) != 0) {
        return svms_collect_changed(0, err);
    }
    piece->window = &self->front->window;
    piece->steady = svms_window_is_steady(piece->window, piece->offset, piece->body_size);
    return self->given->piece(self->given->user, piece, manifest, err);
}

svms_status svms_collect_tell(svms_collecting *self, svms_piece *piece,
                              const svms_manifest *manifest, svms_error *err)
{
    /* In a file that was made for it, what was found in a hole may lie behind what comes next. */
    if (piece->offset < self->told_end) {
        return SVMS_OK;
    }
    svms_status status = svms_hole_close(self, piece->offset, err);
    if (status == SVMS_OK) {
        self->told_end = piece->offset + piece->body_size + piece->closing_size;
        status = svms_collect_hand(self, piece, manifest, err);
    }
    return status;
}

static svms_piece manifest_piece(const svms_manifest_place *place, const svms_manifest *manifest)
{
    svms_piece piece = { 0 };
    piece.kind = SVMS_PIECE_MANIFEST;
    piece.number = place->number;
    piece.offset = place->offset;
    piece.closing_size = (uint32_t)(place->end - place->offset);
    piece.first_utc_ns = manifest->first_utc_ns;
    piece.last_utc_ns = manifest->last_utc_ns;
    memcpy(piece.hash, place->hash, sizeof(piece.hash));
    return piece;
}

/* The segment in front, where the first of the range begins behind its start. */
static svms_status tell_before(svms_collecting *self, const svms_verification *verification,
                               svms_front *front, const svms_manifest_place *first,
                               int64_t first_utc_ns, svms_error *err)
{
    const svms_manifest_place *before = &self->before;
    int64_t from = verification->options.from_utc_ns;
    if (self->begun || !before->known || before->run != first->run ||
        before->number + 1 != first->number || from == SVMS_NO_TIME || first_utc_ns <= from) {
        return SVMS_OK;
    }
    svms_status status = svms_collect_manifest(self, front, before, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_piece piece = manifest_piece(before, &self->manifest);
    return svms_collect_tell(self, &piece, &self->manifest, err);
}

/* A whole segment that begins at offset, and whose manifest is believed. */
static svms_status tell_segment(svms_collecting *self, svms_verification *verification,
                                uint64_t offset, const svms_manifest_place *place,
                                const svms_manifest *manifest, bool unverified, svms_error *err)
{
    svms_piece piece = { 0 };
    svms_front *front = &verification->front;
    svms_manifest first_manifest;
    svms_status status = SVMS_OK;
    if (manifest == NULL) {
        status = svms_collect_manifest(self, front, place, err);
        first_manifest = self->manifest;
        manifest = &first_manifest;
    }
    if (status == SVMS_OK && verification->options.from_utc_ns != SVMS_NO_TIME &&
        manifest->first_utc_ns <= verification->options.from_utc_ns) {
        self->hole = false; /* all of it lies before the period */
    }
    if (status == SVMS_OK) {
        status = tell_before(self, verification, front, place, manifest->first_utc_ns, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    piece.kind = SVMS_PIECE_SEGMENT;
    piece.unverified = unverified;
    piece.unattested = place->unattested;
    piece.number = place->number;
    piece.offset = offset;
    piece.body_size = place->offset - offset;
    piece.closing_size = (uint32_t)(place->end - place->offset);
    piece.first_utc_ns = manifest->first_utc_ns;
    piece.last_utc_ns = manifest->last_utc_ns;
    memcpy(piece.hash, place->hash, sizeof(piece.hash));
    if (!self->begun) {
        self->begun = true;
        self->first = place->number;
        self->last_utc_ns = piece.last_utc_ns;
    }
    self->last_utc_ns =
        piece.last_utc_ns > self->last_utc_ns ? piece.last_utc_ns : self->last_utc_ns;
    return svms_collect_tell(self, &piece, manifest, err);
}

static void take_held(void *user, const svms_held_segment *held)
{
    svms_collecting *self = user;
    svms_error found = SVMS_ERROR_INIT;
    if (!is_told(self, held->verification)) {
        return;
    }
    svms_manifest_place place = { .known = true,
                                  .number = held->number,
                                  .run = held->run,
                                  .offset = held->manifest_offset,
                                  .end = held->end };
    memcpy(place.hash, held->hash, SVMS_DIGEST_SIZE);
    self->front = &held->verification->front;
    svms_status status =
        tell_segment(self, held->verification, held->offset, &place, held->manifest, false, &found);
    if (status != SVMS_OK) {
        stop(self, status, &found);
    }
}

static void take_beside(void *user, const svms_verification *verification,
                        const svms_segment *segment, bool after)
{
    svms_collecting *self = user;
    svms_manifest_place *place = after ? &self->behind : &self->before;
    place->known = true;
    place->number = segment->manifest.segment;
    place->run = verification->run;
    place->offset = segment->manifest_offset;
    place->end = segment->end;
    memcpy(place->hash, segment->hash, SVMS_DIGEST_SIZE);
    if (is_told(self, verification)) {
        svms_hole_beside(self, verification, segment, after);
    }
}

/* Segments that hold, but that nothing attests. */
static svms_status tell_pending(svms_collecting *self, svms_verification *verification,
                                svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; i < verification->pending_count && status == SVMS_OK; i++) {
        const svms_pending *pending = &verification->pending[i];
        if (pending->run != verification->run || !pending->inside) {
            continue;
        }
        svms_manifest_place place = { .known = true,
                                      .unattested = true,
                                      .number = pending->number,
                                      .run = pending->run,
                                      .offset = pending->manifest_offset,
                                      .end = pending->end };
        memcpy(place.hash, pending->hash, SVMS_DIGEST_SIZE);
        status = tell_segment(self, verification, pending->offset, &place, NULL, true, err);
    }
    return status;
}

static void take_lost(void *user, svms_verification *verification, const svms_segment *segment)
{
    svms_collecting *self = user;
    svms_error found = SVMS_ERROR_INIT;
    if (!self->given->include_unverified || !is_told(self, verification)) {
        return;
    }
    self->front = &verification->front;
    svms_status status = tell_pending(self, verification, &found);
    bool behind =
        segment->believed && svms_verification_relate(verification, segment->manifest.first_utc_ns,
                                                      segment->manifest.last_utc_ns) == SVMS_AFTER;
    bool whole = segment->believed && segment->end != 0 &&
                 segment->manifest_offset > segment->offset &&
                 segment->end - segment->manifest_offset <= SVMS_PIECE_CLOSING_MAX;
    if (status == SVMS_OK && behind) {
        svms_hole_beside(self, verification, segment, true);
    } else if (status == SVMS_OK && whole) {
        svms_manifest_place place = { .known = true,
                                      .unattested = segment->lacks_signature,
                                      .number = segment->manifest.segment,
                                      .run = verification->run,
                                      .offset = segment->manifest_offset,
                                      .end = segment->end };
        memcpy(place.hash, segment->hash, SVMS_DIGEST_SIZE);
        status = tell_segment(self, verification, segment->offset, &place, &segment->manifest, true,
                              &found);
    } else if (status == SVMS_OK) {
        status = svms_hole_open(self, verification, segment, &found);
    }
    if (status != SVMS_OK) {
        stop(self, status, &found);
    }
}

static svms_status finish(void *user, svms_verification *verification, svms_error *err)
{
    svms_collecting *self = user;
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = SVMS_OK;
    if (!is_told(self, verification)) {
        return SVMS_OK;
    }
    self->front = &verification->front;
    if (self->given->include_unverified) {
        status = tell_pending(self, verification, &found);
    }
    if (status == SVMS_OK) {
        status = svms_hole_finish(self, verification, &found);
    }
    if (status == SVMS_OK) {
        status = svms_collect_tail(self, verification, &found);
    }
    if (status == SVMS_OK) {
        return SVMS_OK;
    }
    stop(self, status, &found);
    return svms_fail_as(err, status, &found);
}

svms_status svms_excerpt_collect(svms_ctx *ctx, const svms_source *source,
                                 const svms_verify_options *options,
                                 const svms_collector *collector, svms_report *report,
                                 svms_error *err)
{
    if (ctx == NULL || collector == NULL || collector->piece == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ctx, collector and its callback must not be NULL");
    }
    svms_collecting *self = svms_alloc(ctx, sizeof(*self));
    if (self == NULL) {
        return svms_fail_memory(err);
    }
    svms_verify_options given = SVMS_VERIFY_OPTIONS_INIT;
    svms_status status =
        svms_options_read(&given, sizeof(given), options, "svms_verify_options", err);
    given.keys = NULL;
    self->given = collector;
    self->period_end = SVMS_NO_OFFSET;
    self->failure = (svms_error)SVMS_ERROR_INIT;
    const svms_held_listener listener = { .held = take_held,
                                          .user = self,
                                          .beside = take_beside,
                                          .lost = take_lost,
                                          .finish = finish,
                                          .stop = &self->stop,
                                          .keeps = true };
    if (status == SVMS_OK) {
        status = svms_verify_for(ctx, source, &given, &listener, report, err);
        if (self->stop) {
            status = svms_fail_as(err, self->failure.status, &self->failure);
        }
        if (collector->failed != NULL) {
            *collector->failed = self->stop;
        }
    }
    svms_release(ctx, self);
    return status;
}
