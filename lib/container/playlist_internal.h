/* SPDX-License-Identifier: Apache-2.0 */
/* State of a list of containers. */
#ifndef SVMS_PLAYLIST_INTERNAL_H
#define SVMS_PLAYLIST_INTERNAL_H

#include <svms/playlist.h>

#include "reader_internal.h"

#define SVMS_NOWHERE UINT32_MAX

typedef struct svms_listed {
    svms_playlist_container is;
    svms_source source;
    svms_reader *reader; /* NULL: closed */
    uint64_t used;       /* by the clock of uses */
} svms_listed;

/* Containers of one kind, as indices, in the order in which they are read. */
typedef struct svms_listed_order {
    uint32_t *items;
    uint32_t count;
    uint32_t capacity;
} svms_listed_order;

/* Where reading is within a container. */
typedef struct svms_listed_segment {
    uint32_t container; /* SVMS_NOWHERE: in none */
    uint64_t segment;
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    svms_gap_reason gap_reason;
} svms_listed_segment;

struct svms_playlist {
    svms_ctx *ctx;
    svms_playlist_options options;
    svms_reader_options reader;
    svms_listed *entries;
    uint32_t count;
    uint32_t capacity;
    svms_listed_order own;   /* by number */
    svms_listed_order edges; /* by first moment */
    uint32_t open;           /* readers */
    uint64_t uses;

    uint32_t next_own; /* place in own of the container that is read */
    bool entered;      /* it has been opened, and is at its place */
    svms_listed_segment main;
    int64_t reached; /* the recorder's containers have been read to here, or SVMS_NO_TIME */
    bool has_pending;
    svms_sample pending; /* the recorder's next one, while edge containers fill the gap before it */
    svms_playlist_place pending_place;

    bool filling;
    bool tail_filled;   /* what cameras have behind the recorder's end was delivered */
    uint32_t next_edge; /* place in edges */
    bool edge_entered;
    svms_listed_segment edge;
    int64_t gap_from; /* what is filled; outside of it samples are covered */
    int64_t gap_to;
    int64_t fill_from;    /* where reading of edge containers begins */
    int64_t edge_reached; /* they have been read to here, or SVMS_NO_TIME */
};

/* playlist_open.c: opens a container, or finds it open, and closes another one for it where too
 * many are; those that are being read stay. */
SVMS_MUST_CHECK svms_status svms_playlist_enter(svms_playlist *playlist, uint32_t container,
                                                svms_reader **out, svms_error *err);
/* Whether reading goes on behind a container that failed to open so: it would not the next time. */
bool svms_playlist_may_pass(svms_status status);
void svms_playlist_leave(svms_playlist *playlist, uint32_t container);

/* playlist_fill.c: begins to deliver edge containers for a gap of the recorder's; SVMS_NO_TIME:
 * from their beginning. */
void svms_playlist_fill(svms_playlist *playlist, int64_t from, int64_t to);
/* SVMS_END: the gap has been filled as far as possible. */
SVMS_MUST_CHECK svms_status svms_playlist_next_edge(svms_playlist *playlist, svms_sample *sample,
                                                    svms_playlist_place *place, svms_error *err);

/* What the segment that the reader is in says of itself. */
svms_listed_segment svms_playlist_segment(const svms_reader *reader, uint32_t container,
                                          const svms_sample *sample);

#endif
