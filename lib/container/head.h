/* SPDX-License-Identifier: Apache-2.0 */
/* The newest complete segment of a container. */
#ifndef SVMS_CONTAINER_HEAD_H
#define SVMS_CONTAINER_HEAD_H

#include "locate.h"

typedef struct svms_newest {
    bool closed;                    /* by an end record that holds */
    uint8_t reason;                 /* of that end, section 12 of the format */
    uint64_t segment;               /* SVMS_NO_SEGMENT: there is none */
    uint8_t hash[SVMS_DIGEST_SIZE]; /* of its manifest; h without segment */
    int64_t last_utc_ns;            /* of the container, or SVMS_NO_TIME */
} svms_newest;

/* By the end record, or by the last segment that is there, which must hold. */
SVMS_MUST_CHECK svms_status svms_newest_find(svms_scanner *scanner, svms_newest *out,
                                             svms_error *err);
void svms_newest_head(const svms_newest *newest, const svms_header *header, svms_head *out);

#endif
