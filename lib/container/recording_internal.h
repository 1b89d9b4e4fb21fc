/* SPDX-License-Identifier: Apache-2.0 */
/* State of a recording over many containers. */
#ifndef SVMS_RECORDING_INTERNAL_H
#define SVMS_RECORDING_INTERNAL_H

#include <svms/recording.h>

#include "writer_internal.h"

/* A container that is being written. */
typedef struct svms_recorded {
    svms_recording_container is;
    svms_sink sink; /* the caller's; the writer writes through a sink that watches it */
    bool has_sink;
    bool synced;      /* since heads were kept last */
    uint64_t written; /* bytes that the sink took */
    svms_writer *writer;
    svms_writer_stats stats; /* the writer's, once it is over */
    int64_t first_utc_ns;    /* of its first sample, or SVMS_NO_TIME */
} svms_recorded;

struct svms_recording {
    svms_ctx *ctx;
    svms_recording_options options;
    svms_writer_options writer; /* the template */
    svms_head previous;         /* what the next container names */
    svms_link_state link_state; /* SVMS_LINK_NONE: it names nothing */
    uint64_t next_sequence;
    svms_recorded *current; /* NULL between containers */
    bool stopped;           /* keep_head ended it */
    bool stepped;           /* the clock; the next sync sample begins a new container */
    svms_gap_reason gap;    /* before the next sample */
    svms_head kept;         /* the last head that keep_head got */
    bool has_kept;

    uint32_t track_count;
    svms_track tracks[SVMS_MAX_TRACKS]; /* for times; without configurations */
    uint32_t reference;
    bool has_last; /* a sample of the reference track */
    int64_t last_pts;
    int64_t last_utc_ns;

    svms_recording_stats stats; /* of the containers that are over */
};

/* recording_link.c: previous, link_state, next_sequence and the recording id. */
SVMS_MUST_CHECK svms_status svms_recording_link(svms_recording *recording, const svms_head *found,
                                                const svms_head *remembered, svms_error *err);

#endif
