/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of an audit log: heads, groups as they are and with the CRC that belongs to them, and
 * the same bytes as a bundle. */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good) {
        abort();
    }
}

/* What is read as a group is written in the same bytes. */
static void write_again(svms_ctx *ctx, svms_journal_group *group, const uint8_t *data)
{
    svms_builder again = svms_builder_new(ctx, SVMS_JOURNAL_FRAME_SIZE + SVMS_JOURNAL_GROUP_MAX);
    svms_bundle_entry entry;
    uint32_t count = 0;
    svms_journal_group_begin(&again, group->first);
    while (svms_journal_next_record(group, &entry)) {
        check(entry.size <= SVMS_AUDIT_RECORD_MAX);
        svms_journal_group_add(&again, entry.record, entry.size);
        count++;
    }
    check(count == group->count);
    svms_journal_group_end(&again, count, group->note, group->note_size);
    check(again.size == group->whole_size && memcmp(again.data, data, again.size) == 0);
    svms_builder_clear(&again);
}

static void read_group(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_journal_group group;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_journal_group_parse(&group, data, size, &err);
    check(status == SVMS_OK || status == SVMS_E_TRUNCATED || status == SVMS_E_MALFORMED);
    if (status == SVMS_OK) {
        check(group.whole_size <= size);
        write_again(ctx, &group, data);
    } else {
        check(err.message[0] != '\0');
    }
}

static void read_with_crc(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + SVMS_JOURNAL_FRAME_SIZE);
    check(copy != NULL);
    svms_store_u32(copy, (uint32_t)size);
    svms_store_u32(copy + 4, (uint32_t)crc32_z(crc32_z(0, NULL, 0), data, size));
    memcpy(copy + SVMS_JOURNAL_FRAME_SIZE, data, size);
    read_group(ctx, copy, size + SVMS_JOURNAL_FRAME_SIZE);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    static svms_bundle_entry entry[SVMS_TILE_WIDTH];
    svms_tree_head head;
    if (!ctx) {
        check(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    if (size == 0) {
        return 0;
    }
    if (svms_journal_head_parse(&head, data, size, NULL) == SVMS_OK) {
        check(head.size <= SVMS_TREE_MAX);
    }
    read_group(ctx, data, size);
    read_with_crc(ctx, data, size);
    for (uint32_t width = 1; width <= SVMS_TILE_WIDTH; width *= 4) {
        svms_status status = svms_bundle_parse(data, size, width, entry, NULL);
        check(status == SVMS_OK || status == SVMS_E_TRUNCATED || status == SVMS_E_MALFORMED);
    }
    return 0;
}
