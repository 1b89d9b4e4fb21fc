/* SPDX-License-Identifier: Apache-2.0 */
/* Which picture was shown at a time, and from where it can be decoded. Complains itself. */
#ifndef SVMS_CLI_STILL_SEARCH_H
#define SVMS_CLI_STILL_SEARCH_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"

typedef struct still_place {
    uint32_t track;
    int64_t decode_from_utc_ns; /* where to seek: decoding begins in the segment there */
    uint64_t first_segment;     /* that decoding needs */
    uint64_t segment;           /* of the picture */
    uint64_t index;             /* of its sample among those of the track in the segment */
    int64_t pts;
    int64_t utc_ns;       /* of the picture */
    int64_t first_utc_ns; /* of the first sample in the first segment */
} still_place;

/* The last picture of the track that began at or before utc_ns. */
exit_status still_find(still_place *out, svms_reader *reader, uint32_t track, int64_t utc_ns,
                       const char *path);

#endif
