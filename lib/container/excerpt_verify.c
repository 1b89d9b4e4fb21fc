/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying an excerpt piece by piece, by the rules for a range of a container and what is carried
 * (E-SRC, E-VER-3 to E-VER-5). */
#include <stdio.h>
#include <string.h>

#include "excerpt_internal.h"
#include "failure.h"
#include "options.h"
#include "stream.h"

static void find(svms_verification *verification, svms_verdict verdict, const char *reason)
{
    const svms_piece *piece = &verification->carried->piece;
    int64_t utc = piece->first_utc_ns != SVMS_NO_TIME ? piece->first_utc_ns
                                                      : verification->previous_last_utc_ns;
    svms_verification_find(verification, verdict, piece->number, utc, piece->offset, reason);
}

/* What comes next does not continue what was before. */
static void break_chain(svms_verification *verification, uint64_t offset)
{
    svms_excerpt_walk *walk = verification->carried;
    if (!verification->begun) {
        verification->covers_start = false;
    }
    svms_verification_break(verification, offset);
    verification->has_previous = false;
    verification->expected = SVMS_ANY_SEGMENT;
    verification->previous_first_utc_ns = SVMS_NO_TIME;
    walk->next_offset = 0;
    walk->behind = false;
}

static void take_false(svms_verification *verification, const svms_segment *segment)
{
    const svms_piece *piece = &verification->carried->piece;
    bool known = verification->expected != SVMS_ANY_SEGMENT;
    bool named = !known || verification->expected == piece->number; /* or one that is missing */
    int64_t utc = named && segment->believed && segment->manifest.segment == piece->number
                      ? segment->manifest.first_utc_ns
                      : verification->previous_last_utc_ns;
    verification->report.segments_failed++;
    svms_verification_find(
        verification, SVMS_VERDICT_NOT_AUTHENTIC, known ? verification->expected : piece->number,
        utc == SVMS_NO_TIME ? piece->first_utc_ns : utc,
        segment->problem.offset == SVMS_NO_OFFSET ? piece->offset : segment->problem.offset,
        segment->problem.message);
    break_chain(verification, piece->offset);
    if (segment->believed && segment->manifest.segment == piece->number) {
        verification->expected = piece->number + 1;
        verification->previous_last_utc_ns = segment->manifest.last_utc_ns;
    }
}

static void note(svms_segment *segment, uint64_t offset, const char *text)
{
    if (segment->problem.status == SVMS_OK) {
        (void)svms_fail_at(&segment->problem, SVMS_E_NOT_AUTHENTIC, offset, "%s", text);
    }
}

/* Whether the segment, which holds by itself, continues the chain and stands where its place in the
 * container is. begins: offset of its start there. */
static void check_place(const svms_verification *verification, svms_segment *segment,
                        uint64_t begins)
{
    const svms_manifest *manifest = &segment->manifest;
    const svms_excerpt_walk *walk = verification->carried;
    uint64_t first = verification->front.first_record;
    bool fits = manifest->segment == 0 ? begins == first : begins > first;
    if (verification->expected != SVMS_ANY_SEGMENT && manifest->segment != verification->expected) {
        note(segment, walk->piece.offset, "segments were removed, repeated or reordered (E-SRC-2)");
    }
    if (verification->has_previous &&
        memcmp(manifest->previous, verification->previous, SVMS_DIGEST_SIZE) != 0) {
        note(segment, segment->manifest_offset,
             "the segment does not continue the one before it (C-MAN-4)");
    }
    if (!fits || (walk->next_offset != 0 && begins != walk->next_offset)) {
        note(segment, walk->piece.offset, "the piece comes from another place than it says");
    }
    if (verification->has_previous && verification->previous_first_utc_ns != SVMS_NO_TIME &&
        manifest->first_utc_ns < verification->previous_first_utc_ns) {
        note(segment, segment->manifest_offset,
             "the segment begins before the one in front of it (C-MAN-6)");
    }
}

/* The chain goes on behind this segment. */
static void go_on(svms_verification *verification, const svms_segment *segment, uint64_t begins)
{
    svms_excerpt_walk *walk = verification->carried;
    const svms_manifest *manifest = &segment->manifest;
    verification->expected = manifest->segment + 1;
    verification->has_previous = true;
    memcpy(verification->previous, segment->hash, SVMS_DIGEST_SIZE);
    verification->previous_first_utc_ns = manifest->first_utc_ns;
    verification->previous_last_utc_ns = manifest->last_utc_ns;
    walk->next_offset = begins + manifest->bytes + walk->piece.closing_size;
    walk->chain_number = manifest->segment;
    walk->chain_run = verification->run;
    memcpy(walk->chain_hash, segment->hash, SVMS_DIGEST_SIZE);
}

/* A manifest whose samples are not looked at. Of those behind the range only the first one says
 * where the range ends; the others show who attests it. */
static void take_manifest_only(svms_verification *verification, svms_segment *segment,
                               svms_relation relation)
{
    svms_excerpt_walk *walk = verification->carried;
    bool hidden = walk->piece.kind == SVMS_PIECE_SEGMENT;
    bool after = relation == SVMS_AFTER;
    if (relation == SVMS_INSIDE && !hidden) {
        find(verification, SVMS_VERDICT_INCOMPLETE,
             "only the manifest of this segment is carried, and not its samples (E-SRC-4)");
    }
    if (hidden || !after || !walk->behind || walk->behind_run != verification->run) {
        svms_status pushed = svms_verification_push(
            verification, segment, hidden && relation == SVMS_INSIDE, after, &segment->problem);
        walk->behind = walk->behind || (pushed == SVMS_OK && after);
        walk->behind_run = verification->run;
        walk->hidden += hidden && pushed == SVMS_OK;
        return;
    }
    svms_known_add(&verification->known, segment);
    if (!segment->lacks_signature) {
        svms_verification_attest(verification, segment->manifest.segment);
    }
}

static svms_status take_held(svms_verification *verification, svms_segment *segment,
                             uint64_t begins, svms_error *err)
{
    const svms_manifest *manifest = &segment->manifest;
    svms_relation relation =
        svms_verification_relate(verification, manifest->first_utc_ns, manifest->last_utc_ns);
    svms_verification_note_start(verification, manifest, relation);
    if (segment->unread) {
        take_manifest_only(verification, segment, relation);
    } else if (svms_verification_push(verification, segment, relation == SVMS_INSIDE,
                                      relation == SVMS_AFTER, &segment->problem) != SVMS_OK) {
        take_false(verification, segment);
        return SVMS_OK;
    }
    if (segment->problem.status != SVMS_OK) {
        take_false(verification, segment);
        return SVMS_OK;
    }
    go_on(verification, segment, begins);
    return segment->unread ? SVMS_OK : svms_verify_carried_secrets(verification, segment, err);
}

/* Segments and manifests. */
static svms_status take_segment(svms_verification *verification, svms_error *err)
{
    const svms_excerpt_walk *walk = verification->carried;
    const svms_piece *piece = &walk->piece;
    svms_segment segment;
    bool whole = piece->kind == SVMS_PIECE_SEGMENT && !piece->hidden;
    svms_status status = whole ? svms_piece_scan(&verification->scanner, piece, SVMS_ANY_SEGMENT,
                                                 NULL, &segment, err)
                               : svms_piece_manifest(&verification->scanner, piece, &segment, err);
    svms_front_bound(&verification->front, walk->size);
    if (status != SVMS_OK) {
        return status;
    }
    uint64_t begins = piece->offset;
    if (piece->kind == SVMS_PIECE_MANIFEST) {
        begins =
            segment.manifest.bytes < piece->offset ? piece->offset - segment.manifest.bytes : 0;
    }
    if (whole) {
        svms_verification_take_late(verification, &segment);
    }
    if (segment.problem.status == SVMS_OK) {
        check_place(verification, &segment, begins);
    }
    if (segment.problem.status != SVMS_OK) {
        take_false(verification, &segment);
        return SVMS_OK;
    }
    return take_held(verification, &segment, begins, err);
}

static void take_fragment(svms_verification *verification)
{
    verification->report.segments_failed++;
    find(verification, SVMS_VERDICT_NOT_AUTHENTIC,
         "bytes that do not verify are carried here (E-SRC-8)");
    break_chain(verification, verification->carried->piece.offset);
}

static svms_status take_piece(svms_verification *verification, svms_error *err)
{
    svms_excerpt_walk *walk = verification->carried;
    const svms_piece *piece = &walk->piece;
    svms_status status = SVMS_OK;
    if (piece->kind == SVMS_PIECE_FRAGMENT && piece->body_size == 0 && piece->closing_size == 0) {
        take_fragment(verification); /* something that could not be read at all */
        return SVMS_OK;
    }
    const char *fault = svms_piece_fault(piece, verification->position, walk->size);
    if (fault == NULL && walk->ended) {
        fault = "a piece stands behind the end record (C-END-1)";
    }
    if (fault != NULL) {
        find(verification, SVMS_VERDICT_NOT_AUTHENTIC, fault);
        break_chain(verification, piece->offset);
        return SVMS_OK;
    }
    verification->position = piece->offset + piece->body_size + piece->closing_size;
    if (!svms_verification_tick(verification, piece->offset)) {
        return svms_fail(err, SVMS_E_CANCELLED, "cancelled");
    }
    if (piece->kind == SVMS_PIECE_SEGMENT || piece->kind == SVMS_PIECE_MANIFEST) {
        status = take_segment(verification, err);
    } else if (piece->kind == SVMS_PIECE_RECORD) {
        status = svms_verify_carried_record(verification, err);
    } else if (piece->kind == SVMS_PIECE_END) {
        status = svms_verify_carried_end(verification, err);
    } else {
        take_fragment(verification);
    }
    svms_front_bound(&verification->front, walk->size);
    return status;
}

static const char *why_incomplete(svms_verification *verification)
{
    svms_report *report = &verification->report;
    const svms_excerpt_walk *walk = verification->carried;
    for (uint32_t i = 0; i < verification->pending_count; i++) {
        report->segments_unattested += verification->pending[i].inside;
    }
    if (report->segments_unattested != 0) {
        return "no signature that is carried attests the last segments (C-SIG-6, E-SRC-7)";
    }
    bool empty = !verification->range && walk->closed && walk->end.segments == 0;
    if (report->segments_verified == 0 && walk->hidden == 0 && !empty) {
        return "there are no samples in the period";
    }
    if (!verification->covers_start && !empty) {
        return "what comes directly before the period is not carried, so something may be missing "
               "at its start";
    }
    if (!verification->covers_end) {
        verification->open_end = !walk->closed;
        return "what is carried does not show that it reaches the end of the period";
    }
    return NULL;
}

static void judge(svms_verification *verification)
{
    const svms_excerpt_walk *walk = verification->carried;
    char reason[160];
    if (verification->report.verdict == SVMS_VERDICT_NOT_AUTHENTIC) {
        return;
    }
    if (walk->hidden != 0) {
        (void)snprintf(reason, sizeof(reason),
                       "the bodies of %llu segments are sealed and were not opened, so their "
                       "samples were not compared with their manifests (E-VER-4)",
                       (unsigned long long)walk->hidden);
        svms_verification_find(verification, SVMS_VERDICT_INCOMPLETE, SVMS_NO_SEGMENT, SVMS_NO_TIME,
                               verification->front.first_record, reason);
    }
    const char *lacks = why_incomplete(verification);
    if (lacks != NULL) {
        svms_verification_find(verification, SVMS_VERDICT_INCOMPLETE, verification->expected,
                               verification->previous_last_utc_ns != SVMS_NO_TIME
                                   ? verification->previous_last_utc_ns
                                   : verification->options.from_utc_ns,
                               verification->position, lacks);
    }
}

static void check_removed(svms_verification *verification)
{
    uint32_t tracks = verification->front.header.track_count;
    uint32_t removed = verification->carried->given->removed_tracks;
    verification->scanner.removed = removed;
    if (removed != UINT32_MAX && tracks < SVMS_MAX_TRACKS && (removed >> tracks) != 0) {
        svms_verification_find(verification, SVMS_VERDICT_NOT_AUTHENTIC, SVMS_NO_SEGMENT,
                               SVMS_NO_TIME, 0, "tracks are called removed that do not exist");
    }
}

svms_status svms_verify_pieces(svms_verification *verification, svms_error *err)
{
    svms_excerpt_walk *walk = verification->carried;
    const svms_excerpt *given = walk->given;
    walk->size = verification->front.window.size;
    if (walk->open_samples && given->secret != NULL) {
        verification->progress_total = 2 * walk->size; /* what is opened is read again */
    }
    verification->readable = true;
    verification->carried_utc_ns = given->attested_utc_ns;
    svms_verification_rewind(verification);
    svms_front_bound(&verification->front, walk->size);
    check_removed(verification);
    for (walk->n = 0;; walk->n++) {
        bool found = false;
        svms_error why = SVMS_ERROR_INIT;
        svms_status status = given->piece_at(given->user, walk->n, &found, &walk->piece, &why);
        if (status != SVMS_OK) {
            return svms_fail_as(err, status, &why);
        }
        if (!found) {
            break;
        }
        if (walk->n == 0 && walk->piece.number != 0 && walk->piece.kind != SVMS_PIECE_END) {
            verification->expected = SVMS_ANY_SEGMENT;
            verification->has_previous = false;
        }
        status = take_piece(verification, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    svms_verify_carried_index(verification);
    judge(verification);
    return SVMS_OK;
}

static void fill_findings(const svms_verification *verification, svms_excerpt_findings *findings)
{
    const svms_excerpt_walk *walk = verification->carried;
    findings->open_end = verification->open_end;
    findings->last_segment = verification->last_inside;
    findings->last_number = verification->last_inside;
    memcpy(findings->last_hash, verification->last_inside_hash, SVMS_DIGEST_SIZE);
    findings->hidden = walk->hidden;
    if (verification->last_inside != SVMS_NO_SEGMENT &&
        walk->chain_run == verification->last_inside_run &&
        walk->chain_number > verification->last_inside) {
        findings->last_number = walk->chain_number;
        memcpy(findings->last_hash, walk->chain_hash, SVMS_DIGEST_SIZE);
    }
}

static svms_status finish(void *user, svms_verification *verification, svms_error *err)
{
    (void)err;
    fill_findings(verification, user);
    return SVMS_OK;
}

svms_status svms_verify_excerpt(svms_ctx *ctx, const svms_excerpt *excerpt,
                                const svms_verify_options *options, bool open_samples,
                                svms_report *report, svms_excerpt_findings *findings,
                                svms_error *err)
{
    svms_verify_options given = SVMS_VERIFY_OPTIONS_INIT;
    svms_excerpt_findings found = { .last_segment = SVMS_NO_SEGMENT,
                                    .last_number = SVMS_NO_SEGMENT };
    if (ctx == NULL || excerpt == NULL || excerpt->piece_at == NULL || findings == NULL) {
        return svms_fail(err, SVMS_E_USAGE,
                         "ctx, excerpt, its callback and findings must not be NULL");
    }
    svms_status status =
        svms_options_read(&given, sizeof(given), options, "svms_verify_options", err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_excerpt_walk *walk = svms_alloc(ctx, sizeof(*walk));
    if (walk == NULL) {
        return svms_fail_memory(err);
    }
    given.keys = NULL;
    walk->given = excerpt;
    walk->open_samples = open_samples;
    const svms_held_listener listener = { .user = &found, .finish = finish };
    status = svms_verification_run(ctx, excerpt->source, &given, &listener, walk, report, err);
    svms_release(ctx, walk);
    *findings = found;
    return status;
}
