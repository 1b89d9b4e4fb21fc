/* SPDX-License-Identifier: Apache-2.0 */
/* Updates as they come; their manifests, which no fuzzer gets a signature for; and records of
 * slots, with a digest that is made to fit. The first byte chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "context_internal.h"
#include "digest.h"
#include "slots_record.h"
#include "update_manifest.h"
#include "update_version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good) {
        abort();
    }
}

static void read_file(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_update_reader *reader = NULL;
    svms_update_reader_options options = SVMS_UPDATE_READER_OPTIONS_INIT;
    svms_update_info info = SVMS_UPDATE_INFO_INIT;
    options.flags = SVMS_UPDATE_INSPECT;
    if (svms_update_reader_new(&reader, ctx, &options, NULL) != SVMS_OK) {
        return;
    }
    svms_status status = SVMS_OK;
    for (size_t at = 0; status == SVMS_OK && at < size; at += 61) {
        status = svms_update_reader_feed(reader, data + at, size - at < 61 ? size - at : 61, NULL);
    }
    if (status == SVMS_OK && svms_update_reader_end(reader, NULL) == SVMS_OK) {
        check(svms_update_reader_info(reader, &info, NULL) == SVMS_OK && info.size == size);
    }
    svms_update_reader_free(&reader);
}

/* What was parsed is written to the same bytes. */
static void read_manifest(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    static svms_update_manifest manifest;
    if (svms_update_manifest_parse(&manifest, data, size, 0, NULL) != SVMS_OK) {
        return;
    }
    check(svms_version_is_one(manifest.version, strlen(manifest.version)));
    svms_builder again = svms_builder_new(ctx, SVMS_UPDATE_MANIFEST_MAX);
    svms_update_manifest_put(&again, &manifest);
    check(again.status == SVMS_E_NO_MEMORY ||
          (again.size == size && memcmp(again.data, data, size) == 0));
    svms_builder_clear(&again);
}

static void read_record(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    uint8_t record[SVMS_SLOTS_RECORD_SIZE] = { 0 };
    uint8_t again[SVMS_SLOTS_RECORD_SIZE];
    svms_slots_record parsed;
    bool whole = false;
    size_t digested = sizeof record - SVMS_DIGEST_SIZE;
    memcpy(record, data, size < digested ? size : digested);
    svms_iovec run = { record, digested };
    if (svms_sha256(ctx, &run, 1, record + digested, NULL) != SVMS_OK ||
        svms_slots_record_parse(&parsed, ctx, record, &whole, NULL) != SVMS_OK || !whole) {
        return;
    }
    check(svms_slots_record_put(again, ctx, &parsed, NULL) == SVMS_OK &&
          memcmp(again, record, sizeof record) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_ctx *ctx = NULL;
    if (size == 0 || svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 0;
    }
    switch (data[0]) {
    case 'm':
        read_manifest(ctx, data + 1, size - 1);
        break;
    case 's':
        read_record(ctx, data + 1, size - 1);
        break;
    default:
        read_file(ctx, data, size);
    }
    svms_ctx_free(&ctx);
    return 0;
}
