/* SPDX-License-Identifier: Apache-2.0 */
#include "export_pieces.h"

#include <string.h>

#include "failure.h"
#include "leaves.h"
#include "record.h"

/* Where a run of bytes of the container goes. */
typedef enum part { PART_BODY, PART_CLOSING } part;

/* Of a record whose body is not steady, what is read for good with its header. */
#define HELD_SIZE 262144u

static svms_status put(svms_source_job *job, part where, const void *data, size_t size,
                       svms_error *err)
{
    svms_package_writer *writer = &job->package->writer;
    if (where == PART_CLOSING) {
        return svms_package_frame_closing(writer, data, size, err);
    }
    if (size > job->body_left) {
        return svms_export_changed(SVMS_NO_OFFSET, err);
    }
    job->body_left -= size;
    return svms_package_frame_body(writer, data, size, err);
}

/* Through the window into the frame; hasher, when it is not NULL, sees the same bytes. */
static svms_status copy(svms_source_job *job, svms_window *window, part where, uint64_t offset,
                        uint64_t size, svms_hasher *hasher, svms_error *err)
{
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && size != 0) {
        const uint8_t *bytes = NULL;
        size_t got = 0;
        status = svms_window_piece(window, offset, size, &bytes, &got, err);
        if (status == SVMS_OK && hasher != NULL && !svms_hasher_update(hasher, bytes, got)) {
            status = svms_fail_crypto(err, "hashing a record");
        }
        if (status == SVMS_OK) {
            status = put(job, where, bytes, got, err);
        }
        offset += got;
        size -= got;
    }
    return status;
}

/* Records ----------------------------------------------------------------------------------------
 */

/* A segment on its way into a frame. */
typedef struct record_walk {
    svms_source_job *job;
    svms_window *window;
    uint64_t at;
    uint64_t end;
} record_walk;

static record_walk walk_over(svms_source_job *job, const svms_piece *piece)
{
    svms_window *window = piece->steady ? piece->window : &job->front.window;
    return (record_walk){ job, window, piece->offset, piece->offset + piece->body_size };
}

/* The record that stands next. */
static svms_status next_record(const record_walk *self, svms_record *record, uint64_t *size,
                               svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t got = 0;
    uint64_t left = self->end - self->at;
    size_t header = left < SVMS_SAMPLE_HEADER_MAX ? (size_t)left : SVMS_SAMPLE_HEADER_MAX;
    svms_status status = svms_window_peek(self->window, self->at, header, &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (svms_record_parse(record, bytes, got, self->at, NULL) != SVMS_OK) {
        return svms_export_changed(self->at, err);
    }
    *size = (uint64_t)record->header_size + record->body_size;
    return *size > left ? svms_export_changed(self->at, err) : SVMS_OK;
}

static bool is_removed(const svms_source_job *job, const svms_record *record)
{
    return record->type == SVMS_RECORD_SAMPLE && record->track < SVMS_MAX_TRACKS &&
           (job->options.removed_tracks & (UINT32_C(1) << record->track)) != 0;
}

/* The next run of records that stay; size 0 behind the last. */
static svms_status next_run(record_walk *self, uint64_t *offset, uint64_t *size, svms_error *err)
{
    *offset = self->at;
    *size = 0;
    while (self->at < self->end) {
        svms_record record;
        uint64_t whole = 0;
        svms_status status = next_record(self, &record, &whole, err);
        if (status != SVMS_OK) {
            return status;
        }
        bool goes = is_removed(self->job, &record);
        if (goes && *size != 0) {
            return SVMS_OK;
        }
        self->at += whole;
        *offset = goes ? self->at : *offset;
        *size += goes ? 0 : whole;
    }
    return SVMS_OK;
}

static svms_status redacted_size(svms_source_job *job, const svms_piece *piece, uint64_t *out,
                                 svms_error *err)
{
    record_walk walk = walk_over(job, piece);
    svms_status status = SVMS_OK;
    *out = 0;
    while (status == SVMS_OK && walk.at < walk.end) {
        uint64_t offset = 0;
        uint64_t size = 0;
        status = next_run(&walk, &offset, &size, err);
        *out += size;
    }
    return status;
}

static svms_status copy_redacted(svms_source_job *job, const svms_piece *piece, svms_error *err)
{
    record_walk walk = walk_over(job, piece);
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && walk.at < walk.end) {
        uint64_t offset = 0;
        uint64_t size = 0;
        status = next_run(&walk, &offset, &size, err);
        if (status == SVMS_OK) {
            status = copy(job, walk.window, PART_BODY, offset, size, NULL, err);
        }
    }
    return status;
}

static svms_status pass_record(void *user, const svms_record *record, const uint8_t *leaf,
                               svms_error *err)
{
    svms_source_job *job = user;
    return svms_body_check_record(&job->check, record, leaf, err);
}

/* Record by record, each read for good before it is looked at, and hashed on its way: what was
 * verified some time ago, or was too long for the window, may have changed since. */
static svms_status copy_checked(svms_source_job *job, const svms_piece *piece, svms_error *err)
{
    record_walk walk = walk_over(job, piece);
    svms_hasher *hasher = job->front.hasher;
    while (walk.at < walk.end) {
        svms_record record;
        uint8_t leaf[SVMS_DIGEST_SIZE];
        uint64_t size = 0;
        svms_status status = svms_window_follow(walk.window, walk.at, HELD_SIZE, err);
        if (status == SVMS_OK) {
            status = next_record(&walk, &record, &size, err);
        }
        bool stays = status == SVMS_OK && !is_removed(job, &record);
        if (stays && !svms_merkle_leaf_start(hasher)) {
            status = svms_fail_crypto(err, "hashing a record");
        }
        if (stays && status == SVMS_OK) {
            status = copy(job, walk.window, PART_BODY, walk.at, size, hasher, err);
        }
        if (stays && status == SVMS_OK && !svms_hasher_finish(hasher, leaf)) {
            status = svms_fail_crypto(err, "hashing a record");
        }
        if (status == SVMS_OK) {
            status = pass_record(job, &record, stays ? leaf : NULL, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
        walk.at += size;
    }
    return SVMS_OK;
}

/* Frames -----------------------------------------------------------------------------------------
 */

/* The header's signature as it was verified; job->front holds the header itself. */
static svms_status put_signature(svms_source_job *job, uint64_t size, svms_error *err)
{
    svms_front *front = &job->front;
    svms_error found = SVMS_ERROR_INIT;
    size_t there = 0;
    svms_status status = svms_window_keep(&front->window, front->raw_size, size, err);
    if (status != SVMS_OK || front->verifier == NULL) {
        return status;
    }
    status = svms_front_check_signature(front, front->raw_size, SVMS_SIGNED_HEADER, front->raw,
                                        front->raw_size, &there, NULL, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status != SVMS_OK || there != size) {
        return svms_export_changed(front->raw_size, err);
    }
    return copy(job, &front->window, PART_CLOSING, front->raw_size, size, NULL, err);
}

svms_status svms_export_put_source(svms_source_job *job, svms_error *err)
{
    uint8_t info[SVMS_SOURCE_INFO_SIZE] = { 0 };
    const svms_front *front = &job->front;
    svms_frame_plan plan = { 0 };
    uint64_t signed_size = front->first_record - front->slots_size;
    svms_store_u32(info, job->options.removed_tracks);
    svms_store_u64(info + 8, (uint64_t)job->options.from_utc_ns);
    svms_store_u64(info + 16, (uint64_t)job->options.to_utc_ns);
    svms_store_u64(info + 24, front->window.size);
    plan.kind = SVMS_FRAME_SOURCE;
    plan.flags = job->declares ? SVMS_FRAME_UNVERIFIED : 0;
    plan.number = job->is.period.number;
    plan.first_utc_ns = SVMS_NO_TIME;
    plan.last_utc_ns = SVMS_NO_TIME;
    plan.closing_size = (uint32_t)(sizeof(info) + signed_size);
    svms_status status = svms_package_frame_begin(&job->package->writer, &plan, err);
    if (status == SVMS_OK) {
        status = put(job, PART_CLOSING, info, sizeof(info), err);
    }
    if (status == SVMS_OK) {
        status = put(job, PART_CLOSING, front->raw, front->raw_size, err);
    }
    if (status == SVMS_OK) {
        status = put_signature(job, signed_size - front->raw_size, err);
    }
    return status == SVMS_OK ? svms_package_frame_end(&job->package->writer, err) : status;
}

static uint32_t tracks_of(const svms_manifest *manifest)
{
    uint32_t tracks = 0;
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        if (manifest->entries[i].track < SVMS_MAX_TRACKS) {
            tracks |= UINT32_C(1) << manifest->entries[i].track;
        }
    }
    return tracks;
}

static svms_status put_leaves(void *user, const void *data, size_t size, svms_error *err)
{
    return put(user, PART_BODY, data, size, err);
}

static svms_leaves_job leaves_of(svms_source_job *job, const svms_piece *piece)
{
    svms_leaves_job leaves = { 0 };
    bool holds_it = piece->number == job->options.presented_segment;
    leaves.window = piece->steady ? piece->window : &job->front.window;
    leaves.header = &job->front.header;
    leaves.hasher = job->front.hasher;
    leaves.offset = piece->offset;
    leaves.size = piece->body_size;
    leaves.removed_tracks = job->options.removed_tracks;
    leaves.presented = job->options.presented;
    if (leaves.presented == SVMS_PRESENTED_ONE && !holds_it) {
        leaves.presented = SVMS_PRESENTED_NONE;
    }
    leaves.presented_track = (uint8_t)job->options.presented_track;
    leaves.presented_sample = job->options.presented_sample;
    leaves.passed = piece->steady ? NULL : pass_record;
    leaves.user = job;
    job->presented = job->presented || leaves.presented == SVMS_PRESENTED_ONE;
    return leaves;
}

/* Body of a segment's frame: its records, or what proves them. */
static svms_status put_records(svms_source_job *job, const svms_piece *piece, uint8_t flags,
                               const svms_manifest *manifest, const svms_leaves_job *leaves,
                               svms_error *err)
{
    bool steady = piece->steady || piece->unverified || manifest == NULL;
    svms_status status = SVMS_OK;
    if (!steady) {
        svms_body_check_begin(&job->check, manifest, job->front.hasher,
                              job->options.removed_tracks);
    }
    if (leaves != NULL) {
        status = svms_export_write_leaves(leaves, put_leaves, job, err);
    } else if (!steady) {
        status = copy_checked(job, piece, err);
    } else if ((flags & SVMS_FRAME_REMOVED) != 0) {
        status = copy_redacted(job, piece, err);
    } else {
        status = copy(job, piece->window, PART_BODY, piece->offset, piece->body_size, NULL, err);
    }
    if (status == SVMS_OK && job->body_left != 0) {
        status = svms_export_changed(piece->offset, err);
    }
    return status == SVMS_OK && !steady ? svms_body_check_end(&job->check, err) : status;
}

/* What closes a piece: manifest and signature, a record, the end. It has to be what was verified.
 */
static svms_status put_closing(svms_source_job *job, const svms_piece *piece, svms_error *err)
{
    svms_hasher *hasher = job->package->content;
    uint64_t offset = piece->offset + piece->body_size;
    uint8_t hash[SVMS_DIGEST_SIZE];
    if (piece->closing_size == 0) {
        return SVMS_OK;
    }
    if (!svms_hasher_start(hasher)) {
        return svms_fail_crypto(err, "hashing a manifest");
    }
    svms_status status =
        copy(job, piece->window, PART_CLOSING, offset, piece->closing_size, hasher, err);
    if (status == SVMS_OK && !svms_hasher_finish(hasher, hash)) {
        status = svms_fail_crypto(err, "hashing a manifest");
    }
    if (status == SVMS_OK && memcmp(hash, piece->hash, sizeof(hash)) != 0) {
        status = svms_export_changed(offset, err);
    }
    return status;
}

static svms_status note_segment(svms_source_job *job, const svms_piece *piece,
                                const svms_manifest *manifest, svms_error *err)
{
    const uint8_t *hash = piece->hash;
    svms_export_period *period = &job->is.period;
    if (period->segments++ == 0) {
        period->first_segment = piece->number;
        memcpy(job->is.first_manifest, hash, SVMS_DIGEST_SIZE);
    }
    period->last_segment = piece->number;
    memcpy(job->is.last_manifest, hash, SVMS_DIGEST_SIZE);
    if (piece->first_utc_ns != SVMS_NO_TIME &&
        (period->first_utc_ns == SVMS_NO_TIME || piece->first_utc_ns < period->first_utc_ns)) {
        period->first_utc_ns = piece->first_utc_ns;
    }
    if (piece->last_utc_ns != SVMS_NO_TIME && piece->last_utc_ns > period->last_utc_ns) {
        period->last_utc_ns = piece->last_utc_ns;
    }
    if (manifest == NULL) {
        return SVMS_OK;
    }
    return svms_carried_add(&job->package->carried, job->package->ctx, period->number,
                            piece->number, hash, err);
}

static svms_status plan_body(svms_source_job *job, const svms_piece *piece, svms_frame_plan *plan,
                             const svms_leaves_job *leaves, svms_error *err)
{
    if (leaves != NULL) {
        return svms_export_leaves_size(leaves, &plan->body_size, err);
    }
    if ((plan->flags & SVMS_FRAME_REMOVED) != 0) {
        return redacted_size(job, piece, &plan->body_size, err);
    }
    plan->body_size = piece->body_size;
    return SVMS_OK;
}

static svms_frame_plan plan_of(const svms_source_job *job, const svms_piece *piece)
{
    svms_frame_plan plan = { 0 };
    plan.kind = (uint8_t)piece->kind;
    plan.flags = piece->unverified ? SVMS_FRAME_UNVERIFIED : 0;
    plan.seals_body = piece->kind == SVMS_PIECE_FRAGMENT || !job->all_strong;
    plan.number = piece->number;
    plan.origin = piece->offset;
    plan.first_utc_ns = piece->first_utc_ns;
    plan.last_utc_ns = piece->last_utc_ns;
    plan.body_size = piece->body_size;
    plan.closing_size = piece->closing_size;
    return plan;
}

/* secrets has room for what a part A can hold. */
static svms_status put_segment(svms_source_job *job, const svms_piece *piece,
                               const svms_manifest *manifest, uint8_t *secrets, svms_error *err)
{
    svms_package_writer *writer = &job->package->writer;
    bool proves = job->package->options.kind == SVMS_EXPORT_PROOF;
    bool fits = true;
    svms_leaves_job leaves = { 0 };
    svms_frame_plan plan = plan_of(job, piece);
    svms_status status =
        svms_export_secrets(job, piece, manifest, secrets, &plan.secrets_size, &fits, err);
    if (status != SVMS_OK) {
        return status;
    }
    job->unverified = job->unverified || piece->unverified || !fits;
    plan.secrets = secrets;
    plan.flags |= fits ? 0 : SVMS_FRAME_UNVERIFIED;
    if (manifest != NULL && (tracks_of(manifest) & job->options.removed_tracks) != 0) {
        plan.flags |= SVMS_FRAME_REMOVED;
    }
    if (proves) {
        plan.kind = SVMS_FRAME_LEAVES;
        plan.seals_body = false;
        leaves = leaves_of(job, piece);
    }
    status = plan_body(job, piece, &plan, proves ? &leaves : NULL, err);
    if (status == SVMS_OK) {
        status = svms_package_frame_begin(writer, &plan, err);
    }
    if (status == SVMS_OK) {
        job->body_left = plan.body_size;
        status = put_records(job, piece, plan.flags, manifest, proves ? &leaves : NULL, err);
    }
    if (status == SVMS_OK) {
        status = put_closing(job, piece, err);
    }
    if (status == SVMS_OK) {
        status = svms_package_frame_end(writer, err);
    }
    return status == SVMS_OK ? note_segment(job, piece, manifest, err) : status;
}

static svms_status put_other(svms_source_job *job, const svms_piece *piece, svms_error *err)
{
    svms_package_writer *writer = &job->package->writer;
    svms_frame_plan plan = plan_of(job, piece);
    job->unverified = job->unverified || piece->unverified;
    svms_status status = svms_package_frame_begin(writer, &plan, err);
    if (status == SVMS_OK) {
        job->body_left = plan.body_size;
        status = copy(job, piece->window, PART_BODY, piece->offset, piece->body_size, NULL, err);
    }
    if (status == SVMS_OK) {
        status = put_closing(job, piece, err);
    }
    return status == SVMS_OK ? svms_package_frame_end(writer, err) : status;
}

/* Only looks whether the source has something to declare. */
static svms_status survey(svms_source_job *job, const svms_piece *piece,
                          const svms_manifest *manifest, uint8_t *secrets, svms_error *err)
{
    bool fits = true;
    size_t size = 0;
    svms_status status = SVMS_OK;
    if (piece->kind == SVMS_PIECE_SEGMENT) {
        status = svms_export_secrets(job, piece, manifest, secrets, &size, &fits, err);
    }
    job->unverified = job->unverified || piece->unverified || !fits;
    return status;
}

static svms_status take(svms_source_job *job, const svms_piece *piece,
                        const svms_manifest *manifest, svms_error *err)
{
    uint8_t secrets[SVMS_MAX_PART_A];
    svms_status status = SVMS_OK;
    bool media = piece->kind == SVMS_PIECE_SEGMENT || piece->kind == SVMS_PIECE_FRAGMENT;
    if (media && (piece->unverified || manifest == NULL) && job->options.removed_tracks != 0) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, piece->offset,
                            "what does not verify may hold anything: no track can be removed from "
                            "it");
    }
    job->pieces += media ? 1 : 0;
    if (job->surveys) {
        status = survey(job, piece, manifest, secrets, err);
    } else if (piece->kind == SVMS_PIECE_SEGMENT) {
        status = put_segment(job, piece, manifest, secrets, err);
    } else {
        status = put_other(job, piece, err);
    }
    svms_wipe(secrets, sizeof(secrets));
    return status;
}

svms_status svms_export_take_piece(void *user, const svms_piece *piece,
                                   const svms_manifest *manifest, svms_error *err)
{
    svms_source_job *job = user;
    svms_status status = take(job, piece, manifest, err);
    if (status != SVMS_OK && piece->number != SVMS_NO_SEGMENT) {
        svms_fail_in_segment(err, piece->number);
    }
    return status;
}
