/* SPDX-License-Identifier: Apache-2.0 */
#include "package_writer.h"

#include <string.h>

#include "failure.h"
#include "stream.h"

#define STAGE_SIZE 65536u
/* What is at least as long is not copied. */
#define LONG_PART 16384u
/* Hashed twice in steps that stay in the second-level cache. */
#define HASH_STEP 65536u
#define DIRECTORY_LARGEST                                                                          \
    (SVMS_DIRECTORY_FIXED_SIZE + SVMS_DIRECTORY_FANOUT * SVMS_DIRECTORY_ENTRY_SIZE)

svms_status svms_package_writer_init(svms_package_writer *writer, svms_ctx *ctx,
                                     const svms_sink *sink, unsigned export_kind, const uint8_t *p,
                                     svms_error *err)
{
    memset(writer, 0, sizeof(*writer));
    writer->ctx = ctx;
    writer->sink = *sink;
    writer->export_kind = export_kind;
    writer->sealed = p != NULL;
    writer->entries = svms_builder_new(ctx, DIRECTORY_LARGEST);
    writer->stage = svms_alloc(ctx, STAGE_SIZE);
    if (writer->stage == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = svms_hasher_new(&writer->file, ctx, err);
    if (status == SVMS_OK) {
        status = svms_hasher_new(&writer->frame, ctx, err);
    }
    if (status == SVMS_OK && !svms_hasher_start(writer->file)) {
        status = svms_fail_crypto(err, "cannot hash");
    }
    if (status != SVMS_OK || p == NULL) {
        return status;
    }
    memcpy(writer->p, p, SVMS_DIGEST_SIZE);
    writer->plain = svms_alloc(ctx, SVMS_FRAME_CHUNK);
    writer->cipher = svms_alloc(ctx, SVMS_FRAME_CHUNK + SVMS_AEAD_TAG_SIZE);
    if (writer->plain == NULL || writer->cipher == NULL) {
        return svms_fail_memory(err);
    }
    return svms_aead_new(&writer->aead, ctx, err);
}

void svms_package_writer_clear(svms_package_writer *writer)
{
    if (writer->ctx == NULL) {
        return;
    }
    svms_aead_free(&writer->aead);
    svms_hasher_free(&writer->file);
    svms_hasher_free(&writer->frame);
    svms_builder_clear(&writer->entries);
    svms_release_secret(writer->ctx, writer->plain, SVMS_FRAME_CHUNK);
    svms_release(writer->ctx, writer->cipher);
    svms_release_secret(writer->ctx, writer->stage, STAGE_SIZE);
    svms_wipe(writer, sizeof(*writer));
}

static svms_status flush(svms_package_writer *writer, const void *data, size_t size,
                         svms_error *err)
{
    svms_iovec runs[2] = { { writer->stage, writer->staged }, { data, size } };
    size_t skip = writer->staged == 0 ? 1 : 0;
    size_t count = (skip == 0 ? 1u : 0u) + (size != 0 ? 1u : 0u);
    writer->staged = 0;
    return count == 0 ? SVMS_OK : svms_sink_write(&writer->sink, runs + skip, count, err);
}

/* On its way to the sink; hashed already. */
static svms_status pass_on(svms_package_writer *writer, const void *data, size_t size,
                           svms_error *err)
{
    writer->offset += size;
    if (size >= LONG_PART) {
        return flush(writer, data, size, err);
    }
    if (size > STAGE_SIZE - writer->staged) {
        svms_status status = flush(writer, NULL, 0, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (size != 0) {
        memcpy(writer->stage + writer->staged, data, size);
        writer->staged += size;
    }
    return SVMS_OK;
}

static bool hash(svms_package_writer *writer, const uint8_t *data, size_t size, bool in_frame)
{
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        size_t left = svms_cursor_left(&cursor);
        size_t step = left < HASH_STEP ? left : HASH_STEP;
        const uint8_t *bytes = svms_read_bytes(&cursor, step);
        if (!svms_hasher_update(writer->file, bytes, step) ||
            (in_frame && !svms_hasher_update(writer->frame, bytes, step))) {
            return false;
        }
    }
    return true;
}

static svms_status emit(svms_package_writer *writer, const void *data, size_t size, bool in_frame,
                        svms_error *err)
{
    if (!hash(writer, data, size, in_frame)) {
        return svms_fail_crypto(err, "cannot hash the package");
    }
    return pass_on(writer, data, size, err);
}

svms_status svms_package_put(svms_package_writer *writer, const void *data, size_t size,
                             svms_error *err)
{
    return emit(writer, data, size, false, err);
}

svms_status svms_package_sync(svms_package_writer *writer, svms_error *err)
{
    svms_status status = flush(writer, NULL, 0, err);
    return status == SVMS_OK ? svms_sink_sync(&writer->sink, err) : status;
}

/* Part A as it is stored, and the key for part B. */
static svms_status put_secrets(svms_package_writer *writer, const svms_frame_plan *plan,
                               svms_error *err)
{
    uint8_t stored[SVMS_MAX_PART_A];
    uint8_t key[SVMS_AEAD_KEY_SIZE];
    bool done = true;
    if (plan->secrets_size == 0 || !writer->sealed) {
        return emit(writer, plan->secrets, plan->secrets_size, true, err);
    }
    svms_status status = svms_frame_secrets_key(writer->ctx, writer->p, writer->frames, key, err);
    if (status == SVMS_OK) {
        done = svms_aead_set_key(writer->aead, key, true) &&
               svms_frame_seal_chunk(writer->aead, writer->header, 0, plan->secrets,
                                     plan->secrets_size, stored);
    }
    svms_wipe(key, sizeof(key));
    if (status == SVMS_OK && !done) {
        status = svms_fail_crypto(err, "cannot seal the secrets of a segment");
    }
    return status == SVMS_OK
               ? emit(writer, stored, plan->secrets_size + SVMS_AEAD_TAG_SIZE, true, err)
               : status;
}

static svms_status set_body_key(svms_package_writer *writer, svms_error *err)
{
    uint8_t key[SVMS_AEAD_KEY_SIZE];
    if (!writer->seals_body) {
        return SVMS_OK;
    }
    svms_status status = svms_frame_body_key(writer->ctx, writer->p, writer->frames, key, err);
    if (status == SVMS_OK && !svms_aead_set_key(writer->aead, key, true)) {
        status = svms_fail_crypto(err, "cannot seal a frame");
    }
    svms_wipe(key, sizeof(key));
    return status;
}

/* Header and number of the frame as it will be stored. */
static svms_status lay_out(svms_package_writer *writer, const svms_frame_plan *plan,
                           svms_error *err)
{
    svms_frame frame = { 0 };
    svms_frame parsed;
    writer->seals_body = writer->sealed && plan->seals_body && plan->body_size != 0;
    frame.kind = plan->kind;
    frame.flags = (uint8_t)(plan->flags | (writer->seals_body ? SVMS_FRAME_SEALED : 0));
    frame.a_size = (uint32_t)plan->secrets_size;
    if (writer->sealed && frame.a_size != 0) {
        frame.a_size += SVMS_AEAD_TAG_SIZE;
    }
    frame.b_size = writer->seals_body ? svms_sealed_body_size(plan->body_size) : plan->body_size;
    frame.c_size = plan->closing_size;
    frame.number = plan->number;
    frame.origin = plan->origin;
    svms_frame_encode(&frame, writer->header);
    writer->omits_body = svms_frame_digest_omits_body(&frame);
    writer->body_left = plan->body_size;
    writer->closing_left = plan->closing_size;
    writer->chunk = 0;
    writer->plain_size = 0;
    writer->entry.offset = writer->offset;
    writer->entry.number = plan->number;
    writer->entry.origin = plan->origin;
    writer->entry.first_utc_ns = plan->first_utc_ns;
    writer->entry.last_utc_ns = plan->last_utc_ns;
    writer->entry.kind = frame.kind;
    writer->entry.flags = frame.flags;
    /* What is not written is not found to be wrong later by somebody else. */
    return svms_frame_parse(&parsed, writer->export_kind, writer->sealed, writer->header,
                            writer->offset, err);
}

svms_status svms_package_frame_begin(svms_package_writer *writer, const svms_frame_plan *plan,
                                     svms_error *err)
{
    /* The directory that this one may fill must fit too. */
    if (writer->frames + 2 > SVMS_MAX_FRAMES) {
        return svms_fail(err, SVMS_E_LIMIT, "a package has at most %u frames (E-OVR-5)",
                         SVMS_MAX_FRAMES);
    }
    svms_status status = lay_out(writer, plan, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_hasher_start(writer->frame)) {
        return svms_fail_crypto(err, "cannot hash a frame");
    }
    status = emit(writer, writer->header, sizeof(writer->header), true, err);
    if (status == SVMS_OK) {
        status = put_secrets(writer, plan, err);
    }
    return status == SVMS_OK ? set_body_key(writer, err) : status;
}

static svms_status seal(svms_package_writer *writer, const uint8_t *data, size_t size,
                        svms_error *err)
{
    if (!svms_frame_seal_chunk(writer->aead, writer->header, writer->chunk, data, size,
                               writer->cipher)) {
        return svms_fail_crypto(err, "cannot seal a frame");
    }
    writer->chunk++;
    return emit(writer, writer->cipher, size + SVMS_AEAD_TAG_SIZE, true, err);
}

/* Whole chunks are sealed where they lie; what is left waits until it is one. */
static svms_status seal_body(svms_package_writer *writer, const uint8_t *data, size_t size,
                             svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && !svms_cursor_at_end(&cursor)) {
        size_t left = svms_cursor_left(&cursor);
        size_t room = SVMS_FRAME_CHUNK - writer->plain_size;
        size_t step = left < room ? left : room;
        const uint8_t *bytes = svms_read_bytes(&cursor, step);
        bool last = writer->body_left == step;
        writer->body_left -= step;
        if (writer->plain_size == 0 && (step == SVMS_FRAME_CHUNK || last)) {
            status = seal(writer, bytes, step, err);
            continue;
        }
        memcpy(writer->plain + writer->plain_size, bytes, step);
        writer->plain_size += step;
        if (writer->plain_size == SVMS_FRAME_CHUNK || last) {
            status = seal(writer, writer->plain, writer->plain_size, err);
            writer->plain_size = 0;
        }
    }
    return status;
}

svms_status svms_package_frame_body(svms_package_writer *writer, const void *data, size_t size,
                                    svms_error *err)
{
    if (size > writer->body_left) {
        return svms_fail(err, SVMS_E_INTERNAL, "more bytes than a frame was to have");
    }
    if (writer->seals_body) {
        return seal_body(writer, data, size, err);
    }
    writer->body_left -= size;
    return emit(writer, data, size, !writer->omits_body, err);
}

svms_status svms_package_frame_closing(svms_package_writer *writer, const void *data, size_t size,
                                       svms_error *err)
{
    if (writer->body_left != 0 || size > writer->closing_left) {
        return svms_fail(err, SVMS_E_INTERNAL, "a frame has another length than it was to have");
    }
    writer->closing_left -= (uint32_t)size;
    return emit(writer, data, size, true, err);
}

static svms_status put_directory(svms_package_writer *writer, svms_error *err)
{
    svms_frame frame = { 0 };
    uint8_t head[SVMS_FRAME_HEADER_SIZE + SVMS_DIRECTORY_FIXED_SIZE];
    uint64_t offset = writer->offset;
    frame.kind = SVMS_FRAME_DIRECTORY;
    frame.number = writer->waiting;
    frame.c_size = SVMS_DIRECTORY_FIXED_SIZE + writer->waiting * SVMS_DIRECTORY_ENTRY_SIZE;
    svms_frame_encode(&frame, head);
    svms_store_u64(head + SVMS_FRAME_HEADER_SIZE, writer->directory_offset);
    memcpy(head + SVMS_FRAME_HEADER_SIZE + 8, writer->directory_hash, SVMS_DIGEST_SIZE);
    if (!svms_hasher_start(writer->frame)) {
        return svms_fail_crypto(err, "cannot hash a directory");
    }
    svms_status status = emit(writer, head, sizeof(head), true, err);
    if (status == SVMS_OK) {
        status = emit(writer, writer->entries.data, writer->entries.size, true, err);
    }
    if (status == SVMS_OK && !svms_hasher_finish(writer->frame, writer->directory_hash)) {
        status = svms_fail_crypto(err, "cannot hash a directory");
    }
    writer->directory_offset = offset;
    writer->waiting = 0;
    writer->frames++;
    svms_builder_reset(&writer->entries);
    return status;
}

svms_status svms_package_frame_end(svms_package_writer *writer, svms_error *err)
{
    if (writer->body_left != 0 || writer->closing_left != 0) {
        return svms_fail(err, SVMS_E_INTERNAL, "fewer bytes than a frame was to have");
    }
    if (!svms_hasher_finish(writer->frame, writer->entry.digest)) {
        return svms_fail_crypto(err, "cannot hash a frame");
    }
    svms_frame_entry_put(&writer->entries, &writer->entry);
    svms_status status = svms_builder_check(&writer->entries, "a directory", err);
    writer->waiting++;
    writer->frames++;
    if (status == SVMS_OK && writer->waiting == SVMS_DIRECTORY_FANOUT) {
        status = put_directory(writer, err);
    }
    return status;
}

svms_status svms_package_last_directory(svms_package_writer *writer, svms_error *err)
{
    return writer->waiting == 0 ? SVMS_OK : put_directory(writer, err);
}
