/* SPDX-License-Identifier: Apache-2.0 */
/* The records of a log that was closed, from the files that anybody reads. */
#ifndef SVMS_TEST_PUBLISHED_H
#define SVMS_TEST_PUBLISHED_H

#include <svms/folder.h>

#include "tile.h"

/* Calls for every record, in the order of the log. Every one is hashed: the root is that of the
 * checkpoint. How many there are. */
uint64_t published_each(svms_ctx *ctx, const svms_folder *folder,
                        void (*each)(void *user, uint64_t index, const svms_bundle_entry *entry),
                        void *user);
/* How many have these words in them. */
uint64_t published_saying(svms_ctx *ctx, const svms_folder *folder, const char *words);
/* Sum of the records that `log.gap` records with this why tell of. */
uint64_t published_gaps(svms_ctx *ctx, const svms_folder *folder, const char *why);
bool entry_says(const svms_bundle_entry *entry, const char *words);

#endif
