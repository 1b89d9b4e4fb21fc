/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what was fetched from a camera for one gap: containers of origin edge beside the
 * recorder's own, of the same recording, signed and encrypted like these. Belongs to one thread. */
#ifndef EDGE_WRITER_H
#define EDGE_WRITER_H

#include <intake.h>

#include "edge_missing.h"
#include "recorder_parts.h"
#include "storage_keys.h"

#define EDGE_PREFIX "edge-"

typedef struct edge_writer edge_writer;

typedef struct edge_writer_options {
    const recorder_parts *parts;
    const recorded_camera *camera;
    const storage_keys *keys;
    edge_stretch stretch; /* to be filled */
} edge_writer_options;

svms_status edge_writer_new(edge_writer **out, const edge_writer_options *options, svms_error *err);
svms_status edge_writer_begin(edge_writer *self, const intake_media *media, svms_error *err);
/* Only what belongs into the gap, and the pictures without which its first ones could not be
 * decoded. A sample belongs there when its middle does: capture times that came by RTCP are some
 * microseconds off. */
svms_status edge_writer_put(edge_writer *self, const svms_sample *sample, svms_error *err);
/* Nothing more is needed: pictures go on to the first behind the gap that stands alone, with which
 * the recorder's own begin, also where its sound began before. */
bool edge_writer_is_done(const edge_writer *self);
svms_status edge_writer_gap(edge_writer *self, svms_gap_reason reason, svms_error *err);

typedef struct edge_written {
    uint64_t samples;       /* in the gap */
    int64_t reached_utc_ns; /* end of the last of them, or SVMS_NO_TIME */
} edge_written;

/* Ends the container, which then is in the index. NULL and pointer to NULL are accepted. */
svms_status edge_writer_close(edge_writer **self, edge_written *written, svms_error *err);

#endif
