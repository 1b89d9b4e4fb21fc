/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of a replay that were read and not sent yet: only what follows tells whether one was the
 * last of its track before a gap, or at all. */
#ifndef STREAM_SERVE_HOLD_H
#define STREAM_SERVE_HOLD_H

#include "stream_replay.h"

/* So many samples, or bytes, are read ahead. */
#define SERVE_HOLD_SAMPLES 32
#define SERVE_HOLD_BYTES ((size_t)4 << 20)

typedef struct serve_held {
    uint32_t track; /* among those that are sent */
    uint32_t flags; /* SVMS_SAMPLE_... */
    uint32_t marks; /* SVMS_RTP_REPLAY_... */
    int64_t utc_ns;
    uint8_t *data;
    size_t size;
    uint8_t *config;
    size_t config_size;
} serve_held;

typedef struct serve_hold {
    serve_held list[SERVE_HOLD_SAMPLES]; /* a ring */
    uint32_t first;
    uint32_t count;
    size_t bytes;
} serve_hold;

bool serve_hold_is_full(const serve_hold *hold);
/* NULL: there is none. */
serve_held *serve_hold_front(serve_hold *hold);
/* A copy. False: no memory; nothing happened. */
bool serve_hold_put(serve_hold *hold, const stream_replay_sample *sample, uint32_t track,
                    uint32_t flags);
/* Marks the last of each track. */
void serve_hold_mark_last(serve_hold *hold, uint32_t marks);
void serve_hold_drop(serve_hold *hold);
void serve_hold_clear(serve_hold *hold);

#endif
