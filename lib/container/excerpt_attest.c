/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a carried segment without signature of its own is attested by what is carried behind it
 * (C-SIG-6, E-SRC-7). */
#include <string.h>

#include "excerpt_internal.h"
#include "failure.h"
#include "stream.h"

/* A later signature comes within this many segments, or never (C-LIM-1). */
#define LONGEST_WAIT 128u
/* Records may stand between the manifests. */
#define MOST_PIECES (8u * LONGEST_WAIT)

/* The signed end: the chain leads there, or the index leads from there to one of its ends. */
static svms_status take_end(svms_chain_walk *walk, const svms_piece *piece,
                            const svms_segment *segment, svms_error *err)
{
    svms_front *front = walk->scanner->front;
    svms_end end = { 0 };
    uint8_t body[SVMS_END_BODY_SIZE];
    svms_attestation found = SVMS_NEVER;
    bool believed = false;
    walk->ended = true;
    if (piece->closing_size < SVMS_RECORD_HEADER_SIZE + sizeof(body)) {
        return SVMS_OK;
    }
    svms_status status = svms_window_copy(&front->window, piece->offset + SVMS_RECORD_HEADER_SIZE,
                                          sizeof(body), body, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (svms_end_parse(&end, &front->header, body, sizeof(body), piece->offset, NULL) != SVMS_OK ||
        end.offset != piece->offset) {
        return SVMS_OK;
    }
    status = svms_front_believe_end(front, &end, &believed, err);
    if (status != SVMS_OK || !believed) {
        return status;
    }
    if (end.segments == walk->number + 1 &&
        memcmp(end.last_manifest, walk->hash, SVMS_DIGEST_SIZE) == 0) {
        found = SVMS_ATTESTED;
    } else {
        status = svms_attest_by_end(front, &end, walk->number, walk->hash, &found, err);
    }
    if (status == SVMS_OK && found != SVMS_ATTESTED) {
        status = svms_attest_by_end(front, &end, walk->first, segment->hash, &found, err);
    }
    if (status == SVMS_OK && found == SVMS_ATTESTED) {
        walk->attested = true;
        walk->attested_to = walk->first;
    }
    return status;
}

static svms_status take_piece(svms_chain_walk *walk, const svms_piece *piece,
                              const svms_segment *segment, svms_error *err)
{
    svms_front *front = walk->scanner->front;
    uint64_t closing = piece->offset + piece->body_size;
    svms_front_bound(front, closing + piece->closing_size);
    walk->at = piece->offset;
    if (piece->kind == SVMS_PIECE_SEGMENT && !piece->hidden) {
        return svms_chain_pass_segment(walk, err);
    }
    if (piece->kind == SVMS_PIECE_SEGMENT || piece->kind == SVMS_PIECE_MANIFEST) {
        walk->at = closing;
        return svms_chain_pass_manifest(walk, err);
    }
    if (piece->kind == SVMS_PIECE_RECORD) {
        return svms_chain_pass_signature(
            walk, piece->number == SVMS_NO_SEGMENT ? walk->number + 1 : piece->number, err);
    }
    if (piece->kind == SVMS_PIECE_END) {
        return take_end(walk, piece, segment, err);
    }
    walk->broken = true;
    return SVMS_OK;
}

svms_status svms_excerpt_attest(svms_scanner *scanner, const svms_excerpt *excerpt, uint64_t n,
                                const svms_segment *segment, svms_attestation *out, svms_error *err)
{
    svms_chain_walk walk = { 0 };
    svms_front *front = scanner->front;
    uint64_t size = 0;
    uint64_t position = segment->end;
    walk.scanner = scanner;
    walk.first = segment->manifest.segment;
    walk.number = walk.first;
    memcpy(walk.hash, segment->hash, SVMS_DIGEST_SIZE);
    scanner->ahead = true;
    svms_status status = svms_source_size(&front->window.source, &size, err);
    for (uint32_t i = 1; status == SVMS_OK && i <= MOST_PIECES && !walk.attested && !walk.ended &&
                         !walk.broken && walk.number - walk.first < LONGEST_WAIT;
         i++) {
        svms_piece piece;
        bool found = false;
        status = excerpt->piece_at(excerpt->user, n + i, &found, &piece, err);
        walk.broken = !found || svms_piece_fault(&piece, position, size) != NULL;
        if (status == SVMS_OK && !walk.broken) {
            position = piece.offset + piece.body_size + piece.closing_size;
            status = take_piece(&walk, &piece, segment, err);
        }
    }
    scanner->ahead = false;
    svms_chain_finish(&walk, out);
    return status;
}
