/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "log_internal.h"

/* Two decimal numbers below 2^48. */
#define MINIMUM_MAX 64u

void svms_kept_path(uint64_t bundle, char out[SVMS_TILE_PATH_MAX])
{
    static const char front[] = "tile/entries";
    const svms_tile tile = { SVMS_TILE_ENTRIES, bundle, SVMS_TILE_WIDTH };
    char path[SVMS_TILE_PATH_MAX];
    svms_tile_path(&tile, path);
    snprintf(out, SVMS_TILE_PATH_MAX, "kept%s", path + sizeof front - 1);
}

static svms_status malformed(const svms_cursor *cursor, uint32_t number, const char *what,
                             svms_error *err)
{
    return svms_fail_at(err, SVMS_E_MALFORMED, cursor->position, "kept record %u %s", number, what);
}

static svms_status read_entry(svms_cursor *cursor, svms_kept *out, svms_error *err)
{
    svms_kept_entry *entry = &out->entry[out->count];
    uint32_t number = out->count + 1;
    entry->place = svms_read_u16(cursor);
    entry->size = svms_read_u16(cursor);
    entry->record = svms_read_bytes(cursor, entry->size);
    if (cursor->failed) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, cursor->position,
                            "the file ends within kept record %u", number);
    }
    if (entry->place >= SVMS_TILE_WIDTH ||
        (out->count > 0 && entry->place <= out->entry[out->count - 1].place)) {
        return malformed(cursor, number, "is not at its place", err);
    }
    if (entry->size == 0 || entry->size > SVMS_AUDIT_RECORD_MAX) {
        return malformed(cursor, number, "has no size of a record", err);
    }
    out->count++;
    return SVMS_OK;
}

svms_status svms_kept_parse(svms_kept *out, const void *bytes, size_t size, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    svms_status status = SVMS_OK;
    out->count = 0;
    if (size == 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "a file of kept records has one at least");
    }
    /* Places ascend, so that there are 256 at most. */
    while (status == SVMS_OK && !svms_cursor_at_end(&cursor)) {
        if (out->count == SVMS_TILE_WIDTH) {
            return malformed(&cursor, out->count + 1, "is one too many", err);
        }
        status = read_entry(&cursor, out, err);
    }
    return status;
}

void svms_put_kept(svms_builder *out, uint32_t place, const void *record, size_t size)
{
    svms_put_u16(out, (uint16_t)place);
    svms_put_bundle_entry(out, record, size);
}

const svms_kept_entry *svms_kept_find(const svms_kept *kept, uint32_t place)
{
    for (uint32_t i = 0; i < kept->count; i++) {
        if (kept->entry[i].place == place) {
            return &kept->entry[i];
        }
    }
    return NULL;
}

svms_status svms_log_minimum_parse(svms_log_minimum *out, const void *bytes, size_t size,
                                   svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    if (!svms_read_decimal_line(&cursor, &out->first) ||
        !svms_read_decimal_line(&cursor, &out->cleared) || !svms_cursor_at_end(&cursor) ||
        out->first > SVMS_TREE_MAX || out->cleared > out->first ||
        out->first % SVMS_TILE_WIDTH != 0 || out->cleared % SVMS_TILE_WIDTH != 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "the file \"minimum\" of the log is none");
    }
    return SVMS_OK;
}

void svms_put_log_minimum(svms_builder *out, const svms_log_minimum *minimum)
{
    svms_put_decimal_line(out, minimum->first);
    svms_put_decimal_line(out, minimum->cleared);
}

svms_status svms_log_read_minimum(svms_ctx *ctx, const svms_folder *folder, svms_log_minimum *out,
                                  svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_builder bytes = svms_builder_new(ctx, MINIMUM_MAX);
    svms_status status = svms_log_read_file(folder, "minimum", &bytes, &why);
    *out = (svms_log_minimum){ 0, 0 };
    if (svms_log_is_missing(status, &why)) {
        status = SVMS_OK;
    } else if (status == SVMS_OK) {
        status = svms_log_minimum_parse(out, bytes.data, bytes.size, err);
    } else {
        status = svms_fail_as(err, status, &why);
    }
    svms_builder_clear(&bytes);
    return status;
}
