/* SPDX-License-Identifier: Apache-2.0 */
/* Containers of one kind (the recorder's own, or what a camera recorded itself), read one after the
 * other in the order of their beginnings. Belongs to one thread at a time. */
#ifndef PLAYBACK_LANE_H
#define PLAYBACK_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

#include "recorder_parts.h"

/* A pause that is shorter is none. */
#define PLAYBACK_GAP_NS (INT64_C(2) * 1000000000)

typedef struct lane_place {
    char *path; /* may be renamed by its writer at any time */
    uint8_t container_id[16];
    uint64_t sequence;
    int64_t first_utc_ns;
    int64_t last_utc_ns; /* as far as the index knows, or SVMS_NO_TIME */
    bool is_closed;
    bool is_bad; /* it failed when groups were looked for */
} lane_place;

typedef struct playback_lane {
    const recorder_parts *parts;
    const char *camera;
    const svms_keyring *keys; /* or NULL */
    bool is_edge;
    lane_place **places; /* by first moment */
    size_t count;
    size_t capacity;
    size_t at;           /* which one is read; count: behind the last */
    svms_reader *reader; /* of it; NULL: not opened yet */
    svms_source source;
    uint32_t track_count;
    svms_track tracks[SVMS_MAX_TRACKS]; /* of the reader */
    uint32_t deciding;                  /* track whose sync samples begin groups; track_count:
                                           there is no video, segments are groups */
    uint64_t segment;                   /* of the last sample */
    svms_status met; /* while looking for a place something could not be read, which is told by the
                        next call */
    svms_error why;
    size_t met_place;
    size_t told_place; /* where what was told last was */
    uint64_t told_segment;
} playback_lane;

/* Samples from a sync sample to the next. */
typedef struct lane_group {
    size_t place;
    int64_t anchor_utc_ns; /* seek there, */
    uint64_t skip;         /* pass over so many, */
    uint64_t count;        /* and take these */
    int64_t first_utc_ns;  /* of its sync sample */
    int64_t last_utc_ns;   /* end of its last one */
} lane_group;

/* Asks the index for what there is in the range; what is new is added, nothing is taken out. */
svms_status playback_lane_look(playback_lane *lane, int64_t from_utc_ns, int64_t to_utc_ns,
                               svms_error *err);
/* Opens a place, at its beginning. SVMS_END: it is not there any more. */
svms_status playback_lane_open(playback_lane *lane, size_t place, svms_error *err);
void playback_lane_shut(playback_lane *lane);
/* To the beginning of the next place. */
void playback_lane_leave(playback_lane *lane);
/* Whether what failed is a segment alone, and not its container. */
bool playback_lane_is_damage(svms_status status);
/* What was met while looking for a place. */
svms_status playback_lane_met(playback_lane *lane, svms_error *err);
/* SVMS_AGAIN: the last one may still grow. SVMS_END: no more. Failures: the next call goes on
 * behind what failed. */
svms_status playback_lane_next(playback_lane *lane, svms_sample *out, svms_error *err);
/* To the last sync sample at or before the moment; in a gap to what comes first behind it.
 * SVMS_END: there is nothing; what comes later may still be read. */
svms_status playback_lane_seek(playback_lane *lane, int64_t utc_ns, svms_error *err);
/* The last group that begins before the moment. SVMS_END: there is none. */
svms_status playback_lane_group_before(playback_lane *lane, int64_t utc_ns, lane_group *out,
                                       svms_error *err);
/* Goes to the first sample of a group. */
svms_status playback_lane_begin(playback_lane *lane, const lane_group *group, svms_error *err);
/* How long a sample lasts; 0: not known. */
int64_t playback_lane_duration(const playback_lane *lane, const svms_sample *sample);
bool playback_lane_begins_group(playback_lane *lane, const svms_sample *sample);
void playback_lane_close(playback_lane *lane);

#endif
