/* SPDX-License-Identifier: Apache-2.0 */
/* What stays of bundles that were pruned (audit.md, section 8): the files "kept/N" and "minimum".
 */
#ifndef SVMS_KEPT_H
#define SVMS_KEPT_H

#include "tile.h"

struct svms_folder;

#define SVMS_KEPT_MAX ((size_t)SVMS_TILE_WIDTH * (4u + SVMS_AUDIT_RECORD_MAX))

/* Points into the file's bytes. */
typedef struct svms_kept_entry {
    uint32_t place; /* in the bundle, 0 to 255 */
    const uint8_t *record;
    size_t size;
} svms_kept_entry;

typedef struct svms_kept {
    uint32_t count; /* 1 at least */
    svms_kept_entry entry[SVMS_TILE_WIDTH];
} svms_kept;

/* "kept/x001/067": the bundle's number as tiles spell it. */
void svms_kept_path(uint64_t bundle, char out[SVMS_TILE_PATH_MAX]);
SVMS_MUST_CHECK svms_status svms_kept_parse(svms_kept *out, const void *bytes, size_t size,
                                            svms_error *err);
/* In ascending order of place. */
void svms_put_kept(svms_builder *out, uint32_t place, const void *record, size_t size);
/* NULL: the record of that place is gone. */
const svms_kept_entry *svms_kept_find(const svms_kept *kept, uint32_t place);

/* Both are multiples of 256, the second no larger. */
typedef struct svms_log_minimum {
    uint64_t first;   /* number of the first record that was not pruned */
    uint64_t cleared; /* below it nothing is left to remove; between the two, something may be */
} svms_log_minimum;

SVMS_MUST_CHECK svms_status svms_log_minimum_parse(svms_log_minimum *out, const void *bytes,
                                                   size_t size, svms_error *err);
void svms_put_log_minimum(svms_builder *out, const svms_log_minimum *minimum);
/* Of a log that was never pruned: zeros. */
SVMS_MUST_CHECK svms_status svms_log_read_minimum(svms_ctx *ctx, const struct svms_folder *folder,
                                                  svms_log_minimum *out, svms_error *err);

#endif
