/* SPDX-License-Identifier: Apache-2.0 */
/* All samples of whole segments into an MP4 file: what a proof covers, no more and no less. */
#ifndef SVMS_CLI_EXPORT_MP4_SAMPLES_H
#define SVMS_CLI_EXPORT_MP4_SAMPLES_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "export_inputs.h"
#include "media_output.h"

typedef struct mp4_job {
    svms_ctx *ctx;
    const svms_keyring *keys;
    const export_inputs *inputs;
    const svms_export_period *periods; /* one for each input */
    uint32_t removed_tracks;
    bool from_zero;    /* time stamps shall begin near zero, instead of being kept */
    const char *path;  /* of the file that is written; there is none yet */
    const char *shown; /* what it is called in messages */
} mp4_job;

/* tracks has room for SVMS_MAX_TRACKS. Complains. */
exit_status mp4_write_samples(const mp4_job *job, media_output_track *tracks);

/* Tracks of a container that MP4 does not take, which is said. Complains. */
exit_status mp4_tracks_left_out(uint32_t *mask, svms_ctx *ctx, const export_input *input,
                                uint32_t removed_tracks);

#endif
