/* SPDX-License-Identifier: Apache-2.0 */
/* The files of retention: what is read is written in the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "holds.h"
#include "kept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good) {
        abort();
    }
}

static void must_be(svms_builder *again, const void *data, size_t size)
{
    check(again->status == SVMS_OK && again->size == size &&
          (size == 0 || memcmp(again->data, data, size) == 0));
    svms_builder_clear(again);
}

static void read_kept(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    static svms_kept kept;
    if (svms_kept_parse(&kept, data, size, NULL) != SVMS_OK) {
        return;
    }
    svms_builder again = svms_builder_new(ctx, SVMS_KEPT_MAX);
    for (uint32_t i = 0; i < kept.count; i++) {
        const svms_kept_entry *entry = &kept.entry[i];
        svms_put_kept(&again, entry->place, entry->record, entry->size);
        check(svms_kept_find(&kept, entry->place) == entry);
    }
    must_be(&again, data, size);
}

static void read_minimum(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_log_minimum minimum;
    if (svms_log_minimum_parse(&minimum, data, size, NULL) == SVMS_OK) {
        svms_builder again = svms_builder_new(ctx, 64);
        svms_put_log_minimum(&again, &minimum);
        must_be(&again, data, size);
    }
}

static void read_holds(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_holds holds;
    bool held[SVMS_TILE_WIDTH];
    if (svms_holds_parse(&holds, ctx, data, size, NULL) == SVMS_OK) {
        svms_builder again = svms_builder_new(ctx, SVMS_HOLDS_TEXT_MAX);
        for (size_t i = 0; i < holds.count; i++) {
            svms_put_hold(&again, &holds.hold[i]);
            svms_holds_mark(&holds, INT64_MAX, holds.hold[i].first / SVMS_TILE_WIDTH, held);
            check(holds.hold[i].until_utc_ns != INT64_MIN ||
                  held[holds.hold[i].first % SVMS_TILE_WIDTH]);
        }
        must_be(&again, data, size);
    }
    svms_holds_clear(&holds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    if (!ctx) {
        check(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    read_kept(ctx, data, size);
    read_minimum(ctx, data, size);
    read_holds(ctx, data, size);
    return 0;
}
