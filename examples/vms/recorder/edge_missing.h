/* SPDX-License-Identifier: Apache-2.0 */
/* What of a camera is missing, as the index says: gaps, without what was fetched already. */
#ifndef EDGE_MISSING_H
#define EDGE_MISSING_H

#include <stdbool.h>
#include <stddef.h>

#include "recorder_index.h"

#define EDGE_STRETCHES_MAX 256u

typedef struct edge_stretch {
    int64_t from_utc_ns; /* where the recorder's own ends */
    int64_t to_utc_ns;   /* where it begins again */
    uint8_t recording_id[16];
} edge_stretch;

typedef struct edge_stretches {
    edge_stretch list[EDGE_STRETCHES_MAX];
    size_t count;
} edge_stretches;

/* What is missing since then, in its order; the first ones if that is too much. What nobody wanted
 * to record is not missing. */
svms_status edge_missing_find(edge_stretches *out, recorder_index *index, const char *camera,
                              int64_t since_utc_ns, svms_error *err);
/* Takes a stretch out of the others. */
void edge_missing_without(edge_stretches *from, int64_t from_utc_ns, int64_t to_utc_ns);

#endif
