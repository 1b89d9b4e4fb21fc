/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles that a thread reads, splits and hashes ahead of who verifies a log: half of a
 * verification is that, and none of it depends on what was verified before. */
#ifndef SVMS_CHECK_AHEAD_H
#define SVMS_CHECK_AHEAD_H

#include <svms/folder.h>

#include "tile.h"

/* One bundle: what came of reading it, and what it has. */
typedef struct svms_check_bundle {
    svms_status status; /* of reading; why says more where it failed */
    svms_error why;
    svms_builder bytes;
    uint32_t count;  /* of records that are whole */
    bool ends_there; /* nothing stands behind the last */
    svms_bundle_entry entry[SVMS_TILE_WIDTH];
    uint8_t leaves[SVMS_TILE_BYTES];
} svms_check_bundle;

SVMS_MUST_CHECK svms_status svms_check_bundle_new(svms_check_bundle **out, svms_ctx *ctx,
                                                  svms_error *err);
void svms_check_bundle_free(svms_check_bundle **bundle, svms_ctx *ctx);
/* Splits what was read into width records at most, and hashes them. */
SVMS_MUST_CHECK svms_status svms_check_bundle_split(svms_check_bundle *bundle, uint32_t width,
                                                    svms_hasher *hasher, svms_error *err);

typedef struct svms_check_ahead svms_check_ahead;

/* Begins with the full bundles from first up to, and without, end. NULL out of it where there are
 * so few that it would not help, or no thread can be started: then who verifies reads by himself.
 * The folder is used by both until it is freed. */
SVMS_MUST_CHECK svms_status svms_check_ahead_new(svms_check_ahead **out, svms_ctx *ctx,
                                                 const svms_folder *folder, uint64_t first,
                                                 uint64_t end, svms_error *err);
void svms_check_ahead_free(svms_check_ahead **ahead);
/* The bundle of a number, of which each is asked for once and in order; NULL where it is none of
 * those. It stays until the next one is asked for. */
const svms_check_bundle *svms_check_ahead_take(svms_check_ahead *ahead, uint64_t number);

#endif
