/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "failure.h"
#include "options.h"
#include "update_reader.h"
#include "update_version.h"

#define BYTES_MAX (SVMS_CHAIN_MAX_SIZE + SVMS_UPDATE_MANIFEST_MAX + SVMS_SIGNATURE_MAX)
#define FLAGS (SVMS_UPDATE_ALLOW_OLDER | SVMS_UPDATE_INSPECT)

static bool copy_name(char out[SVMS_UPDATE_NAME_SIZE], const char *given)
{
    const char *name = given ? given : "";
    size_t size = strlen(name);
    if (!svms_update_is_name(name, size)) {
        return false;
    }
    memcpy(out, name, size);
    return true;
}

static svms_status take_device(svms_update_reader *reader, svms_error *err)
{
    const svms_update_reader_options *options = &reader->options;
    size_t size = options->version ? strlen(options->version) : 0;
    if (options->flags & SVMS_UPDATE_INSPECT) {
        return SVMS_OK;
    }
    if (!options->trust || !options->data) {
        return svms_fail(err, SVMS_E_USAGE, "whoever installs says whom to trust, and takes data");
    }
    if (!copy_name(reader->product, options->product) ||
        !copy_name(reader->hardware, options->hardware)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the device's product and hardware are names (U-MAN-1)");
    }
    if (options->version && !svms_version_is_one(options->version, size)) {
        return svms_fail(err, SVMS_E_USAGE, "the device's version is none (U-MAN-2)");
    }
    if (options->version) {
        memcpy(reader->version, options->version, size);
    }
    return SVMS_OK;
}

static svms_status begin(svms_update_reader *reader, const svms_update_reader_options *options,
                         svms_error *err)
{
    svms_status status = svms_options_read(&reader->options, sizeof reader->options, options,
                                           "svms_update_reader_options", err);
    if (status == SVMS_OK && (reader->options.flags & ~FLAGS)) {
        status = svms_fail(err, SVMS_E_USAGE, "unknown flags");
    }
    if (status == SVMS_OK) {
        status = take_device(reader, err);
    }
    if (status == SVMS_OK) {
        status = svms_hasher_new(&reader->chunk_hasher, reader->ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_hasher_new(&reader->part_hasher, reader->ctx, err);
    }
    reader->options.product = reader->product;
    reader->options.hardware = reader->hardware;
    reader->options.version = reader->version[0] ? reader->version : NULL;
    return status;
}

svms_status svms_update_reader_new(svms_update_reader **out, svms_ctx *ctx,
                                   const svms_update_reader_options *options, svms_error *err)
{
    if (!out || !ctx || !options) {
        return svms_fail(err, SVMS_E_USAGE, "out, ctx and options must not be NULL");
    }
    *out = NULL;
    svms_update_reader *reader = svms_alloc(ctx, sizeof *reader);
    if (!reader) {
        return svms_fail_memory(err);
    }
    reader->ctx = ctx;
    reader->options = (svms_update_reader_options)SVMS_UPDATE_READER_OPTIONS_INIT;
    reader->identity = (svms_identity_result)SVMS_IDENTITY_RESULT_INIT;
    reader->bytes = svms_builder_new(ctx, BYTES_MAX);
    svms_status status = begin(reader, options, err);
    if (status != SVMS_OK) {
        svms_update_reader_free(&reader);
        return status;
    }
    *out = reader;
    return SVMS_OK;
}

void svms_update_reader_free(svms_update_reader **reader)
{
    if (!reader || !*reader) {
        return;
    }
    svms_update_reader *self = *reader;
    *reader = NULL;
    svms_hasher_free(&self->chunk_hasher);
    svms_hasher_free(&self->part_hasher);
    svms_chain_free(&self->chain);
    svms_builder_clear(&self->bytes);
    svms_release(self->ctx, self->note);
    svms_release(self->ctx, self->chunk);
    svms_release(self->ctx, self);
}

/* Takes bytes until there are `wanted` of them. */
static svms_status collect(svms_update_reader *reader, const uint8_t *data, size_t size,
                           size_t wanted, size_t *used, svms_error *err)
{
    size_t missing = wanted - reader->bytes.size;
    *used = size < missing ? size : missing;
    svms_put_bytes(&reader->bytes, data, *used);
    return svms_builder_check(&reader->bytes, "the update", err);
}

static svms_status take_front(svms_update_reader *reader, const uint8_t *data, size_t size,
                              size_t *used, svms_error *err)
{
    svms_status status = collect(reader, data, size, SVMS_UPDATE_FRONT_SIZE, used, err);
    if (status != SVMS_OK || reader->bytes.size < SVMS_UPDATE_FRONT_SIZE) {
        return status;
    }
    status = svms_update_front_parse(&reader->front, reader->bytes.data, err);
    svms_builder_reset(&reader->bytes);
    reader->stage = SVMS_UPDATE_STAGE_SIGNED;
    return status;
}

static svms_status take_signed(svms_update_reader *reader, const uint8_t *data, size_t size,
                               size_t *used, svms_error *err)
{
    const svms_update_front *front = &reader->front;
    size_t wanted = (size_t)front->chain_size + front->manifest_size + front->signature_size;
    svms_status status = collect(reader, data, size, wanted, used, err);
    if (status != SVMS_OK || reader->bytes.size < wanted) {
        return status;
    }
    reader->stage = SVMS_UPDATE_STAGE_PARTS;
    return svms_update_judge(reader, err);
}

static svms_status take_some(svms_update_reader *reader, const uint8_t *data, size_t size,
                             size_t *used, svms_error *err)
{
    switch (reader->stage) {
    case SVMS_UPDATE_STAGE_FRONT:
        return take_front(reader, data, size, used, err);
    case SVMS_UPDATE_STAGE_SIGNED:
        return take_signed(reader, data, size, used, err);
    case SVMS_UPDATE_STAGE_PARTS:
        return svms_update_take(reader, data, size, used, err);
    case SVMS_UPDATE_STAGE_END:
    case SVMS_UPDATE_STAGE_FAILED:
        break;
    }
    return svms_fail_at(err, SVMS_E_MALFORMED, reader->offset,
                        "bytes behind the end of the update (U-PRT-2)");
}

svms_status svms_update_reader_feed(svms_update_reader *reader, const void *data, size_t size,
                                    svms_error *err)
{
    const uint8_t *bytes = data;
    size_t at = 0;
    svms_status status = SVMS_OK;
    if (!reader || (!data && size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "reader and data must not be NULL");
    }
    if (reader->stage == SVMS_UPDATE_STAGE_FAILED) {
        return svms_fail(err, SVMS_E_STATE, "the update failed before");
    }
    while (status == SVMS_OK && at < size) {
        size_t used = 0;
        status = take_some(reader, bytes + at, size - at, &used, err);
        reader->offset += used;
        at += used;
    }
    if (status != SVMS_OK) {
        reader->stage = SVMS_UPDATE_STAGE_FAILED;
    }
    return status;
}

svms_status svms_update_reader_end(svms_update_reader *reader, svms_error *err)
{
    if (!reader) {
        return svms_fail(err, SVMS_E_USAGE, "reader must not be NULL");
    }
    if (reader->stage == SVMS_UPDATE_STAGE_FAILED) {
        return svms_fail(err, SVMS_E_STATE, "the update failed before");
    }
    if (reader->stage != SVMS_UPDATE_STAGE_END) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, reader->offset,
                            "the update ends before its last part does");
    }
    return SVMS_OK;
}
