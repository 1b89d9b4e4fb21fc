/* SPDX-License-Identifier: Apache-2.0 */
/* What one camera sends now, for all who watch: one writer (the camera's thread), any number of
 * viewers on any threads. The writer never waits for a viewer. Who joins begins with the newest
 * picture that stands alone; who is too slow goes on there. */
#ifndef LIVE_HUB_H
#define LIVE_HUB_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/media.h>
#include <svms/status.h>

typedef struct live_hub live_hub;
typedef struct live_viewer live_viewer;

#define LIVE_TRACKS_MAX 8u

/* The tracks of a connection to the camera. */
typedef struct live_media {
    uint32_t track_count;
    svms_track tracks[LIVE_TRACKS_MAX]; /* with their configurations */
} live_media;

typedef struct live_limits {
    size_t bytes;     /* of samples that are kept; 0: 16 MiB */
    uint32_t samples; /* 0: 4096 */
    uint32_t viewers; /* 0: 64 */
} live_limits;

typedef struct live_stats {
    uint32_t viewers;
    uint32_t samples; /* that are kept */
    size_t bytes;
    uint64_t cuts;     /* of viewers that were too slow */
    uint64_t unviewed; /* samples that were not kept: memory, or larger than the limit */
} live_stats;

/* What viewers get; one for all of them. */
typedef struct live_packet {
    svms_sample sample;      /* its data belong to the packet */
    const live_media *media; /* which it is part of; belongs to the packet */
} live_packet;

svms_status live_hub_new(live_hub **out, const live_limits *limits, svms_error *err);
/* After all viewers have left. NULL and pointer to NULL are accepted. */
void live_hub_free(live_hub **hub);

/* By the writer. A connection begins: what comes now does not continue what came before, which is
 * forgotten. Tracks are copied; pictures of the first video track decide where viewers begin, or
 * samples of track 0 without one. */
svms_status live_hub_begin(live_hub *hub, const svms_track *tracks, uint32_t count,
                           svms_error *err);
/* A copy is kept. What cannot be kept is counted, and viewers are cut: recording goes on. */
void live_hub_put(live_hub *hub, const svms_sample *sample);
/* The camera is gone: who joins has nothing to see until live_hub_begin(). */
void live_hub_pause(live_hub *hub);

/* woken (or NULL): there is more; called on the writer's thread, may neither wait nor call the hub.
 * SVMS_E_LIMIT: too many viewers. */
svms_status live_hub_join(live_viewer **out, live_hub *hub, void (*woken)(void *user), void *user,
                          svms_error *err);
/* The next one, or NULL: none yet. is_cut: something was left out since this viewer's last one, or
 * this is its first. A viewer belongs to one thread at a time. */
const live_packet *live_viewer_next(live_viewer *viewer, bool *is_cut);
/* From any thread, also when viewer and hub are gone. NULL and pointer to NULL are accepted. */
void live_packet_release(const live_packet **packet);
/* woken is not called any more when it returns. */
void live_viewer_leave(live_viewer **viewer);

void live_hub_count(live_hub *hub, live_stats *out);

#endif
