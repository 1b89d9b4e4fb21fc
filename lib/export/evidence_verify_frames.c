/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a source: what is not a matter of the recorder's signatures (E-FRM-3, E-SRC-2, E-VER-6,
 * E-PRF-2). */
#include <stdio.h>
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"
#include "segment.h"

typedef struct frame_walk {
    svms_evidence_verification *verification;
    bool before;      /* there was a segment, */
    uint64_t last;    /* with this number, */
    bool interrupted; /* and something that does not verify since */
    int64_t last_utc_ns;
    bool has_record; /* a record stands alone before what comes, */
    uint64_t record; /* in this segment, as it says */
} frame_walk;

static void fail(frame_walk *walk, const svms_frame_entry *entry, svms_verdict verdict,
                 const char *reason)
{
    svms_evidence_verification *verification = walk->verification;
    svms_evidence_failure failure = SVMS_EVIDENCE_FAILURE_INIT;
    svms_finding finding = SVMS_FINDING_INIT;
    failure.verdict = verdict;
    failure.source = verification->part->number;
    failure.segment = entry->kind == SVMS_FRAME_SOURCE ? SVMS_NO_SEGMENT : entry->number;
    failure.utc_ns = entry->first_utc_ns != SVMS_NO_TIME ? entry->first_utc_ns : walk->last_utc_ns;
    failure.offset = entry->offset;
    failure.reason = reason;
    svms_evidence_find(verification, &failure, &verification->report.sources);
    if (verdict > verification->worst) {
        verification->worst = verdict;
    }
    finding.verdict = verdict;
    finding.segment = failure.segment;
    finding.utc_ns = failure.utc_ns;
    finding.offset = entry->origin;
    (void)snprintf(finding.reason, sizeof(finding.reason), "%s", reason);
    svms_evidence_note(&verification->now->report, &finding);
    if (verification->options.finding != NULL) {
        verification->options.finding(verification->options.user, failure.source, &finding);
    }
}

/* Tracks whose secrets part A of a frame holds: those that the segment has, that are sealed by the
 * recorder and not removed (E-SRC-3); in a proof, of which a sample is presented. */
static uint32_t due_tracks(const svms_evidence_part *part, const svms_header *header,
                           const svms_manifest *manifest, uint32_t presented)
{
    uint32_t due = 0;
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        uint8_t track = manifest->entries[i].track;
        if (track < header->track_count && svms_track_is_sealed(&header->tracks[track])) {
            due |= UINT32_C(1) << track;
        }
    }
    return due & ~part->removed_tracks & presented;
}

/* Of these tracks, ascending; some: any of them may be missing (E-FRM-3). */
static bool secrets_fit(uint32_t due, bool some, const uint8_t *content, size_t size)
{
    svms_cursor cursor = svms_cursor_over(content, size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        uint8_t track = svms_read_u8(&cursor);
        if (!svms_skip(&cursor, SVMS_SECRET_SIZE) || track >= SVMS_MAX_TRACKS ||
            (due >> track & 1) == 0 || (!some && (due & ((UINT32_C(1) << track) - 1)) != 0)) {
            return false;
        }
        due &= ~((UINT32_C(2) << track) - 1); /* what is below cannot come any more */
    }
    return some || due == 0;
}

static svms_status parse_manifest(svms_evidence *evidence, const svms_evidence_frame *frame,
                                  const svms_header *header, svms_manifest *manifest,
                                  svms_error *err)
{
    svms_record record = { 0 };
    uint8_t *closing = NULL;
    svms_status status = svms_evidence_take_closing(evidence, frame, &closing, err);
    if (status != SVMS_OK) {
        return status;
    }
    size_t size = frame->frame.c_size;
    svms_cursor cursor = svms_cursor_over(closing, size, frame->c_offset);
    status = svms_record_parse(&record, closing, size, frame->c_offset, err);
    if (status == SVMS_OK) {
        (void)svms_skip(&cursor, record.header_size);
        uint64_t at = svms_cursor_offset(&cursor);
        const uint8_t *bytes = svms_read_bytes(&cursor, record.body_size);
        status = bytes == NULL
                     ? svms_fail_at(err, SVMS_E_MALFORMED, at, "a manifest is cut off")
                     : svms_manifest_parse(manifest, header, bytes, record.body_size, at, err);
    }
    svms_release(evidence->ctx, closing);
    return status;
}

/* The manifest of a frame, with the header of its source; *manifest is NULL where it cannot be
 * read, which whoever verified the excerpt has said. */
static svms_status take_manifest(frame_walk *walk, const svms_evidence_frame *frame,
                                 const svms_header **header, svms_manifest **manifest,
                                 svms_error *err)
{
    svms_evidence *evidence = walk->verification->evidence;
    svms_error found = SVMS_ERROR_INIT;
    *manifest = svms_alloc(evidence->ctx, sizeof(**manifest));
    if (*manifest == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status =
        svms_evidence_header_of(evidence, walk->verification->part->number, header, &found);
    if (status == SVMS_OK) {
        status = parse_manifest(evidence, frame, *header, *manifest, &found);
    }
    if (status == SVMS_OK) {
        return SVMS_OK;
    }
    svms_release(evidence->ctx, *manifest);
    *manifest = NULL;
    return svms_is_grave(status) ? svms_fail_as(err, status, &found) : SVMS_OK;
}

static svms_status check_secrets(frame_walk *walk, const svms_evidence_frame *frame,
                                 uint32_t presented, svms_error *err)
{
    svms_evidence_verification *verification = walk->verification;
    svms_evidence *evidence = verification->evidence;
    const svms_header *header = NULL;
    svms_manifest *manifest = NULL;
    uint8_t content[SVMS_MAX_PART_A];
    size_t size = 0;
    svms_error found = SVMS_ERROR_INIT;
    if (frame->frame.a_size == 0 || (evidence->header.sealed && !evidence->unlocked)) {
        return SVMS_OK;
    }
    svms_status status = take_manifest(walk, frame, &header, &manifest, err);
    if (status != SVMS_OK || manifest == NULL) {
        return status;
    }
    status = svms_evidence_read_secrets(evidence, frame, content, &size, &found);
    if (status == SVMS_E_UNDECRYPTABLE) {
        verification->report.access = SVMS_ACCESS_FAILED;
        fail(walk, &frame->listed, SVMS_VERDICT_UNDECRYPTABLE, found.message);
        status = SVMS_OK;
    } else if (status != SVMS_OK) {
        status = svms_fail_as(err, status, &found);
    } else if (!secrets_fit(due_tracks(verification->part, header, manifest, presented),
                            (frame->frame.flags & SVMS_FRAME_UNVERIFIED) != 0, content, size)) {
        fail(walk, &frame->listed, SVMS_VERDICT_NOT_AUTHENTIC,
             "secrets are not those of the tracks that are there, in order (E-FRM-3)");
    }
    svms_wipe(content, sizeof(content));
    svms_release(evidence->ctx, manifest);
    return status;
}

/* Leaves against the roots that the recorder signed (E-PRF-2). *presented: of which tracks samples
 * are presented; of all, as far as that matters, where it is no proof. */
static svms_status check_leaves(frame_walk *walk, const svms_evidence_frame *frame,
                                uint32_t *presented, svms_error *err)
{
    svms_evidence *evidence = walk->verification->evidence;
    const svms_evidence_part *part = walk->verification->part;
    const svms_header *header = NULL;
    svms_manifest *manifest = NULL;
    svms_leaves_summary summary = { 0 };
    svms_leaves leaves;
    svms_error found = SVMS_ERROR_INIT;
    *presented = UINT32_MAX;
    if (frame->frame.kind != SVMS_FRAME_LEAVES) {
        return SVMS_OK;
    }
    svms_status status = take_manifest(walk, frame, &header, &manifest, err);
    if (status != SVMS_OK || manifest == NULL) {
        return status;
    }
    svms_leaves_open(&leaves, &evidence->window, header, part->removed_tracks, frame->b_offset,
                     frame->frame.b_size);
    status = svms_leaves_check(&leaves, manifest, evidence->hasher, &summary, &found);
    svms_release(evidence->ctx, manifest);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status != SVMS_OK) {
        svms_evidence_set_failed(evidence, frame->entry);
        fail(walk, &frame->listed, SVMS_VERDICT_NOT_AUTHENTIC, found.message);
        return SVMS_OK;
    }
    *presented = 0;
    for (uint32_t track = 0; track < header->track_count; track++) {
        *presented |= summary.presented[track] != 0 ? UINT32_C(1) << track : 0;
    }
    return SVMS_OK;
}

/* The first manifest of a source, and the last moment that one tells of. */
static void note_manifest(svms_evidence_judged *now, const svms_frame_entry *entry)
{
    if (!now->has_manifest) {
        now->has_manifest = true;
        now->first_manifest = entry->number;
        now->first_utc_ns = entry->first_utc_ns;
        now->last_utc_ns = entry->last_utc_ns;
    } else if (entry->last_utc_ns > now->last_utc_ns) {
        now->last_utc_ns = entry->last_utc_ns;
    }
}

/* A record stands before the manifest of its segment (E-SRC-5). */
static void check_record(frame_walk *walk, const svms_frame_entry *entry)
{
    if (entry->kind == SVMS_FRAME_RECORD) {
        walk->has_record = true;
        walk->record = entry->number;
    } else if (entry->last_utc_ns != SVMS_NO_TIME) {
        if (walk->has_record && walk->record > entry->number) {
            fail(walk, entry, SVMS_VERDICT_NOT_AUTHENTIC,
                 "a record stands before it that says that it is of a later segment (E-SRC-5)");
        }
        walk->has_record = false;
    }
}

/* Segments follow each other by number (E-SRC-2). */
static void check_number(frame_walk *walk, const svms_frame_entry *entry)
{
    bool segment = entry->kind == SVMS_FRAME_SEGMENT || entry->kind == SVMS_FRAME_LEAVES;
    bool doubtful =
        entry->kind == SVMS_FRAME_FRAGMENT || (entry->flags & SVMS_FRAME_UNVERIFIED) != 0;
    if (segment && walk->before && !walk->interrupted && !doubtful &&
        entry->number != walk->last + 1) {
        fail(walk, entry, SVMS_VERDICT_NOT_AUTHENTIC,
             "segments of a source do not follow each other (E-SRC-2)");
    }
    if (segment) {
        walk->before = true;
        walk->last = entry->number;
        walk->interrupted = false;
    }
    walk->interrupted = walk->interrupted || doubtful;
    if (entry->last_utc_ns != SVMS_NO_TIME) {
        walk->last_utc_ns = entry->last_utc_ns;
        note_manifest(walk->verification->now, entry);
    }
}

static svms_status check_one(frame_walk *walk, uint64_t e, svms_error *err)
{
    svms_evidence_verification *verification = walk->verification;
    svms_evidence *evidence = verification->evidence;
    const svms_evidence_frame *frame = NULL;
    bool told = svms_evidence_has_failed(evidence, e); /* by whoever verified the excerpt */
    svms_status status = svms_evidence_check_frame(evidence, e, &frame, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_evidence_frame checked = *frame;
    if (e != verification->part->first) {
        check_number(walk, &checked.listed);
        check_record(walk, &checked.listed);
    } else if (verification->part->wrong_flag && verification->readable) {
        fail(walk, &checked.listed, SVMS_VERDICT_NOT_AUTHENTIC,
             "a source says of what does not verify something else than its frames (E-SRC-1)");
    }
    if (!checked.holds) {
        if (!told && verification->readable) {
            fail(walk, &checked.listed, SVMS_VERDICT_NOT_AUTHENTIC, checked.reason);
        }
        return SVMS_OK;
    }
    if (!verification->readable) {
        return SVMS_OK;
    }
    uint32_t presented = 0;
    status = check_leaves(walk, &checked, &presented, err);
    bool leaves_fail =
        checked.frame.kind == SVMS_FRAME_LEAVES && svms_evidence_has_failed(evidence, e);
    if (status == SVMS_OK && !leaves_fail) {
        status = check_secrets(walk, &checked, presented, err);
    }
    if (status == SVMS_OK && !svms_evidence_has_failed(evidence, e)) {
        verification->report.bytes_verified += checked.stored;
    }
    return status;
}

svms_status svms_evidence_verify_pieces(svms_evidence_verification *verification, svms_error *err)
{
    frame_walk walk = { 0 };
    svms_status status = SVMS_OK;
    walk.verification = verification;
    walk.last_utc_ns = SVMS_NO_TIME;
    for (uint64_t e = verification->part->first; e < verification->part->end && status == SVMS_OK;
         e++) {
        status = check_one(&walk, e, err);
    }
    return status;
}
