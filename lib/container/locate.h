/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the segment that holds a time, by the index or by hopping over records. What is found
 * here is a hint; whoever goes there verifies the segment. */
#ifndef SVMS_LOCATE_H
#define SVMS_LOCATE_H

#include "segment.h"

/* What one segment says of itself, unverified. */
typedef struct svms_glimpse {
    bool complete;
    uint64_t end;
    uint64_t number;
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    bool begins_with_sync;
} svms_glimpse;

/* Hops over the records of the segment at offset. Leaves glimpse->complete false when there is no
 * whole segment. */
SVMS_MUST_CHECK svms_status svms_glimpse_at(svms_scanner *scanner, uint64_t offset,
                                            svms_glimpse *glimpse, svms_error *err);

/* Moves *at, the end of a manifest, behind the signature record that may follow it. */
SVMS_MUST_CHECK svms_status svms_skip_signature(svms_scanner *scanner, uint64_t *at,
                                                svms_error *err);

/* A place to begin reading. */
typedef struct svms_place {
    uint64_t offset;
    uint64_t segment; /* number, or SVMS_ANY_SEGMENT */
    bool beyond;      /* the time lies behind the last complete segment; offset is behind it */
} svms_place;

/* The last segment that begins at or before a time; with sync, the last of those that begins with a
 * sync sample. The first segment when all begin later. By hopping over everything before. */
SVMS_MUST_CHECK svms_status svms_walk_to(svms_scanner *scanner, int64_t utc_ns, bool sync,
                                         svms_place *out, svms_error *err);
/* The same for an open container, from its newest checkpoint on (C-IDX-5). *usable is false when
 * there is none, or it does not lead there. */
SVMS_MUST_CHECK svms_status svms_locate_open(svms_scanner *scanner, int64_t utc_ns, bool sync,
                                             bool *usable, svms_place *out, svms_error *err);
/* The same by the index of a closed container. *usable is false when the index does not lead there.
 */
SVMS_MUST_CHECK svms_status svms_locate(svms_scanner *scanner, const svms_end *end, int64_t utc_ns,
                                        bool sync, bool *usable, svms_place *out, svms_error *err);

#endif
