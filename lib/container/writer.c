/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/writer.h>

#include <string.h>

#include "access_block.h"
#include "failure.h"
#include "options.h"
#include "stream.h"
#include "writer_internal.h"

svms_status svms_writer_fail(svms_writer *writer, svms_status status)
{
    writer->failed = true;
    return status;
}

svms_status svms_writer_emit_runs(svms_writer *writer, const svms_iovec *runs, size_t count,
                                  svms_error *err)
{
    svms_status status = svms_sink_write(&writer->sink, runs, count, err);
    if (status != SVMS_OK) {
        return svms_writer_fail(writer, status);
    }
    for (size_t i = 0; i < count; i++) {
        writer->stats.written_bytes += runs[i].size;
    }
    return SVMS_OK;
}

svms_status svms_writer_emit(svms_writer *writer, const void *data, size_t size, svms_error *err)
{
    svms_iovec run = { data, size };
    return svms_writer_emit_runs(writer, &run, 1, err);
}

svms_status svms_writer_put_signature(svms_writer *writer, svms_builder *out, const uint8_t *object,
                                      size_t size, uint64_t number, svms_error *err)
{
    uint8_t signature[SVMS_SIGNATURE_LONGEST];
    size_t signature_size = sizeof(signature);
    if (writer->signer == NULL) {
        return SVMS_OK;
    }
    svms_status status = svms_sign(writer->signer, object, size, signature, &signature_size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_signature_put(out, writer->header.signer.algorithm, number, 0, signature, signature_size,
                       NULL);
    return svms_builder_check(out, "a signature", err);
}

/* The description of C-HDR-16 with the device name, padded; sealed when there is a content key. */
static svms_status put_description(svms_writer *writer, svms_builder *out, const char *name,
                                   const uint8_t *content_key, svms_error *err)
{
    static const uint8_t zero_nonce[SVMS_AEAD_NONCE_SIZE] = { 0 };
    uint8_t key[SVMS_AEAD_KEY_SIZE];
    svms_header *header = &writer->header;
    size_t size = strlen(name);
    svms_put_u8(out, 1);
    svms_put_u8(out, 0);
    svms_put_u16(out, (uint16_t)size);
    svms_put_bytes(out, name, size);
    svms_put_zeros(out, (64 - out->size % 64) % 64);
    size_t text = out->size;
    svms_put_zeros(out, header->has_keys ? SVMS_AEAD_TAG_SIZE : 0);
    svms_status status = svms_builder_check(out, "the description", err);
    if (status == SVMS_OK && header->has_keys) {
        status = svms_description_key(writer->ctx, content_key, header->container_id, key, err);
        if (status == SVMS_OK) {
            status = svms_aead_seal(writer->ctx, key, zero_nonce, header->container_id, 16,
                                    out->data, text, out->data, err);
        }
        svms_wipe(key, sizeof(key));
    }
    header->description = out->data;
    header->description_size = out->size;
    return status;
}

/* Header, its signature, access block; all of it is one write. */
static svms_status write_front(svms_writer *writer, const svms_writer_options *options,
                               const uint8_t *content_key, svms_error *err)
{
    svms_header *header = &writer->header;
    svms_recipients recipients = svms_writer_recipients(options);
    svms_builder description = svms_builder_new(writer->ctx, SVMS_MAX_DESCRIPTION_SIZE + 16);
    svms_builder front = svms_builder_new(writer->ctx, SVMS_MAX_HEADER_SIZE + SVMS_SIGNATURE_MAX +
                                                           2 * SVMS_MAX_SLOT_SIZE);
    svms_status status = SVMS_OK;
    if (header->has_keys) {
        status =
            svms_key_check(writer->ctx, content_key, header->container_id, header->key_check, err);
    }
    if (status == SVMS_OK && options->device_name != NULL && options->device_name[0] != '\0') {
        status = put_description(writer, &description, options->device_name, content_key, err);
    }
    if (status == SVMS_OK) {
        status = svms_header_encode(&front, header, err);
    }
    if (status == SVMS_OK && front.size > SVMS_MAX_HEADER_SIZE) {
        status = svms_fail(err, SVMS_E_USAGE,
                           "tracks and certificates make the header too large (C-LIM-1)");
    }
    size_t header_size = front.size;
    if (status == SVMS_OK) {
        status = svms_writer_put_signature(writer, &front, front.data, header_size,
                                           SVMS_SIGNED_HEADER, err);
    }
    if (status == SVMS_OK && header->has_keys) {
        status = svms_access_encode(&front, header, &recipients, content_key, err);
    }
    if (status == SVMS_OK && header->has_keys) {
        status =
            svms_segment_root(writer->ctx, content_key, header->hash, writer->segment_root, err);
    }
    if (status == SVMS_OK) {
        status = svms_writer_emit(writer, front.data, front.size, err);
    }
    svms_builder_clear(&front);
    svms_builder_clear(&description);
    return status;
}

static svms_status make_track_engines(svms_writer *writer, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; i < writer->header.track_count && status == SVMS_OK; i++) {
        svms_track *track = &writer->header.tracks[i];
        if (svms_track_is_sealed(track)) {
            status = svms_aead_new(&writer->tracks[i].aead, writer->ctx, err);
        }
        if (status == SVMS_OK && track->protection == SVMS_PROTECT_LIGHT) {
            status = svms_light_planner_new(&writer->tracks[i].planner, writer->ctx, track, err);
        }
    }
    return status;
}

static svms_status make_engines(svms_writer *writer, const svms_writer_options *options,
                                svms_error *err)
{
    svms_status status = svms_hasher_new(&writer->hasher, writer->ctx, err);
    if (status == SVMS_OK && options->signer_key != NULL) {
        status = svms_sign_engine_new(&writer->signer, writer->ctx, options->signer_key, err);
        if (status == SVMS_OK) {
            writer->header.signer.algorithm = svms_sign_engine_algorithm(writer->signer);
        }
    }
    if (status == SVMS_OK && writer->batch != NULL &&
        !svms_batch_fits(writer->batch, &writer->header.signer)) {
        status = svms_fail(err, SVMS_E_USAGE, "the batch signs with another key or role");
    }
    if (status == SVMS_OK) {
        status = make_track_engines(writer, err);
    }
    if (status == SVMS_OK) {
        writer->stage = svms_alloc(writer->ctx, SVMS_STAGE_SIZE);
        status = writer->stage == NULL ? svms_fail_memory(err) : SVMS_OK;
    }
    return status;
}

/* What the header borrowed from the caller is gone after svms_writer_open(). */
static void forget_borrowed(svms_header *header)
{
    for (uint32_t i = 0; i < header->track_count; i++) {
        header->tracks[i].config = NULL;
        header->tracks[i].config_size = 0;
    }
    header->chain = NULL;
    header->description = NULL;
}

static svms_status open_with(svms_writer *writer, const svms_writer_options *options,
                             svms_error *err)
{
    uint8_t content_key[SVMS_CONTENT_KEY_SIZE] = { 0 };
    svms_status status = svms_writer_accept(writer, options, err);
    if (status == SVMS_OK) {
        status = make_engines(writer, options, err);
    }
    if (status == SVMS_OK && writer->header.has_keys) {
        status = svms_random(writer->ctx, content_key, sizeof(content_key), err);
    }
    if (status == SVMS_OK) {
        status = write_front(writer, options, content_key, err);
    }
    svms_wipe(content_key, sizeof(content_key));
    memcpy(writer->previous, writer->header.hash, SVMS_DIGEST_SIZE);
    writer->reference = svms_reference_track(&writer->header);
    forget_borrowed(&writer->header);
    return status;
}

svms_status svms_writer_open(svms_writer **out, svms_ctx *ctx, const svms_sink *sink,
                             const svms_writer_options *options, svms_error *err)
{
    return svms_writer_open_as(out, ctx, sink, options, NULL, err);
}

svms_status svms_writer_open_as(svms_writer **out, svms_ctx *ctx, const svms_sink *sink,
                                const svms_writer_options *options, const uint8_t *container_id,
                                svms_error *err)
{
    svms_writer_options given = SVMS_WRITER_OPTIONS_INIT;
    svms_sink given_sink = SVMS_SINK_INIT;
    if (out == NULL || ctx == NULL || sink == NULL || options == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "out, ctx, sink and options must not be NULL");
    }
    svms_status status =
        svms_options_read(&given, sizeof(given), options, "svms_writer_options", err);
    if (status == SVMS_OK) {
        status = svms_options_read(&given_sink, sizeof(given_sink), sink, "svms_sink", err);
    }
    if (status == SVMS_OK && !svms_sink_usable(&given_sink)) {
        status = svms_fail(err, SVMS_E_USAGE, "the sink has no write callback");
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_writer *writer = svms_alloc(ctx, sizeof(*writer));
    if (writer == NULL) {
        return svms_fail_memory(err);
    }
    writer->ctx = ctx;
    writer->sink = given_sink;
    if (container_id != NULL) {
        memcpy(writer->header.container_id, container_id, sizeof(writer->header.container_id));
    }
    writer->stats = (svms_writer_stats)SVMS_WRITER_STATS_INIT;
    writer->previous_first_utc_ns = SVMS_NO_TIME;
    writer->signed_last_utc_ns = SVMS_NO_TIME;
    writer->scratch = svms_builder_new(ctx, SVMS_MAX_MANIFEST_SIZE + SVMS_SIGNATURE_MAX);
    writer->evidence = svms_builder_new(ctx, 16 * (size_t)SVMS_MAX_AUXILIARY_SIZE);
    writer->end_reason = SVMS_END_CLOSED;
    writer->synced_monotonic_ns = svms_monotonic_now(ctx);
    svms_index_init(&writer->index, ctx);
    status = open_with(writer, &given, err);
    if (status != SVMS_OK) {
        svms_writer_abort(&writer);
        return status;
    }
    *out = writer;
    return SVMS_OK;
}

static svms_status check_state(const svms_writer *writer, svms_error *err)
{
    if (writer == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "writer must not be NULL");
    }
    if (writer->failed) {
        return svms_fail(err, SVMS_E_STATE, "an earlier call on this writer failed");
    }
    return SVMS_OK;
}

svms_status svms_sample_check(const svms_sample *sample, uint32_t track_count, svms_error *err)
{
    if (sample->track >= track_count) {
        return svms_fail(err, SVMS_E_USAGE, "there is no track %u", sample->track);
    }
    if (sample->size > SVMS_MAX_SAMPLE_SIZE) {
        return svms_fail(err, SVMS_E_USAGE, "a sample of %zu bytes exceeds %u", sample->size,
                         SVMS_MAX_SAMPLE_SIZE);
    }
    if (sample->data == NULL && sample->size != 0) {
        return svms_fail(err, SVMS_E_USAGE, "the sample's data are NULL");
    }
    int64_t low =
        sample->dts < INT64_MIN - (int64_t)INT32_MIN ? INT64_MIN : sample->dts + INT32_MIN;
    int64_t high = sample->dts > INT64_MAX - INT32_MAX ? INT64_MAX : sample->dts + INT32_MAX;
    if (sample->pts < low || sample->pts > high) {
        return svms_fail(err, SVMS_E_USAGE,
                         "presentation and decoding time lie more than 2^31 ticks apart");
    }
    return SVMS_OK;
}

static bool segment_is_due(const svms_writer *writer, const svms_sample *sample, int64_t utc_ns)
{
    const svms_open_segment *segment = &writer->segment;
    uint64_t bytes = writer->stats.written_bytes - segment->offset;
    if (segment->samples >= SVMS_MAX_SEGMENT_SAMPLES || bytes >= 2 * writer->header.segment_bytes) {
        return true;
    }
    if (utc_ns < segment->first_utc_ns) {
        return false;
    }
    uint64_t age = (uint64_t)utc_ns - (uint64_t)segment->first_utc_ns;
    if (sample->track != writer->reference) {
        return age >= 2 * (uint64_t)SVMS_LONGEST_SEGMENT_NS;
    }
    if ((sample->flags & SVMS_SAMPLE_SYNC) && age >= writer->header.segment_ns) {
        return true;
    }
    return age >= (uint64_t)SVMS_LONGEST_SEGMENT_NS || bytes >= writer->header.segment_bytes;
}

/* C-MAN-6: first times of segments never decrease; a clock that steps back needs a new container.
 */
static svms_status check_time(const svms_writer *writer, const svms_sample *sample, int64_t utc_ns,
                              bool begins, svms_error *err)
{
    const svms_open_segment *segment = &writer->segment;
    bool reference = sample->track == writer->reference;
    bool sets_first = begins || (reference && !segment->has_reference);
    bool back = sets_first && writer->previous_first_utc_ns != SVMS_NO_TIME &&
                utc_ns < writer->previous_first_utc_ns;
    if (!begins && reference && segment->has_reference && (sample->flags & SVMS_SAMPLE_SYNC)) {
        back = utc_ns < segment->first_utc_ns;
    }
    if (back) {
        return svms_fail(
            err, SVMS_E_STATE,
            "capture time went back: close this container and open a linked one (C-MAN-6)");
    }
    return SVMS_OK;
}

svms_status svms_writer_append(svms_writer *writer, const svms_sample *sample, svms_error *err)
{
    svms_sample given = SVMS_SAMPLE_INIT;
    svms_status status = check_state(writer, err);
    if (status == SVMS_OK && sample == NULL) {
        status = svms_fail(err, SVMS_E_USAGE, "sample must not be NULL");
    }
    if (status == SVMS_OK) {
        status = svms_options_read(&given, sizeof(given), sample, "svms_sample", err);
    }
    if (status == SVMS_OK) {
        status = svms_sample_check(&given, writer->header.track_count, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (given.utc_ns == SVMS_NO_TIME) {
        given.utc_ns = svms_utc_of(&writer->header.tracks[given.track], 0,
                                   writer->header.start_utc_ns, given.pts);
    }
    bool due = writer->segment.open && segment_is_due(writer, &given, given.utc_ns);
    if (!due) {
        status = check_time(writer, &given, given.utc_ns, !writer->segment.open, err);
    } else if (given.utc_ns < writer->segment.first_utc_ns) {
        status = svms_fail(
            err, SVMS_E_STATE,
            "capture time went back: close this container and open a linked one (C-MAN-6)");
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (due) {
        status = svms_writer_finish_segment(writer, err);
    }
    if (status == SVMS_OK && !writer->segment.open) {
        status = svms_writer_start_segment(writer, given.utc_ns, err);
    }
    if (status == SVMS_OK && writer->outstanding_count != 0) {
        status = svms_writer_take_late(writer, err);
    }
    if (status == SVMS_OK) {
        status = svms_writer_put_sample(writer, &given, err);
    }
    return status == SVMS_OK ? SVMS_OK : svms_writer_fail(writer, status);
}

svms_status svms_writer_flush(svms_writer *writer, svms_error *err)
{
    svms_status status = check_state(writer, err);
    if (status == SVMS_OK && writer->segment.open) {
        writer->sign_now = true;
        status = svms_writer_finish_segment(writer, err);
        writer->sign_now = false;
        if (status != SVMS_OK) {
            return svms_writer_fail(writer, status);
        }
    }
    return status;
}

svms_status svms_writer_gap(svms_writer *writer, svms_gap_reason reason, svms_error *err)
{
    svms_status status = check_state(writer, err);
    if (status == SVMS_OK && (reason < SVMS_GAP_UNSPECIFIED || reason > SVMS_GAP_OVERLOAD)) {
        status = svms_fail(err, SVMS_E_USAGE, "unknown reason of a gap");
    }
    if (status == SVMS_OK) {
        status = svms_writer_flush(writer, err);
    }
    if (status == SVMS_OK) {
        writer->next_gap = (uint8_t)reason;
    }
    return status;
}

svms_status svms_writer_get_stats(const svms_writer *writer, svms_writer_stats *stats)
{
    if (writer == NULL || stats == NULL) {
        return SVMS_E_USAGE;
    }
    return svms_result_write(stats, &writer->stats, sizeof(writer->stats), "svms_writer_stats",
                             NULL);
}

svms_status svms_writer_get_head(const svms_writer *writer, svms_head *head)
{
    svms_head found = SVMS_HEAD_INIT;
    if (writer == NULL || head == NULL) {
        return SVMS_E_USAGE;
    }
    memcpy(found.container_id, writer->header.container_id, sizeof(found.container_id));
    memcpy(found.recording_id, writer->header.recording_id, sizeof(found.recording_id));
    found.recording_sequence = writer->header.recording_sequence;
    found.segment = writer->next_segment == 0 ? SVMS_NO_SEGMENT : writer->next_segment - 1;
    memcpy(found.manifest_hash, writer->previous, sizeof(found.manifest_hash));
    found.last_utc_ns = writer->signed_last_utc_ns;
    return svms_result_write(head, &found, sizeof(found), "svms_head", NULL);
}

svms_status svms_writer_close(svms_writer **writer, svms_error *err)
{
    return svms_writer_end(writer, SVMS_END_CLOSED, err);
}

svms_status svms_writer_end(svms_writer **writer, svms_end_reason reason, svms_error *err)
{
    if (writer == NULL || *writer == NULL || reason < SVMS_END_CLOSED || reason > SVMS_END_ERROR) {
        return svms_fail(err, SVMS_E_USAGE, "writer must not be NULL, and the reason be known");
    }
    (*writer)->end_reason = reason;
    (*writer)->sign_now = true;
    svms_status status = check_state(*writer, err);
    if (status == SVMS_OK && (*writer)->segment.open) {
        status = svms_writer_finish_segment(*writer, err);
    }
    if (status == SVMS_OK) {
        status = svms_writer_finish_container(*writer, err);
    }
    svms_writer_abort(writer);
    return status;
}

void svms_writer_abort(svms_writer **writer)
{
    if (writer == NULL || *writer == NULL) {
        return;
    }
    svms_writer *gone = *writer;
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        svms_aead_free(&gone->tracks[i].aead);
        svms_light_planner_free(&gone->tracks[i].planner);
    }
    svms_writer_forget_late(gone);
    svms_index_clear(&gone->index);
    svms_builder_clear(&gone->scratch);
    svms_builder_clear(&gone->evidence);
    svms_release(gone->ctx, gone->recent);
    svms_sign_engine_free(&gone->signer);
    svms_hasher_free(&gone->hasher);
    if (gone->stage != NULL) {
        svms_release_secret(gone->ctx, gone->stage, SVMS_STAGE_SIZE);
    }
    svms_release_secret(gone->ctx, gone, sizeof(*gone));
    *writer = NULL;
}
