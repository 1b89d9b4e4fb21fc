/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a camera has kept, sample by sample. It waits for the disk; belongs to one thread. */
#ifndef EDGE_REEL_H
#define EDGE_REEL_H

#include "edge_shelf.h"
#include "stream_replay.h"

typedef struct edge_reel edge_reel;

/* ring and shelf are borrowed, and so are the tracks that were announced: samples are of these. */
svms_status edge_reel_new(edge_reel **out, svms_ctx *ctx, svms_keyring *ring, edge_shelf *shelf,
                          const svms_track *tracks, uint32_t track_count, svms_error *err);
svms_status edge_reel_seek(edge_reel *self, const stream_replay_seek *to, svms_error *err);
/* SVMS_AGAIN: it is still being written. SVMS_END: nothing more. Others: this part cannot be read,
 * the next call goes on behind it. */
svms_status edge_reel_next(edge_reel *self, stream_replay_sample *out, svms_error *err);
/* NULL and pointer to NULL are accepted. */
void edge_reel_free(edge_reel **self);

#endif
