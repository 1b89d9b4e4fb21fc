/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an excerpt: from piece to piece instead of along the file. */
#include <string.h>

#include "excerpt_internal.h"
#include "failure.h"
#include "reader_internal.h"
#include "stream.h"

static svms_status piece_at(svms_reader *reader, uint64_t n, bool *found, svms_piece *piece,
                            svms_error *err)
{
    *found = false;
    return reader->excerpt.piece_at(reader->excerpt.user, n, found, piece, err);
}

static void forget_chain(svms_reader *reader)
{
    reader->has_previous = false;
    reader->expected = SVMS_ANY_SEGMENT;
    reader->previous_first_utc_ns = SVMS_NO_TIME;
    reader->previous_last_utc_ns = SVMS_NO_TIME;
}

/* The chain goes on behind the scanned segment, if it was believed. */
static void keep_chain(svms_reader *reader)
{
    const svms_segment *segment = &reader->segment;
    forget_chain(reader);
    if (segment->believed && segment->end != 0 && segment->problem.status == SVMS_OK) {
        reader->has_previous = true;
        memcpy(reader->previous, segment->hash, SVMS_DIGEST_SIZE);
        reader->expected = segment->manifest.segment + 1;
        reader->previous_first_utc_ns = segment->manifest.first_utc_ns;
        reader->previous_last_utc_ns = segment->manifest.last_utc_ns;
    }
}

void svms_reader_leave_piece(svms_reader *reader)
{
    reader->inside = false;
    svms_front_bound(&reader->front, reader->carried_size);
    keep_chain(reader);
}

svms_status svms_reader_attest_piece(svms_reader *reader, svms_attestation *out, svms_error *err)
{
    svms_status status = svms_excerpt_attest(&reader->scanner, &reader->excerpt, reader->piece,
                                             &reader->segment, out, err);
    svms_front_bound(&reader->front, reader->carried_end);
    return status;
}

static svms_status refuse(const svms_piece *piece, svms_status status, const char *reason,
                          svms_error *err)
{
    (void)svms_fail_at(err, status, piece->offset, "%s", reason);
    svms_fail_in_segment(err, piece->number);
    return status;
}

/* Whether the manifest continues the chain, as far as it is known. */
static void check_chain(const svms_reader *reader, svms_segment *segment)
{
    bool other =
        reader->expected != SVMS_ANY_SEGMENT && segment->manifest.segment != reader->expected;
    bool strange = reader->has_previous &&
                   memcmp(segment->manifest.previous, reader->previous, SVMS_DIGEST_SIZE) != 0;
    if (segment->problem.status == SVMS_OK && (other || strange)) {
        (void)svms_fail_at(&segment->problem, SVMS_E_NOT_AUTHENTIC, segment->manifest_offset,
                           "the segment does not continue the one before it (C-MAN-4)");
    }
}

/* A manifest without samples: they are not carried, or cannot be read. */
static svms_status pass_manifest(svms_reader *reader, const svms_piece *piece, svms_error *err)
{
    svms_status status = svms_piece_manifest(&reader->scanner, piece, &reader->segment, err);
    svms_front_bound(&reader->front, reader->carried_size);
    if (status != SVMS_OK) {
        return status;
    }
    check_chain(reader, &reader->segment);
    keep_chain(reader);
    if (reader->segment.problem.status != SVMS_OK) {
        return refuse(piece, SVMS_E_NOT_AUTHENTIC, reader->segment.problem.message, err);
    }
    if (reader->known != NULL) {
        svms_known_add(reader->known, &reader->segment);
    }
    return piece->kind == SVMS_PIECE_MANIFEST
               ? SVMS_OK
               : refuse(piece, SVMS_E_WRONG_KEY, "the segment is sealed and was not opened", err);
}

/* What is read and opened once, need not be compared when it is handed out. */
static svms_status keep_piece(svms_reader *reader, const svms_piece *piece, svms_error *err)
{
    svms_window *window = &reader->front.window;
    bool needed = reader->leaves != NULL || window->source.view == NULL;
    return needed ? svms_window_keep(window, piece->offset, piece->body_size + piece->closing_size,
                                     err)
                  : SVMS_OK;
}

/* Scans the segment that the piece is, and enters it. */
static svms_status enter_piece(svms_reader *reader, const svms_piece *piece, svms_error *err)
{
    svms_status status = keep_piece(reader, piece, err);
    if (status == SVMS_OK) {
        status =
            svms_piece_scan(&reader->scanner, piece, reader->expected,
                            reader->has_previous ? reader->previous : NULL, &reader->segment, err);
    }
    if (status == SVMS_OK) {
        status = svms_reader_judge(reader, err);
    }
    if (svms_is_grave(status)) {
        return status;
    }
    bool merely_unsigned = status == SVMS_E_UNTRUSTED && reader->front.verifier == NULL;
    reader->attested = status == SVMS_OK;
    if (status != SVMS_OK && !merely_unsigned) {
        svms_fail_in_segment(err, piece->number);
    }
    if (status == SVMS_OK || (reader->allow_unverified && reader->segment.reached != 0)) {
        svms_reader_enter(reader);
        return merely_unsigned ? SVMS_OK : status;
    }
    svms_reader_leave_piece(reader);
    return merely_unsigned
               ? refuse(piece, status, "the recording is not signed: nobody vouches for it", err)
               : status;
}

svms_status svms_reader_load_piece(svms_reader *reader, svms_error *err)
{
    svms_piece piece;
    bool found = false;
    svms_status status = piece_at(reader, reader->next_piece, &found, &piece, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!found) {
        reader->ended = true;
        return SVMS_END;
    }
    reader->piece = reader->next_piece++;
    if (piece.kind == SVMS_PIECE_FRAGMENT) {
        forget_chain(reader);
        return refuse(&piece, SVMS_E_NOT_AUTHENTIC,
                      "bytes that do not verify are carried here (E-SRC-8)", err);
    }
    const char *fault = svms_piece_fault(&piece, reader->carried_end, reader->carried_size);
    if (fault != NULL) {
        forget_chain(reader);
        return refuse(&piece, SVMS_E_NOT_AUTHENTIC, fault, err);
    }
    reader->carried_end = piece.offset + piece.body_size + piece.closing_size;
    if (piece.kind == SVMS_PIECE_MANIFEST || (piece.kind == SVMS_PIECE_SEGMENT && piece.hidden)) {
        return pass_manifest(reader, &piece, err);
    }
    return piece.kind == SVMS_PIECE_SEGMENT ? enter_piece(reader, &piece, err) : SVMS_OK;
}

/* Puts the reader in front of piece n. */
static void place(svms_reader *reader, uint64_t n)
{
    svms_reader_place(reader, reader->front.first_record, SVMS_ANY_SEGMENT);
    svms_front_bound(&reader->front, reader->carried_size);
    reader->next_piece = n;
    reader->carried_end = reader->front.first_record;
}

/* The last segment that begins at or before the time, or the first. *beyond: all end before it. */
static svms_status find_by_walking(svms_reader *reader, int64_t utc_ns, uint64_t *n,
                                   svms_error *err)
{
    bool any = false;
    for (uint64_t i = 0;; i++) {
        svms_piece piece;
        bool found = false;
        svms_status status = piece_at(reader, i, &found, &piece, err);
        if (status != SVMS_OK || !found) {
            return status;
        }
        if (piece.kind != SVMS_PIECE_SEGMENT) {
            continue;
        }
        if (any && piece.first_utc_ns > utc_ns) {
            return SVMS_OK;
        }
        any = true;
        *n = i;
    }
}

/* Whether the segment that piece is says that it begins with a sync sample. */
static svms_status begins_with_sync(svms_reader *reader, const svms_piece *piece, bool *answer,
                                    svms_error *err)
{
    *answer = false;
    if (svms_piece_fault(piece, reader->front.first_record, reader->carried_size) != NULL) {
        return SVMS_OK;
    }
    svms_status status = svms_piece_manifest(&reader->scanner, piece, &reader->segment, err);
    svms_front_bound(&reader->front, reader->carried_size);
    *answer = reader->segment.believed &&
              (reader->segment.manifest.flags & SVMS_MANIFEST_BEGINS_WITH_SYNC) != 0;
    return status;
}

/* Back to the last segment that begins with a sync sample, as long as they follow each other. */
static svms_status back_to_sync(svms_reader *reader, uint64_t *n, svms_error *err)
{
    uint64_t at = *n;
    for (;;) {
        svms_piece piece;
        bool found = false;
        bool sync = false;
        svms_status status = piece_at(reader, at, &found, &piece, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!found || piece.kind != SVMS_PIECE_SEGMENT || piece.unverified) {
            return SVMS_OK;
        }
        *n = at;
        status = begins_with_sync(reader, &piece, &sync, err);
        if (status != SVMS_OK || sync || at == 0) {
            return status;
        }
        at--;
    }
}

static svms_status is_beyond(svms_reader *reader, uint64_t n, int64_t utc_ns, bool *beyond,
                             svms_error *err)
{
    *beyond = true;
    for (uint64_t i = n; *beyond; i++) {
        svms_piece piece;
        bool found = false;
        svms_status status = piece_at(reader, i, &found, &piece, err);
        if (status != SVMS_OK || !found) {
            return status;
        }
        *beyond = piece.kind != SVMS_PIECE_SEGMENT || piece.last_utc_ns <= utc_ns;
        if (piece.kind == SVMS_PIECE_SEGMENT) {
            break; /* of two, the second begins behind the time */
        }
    }
    return SVMS_OK;
}

svms_status svms_reader_seek_piece(svms_reader *reader, int64_t utc_ns, svms_error *err)
{
    uint64_t n = 0;
    bool found = false;
    bool beyond = false;
    svms_status status = SVMS_OK;
    if (utc_ns == SVMS_NO_TIME) {
        place(reader, 0);
        return SVMS_OK;
    }
    if (reader->excerpt.find != NULL) {
        status = reader->excerpt.find(reader->excerpt.user, utc_ns, &found, &n, err);
    } else {
        status = find_by_walking(reader, utc_ns, &n, err);
    }
    if (status == SVMS_OK) {
        status = is_beyond(reader, n, utc_ns, &beyond, err);
    }
    if (status == SVMS_OK && !beyond) {
        status = back_to_sync(reader, &n, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    place(reader, n);
    return beyond ? SVMS_END : SVMS_OK;
}

svms_status svms_reader_open_excerpt(svms_reader **out, svms_ctx *ctx, const svms_excerpt *excerpt,
                                     const svms_reader_options *options, svms_error *err)
{
    svms_reader *reader = NULL;
    if (out == NULL || excerpt == NULL || excerpt->piece_at == NULL ||
        (options != NULL && options->keys != NULL)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "out, excerpt and its callback must not be NULL, and keys must be");
    }
    svms_status status = svms_reader_make(&reader, ctx, excerpt->source, options, excerpt, err);
    if (status != SVMS_OK) {
        return status;
    }
    reader->carried_size = reader->front.window.size;
    place(reader, 0);
    *out = reader;
    return SVMS_OK;
}
