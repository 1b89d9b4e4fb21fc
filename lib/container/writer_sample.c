/* SPDX-License-Identifier: Apache-2.0 */
/* The hot path: one sample becomes one record. Bytes are encrypted into the stage and hashed while
 * they are in the cache; clear bytes go from the caller's memory to the sink. */
#include <string.h>

#include "builder.h"
#include "failure.h"
#include "writer_internal.h"

typedef struct svms_sample_plan {
    svms_record record;
    uint8_t header[SVMS_SAMPLE_HEADER_MAX];
    size_t header_size;
    uint8_t table[SVMS_MAX_RANGE_TABLE];
    size_t table_size;
    size_t range_count;
    uint32_t protected_size;
    uint32_t chunks;
    uint8_t tags[SVMS_MAX_CHUNKS * SVMS_AEAD_TAG_SIZE];
    svms_sample_cipher cipher;
} svms_sample_plan;

static void plan_ranges(svms_writer *writer, const svms_sample *sample, svms_sample_plan *plan)
{
    svms_writer_track *track = &writer->tracks[sample->track];
    if (track->planner != NULL) {
        plan->range_count =
            svms_light_plan(track->planner, sample->data, sample->size,
                            (sample->flags & SVMS_SAMPLE_SYNC) != 0, writer->ranges);
        plan->table_size = 2 + 8 * plan->range_count;
        svms_store_u16(plan->table, (uint16_t)plan->range_count);
        for (size_t i = 0; i < plan->range_count; i++) {
            svms_store_u32(plan->table + 2 + 8 * i, writer->ranges[i].offset);
            svms_store_u32(plan->table + 6 + 8 * i, writer->ranges[i].size);
            plan->protected_size += writer->ranges[i].size;
        }
    } else if (track->aead != NULL && sample->size != 0) {
        plan->range_count = 1;
        writer->ranges[0].offset = 0;
        writer->ranges[0].size = (uint32_t)sample->size;
        plan->protected_size = (uint32_t)sample->size;
    }
    plan->chunks = svms_chunk_count(plan->protected_size);
}

static void plan_record(svms_writer *writer, const svms_sample *sample, svms_sample_plan *plan)
{
    svms_record *record = &plan->record;
    record->type = SVMS_RECORD_SAMPLE;
    record->flags = (uint8_t)(sample->flags & SVMS_FLAGS_STORED);
    record->track = (uint8_t)sample->track;
    record->number = writer->segment.records;
    record->dts = sample->dts;
    record->composition = (int32_t)(sample->pts - sample->dts);
    record->duration = sample->duration;
    record->body_size =
        (uint32_t)(plan->table_size + sample->size) + plan->chunks * SVMS_AEAD_TAG_SIZE;
    if (plan->table_size != 0) {
        record->flags |= SVMS_FLAG_RANGES;
    }
    if (record->composition != 0) {
        record->flags |= SVMS_FLAG_COMPOSITION;
    }
    if (record->duration != writer->header.tracks[sample->track].default_duration) {
        record->flags |= SVMS_FLAG_DURATION;
    }
    plan->header_size = svms_record_encode_sample(record, plan->header);
}

static svms_status flush_runs(svms_writer *writer, svms_error *err)
{
    svms_status status = svms_writer_emit_runs(writer, writer->runs, writer->run_count, err);
    writer->run_count = 0;
    writer->staged = 0;
    return status;
}

static svms_status add_run(svms_writer *writer, const void *data, size_t size, svms_error *err)
{
    if (writer->run_count == SVMS_MAX_RUNS) {
        svms_status status = flush_runs(writer, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    writer->runs[writer->run_count].data = data;
    writer->runs[writer->run_count].size = size;
    writer->run_count++;
    return SVMS_OK;
}

static svms_status put_clear(svms_writer *writer, const uint8_t *data, size_t size, svms_error *err)
{
    if (size == 0) {
        return SVMS_OK;
    }
    if (!svms_hasher_update(writer->hasher, data, size)) {
        return svms_fail_crypto(err, "hashing a sample");
    }
    return add_run(writer, data, size, err);
}

static svms_status put_sealed(svms_writer *writer, svms_sample_plan *plan, const uint8_t *data,
                              size_t size, svms_error *err)
{
    while (size > 0) {
        if (writer->staged == SVMS_STAGE_SIZE || writer->run_count == SVMS_MAX_RUNS) {
            svms_status status = flush_runs(writer, err);
            if (status != SVMS_OK) {
                return status;
            }
        }
        size_t room = SVMS_STAGE_SIZE - writer->staged;
        size_t part = size < room ? size : room;
        uint8_t *out = writer->stage + writer->staged;
        for (size_t done = 0; done < part;) {
            size_t step = part - done < SVMS_STEP_SIZE ? part - done : SVMS_STEP_SIZE;
            if (!svms_sample_cipher_run(&plan->cipher, data + done, step, out + done) ||
                !svms_hasher_update(writer->hasher, out + done, step)) {
                return svms_fail_crypto(err, "encrypting a sample");
            }
            done += step;
        }
        svms_status status = add_run(writer, out, part, err);
        if (status != SVMS_OK) {
            return status;
        }
        writer->staged += part;
        data += part;
        size -= part;
    }
    return SVMS_OK;
}

static svms_status put_body(svms_writer *writer, const svms_sample *sample, svms_sample_plan *plan,
                            svms_error *err)
{
    size_t at = 0;
    for (size_t i = 0; i < plan->range_count; i++) {
        const svms_range *range = &writer->ranges[i];
        svms_status status = put_clear(writer, sample->data + at, range->offset - at, err);
        if (status == SVMS_OK) {
            status = put_sealed(writer, plan, sample->data + range->offset, range->size, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
        at = (size_t)range->offset + range->size;
    }
    return sample->size > at ? put_clear(writer, sample->data + at, sample->size - at, err)
                             : SVMS_OK;
}

static svms_status put_record(svms_writer *writer, const svms_sample *sample,
                              svms_sample_plan *plan, svms_error *err)
{
    svms_writer_track *track = &writer->tracks[sample->track];
    writer->run_count = 0;
    writer->staged = 0;
    if (!svms_merkle_leaf_start(writer->hasher) ||
        !svms_hasher_update(writer->hasher, plan->header, plan->header_size) ||
        !svms_hasher_update(writer->hasher, plan->table, plan->table_size)) {
        return svms_fail_crypto(err, "hashing a sample");
    }
    plan->cipher.aead = track->aead;
    plan->cipher.sealing = true;
    plan->cipher.nonce_base = track->keys.nonce_base;
    plan->cipher.tags = plan->tags;
    svms_sample_cipher_begin(&plan->cipher, track->tree.count, plan->header, plan->header_size,
                             plan->table, plan->table_size, plan->protected_size);
    svms_status status = add_run(writer, plan->header, plan->header_size, err);
    if (status == SVMS_OK && plan->table_size != 0) {
        status = add_run(writer, plan->table, plan->table_size, err);
    }
    if (status == SVMS_OK) {
        status = put_body(writer, sample, plan, err);
    }
    if (status == SVMS_OK && plan->chunks != 0) {
        status = put_clear(writer, plan->tags, (size_t)plan->chunks * SVMS_AEAD_TAG_SIZE, err);
    }
    return status == SVMS_OK ? flush_runs(writer, err) : status;
}

/* What the manifest will say of this sample (C-MAN-2, C-MAN-5, C-MAN-6). */
static void account(svms_writer *writer, const svms_sample *sample)
{
    svms_open_segment *segment = &writer->segment;
    svms_writer_track *track = &writer->tracks[sample->track];
    const svms_track *description = &writer->header.tracks[sample->track];
    bool reference = sample->track == writer->reference;
    if (track->tree.count == 1) {
        track->first_pts = sample->pts;
        track->first_utc_ns = sample->utc_ns;
    }
    if (segment->samples == 0 || (reference && !segment->has_reference)) {
        segment->first_utc_ns = sample->utc_ns;
    }
    if (segment->samples == 0) {
        segment->first_track = (uint8_t)sample->track;
        segment->first_is_sync = (sample->flags & SVMS_SAMPLE_SYNC) != 0;
    }
    segment->has_reference = segment->has_reference || reference;
    int64_t utc = svms_utc_of(description, track->first_pts, track->first_utc_ns, sample->pts);
    int64_t end = svms_utc_of(description, 0, utc, (int64_t)sample->duration);
    if (end > segment->last_utc_ns) {
        segment->last_utc_ns = end;
    }
    segment->samples++;
    segment->records++;
    writer->stats.samples++;
    writer->stats.media_bytes += sample->size;
    if (end > writer->stats.last_utc_ns) {
        writer->stats.last_utc_ns = end;
    }
}

svms_status svms_writer_put_sample(svms_writer *writer, const svms_sample *sample, svms_error *err)
{
    svms_sample_plan plan;
    uint8_t leaf[SVMS_DIGEST_SIZE];
    /* Not the whole plan: clearing table and tags for every sample would cost more than it is
     * worth. */
    memset(&plan.record, 0, sizeof(plan.record));
    plan.table_size = 0;
    plan.range_count = 0;
    plan.protected_size = 0;
    plan_ranges(writer, sample, &plan);
    plan_record(writer, sample, &plan);
    svms_status status = put_record(writer, sample, &plan, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_hasher_finish(writer->hasher, leaf) ||
        !svms_merkle_add(&writer->tracks[sample->track].tree, writer->hasher, leaf)) {
        return svms_fail_crypto(err, "hashing a sample");
    }
    account(writer, sample);
    return SVMS_OK;
}
