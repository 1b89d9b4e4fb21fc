/* SPDX-License-Identifier: Apache-2.0 */
/* Beginning and ending segments, and ending the container. */
#include <string.h>

#include "failure.h"
#include "stream.h"
#include "writer_internal.h"

static svms_status begin_track(svms_writer *writer, uint8_t number, svms_error *err)
{
    svms_writer_track *track = &writer->tracks[number];
    uint8_t secret[SVMS_SECRET_SIZE];
    svms_merkle_reset(&track->tree);
    if (track->aead == NULL) {
        return SVMS_OK;
    }
    svms_status status = svms_track_secret(writer->ctx, writer->segment_root, writer->next_segment,
                                           number, writer->segment.start.salt, secret, err);
    if (status == SVMS_OK) {
        status = svms_track_keys_derive(writer->ctx, secret, &track->keys, err);
    }
    svms_wipe(secret, sizeof(secret));
    if (status == SVMS_OK && !svms_aead_set_key(track->aead, track->keys.key, true)) {
        status = svms_fail_crypto(err, "setting a key");
    }
    svms_wipe(track->keys.key, sizeof(track->keys.key));
    return status;
}

svms_status svms_writer_put_auxiliary(svms_writer *writer, const uint8_t *record, size_t size,
                                      svms_error *err)
{
    uint8_t leaf[SVMS_DIGEST_SIZE];
    if (!svms_merkle_leaf_start(writer->hasher) ||
        !svms_hasher_update(writer->hasher, record, size) ||
        !svms_hasher_finish(writer->hasher, leaf) ||
        !svms_merkle_add(&writer->segment.auxiliary, writer->hasher, leaf)) {
        return svms_fail_crypto(err, "hashing a record");
    }
    writer->segment.records++;
    return svms_writer_emit(writer, record, size, err);
}

static svms_status put_start(svms_writer *writer, svms_error *err)
{
    uint8_t record[SVMS_RECORD_HEADER_SIZE];
    svms_record_encode(SVMS_RECORD_START, SVMS_START_BODY_SIZE, 0, record);
    svms_builder_reset(&writer->scratch);
    svms_put_bytes(&writer->scratch, record, sizeof(record));
    svms_start_put(&writer->scratch, &writer->header, &writer->segment.start);
    svms_status status = svms_builder_check(&writer->scratch, "a segment start", err);
    if (status == SVMS_OK) {
        status = svms_writer_put_auxiliary(writer, writer->scratch.data, writer->scratch.size, err);
    }
    return status;
}

/* A signature that may not come any later. */
static svms_status put_awaited(svms_writer *writer, svms_error *err)
{
    svms_status status =
        svms_writer_wait_late(writer, writer->segment.records, &writer->scratch, err);
    return status == SVMS_OK
               ? svms_writer_put_auxiliary(writer, writer->scratch.data, writer->scratch.size, err)
               : status;
}

svms_status svms_writer_start_segment(svms_writer *writer, int64_t utc_ns, svms_error *err)
{
    svms_open_segment *segment = &writer->segment;
    memset(segment, 0, sizeof(*segment));
    segment->offset = writer->stats.written_bytes;
    segment->first_utc_ns = utc_ns;
    segment->last_utc_ns = utc_ns;
    segment->gap_reason = writer->next_gap;
    segment->start.segment = writer->next_segment;
    segment->start.utc_ns = svms_utc_now(writer->ctx);
    segment->start.monotonic_ns = svms_monotonic_now(writer->ctx);
    segment->start.checkpoint = svms_index_checkpoint(&writer->index);
    svms_status status = svms_random(writer->ctx, segment->start.salt, SVMS_DIGEST_SIZE, err);
    for (uint32_t i = 0; i < writer->header.track_count && status == SVMS_OK; i++) {
        status = begin_track(writer, (uint8_t)i, err);
    }
    if (status == SVMS_OK) {
        status = put_start(writer, err);
    }
    for (unsigned level = 0; status == SVMS_OK && svms_index_is_full(&writer->index, level);
         level++) {
        status =
            svms_index_emit(&writer->index, level, &writer->header, writer->stats.written_bytes,
                            segment->records, &writer->scratch, err);
        if (status == SVMS_OK) {
            status =
                svms_writer_put_auxiliary(writer, writer->scratch.data, writer->scratch.size, err);
        }
    }
    if (status == SVMS_OK) {
        status = svms_writer_put_evidence(writer, err);
    }
    while (status == SVMS_OK && svms_writer_late_is_due(writer, writer->next_segment)) {
        status = put_awaited(writer, err);
    }
    segment->open = status == SVMS_OK;
    return status;
}

static svms_status fill_entries(svms_writer *writer, svms_manifest *manifest, svms_error *err)
{
    bool ok = true;
    for (uint32_t i = 0; i < writer->header.track_count && ok; i++) {
        const svms_writer_track *track = &writer->tracks[i];
        if (track->tree.count == 0) {
            continue;
        }
        svms_track_entry *entry = &manifest->entries[manifest->entry_count++];
        entry->track = (uint8_t)i;
        entry->leaves = track->tree.count;
        entry->first_pts = track->first_pts;
        entry->first_utc_ns = track->first_utc_ns;
        if (track->aead != NULL) {
            memcpy(entry->commitment, track->keys.commitment, SVMS_DIGEST_SIZE);
        }
        ok = svms_merkle_root(&track->tree, writer->hasher, entry->root);
    }
    svms_track_entry *auxiliary = &manifest->entries[manifest->entry_count++];
    auxiliary->track = SVMS_AUXILIARY_TRACK;
    auxiliary->leaves = writer->segment.auxiliary.count;
    ok = ok && svms_merkle_root(&writer->segment.auxiliary, writer->hasher, auxiliary->root);
    return ok ? SVMS_OK : svms_fail_crypto(err, "hashing a segment");
}

static svms_status fill_manifest(svms_writer *writer, svms_manifest *manifest, svms_error *err)
{
    const svms_open_segment *segment = &writer->segment;
    memset(manifest, 0, sizeof(*manifest));
    manifest->segment = segment->start.segment;
    memcpy(manifest->previous, writer->previous, SVMS_DIGEST_SIZE);
    memcpy(manifest->salt, segment->start.salt, SVMS_DIGEST_SIZE);
    manifest->first_utc_ns = segment->first_utc_ns;
    manifest->last_utc_ns = segment->last_utc_ns;
    manifest->made_utc_ns = svms_utc_now(writer->ctx);
    manifest->made_monotonic_ns = svms_monotonic_now(writer->ctx);
    manifest->bytes = writer->stats.written_bytes - segment->offset;
    manifest->records = segment->records;
    manifest->gap_reason = segment->gap_reason;
    if (segment->first_is_sync &&
        (!segment->has_reference || segment->first_track == writer->reference)) {
        manifest->flags = SVMS_MANIFEST_BEGINS_WITH_SYNC;
    }
    return fill_entries(writer, manifest, err);
}

/* Begins a record in scratch, which it replaces. */
static void begin_record(svms_writer *writer, uint8_t type, size_t size, uint32_t number)
{
    uint8_t record[SVMS_RECORD_HEADER_SIZE];
    svms_record_encode(type, (uint32_t)size, number, record);
    svms_builder_reset(&writer->scratch);
    svms_put_bytes(&writer->scratch, record, sizeof(record));
}

/* Appends the signature of the record in scratch, whose body is the signed object. */
static svms_status sign_record(svms_writer *writer, size_t size, uint64_t object, svms_error *err)
{
    svms_builder *out = &writer->scratch;
    svms_status status = svms_builder_check(out, "a signed record", err);
    return status == SVMS_OK
               ? svms_writer_put_signature(writer, out, out->data + SVMS_RECORD_HEADER_SIZE, size,
                                           object, err)
               : status;
}

static svms_status make_durable(svms_writer *writer, svms_error *err)
{
    uint64_t now = svms_monotonic_now(writer->ctx);
    bool due =
        writer->durability == SVMS_DURABLE_SEGMENT ||
        (writer->durability == SVMS_DURABLE_INTERVAL &&
         (writer->sign_now || now - writer->synced_monotonic_ns >= writer->durable_interval_ns));
    if (!due) {
        return SVMS_OK;
    }
    svms_status status = svms_sink_sync(&writer->sink, err);
    writer->synced_monotonic_ns = now;
    return status;
}

/* Manifest and, where it has come, its signature, in one write. */
static svms_status write_manifest(svms_writer *writer, const svms_manifest *manifest,
                                  svms_error *err)
{
    size_t size = svms_manifest_size(manifest);
    begin_record(writer, SVMS_RECORD_MANIFEST, size, writer->segment.records);
    svms_manifest_put(&writer->scratch, &writer->header, manifest);
    svms_status status = svms_builder_check(&writer->scratch, "a manifest", err);
    if (status == SVMS_OK) {
        status = svms_writer_sign_manifest(writer, size, manifest->segment, err);
    }
    if (status == SVMS_OK) {
        status = svms_writer_emit(writer, writer->scratch.data, writer->scratch.size, err);
    }
    return status == SVMS_OK ? make_durable(writer, err) : status;
}

/* The manifest is written: from here on it is the newest, whatever fails behind it. */
static void end_segment(svms_writer *writer, const svms_manifest *manifest,
                        const uint8_t hash[SVMS_DIGEST_SIZE])
{
    memcpy(writer->previous, hash, SVMS_DIGEST_SIZE);
    writer->previous_first_utc_ns = manifest->first_utc_ns;
    if (manifest->last_utc_ns > writer->signed_last_utc_ns) {
        writer->signed_last_utc_ns = manifest->last_utc_ns;
    }
    writer->next_gap = SVMS_GAP_NONE;
    writer->next_segment++;
    writer->stats.segments++;
    writer->segment.open = false;
}

svms_status svms_writer_finish_segment(svms_writer *writer, svms_error *err)
{
    svms_manifest manifest;
    uint8_t hash[SVMS_DIGEST_SIZE];
    svms_status status = fill_manifest(writer, &manifest, err);
    if (status == SVMS_OK) {
        status = write_manifest(writer, &manifest, err);
    }
    if (status == SVMS_OK &&
        !svms_hasher_once(writer->hasher, writer->scratch.data, writer->scratch.size, hash)) {
        status = svms_fail_crypto(err, "hashing a manifest");
    }
    if (status != SVMS_OK) {
        return svms_writer_fail(writer, status);
    }
    end_segment(writer, &manifest, hash);
    status = svms_writer_remember(writer, manifest.segment, err);
    if (status != SVMS_OK) {
        return svms_writer_fail(writer, status);
    }
    svms_index_entry entry = { manifest.segment,
                               writer->segment.offset,
                               manifest.first_utc_ns,
                               manifest.last_utc_ns,
                               1,
                               { 0 } };
    memcpy(entry.hash, hash, SVMS_DIGEST_SIZE);
    if (!svms_index_add(&writer->index, &entry)) {
        return svms_writer_fail(writer, svms_fail_memory(err));
    }
    return SVMS_OK;
}

/* Writes what is in scratch behind the last segment; all of it is hashed (section 12). */
static svms_status emit_behind(svms_writer *writer, svms_error *err)
{
    if (!svms_hasher_update(writer->hasher, writer->scratch.data, writer->scratch.size)) {
        return svms_fail_crypto(err, "hashing the index");
    }
    return svms_writer_emit(writer, writer->scratch.data, writer->scratch.size, err);
}

static svms_status put_index_level(svms_writer *writer, unsigned level, svms_error *err)
{
    svms_status status = svms_index_emit(&writer->index, level, &writer->header,
                                         writer->stats.written_bytes, 0, &writer->scratch, err);
    return status == SVMS_OK ? emit_behind(writer, err) : status;
}

/* C-IDX-3 */
static svms_status put_index(svms_writer *writer, svms_end *end, svms_error *err)
{
    svms_status status = SVMS_OK;
    bool done = writer->next_segment == 0;
    for (unsigned level = 0; status == SVMS_OK && svms_index_is_full(&writer->index, level);
         level++) {
        status = put_index_level(writer, level, err);
    }
    for (unsigned level = 0; status == SVMS_OK && !done && level < SVMS_INDEX_LEVELS; level++) {
        svms_index_step step =
            svms_index_closing_step(&writer->index, level, &end->root_offset, end->root_hash);
        if (step == SVMS_INDEX_EMIT_ROOT) {
            end->root_offset = writer->stats.written_bytes;
        }
        if (step == SVMS_INDEX_EMIT || step == SVMS_INDEX_EMIT_ROOT) {
            status = put_index_level(writer, level, err);
        }
        if (step == SVMS_INDEX_EMIT_ROOT && status == SVMS_OK) {
            svms_iovec run = { writer->scratch.data, writer->scratch.size };
            status = svms_sha256(writer->ctx, &run, 1, end->root_hash, err);
        }
        done = step == SVMS_INDEX_EMIT_ROOT || step == SVMS_INDEX_ROOT_BELOW;
    }
    return status;
}

/* Late signatures, then the index. */
static svms_status put_behind(svms_writer *writer, svms_end *end, svms_error *err)
{
    svms_status status = SVMS_OK;
    if (!svms_hasher_start(writer->hasher)) {
        return svms_fail_crypto(err, "hashing the index");
    }
    while (status == SVMS_OK && writer->outstanding_count != 0) {
        status = svms_writer_wait_late(writer, 0, &writer->scratch, err);
        if (status == SVMS_OK) {
            status = emit_behind(writer, err);
        }
    }
    if (status == SVMS_OK) {
        status = put_index(writer, end, err);
    }
    if (status == SVMS_OK && !svms_hasher_finish(writer->hasher, end->index_hash)) {
        status = svms_fail_crypto(err, "hashing the index");
    }
    return status;
}

svms_status svms_writer_finish_container(svms_writer *writer, svms_error *err)
{
    uint8_t record[SVMS_RECORD_HEADER_SIZE];
    svms_end end = { 0 };
    svms_status status = put_behind(writer, &end, err);
    if (status != SVMS_OK) {
        return status;
    }
    end.segments = writer->next_segment;
    memcpy(end.last_manifest, writer->previous, SVMS_DIGEST_SIZE);
    end.offset = writer->stats.written_bytes;
    end.utc_ns = svms_utc_now(writer->ctx);
    end.last_utc_ns = writer->stats.last_utc_ns;
    end.reason = (uint8_t)writer->end_reason;
    begin_record(writer, SVMS_RECORD_END, SVMS_END_BODY_SIZE, 0);
    svms_end_put(&writer->scratch, &writer->header, &end);
    status = sign_record(writer, SVMS_END_BODY_SIZE, SVMS_SIGNED_END, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_record_encode(SVMS_RECORD_TAIL, SVMS_TAIL_BODY_SIZE, 0, record);
    svms_put_bytes(&writer->scratch, record, sizeof(record));
    svms_put_u64(&writer->scratch, end.offset);
    svms_put_bytes(&writer->scratch, "SVMSTAIL", 8);
    status = svms_builder_check(&writer->scratch, "the end record", err);
    if (status == SVMS_OK) {
        status = svms_writer_emit(writer, writer->scratch.data, writer->scratch.size, err);
    }
    if (status == SVMS_OK) {
        status = svms_sink_sync(&writer->sink, err);
    }
    return status;
}
