/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what a camera keeps itself. Belongs to one thread. */
#ifndef EDGE_KEEP_H
#define EDGE_KEEP_H

#include "edge_shelf.h"
#include "edge_store.h"

typedef struct edge_keep edge_keep;

/* kek and shelf are borrowed. newest: head of what is there already, or NULL. */
svms_status edge_keep_new(edge_keep **out, const edge_store_options *options, const svms_kek *kek,
                          edge_shelf *shelf, const svms_head *newest, svms_error *err);
/* Samples of these tracks follow. */
svms_status edge_keep_begin(edge_keep *self, const svms_track *tracks, uint32_t count,
                            svms_error *err);
/* After a failure, which is returned once, samples are left out for a while (SVMS_AGAIN), and until
 * one stands alone. */
svms_status edge_keep_put(edge_keep *self, const svms_sample *sample, svms_error *err);
/* Something is missing before the next sample. */
void edge_keep_gap(edge_keep *self, svms_gap_reason reason);
/* What was put can be read. */
svms_status edge_keep_flush(edge_keep *self, svms_error *err);
bool edge_keep_is_failing(const edge_keep *self);
/* Ends the container. */
void edge_keep_end(edge_keep *self);
/* NULL and pointer to NULL are accepted. */
void edge_keep_free(edge_keep **self);

#endif
